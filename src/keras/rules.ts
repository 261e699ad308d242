// What each layer of Keras becomes: one row a class. What is not here, or is more than a row says, is refused by name.

import { show } from "../check.js";
import type { InitializerDescription } from "../initializers/table.js";
import {
  activation,
  alphaDropout,
  batchNorm,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  layerNorm,
  type LayerOptions,
  type LayerSpec,
  normalization,
  prelu,
  rescaling,
  reshape,
  type SymbolicValue,
} from "../layers/index.js";
import { addLayer, concatenateLayer } from "../layers/merge.js";
import type { NamedArray } from "../model/variables.js";
import { sameShape, type Shape, sizeOf } from "../shape.js";
import { type LayerConfig } from "./config.js";
import {
  type Activated,
  activationLayer,
  activationOf,
  checkLastAxis,
  constraintOf,
  initializerOf,
  regularizerOf,
} from "./parts.js";

/** A layer of Keras in layers of lanewise; applied again, they share their weights. */
export interface Built {
  apply(values: readonly SymbolicValue[]): SymbolicValue;
  /** The one that has the weights. */
  readonly weighted?: Weighted;
  /** Weights that its config brings, by our roles. */
  readonly constants?: Readonly<Record<string, NamedArray>>;
}

export interface Weighted {
  readonly spec: LayerSpec;
  /** Keras's names and ours, in Keras's order. */
  readonly roles: Readonly<Record<string, string>>;
  /** Numbers beside them that no prediction needs. */
  readonly extras?: readonly string[];
  /** From Keras's numbers to ours; undefined where they cannot be. */
  readonly adapt?: (data: Float32Array, theirs: Shape, role: string, ours: Shape) => Float32Array | undefined;
}

export interface Place {
  /** Of the values that the layer is first applied to. */
  readonly shapes: readonly Shape[];
  /** It is called with training=false: it computes in training what it does in inference. */
  readonly inference: boolean;
  /** Options of a layer that stands for it, or of one more with a suffix to its name. */
  options(suffix?: string): LayerOptions;
}

type Rule = (config: LayerConfig, place: Place) => Built;

const inLine = (specs: readonly LayerSpec[], weighted?: Weighted): Built => ({
  apply: ([first]) => specs.reduce((value, spec) => spec.apply(value), first!),
  ...(weighted && { weighted }),
});

const nothing: Built = { apply: ([x]) => x! };

/** What a training of one's own may have: lanewise has it for the weights of dense layers only. */
const partsOf = (...weights: string[]) =>
  weights.flatMap((weight) => [`${weight}_regularizer`, `${weight}_constraint`]);

const RULES: Readonly<Record<string, Rule>> = {
  Add: (config, { shapes, options }) => {
    checkSame(config, shapes);
    const spec = addLayer(options());
    return { apply: (values) => (values.length === 1 ? values[0]! : spec.apply(values)) };
  },
  AlphaDropout(config, { inference, options }) {
    const rate = config.number("rate", 0.5);
    refuseNoiseShape(config);
    return inference ? nothing : inLine([alphaDropout(rate, options())]);
  },
  Average: (config, { shapes, options }) => {
    checkSame(config, shapes);
    const [sum, mean] = [addLayer(options("sum")), rescaling({ scale: 1 / shapes.length, ...options() })];
    return { apply: (values) => mean.apply(values.length === 1 ? values : [sum.apply(values)]) };
  },
  BatchNormalization(config, place) {
    const [input] = place.shapes as [Shape];
    checkLastAxis(config, config.integers("axis") ?? [-1], input.length);
    config.ignore("synchronized", "fused", "renorm_clipping", "renorm_momentum");
    config.ignore(...["beta", "gamma", "moving_mean", "moving_variance"].map((weight) => `${weight}_initializer`));
    config.refuse("renorm", "virtual_batch_size", "adjustment", ...partsOf("beta", "gamma"));
    const { trainable } = place.options();
    const [epsilon, momentum] = [config.number("epsilon", 1e-3), config.number("momentum", 0.99)];
    const [center, scale] = [config.flag("center", true), config.flag("scale", true)];
    if (place.inference && trainable !== false) {
      throw config.unsupported("it is called with training=false and is trainable; set its trainable to false");
    }
    const statistics = { moving_mean: "movingMean", moving_variance: "movingVariance" };
    // Frozen and of nothing but statistics: a normalization.
    if (epsilon === 0 && trainable === false && !center && !scale) {
      const spec = normalization(place.options());
      return inLine([spec], { spec, roles: { moving_mean: "mean", moving_variance: "variance" }, adapt: above(0) });
    }
    const spec = batchNorm({ epsilon, momentum, center, scale, ...place.options() });
    const roles = { ...(scale && { gamma: "gamma" }), ...(center && { beta: "beta" }), ...statistics };
    return inLine([spec], {
      spec,
      roles,
      adapt: (data, _, role) => (role === "movingVariance" ? above(-epsilon)(data) : data),
    });
  },
  Concatenate(config, { shapes, options }) {
    const axis = config.number("axis", -1);
    if (axis === 0) throw config.unsupported("it joins rows (axis 0)");
    const first = shapes[0]!;
    if (shapes.some((shape) => shape.length !== first.length)) throw config.bad("its inputs differ in their axes");
    const spec = concatenateLayer({ axis, ...options() });
    return { apply: (values) => (values.length === 1 ? values[0]! : spec.apply(values)) };
  },
  Dense(config, { shapes, options }) {
    const { inner, activation: f, outer } = activationOf(config, shapes[0]!.length);
    const plain = inner === undefined && outer === undefined;
    const kernelInitializer = initializerOf(config, "kernel_initializer");
    const biasInitializer = initializerOf(config, "bias_initializer");
    config.refuse("lora_rank", "lora_alpha", "quantization_config", "quantization_mode");
    const useBias = config.flag("use_bias", true);
    const spec = dense(config.number("units", NaN), {
      useBias,
      ...(plain && { activation: f }),
      ...given({ kernelInitializer, biasInitializer }),
      kernelRegularizer: regularizerOf(config, "kernel_regularizer"),
      biasRegularizer: regularizerOf(config, "bias_regularizer"),
      kernelConstraint: constraintOf(config, "kernel_constraint"),
      biasConstraint: constraintOf(config, "bias_constraint"),
      ...options(),
    });
    const roles = { kernel: "kernel", ...(useBias && { bias: "bias" }) };
    const weighted = { spec, roles };
    return plain
      ? inLine([spec], weighted)
      : inLine([spec, ...activated({ inner, activation: f, outer } as Activated, options, "activation")], weighted);
  },
  Dropout(config, { inference, options }) {
    const rate = config.number("rate", 0.5);
    refuseNoiseShape(config);
    return inference ? nothing : inLine([dropout(rate, options())]);
  },
  Flatten(config, { shapes, options }) {
    const format = config.value("data_format");
    if (format !== undefined && format !== "channels_last" && format !== "channelsLast" && shapes[0]!.length > 1) {
      throw config.unsupported(`its data_format is ${show(format)}, and lanewise has channels last`);
    }
    return inLine([flatten(options())]);
  },
  GaussianNoise(config, { inference, options }) {
    const stddev = config.number("stddev", NaN);
    config.ignore("seed");
    return inference ? nothing : inLine([gaussianNoise(stddev, options())]);
  },
  Identity: () => nothing,
  LayerNormalization(config, { shapes, options }) {
    checkLastAxis(config, config.integers("axis") ?? [-1], shapes[0]!.length);
    config.ignore("beta_initializer", "gamma_initializer");
    config.refuse("rms_scaling", ...partsOf("beta", "gamma"));
    const [center, scale] = [config.flag("center", true), config.flag("scale", true)];
    const spec = layerNorm({ epsilon: config.number("epsilon", 1e-3), center, scale, ...options() });
    return inLine([spec], { spec, roles: { ...(scale && { gamma: "gamma" }), ...(center && { beta: "beta" }) } });
  },
  Normalization(config, { shapes, options }) {
    const [input] = shapes as [Shape];
    const axis = config.value("axis");
    if (axis !== undefined && !(Array.isArray(axis) && axis.length === 0)) {
      checkLastAxis(config, config.integers("axis")!, input.length);
    }
    config.refuse("invert");
    const [mean, variance] = [statistic(config, "mean", input), statistic(config, "variance", input)];
    if ((mean === undefined) !== (variance === undefined)) throw config.bad("it has only one of mean and variance");
    if (mean !== undefined && variance !== undefined) {
      const constants = { mean: vectorOf(mean), variance: vectorOf(floored(variance, config)) };
      return { ...inLine([normalization(options())]), constants };
    }
    const spec = normalization(options());
    return inLine([spec], { spec, roles: { mean: "mean", variance: "variance" }, extras: ["count"], adapt: spread });
  },
  PReLU(config, { shapes, options }) {
    const shared = config.integers("shared_axes") ?? [];
    const alphaInitializer = initializerOf(config, "alpha_initializer");
    config.refuse(...partsOf("alpha"));
    if ([...shared].sort((a, b) => a - b).some((axis, i) => axis !== i + 1)) {
      throw config.unsupported(`its shared axes are [${shared.join(", ")}], and lanewise shares the first ones`);
    }
    if (shared.length > shapes[0]!.length) throw config.bad("it shares axes that a sample has not");
    const spec = prelu({ sharedAxes: shared, ...given({ alphaInitializer }), ...options() });
    return inLine([spec], { spec, roles: { alpha: "alpha" } });
  },
  Rescaling: (config, { options }) =>
    inLine([rescaling({ scale: config.number("scale", NaN), offset: config.number("offset", 0), ...options() })]),
  Reshape: (config, { options }) => inLine([reshape(config.integers("target_shape") ?? [], options())]),
  Subtract(config, { shapes, options }) {
    checkSame(config, shapes);
    if (shapes.length !== 2) throw config.bad(`it subtracts, and has ${shapes.length} inputs`);
    const [negative, sum] = [rescaling({ scale: -1, ...options("negative") }), addLayer(options())];
    return { apply: ([a, b]) => sum.apply([a!, negative.apply(b!)]) };
  },
};

/** Classes that take several values. */
const MERGES: ReadonlySet<string> = new Set(["Add", "Average", "Concatenate", "Subtract"]);

/** @throws UnsupportedError `keras/unsupported-layer`, ModelFormatError `keras/bad-config` */
export function build(config: LayerConfig, place: Place): Built {
  config.ignore("name", "trainable", "batch_input_shape", "batch_shape");
  checkType(config);
  config.refuse("activity_regularizer");
  if (place.shapes.length > 1 && !MERGES.has(config.className)) {
    throw config.bad(`it takes one value and is called with ${place.shapes.length}`);
  }
  const built = ruled(config, place);
  config.refuseUnread();
  return built;
}

function ruled(config: LayerConfig, place: Place): Built {
  const activation = activationLayer(config, place.shapes[0]!.length);
  if (activation) return inLine(activated(activation, place.options));
  if (Object.hasOwn(RULES, config.className)) return RULES[config.className]!(config, place);
  throw config.unsupported(
    `lanewise has ${[...Object.keys(RULES), "Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"].join(", ")}`,
  );
}

/** Scale, activation, scale; where the layer is no more than that, the activation has its name. */
function activated(
  { inner, activation: f, outer }: Activated,
  options: Place["options"],
  suffix?: string,
): LayerSpec[] {
  return [
    ...(inner === undefined ? [] : [rescaling({ scale: inner, ...options("inner") })]),
    activation(f, options(suffix)),
    ...(outer === undefined ? [] : [rescaling({ scale: outer, ...options("outer") })]),
  ];
}

/** Policies that compute in floats, of 32 bits here whatever they are in Keras. */
const TYPES: ReadonlySet<unknown> = new Set([
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "mixed_float16",
  "mixed_bfloat16",
]);

/** A name, or in Keras 3 a policy. */
function checkType(config: LayerConfig): void {
  const given = config.value("dtype") as { class_name?: unknown; config?: { name?: unknown } } | string | undefined;
  const name = typeof given === "object" && given.class_name === "DTypePolicy" ? given.config?.name : given;
  if (name === undefined || TYPES.has(name)) return;
  throw config.unsupported(`its dtype is ${show(name)}, and lanewise computes in float32`);
}

function checkSame(config: LayerConfig, shapes: readonly Shape[]): void {
  if (shapes.every((shape) => sameShape(shape, shapes[0]!))) return;
  throw config.unsupported("its inputs differ in shape, and lanewise repeats none");
}

function refuseNoiseShape(config: LayerConfig): void {
  config.ignore("seed");
  config.refuse("noise_shape");
}

function given(options: Readonly<Record<string, InitializerDescription | undefined>>): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** One number for all, or one a feature, in as many brackets as there may be. */
function statistic(config: LayerConfig, key: string, input: Shape): number[] | undefined {
  const value = config.value(key);
  if (value === undefined) return undefined;
  let list: unknown[] = [value];
  while (list.length === 1 && Array.isArray(list[0])) list = list[0] as unknown[];
  const features = input.at(-1)!;
  if (!list.every((number) => typeof number === "number")) throw config.bad(`its ${key} is not made of numbers`);
  if (list.length === features) return list as number[];
  if (list.length === 1) return new Array<number>(features).fill(list[0] as number);
  throw config.bad(`its ${key} has ${list.length} numbers, and its input ${features} features`);
}

const vectorOf = (numbers: readonly number[]): NamedArray => ({
  data: Float32Array.from(numbers),
  shape: [numbers.length],
});

/** Keras divides by at least 1e-7. */
const LEAST_VARIANCE = 1e-14;

function floored(variance: readonly number[], config: LayerConfig): number[] {
  if (variance.some((value) => !(value >= 0))) throw config.bad("a variance of it is below 0");
  return variance.map((value) => Math.max(value, LEAST_VARIANCE));
}

/** Statistics of one number are for all features. */
const spread: NonNullable<Weighted["adapt"]> = (data, theirs, role, ours) => {
  if (role === "variance" && !data.every((value) => value >= 0)) return undefined;
  const values = role === "variance" ? data.map((value) => Math.max(value, LEAST_VARIANCE)) : data;
  if (sizeOf(theirs) === 1) return new Float32Array(sizeOf(ours)).fill(values[0]!);
  return values;
};

const above =
  (limit: number) =>
  (data: Float32Array): Float32Array | undefined =>
    data.every((value) => value > limit) ? data : undefined;
