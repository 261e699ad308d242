// The networks that a search tries where it is given none: hidden layers all made alike, from a dozen hyperparameters.

import { ACTIVATIONS, type Activation, resolveActivation } from "../activations/table.js";
import { numberInRange, positiveInteger, positiveNumber, show, suggest } from "../check.js";
import { maxNorm } from "../constraints/index.js";
import { ConfigError } from "../errors.js";
import { type Initializer, resolveInitializer } from "../initializers/table.js";
import {
  activation,
  batchNorm,
  dense,
  dropout,
  flatten,
  funnel,
  layerNorm,
  type LayerSpec,
  rescaling,
} from "../layers/index.js";
import type { CompileOptions } from "../model/compile.js";
import type { FitOptions } from "../model/fitOptions.js";
import type { NamedArray } from "../model/variables.js";
import { type Optimizer, resolveOptimizer, sgd } from "../optimizers/index.js";
import { l2 } from "../regularizers/index.js";
import { cosineDecay, type LearningRate } from "../schedules/index.js";
import { sizeOf } from "../shape.js";
import type { SearchData } from "./data.js";
import { choice, Distribution, integer, logUniform, type Params, type SearchSpace } from "./space.js";
import type { Task } from "./task.js";

/** What a trial is trained with, beside its epochs. */
export type TrialFit = Pick<FitOptions, "batchSize" | "shuffle" | "classWeight" | "callbacks">;

/** A trial's network and how it is trained. */
export interface Built {
  readonly layers: readonly LayerSpec[];
  readonly compile: CompileOptions;
  readonly fit?: TrialFit;
}

/** Beside it, weights that are no draws: the statistics of the inputs. */
export interface BuiltNetwork extends Built {
  readonly weights?: ReadonlyMap<string, NamedArray>;
}

interface Parameter {
  /** Where the space says nothing; undefined: it has no part. */
  readonly default: unknown;
  readonly check: (value: unknown, what: string) => unknown;
}

const NORMALIZATIONS = ["none", "batchNorm", "layerNorm"] as const;
/** Of the rate, from learningRate on: it stays, or falls along half a cosine to 0 at maxEpochs. */
const SCHEDULES = ["constant", "cosine"] as const;
const share = (value: unknown, what: string) => numberInRange(value, what, 0, 1);
const orNone = (value: unknown, what: string) => (value === 0 ? 0 : positiveNumber(value, what));

/** Every hyperparameter of the default network. */
const PARAMETERS = {
  depth: { default: integer(1, 4), check: positiveInteger },
  units: { default: choice([32, 64, 128, 256]), check: positiveInteger },
  funnel: { default: choice([false, true]), check: oneOf([false, true]) },
  widths: { default: undefined, check: checkWidths },
  activation: {
    default: choice(["relu", "elu", "selu", "silu", "tanh"]),
    check: (value: unknown) => resolveActivation(value as Activation),
  },
  initializer: {
    default: choice(["auto", "glorotUniform", "orthogonal"]),
    check: (value: unknown) => resolveInitializer(value as Initializer),
  },
  normalization: { default: choice(NORMALIZATIONS), check: oneOf(NORMALIZATIONS) },
  optimizer: {
    default: choice(["adam", "rmsprop", sgd({ momentum: 0.9, nesterov: true })]),
    check: (value: unknown) => resolveOptimizer(value as Optimizer),
  },
  learningRate: { default: logUniform(1e-4, 1e-1), check: positiveNumber },
  // Not searched by default: a first rung could not tell them apart, and the last one is better for it.
  schedule: { default: "cosine", check: oneOf(SCHEDULES) },
  batchSize: { default: choice([16, 32, 64, 128]), check: positiveInteger },
  dropout: { default: choice([0, 0.1, 0.2, 0.4]), check: share },
  l2: { default: choice([0, 1e-5, 1e-4, 1e-3]), check: orNone },
  maxNorm: { default: choice([0, 3]), check: orNone },
} as const satisfies Record<string, Parameter>;

/** What `widths` stands in for. */
const SHAPE = ["depth", "units", "funnel"] as const;

interface Values {
  readonly depth: number;
  readonly units: number;
  readonly funnel: boolean;
  readonly widths?: readonly number[];
  readonly activation: Activation;
  readonly initializer: Initializer;
  readonly normalization: (typeof NORMALIZATIONS)[number];
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: (typeof SCHEDULES)[number];
  readonly batchSize: number;
  readonly dropout: number;
  readonly l2: number;
  readonly maxNorm: number;
}

/**
 * The default space with the given entries in place of its own; every value that they may take is checked.
 *
 * @throws ConfigError `config/unknown-hyperparameter`, and what each value's own check throws
 */
export function networkSpace(given: SearchSpace, task: Task): SearchSpace {
  const names = Object.keys(PARAMETERS);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(PARAMETERS, name)) {
      throw new ConfigError(
        "config/unknown-hyperparameter",
        `There is no hyperparameter ${show(name)}.${suggest(name, names)} There are ${names.join(", ")}; for your own, pass build.`,
      );
    }
    const { check } = PARAMETERS[name as keyof typeof PARAMETERS];
    for (const one of extremes(value)) check(one, `${name} of space`);
  }
  const shaped = SHAPE.filter((name) => Object.hasOwn(given, name));
  if (given.widths !== undefined && shaped.length > 0) {
    throw new ConfigError(
      "config/two-shapes",
      `widths of space say what ${shaped.join(", ")} ${shaped.length > 1 ? "say" : "says"} too: give either.`,
    );
  }
  const defaults = Object.entries(PARAMETERS).flatMap(([name, { default: value }]) => {
    if (value === undefined || (given.widths !== undefined && SHAPE.some((part) => part === name))) return [];
    // A penalty is part of the loss: networks could not be compared by it.
    return [[name, name === "l2" && task.monitor === "val_loss" ? 0 : value]];
  });
  return { ...Object.fromEntries(defaults), ...given };
}

/** All values of a choice; of a range, its ends: what lies between is as good. */
function extremes(value: unknown): readonly unknown[] {
  return value instanceof Distribution ? (value.values ?? value.range ?? []) : [value];
}

/** A function that builds the network of some hyperparameters for these data. */
export function networkBuilder(data: SearchData, task: Task, maxEpochs: number): (params: Params) => BuiltNetwork {
  const rows = data.train.y.shape[0]!;
  const scaling = scalingOf(data);
  return (params) => {
    const values = params as unknown as Values;
    const hidden = widthsOf(values, task.units);
    // One row left over has no variance for batchNorm.
    const batchSize = rows % values.batchSize === 1 ? values.batchSize + 1 : values.batchSize;
    const steps = maxEpochs * Math.ceil(rows / batchSize);
    return {
      layers: [
        ...(data.inputShape.length > 1 ? [flatten({ name: "flatten" })] : []),
        scaling.layer,
        ...hidden.flatMap((units, i) => hiddenLayer(values, units, `hidden${i + 1}`)),
        dense(task.units, {
          activation: task.activation,
          kernelInitializer: initializerFor(values.initializer, task.activation),
          ...penaltyOf(values),
          name: "output",
        }),
      ],
      weights: scaling.weights,
      compile: {
        optimizer: { ...resolveOptimizer(values.optimizer), learningRate: rateOf(values, steps) },
        loss: task.loss,
        metrics: task.metrics,
      },
      fit: { batchSize },
    };
  };
}

function rateOf({ learningRate, schedule }: Values, decaySteps: number): LearningRate {
  return schedule === "constant" ? learningRate : cosineDecay({ initialLearningRate: learningRate, decaySteps });
}

/** Equal widths, or where they form a funnel, from `units` towards the output, equally far apart on a logarithmic scale. */
function widthsOf({ widths, depth, units, funnel: narrows }: Values, output: number): readonly number[] {
  if (widths) return widths;
  if (!narrows || output >= units) return Array.from({ length: depth }, () => units);
  return funnel({ input: units, output, hiddenLayers: depth, first: units });
}

function hiddenLayer(values: Values, units: number, name: string): LayerSpec[] {
  const { normalization, maxNorm: most } = values;
  const plain = normalization === "none";
  return [
    dense(units, {
      ...(plain && { activation: values.activation }),
      useBias: plain, // a normalization has a bias of its own
      kernelInitializer: initializerFor(values.initializer, values.activation),
      ...(most > 0 && { kernelConstraint: maxNorm(most) }),
      ...penaltyOf(values),
      name,
    }),
    // Keras's momentum of 0.99 would leave the moving statistics of a first, short rung where they began.
    ...(normalization === "batchNorm" ? [batchNorm({ momentum: 0.9, name: `${name}Norm` })] : []),
    ...(normalization === "layerNorm" ? [layerNorm({ name: `${name}Norm` })] : []),
    ...(plain ? [] : [activation(values.activation, { name: `${name}Activation` })]),
    ...(values.dropout > 0 ? [dropout(values.dropout, { name: `${name}Dropout` })] : []),
  ];
}

function penaltyOf({ l2: factor }: Values) {
  return factor > 0 ? { kernelRegularizer: l2(factor) } : {};
}

/** "auto" goes by a layer's own activation, which may stand behind the normalization. */
function initializerFor(initializer: Initializer, given: Activation): Initializer {
  return initializer === "auto" ? ACTIVATIONS.rows[resolveActivation(given).name].initializer : initializer;
}

/**
 * A first layer that brings the training rows to mean 0 and variance 1: bytes by one factor for all, as they share a unit;
 * numbers feature by feature, by a batch normalization that is frozen at their statistics.
 */
function scalingOf({ train, inputShape }: SearchData): { layer: LayerSpec; weights: Map<string, NamedArray> } {
  const { data } = train.x;
  if (data instanceof Uint8Array) {
    const { mean, variance } = moments(data, 0, 1);
    const deviation = Math.sqrt(variance);
    return {
      layer: rescaling({ scale: 1 / deviation, offset: -mean / deviation, name: "scaling" }),
      weights: new Map(),
    };
  }
  const width = sizeOf(inputShape);
  const [means, variances] = [new Float32Array(width), new Float32Array(width)];
  for (let feature = 0; feature < width; feature++) {
    const { mean, variance } = moments(data, feature, width);
    means[feature] = mean;
    variances[feature] = variance;
  }
  return {
    layer: batchNorm({ center: false, scale: false, trainable: false, epsilon: SCALING_EPSILON, name: "scaling" }),
    weights: new Map([
      ["scaling/movingMean", { data: means, shape: [width] }],
      ["scaling/movingVariance", { data: variances, shape: [width] }],
    ]),
  };
}

/** Features that vary by less than a millionth count as constant. */
const SCALING_EPSILON = 1e-12;
/** Below this share of the squared mean, a variance is one of rounding. */
const CONSTANT = 1e-12;

/** Of every `stride`-th value from `first` on; the variance of a constant is 1, so that it becomes 0 and stays harmless. */
function moments(data: Float32Array | Uint8Array, first: number, stride: number): { mean: number; variance: number } {
  const count = Math.ceil((data.length - first) / stride);
  let sum = 0;
  for (let i = first; i < data.length; i += stride) sum += data[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = first; i < data.length; i += stride) squares += (data[i]! - mean) * (data[i]! - mean);
  const variance = squares / count;
  return { mean, variance: variance > CONSTANT * mean * mean ? variance : 1 };
}

function checkWidths(value: unknown, what: string): void {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ConfigError(
      "config/bad-widths",
      `${what} must be the units of each hidden layer, such as choice([[64], [128, 64]]); got ${show(value)}.`,
    );
  }
  value.forEach((units) => positiveInteger(units, `Each of ${what}`));
}

function oneOf(allowed: readonly unknown[]): Parameter["check"] {
  return (value, what) => {
    if (allowed.includes(value)) return value;
    throw new ConfigError(
      "config/out-of-range",
      `${what} must be one of ${allowed.map(show).join(", ")}; got ${show(value)}.${suggest(value, allowed.map(String))}`,
    );
  };
}
