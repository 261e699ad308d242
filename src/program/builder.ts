import { ACTIVATION_SIGMOID, FUNCTION_RECIPROCAL } from "../../assembly/shared/activations.js";
import {
  COMBINE_ADD,
  COMBINE_DIVIDE,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM,
  COMBINE_MULTIPLY,
  COMBINE_SUBTRACT,
} from "../../assembly/shared/combine.js";
import { ShapeError } from "../errors.js";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import { type Dim, fixed, formatValue, type Node, perRow, rootOf, type Value, widthOf } from "./graph.js";
import type { DimOf, OpName, OperandOf } from "./ops.js";

export type LossOp = "sparseSoftmaxCrossentropy" | "softmaxCrossentropy" | "sigmoidCrossentropy" | "loss";

/** A loss as the kernels know it: an op, and where several share it, which of them. */
export interface LossOptions {
  readonly smoothing?: number;
  /** Of `LOSS_…`, for the op "loss". */
  readonly code?: number;
  readonly parameter?: number;
  readonly name?: string;
  /** What this loss counts beside others (default 1). */
  readonly weight?: number;
  /** The metric's slot where it is summed by itself too. */
  readonly slot?: number | undefined;
  /** One number a row, by which its loss and gradient are multiplied. */
  readonly weights?: Value | undefined;
  readonly gradient?: boolean;
}
export type MetricOp =
  | "sparseAccuracy"
  | "categoricalAccuracy"
  | "binaryAccuracy"
  | "topK"
  | "lossMetric"
  | "binaryCounts"
  | "classCounts"
  | "confusion"
  | "aucCounts"
  | "moments";

interface NewValue {
  name: string;
  shape: Shape;
  perRow?: boolean;
  needsGradient?: boolean;
  address?: number;
  gradient?: Value;
}

/** An activation as the kernels know it. */
export interface Elementwise {
  readonly code: number;
  readonly alpha?: number;
  /** Its derivative is computed from its input; otherwise from its output, and then a product can apply it. */
  readonly savesInput?: boolean;
  readonly name?: string;
}

/** What keys an op's random numbers, beside the optimizer's step. */
export interface Draw {
  /** The ordinal of the layer. */
  readonly layer: number;
  /** Of its own; undefined: the model's. */
  readonly seed: number | undefined;
}

/** What a normalization multiplies by and adds, each (width) or left out. */
export interface Scale {
  readonly gamma: Value | undefined;
  readonly beta: Value | undefined;
}

/**
 * Collects the nodes of one program. Layers call the ops below and so emit forward records only; `differentiate` adds the
 * backward ones.
 */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  #values = 0;
  #scope = "";

  /** Runs `emit` with its values named `<layer>/…`. */
  within<T>(layer: string, emit: () => T): T {
    const outer = this.#scope;
    this.#scope = layer;
    try {
      return emit();
    } finally {
      this.#scope = outer;
    }
  }

  /** A value that lives in the arena, or at `address` for as long as the model does. */
  value({ name, shape, perRow = true, needsGradient = false, address, gradient }: NewValue): Value {
    return {
      id: this.#values++,
      name: this.#scope && address === undefined ? `${this.#scope}/${name}` : name,
      shape,
      perRow,
      needsGradient,
      storage: address === undefined ? { kind: "arena" } : { kind: "fixed", address },
      ...(gradient && { gradient }),
    };
  }

  /** An arena value of the same size. */
  like(value: Value, name: string): Value {
    return { ...this.value({ name: "", shape: value.shape, perRow: value.perRow }), name };
  }

  emit<K extends OpName>(
    op: K,
    dims: Record<DimOf<K>, Dim>,
    operands: Partial<Record<OperandOf<K>, Value | undefined>>,
    numbers: Readonly<Record<string, number>> = {},
    integers: Readonly<Record<string, number>> = {},
    note?: string,
  ): Node<K> {
    const present = Object.fromEntries(Object.entries(operands).filter(([, value]) => value !== undefined));
    const node = { op, dims, operands: present, numbers, integers, ...(note && { note }) } as Node<K>;
    this.nodes.push(node as unknown as Node);
    return node;
  }

  // ── Ops for layers ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The batch's rows of data source `source`. */
  input(source: number, shape: Shape, name: string): Value {
    const out = this.value({ name, shape });
    this.emit("gather", { rows: perRow(1), width: fixed(sizeOf(shape)) }, { out }, { scale: 1, offset: 0 }, { source });
    return out;
  }

  /** x (B, …, K) · w (K, N) + bias (N) */
  matmul(x: Value, w: Value, bias?: Value, name = "z"): Value {
    const k = x.shape.at(-1)!;
    const [rows, n] = w.shape;
    if (w.shape.length !== 2 || rows !== k || n === undefined) throw mismatch("matmul", x, w);
    if (bias && !sameShape(bias.shape, [n])) throw mismatch("the bias of matmul", w, bias);
    const c = this.value({
      name,
      shape: [...x.shape.slice(0, -1), n],
      perRow: x.perRow,
      needsGradient: x.needsGradient || w.needsGradient || bias?.needsGradient === true,
    });
    const m = { size: widthOf(x) / k, perRow: x.perRow };
    this.gemm("gemmNN", [m, fixed(n), fixed(k)], x, w, c, { bias });
    return c;
  }

  /** An elementwise activation by its code. */
  activation(x: Value, { code, alpha = 0, savesInput = false, name = "activation" }: Elementwise): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    const integers = { activation: code, savesInput: savesInput ? 1 : 0 };
    this.emit("activation", { n: lengthOf(x) }, { x, y }, { alpha }, integers, name);
    return y;
  }

  /** 1 / (1 + e^−x) */
  sigmoid(x: Value): Value {
    return this.activation(x, { code: ACTIVATION_SIGMOID, name: "sigmoid" });
  }

  /** Softmax over the last axis. */
  softmax(x: Value, name = "softmax"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("softmax", rowsOf(x), { x, y });
    return y;
  }

  /** ln softmax over the last axis. */
  logSoftmax(x: Value, name = "logSoftmax"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("logSoftmax", rowsOf(x), { x, y });
    return y;
  }

  /** x where it is above 0, else alpha · x; alpha, without leading axes of 1, has the shape of x's last axes. */
  prelu(x: Value, alpha: Value, name = "prelu"): Value {
    const own = alpha.shape.slice(alpha.shape.findIndex((size) => size !== 1));
    const width = sizeOf(alpha.shape);
    if (width > 1 && !sameShape(own, x.shape.slice(-own.length))) throw mismatch("prelu", x, alpha);
    const y = this.value({ name, shape: x.shape, needsGradient: x.needsGradient || alpha.needsGradient });
    const rows = { size: widthOf(x) / width, perRow: x.perRow };
    this.emit("prelu", { rows, width: fixed(width) }, { x, alpha, y });
    return y;
  }

  /** Batch normalization over all axes but the last, with the batch's own statistics; they are `saved` (6, width). */
  batchNorm(x: Value, scale: Scale, epsilon: number): { y: Value; saved: Value } {
    const y = this.value({ name: "normalized", shape: x.shape, needsGradient: anyGradient(x, scale) });
    const saved = this.value({ name: "statistics", shape: [6, x.shape.at(-1)!], perRow: false });
    this.emit("batchNorm", rowsOf(x), { x, ...scale, y, saved }, { epsilon });
    return { y, saved };
  }

  /** The same with statistics that are given. Gradients reach x alone: the rest must be constant. */
  normalize(x: Value, { mean, variance }: { mean: Value; variance: Value }, scale: Scale, epsilon: number): Value {
    const { gamma, beta } = scale;
    const needsGradient = gamma?.needsGradient ?? false; // refused further on, rather than lost
    const factor = this.value({ name: "factor", shape: variance.shape, perRow: false, needsGradient });
    const y = this.value({ name: "normalized", shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("inverseDeviation", { width: fixed(widthOf(variance)) }, { variance, gamma, factor }, { epsilon });
    this.emit("normalize", rowsOf(x), { x, mean, factor, beta, y });
    return y;
  }

  /** Moves averages of mean and variance a share of the way to those that a batchNorm saved. */
  movingStatistics(saved: Value, { mean, variance }: { mean: Value; variance: Value }, share: number): void {
    this.emit("movingStatistics", { width: fixed(widthOf(mean)) }, { saved, mean, variance }, { share });
  }

  /** Layer normalization over the last axis. */
  layerNorm(x: Value, scale: Scale, epsilon: number): Value {
    const y = this.value({ name: "normalized", shape: x.shape, needsGradient: anyGradient(x, scale) });
    const saved = this.value({ name: "statistics", shape: [...x.shape.slice(0, -1), 2] });
    this.emit("layerNorm", rowsOf(x), { x, ...scale, y, saved }, { epsilon });
    return y;
  }

  /** x · scale + offset */
  affine(x: Value, scale: number, offset: number, name = "scaled"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("affine", { n: lengthOf(x) }, { x, y }, { scale, offset });
    return y;
  }

  /** a + b, of one shape */
  add(a: Value, b: Value, name = "sum"): Value {
    if (!sameShape(a.shape, b.shape) || !a.perRow || !b.perRow) throw mismatch("add", a, b);
    const c = this.value({ name, shape: a.shape, needsGradient: a.needsGradient || b.needsGradient });
    this.emit("add", { n: lengthOf(a) }, { a, b, c });
    return c;
  }

  /**
   * f(a, b) element by element, by its code. Either may be the smaller one: a value without rows whose shape is that of
   * the other's last axes, one number a row (a last axis of 1), or one number.
   */
  combine(code: number, a: Value, b: Value, name: string): Value {
    const [large, small] = order(a, b);
    const wide = this.#widen(small, large);
    if (!wide) throw mismatch(name, a, b);
    const needsGradient = a.needsGradient || b.needsGradient;
    const c = this.value({ name, shape: large.shape, perRow: large.perRow, needsGradient });
    const integers = { function: code };
    if (wide.perRow === large.perRow && widthOf(wide) === widthOf(large)) {
      const operands = large === a ? { a, b: wide, c } : { a: wide, b, c };
      this.emit("combine", { n: lengthOf(c) }, operands, {}, integers, name);
    } else {
      if (large !== a && !COMMUTES.has(code)) return this.combine(...turned(code, a, b, this), name);
      const width = widthOf(wide);
      const rows = { size: widthOf(large) / width, perRow: large.perRow };
      this.emit("combineRows", { rows, width: fixed(width) }, { a: large, b: wide, c }, {}, integers, name);
    }
    return c;
  }

  /** `small` as large as `like`, or as its last axes; undefined where it does not fit. */
  #widen(small: Value, like: Value): Value | undefined {
    const sameRows = small.perRow === like.perRow;
    if (sameRows && sameShape(small.shape, like.shape)) return small;
    const width = widthOf(like) / widthOf(small);
    const onePerRow = small.shape.at(-1) === 1 && sameShape(small.shape.slice(0, -1), like.shape.slice(0, -1));
    if (sameRows && (onePerRow || widthOf(small) === 1)) return this.spread(small, width, like.shape);
    if (small.perRow) return undefined;
    const own = small.shape.slice(small.shape.findIndex((size) => size !== 1));
    if (widthOf(small) === 1) return this.spread(small, like.shape.at(-1)!, [like.shape.at(-1)!]);
    return sameShape(own, like.shape.slice(-own.length)) ? this.reshape(small, own) : undefined;
  }

  /** Each number of x repeated `times`, under a shape that holds them all. */
  spread(x: Value, times: number, shape: Shape, name = "spread"): Value {
    const y = this.value({ name, shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("spread", { rows: lengthOf(x), width: fixed(times) }, { x, y });
    return y;
  }

  /** The sum over the last axis, which stays with size 1. */
  rowSum(x: Value, name = "sums"): Value {
    const sums = this.value({
      name,
      shape: [...x.shape.slice(0, -1), 1],
      perRow: x.perRow,
      needsGradient: x.needsGradient,
    });
    this.emit("rowSum", rowsOf(x), { x, sums });
    return sums;
  }

  /** The greatest along the last axis, which stays with size 1. */
  rowMax(x: Value, name = "maxima"): Value {
    const maxima = this.value({
      name,
      shape: [...x.shape.slice(0, -1), 1],
      perRow: x.perRow,
      needsGradient: x.needsGradient,
    });
    this.emit("rowMax", rowsOf(x), { x, maxima });
    return maxima;
  }

  /** Values of one shape but for `axis` (counted from 0, without the rows), joined along it. */
  concatenate(values: readonly Value[], axis: number, name = "joined"): Value {
    const [first] = values as [Value];
    const others = (value: Value) => value.shape.filter((_, i) => i !== axis);
    const odd = values.find((value) => !sameShape(others(value), others(first)) || value.perRow !== first.perRow);
    if (odd) throw mismatch(`concatenate along axis ${axis}`, first, odd);
    const shape = first.shape.with(
      axis,
      values.reduce((sum, value) => sum + value.shape[axis]!, 0),
    );
    const needsGradient = values.some((value) => value.needsGradient);
    const y = this.value({ name, shape, perRow: first.perRow, needsGradient });
    const rows = { size: sizeOf(shape.slice(0, axis)), perRow: first.perRow };
    const pitch = fixed(sizeOf(shape.slice(axis)));
    let offset = 0;
    for (const x of values) {
      const width = fixed(sizeOf(x.shape.slice(axis)));
      this.emit("placeColumns", { rows, width, pitch }, { x, y }, {}, { offset });
      offset += width.size;
    }
    return y;
  }

  /** x / (1 − rate) where the step's mask keeps it, else 0; 0 < rate < 1 */
  dropout(x: Value, rate: number, draw: Draw, name = "dropout"): Value {
    return this.#random("dropout", x, { rate }, draw, name);
  }

  /** Dropout to SELU's floor, mean 0 and variance 1 kept; 0 < rate < 1 */
  alphaDropout(x: Value, rate: number, draw: Draw, name = "alphaDropout"): Value {
    return this.#random("alphaDropout", x, { rate }, draw, name);
  }

  /** x + normal noise with mean 0 */
  gaussianNoise(x: Value, stddev: number, draw: Draw, name = "noisy"): Value {
    return this.#random("gaussianNoise", x, { stddev }, draw, name);
  }

  #random(
    op: "dropout" | "alphaDropout" | "gaussianNoise",
    x: Value,
    strength: Readonly<Record<string, number>>,
    { layer, seed }: Draw,
    name: string,
  ): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    const [seedHigh, seedLow] = seed === undefined ? [-1, 0] : [Math.floor(seed / 2 ** 31), seed % 2 ** 31];
    this.emit(op, { n: lengthOf(x) }, { x, y }, { ...strength, seedHigh }, { layer, seedLow });
    return y;
  }

  /** The same bytes under another shape: no record. */
  reshape(x: Value, shape: Shape): Value {
    if (sizeOf(shape) !== widthOf(x)) {
      throw new ShapeError(
        "shape/reshape",
        `${formatValue(x)} cannot be reshaped to ${formatShape(shape, x.perRow)}: ${widthOf(x)} values against ${sizeOf(shape)}.`,
      );
    }
    return { ...x, shape, root: rootOf(x) };
  }

  // ── Ops for the ends of a program ─────────────────────────────────────────────────────────────────────────────────

  /** The batch's loss; with `gradient`, also where the backward pass starts. */
  loss(op: LossOp, predictions: Value, targets: Value, options: LossOptions = {}): void {
    const { smoothing = 0, code = 0, parameter = 0, weight = 1, slot, name, weights, gradient = false } = options;
    const operands = {
      predictions,
      targets,
      gradient: gradient ? this.like(predictions, `d ${predictions.name}`) : undefined,
      weights,
    };
    const ownSlot = slot === undefined ? 0 : slot + 1;
    if (op === "loss") {
      this.emit(op, rowsOf(predictions), operands, { parameter, weight }, { ownSlot, loss: code }, name);
    } else this.emit(op, rowsOf(predictions), operands, { smoothing, weight }, { ownSlot });
  }

  /** Adds to the metrics' slots from `slot` on; `integers` are those of the op beside it. */
  metric(op: MetricOp, scores: Value, targets: Value, slot: number, threshold = 0, integers = {}): void {
    const numbers = threshold === 0 ? {} : { threshold };
    this.emit(op, rowsOf(scores), { scores, targets }, numbers, { slot, ...integers });
  }

  /** Where the greatest of each row of x stands, as labels. */
  argmax(x: Value, name = "labels"): Value {
    const labels = this.value({ name, shape: x.shape.length > 1 ? x.shape.slice(0, -1) : [1] });
    this.emit("argmax", rowsOf(x), { x, labels });
    return labels;
  }

  /** Writes the batch's rows of x to a sink. */
  store(x: Value, sink = 0): void {
    this.emit("store", { rows: perRow(1), width: fixed(widthOf(x)) }, { x }, {}, { sink });
  }

  /** Counts and sums up x in a block. */
  tensorStatistics(x: Value, block: Value): void {
    this.emit("tensorStatistics", { n: lengthOf(x) }, { x, block });
  }

  /** The derivatives of an activation where it was applied, looked at unit by unit. */
  slopeStatistics(activation: Node<"activation">, block: Value, threshold: number): void {
    const { x, y } = activation.operands;
    const saved = (activation.integers.savesInput ? x : y)!;
    const dy = this.affine({ ...saved, needsGradient: false }, 0, 1, "ones");
    const slopes = this.like(saved, "slopes");
    const integers = { activation: activation.integers.activation! };
    this.emit("activationBackward", { n: lengthOf(saved) }, { dy, saved, dx: slopes }, activation.numbers, integers);
    this.emit("slopeStatistics", rowsOf(slopes), { slopes, block }, { threshold });
  }

  // ── Ops for backward rules ────────────────────────────────────────────────────────────────────────────────────────

  /** c (M, N) = a · b, with either operand transposed as the op says. */
  gemm(
    op: "gemmNN" | "gemmNT" | "gemmTN",
    [m, n, k]: readonly [Dim, Dim, Dim],
    a: Value,
    b: Value,
    c: Value,
    { bias, accumulate = false }: { bias?: Value | undefined; accumulate?: boolean } = {},
  ): void {
    const scratch = this.value({ name: "scratch", shape: [], perRow: false });
    const integers = { accumulate: accumulate ? 1 : 0, activation: 0 };
    this.emit(op, { m, n, k }, { a, b, c, bias, scratch }, { alpha: 0 }, integers);
  }
}

/** Those where f(a, b) = f(b, a). */
const COMMUTES: ReadonlySet<number> = new Set([COMBINE_ADD, COMBINE_MULTIPLY, COMBINE_MAXIMUM, COMBINE_MINIMUM]);

/** The one with rows, or with more of them, first. */
function order(a: Value, b: Value): [large: Value, small: Value] {
  const smaller = a.perRow === b.perRow ? widthOf(a) < widthOf(b) : b.perRow;
  return smaller ? [b, a] : [a, b];
}

/** a − b and a / b with the smaller one last: −b + a, and 1 / b · a. */
function turned(code: number, a: Value, b: Value, builder: GraphBuilder): [code: number, a: Value, b: Value] {
  if (code === COMBINE_SUBTRACT) return [COMBINE_ADD, builder.affine(b, -1, 0, "negated"), a];
  if (code === COMBINE_DIVIDE) {
    return [COMBINE_MULTIPLY, builder.activation(b, { code: FUNCTION_RECIPROCAL, name: "reciprocal" }), a];
  }
  throw new ShapeError(
    "shape/mismatch",
    "Only sums, differences, products, quotients and extrema take a smaller first.",
  );
}

function anyGradient(x: Value, { gamma, beta }: Scale): boolean {
  return [x, gamma, beta].some((value) => value?.needsGradient);
}

/** All elements of a value as one dim. */
export function lengthOf(value: Value): Dim {
  return { size: widthOf(value), perRow: value.perRow };
}

/** A value as a matrix over its last axis. */
export function rowsOf(value: Value): { rows: Dim; width: Dim } {
  const width = value.shape.at(-1) ?? 1;
  return { rows: { size: widthOf(value) / width, perRow: value.perRow }, width: fixed(width) };
}

function mismatch(what: string, a: Value, b: Value): ShapeError {
  return new ShapeError("shape/mismatch", `${what}: ${formatValue(a)} and ${formatValue(b)} do not fit together.`);
}
