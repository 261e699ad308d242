// Keras's constraints on w (rows, width), by column, in f64.

import type { ConstraintName } from "../../src/constraints/index.js";

const EPSILON = 1e-7;

export function constrainNorms(
  w: ArrayLike<number>,
  width: number,
  { minimum, maximum, rate }: { minimum: number; maximum: number; rate: number },
): number[] {
  const values = Array.from(w);
  const norms = Array.from({ length: width }, (_, j) =>
    Math.sqrt(values.reduce((sum, value, i) => (i % width === j ? sum + value * value : sum), 0)),
  );
  return values.map((value, i) => {
    const norm = norms[i % width]!;
    const wanted = rate * Math.min(Math.max(norm, minimum), maximum) + (1 - rate) * norm;
    return (value * wanted) / (EPSILON + norm);
  });
}

export const nonNegative = (w: ArrayLike<number>): number[] => Array.from(w, (value) => Math.max(value, 0));

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Twin = (w: ArrayLike<number>, width: number, options: Readonly<Record<string, any>>) => number[];

/** Every constraint by its name. */
export const CONSTRAINTS: { readonly [K in ConstraintName]: Twin } = {
  maxNorm: (w, width, { maxValue }) => constrainNorms(w, width, { minimum: 0, maximum: maxValue, rate: 1 }),
  unitNorm: (w, width) => constrainNorms(w, width, { minimum: 1, maximum: 1, rate: 1 }),
  nonNeg: (w) => nonNegative(w),
  minMaxNorm: (w, width, { minValue, maxValue, rate }) =>
    constrainNorms(w, width, { minimum: minValue, maximum: maxValue, rate }),
};
