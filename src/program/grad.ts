import { ACTIVATION_LINEAR } from "../../assembly/shared/activations.js";
import {
  COMBINE_ADD,
  COMBINE_AT_LEAST,
  COMBINE_AT_MOST,
  COMBINE_DIVIDE,
  COMBINE_EQUAL,
  COMBINE_GREATER,
  COMBINE_LESS,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM,
  COMBINE_MULTIPLY,
  COMBINE_SUBTRACT,
} from "../../assembly/shared/combine.js";
import { LanewiseError } from "../errors.js";
import { type GraphBuilder, lengthOf, rowsOf } from "./builder.js";
import { type Dim, type Node, rootOf, type Value } from "./graph.js";
import type { OpName, OperandOf } from "./ops.js";

/** How the gradient of an op's output reaches its inputs. */
type Rule<K extends OpName> =
  | {
      readonly output: OperandOf<K>;
      readonly backward: (node: Required<Operands<K>>, dy: Value, gradients: Gradients) => void;
    }
  /** Where the backward pass starts: the op itself writes the gradient of its input. */
  | { readonly source: OperandOf<K>; readonly gradient: OperandOf<K> }
  /** Nothing flows through. */
  | "none";

type Operands<K extends OpName> = Node<K> & { operands: Record<OperandOf<K>, Value> };

const lossRule = { source: "predictions", gradient: "gradient" } as const;

/** Every op has its rule: the compiler names one that is missing. */
export const RULES: { readonly [K in OpName]: Rule<K> } = {
  gather: "none",
  store: "none",
  gemmNN: {
    output: "c",
    backward({ dims: { m, n, k }, operands: { a, b, bias } }, dy, gradients) {
      gradients.product(a, "gemmNT", [m, k, n], dy, b);
      gradients.product(b, "gemmTN", [k, n, m], a, dy);
      gradients.bias(bias, m, n, dy);
    },
  },
  gemmNT: {
    output: "c",
    backward({ dims: { m, n, k }, operands: { a, b, bias } }, dy, gradients) {
      gradients.product(a, "gemmNN", [m, k, n], dy, b);
      gradients.product(b, "gemmTN", [n, k, m], dy, a);
      gradients.bias(bias, m, n, dy);
    },
  },
  gemmTN: {
    output: "c",
    backward({ dims: { m, n, k }, operands: { a, b, bias } }, dy, gradients) {
      gradients.product(a, "gemmNT", [k, m, n], b, dy);
      gradients.product(b, "gemmNN", [k, n, m], a, dy);
      gradients.bias(bias, m, n, dy);
    },
  },
  columnSum: "none",
  activation: {
    output: "y",
    backward({ dims: { n }, operands: { x, y }, numbers, integers, note }, dy, gradients) {
      const saved = integers.savesInput ? x : y;
      gradients.contribute(x, false, (dx, b) => {
        b.emit("activationBackward", { n }, { dy, saved, dx }, numbers, { activation: integers.activation! }, note);
      });
    },
  },
  activationBackward: "none",
  softmax: {
    output: "y",
    backward({ operands: { x, y } }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => {
        b.emit("softmaxBackward", rowsOf(y), { dy, y, dx });
      });
    },
  },
  softmaxBackward: "none",
  logSoftmax: {
    output: "y",
    backward({ operands: { x, y } }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => {
        b.emit("logSoftmaxBackward", rowsOf(y), { dy, y, dx });
      });
    },
  },
  logSoftmaxBackward: "none",
  prelu: {
    output: "y",
    backward({ dims, operands: { x, alpha } }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => {
        b.emit("preluBackward", dims, { dy, x, alpha, dx });
      });
      gradients.contribute(alpha, true, (sums, b, accumulate) => {
        b.emit("preluAlphaBackward", dims, { dy, x, sums }, {}, { accumulate: accumulate ? 1 : 0 });
      });
    },
  },
  preluBackward: "none",
  preluAlphaBackward: "none",
  affine: {
    output: "y",
    backward({ dims: { n }, operands: { x }, numbers }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => {
        b.emit("affine", { n }, { x: dy, y: dx }, { scale: numbers.scale!, offset: 0 });
      });
    },
  },
  add: {
    output: "c",
    backward({ operands: { a, b } }, dy, gradients) {
      gradients.pass(a, dy);
      gradients.pass(b, dy);
    },
  },
  sparseSoftmaxCrossentropy: lossRule,
  softmaxCrossentropy: lossRule,
  sigmoidCrossentropy: lossRule,
  loss: lossRule,
  sparseAccuracy: "none",
  categoricalAccuracy: "none",
  binaryAccuracy: "none",
  guard: "none",
  accumulate: "none",
  schedule: "none",
  sgd: "none",
  adagrad: "none",
  adadelta: "none",
  rmsprop: "none",
  adam: "none",
  nadam: "none",
  adamax: "none",
  lion: "none",
  ema: "none",
  clipByValue: "none",
  clipByNorm: "none",
  clipByGlobalNorm: "none",
  dropout: {
    output: "y",
    backward: ({ operands: { x }, ...draw }, dy, gradients) => gradients.masked(x, "dropout", draw, dy),
  },
  alphaDropout: {
    output: "y",
    backward: ({ operands: { x }, ...draw }, dy, gradients) => gradients.masked(x, "alphaDropoutBackward", draw, dy),
  },
  alphaDropoutBackward: "none",
  gaussianNoise: {
    output: "y",
    backward: ({ operands: { x } }, dy, gradients) => gradients.pass(x, dy),
  },
  penalty: "none", // its gradient is added once all others are known
  constrainNorms: "none",
  constrainNonNegative: "none",
  batchNorm: {
    output: "y",
    backward({ dims, operands: { x, gamma, beta, saved } }, dy, gradients) {
      gradients.contributeAll([x, gamma, beta], ([dx, dgamma, dbeta], b) => {
        b.emit("batchNormBackward", dims, { x, dy, saved, dx, dgamma, dbeta });
      });
    },
  },
  batchNormBackward: "none",
  inverseDeviation: "none",
  normalize: {
    output: "y",
    backward({ dims, operands: { x, mean, factor, beta } }, dy, gradients) {
      if ([mean, factor, beta].some((constant: Value | undefined) => constant?.needsGradient)) {
        throw new LanewiseError("program/no-gradient", "normalize passes gradients to x alone; batchNorm to the rest.");
      }
      gradients.contribute(x, false, (dx, b) => {
        b.emit("combineRows", dims, { a: dy, b: factor, c: dx }, {}, { function: COMBINE_MULTIPLY });
      });
    },
  },
  movingStatistics: "none",
  layerNorm: {
    output: "y",
    backward({ dims, operands: { x, gamma, beta, saved } }, dy, gradients) {
      gradients.contributeAll([gamma, beta], ([dgamma, dbeta], b) => {
        b.emit("layerNormBackwardScale", dims, { x, dy, saved, dgamma, dbeta });
      });
      gradients.contribute(x, false, (dx, b) => {
        b.emit("layerNormBackward", dims, { x, dy, saved, gamma, dx });
      });
    },
  },
  layerNormBackward: "none",
  layerNormBackwardScale: "none",
  argmax: "none",
  topK: "none",
  lossMetric: "none",
  binaryCounts: "none",
  classCounts: "none",
  confusion: "none",
  aucCounts: "none",
  moments: "none",
  combine: {
    output: "c",
    backward({ operands: { a, b, c }, integers }, dy, gradients) {
      const { ofA, ofB } = partsOf(integers.function!);
      gradients.part(a, () => ofA(gradients.builder, { a, b, c, dy }));
      gradients.part(b, () => ofB(gradients.builder, { a, b, c, dy }));
    },
  },
  combineRows: {
    output: "c",
    backward({ dims: { rows, width }, operands: { a, b, c }, integers }, dy, gradients) {
      const { ofA, ofB } = partsOf(integers.function!);
      gradients.part(a, () => ofA(gradients.builder, { a, b, c, dy }));
      gradients.contribute(b, true, (sums, builder, accumulate) => {
        const x = ofB(builder, { a, b, c, dy });
        builder.emit("columnSum", { rows, width }, { x, sums }, {}, { accumulate: accumulate ? 1 : 0 });
      });
    },
  },
  placeColumns: {
    output: "y",
    backward({ dims, operands: { x }, integers }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => b.emit("sliceColumns", dims, { x: dy, y: dx }, {}, integers));
    },
  },
  sliceColumns: "none",
  spread: {
    output: "y",
    backward({ dims, operands: { x } }, dy, gradients) {
      gradients.contribute(x, false, (sums, b) => b.emit("rowSum", dims, { x: dy, sums }));
    },
  },
  rowSum: {
    output: "sums",
    backward({ dims, operands: { x } }, dy, gradients) {
      gradients.contribute(x, false, (dx, b) => b.emit("spread", dims, { x: dy, y: dx }));
    },
  },
  /** Where several are the greatest, each gets an equal part, as in TensorFlow. */
  rowMax: {
    output: "maxima",
    backward({ operands: { x, maxima } }, dy, gradients) {
      gradients.part(x, (b) => {
        const hits = b.combine(COMBINE_EQUAL, x, maxima, "hits");
        const share = b.combine(COMBINE_DIVIDE, dy, b.rowSum(hits), "share");
        return b.combine(COMBINE_MULTIPLY, hits, share, `d ${x.name}`);
      });
    },
  },
  tensorStatistics: "none",
  slopeStatistics: "none",
};

/** What reaches a and b of c = f(a, b): each as large as c. */
interface Parts {
  readonly ofA: (b: GraphBuilder, values: Combined) => Value;
  readonly ofB: (b: GraphBuilder, values: Combined) => Value;
}
type Combined = Readonly<Record<"a" | "b" | "c" | "dy", Value>>;

/** dy where `code` (1 or 0) says so. */
function where(code: number): Parts["ofA"] {
  return (b, { a, b: other, dy }) => b.combine(COMBINE_MULTIPLY, b.combine(code, a, other, "side"), dy, `d ${a.name}`);
}

const dyItself = (_: GraphBuilder, { dy }: Combined): Value => dy;
const PARTS: Readonly<Record<number, Parts>> = {
  [COMBINE_ADD]: { ofA: dyItself, ofB: dyItself },
  [COMBINE_SUBTRACT]: { ofA: dyItself, ofB: (b, { dy }) => b.affine(dy, -1, 0, "negated") },
  [COMBINE_MULTIPLY]: {
    ofA: (b, values) => b.combine(COMBINE_MULTIPLY, values.dy, values.b, `d ${values.a.name}`),
    ofB: (b, values) => b.combine(COMBINE_MULTIPLY, values.dy, values.a, `d ${values.b.name}`),
  },
  [COMBINE_DIVIDE]: {
    ofA: (b, values) => b.combine(COMBINE_DIVIDE, values.dy, values.b, `d ${values.a.name}`),
    ofB(b, values) {
      const ratio = b.combine(COMBINE_DIVIDE, values.c, values.b, "ratio");
      return b.affine(b.combine(COMBINE_MULTIPLY, values.dy, ratio, "slope"), -1, 0, `d ${values.b.name}`);
    },
  },
  // Of equal values the first counts as the greater one, and as the lesser one.
  [COMBINE_MAXIMUM]: { ofA: where(COMBINE_AT_LEAST), ofB: where(COMBINE_LESS) },
  [COMBINE_MINIMUM]: { ofA: where(COMBINE_AT_MOST), ofB: where(COMBINE_GREATER) },
};

/** Comparisons are steps: no gradient comes through. */
function partsOf(code: number): Parts {
  const parts = PARTS[code];
  if (parts) return parts;
  throw new LanewiseError("program/no-gradient", "No gradient passes through a comparison.");
}

/** Is told of each value's gradient once that is complete, and may emit what reads it. */
export type GradientObserver = (value: Value, gradient: Value) => void;

/** Appends the backward records of every loss in `builder`; the names of the variables that gradients reach are returned. */
export function differentiate(builder: GraphBuilder, observe?: GradientObserver): ReadonlySet<string> {
  const gradients = new Gradients(builder, observe);
  for (const node of [...builder.nodes].reverse()) backwardOf(node, gradients);
  return gradients.reached;
}

function backwardOf<K extends OpName>(node: Node<K>, gradients: Gradients): void {
  const rule: Rule<K> = RULES[node.op];
  if (rule === "none") return;
  const operands = node.operands as Record<string, Value>;
  if ("source" in rule) {
    const gradient = operands[rule.gradient];
    if (gradient) gradients.pass(operands[rule.source]!, gradient);
    return;
  }
  const output = operands[rule.output]!;
  const dy = gradients.of(output);
  if (dy) gradients.observe?.(output, dy);
  if (dy) rule.backward(node as Required<Operands<K>>, dy, gradients);
}

/** The gradients known so far; they add up where a value is used more than once. */
class Gradients {
  readonly builder: GraphBuilder;
  /** By root. A shared one is another value's gradient too and must not be written again. */
  readonly #known = new Map<number, { value: Value; shared: boolean }>();
  /** Variables by name. */
  readonly reached = new Set<string>();

  readonly observe: GradientObserver | undefined;

  constructor(builder: GraphBuilder, observe?: GradientObserver) {
    this.builder = builder;
    this.observe = observe;
  }

  of(value: Value): Value | undefined {
    return this.#known.get(rootOf(value).id)?.value;
  }

  /** Adds what `emit` writes to the gradient of `value`; `accumulates` says that `emit` can add on by itself. */
  contribute(
    value: Value,
    accumulates: boolean,
    emit: (target: Value, builder: GraphBuilder, accumulate: boolean) => void,
  ): void {
    if (!value.needsGradient) return;
    const root = rootOf(value);
    const known = this.#known.get(root.id);
    if (!known) {
      const target = root.gradient ?? this.builder.like(root, `d ${root.name}`);
      this.#know(root, target, false);
      emit(target, this.builder, false);
    } else if (accumulates && !known.shared) {
      emit(known.value, this.builder, true);
    } else {
      const part = this.builder.like(root, `d ${root.name}, another part`);
      emit(part, this.builder, false);
      this.#addTo(root, known, part);
    }
  }

  /** The same for an op that writes several gradients at once; nobody wants those that are undefined. */
  contributeAll(
    values: readonly (Value | undefined)[],
    emit: (targets: readonly (Value | undefined)[], builder: GraphBuilder) => void,
    targets: readonly (Value | undefined)[] = [],
  ): void {
    const next = (target?: Value) => this.contributeAll(values, emit, [...targets, target]);
    const value = values[targets.length];
    if (targets.length < values.length) {
      if (value?.needsGradient) this.contribute(value, false, next);
      else next();
    } else if (targets.some((target) => target)) emit(targets, this.builder);
  }

  /** Adds a value that `emit` makes. */
  part(value: Value, emit: (builder: GraphBuilder) => Value): void {
    if (value.needsGradient) this.pass(value, emit(this.builder));
  }

  /** Adds `gradient` itself, without a copy where it is the first and has no fixed place to go to. */
  pass(value: Value, gradient: Value): void {
    if (!value.needsGradient) return;
    const root = rootOf(value);
    const known = this.#known.get(root.id);
    if (known) this.#addTo(root, known, gradient);
    else if (root.gradient) this.contribute(value, false, (target, builder) => copy(builder, gradient, target));
    else this.#know(root, gradient, true);
  }

  /** The gradient of one factor of a product is a product. */
  product(value: Value, op: "gemmNN" | "gemmNT" | "gemmTN", dims: readonly [Dim, Dim, Dim], a: Value, b: Value): void {
    this.contribute(value, true, (target, builder, accumulate) => builder.gemm(op, dims, a, b, target, { accumulate }));
  }

  /** The gradient of a bias (N), added to each row of a product (M, N). */
  bias(value: Value | undefined, rows: Dim, width: Dim, dy: Value): void {
    if (!value) return;
    this.contribute(value, true, (sums, builder, accumulate) => {
      builder.emit("columnSum", { rows, width }, { x: dy, sums }, {}, { accumulate: accumulate ? 1 : 0 });
    });
  }

  /** Through the mask that the forward pass drew: the same draw once more. */
  masked(
    value: Value,
    op: "dropout" | "alphaDropoutBackward",
    { dims, numbers, integers }: Pick<Node<"dropout">, "dims" | "numbers" | "integers">,
    dy: Value,
  ): void {
    this.contribute(value, false, (dx, builder) => builder.emit(op, dims, { x: dy, y: dx }, numbers, integers));
  }

  #know(root: Value, value: Value, shared: boolean): void {
    this.#known.set(root.id, { value, shared });
    if (root.storage.kind === "fixed") this.reached.add(root.name);
  }

  #addTo(root: Value, known: { value: Value; shared: boolean }, part: Value): void {
    const sum = known.shared ? this.builder.like(root, `d ${root.name}`) : known.value;
    this.builder.emit("add", { n: lengthOf(root) }, { a: known.value, b: part, c: sum });
    this.#know(root, sum, false);
  }
}

function copy(builder: GraphBuilder, from: Value, to: Value): void {
  const integers = { activation: ACTIVATION_LINEAR };
  builder.emit("activation", { n: lengthOf(from) }, { x: from, y: to }, { alpha: 0 }, integers, "linear");
}
