// Inference alone: batch after batch from the first row to the last, one kernel a record, with the records and the header of
// `executor.ts`. Which ops there are is asked for before anything runs: `supports` lists what `execute` handles.

import { activationForward } from "../kernels/activations";
import { gatherF32, gatherU8 } from "../kernels/batch";
import { placeColumns } from "../kernels/columns";
import { add, affine } from "../kernels/elementwise";
import { gemmNN } from "../kernels/gemm/index";
import { inverseDeviation, layerNorm, normalize } from "../kernels/normalization";
import { prelu } from "../kernels/prelu";
import { logSoftmax, softmax } from "../kernels/softmax";
import * as L from "../shared/layout";
import * as Op from "../shared/ops";

/** Whether programs may hold this op. */
export function supports(op: i32): bool {
  switch (op) {
    case Op.OP_GATHER:
    case Op.OP_STORE:
    case Op.OP_GEMM_NN:
    case Op.OP_ACTIVATION:
    case Op.OP_SOFTMAX:
    case Op.OP_LOG_SOFTMAX:
    case Op.OP_PRELU:
    case Op.OP_AFFINE:
    case Op.OP_ADD:
    case Op.OP_NORMALIZE:
    case Op.OP_INVERSE_DEVIATION:
    case Op.OP_LAYER_NORM:
    case Op.OP_PLACE_COLUMNS:
      return true;
  }
  return false;
}

/** Runs the program under `header` over all rows; the status is returned. */
export function run(header: usize): i32 {
  const first = <usize>load<u32>(header, L.HEADER_RECORDS);
  const end = first + <usize>load<u32>(header, L.HEADER_RECORD_COUNT) * L.RECORD_BYTES;
  const total = load<i32>(header, L.HEADER_TOTAL_ROWS);
  const batch = load<i32>(header, L.HEADER_BATCH_ROWS);
  for (let position = load<i32>(header, L.HEADER_POSITION); position < total;) {
    const rows = min(batch, total - position);
    store<i32>(header, rows, L.HEADER_ROWS);
    for (let record = first; record < end; record += L.RECORD_BYTES) execute(record, header, rows);
    position += rows;
    store<i32>(header, position, L.HEADER_POSITION);
  }
  return L.STATUS_EPOCH_DONE;
}

function execute(record: usize, header: usize, rows: i32): void {
  const flags = load<i32>(record, L.RECORD_FLAGS);
  const d0 = load<i32>(record, L.RECORD_DIM0) * (flags & L.FLAG_DIM0_ROWS ? rows : 1);
  const d1 = load<i32>(record, L.RECORD_DIM1) * (flags & L.FLAG_DIM1_ROWS ? rows : 1);
  const d2 = load<i32>(record, L.RECORD_DIM2) * (flags & L.FLAG_DIM2_ROWS ? rows : 1);
  const p0 = <usize>load<u32>(record, L.RECORD_POINTER0);
  const p1 = <usize>load<u32>(record, L.RECORD_POINTER1);
  const p2 = <usize>load<u32>(record, L.RECORD_POINTER2);
  const p3 = <usize>load<u32>(record, L.RECORD_POINTER3);
  const p4 = <usize>load<u32>(record, L.RECORD_POINTER4);
  const f0 = load<f32>(record, L.RECORD_NUMBER0);
  const f1 = load<f32>(record, L.RECORD_NUMBER1);
  const i0 = load<i32>(record, L.RECORD_INTEGER0);
  const i1 = load<i32>(record, L.RECORD_INTEGER1);

  switch (load<i32>(record, L.RECORD_OP)) {
    case Op.OP_GATHER:
      return gather(header, i0, d0, d1, p0, f0, f1);
    case Op.OP_STORE: {
      const sink = <usize>load<u32>(header + ((<usize>i0) << 2), L.HEADER_SINKS);
      const done = (<usize>load<u32>(header, L.HEADER_POSITION) * <usize>d1) << 2;
      memory.copy(sink + done, p0, (<usize>d0 * <usize>d1) << 2);
      return;
    }
    case Op.OP_GEMM_NN:
      return gemmNN(d0, d1, d2, p0, p1, p2, p3, i0, i1, f0, p4);
    case Op.OP_ACTIVATION:
      return activationForward(i0, d0, p0, p1, f0);
    case Op.OP_SOFTMAX:
      return softmax(d0, d1, p0, p1);
    case Op.OP_LOG_SOFTMAX:
      return logSoftmax(d0, d1, p0, p1);
    case Op.OP_PRELU:
      return prelu(d0, d1, p0, p1, p2);
    case Op.OP_AFFINE:
      return affine(d0, p0, p1, f0, f1);
    case Op.OP_ADD:
      return add(d0, p0, p1, p2);
    case Op.OP_NORMALIZE:
      return normalize(d0, d1, p0, p1, p2, p3, p4);
    case Op.OP_INVERSE_DEVIATION:
      return inverseDeviation(d0, p0, p1, p2, f0);
    case Op.OP_LAYER_NORM:
      return layerNorm(d0, d1, p0, p1, p2, p3, p4, f0);
    case Op.OP_PLACE_COLUMNS:
      return placeColumns(d0, d1, d2, p0, p1, i0);
  }
}

/** out (rows, width): the batch's rows of one source, as they come. */
function gather(header: usize, source: i32, rows: i32, width: i32, out: usize, scale: f32, offset: f32): void {
  const slot = header + L.HEADER_SOURCES + <usize>source * L.SOURCE_BYTES;
  const data = <usize>load<u32>(slot);
  const first = load<i32>(header, L.HEADER_POSITION);
  if (load<i32>(slot, 4) == L.SOURCE_U8) gatherU8(rows, width, data, 0, first, out, scale, offset);
  else gatherF32(rows, width, data, 0, first, out, scale, offset);
}
