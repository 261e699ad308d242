// Keras's constraints on w (rows, width), by column, in f64.

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
