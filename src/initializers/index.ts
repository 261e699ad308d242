// Every initializer's factory. All that this module exports is public; the table of their rows is table.ts.

import { describe } from "../family.js";
import { type Distribution, INITIALIZERS, type Mode } from "./table.js";

interface Seeded {
  /** Draws from this seed rather than the model's; two variables still never share their numbers. */
  seed?: number;
}

export const zeros = () => describe(INITIALIZERS, "zeros");
export const ones = () => describe(INITIALIZERS, "ones");
export const constant = (options: { value?: number } = {}) => describe(INITIALIZERS, "constant", options);
/** Normal with the given mean and standard deviation (default 0 and 0.05). */
export const randomNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "randomNormal", options);
/** Uniform in [minval, maxval) (default −0.05 and 0.05). */
export const randomUniform = (options: Seeded & { minval?: number; maxval?: number } = {}) =>
  describe(INITIALIZERS, "randomUniform", options);
/** Normal, cut at two standard deviations as in Keras; `stddev` is that before the cut. */
export const truncatedNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "truncatedNormal", options);
/** Variance `scale / fan`: what Glorot (1, fanAvg), He (2, fanIn) and LeCun (1, fanIn) are cases of. */
export const varianceScaling = (options: Seeded & { scale?: number; mode?: Mode; distribution?: Distribution } = {}) =>
  describe(INITIALIZERS, "varianceScaling", options);
export const glorotUniform = (options: Seeded = {}) => describe(INITIALIZERS, "glorotUniform", options);
export const glorotNormal = (options: Seeded = {}) => describe(INITIALIZERS, "glorotNormal", options);
export const heUniform = (options: Seeded = {}) => describe(INITIALIZERS, "heUniform", options);
export const heNormal = (options: Seeded = {}) => describe(INITIALIZERS, "heNormal", options);
export const lecunUniform = (options: Seeded = {}) => describe(INITIALIZERS, "lecunUniform", options);
export const lecunNormal = (options: Seeded = {}) => describe(INITIALIZERS, "lecunNormal", options);
/**
 * Orthonormal columns (rows, where it is wider than high) times `gain` (1), drawn uniformly as in Keras: Q of a normal
 * matrix's QR, R's diagonal positive. Saxe, McClelland, Ganguli 2013, arXiv:1312.6120. It takes at least two axes.
 */
export const orthogonal = (options: Seeded & { gain?: number } = {}) => describe(INITIALIZERS, "orthogonal", options);
/** `gain` (1) on the diagonal of a matrix, square or not, zeros elsewhere. */
export const identity = (options: { gain?: number } = {}) => describe(INITIALIZERS, "identity", options);
/**
 * By the activation of the same layer: heNormal for those of the relu family, lecunNormal for selu, glorotUniform for the
 * others and where there is none. Each activation's row says which: `activations.gelu.row.initializer`.
 */
export const auto = (options: Seeded = {}) => describe(INITIALIZERS, "auto", options);
