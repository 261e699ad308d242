// Every initializer's factory. All that this module exports is public; the table of their rows is table.ts.

import { describe } from "../family.js";
import { type Distribution, INITIALIZERS, type Mode } from "./table.js";

interface Seeded {
  /** Draws from this seed rather than the model's; two variables still never share their numbers. */
  seed?: number;
}

/**
 * All 0: for biases. A kernel of zeros makes all units of a layer alike, and they stay so.
 *
 * @example dense(10, { biasInitializer: zeros() }) // what a bias has by default
 */
export const zeros = () => describe(INITIALIZERS, "zeros");

/**
 * All 1.
 *
 * @example dense(10, { biasInitializer: "ones" })
 */
export const ones = () => describe(INITIALIZERS, "ones");

/**
 * All `value` (default 0).
 *
 * @example dense(10, { biasInitializer: constant({ value: 0.1 }) })
 */
export const constant = (options: { value?: number } = {}) => describe(INITIALIZERS, "constant", options);

/**
 * Normal with the given mean and standard deviation (default 0 and 0.05).
 *
 * @example dense(10, { kernelInitializer: randomNormal({ stddev: 0.01 }) })
 */
export const randomNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "randomNormal", options);

/**
 * Uniform in [minval, maxval) (default −0.05 and 0.05).
 *
 * @example dense(10, { kernelInitializer: randomUniform({ minval: -0.1, maxval: 0.1 }) })
 */
export const randomUniform = (options: Seeded & { minval?: number; maxval?: number } = {}) =>
  describe(INITIALIZERS, "randomUniform", options);

/**
 * Normal, cut at two standard deviations as in Keras; `stddev` is that before the cut.
 *
 * @example dense(10, { kernelInitializer: truncatedNormal({ stddev: 0.02 }) })
 */
export const truncatedNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "truncatedNormal", options);

/**
 * Variance `scale / fan`: what Glorot (1, fanAvg), He (2, fanIn) and LeCun (1, fanIn) are cases of.
 *
 * @example dense(10, { kernelInitializer: varianceScaling({ scale: 2, mode: "fanOut", distribution: "normal" }) })
 */
export const varianceScaling = (options: Seeded & { scale?: number; mode?: Mode; distribution?: Distribution } = {}) =>
  describe(INITIALIZERS, "varianceScaling", options);

/**
 * Uniform, of variance 2 / (fanIn + fanOut): keeps the variance of signals and gradients where f(x) ≈ x near 0, as tanh has it.
 *
 * @example dense(10, { activation: "tanh", kernelInitializer: glorotUniform() }) // what a kernel has by default
 */
export const glorotUniform = (options: Seeded = {}) => describe(INITIALIZERS, "glorotUniform", options);

/**
 * Normal, cut at two standard deviations, of variance 2 / (fanIn + fanOut) after the cut: as glorotUniform.
 *
 * @example dense(10, { activation: "tanh", kernelInitializer: glorotNormal({ seed: 1 }) })
 */
export const glorotNormal = (options: Seeded = {}) => describe(INITIALIZERS, "glorotNormal", options);

/**
 * Uniform, of variance 2 / fanIn: keeps the variance of signals where half of them are cut to 0, as relu does.
 *
 * @example dense(300, { activation: "relu", kernelInitializer: heUniform() })
 */
export const heUniform = (options: Seeded = {}) => describe(INITIALIZERS, "heUniform", options);

/**
 * Normal, cut at two standard deviations, of variance 2 / fanIn after the cut (PyTorch does not cut): for relu and its kin.
 *
 * @example dense(300, { activation: "relu", kernelInitializer: heNormal() })
 */
export const heNormal = (options: Seeded = {}) => describe(INITIALIZERS, "heNormal", options);

/**
 * Uniform, of variance 1 / fanIn: what selu keeps mean 0 and variance 1 with.
 *
 * @example dense(300, { activation: "selu", kernelInitializer: lecunUniform() })
 */
export const lecunUniform = (options: Seeded = {}) => describe(INITIALIZERS, "lecunUniform", options);

/**
 * Normal, cut at two standard deviations, of variance 1 / fanIn after the cut: for selu.
 *
 * @example dense(300, { activation: "selu", kernelInitializer: lecunNormal() })
 */
export const lecunNormal = (options: Seeded = {}) => describe(INITIALIZERS, "lecunNormal", options);

/**
 * Orthonormal columns (rows, where it is wider than high) times `gain` (1), drawn uniformly as in Keras: Q of a normal
 * matrix's QR, R's diagonal positive. Saxe, McClelland, Ganguli 2013, arXiv:1312.6120. It takes at least two axes.
 *
 * @example dense(300, { activation: "relu", kernelInitializer: orthogonal({ gain: Math.SQRT2 }) })
 */
export const orthogonal = (options: Seeded & { gain?: number } = {}) => describe(INITIALIZERS, "orthogonal", options);

/**
 * `gain` (1) on the diagonal of a matrix, square or not, zeros elsewhere.
 *
 * @example dense(64, { kernelInitializer: identity({ gain: 0.5 }) })
 */
export const identity = (options: { gain?: number } = {}) => describe(INITIALIZERS, "identity", options);

/**
 * By the activation of the same layer: heNormal for those of the relu family, lecunNormal for selu, glorotUniform for the
 * others and where there is none. Each activation's row says which: `activations.gelu.row.initializer`.
 *
 * @example dense(300, { activation: "relu", kernelInitializer: "auto" }) // heNormal
 */
export const auto = (options: Seeded = {}) => describe(INITIALIZERS, "auto", options);
