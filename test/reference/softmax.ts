// Softmax of one row in f64, its logarithm, and their gradients.

export function softmax(x: readonly number[]): number[] {
  const max = Math.max(...x);
  const terms = x.map((value) => Math.exp(value - max));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map((term) => term / sum);
}

export function softmaxBackward(dy: readonly number[], y: readonly number[]): number[] {
  const dot = dy.reduce((sum, value, j) => sum + value * y[j]!, 0);
  return y.map((value, j) => value * (dy[j]! - dot));
}

export function logSoftmax(x: readonly number[]): number[] {
  const sum = logSumExp(x);
  return x.map((value) => value - sum);
}

export function logSoftmaxBackward(dy: readonly number[], y: readonly number[]): number[] {
  const sum = dy.reduce((a, b) => a + b, 0);
  return dy.map((value, j) => value - Math.exp(y[j]!) * sum);
}

/** log Σ e^x. */
export function logSumExp(x: readonly number[]): number {
  const max = Math.max(...x);
  return max + Math.log(x.reduce((sum, value) => sum + Math.exp(value - max), 0));
}

export function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  const flat = Array.from(values);
  return Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
}
