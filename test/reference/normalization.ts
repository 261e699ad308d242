// Batch and layer normalization in f64, and their gradients: of a vector first, then by column and by row of a matrix.

import { rowsOf } from "./softmax.js";

export interface Moments {
  readonly mean: number;
  /** Biased: divided by n. */
  readonly variance: number;
}

/** What γ and β are where they are left out. */
export interface Affine {
  readonly gamma?: ArrayLike<number> | undefined;
  readonly beta?: ArrayLike<number> | undefined;
}

export function moments(x: readonly number[]): Moments {
  const mean = average(x);
  return { mean, variance: average(x.map((value) => (value - mean) ** 2)) };
}

/** x̂ */
function standardized(x: readonly number[], { mean, variance }: Moments, epsilon: number): number[] {
  return x.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

/** The gradient of x from g, that of x̂, where mean and variance are x's own. */
function standardizedBackward(x: readonly number[], g: readonly number[], epsilon: number): number[] {
  const own = moments(x);
  const normal = standardized(x, own, epsilon);
  const along = average(g.map((value, i) => value * normal[i]!));
  return g.map((value, i) => (value - average(g) - normal[i]! * along) / Math.sqrt(own.variance + epsilon));
}

/** y = γ ∘ x̂ + β by column; `given` statistics, or each column's own. */
export function batchNorm(
  x: ArrayLike<number>,
  width: number,
  epsilon: number,
  { gamma, beta }: Affine = {},
  given?: readonly Moments[],
): { y: number[]; statistics: Moments[] } {
  const columns = columnsOf(x, width);
  const statistics = columns.map((column, j) => given?.[j] ?? moments(column));
  const y = columns.map((column, j) =>
    standardized(column, statistics[j]!, epsilon).map((value) => value * (gamma?.[j] ?? 1) + (beta?.[j] ?? 0)),
  );
  return { y: flatten(y), statistics };
}

export function batchNormBackward(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  epsilon: number,
  gamma?: ArrayLike<number>,
): { dx: number[]; dgamma: number[]; dbeta: number[] } {
  const [columns, slopes] = [columnsOf(x, width), columnsOf(dy, width)];
  const dx = columns.map((column, j) => {
    const g = slopes[j]!.map((value) => value * (gamma?.[j] ?? 1));
    return standardizedBackward(column, g, epsilon);
  });
  const dgamma = columns.map((column, j) => dot(slopes[j]!, standardized(column, moments(column), epsilon)));
  return { dx: flatten(dx), dgamma, dbeta: slopes.map((column) => column.reduce((a, b) => a + b, 0)) };
}

/** y = γ ∘ x̂ + β by row. */
export function layerNorm(
  x: ArrayLike<number>,
  width: number,
  epsilon: number,
  { gamma, beta }: Affine = {},
): number[] {
  return rowsOf(x, width).flatMap((row) =>
    standardized(row, moments(row), epsilon).map((value, j) => value * (gamma?.[j] ?? 1) + (beta?.[j] ?? 0)),
  );
}

export function layerNormBackward(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  epsilon: number,
  gamma?: ArrayLike<number>,
): { dx: number[]; dgamma: number[]; dbeta: number[] } {
  const [rows, slopes] = [rowsOf(x, width), rowsOf(dy, width)];
  const normal = rows.map((row) => standardized(row, moments(row), epsilon));
  const dx = rows.flatMap((row, i) => {
    const g = slopes[i]!.map((value, j) => value * (gamma?.[j] ?? 1));
    return standardizedBackward(row, g, epsilon);
  });
  const column = (values: readonly number[][], j: number) => values.map((row) => row[j]!);
  const each = Array.from({ length: width }, (_, j) => j);
  return {
    dx,
    dgamma: each.map((j) => dot(column(slopes, j), column(normal, j))),
    dbeta: each.map((j) => column(slopes, j).reduce((a, b) => a + b, 0)),
  };
}

/** The moving average of statistics after a step. */
export function moved(moving: ArrayLike<number>, batch: readonly number[], momentum: number): number[] {
  return Array.from(moving, (value, j) => value * momentum + batch[j]! * (1 - momentum));
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function columnsOf(x: ArrayLike<number>, width: number): number[][] {
  const rows = rowsOf(x, width);
  return Array.from({ length: width }, (_, j) => rows.map((row) => row[j]!));
}

function flatten(columns: readonly number[][]): number[] {
  return columns[0]!.flatMap((_, i) => columns.map((column) => column[i]!));
}
