import { boolean, finiteNumber, numberInRange, positiveNumber, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { fixed, type Node, type Value, widthOf } from "../program/graph.js";
import { type LearningRate, resolveLearningRate, type Schedule } from "../schedules/index.js";

/** The flat regions that an optimizer's one pass works on, each of as many elements as there are parameters. */
export interface OptimizerRegions {
  readonly segments: Value;
  readonly parameters: Value;
  readonly gradients: Value;
  /** By the name of the op's operand. */
  readonly slots: Readonly<Record<string, Value>>;
}

interface OptimizerRow extends FamilyRow {
  readonly op: "sgd" | "adagrad" | "adadelta" | "rmsprop" | "adam" | "nadam" | "adamax" | "lion";
  /** Numbers that may change between steps, in the order of the header's hyperparameters. */
  readonly hyper: readonly ["learningRate", ...string[]];
  /** What it remembers of each parameter, by the name of the op's operand, and what that begins with. */
  readonly slots: (description: Description) => Readonly<Record<string, number>>;
  /** Options that the record holds. */
  readonly integers?: readonly string[];
}

/** What every optimizer has: decoupled weight decay (AdamW's) and an average of the weights. */
const common = { weightDecay: undefined, ema: undefined };
const adamOptions = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const adamHyper = ["learningRate", "beta1", "beta2", "epsilon"] as const;
const adamSlots = ({ amsgrad }: Description) => ({ m: 0, v: 0, ...(amsgrad === true && { vMax: 0 }) });

const rows = {
  sgd: {
    op: "sgd",
    options: { learningRate: 0.01, momentum: 0, nesterov: false, ...common },
    formula: "v ← μ·v − η·g;  θ ← θ + v  (Nesterov: θ ← θ + μ·v − η·g)",
    paper: "Sutskever, Martens, Dahl, Hinton 2013, ICML",
    hyper: ["learningRate", "momentum"],
    slots: ({ momentum }): Record<string, number> => (momentum === 0 ? {} : { velocity: 0 }),
    integers: ["nesterov"],
  },
  adagrad: {
    op: "adagrad",
    options: { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7, ...common },
    formula: "s ← s + g²;  θ ← θ − η·g / √(s + ε)",
    paper: "Duchi, Hazan, Singer 2011, JMLR 12",
    hyper: ["learningRate", "epsilon"],
    slots: ({ initialAccumulatorValue }) => ({ accumulator: initialAccumulatorValue as number }),
  },
  adadelta: {
    op: "adadelta",
    options: { learningRate: 0.001, rho: 0.95, epsilon: 1e-7, ...common },
    formula: "v ← ρv + (1−ρ)g²;  δ = g·√(u + ε) / √(v + ε);  u ← ρu + (1−ρ)δ²;  θ ← θ − η·δ",
    paper: "Zeiler 2012, arXiv:1212.5701",
    hyper: ["learningRate", "rho", "epsilon"],
    slots: () => ({ accumulatedGradient: 0, accumulatedDelta: 0 }),
  },
  rmsprop: {
    op: "rmsprop",
    options: { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false, ...common },
    formula: "v ← ρv + (1−ρ)g²;  w ← μ·w + η·g / √(v + ε);  θ ← θ − w  (centered: v is the gradients' variance)",
    paper: "Tieleman, Hinton 2012, Coursera lecture 6.5; centered: Graves 2013, arXiv:1308.0850",
    hyper: ["learningRate", "rho", "momentum", "epsilon"],
    slots: ({ centered, momentum }) => ({
      v: 0,
      ...(centered === true && { average: 0 }),
      ...(momentum !== 0 && { velocity: 0 }),
    }),
  },
  adam: {
    op: "adam",
    options: { ...adamOptions, amsgrad: false, ...common },
    formula: "m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − η·m̂ / (√v̂ + ε)",
    paper: "Kingma, Ba 2015, arXiv:1412.6980; amsgrad: Reddi, Kale, Kumar 2018, arXiv:1904.09237",
    hyper: adamHyper,
    slots: adamSlots,
  },
  adamW: {
    op: "adam",
    options: { ...adamOptions, amsgrad: false, ...common, weightDecay: 0.004 },
    formula: "θ ← θ − η·λ·θ, then Adam's step",
    paper: "Loshchilov, Hutter 2019, arXiv:1711.05101",
    hyper: adamHyper,
    slots: adamSlots,
  },
  nadam: {
    op: "nadam",
    options: { ...adamOptions, ...common },
    formula: "μₜ = β₁(1 − ½·0.96ᵗ);  θ ← θ − η·(μₜ₊₁m / (1 − ∏ᵗ⁺¹μ) + (1−μₜ)g / (1 − ∏ᵗμ)) / (√v̂ + ε)",
    paper: "Dozat 2016, ICLR workshop",
    hyper: adamHyper,
    slots: () => ({ m: 0, v: 0 }),
  },
  adamax: {
    op: "adamax",
    options: { ...adamOptions, ...common },
    formula: "m ← β₁m + (1−β₁)g;  u ← max(β₂u, |g|);  θ ← θ − η·m̂ / (u + ε)",
    paper: "Kingma, Ba 2015, arXiv:1412.6980",
    hyper: adamHyper,
    slots: () => ({ m: 0, u: 0 }),
  },
  lion: {
    op: "lion",
    options: { learningRate: 0.001, beta1: 0.9, beta2: 0.99, ...common },
    formula: "θ ← θ − η·sign(β₁m + (1−β₁)g);  m ← β₂m + (1−β₂)g",
    paper: "Chen et al. 2023, arXiv:2302.06675",
    hyper: ["learningRate", "beta1", "beta2"],
    slots: () => ({ m: 0 }),
  },
} as const satisfies Record<string, OptimizerRow>;

/** Every optimizer: one row each. */
export const OPTIMIZERS: Family<Record<keyof typeof rows, OptimizerRow>> = { kind: "optimizer", rows };

export type OptimizerName = keyof typeof rows;
export type OptimizerDescription = Description<OptimizerName>;
/** What `optimizer` takes: a name, or what a factory returns. */
export type Optimizer = OptimizerName | OptimizerDescription;

/** A complete description; options out of range are refused. */
export function resolveOptimizer(given: Optimizer): OptimizerDescription {
  const description = resolve(OPTIMIZERS, given);
  const checked = Object.entries(description).map(([option, value]) => {
    return [option, option === "name" ? value : checkOption(option, value, description.name)];
  });
  return Object.freeze(Object.fromEntries(checked)) as OptimizerDescription;
}

function checkOption(option: string, value: unknown, name: string): unknown {
  const what = `${option} of optimizer "${name}"`;
  switch (option) {
    case "learningRate":
      return resolveLearningRate(value, what);
    case "epsilon":
      return positiveNumber(value, what);
    case "initialAccumulatorValue":
    case "weightDecay":
      return numberInRange(finiteNumber(value, what), what, 0, Infinity);
    case "ema":
      return shareInside(value, what);
    case "nesterov":
    case "amsgrad":
    case "centered":
      return boolean(value, what);
    default: // momentum, rho and the betas
      return numberInRange(value, what, 0, 1);
  }
}

/** A number in (0, 1): an average that keeps nothing is the weights, one that keeps all never moves. */
function shareInside(value: unknown, what: string): number {
  if (typeof value === "number" && value > 0 && value < 1) return value;
  throw new ConfigError(
    "config/out-of-range",
    `${what} must be above 0 and below 1, such as 0.99, the share of the average that a step keeps; got ${show(value)}. Leave it out for none.`,
  );
}

/** The numbers of the header's hyperparameters; undefined for a rate that a schedule writes there. */
export function hyperOf(
  description: OptimizerDescription,
  learningRate: unknown = description.learningRate,
): (number | undefined)[] {
  return OPTIMIZERS.rows[description.name].hyper.map((option) => {
    const value = option === "learningRate" ? learningRate : description[option];
    return typeof value === "number" ? value : undefined;
  });
}

export function scheduleOf({ learningRate }: OptimizerDescription): Schedule | undefined {
  return typeof learningRate === "object" ? (learningRate as Schedule) : undefined;
}

/** The share λ of θ ← θ − η·λ·θ. */
export function weightDecayOf({ weightDecay }: OptimizerDescription): number {
  return (weightDecay as number | undefined) ?? 0;
}

/** How much of the averaged weights each step keeps; undefined where there is no average. */
export function emaOf({ ema }: OptimizerDescription): number | undefined {
  return ema as number | undefined;
}

/** The optimizer's slots and what they begin with. */
export function slotsOf(description: OptimizerDescription): Readonly<Record<string, number>> {
  return OPTIMIZERS.rows[description.name].slots(description);
}

/** Emits the optimizer's record. */
export function emitOptimizer(b: GraphBuilder, description: OptimizerDescription, regions: OptimizerRegions): void {
  const { op, integers = [] } = OPTIMIZERS.rows[description.name];
  const { slots, ...shared } = regions;
  const sizes = { n: fixed(widthOf(shared.parameters)), segments: fixed(shared.segments.shape[0]!) };
  const operands: Node<typeof op>["operands"] = { ...shared, ...slots };
  b.emit(op, sizes, operands, {}, Object.fromEntries(integers.map((option) => [option, description[option] ? 1 : 0])));
}

/** Emits what moves the averages after the optimizer and the constraints: (1 − m) of the way to the weights. */
export function emitEma(b: GraphBuilder, ema: number, regions: Omit<OptimizerRegions, "slots">, averages: Value): void {
  const { segments, parameters } = regions;
  const sizes = { n: fixed(widthOf(parameters)), segments: fixed(segments.shape[0]!) };
  b.emit("ema", sizes, { segments, parameters, averages }, { share: 1 - ema });
}

// ── Factories ──────────────────────────────────────────────────────────────────────────────────────────────────────
// Defaults are Keras's. `learningRate` is a number above 0 or a schedule; betas, rho and momentum are in [0, 1).

interface Common {
  learningRate?: LearningRate;
  /** Decoupled: θ ← θ − η·λ·θ before each step, of all trainable weights, λ ≥ 0 (default none; adamW: 0.004). */
  weightDecay?: number;
  /**
   * Keeps an exponential moving average of the trainable weights: a ← m·a + (1−m)·θ after each step, 0 < m < 1, with a = θ
   * after the first, as Keras's `use_ema` with `ema_momentum` (default: none). To the outside the average is the weights
   * (predict, evaluate, validation, getWeights, files); training goes on from θ. Polyak, Juditsky 1992, SIAM J. Control 30.
   */
  ema?: number;
}

interface AdamOptions extends Common {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * Stochastic gradient descent, in Keras's form: v ← μ·v − η·g; θ ← θ + v. (PyTorch's velocity is this one divided by
 * −η: the same steps while η does not change.)
 *
 * @example
 * model.compile({ optimizer: sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }), loss: "sparseCategoricalCrossentropy" })
 */
export const sgd = (options: Common & { momentum?: number; nesterov?: boolean } = {}) =>
  describe(OPTIMIZERS, "sgd", options);

/**
 * Adagrad: s ← s + g²; θ ← θ − η·g / √(s + ε), s beginning with `initialAccumulatorValue` (0.1). As Keras; PyTorch has ε
 * outside of the root, and s begins with 0. Duchi, Hazan, Singer 2011.
 *
 * @example model.compile({ optimizer: adagrad({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy" })
 */
export const adagrad = (options: Common & { initialAccumulatorValue?: number; epsilon?: number } = {}) =>
  describe(OPTIMIZERS, "adagrad", options);

/**
 * Adadelta: v ← ρv + (1−ρ)g²; δ = g·√(u + ε) / √(v + ε); u ← ρu + (1−ρ)δ²; θ ← θ − η·δ. As Keras, whose default η is
 * 0.001; PyTorch's is 1, the paper's, with the same formula. Zeiler 2012.
 *
 * @example model.compile({ optimizer: adadelta({ learningRate: 1 }), loss: "sparseCategoricalCrossentropy" })
 */
export const adadelta = (options: Common & { rho?: number; epsilon?: number } = {}) =>
  describe(OPTIMIZERS, "adadelta", options);

/**
 * RMSprop: v ← ρv + (1−ρ)g²; w ← μ·w + η·g / √(v + ε); θ ← θ − w; `centered` divides by the root of the gradients'
 * variance instead. As Keras; PyTorch has ε outside of the root, and η outside of w. Tieleman, Hinton 2012.
 *
 * @example
 * model.compile({ optimizer: rmsprop({ learningRate: 1e-3, centered: true }), loss: "sparseCategoricalCrossentropy" })
 */
export const rmsprop = (
  options: Common & { rho?: number; momentum?: number; epsilon?: number; centered?: boolean } = {},
) => describe(OPTIMIZERS, "rmsprop", options);

/**
 * Adam: θ ← θ − η·m̂ / (√v̂ + ε), m̂ and v̂ bias-corrected, as in the paper and PyTorch; Keras's defaults (ε = 1e-7;
 * PyTorch's is 1e-8), but Keras adds ε to the uncorrected √v. `amsgrad` divides by the greatest v so far. Kingma, Ba 2015.
 *
 * @example model.compile({ optimizer: adam({ learningRate: 3e-4 }), loss: "sparseCategoricalCrossentropy" })
 */
export const adam = (options: AdamOptions & { amsgrad?: boolean } = {}) => describe(OPTIMIZERS, "adam", options);

/**
 * Adam with decoupled weight decay, λ = 0.004 as in Keras (PyTorch: 0.01). Loshchilov, Hutter 2019.
 *
 * @example
 * model.compile({ optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01 }), loss: "sparseCategoricalCrossentropy" })
 */
export const adamW = (options: AdamOptions & { amsgrad?: boolean } = {}) => describe(OPTIMIZERS, "adamW", options);

/**
 * Adam with Nesterov's momentum, its μₜ = β₁(1 − ½·0.96ᵗ) as in Keras (PyTorch's schedule is 250 times slower: it has
 * 0.96^(0.004·t)). Dozat 2016.
 *
 * @example model.compile({ optimizer: nadam({ learningRate: 1e-3 }), loss: "sparseCategoricalCrossentropy" })
 */
export const nadam = (options: AdamOptions = {}) => describe(OPTIMIZERS, "nadam", options);

/**
 * Adamax: Adam with u ← max(β₂u, |g|) for the root; θ ← θ − η·m̂ / (u + ε). PyTorch has ε within max. Kingma, Ba 2015.
 *
 * @example model.compile({ optimizer: adamax({ learningRate: 2e-3 }), loss: "sparseCategoricalCrossentropy" })
 */
export const adamax = (options: AdamOptions = {}) => describe(OPTIMIZERS, "adamax", options);

/**
 * Lion: θ ← θ − η·sign(β₁m + (1−β₁)g). Wants a rate 3 to 10 times below Adam's. As Keras. Chen et al. 2023.
 *
 * @example
 * model.compile({ optimizer: lion({ learningRate: 1e-4, weightDecay: 0.01 }), loss: "sparseCategoricalCrossentropy" })
 */
export const lion = (options: Common & { beta1?: number; beta2?: number } = {}) =>
  describe(OPTIMIZERS, "lion", options);
