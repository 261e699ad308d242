// The gradient of every op, alone and where its input is used elsewhere too, so that gradients add up.

import { describe, expect, test } from "vitest";
import {
  COMBINE_ADD,
  COMBINE_DIVIDE,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM,
  COMBINE_MULTIPLY,
  COMBINE_SUBTRACT,
} from "../../assembly/shared/combine.js";
import * as Loss from "../../assembly/shared/losses.js";
import { elu } from "../../src/activations/index.js";
import { activate, type Activation, ACTIVATIONS, resolveActivation } from "../../src/activations/table.js";
import { RULES } from "../../src/program/grad.js";
import { type Dim, fixed, perRow, type Value } from "../../src/program/graph.js";
import { OPS, type OpName } from "../../src/program/ops.js";
import { expectGradients } from "./compare.js";
import { Workbench } from "./workbench.js";

type Hidden = (width: number) => Value;
/** Puts the op to work on hidden values (B, width) that depend on weights; what it returns is regressed. */
type Case = (bench: Workbench, hidden: Hidden) => Value | undefined;

interface RowLossCase {
  readonly code: number;
  readonly parameter?: number;
  /** Predictions and targets must be. */
  readonly positive?: boolean;
}

const LOSSES_OF_ROWS: readonly (readonly [string, RowLossCase])[] = [
  ["mean squared error", { code: Loss.LOSS_MEAN_SQUARED_ERROR }],
  ["mean absolute error", { code: Loss.LOSS_MEAN_ABSOLUTE_ERROR }],
  ["huber", { code: Loss.LOSS_HUBER, parameter: 0.5 }],
  ["log cosh", { code: Loss.LOSS_LOG_COSH }],
  ["Kullback–Leibler divergence", { code: Loss.LOSS_KULLBACK_LEIBLER_DIVERGENCE, positive: true }],
  ["poisson", { code: Loss.LOSS_POISSON, positive: true }],
  ["hinge", { code: Loss.LOSS_HINGE }],
  ["squared hinge", { code: Loss.LOSS_SQUARED_HINGE }],
  ["categorical hinge", { code: Loss.LOSS_CATEGORICAL_HINGE }],
  ["cosine similarity", { code: Loss.LOSS_COSINE_SIMILARITY }],
  ["the value itself", { code: Loss.LOSS_VALUE }],
];

/** Those that a gradient passes through, by name. */
const COMBINATIONS = {
  sum: COMBINE_ADD,
  difference: COMBINE_SUBTRACT,
  product: COMBINE_MULTIPLY,
  quotient: COMBINE_DIVIDE,
  maximum: COMBINE_MAXIMUM,
  minimum: COMBINE_MINIMUM,
};

const CASES: { readonly [K in OpName]: Readonly<Record<string, Case>> | "no gradient" } = {
  gather: "no gradient",
  store: "no gradient",
  gemmNN: {
    "weights and bias": (bench, hidden) => bench.dense(hidden(4), 3, "z"),
    "no bias": (bench, hidden) => bench.b.matmul(hidden(3), bench.variable("w", [3, 5])),
    "one column": (bench, hidden) => bench.dense(hidden(1), 1, "z"),
  },
  gemmNT: {
    "x · wᵀ + bias": (bench, hidden) => {
      const [x, w, bias] = [hidden(4), bench.variable("w", [3, 4]), bench.variable("bias", [3])];
      return product(bench, "gemmNT", [perRow(1), fixed(3), fixed(4)], x, w, bias);
    },
  },
  gemmTN: {
    "xᵀ · y over the batch, with bias": (bench, hidden) => {
      const [x, y, bias] = [hidden(4), hidden(3), bench.variable("bias", [3])];
      return product(bench, "gemmTN", [fixed(4), fixed(3), perRow(1)], x, y, bias);
    },
    "xᵀ · x": (bench, hidden) => {
      const x = hidden(3);
      return product(bench, "gemmTN", [fixed(3), fixed(3), perRow(1)], x, x);
    },
  },
  columnSum: "no gradient",
  activation: {
    ...Object.fromEntries(elementwise().map((name) => [name, activated(name)])),
    "elu(0.5)": activated(elu({ alpha: 0.5 })),
  },
  activationBackward: "no gradient",
  softmax: {
    rows: ({ b }, hidden) => b.softmax(hidden(5)),
    "one column, always 1": ({ b }, hidden) => {
      const x = hidden(1);
      return b.add(b.softmax(x), x);
    },
  },
  softmaxBackward: "no gradient",
  logSoftmax: { rows: ({ b }, hidden) => b.logSoftmax(hidden(4)) },
  logSoftmaxBackward: "no gradient",
  prelu: { "rows and a learned slope": (bench, hidden) => bench.b.prelu(hidden(5), bench.variable("alpha", [5])) },
  preluBackward: "no gradient",
  preluAlphaBackward: "no gradient",
  affine: { "scale and offset": ({ b }, hidden) => b.affine(hidden(5), -1.5, 0.25) },
  add: {
    "two values": ({ b }, hidden) => b.add(hidden(3), hidden(3)),
    "a value and itself": ({ b }, hidden) => {
      const x = hidden(3);
      return b.add(x, x);
    },
  },
  sparseSoftmaxCrossentropy: crossentropy("sparseSoftmaxCrossentropy"),
  softmaxCrossentropy: crossentropy("softmaxCrossentropy"),
  sigmoidCrossentropy: crossentropy("sigmoidCrossentropy"),
  loss: {
    ...Object.fromEntries(LOSSES_OF_ROWS.map(([name, loss]) => [name, lossOf(loss)])),
    "weighted rows": (bench, hidden) => {
      const [output, targets] = [hidden(3), bench.input("targets", [3])];
      bench.b.loss("loss", output, targets, { weights: bench.input("weights", [1], { classes: 4 }), gradient: true });
      return undefined;
    },
  },
  sparseAccuracy: "no gradient",
  categoricalAccuracy: "no gradient",
  binaryAccuracy: "no gradient",
  guard: "no gradient",
  accumulate: "no gradient",
  schedule: "no gradient",
  sgd: "no gradient",
  adam: "no gradient",
  adagrad: "no gradient",
  adadelta: "no gradient",
  rmsprop: "no gradient",
  nadam: "no gradient",
  adamax: "no gradient",
  lion: "no gradient",
  ema: "no gradient",
  clipByValue: "no gradient",
  clipByNorm: "no gradient",
  clipByGlobalNorm: "no gradient",
  dropout: {
    "the model's seed": ({ b }, hidden) => b.dropout(hidden(5), 0.3, { layer: 2, seed: undefined }),
    "a seed of its own": ({ b }, hidden) => b.dropout(hidden(11), 0.5, { layer: 0, seed: 2 ** 45 + 3 }),
  },
  alphaDropout: { rows: ({ b }, hidden) => b.alphaDropout(hidden(5), 0.3, { layer: 1, seed: undefined }) },
  alphaDropoutBackward: "no gradient",
  penalty: "no gradient", // by itself: see below
  constrainNorms: "no gradient",
  constrainNonNegative: "no gradient",
  gaussianNoise: { rows: ({ b }, hidden) => b.gaussianNoise(hidden(5), 0.5, { layer: 1, seed: 7 }) },
  // Three rows of each sample: one row alone has no variance, and so no gradient.
  batchNorm: {
    "gamma and beta": (bench, hidden) => bench.b.batchNorm(rowsOfThree(bench, hidden(9)), scales(bench), 1e-3).y,
    "neither of them": (bench, hidden) =>
      bench.b.batchNorm(rowsOfThree(bench, hidden(9)), { gamma: undefined, beta: undefined }, 1e-3).y,
    "gamma, whose gradient adds up": (bench, hidden) => {
      const scale = { gamma: bench.variable("gamma", [3]), beta: undefined };
      const { y } = bench.b.batchNorm(rowsOfThree(bench, hidden(9)), scale, 1e-3);
      return bench.b.batchNorm(y, scale, 0.1).y;
    },
    "x that needs no gradient": (bench) => bench.b.batchNorm(bench.input("features", [3, 3]), scales(bench), 1e-3).y,
  },
  batchNormBackward: "no gradient",
  inverseDeviation: "no gradient",
  normalize: {
    "gamma and beta": (bench, hidden) => bench.b.normalize(hidden(3), statistics(bench), constants(bench), 0.01),
    "neither of them": (bench, hidden) =>
      bench.b.normalize(hidden(3), statistics(bench), { gamma: undefined, beta: undefined }, 0.01),
  },
  movingStatistics: "no gradient",
  layerNorm: {
    // Rows of three may lie close together: this epsilon keeps 1 / √(variance + ε), which rounding grows by, small.
    "gamma and beta": (bench, hidden) => bench.b.layerNorm(rowsOfThree(bench, hidden(9)), scales(bench), 0.1),
    "neither of them": (bench, hidden) => bench.b.layerNorm(hidden(5), { gamma: undefined, beta: undefined }, 1e-3),
    "beta, whose gradient adds up": (bench, hidden) => {
      const scale = { gamma: undefined, beta: bench.variable("beta", [3]) };
      return bench.b.layerNorm(bench.b.layerNorm(hidden(3), scale, 0.1), scale, 0.1);
    },
    "x that needs no gradient": (bench) => bench.b.layerNorm(bench.input("features", [3]), scales(bench), 1e-3),
  },
  layerNormBackward: "no gradient",
  layerNormBackwardScale: "no gradient",
  argmax: "no gradient",
  topK: "no gradient",
  lossMetric: "no gradient",
  binaryCounts: "no gradient",
  classCounts: "no gradient",
  confusion: "no gradient",
  aucCounts: "no gradient",
  moments: "no gradient",
  combine: Object.fromEntries(
    Object.entries(COMBINATIONS).flatMap(([name, code]) => [
      [`${name} of two values`, combined(code, (bench, hidden) => [hidden(5), awayFromZero(bench, hidden(5))])],
      [
        `${name} of a value and itself`,
        combined(code, (bench, hidden) => {
          const x = awayFromZero(bench, hidden(5));
          return [x, x];
        }),
      ],
      [`${name} of two weights`, combined(code, (bench) => [bench.variable("v", [6]), largeWeight(bench, [6])])],
      [
        `${name} of a value and one number a row`,
        combined(code, (bench, hidden) => [hidden(6), awayFromZero(bench, hidden(1))]),
      ],
      [
        `${name} of one number a row and a value`,
        combined(code, (bench, hidden) => [hidden(1), awayFromZero(bench, hidden(6))]),
      ],
    ]),
  ),
  combineRows: Object.fromEntries(
    Object.entries(COMBINATIONS).flatMap(([name, code]) => [
      [`${name} of a value and weights`, combined(code, (bench, hidden) => [hidden(5), largeWeight(bench, [5])])],
      [
        `${name} of weights and a value`,
        combined(code, (bench, hidden) => [bench.variable("v", [5]), awayFromZero(bench, hidden(5))]),
      ],
      [`${name} of a value and one weight`, combined(code, (bench, hidden) => [hidden(5), largeWeight(bench, [1])])],
      [
        `${name} of a value and weights whose gradient adds up`,
        combined(code, (bench, hidden) => {
          const weights = largeWeight(bench, [3]);
          return [bench.b.combine(COMBINE_ADD, rowsOfThree(bench, hidden(9)), weights, "once"), weights];
        }),
      ],
    ]),
  ),
  placeColumns: {
    "two values": ({ b }, hidden) => b.concatenate([hidden(3), hidden(2)], 0),
    "a value twice, and another": ({ b }, hidden) => {
      const x = hidden(3);
      return b.concatenate([x, hidden(1), x], 0);
    },
    "along an axis that is not the last": (bench, hidden) =>
      bench.b.concatenate([rowsOfThree(bench, hidden(9)), bench.b.reshape(hidden(6), [2, 3])], 0),
    "along the last of two": (bench, hidden) =>
      bench.b.concatenate([rowsOfThree(bench, hidden(9)), bench.b.reshape(hidden(6), [3, 2])], 1),
  },
  sliceColumns: "no gradient",
  spread: { "one number a row": ({ b }, hidden) => b.spread(hidden(1), 4, [4]) },
  rowSum: {
    rows: ({ b }, hidden) => b.rowSum(hidden(5)),
    "rows within rows": (bench, hidden) => bench.b.rowSum(rowsOfThree(bench, hidden(9))),
  },
  rowMax: {
    rows: ({ b }, hidden) => b.rowMax(hidden(5)),
    "one column": ({ b }, hidden) => b.rowMax(hidden(1)),
  },
  tensorStatistics: "no gradient",
  slopeStatistics: "no gradient",
};

function combined(code: number, operands: (bench: Workbench, hidden: Hidden) => [Value, Value]): Case {
  return (bench, hidden) => {
    const [a, b] = operands(bench, hidden);
    for (const value of [a, b]) bench.regress(value); // of an extremum, one of them may get no gradient
    return bench.b.combine(code, a, b, "combined");
  };
}

/** x² + ½: what may be divided by. */
function awayFromZero({ b }: Workbench, x: Value): Value {
  return b.affine(b.combine(COMBINE_MULTIPLY, x, x, "square"), 1, 0.5);
}

/** Weights of at least ½. */
function largeWeight(bench: Workbench, shape: readonly number[]): Value {
  const value = bench.variable("large", shape);
  const { data } = bench.variables.at(-1)!;
  data.forEach((weight, i) => (data[i] = Math.abs(weight) + 0.5));
  if (value.storage.kind === "fixed") bench.engine.f32(value.storage.address, data.length).set(data);
  return value;
}

function rowsOfThree({ b }: Workbench, x: Value): Value {
  return b.reshape(x, [3, 3]);
}

function scales(bench: Workbench) {
  return { gamma: bench.variable("gamma", [3]), beta: bench.variable("beta", [3]) };
}

function constants(bench: Workbench) {
  const constant = (name: string) => bench.variable(name, [3], { trainable: false });
  return { gamma: constant("gamma"), beta: constant("beta") };
}

/** A mean, and a variance that is not negative. */
function statistics(bench: Workbench) {
  const [mean, root] = [
    bench.variable("mean", [3], { trainable: false }),
    bench.variable("root", [3], { trainable: false }),
  ];
  const values = bench.variables.at(-1)!.data;
  values.forEach((value, j) => (values[j] = Math.abs(value)));
  if (root.storage.kind === "fixed") bench.engine.f32(root.storage.address, 3).set(values);
  return { mean, variance: root };
}

function elementwise(): Activation[] {
  return Object.entries(ACTIVATIONS.rows)
    .filter(([, { op }]) => typeof op !== "string")
    .map(([name]) => name as keyof typeof ACTIVATIONS.rows);
}

function activated(activation: Activation): Case {
  return ({ b }, hidden) => activate(b, hidden(5), resolveActivation(activation));
}

function lossOf({ code, parameter = 0, positive = false }: RowLossCase): Case {
  return (bench, hidden) => {
    const x = hidden(3);
    const targets = bench.input("targets", [3], positive ? { classes: 2 } : {});
    const output = positive ? bench.b.sigmoid(x) : x;
    bench.b.loss("loss", output, targets, { code, parameter, gradient: true });
    return undefined;
  };
}

function crossentropy(op: "sparseSoftmaxCrossentropy" | "softmaxCrossentropy" | "sigmoidCrossentropy") {
  const smoothedBy =
    (smoothing: number): Case =>
    (bench, hidden) => {
      const logits = hidden(4);
      const targets =
        op === "sparseSoftmaxCrossentropy"
          ? bench.input("labels", [1], { classes: 4 })
          : bench.input("targets", [4], { classes: 2 });
      bench.b.loss(op, logits, targets, { smoothing, gradient: true });
      return undefined;
    };
  return { targets: smoothedBy(0), "smoothed targets": smoothedBy(0.2) };
}

/** A product that no layer emits in its forward pass. */
function product(
  { b }: Workbench,
  op: "gemmNT" | "gemmTN",
  dims: readonly [m: Dim, n: Dim, k: Dim],
  x: Value,
  y: Value,
  bias?: Value,
): Value {
  const [m, n] = dims;
  const shape = m.perRow ? [n.size] : [m.size, n.size];
  const c = b.value({ name: "product", shape, perRow: m.perRow, needsGradient: true });
  b.gemm(op, dims, x, y, c, { bias });
  return c;
}

/** What else uses the op's inputs: emitted earlier, its gradient arrives later. */
const ELSEWHERE = ["nothing else", "a loss before it", "a loss after it", "a loss on either side"] as const;

async function build(example: Case, elsewhere: (typeof ELSEWHERE)[number], rows: number): Promise<Workbench> {
  const bench = await Workbench.create({ rows, seed: 3 });
  const x = bench.input("x", [4]);
  const inputs: Value[] = [];
  const hidden = (width: number) => {
    const value = bench.dense(x, width, `hidden${inputs.length}`);
    inputs.push(value);
    if (elsewhere === "a loss before it" || elsewhere === "a loss on either side") bench.regress(value);
    return value;
  };
  const output = example(bench, hidden);
  if (output) bench.regress(output);
  if (elsewhere === "a loss after it" || elsewhere === "a loss on either side") inputs.forEach((v) => bench.regress(v));
  bench.differentiate();
  return bench;
}

const OP_NAMES = Object.keys(OPS) as OpName[];

test("every op that has a gradient is tried, and no other", () => {
  for (const op of OP_NAMES) expect(CASES[op] === "no gradient", op).toBe(RULES[op] === "none");
});

test("normalize refuses a gamma that wants a gradient, rather than leave it without", async () => {
  const bench = await Workbench.create();
  const gamma = bench.variable("gamma", [3]);
  bench.regress(
    bench.b.normalize(bench.dense(bench.input("x", [4]), 3, "z"), statistics(bench), { gamma, beta: undefined }, 0.1),
  );
  expect(() => bench.differentiate()).toThrow("normalize passes gradients to x alone");
});

describe.each(OP_NAMES.filter((op) => CASES[op] !== "no gradient"))("%s", (op) => {
  describe.each(Object.entries(CASES[op] as Record<string, Case>))("%s", (_, example) => {
    test.each(ELSEWHERE)("input used by %s", async (elsewhere) => {
      const bench = await build(example, elsewhere, 5);
      expect(bench.b.nodes.slice(0, bench.forwardNodes).map((node) => node.op)).toContain(op);
      expectGradients(bench);
    });

    test("one row", async () => {
      expectGradients(await build(example, "nothing else", 1));
    });
  });
});

describe("penalty", () => {
  test.each([
    { l1: 0.3, l2: 0 },
    { l1: 0, l2: 0.2 },
    { l1: 0.25, l2: 0.125 },
  ])("%o: behind the backward pass, its gradient is added to the others", async (factors) => {
    for (const rows of [1, 5]) {
      const bench = await build((_, hidden) => hidden(3), "nothing else", rows);
      for (const { value } of bench.variables.filter(({ value }) => value.needsGradient)) {
        const dims = { n: fixed(value.shape.reduce((a, b) => a * b, 1)) };
        bench.b.emit("penalty", dims, { weights: value, gradient: value.gradient! }, factors);
      }
      bench.forwardNodes = bench.b.nodes.length; // all of them make the loss
      expectGradients(bench);
    }
  });
});
