import { STREAM_INITIALIZER } from "../../assembly/shared/random.js";
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
