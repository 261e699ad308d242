// What a layer of lanewise is in TensorFlow.js, in the words of model.json.

import { type ActivationDescription, type ActivationName, ACTIVATIONS } from "../activations/table.js";
import { type ConstraintDescription, CONSTRAINTS } from "../constraints/index.js";
import { UnsupportedError } from "../errors.js";
import { concrete, type InitializerDescription, type InitializerName } from "../initializers/table.js";
import type { Layer } from "../model/layer.js";
import type { NamedArray } from "../model/variables.js";
import type { RegularizerDescription } from "../regularizers/index.js";
import type { Ref, Writer } from "./writer.js";

export interface Parts {
  readonly className: string;
  readonly config: object;
  /** Names of weights there, and our roles. */
  readonly weights?: Readonly<Record<string, string>>;
  /** What follows as layers of its own. */
  readonly activation?: ActivationDescription;
}

/** What our layers' configs hold; each row takes what its layer has. */
interface Config {
  readonly units: number;
  readonly activation: ActivationDescription;
  readonly useBias: boolean;
  readonly rate: number;
  readonly stddev: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly offset: number;
  readonly axis: number;
  readonly sharedAxes: readonly number[];
  readonly kernelInitializer: InitializerDescription;
  readonly biasInitializer: InitializerDescription;
  readonly alphaInitializer: InitializerDescription;
  readonly kernelRegularizer?: RegularizerDescription;
  readonly biasRegularizer?: RegularizerDescription;
  readonly kernelConstraint?: ConstraintDescription;
  readonly biasConstraint?: ConstraintDescription;
}

const scaleWeights = ({ center, scale }: Config) => ({
  ...(scale && { gamma: "gamma" }),
  ...(center && { beta: "beta" }),
});

const LAYERS: Readonly<Record<string, (config: Config, layer: Layer) => Parts>> = {
  Add: () => ({ className: "Add", config: {} }),
  AlphaDropout: ({ rate }) => ({ className: "AlphaDropout", config: { rate } }),
  BatchNormalization: (config) => {
    const { momentum, epsilon, center, scale } = config;
    return {
      className: "BatchNormalization",
      config: { axis: -1, momentum, epsilon, center, scale },
      weights: { ...scaleWeights(config), moving_mean: "movingMean", moving_variance: "movingVariance" },
    };
  },
  Concatenate: ({ axis }) => ({ className: "Concatenate", config: { axis } }),
  Dense(config) {
    const { units, activation, useBias } = config;
    const name = nameThere(activation);
    return {
      className: "Dense",
      config: {
        units,
        activation: name ?? "linear",
        use_bias: useBias,
        kernel_initializer: initializer(
          concrete(config.kernelInitializer, ACTIVATIONS.rows[activation.name].initializer),
        ),
        bias_initializer: initializer(config.biasInitializer),
        kernel_regularizer: regularizer(config.kernelRegularizer),
        bias_regularizer: regularizer(config.biasRegularizer),
        kernel_constraint: constraint(config.kernelConstraint),
        bias_constraint: constraint(config.biasConstraint),
      },
      weights: { kernel: "kernel", ...(useBias && { bias: "bias" }) },
      ...(name === undefined && { activation }),
    };
  },
  Dropout: ({ rate }) => ({ className: "Dropout", config: { rate } }),
  Flatten: () => ({ className: "Flatten", config: {} }),
  GaussianNoise: ({ stddev }) => ({ className: "GaussianNoise", config: { stddev } }),
  LayerNormalization: (config) => {
    const { epsilon, center, scale } = config;
    return {
      className: "LayerNormalization",
      config: { axis: -1, epsilon, center, scale },
      weights: scaleWeights(config),
    };
  },
  // There is none of that name: (x − mean) / √(variance + 0) is what this one computes while it is not trained.
  Normalization: () => ({
    className: "BatchNormalization",
    config: { axis: -1, epsilon: 0, center: false, scale: false, trainable: false },
    weights: { moving_mean: "mean", moving_variance: "variance" },
  }),
  PReLU: ({ sharedAxes, alphaInitializer }) => ({
    className: "PReLU",
    config: {
      alpha_initializer: initializer(alphaInitializer),
      shared_axes: sharedAxes.length > 0 ? sharedAxes : null,
    },
    weights: { alpha: "alpha" },
  }),
  Rescaling: ({ scale, offset }) => ({ className: "Rescaling", config: { scale, offset } }),
  // Where the batch is open it cannot tell what -1 stands for.
  Reshape: (_, { outputShape }) => ({ className: "Reshape", config: { target_shape: outputShape } }),
};

/** @throws UnsupportedError `tfjs/unsupported-layer` */
export function partsOf(layer: Layer): Parts {
  const { name, className, config } = layer;
  if (Object.hasOwn(LAYERS, className)) return LAYERS[className]!(config as Config, layer);
  throw new UnsupportedError(
    "tfjs/unsupported-layer",
    `Layer "${name}" (${className}) cannot be written for TensorFlow.js. Written are ${[...Object.keys(LAYERS), "Activation"].join(", ")}.`,
  );
}

// ── Activations ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The name that TensorFlow.js has for it; a row that is a text says what to do where there is none, a function how it is written. */
type Numbers = Readonly<Record<string, number>>;
type Write = (step: Step, x: Ref, options: Numbers) => Ref;
type Step = (suffix: string | undefined, className: string, config: object, ...inputs: readonly Ref[]) => Ref;
type Row = { readonly name: string } | { readonly write: Write } | { readonly instead: string };

const named = (name: string): Row => ({ name });

const ROWS: Readonly<Record<ActivationName, Row>> = {
  linear: named("linear"),
  sigmoid: named("sigmoid"),
  // Theirs is 0.2 x + 0.5, ours x / 6 + 0.5, both cut to 0 … 1.
  hardSigmoid: {
    write: (step, x) =>
      step(
        undefined,
        "Activation",
        { activation: "hard_sigmoid" },
        step("inner", "Rescaling", { scale: 5 / 6, offset: 0 }, x),
      ),
  },
  tanh: named("tanh"),
  softsign: named("softsign"),
  relu: named("relu"),
  relu6: named("relu6"),
  leakyRelu: { write: (step, x, { negativeSlope }) => step(undefined, "LeakyReLU", { alpha: negativeSlope }, x) },
  // Theirs has α = 1 only: α · elu₁(x) + (1 − α) · relu(x)
  elu: {
    write(step, x, { alpha = 1 }) {
      const elu = step("elu", "Activation", { activation: "elu" }, x);
      const relu = step("relu", "Activation", { activation: "relu" }, x);
      const below = step("below", "Rescaling", { scale: alpha, offset: 0 }, elu);
      const above = step("above", "Rescaling", { scale: 1 - alpha, offset: 0 }, relu);
      return step(undefined, "Add", {}, below, above);
    },
  },
  selu: named("selu"),
  // α · elu(x / α)
  celu: {
    write(step, x, { alpha = 1 }) {
      const elu = step(
        "elu",
        "Activation",
        { activation: "elu" },
        step("inner", "Rescaling", { scale: 1 / alpha, offset: 0 }, x),
      );
      return step(undefined, "Rescaling", { scale: alpha, offset: 0 }, elu);
    },
  },
  softplus: named("softplus"),
  gelu: named("gelu"),
  silu: named("swish"),
  hardSilu: { instead: "silu() is near to it" },
  mish: named("mish"),
  exponential: { instead: "Let the model return what is before it, and apply Math.exp to its predictions" },
  logSoftmax: named("log_softmax"),
  softmax: named("softmax"),
};

function rowOf(activation: ActivationDescription): Row {
  const { name, alpha, approximate } = activation;
  if ((name === "elu" || name === "celu") && alpha === 1) return named("elu");
  return name === "gelu" && approximate === true ? { instead: "gelu() is within 5e-4 of it" } : ROWS[name];
}

function nameThere(activation: ActivationDescription): string | undefined {
  const row = rowOf(activation);
  return "name" in row ? row.name : undefined;
}

/** As one layer or more behind `x`; the last has the name. */
export function activated(writer: Writer, layer: Layer, name: string, activation: ActivationDescription, x: Ref): Ref {
  const step: Step = (suffix, className, config, ...inputs) =>
    writer.call(suffix === undefined ? name : `${name}.${suffix}`, className, config, inputs);
  const row = rowOf(activation);
  if ("name" in row) return step(undefined, "Activation", { activation: row.name }, x);
  if ("write" in row) return row.write(step, x, activation as unknown as Numbers);
  const options = activation.name === "gelu" ? "({ approximate: true })" : "";
  throw new UnsupportedError(
    "tfjs/unsupported-layer",
    `Layer "${layer.name}" has the activation ${activation.name}${options}, which TensorFlow.js does not have. ${row.instead}.`,
  );
}

// ── What it may be trained on with ──────────────────────────────────────────────────────────────────────────────────

const CLASSES: Partial<Record<InitializerName, string>> = {
  zeros: "Zeros",
  ones: "Ones",
  constant: "Constant",
  randomNormal: "RandomNormal",
  randomUniform: "RandomUniform",
  truncatedNormal: "TruncatedNormal",
  orthogonal: "Orthogonal",
  identity: "Identity",
};

/** Fans and distributions: in TensorFlow.js all of these are one class. */
const SCALINGS: Partial<Record<InitializerName, readonly [scale: number, mode: string, distribution: string]>> = {
  glorotUniform: [1, "fan_avg", "uniform"],
  glorotNormal: [1, "fan_avg", "normal"],
  heUniform: [2, "fan_in", "uniform"],
  heNormal: [2, "fan_in", "normal"],
  lecunUniform: [1, "fan_in", "uniform"],
  lecunNormal: [1, "fan_in", "normal"],
};

const MODES: Readonly<Record<string, string>> = { fanIn: "fan_in", fanOut: "fan_out", fanAvg: "fan_avg" };

/** Undefined, so that the default stands, for a function, and a normal distribution that is not cut, which it does not have. */
function initializer(description: InitializerDescription): object | undefined {
  if (description.name === "custom") return undefined;
  const { name, seed: _, ...options } = description;
  const scaling = SCALINGS[name];
  if (scaling) return scaled(...scaling);
  if (name === "varianceScaling") {
    const { scale, mode, distribution } = options as unknown as { scale: number; mode: string; distribution: string };
    if (distribution === "normal") return undefined;
    return scaled(scale, MODES[mode]!, distribution === "uniform" ? "uniform" : "normal");
  }
  return { class_name: CLASSES[name], config: options };
}

function scaled(scale: number, mode: string, distribution: string): object {
  return { class_name: "VarianceScaling", config: { scale, mode, distribution, seed: null } };
}

function regularizer(description: RegularizerDescription | undefined): object | undefined {
  if (!description) return undefined;
  const { l1 = 0, l2 = 0 } = description;
  return { class_name: "L1L2", config: { l1, l2 } };
}

function constraint(description: ConstraintDescription | undefined): object | undefined {
  if (!description) return undefined;
  const { name, maxValue, minValue, rate } = description;
  switch (name) {
    case "maxNorm":
      return { class_name: "MaxNorm", config: { max_value: maxValue, axis: 0 } };
    case "minMaxNorm":
      return { class_name: "MinMaxNorm", config: { min_value: minValue, max_value: maxValue, rate, axis: 0 } };
    case "unitNorm":
      return { class_name: "UnitNorm", config: { axis: 0 } };
    case "nonNeg":
      return { class_name: "NonNeg", config: {} };
  }
}

/** Whether its constraint would change a weight: TensorFlow.js applies it when it loads, here it is applied after each step. */
export function breaksConstraint(constraint: ConstraintDescription, { data, shape }: NamedArray): boolean {
  const { norms } = CONSTRAINTS.rows[constraint.name];
  if (!norms) return data.some((value) => value < 0);
  const { minimum, maximum } = norms(constraint);
  const columns = data.length / shape[0]!;
  return Array.from({ length: columns }, (_, column) => {
    let squares = 0;
    for (let i = column; i < data.length; i += columns) squares += data[i]! * data[i]!;
    return Math.sqrt(squares);
  }).some((norm) => norm > 0 && (norm < minimum * (1 - ROUNDING) || norm > maximum * (1 + ROUNDING)));
}

const ROUNDING = 1e-5;
