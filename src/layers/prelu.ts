import { ConfigError, UnsupportedError } from "../errors.js";
import { knownOptions, show } from "../check.js";
import { type Initializer, type InitializerDescription, resolveInitializer } from "../initializers/table.js";
import { preluForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface PreluConfig {
  readonly alphaInitializer: InitializerDescription;
  readonly sharedAxes: readonly number[];
}

export interface PreluOptions extends LayerOptions {
  /** Default zeros, as in Keras (PyTorch: 0.25). */
  alphaInitializer?: Initializer;
  /** Axes of a sample along which alpha is the same: [1, 2] for one alpha a channel of (height, width, channels). */
  sharedAxes?: readonly number[];
}

const kind: LayerKind<PreluConfig> = {
  className: "PReLU",
  ...preluForward,
  outputShape({ sharedAxes }, input) {
    if (sharedAxes.length > input.length) {
      throw new ConfigError(
        "config/bad-shared-axes",
        `sharedAxes of prelu are [${sharedAxes.join(", ")}], and a sample has ${input.length} axes.`,
      );
    }
    return input;
  },
  variables: (config, input) => [
    { role: "alpha", shape: preluForward.weights!(config, input).alpha!, initializer: config.alphaInitializer },
  ],
};

/**
 * A leaky ReLU that learns its slope below zero: y = max(x, 0) + alpha · min(x, 0), alpha (`<layer>/alpha`) of the shape of
 * a sample. At 0 its derivative is alpha. He, Zhang, Ren, Sun 2015, arXiv:1502.01852
 *
 * @param options `alphaInitializer` (zeros) and `sharedAxes` (none): as in Keras, axes count from 1 and alpha has size 1
 *   along them. Here they are the first ones: [1], [1, 2] …
 * @throws ConfigError `config/bad-shared-axes`, UnsupportedError where sharedAxes leave out an axis before the last of them
 * @example prelu({ alphaInitializer: constant({ value: 0.25 }) })
 */
export function prelu(options: PreluOptions = {}) {
  knownOptions<PreluOptions>(options, "prelu()", { ...LAYER_OPTIONS, alphaInitializer: true, sharedAxes: true });
  const config: PreluConfig = {
    alphaInitializer: resolveInitializer(options.alphaInitializer ?? "zeros"),
    sharedAxes: leadingAxes(options.sharedAxes ?? []),
  };
  return layerSpec(kind, config, options);
}

function leadingAxes(given: unknown): readonly number[] {
  if (!Array.isArray(given) || !given.every((axis) => Number.isSafeInteger(axis) && axis >= 1)) {
    throw new ConfigError(
      "config/bad-shared-axes",
      `sharedAxes of prelu must be a list of axes counted from 1, such as [1, 2]; got ${show(given)}.`,
    );
  }
  const axes = [...new Set(given as number[])].sort((a, b) => a - b);
  if (axes.some((axis, i) => axis !== i + 1)) {
    throw new UnsupportedError(
      "layer/shared-axes",
      `sharedAxes of prelu must be the first axes of a sample: [1], [1, 2] and so on; got ${show(given)}.`,
    );
  }
  return Object.freeze(axes);
}
