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
import { type Shape, sameShape } from "../shape.js";
import { anyGradient, ForwardBuilder, lengthOf, mismatch, rowsOf, type Scale } from "./forward.js";
import { fixed, type Node, type Value, widthOf } from "./graph.js";

export { type Elementwise, lengthOf, rowsOf, type Scale } from "./forward.js";

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

/** What keys an op's random numbers, beside the optimizer's step. */
export interface Draw {
  /** The ordinal of the layer. */
  readonly layer: number;
  /** Of its own; undefined: the model's. */
  readonly seed: number | undefined;
}

/**
 * Collects the nodes of one program, and has all ops. Layers call the ops below and so emit forward records only; `differentiate` adds the
 * backward ones.
 */
export class GraphBuilder extends ForwardBuilder {
  // ── Ops for layers and losses ─────────────────────────────────────────────────────────────────────────────────────

  /** 1 / (1 + e^−x) */
  sigmoid(x: Value): Value {
    return this.activation(x, { code: ACTIVATION_SIGMOID, name: "sigmoid" });
  }

  /** Batch normalization over all axes but the last, with the batch's own statistics; they are `saved` (6, width). */
  batchNorm(x: Value, scale: Scale, epsilon: number): { y: Value; saved: Value } {
    const y = this.value({ name: "normalized", shape: x.shape, needsGradient: anyGradient(x, scale) });
    const saved = this.value({ name: "statistics", shape: [6, x.shape.at(-1)!], perRow: false });
    this.emit("batchNorm", rowsOf(x), { x, ...scale, y, saved }, { epsilon });
    return { y, saved };
  }

  /** Moves averages of mean and variance a share of the way to those that a batchNorm saved. */
  movingStatistics(saved: Value, { mean, variance }: { mean: Value; variance: Value }, share: number): void {
    this.emit("movingStatistics", { width: fixed(widthOf(mean)) }, { saved, mean, variance }, { share });
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
