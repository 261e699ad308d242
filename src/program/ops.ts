// The op table: what each record's dims, operands and numbers mean, once. The builder's types, the encoding, the check
// before the first run, the listing and the cost all follow from it.

import { ACTIVATION_COUNT } from "../../assembly/shared/activations.js";
import { COMBINE_COUNT } from "../../assembly/shared/combine.js";
import * as Gemm from "../../assembly/shared/gemm.js";
import { LOSS_COUNT } from "../../assembly/shared/losses.js";
import { MAX_METRIC_SLOTS, MAX_SINKS, MAX_SOURCES, SEGMENT_BYTES } from "../../assembly/shared/layout.js";
import * as Code from "../../assembly/shared/ops.js";
import { SLOPE_BLOCK_WORDS, TENSOR_BLOCK_WORDS } from "../../assembly/shared/statistics.js";

export type Access = "read" | "write" | "update";

/** Dims by name, at a number of rows. */
export type Sizes = Readonly<Record<string, number>>;

/** What stands behind one pointer. */
export interface OperandRow {
  readonly access: Access;
  /** Names of dims, outermost first; or how many elements it takes where that is no product of them. */
  readonly shape: readonly string[] | ((sizes: Sizes) => number);
  readonly optional: boolean;
  readonly elementBytes: number;
}

export interface OpRow {
  readonly code: number;
  readonly dims: readonly string[];
  /** In the order of the record's pointers. */
  readonly operands: Readonly<Record<string, OperandRow>>;
  readonly numbers: readonly string[];
  /** Each with the largest value it may take. */
  readonly integers: Readonly<Record<string, number>>;
  /** An output that may be written over an input: { output: input }. */
  readonly inPlace: Readonly<Record<string, string>>;
  /** Does something beside writing its operands: never dropped as dead. */
  readonly effect: boolean;
  /** How threads may share it: its first dim in multiples of this, or as its kernel cuts it. Absent: one thread does it. */
  readonly split?: number | "byKernel";
  /** What must hold between sizes and integers, beyond their ranges: what does not, in words. */
  readonly refuse?: (sizes: Sizes, integers: Readonly<Record<string, number>>) => string | undefined;
  /** Floating-point operations, or what takes as long, for the length of a slice. */
  readonly cost: (sizes: Sizes) => number;
}

const read = (...shape: string[]) => operand("read", shape);
const write = (...shape: string[]) => operand("write", shape);
const update = (...shape: string[]) => operand("update", shape);
const segments = () => operand("read", ["segments"], SEGMENT_BYTES);

function operand(access: Access, shape: OperandRow["shape"], elementBytes = 4) {
  return { access, shape, optional: false, elementBytes } satisfies OperandRow;
}

function optional(row: OperandRow): OperandRow {
  return { ...row, optional: true };
}

interface Options {
  numbers?: readonly string[];
  integers?: Readonly<Record<string, number>>;
  inPlace?: Readonly<Record<string, string>>;
  effect?: boolean;
  refuse?: OpRow["refuse"];
  split?: OpRow["split"];
  /** Cost of one element of the op, where an element is a product of all dims (default 4). */
  perElement?: number;
}

function op<const Dims extends readonly string[], const Operands extends Record<string, OperandRow>>(
  code: number,
  dims: Dims,
  operands: Operands,
  { numbers = [], integers = {}, inPlace = {}, effect = false, perElement = 4, refuse, split }: Options = {},
) {
  const cost = (sizes: Sizes) => RECORD_COST + dims.reduce((product, dim) => product * sizes[dim]!, perElement);
  return {
    code,
    dims,
    operands,
    numbers,
    integers,
    inPlace,
    effect,
    cost,
    ...(refuse && { refuse }),
    ...(split && { split }),
  };
}

/** Reaching a record at all takes about as long as this many operations. */
const RECORD_COST = 1000;

/** Where a first dim of rows or of elements may be cut: rows of a tile, a cache line. Masks are drawn for 8 elements at once. */
const ROWS = 4;
const ELEMENTS = 16;

/** Packing space of a product: see assembly/shared/gemm.ts for the rule. */
const scratch = () =>
  operand("write", ({ m, n, k }) => {
    const depth = roundUp(Math.min(k!, Gemm.GEMM_BLOCK_K), 4);
    const left = depth * roundUp(Math.min(m!, Gemm.GEMM_BLOCK_M), Gemm.GEMM_TILE_ROWS);
    return left + Math.min(depth * roundUp(n!, Gemm.GEMM_TILE_COLUMNS), Gemm.GEMM_BLOCK_ELEMS);
  });

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

const fused = {
  numbers: ["alpha"],
  integers: { accumulate: 1, activation: ACTIVATION_COUNT - 1 },
  perElement: 2,
  split: "byKernel",
} as const;
const stepping = { effect: true, perElement: 8, split: "byKernel" } as const;
/** What every optimizer works on, then its slots. */
const optimizer = <const Slots extends Record<string, OperandRow>>(slots: Slots) => ({
  segments: segments(),
  parameters: update("n"),
  gradients: read("n"),
  ...slots,
});
const lossEnds = { gradient: optional(write("rows", "width")), weights: optional(read("rows")) };
const slot = MAX_METRIC_SLOTS - 1;
/** A loss counts by its weight; `ownSlot` − 1 is where it is summed by itself, 0: nowhere. */
const lossIntegers = { ownSlot: MAX_METRIC_SLOTS, loss: LOSS_COUNT - 1 };
const crossentropy = { effect: true, numbers: ["smoothing", "weight"], integers: lossIntegers, perElement: 40 };
const metric = { effect: true, integers: { slot }, numbers: ["threshold"] };
/** Columns offset … offset + width of a matrix with `pitch` columns. */
const columns = {
  integers: { offset: 0x7fffffff },
  refuse: ({ width, pitch }: Sizes, { offset }: Readonly<Record<string, number>>) =>
    offset! + width! > pitch! ? `columns ${offset} to ${offset! + width!} lie outside of ${pitch}` : undefined,
  perElement: 1,
  split: ROWS,
};
const clip = (code: number) =>
  op(
    code,
    ["n", "segments"],
    { segments: segments(), gradients: update("n") },
    { effect: true, numbers: ["limit"], perElement: 2 },
  );
/** Drawn for the layer's ordinal; from a seed of its own, seedHigh · 2³¹ + seedLow, unless seedHigh is −1. */
const random = (code: number, strength: string) =>
  op(
    code,
    ["n"],
    { x: read("n"), y: write("n") },
    {
      numbers: [strength, "seedHigh"],
      integers: { layer: 0x7fffffff, seedLow: 0x7fffffff },
      inPlace: { y: "x" },
      perElement: strength === "rate" ? 30 : 400,
      split: ELEMENTS,
    },
  );

export const OPS = {
  /** out = the batch's rows of source `source`, · scale + offset */
  gather: op(
    Code.OP_GATHER,
    ["rows", "width"],
    { out: write("rows", "width") },
    { numbers: ["scale", "offset"], integers: { source: MAX_SOURCES - 1 }, split: ROWS },
  ),
  /** the rows of this batch in sink `sink` = x */
  store: op(
    Code.OP_STORE,
    ["rows", "width"],
    { x: read("rows", "width") },
    { effect: true, integers: { sink: MAX_SINKS - 1 }, split: ROWS },
  ),
  /** c = activation([c | bias | 0] + a · b) */
  gemmNN: op(
    Code.OP_GEMM_NN,
    ["m", "n", "k"],
    { a: read("m", "k"), b: read("k", "n"), c: update("m", "n"), bias: optional(read("n")), scratch: scratch() },
    fused,
  ),
  /** c = activation([c | bias | 0] + a · bᵀ) */
  gemmNT: op(
    Code.OP_GEMM_NT,
    ["m", "n", "k"],
    { a: read("m", "k"), b: read("n", "k"), c: update("m", "n"), bias: optional(read("n")), scratch: scratch() },
    fused,
  ),
  /** c = activation([c | bias | 0] + aᵀ · b) */
  gemmTN: op(
    Code.OP_GEMM_TN,
    ["m", "n", "k"],
    { a: read("k", "m"), b: read("k", "n"), c: update("m", "n"), bias: optional(read("n")), scratch: scratch() },
    fused,
  ),
  /** sums = [sums | 0] + each column of x summed */
  columnSum: op(
    Code.OP_COLUMN_SUM,
    ["rows", "width"],
    { x: read("rows", "width"), sums: update("width") },
    { integers: { accumulate: 1 } },
  ),
  /** y = f(x) */
  activation: op(
    Code.OP_ACTIVATION,
    ["n"],
    { x: read("n"), y: write("n") },
    {
      numbers: ["alpha"],
      integers: { activation: ACTIVATION_COUNT - 1, savesInput: 1 },
      inPlace: { y: "x" },
      perElement: 20,
      split: ELEMENTS,
    },
  ),
  /** dx = dy · f′, from what the activation's row says it is computed from */
  activationBackward: op(
    Code.OP_ACTIVATION_BACKWARD,
    ["n"],
    { dy: read("n"), saved: read("n"), dx: write("n") },
    { numbers: ["alpha"], integers: { activation: ACTIVATION_COUNT - 1 }, inPlace: { dx: "dy" }, split: ELEMENTS },
  ),
  /** y = softmax of each row of x */
  softmax: op(
    Code.OP_SOFTMAX,
    ["rows", "width"],
    { x: read("rows", "width"), y: write("rows", "width") },
    { inPlace: { y: "x" }, perElement: 40, split: ROWS },
  ),
  /** dx = y ∘ (dy − Σ dy ∘ y) */
  softmaxBackward: op(
    Code.OP_SOFTMAX_BACKWARD,
    ["rows", "width"],
    { dy: read("rows", "width"), y: read("rows", "width"), dx: write("rows", "width") },
    { inPlace: { dx: "dy" }, split: ROWS },
  ),
  /** y = ln softmax of each row of x */
  logSoftmax: op(
    Code.OP_LOG_SOFTMAX,
    ["rows", "width"],
    { x: read("rows", "width"), y: write("rows", "width") },
    { inPlace: { y: "x" }, perElement: 40, split: ROWS },
  ),
  /** dx = dy − eʸ · Σ dy */
  logSoftmaxBackward: op(
    Code.OP_LOG_SOFTMAX_BACKWARD,
    ["rows", "width"],
    { dy: read("rows", "width"), y: read("rows", "width"), dx: write("rows", "width") },
    { inPlace: { dx: "dy" }, perElement: 20, split: ROWS },
  ),
  /** y = x > 0 ? x : alpha · x, one alpha a column */
  prelu: op(
    Code.OP_PRELU,
    ["rows", "width"],
    { x: read("rows", "width"), alpha: read("width"), y: write("rows", "width") },
    { inPlace: { y: "x" }, split: ROWS },
  ),
  /** dx = x > 0 ? dy : alpha · dy */
  preluBackward: op(
    Code.OP_PRELU_BACKWARD,
    ["rows", "width"],
    { dy: read("rows", "width"), x: read("rows", "width"), alpha: read("width"), dx: write("rows", "width") },
    { inPlace: { dx: "dy" }, split: ROWS },
  ),
  /** sums = [sums | 0] + each column of dy · min(x, 0) summed */
  preluAlphaBackward: op(
    Code.OP_PRELU_ALPHA_BACKWARD,
    ["rows", "width"],
    { dy: read("rows", "width"), x: read("rows", "width"), sums: update("width") },
    { integers: { accumulate: 1 } },
  ),
  /** y = x · scale + offset */
  affine: op(
    Code.OP_AFFINE,
    ["n"],
    { x: read("n"), y: write("n") },
    { numbers: ["scale", "offset"], inPlace: { y: "x" }, split: ELEMENTS },
  ),
  /** c = a + b */
  add: op(Code.OP_ADD, ["n"], { a: read("n"), b: read("n"), c: write("n") }, { inPlace: { c: "a" }, split: ELEMENTS }),
  /** the batch's loss, from logits and class labels; its gradient where one is wanted; rows weigh 1 without weights */
  sparseSoftmaxCrossentropy: op(
    Code.OP_SPARSE_SOFTMAX_CROSSENTROPY,
    ["rows", "width"],
    { predictions: read("rows", "width"), targets: read("rows"), ...lossEnds },
    crossentropy,
  ),
  softmaxCrossentropy: op(
    Code.OP_SOFTMAX_CROSSENTROPY,
    ["rows", "width"],
    { predictions: read("rows", "width"), targets: read("rows", "width"), ...lossEnds },
    crossentropy,
  ),
  sigmoidCrossentropy: op(
    Code.OP_SIGMOID_CROSSENTROPY,
    ["rows", "width"],
    { predictions: read("rows", "width"), targets: read("rows", "width"), ...lossEnds },
    crossentropy,
  ),
  /** the same for the loss of code `loss` */
  loss: op(
    Code.OP_LOSS,
    ["rows", "width"],
    { predictions: read("rows", "width"), targets: read("rows", "width"), ...lossEnds },
    { effect: true, numbers: ["parameter", "weight"], integers: lossIntegers, perElement: 40 },
  ),
  sparseAccuracy: op(
    Code.OP_SPARSE_ACCURACY,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows") },
    metric,
  ),
  categoricalAccuracy: op(
    Code.OP_CATEGORICAL_ACCURACY,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    metric,
  ),
  binaryAccuracy: op(
    Code.OP_BINARY_ACCURACY,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    metric,
  ),
  /** halts the step unless the loss and every gradient are finite */
  guard: op(
    Code.OP_GUARD,
    ["n", "segments"],
    { segments: segments(), gradients: read("n") },
    { effect: true, perElement: 1, split: "byKernel" },
  ),
  /** gradients = the mean over the group's batches where this one ends it; else mean = that, and `skip` records are skipped */
  accumulate: op(
    Code.OP_ACCUMULATE,
    ["n", "segments"],
    { segments: segments(), gradients: update("n"), mean: update("n") },
    { effect: true, integers: { skip: 0xffff }, split: "byKernel" },
  ),
  /** the header's learning rate = the schedule's at this step; `block` holds n numbers of f64: shared/schedules.ts */
  schedule: op(Code.OP_SCHEDULE, ["n"], { block: operand("read", ["n"], 8) }, { effect: true }),
  // Optimizers: their hyperparameters come from the header, in the order of their rows in src/optimizers.
  sgd: op(Code.OP_SGD, ["n", "segments"], optimizer({ velocity: optional(update("n")) }), {
    effect: true,
    integers: { nesterov: 1 },
    split: "byKernel",
  }),
  adagrad: op(Code.OP_ADAGRAD, ["n", "segments"], optimizer({ accumulator: update("n") }), stepping),
  adadelta: op(
    Code.OP_ADADELTA,
    ["n", "segments"],
    optimizer({ accumulatedGradient: update("n"), accumulatedDelta: update("n") }),
    stepping,
  ),
  rmsprop: op(
    Code.OP_RMSPROP,
    ["n", "segments"],
    optimizer({ v: update("n"), average: optional(update("n")), velocity: optional(update("n")) }),
    stepping,
  ),
  adam: op(
    Code.OP_ADAM,
    ["n", "segments"],
    optimizer({ m: update("n"), v: update("n"), vMax: optional(update("n")) }),
    stepping,
  ),
  nadam: op(Code.OP_NADAM, ["n", "segments"], optimizer({ m: update("n"), v: update("n") }), stepping),
  adamax: op(Code.OP_ADAMAX, ["n", "segments"], optimizer({ m: update("n"), u: update("n") }), stepping),
  lion: op(Code.OP_LION, ["n", "segments"], optimizer({ m: update("n") }), stepping),
  /** averages ← `share` of the way to the parameters; at the first step all of it */
  ema: op(
    Code.OP_EMA,
    ["n", "segments"],
    { segments: segments(), parameters: read("n"), averages: update("n") },
    { effect: true, numbers: ["share"], split: "byKernel" },
  ),
  /** gradients = gradients made smaller, each, by segment or all together */
  clipByValue: clip(Code.OP_CLIP_BY_VALUE),
  clipByNorm: clip(Code.OP_CLIP_BY_NORM),
  clipByGlobalNorm: clip(Code.OP_CLIP_BY_GLOBAL_NORM),
  /** y = x / (1 − rate) where the step's mask keeps it, else 0; its own backward */
  dropout: random(Code.OP_DROPOUT, "rate"),
  /** y = x · a + b where the mask keeps x, else what SELU's floor becomes */
  alphaDropout: random(Code.OP_ALPHA_DROPOUT, "rate"),
  /** y = x · a where the mask of alphaDropout keeps it, else 0 */
  alphaDropoutBackward: random(Code.OP_ALPHA_DROPOUT_BACKWARD, "rate"),
  /** y = x + normal noise */
  gaussianNoise: random(Code.OP_GAUSSIAN_NOISE, "stddev"),
  /** the batch's loss += Σ l1 |weights| + l2 weights², for each row; its gradient added where one is wanted */
  penalty: op(
    Code.OP_PENALTY,
    ["n"],
    { weights: read("n"), gradient: optional(update("n")) },
    { effect: true, numbers: ["l1", "l2"] },
  ),
  /** each column of weights to a norm of minimum to maximum; rateBits: how far, an f32 in [0, 1] as its bits */
  constrainNorms: op(
    Code.OP_CONSTRAIN_NORMS,
    ["rows", "width"],
    { weights: update("rows", "width") },
    { numbers: ["minimum", "maximum"], integers: { rateBits: 0x3f800000 } },
  ),
  /** weights = max(weights, 0) */
  constrainNonNegative: op(Code.OP_CONSTRAIN_NON_NEGATIVE, ["n"], { weights: update("n") }),
  /**
   * y = γ ∘ x̂ + β, x̂ = (x − mean) / √(variance + ε) by column; saved: mean, variance, 1 / √(…), γ / √(…), and two rows
   * that the backward pass works in
   */
  batchNorm: op(
    Code.OP_BATCH_NORM,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      gamma: optional(read("width")),
      beta: optional(read("width")),
      y: write("rows", "width"),
      saved: operand("write", ({ width }) => 6 * width!),
    },
    { numbers: ["epsilon"], perElement: 8 },
  ),
  /** the gradients of a batchNorm's inputs */
  batchNormBackward: op(
    Code.OP_BATCH_NORM_BACKWARD,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      dy: read("rows", "width"),
      saved: operand("update", ({ width }) => 6 * width!),
      dx: optional(write("rows", "width")),
      dgamma: optional(write("width")),
      dbeta: optional(write("width")),
    },
    { inPlace: { dx: "dy" }, perElement: 10 },
  ),
  /** factor = γ / √(variance + ε) */
  inverseDeviation: op(
    Code.OP_INVERSE_DEVIATION,
    ["width"],
    { variance: read("width"), gamma: optional(read("width")), factor: write("width") },
    { numbers: ["epsilon"], perElement: 20 },
  ),
  /** y = (x − mean) ∘ factor + β with statistics that are given */
  normalize: op(
    Code.OP_NORMALIZE,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      mean: read("width"),
      factor: read("width"),
      beta: optional(read("width")),
      y: write("rows", "width"),
    },
    { inPlace: { y: "x" }, split: ROWS },
  ),
  /** mean, variance ← `share` of the way to those that a batchNorm saved */
  movingStatistics: op(
    Code.OP_MOVING_STATISTICS,
    ["width"],
    { saved: operand("read", ({ width }) => 6 * width!), mean: update("width"), variance: update("width") },
    { numbers: ["share"], perElement: 8 },
  ),
  /** y = γ ∘ x̂ + β, x̂ = (x − mean) / √(variance + ε) by row; saved: mean and 1 / √(…) of each row */
  layerNorm: op(
    Code.OP_LAYER_NORM,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      gamma: optional(read("width")),
      beta: optional(read("width")),
      y: write("rows", "width"),
      saved: operand("write", ({ rows }) => 2 * rows!),
    },
    { numbers: ["epsilon"], inPlace: { y: "x" }, perElement: 8, split: ROWS },
  ),
  /** the gradient of a layerNorm's x */
  layerNormBackward: op(
    Code.OP_LAYER_NORM_BACKWARD,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      dy: read("rows", "width"),
      saved: operand("read", ({ rows }) => 2 * rows!),
      gamma: optional(read("width")),
      dx: write("rows", "width"),
    },
    { inPlace: { dx: "dy" }, perElement: 10, split: ROWS },
  ),
  /** the gradients of a layerNorm's gamma and beta */
  layerNormBackwardScale: op(
    Code.OP_LAYER_NORM_BACKWARD_SCALE,
    ["rows", "width"],
    {
      x: read("rows", "width"),
      dy: read("rows", "width"),
      saved: operand("read", ({ rows }) => 2 * rows!),
      dgamma: optional(write("width")),
      dbeta: optional(write("width")),
    },
    { perElement: 6 },
  ),
  /** labels = where the greatest of each row of x stands */
  argmax: op(Code.OP_ARGMAX, ["rows", "width"], { x: read("rows", "width"), labels: write("rows") }),
  /** the rows whose label is among the k greatest scores */
  topK: op(
    Code.OP_TOP_K,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows") },
    { effect: true, integers: { slot, k: 0x7fffffff } },
  ),
  /** the sum of a loss, as a metric */
  lossMetric: op(
    Code.OP_LOSS_METRIC,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    { effect: true, integers: { slot, loss: LOSS_COUNT - 1 }, numbers: ["parameter"], perElement: 20 },
  ),
  /** three slots: true positives, false positives, false negatives */
  binaryCounts: op(
    Code.OP_BINARY_COUNTS,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    metric,
  ),
  /** the same three for each class */
  classCounts: op(
    Code.OP_CLASS_COUNTS,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows") },
    { effect: true, integers: { slot } },
  ),
  /** width × width slots: rows by label and by greatest score */
  confusion: op(
    Code.OP_CONFUSION,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows") },
    { effect: true, integers: { slot } },
  ),
  /** 2 × bins slots: negatives, then positives, by their scores */
  aucCounts: op(
    Code.OP_AUC_COUNTS,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    { effect: true, integers: { slot, bins: 0xffff }, perElement: 10 },
  ),
  /** 1 + 3 × width slots: rows, and for each column the sums that R² is made of */
  moments: op(
    Code.OP_MOMENTS,
    ["rows", "width"],
    { scores: read("rows", "width"), targets: read("rows", "width") },
    { effect: true, integers: { slot }, perElement: 10 },
  ),
  /** c = f(a, b) */
  combine: op(
    Code.OP_COMBINE,
    ["n"],
    { a: read("n"), b: read("n"), c: write("n") },
    { integers: { function: COMBINE_COUNT - 1 }, inPlace: { c: "a" }, split: ELEMENTS },
  ),
  /** each row of c = f(that of a, b) */
  combineRows: op(
    Code.OP_COMBINE_ROWS,
    ["rows", "width"],
    { a: read("rows", "width"), b: read("width"), c: write("rows", "width") },
    { integers: { function: COMBINE_COUNT - 1 }, inPlace: { c: "a" }, split: ROWS },
  ),
  /** columns of y, from `offset` on = x */
  placeColumns: op(
    Code.OP_PLACE_COLUMNS,
    ["rows", "width", "pitch"],
    { x: read("rows", "width"), y: update("rows", "pitch") },
    columns,
  ),
  /** y = columns of x, from `offset` on */
  sliceColumns: op(
    Code.OP_SLICE_COLUMNS,
    ["rows", "width", "pitch"],
    { x: read("rows", "pitch"), y: write("rows", "width") },
    columns,
  ),
  /** y = the number of its row in x, along the row */
  spread: op(Code.OP_SPREAD, ["rows", "width"], { x: read("rows"), y: write("rows", "width") }, { split: ROWS }),
  /** sums = each row of x summed */
  rowSum: op(Code.OP_ROW_SUM, ["rows", "width"], { x: read("rows", "width"), sums: write("rows") }, { split: ROWS }),
  /** maxima = the greatest of each row of x */
  rowMax: op(Code.OP_ROW_MAX, ["rows", "width"], { x: read("rows", "width"), maxima: write("rows") }, { split: ROWS }),
  /** block counts and sums up x: shared/statistics.ts */
  tensorStatistics: op(
    Code.OP_TENSOR_STATISTICS,
    ["n"],
    { x: read("n"), block: operand("update", () => TENSOR_BLOCK_WORDS) },
    { effect: true, perElement: 10 },
  ),
  /** block counts units whose slopes are not 0, and slopes below the threshold */
  slopeStatistics: op(
    Code.OP_SLOPE_STATISTICS,
    ["rows", "width"],
    { slopes: read("rows", "width"), block: operand("update", ({ width }) => SLOPE_BLOCK_WORDS + width!) },
    { effect: true, numbers: ["threshold"] },
  ),
} as const satisfies Record<string, OpRow>;

export type OpName = keyof typeof OPS;
export type DimOf<K extends OpName> = (typeof OPS)[K]["dims"][number];
export type OperandOf<K extends OpName> = keyof (typeof OPS)[K]["operands"] & string;

/** Ops by code, for reading records back. */
export const OP_NAMES: readonly OpName[] = Object.keys(OPS).reduce<OpName[]>((names, name) => {
  names[OPS[name as OpName].code] = name as OpName;
  return names;
}, []);

export function opRow(op: OpName): OpRow {
  return OPS[op];
}

/** Bytes that an operand spans when the op's dims have these sizes. */
export function operandBytes({ shape, elementBytes }: OperandRow, sizes: Sizes): number {
  const elements = typeof shape === "function" ? shape(sizes) : shape.reduce((size, dim) => size * sizes[dim]!, 1);
  return elements * elementBytes;
}
