// Penalties on weights, in f64.

import type { RegularizerName } from "../../src/regularizers/index.js";

interface Factors {
  readonly l1: number;
  readonly l2: number;
}

export const penalty = (w: ArrayLike<number>, { l1, l2 }: Factors): number =>
  Array.from(w).reduce((sum, value) => sum + l1 * Math.abs(value) + l2 * value * value, 0);

export const penaltyGradient = (w: ArrayLike<number>, { l1, l2 }: Factors): number[] =>
  Array.from(w, (value) => l1 * Math.sign(value) + 2 * l2 * value);

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Twin = (w: ArrayLike<number>, options: Readonly<Record<string, any>>) => number;

/** The penalty of every regularizer by its name. */
export const REGULARIZERS: { readonly [K in RegularizerName]: Twin } = {
  l1: (w, { l1 }) => penalty(w, { l1, l2: 0 }),
  l2: (w, { l2 }) => penalty(w, { l1: 0, l2 }),
  l1l2: (w, { l1, l2 }) => penalty(w, { l1, l2 }),
};
