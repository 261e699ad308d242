// Penalties on weights, in f64.

interface Factors {
  readonly l1: number;
  readonly l2: number;
}

export const penalty = (w: ArrayLike<number>, { l1, l2 }: Factors): number =>
  Array.from(w).reduce((sum, value) => sum + l1 * Math.abs(value) + l2 * value * value, 0);

export const penaltyGradient = (w: ArrayLike<number>, { l1, l2 }: Factors): number[] =>
  Array.from(w, (value) => l1 * Math.sign(value) + 2 * l2 * value);
