// What each layer computes in inference, and of which weights: what a model that trains and a predictor share. How layers are
// described, drawn and trained stands in their own files, so that a predictor brings nothing of it along.

import { activate, type ActivationDescription } from "../activations/table.js";
import { ShapeError } from "../errors.js";
import type { ForwardBuilder, Scale } from "../program/forward.js";
import type { Value } from "../program/graph.js";
import { formatShape, sameShape, type Shape, sizeOf } from "../shape.js";

/** By role. */
export type WeightShapes = Readonly<Record<string, Shape>>;

export interface ForwardContext {
  readonly b: ForwardBuilder;
  variable(role: string): Value;
}

/** One class of layers, without a training half. */
export interface Forward<Config> {
  /** Takes several inputs, or one; all others take one. */
  readonly merges?: true;
  outputShape(config: Config, input: Shape, ...others: Shape[]): Shape;
  weights?(config: Config, input: Shape): WeightShapes;
  emit(config: Config, context: ForwardContext, x: Value, ...others: Value[]): Value;
}

/** Leaves the shape as it is, and its weights aside. */
type Elementwise<Config> = Omit<Forward<Config>, "outputShape">;

function elementwise<Config>(layer: Elementwise<Config>): Forward<Config> {
  return { outputShape: (_, input) => input, ...layer };
}

export const activationForward = elementwise<{ readonly activation: ActivationDescription }>({
  emit: ({ activation }, { b }, x) => activate(b, x, activation),
});

interface DenseForward {
  readonly units: number;
  readonly activation: ActivationDescription;
  readonly useBias: boolean;
}

export const denseForward: Forward<DenseForward> = {
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  weights: ({ units, useBias }, input) => ({ kernel: [input.at(-1)!, units], ...(useBias && { bias: [units] }) }),
  emit({ useBias, activation }, { b, variable }, x) {
    const z = b.matmul(x, variable("kernel"), useBias ? variable("bias") : undefined);
    return activation.name === "linear" ? z : activate(b, z, activation);
  },
};

/** Gamma and beta: what a normalization multiplies by and adds, one of each for every feature. */
export interface ScaleConfig {
  readonly center: boolean;
  readonly scale: boolean;
}

interface NormConfig extends ScaleConfig {
  readonly epsilon: number;
}

function scaleShapes({ center, scale }: ScaleConfig, input: Shape): WeightShapes {
  const shape = [input.at(-1)!];
  return { ...(scale && { gamma: shape }), ...(center && { beta: shape }) };
}

export function scaleOf({ center, scale }: ScaleConfig, variable: (role: string) => Value): Scale {
  return { gamma: scale ? variable("gamma") : undefined, beta: center ? variable("beta") : undefined };
}

export const batchNormForward = elementwise<NormConfig>({
  weights: (config, input) => ({
    ...scaleShapes(config, input),
    movingMean: [input.at(-1)!],
    movingVariance: [input.at(-1)!],
  }),
  emit(config, { b, variable }, x) {
    const statistics = { mean: variable("movingMean"), variance: variable("movingVariance") };
    return b.normalize(x, statistics, scaleOf(config, variable), config.epsilon);
  },
});

export const layerNormForward = elementwise<NormConfig>({
  weights: scaleShapes,
  emit: (config, { b, variable }, x) => b.layerNorm(x, scaleOf(config, variable), config.epsilon),
});

const NONE = { gamma: undefined, beta: undefined };

export const normalizationForward = elementwise<object>({
  weights: (_, input) => ({ mean: [input.at(-1)!], variance: [input.at(-1)!] }),
  emit: (_, { b, variable }, x) => b.normalize(x, { mean: variable("mean"), variance: variable("variance") }, NONE, 0),
});

/** Dropout and noise: there in training alone. */
export const passThrough = elementwise<object>({ emit: (_, __, x) => x });

export const preluForward = elementwise<{ readonly sharedAxes: readonly number[] }>({
  weights: ({ sharedAxes }, input) => ({ alpha: input.map((size, axis) => (axis < sharedAxes.length ? 1 : size)) }),
  emit: (_, { b, variable }, x) => b.prelu(x, variable("alpha")),
});

export const rescalingForward = elementwise<{ readonly scale: number; readonly offset: number }>({
  emit: ({ scale, offset }, { b }, x) => b.affine(x, scale, offset),
});

export const flattenForward: Forward<object> = {
  outputShape: (_, input) => [sizeOf(input)],
  emit: (_, { b }, x) => b.reshape(x, [sizeOf(x.shape)]),
};

export const reshapeForward: Forward<{ readonly targetShape: readonly number[] }> = {
  outputShape({ targetShape }, input) {
    const rest = sizeOf(input) / sizeOf(targetShape.filter((size) => size !== -1));
    const shape: Shape = targetShape.map((size) => (size === -1 ? rest : size));
    if (Number.isInteger(rest) && sizeOf(shape) === sizeOf(input)) return shape;
    throw new ShapeError(
      "shape/reshape",
      `reshape to ${formatShape(targetShape, true)} does not hold the ${sizeOf(input)} values of ${formatShape(input, true)}.`,
    );
  },
  emit: (config, { b }, x) => b.reshape(x, reshapeForward.outputShape(config, x.shape)),
};

export const addForward: Forward<object> = {
  merges: true,
  outputShape(_, first, ...others) {
    const odd = others.find((shape) => !sameShape(shape, first));
    if (odd) {
      throw new ShapeError(
        "shape/mismatch",
        `add takes values of one shape; got ${formatShape(first, true)} and ${formatShape(odd, true)}. ` +
          "Bring them to one width with dense(units).",
      );
    }
    return first;
  },
  emit: (_, { b }, first, ...others) => others.reduce((sum, value) => b.add(sum, value), first),
};

interface ConcatenateConfig {
  readonly axis: number;
}

export const concatenateForward: Forward<ConcatenateConfig> = {
  merges: true,
  outputShape(config, first, ...others) {
    const axis = axisOf(config, first);
    const apart = (shape: Shape) => shape.filter((_, i) => i !== axis);
    const odd = others.find((shape) => shape.length !== first.length || !sameShape(apart(shape), apart(first)));
    if (odd) {
      throw new ShapeError(
        "shape/mismatch",
        `concatenate along axis ${config.axis} takes values that differ in that axis only; got ${formatShape(first, true)} and ${formatShape(odd, true)}.`,
      );
    }
    return first.with(
      axis,
      [first, ...others].reduce((sum, shape) => sum + shape[axis]!, 0),
    );
  },
  emit: (config, { b }, first, ...others) => b.concatenate([first, ...others], axisOf(config, first.shape)),
};

function axisOf({ axis }: ConcatenateConfig, shape: Shape): number {
  const own = axis < 0 ? shape.length + axis : axis - 1;
  if (own >= 0 && own < shape.length) return own;
  throw new ShapeError(
    "shape/bad-axis",
    `concatenate has no axis ${axis} for values of shape ${formatShape(shape, true)}: axis 0 is the batch, -1 the last.`,
  );
}

/** By the class's name in a file. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each has options of its own
export const FORWARD: Readonly<Record<string, Forward<any>>> = {
  Activation: activationForward,
  Add: addForward,
  AlphaDropout: passThrough,
  BatchNormalization: batchNormForward,
  Concatenate: concatenateForward,
  Dense: denseForward,
  Dropout: passThrough,
  Flatten: flattenForward,
  GaussianNoise: passThrough,
  LayerNormalization: layerNormForward,
  Normalization: normalizationForward,
  PReLU: preluForward,
  Rescaling: rescalingForward,
  Reshape: reshapeForward,
};
