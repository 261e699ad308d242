import { knownOptions, numberInRange, positiveNumber, seedValue } from "../check.js";
import { ConfigError } from "../errors.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface DropoutConfig {
  readonly rate: number;
  readonly seed?: number;
}

interface NoiseConfig {
  readonly stddev: number;
  readonly seed?: number;
}

export interface DropoutOptions extends LayerOptions {
  /** Of its own; default: the model's. */
  seed?: number;
}

const OPTIONS = { seed: true, ...LAYER_OPTIONS };

const dropoutKind: LayerKind<DropoutConfig> = {
  className: "Dropout",
  outputShape: (_, input) => input,
  variables: () => [],
  emit: ({ rate, seed }, { b, training, ordinal }, x) =>
    training && rate > 0 ? b.dropout(x, rate, { layer: ordinal, seed }) : x,
};

const alphaDropoutKind: LayerKind<DropoutConfig> = {
  ...dropoutKind,
  className: "AlphaDropout",
  emit: ({ rate, seed }, { b, training, ordinal }, x) =>
    training && rate > 0 ? b.alphaDropout(x, rate, { layer: ordinal, seed }) : x,
};

const gaussianNoiseKind: LayerKind<NoiseConfig> = {
  className: "GaussianNoise",
  outputShape: (_, input) => input,
  variables: () => [],
  emit: ({ stddev, seed }, { b, training, ordinal }, x) =>
    training && stddev > 0 ? b.gaussianNoise(x, stddev, { layer: ordinal, seed }) : x,
};

/**
 * In training, y = x / (1 − rate) for the elements kept and 0 for those dropped, each with probability `rate` (to 2⁻¹⁶),
 * drawn anew each step; else y = x. Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, JMLR 15.
 *
 * @param rate The share dropped, in [0, 1).
 * @param options `seed`: default the model's, and then each layer has masks of its own.
 * @throws ConfigError `config/bad-rate`
 * @example dropout(0.2)
 */
export function dropout(rate: number, options: DropoutOptions = {}) {
  return layerSpec(dropoutKind, dropoutConfig(rate, options, "dropout"), options);
}

/**
 * Dropout that keeps mean and variance of what SELU makes, for self-normalizing networks: in training, dropped elements
 * become α′ = −1.7581 and all go through y = a·x + b, a = ((1 − rate)(1 + rate·α′²))^−½, b = −a·α′·rate; else y = x.
 * Klambauer, Unterthiner, Mayr, Hochreiter 2017, NIPS.
 *
 * @param rate The share dropped, in [0, 1).
 * @throws ConfigError `config/bad-rate`
 * @example [dense(100, { activation: "selu", kernelInitializer: "lecunNormal" }), alphaDropout(0.1)]
 */
export function alphaDropout(rate: number, options: DropoutOptions = {}) {
  return layerSpec(alphaDropoutKind, dropoutConfig(rate, options, "alphaDropout"), options);
}

/**
 * In training, y = x + ε with ε normal, mean 0, drawn anew each step; else y = x. Bishop 1995, Neural Computation 7.
 *
 * @param stddev Of the noise, at least 0.
 * @throws ConfigError `config/bad-stddev`
 * @example gaussianNoise(0.1)
 */
export function gaussianNoise(stddev: number, options: DropoutOptions = {}) {
  const seed = seedOption(options, "gaussianNoise(stddev, options)");
  if (stddev !== 0) positiveNumber(stddev, "stddev of gaussianNoise", "config/bad-stddev");
  return layerSpec(gaussianNoiseKind, { stddev, ...seed }, options);
}

function dropoutConfig(rate: number, options: DropoutOptions, factory: string): DropoutConfig {
  const seed = seedOption(options, `${factory}(rate, options)`);
  numberInRange(rate, `rate of ${factory}`, 0, 1, { code: "config/bad-rate" });
  if (Math.fround(rate) === 1) {
    throw new ConfigError("config/bad-rate", `rate of ${factory} must be below 1, also in 32 bits; got ${rate}.`);
  }
  return { rate, ...seed };
}

function seedOption(options: DropoutOptions, what: string): { seed?: number } {
  const { seed } = knownOptions<DropoutOptions>(options, what, OPTIONS);
  return seed === undefined ? {} : { seed: seedValue(seed) };
}
