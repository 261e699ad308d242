// PReLU over rows (…, width) in f64: alpha (width) is the slope below zero.

export function prelu(x: readonly number[], alpha: readonly number[]): number[] {
  return x.map((value, i) => (value > 0 ? value : alpha[i % alpha.length]! * value));
}

export function preluBackward(dy: readonly number[], x: readonly number[], alpha: readonly number[]): number[] {
  return dy.map((value, i) => (x[i]! > 0 ? value : alpha[i % alpha.length]! * value));
}

/** The gradient of alpha: Σ dy · min(x, 0) over the rows. */
export function preluAlphaBackward(dy: readonly number[], x: readonly number[], width: number): number[] {
  const sums = new Array<number>(width).fill(0);
  dy.forEach((value, i) => (sums[i % width]! += value * Math.min(x[i]!, 0)));
  return sums;
}
