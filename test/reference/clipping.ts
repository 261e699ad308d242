// Clipped gradients, in f64: lists of the variables' gradients in, lists out.

import type { ClipName } from "../../src/clipping/index.js";

type Gradients = readonly (readonly number[])[];

export const normOf = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, g) => sum + g * g, 0));

export const clipByValue = (gradients: Gradients, limit: number): number[][] =>
  gradients.map((variable) => variable.map((g) => Math.min(Math.max(g, -limit), limit)));

export const clipByNorm = (gradients: Gradients, limit: number): number[][] =>
  gradients.map((variable) => variable.map((g) => (g * limit) / Math.max(normOf(variable), limit)));

export function clipByGlobalNorm(gradients: Gradients, limit: number): number[][] {
  const norm = normOf(gradients.flat());
  return gradients.map((variable) => variable.map((g) => (g * limit) / Math.max(norm, limit)));
}

/** Every mode by its name. */
export const CLIPS: { readonly [K in ClipName]: (gradients: Gradients, limit: number) => number[][] } = {
  clipByValue,
  clipByNorm,
  clipByGlobalNorm,
};
