// The gradient of every op, alone and where its input is used elsewhere too, so that gradients add up.

import { describe, expect, test } from "vitest";
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
];

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
  schedule: "no gradient",
  sgd: "no gradient",
  adam: "no gradient",
  adagrad: "no gradient",
  adadelta: "no gradient",
  rmsprop: "no gradient",
  nadam: "no gradient",
  adamax: "no gradient",
  lion: "no gradient",
  argmax: "no gradient",
  topK: "no gradient",
  lossMetric: "no gradient",
  binaryCounts: "no gradient",
  classCounts: "no gradient",
  confusion: "no gradient",
  aucCounts: "no gradient",
  moments: "no gradient",
};

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
