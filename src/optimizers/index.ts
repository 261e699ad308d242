import { boolean, numberInRange, positiveNumber } from "../check.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { fixed, type Value, widthOf } from "../program/graph.js";

/** The flat regions that an optimizer's one pass works on, each of as many elements as there are parameters. */
export interface OptimizerRegions {
  readonly segments: Value;
  readonly parameters: Value;
  readonly gradients: Value;
  readonly slots: readonly Value[];
}

interface OptimizerRow extends FamilyRow {
  /** Numbers that may change between steps, in the order of the header's hyperparameters. */
  readonly hyper: readonly string[];
  /** What it remembers of each parameter. */
  readonly slots: (description: Description) => readonly string[];
  readonly emit: (b: GraphBuilder, regions: OptimizerRegions, description: Description) => void;
}

const rows = {
  sgd: {
    options: { learningRate: 0.01, momentum: 0, nesterov: false },
    formula: "v ← μ·v − η·g;  θ ← θ + v  (Nesterov: θ ← θ + μ·v − η·g)",
    paper: "Sutskever, Martens, Dahl, Hinton 2013, ICML",
    hyper: ["learningRate", "momentum"],
    slots: ({ momentum }) => (momentum === 0 ? [] : ["velocity"]),
    emit(b, { segments, parameters, gradients, slots: [velocity] }, { nesterov }) {
      const integers = { nesterov: nesterov ? 1 : 0 };
      b.emit("sgd", sizes(segments, parameters), { segments, parameters, gradients, velocity }, {}, integers);
    },
  },
  adam: {
    options: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    formula: "m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − η·m̂ / (√v̂ + ε)",
    paper: "Kingma, Ba 2015, arXiv:1412.6980",
    hyper: ["learningRate", "beta1", "beta2", "epsilon"],
    slots: () => ["m", "v"],
    emit(b, { segments, parameters, gradients, slots: [m, v] }) {
      b.emit("adam", sizes(segments, parameters), { segments, parameters, gradients, m, v });
    },
  },
} as const satisfies Record<string, OptimizerRow>;

function sizes(segments: Value, parameters: Value) {
  return { n: fixed(widthOf(parameters)), segments: fixed(widthOf(segments) / 4) };
}

/** Every optimizer: one row each. */
export const OPTIMIZERS: Family<Record<keyof typeof rows, OptimizerRow>> = { kind: "optimizer", rows };

export type OptimizerName = keyof typeof rows;
export type OptimizerDescription = Description<OptimizerName>;
/** What `optimizer` takes: a name, or what a factory returns. */
export type Optimizer = OptimizerName | OptimizerDescription;

/** A complete description; options out of range are refused. */
export function resolveOptimizer(given: Optimizer): OptimizerDescription {
  const description = resolve(OPTIMIZERS, given);
  for (const [option, value] of Object.entries(description)) {
    const what = `${option} of optimizer "${description.name}"`;
    if (option === "learningRate") positiveNumber(value, what, "config/bad-learning-rate");
    else if (option === "epsilon") positiveNumber(value, what);
    else if (option === "momentum" || option.startsWith("beta")) numberInRange(value, what, 0, 1);
    else if (option === "nesterov") boolean(value, what);
  }
  return description;
}

/** The numbers of the header's hyperparameters. */
export function hyperOf(description: OptimizerDescription): number[] {
  return OPTIMIZERS.rows[description.name].hyper.map((option) => description[option] as number);
}

/**
 * Stochastic gradient descent, in Keras's form: v ← μ·v − η·g; θ ← θ + v. (PyTorch's velocity is this one divided by
 * −η: the same steps while η does not change.)
 */
export const sgd = (options: { learningRate?: number; momentum?: number; nesterov?: boolean } = {}) =>
  describe(OPTIMIZERS, "sgd", options);

/** Adam: θ ← θ − η·m̂ / (√v̂ + ε), m̂ and v̂ bias-corrected; Keras's defaults (ε = 1e-7; PyTorch's is 1e-8). */
export const adam = (options: { learningRate?: number; beta1?: number; beta2?: number; epsilon?: number } = {}) =>
  describe(OPTIMIZERS, "adam", options);
