import { STREAM_INITIALIZER } from "../../assembly/shared/random.js";
import type { InitializerName } from "../../src/initializers/table.js";
import { philox } from "./philox.js";

export interface Draw {
  readonly seedLo: number;
  readonly seedHi: number;
  readonly op: number;
}

/** The uniform numbers in (0, 1) that n values are made from. */
export function units(n: number, { seedLo, seedHi, op }: Draw): number[] {
  const out: number[] = [];
  for (let block = 0; out.length < n; block++) {
    const words = philox([block, op, 0, STREAM_INITIALIZER], [seedLo, seedHi]);
    out.push(...words.map((word) => (word + 0.5) / 2 ** 32));
  }
  return out.slice(0, n);
}

/** Uniform in (low, high), before rounding. */
export function uniform(n: number, draw: Draw, low: number, high: number): number[] {
  return units(n, draw).map((u) => low + (high - low) * u);
}

export function normal(n: number, draw: Draw, mean: number, stddev: number): number[] {
  return units(n, draw).map((u) => mean + stddev * normalQuantile(u));
}

export function truncatedNormal(n: number, draw: Draw, mean: number, stddev: number): number[] {
  const outside = upperTail(2);
  return units(n, draw).map((u) => mean + stddev * normalQuantile(outside + (1 - 2 * outside) * u));
}

export function normalCdf(z: number): number {
  return z < 0 ? upperTail(-z) : 1 - upperTail(z);
}

/** Solves Φ(z) = p by Newton's method: nothing in common with a rational approximation. */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  let z = 0;
  for (let i = 0; i < 60; i++) {
    const next = z + (upperTail(z) - tail) / density(z);
    if (Math.abs(next - z) <= 1e-16 * z) break;
    z = next;
  }
  return p < 0.5 ? -z : z;
}

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** 1 − Φ(z) for z ≥ 0: Taylor's series near zero, else the continued fraction z + 1/(z + 2/(z + 3/(z + …))). */
function upperTail(z: number): number {
  if (z < 1.5) {
    let term = z;
    let sum = z;
    for (let k = 3; k < 80; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density(z) * sum;
  }
  let fraction = z;
  for (let k = 200; k > 0; k--) fraction = z + k / fraction;
  return density(z) / fraction;
}

/** Kernels (rows, columns): fan in and fan out are the two. */
type Matrix = readonly [rows: number, columns: number];
/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Options = Readonly<Record<string, any>>;
type Twin = (shape: Matrix, draw: Draw, options: Options) => number[];

const filled =
  (value: number): Twin =>
  ([rows, columns]) =>
    new Array<number>(rows * columns).fill(value);

/** Variance scale / fan, by its mode. The truncated normal has the standard deviation 0.8796… of the one that is cut. */
function varianceScaling([rows, columns]: Matrix, draw: Draw, { scale, mode, distribution }: Options): number[] {
  const fan = mode === "fanIn" ? rows : mode === "fanOut" ? columns : (rows + columns) / 2;
  const n = rows * columns;
  const stddev = Math.sqrt(scale / fan);
  if (distribution === "uniform") return uniform(n, draw, -Math.sqrt(3) * stddev, Math.sqrt(3) * stddev);
  if (distribution === "normal") return normal(n, draw, 0, stddev);
  return truncatedNormal(n, draw, 0, stddev / Math.sqrt(truncatedVariance()));
}

/** Of a standard normal that is cut at ±2: 1 − 2·2·φ(2) / (Φ(2) − Φ(−2)). */
function truncatedVariance(): number {
  return 1 - (4 * density(2)) / (normalCdf(2) - normalCdf(-2));
}

const scaled =
  (scale: number, mode: string, distribution: string): Twin =>
  (shape, draw) =>
    varianceScaling(shape, draw, { scale, mode, distribution });

/**
 * Gram and Schmidt, each vector against those before it, twice: Q of the normal numbers' QR, R's diagonal positive. The
 * numbers are drawn vector by vector; vectors are columns, or rows where there are fewer of them.
 */
function orthogonal([rows, columns]: Matrix, draw: Draw, { gain }: Options): number[] {
  const length = Math.max(rows, columns);
  const drawn = normal(rows * columns, draw, 0, 1);
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  const done: number[][] = [];
  for (let v = 0; v < Math.min(rows, columns); v++) {
    let rest = drawn.slice(v * length, (v + 1) * length);
    for (const other of [...done, ...done]) {
      const along = dot(rest, other);
      rest = rest.map((value, k) => value - along * other[k]!);
    }
    const norm = Math.sqrt(dot(rest, rest));
    done.push(rest.map((value) => value / norm));
  }
  return Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return gain * (rows < columns ? done[i]![j]! : done[j]![i]!);
  });
}

/** Every initializer by its name. */
export const INITIALIZERS: { readonly [K in InitializerName]: Twin } = {
  zeros: filled(0),
  ones: filled(1),
  constant: (shape, draw, { value }) => filled(value)(shape, draw, {}),
  randomNormal: ([rows, columns], draw, { mean, stddev }) => normal(rows * columns, draw, mean, stddev),
  randomUniform: ([rows, columns], draw, { minval, maxval }) => uniform(rows * columns, draw, minval, maxval),
  truncatedNormal: ([rows, columns], draw, { mean, stddev }) => truncatedNormal(rows * columns, draw, mean, stddev),
  varianceScaling,
  glorotUniform: scaled(1, "fanAvg", "uniform"),
  glorotNormal: scaled(1, "fanAvg", "truncatedNormal"),
  heUniform: scaled(2, "fanIn", "uniform"),
  heNormal: scaled(2, "fanIn", "truncatedNormal"),
  lecunUniform: scaled(1, "fanIn", "uniform"),
  lecunNormal: scaled(1, "fanIn", "truncatedNormal"),
  orthogonal,
  identity: ([rows, columns], _, { gain }) =>
    Array.from({ length: rows * columns }, (__, i) => (i % columns === Math.floor(i / columns) ? gain : 0)),
  auto: scaled(1, "fanAvg", "uniform"), // of a layer without an activation
};
