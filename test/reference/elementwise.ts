// Elementwise kernels with f32's roundings, in the order that the kernels promise: they are to agree bit for bit.

const { fround } = Math;

export const add = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from(a, (value, i) => fround(value + b[i]!));

export const affine = (x: ArrayLike<number>, scale: number, offset: number): number[] =>
  Array.from(x, (value) => fround(fround(value * scale) + offset));

export function columnSum(rows: readonly (readonly number[])[], sums: readonly number[]): number[] {
  return sums.map((start, j) => rows.reduce((sum, row) => fround(sum + row[j]!), start));
}
