// Means that move, in f64.

/** A share of the way from `mean` to `x`. */
export function moveMean(x: ArrayLike<number>, mean: ArrayLike<number>, share: number): Float64Array {
  return Float64Array.from(mean, (old, i) => (1 - share) * old + share * x[i]!);
}
