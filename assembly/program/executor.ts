// Walks a program's records and calls one kernel a record. The loop can stop before any record and go on later, so that
// the host stays alive; a step is applied whole or not at all, because the guard halts before the optimizer's record.
// Where several batches make one optimizer step, all but the last of such a group skip the records of the optimizer.

import { activationBackward, activationForward } from "../kernels/activations";
import { gatherF32, gatherU8, permute } from "../kernels/batch";
import { clipByGlobalNorm, clipByNorm, clipByValue } from "../kernels/clipping";
import { placeColumns, rowMaxima, rowSum, sliceColumns, spread } from "../kernels/columns";
import { combine, combineRows } from "../kernels/combine";
import { constrainNonNegative, constrainNorms } from "../kernels/constraints";
import { addNoise, mask } from "../kernels/dropout";
import { add, affine, columnSum } from "../kernels/elementwise";
import { gemmNN, gemmNT, gemmTN } from "../kernels/gemm/index";
import { allFinite } from "../kernels/guard";
import { batchLoss, lossByCode } from "../kernels/losses/index";
import {
  argmax,
  aucCounts,
  binaryAccuracy,
  binaryCounts,
  categoricalAccuracy,
  classCounts,
  confusion,
  moments,
  sparseAccuracy,
  topK,
} from "../kernels/metrics";
import {
  batchNorm,
  batchNormBackward,
  inverseDeviation,
  layerNorm,
  layerNormBackward,
  layerNormBackwardScale,
  movingStatistics,
  normalize,
} from "../kernels/normalization";
import { adadelta, adagrad, adam, adamax, lion, moveMean, nadam, rmsprop, sgd } from "../kernels/optimizers";
import { penalty } from "../kernels/regularizers";
import { prelu, preluAlphaBackward, preluBackward } from "../kernels/prelu";
import { scheduledRate } from "../kernels/schedules";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "../kernels/softmax";
import { slopeStatistics, tensorStatistics } from "../kernels/statistics";
import { ELEMENTS_UNIT, partEnd, partStart, takePart } from "../part";
import * as L from "../shared/layout";
import * as Op from "../shared/ops";
import { STREAM_SHUFFLE } from "../shared/random";
import { awaitCall, awaitHelpers, called, callOut, helperLost, reportDone, scratchOr, takeOpen } from "./crew";

/** Runs the program under `header` until the slice is over; the status (STATUS_…) is returned and stored. */
export function run(header: usize): i32 {
  const records = <usize>load<u32>(header, L.HEADER_RECORDS);
  const count = load<i32>(header, L.HEADER_RECORD_COUNT);
  let budget = load<f64>(header, L.HEADER_BUDGET);
  const maxSteps = load<i32>(header, L.HEADER_MAX_STEPS);
  let pc = load<i32>(header, L.HEADER_PC);
  let steps = 0;
  let spent: f64 = 0;
  let status = L.STATUS_PAUSED;
  const splits = ASC_FEATURE_THREADS ? <usize>load<u32>(header, L.HEADER_SPLITS) : 0;

  while (true) {
    if (pc == 0 && !beginStep(header)) {
      status = L.STATUS_NEEDS_ROWS;
      break;
    }
    const record = records + <usize>pc * L.RECORD_BYTES;
    const split = ASC_FEATURE_THREADS && splits ? splits + <usize>pc * L.SPLIT_BYTES : 0;
    if (!(ASC_FEATURE_THREADS && split ? together(record, header, split) : execute(record, header, 0))) {
      pc = 0;
      status = ASC_FEATURE_THREADS && split && helperLost() ? L.STATUS_HELPER_LOST : L.STATUS_NON_FINITE;
      break;
    }
    spent += <f64>load<f32>(record, L.RECORD_COST);
    const op = load<i32>(record, L.RECORD_OP);
    if (op == Op.OP_GUARD) budget = f64.MAX_VALUE; // from here on to the step's end in one go
    if (isUpdate(op)) store<u32>(header, stepUnderWay(header), L.HEADER_STEP);
    if (op == Op.OP_ACCUMULATE && !endsGroup(header)) pc += load<i32>(record, L.RECORD_INTEGER0);
    pc += 1;
    if (pc == count) {
      pc = 0;
      budget = load<f64>(header, L.HEADER_BUDGET);
      steps += 1;
      if (endStep(header)) {
        status = L.STATUS_EPOCH_DONE;
        break;
      }
      if (steps == maxSteps) break;
    }
    if (spent >= budget) break;
  }

  store<i32>(header, pc, L.HEADER_PC);
  store<i32>(header, steps, L.HEADER_SLICE_STEPS);
  store<f64>(header, spent, L.HEADER_SLICE_COST);
  store<i32>(header, status, L.HEADER_STATUS);
  return status;
}

/** Runs one record, with whoever helps where it is one to share. */
function together(record: usize, header: usize, split: usize): bool {
  const parts = load<i32>(split, L.SPLIT_PARTS);
  if (parts < 2 || load<i32>(header, L.HEADER_ROWS) < load<i32>(split, L.SPLIT_LEAST_ROWS)) {
    return execute(record, header, 0);
  }
  callOut(record, header, split, parts);
  let halt = false;
  let taken = parts; // by helpers
  for (let part = takeOpen(); part >= 0; part = takeOpen(), taken--) {
    takePart(part, parts);
    if (!execute(record, header, split)) halt = true;
  }
  takePart(0, 1);
  return awaitHelpers(taken) && !halt;
}

/** What a helper does, for as long as it lives. */
export function help(): void {
  while (true) {
    for (let part = takeOpen(); part >= 0; part = takeOpen()) {
      takePart(part, <i32>called(L.CREW_PARTS));
      const goesOn = execute(called(L.CREW_RECORD), called(L.CREW_HEADER), called(L.CREW_SPLIT));
      reportDone(!goesOn);
    }
    awaitCall();
  }
}

/** Draws the epoch's order if it is due and sizes the batch; false if its rows are not in the window. */
function beginStep(header: usize): bool {
  const total = load<i32>(header, L.HEADER_TOTAL_ROWS);
  if (load<i32>(header, L.HEADER_SHUFFLE)) {
    store<i32>(header, 0, L.HEADER_SHUFFLE);
    permute(
      total,
      <usize>load<u32>(header, L.HEADER_ORDER),
      load<u32>(header, L.HEADER_SEED_LO),
      load<u32>(header, L.HEADER_SEED_HI),
      load<u32>(header, L.HEADER_EPOCH),
      STREAM_SHUFFLE,
    );
  }

  const position = load<i32>(header, L.HEADER_POSITION);
  const batch = load<i32>(header, L.HEADER_BATCH_ROWS);
  const left = total - position;
  const rows = left < batch ? left : batch;
  if (load<i32>(header, L.HEADER_WINDOWED)) {
    const start = load<i32>(header, L.HEADER_WINDOW_START);
    const end = start + load<i32>(header, L.HEADER_WINDOW_ROWS);
    if (position < start || position + rows > end) return false;
  }

  store<i32>(header, rows, L.HEADER_ROWS);
  store<f64>(header, 0, L.HEADER_BATCH_LOSS);
  memory.fill(metricSlot(header, 0), 0, (<usize>load<u32>(header, L.HEADER_METRIC_SLOTS)) << 3);
  return true;
}

/** Adds the step's figures to the epoch's; true when the epoch is over. */
function endStep(header: usize): bool {
  const rows = load<i32>(header, L.HEADER_ROWS);
  if (load<i32>(header, L.HEADER_GROUP_SIZE) > 0) {
    const goesOn = !endsGroup(header);
    store<i32>(header, goesOn ? load<i32>(header, L.HEADER_GROUP_BATCHES) + 1 : 0, L.HEADER_GROUP_BATCHES);
    store<i32>(header, goesOn ? load<i32>(header, L.HEADER_GROUP_ROWS) + rows : 0, L.HEADER_GROUP_ROWS);
  }
  const position = load<i32>(header, L.HEADER_POSITION) + rows;
  store<i32>(header, position, L.HEADER_POSITION);
  increase(header + L.HEADER_LOSS_SUM, load<f64>(header, L.HEADER_BATCH_LOSS));
  increase(header + L.HEADER_SAMPLE_SUM, <f64>rows);
  const slots = load<i32>(header, L.HEADER_METRIC_SLOTS);
  for (let i = 0; i < slots; i++) increase(metricSlot(header, slots + i), load<f64>(metricSlot(header, i)));
  return position >= load<i32>(header, L.HEADER_TOTAL_ROWS);
}

/** Whether the batch under way is the last of those that make one optimizer step: the epoch's end cuts a group short. */
function endsGroup(header: usize): bool {
  const batches = load<i32>(header, L.HEADER_GROUP_BATCHES) + 1;
  if (batches >= load<i32>(header, L.HEADER_GROUP_SIZE)) return true;
  const done = load<i32>(header, L.HEADER_POSITION) + load<i32>(header, L.HEADER_ROWS);
  return done >= load<i32>(header, L.HEADER_TOTAL_ROWS);
}

// @ts-ignore: decorator
@inline
function increase(address: usize, by: f64): void {
  store<f64>(address, load<f64>(address) + by);
}

/** The slots of the batch come first, then those of the epoch. */
// @ts-ignore: decorator
@inline
function metricSlot(header: usize, index: i32): usize {
  return <usize>load<u32>(header, L.HEADER_METRICS) + ((<usize>index) << 3);
}

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: usize): usize {
  return <usize>load<u32>(record + index * 4, L.RECORD_POINTER0);
}

/** How far operand `index` lies at `first` of dim 0. */
// @ts-ignore: decorator
@inline
function shift(split: usize, index: usize, first: i32): usize {
  return <usize>first * <usize>load<u32>(split + index * 4, L.SPLIT_STRIDE0);
}

// @ts-ignore: decorator
@inline
function hyper(header: usize, index: usize): f64 {
  return load<f64>(header + index * 8, L.HEADER_HYPER);
}

/** Runs one record, or the part of it that is to be done; false halts the step before anything of it is applied. */
function execute(record: usize, header: usize, split: usize): bool {
  const rows = load<i32>(header, L.HEADER_ROWS);
  const flags = load<i32>(record, L.RECORD_FLAGS);
  let d0 = load<i32>(record, L.RECORD_DIM0) * (flags & L.FLAG_DIM0_ROWS ? rows : 1);
  const d1 = load<i32>(record, L.RECORD_DIM1) * (flags & L.FLAG_DIM1_ROWS ? rows : 1);
  const d2 = load<i32>(record, L.RECORD_DIM2) * (flags & L.FLAG_DIM2_ROWS ? rows : 1);
  let p0 = pointer(record, 0);
  let p1 = pointer(record, 1);
  let p2 = pointer(record, 2);
  let p3 = pointer(record, 3);
  let p4 = pointer(record, 4);
  const p5 = pointer(record, 5);
  let first = 0; // of dim 0, where a part of it is to be done
  if (ASC_FEATURE_THREADS && split) {
    const unit = load<i32>(split, L.SPLIT_UNIT);
    if (unit > 0) {
      first = partStart(d0, unit);
      d0 = partEnd(d0, unit) - first;
      if (d0 == 0) return true;
      p0 += shift(split, 0, first);
      p1 += shift(split, 1, first);
      p2 += shift(split, 2, first);
      p3 += shift(split, 3, first);
      p4 += shift(split, 4, first);
    }
  }
  const f0 = load<f32>(record, L.RECORD_NUMBER0);
  const f1 = load<f32>(record, L.RECORD_NUMBER1);
  const i0 = load<i32>(record, L.RECORD_INTEGER0);
  const i1 = load<i32>(record, L.RECORD_INTEGER1);

  switch (load<i32>(record, L.RECORD_OP)) {
    case Op.OP_GATHER:
      gather(header, i0, first, d0, d1, p0, f0, f1);
      break;
    case Op.OP_STORE: {
      const sink = <usize>load<u32>(header + ((<usize>i0) << 2), L.HEADER_SINKS);
      const position = load<i32>(header, L.HEADER_POSITION) + first;
      memory.copy(sink + ((<usize>position * <usize>d1) << 2), p0, (<usize>d0 * <usize>d1) << 2);
      break;
    }
    case Op.OP_GEMM_NN:
      gemmNN(d0, d1, d2, p0, p1, p2, p3, i0, i1, f0, scratchOr(p4));
      break;
    case Op.OP_GEMM_NT:
      gemmNT(d0, d1, d2, p0, p1, p2, p3, i0, i1, f0, scratchOr(p4));
      break;
    case Op.OP_GEMM_TN:
      gemmTN(d0, d1, d2, p0, p1, p2, p3, i0, i1, f0, scratchOr(p4));
      break;
    case Op.OP_COLUMN_SUM:
      columnSum(d0, d1, p0, p1, i0);
      break;
    case Op.OP_ACTIVATION:
      activationForward(i0, d0, p0, p1, f0);
      break;
    case Op.OP_ACTIVATION_BACKWARD:
      activationBackward(i0, d0, p0, p1, p2, f0);
      break;
    case Op.OP_SOFTMAX:
      softmax(d0, d1, p0, p1);
      break;
    case Op.OP_SOFTMAX_BACKWARD:
      softmaxBackward(d0, d1, p0, p1, p2);
      break;
    case Op.OP_LOG_SOFTMAX:
      logSoftmax(d0, d1, p0, p1);
      break;
    case Op.OP_LOG_SOFTMAX_BACKWARD:
      logSoftmaxBackward(d0, d1, p0, p1, p2);
      break;
    case Op.OP_PRELU:
      prelu(d0, d1, p0, p1, p2);
      break;
    case Op.OP_PRELU_BACKWARD:
      preluBackward(d0, d1, p0, p1, p2, p3);
      break;
    case Op.OP_PRELU_ALPHA_BACKWARD:
      preluAlphaBackward(d0, d1, p0, p1, p2, i0);
      break;
    case Op.OP_AFFINE:
      affine(d0, p0, p1, f0, f1);
      break;
    case Op.OP_ADD:
      add(d0, p0, p1, p2);
      break;
    case Op.OP_SPARSE_SOFTMAX_CROSSENTROPY:
    case Op.OP_SOFTMAX_CROSSENTROPY:
    case Op.OP_SIGMOID_CROSSENTROPY:
    case Op.OP_LOSS:
      addOwnLoss(header, i0, d0, f1, batchLoss(load<i32>(record, L.RECORD_OP), i1, d0, d1, p0, p1, p2, p3, f0, f1));
      break;
    case Op.OP_SPARSE_ACCURACY:
      addMetric(header, i0, d0, sparseAccuracy(d0, d1, p0, p1));
      break;
    case Op.OP_CATEGORICAL_ACCURACY:
      addMetric(header, i0, d0, categoricalAccuracy(d0, d1, p0, p1));
      break;
    case Op.OP_BINARY_ACCURACY:
      addMetric(header, i0, d0, binaryAccuracy(d0, d1, p0, p1, f0));
      break;
    case Op.OP_GUARD:
      return isFinite(load<f64>(header, L.HEADER_BATCH_LOSS)) && segmentsFinite(p0, d1, p1);
    case Op.OP_ACCUMULATE:
      accumulate(header, p0, d1, p1, p2);
      break;
    case Op.OP_SCHEDULE: {
      const rate = scheduledRate(p0, <f64>load<u32>(header, L.HEADER_STEP));
      store<f64>(header, rate, L.HEADER_HYPER);
      return isFinite(<f32>rate);
    }
    case Op.OP_SGD:
      sgd(p0, d1, p1, p2, p3, hyper(header, 0), hyper(header, 1), i0);
      break;
    case Op.OP_ADAGRAD:
      adagrad(p0, d1, p1, p2, p3, hyper(header, 0), hyper(header, 1));
      break;
    case Op.OP_ADADELTA:
      adadelta(p0, d1, p1, p2, p3, p4, hyper(header, 0), hyper(header, 1), hyper(header, 2));
      break;
    case Op.OP_RMSPROP: {
      const velocity = pointer(record, 5);
      rmsprop(p0, d1, p1, p2, p3, p4, velocity, hyper(header, 0), hyper(header, 1), hyper(header, 2), hyper(header, 3));
      break;
    }
    case Op.OP_ADAM: {
      const vMax = pointer(record, 5);
      const step = stepUnderWay(header);
      adam(p0, d1, p1, p2, p3, p4, vMax, hyper(header, 0), hyper(header, 1), hyper(header, 2), hyper(header, 3), step);
      break;
    }
    case Op.OP_NADAM: {
      const step = stepUnderWay(header);
      nadam(p0, d1, p1, p2, p3, p4, hyper(header, 0), hyper(header, 1), hyper(header, 2), hyper(header, 3), step);
      break;
    }
    case Op.OP_ADAMAX: {
      const step = stepUnderWay(header);
      adamax(p0, d1, p1, p2, p3, p4, hyper(header, 0), hyper(header, 1), hyper(header, 2), hyper(header, 3), step);
      break;
    }
    case Op.OP_LION:
      lion(p0, d1, p1, p2, p3, hyper(header, 0), hyper(header, 1), hyper(header, 2));
      break;
    case Op.OP_EMA: // the first step's average is the weights, as in Keras
      moveMean(p0, d1, p1, p2, p2, load<u32>(header, L.HEADER_STEP) == 1 ? 1 : f0);
      break;
    case Op.OP_CLIP_BY_VALUE:
      clipByValue(p0, d1, p1, f0);
      break;
    case Op.OP_CLIP_BY_NORM:
      clipByNorm(p0, d1, p1, f0);
      break;
    case Op.OP_CLIP_BY_GLOBAL_NORM:
      clipByGlobalNorm(p0, d1, p1, f0);
      break;
    case Op.OP_DROPOUT:
      dropOut(header, first, d0, p0, p1, f0, <f32>(1.0 / (1.0 - <f64>f0)), 0, 0, f1, i0, i1);
      break;
    case Op.OP_ALPHA_DROPOUT: {
      const scale = alphaScale(f0);
      const offset = -scale * SELU_FLOOR * <f64>f0;
      const floor = <f32>(scale * SELU_FLOOR + offset);
      dropOut(header, first, d0, p0, p1, f0, <f32>scale, <f32>offset, floor, f1, i0, i1);
      break;
    }
    case Op.OP_ALPHA_DROPOUT_BACKWARD:
      dropOut(header, first, d0, p0, p1, f0, <f32>alphaScale(f0), 0, 0, f1, i0, i1);
      break;
    case Op.OP_GAUSSIAN_NOISE:
      addNoise(
        d0,
        p0,
        p1,
        f0,
        drawOf(header, i0),
        load<u32>(header, L.HEADER_STEP),
        seedLow(header, f1, i1),
        seedHigh(header, f1),
        first,
      );
      break;
    case Op.OP_CONSTRAIN_NORMS:
      constrainNorms(d0, d1, p0, f0, f1, reinterpret<f32>(i0));
      break;
    case Op.OP_CONSTRAIN_NON_NEGATIVE:
      constrainNonNegative(d0, p0);
      break;
    case Op.OP_PENALTY:
      addLoss(header, 1, penalty(d0, p0, p1, f0, f1)); // once a batch, and the batch's loss is a sum over its rows
      break;
    case Op.OP_BATCH_NORM:
      batchNorm(d0, d1, p0, p1, p2, p3, p4, f0);
      break;
    case Op.OP_BATCH_NORM_BACKWARD:
      batchNormBackward(d0, d1, p0, p1, p2, p3, p4, p5);
      break;
    case Op.OP_NORMALIZE:
      normalize(d0, d1, p0, p1, p2, p3, p4);
      break;
    case Op.OP_INVERSE_DEVIATION:
      inverseDeviation(d0, p0, p1, p2, f0);
      break;
    case Op.OP_MOVING_STATISTICS:
      movingStatistics(d0, p0, p1, p2, f0);
      break;
    case Op.OP_LAYER_NORM:
      layerNorm(d0, d1, p0, p1, p2, p3, p4, f0);
      break;
    case Op.OP_LAYER_NORM_BACKWARD:
      layerNormBackward(d0, d1, p0, p1, p2, p3, p4);
      break;
    case Op.OP_LAYER_NORM_BACKWARD_SCALE:
      layerNormBackwardScale(d0, d1, p0, p1, p2, p3, p4);
      break;
    case Op.OP_ARGMAX:
      argmax(d0, d1, p0, p1);
      break;
    case Op.OP_TOP_K:
      addMetric(header, i0, d0, topK(d0, d1, p0, p1, i1));
      break;
    case Op.OP_LOSS_METRIC:
      addMetric(header, i0, d0, lossByCode(i1, d0, d1, p0, p1, 0, f0, 0));
      break;
    case Op.OP_BINARY_COUNTS:
      binaryCounts(d0 * d1, p0, p1, f0, metricSlot(header, i0));
      break;
    case Op.OP_CLASS_COUNTS:
      classCounts(d0, d1, p0, p1, metricSlot(header, i0));
      break;
    case Op.OP_CONFUSION:
      confusion(d0, d1, p0, p1, metricSlot(header, i0));
      break;
    case Op.OP_AUC_COUNTS:
      aucCounts(d0 * d1, i1, p0, p1, metricSlot(header, i0));
      break;
    case Op.OP_MOMENTS:
      moments(d0, d1, p0, p1, metricSlot(header, i0));
      break;
    case Op.OP_COMBINE:
      combine(i0, d0, p0, p1, p2);
      break;
    case Op.OP_COMBINE_ROWS:
      combineRows(i0, d0, d1, p0, p1, p2);
      break;
    case Op.OP_PLACE_COLUMNS:
      placeColumns(d0, d1, d2, p0, p1, i0);
      break;
    case Op.OP_SLICE_COLUMNS:
      sliceColumns(d0, d1, d2, p0, p1, i0);
      break;
    case Op.OP_SPREAD:
      spread(d0, d1, p0, p1);
      break;
    case Op.OP_ROW_SUM:
      rowSum(d0, d1, p0, p1);
      break;
    case Op.OP_ROW_MAX:
      rowMaxima(d0, d1, p0, p1);
      break;
    case Op.OP_TENSOR_STATISTICS:
      tensorStatistics(d0, p0, p1);
      break;
    case Op.OP_SLOPE_STATISTICS:
      slopeStatistics(d0, d1, p0, p1, f0);
      break;
    default:
      unreachable();
  }
  return true;
}

/** One of a model's losses, by its `weight`; by itself it also goes to a slot, where it has one: `slot` − 1. */
function addOwnLoss(header: usize, slot: i32, matrixRows: i32, weight: f32, sum: f64): void {
  addLoss(header, matrixRows, <f64>weight * sum);
  if (slot > 0) addMetric(header, slot - 1, matrixRows, sum);
}

/** Adds a loss's sum over its `matrixRows`; where a sample has several of them, it counts as their mean. */
function addLoss(header: usize, matrixRows: i32, sum: f64): void {
  increase(header + L.HEADER_BATCH_LOSS, sum * (<f64>load<i32>(header, L.HEADER_ROWS) / <f64>matrixRows));
}

function addMetric(header: usize, slot: i32, matrixRows: i32, sum: f64): void {
  const share = <f64>load<i32>(header, L.HEADER_ROWS) / <f64>matrixRows;
  increase(metricSlot(header, slot), sum * share);
}

/** The number of the optimizer step under way, from 1; it is counted once its record is done. */
function stepUnderWay(header: usize): u32 {
  return load<u32>(header, L.HEADER_STEP) + 1;
}

/** Whether the op is an optimizer's. */
// @ts-ignore: decorator
@inline
function isUpdate(op: i32): bool {
  return op == Op.OP_SGD || op == Op.OP_ADAM || (op >= Op.OP_ADAGRAD && op <= Op.OP_LION);
}

const SELU_FLOOR: f64 = -1.7580993408473766; // −λα of SELU: what it tends to for very negative inputs

/** What keeps the variance at 1 when a share `rate` of the elements becomes SELU_FLOOR. */
function alphaScale(rate: f32): f64 {
  const dropped = <f64>rate;
  return 1.0 / sqrt<f64>((1.0 - dropped) * (1.0 + dropped * SELU_FLOOR * SELU_FLOOR));
}

/** The mask of one layer at the step under way; a seed of its own comes as `high` · 2³¹ + `low`. */
function dropOut(
  header: usize,
  first: i32,
  n: i32,
  x: usize,
  y: usize,
  rate: f32,
  scale: f32,
  offset: f32,
  other: f32,
  high: f32,
  layer: i32,
  low: i32,
): void {
  const threshold = min<i32>(<i32>(<f64>rate * 65536.0 + 0.5), 65535);
  const step = load<u32>(header, L.HEADER_STEP);
  const draw = drawOf(header, layer);
  mask(n, x, y, threshold, scale, offset, other, draw, step, seedLow(header, high, low), seedHigh(header, high), first);
}

/** Which draw of the step this is: the layer's, for the batch under way of those that make one step. */
function drawOf(header: usize, layer: i32): u32 {
  const size = load<i32>(header, L.HEADER_GROUP_SIZE);
  const batch = size > 0 ? load<u32>(header, L.HEADER_GROUP_BATCHES) : 0;
  return (<u32>layer) ^ (batch << 16);
}

// A layer's own seed, in a record: 31 bits as an integer, 22 as a number, which is −1 where the model's seed counts.

function seedLow(header: usize, high: f32, low: i32): u32 {
  return high < 0 ? load<u32>(header, L.HEADER_SEED_LO) : ((<u32>high) << 31) | low;
}

function seedHigh(header: usize, high: f32): u32 {
  return high < 0 ? load<u32>(header, L.HEADER_SEED_HI) : (<u32>high) >> 1;
}

/** out (rows, width): the batch's rows of one source from `begin` on, in the epoch's order. */
// prettier-ignore
function gather(header: usize, source: i32, begin: i32, rows: i32, width: i32, out: usize, scale: f32, offset: f32): void {
  const slot = header + L.HEADER_SOURCES + <usize>source * L.SOURCE_BYTES;
  const data = <usize>load<u32>(slot);
  let order = <usize>load<u32>(header, L.HEADER_ORDER);
  let first = load<i32>(header, L.HEADER_POSITION) + begin;
  const windowed = load<i32>(header, L.HEADER_WINDOWED);
  if (windowed) {
    if (windowed == 1) order = 0; // the host laid the window's rows in order already
    first -= load<i32>(header, L.HEADER_WINDOW_START);
  }
  if (load<i32>(slot, 4) == L.SOURCE_U8) gatherU8(rows, width, data, order, first, out, scale, offset);
  else gatherF32(rows, width, data, order, first, out, scale, offset);
}

/**
 * The mean gradient of the group's batches, each weighted by its rows: where the batch under way ends the group, in place
 * of its own gradients, else in `mean` for the next batch. `mean` and the group's counts are as before until the batch is
 * sure to be applied.
 */
function accumulate(header: usize, segments: usize, count: i32, gradients: usize, mean: usize): void {
  if (load<i32>(header, L.HEADER_GROUP_SIZE) == 0) return;
  const rows = <f64>load<i32>(header, L.HEADER_ROWS);
  const share = <f32>(rows / (rows + <f64>load<i32>(header, L.HEADER_GROUP_ROWS)));
  moveMean(segments, count, gradients, mean, endsGroup(header) ? gradients : mean, share);
}

/** Whether every gradient that the optimizer is about to apply is finite. */
function segmentsFinite(segments: usize, count: i32, gradients: usize): bool {
  for (let i = 0; i < count; i++) {
    const segment = segments + <usize>i * L.SEGMENT_BYTES;
    const length = load<i32>(segment, L.SEGMENT_LENGTH);
    const first = partStart(length, ELEMENTS_UNIT);
    const offset = (<usize>load<u32>(segment, L.SEGMENT_OFFSET) + <usize>first) << 2;
    if (!allFinite(partEnd(length, ELEMENTS_UNIT) - first, gradients + offset)) return false;
  }
  return true;
}
