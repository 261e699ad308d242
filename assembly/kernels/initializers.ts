// Fills weights with random values. Element i is made from one random number, word i & 3 of block i >> 2, so that its
// value depends on nothing but the seed, the weight's ordinal `op` and i.

import { normalQuantile, philoxBlock, unit } from "../rng";
import { STREAM_INITIALIZER } from "../shared/random";
import { storeLanes } from "../simd/lanes";

/** Uniform in [low, high). */
export function fillUniform(n: i32, out: usize, seedLo: u32, seedHi: u32, op: u32, low: f32, high: f32): void {
  drawWords(n, out, seedLo, seedHi, op);
  const start = f64(low);
  const span = f64(high) - start;
  const top = max<f32>(low, nextBelow(high)); // rounding to f32 may reach high
  for (let end = out + (usize(n) << 2); out < end; out += 4) {
    store<f32>(out, min<f32>(f32(start + span * unit(load<u32>(out))), top));
  }
}

/** Normal, by the inverse of the cumulative distribution: one uniform number a value, no rejection, no cosine. */
export function fillNormal(n: i32, out: usize, seedLo: u32, seedHi: u32, op: u32, mean: f32, stddev: f32): void {
  drawWords(n, out, seedLo, seedHi, op);
  const center = f64(mean);
  const scale = f64(stddev);
  for (let end = out + (usize(n) << 2); out < end; out += 4) {
    store<f32>(out, f32(center + scale * normalQuantile(unit(load<u32>(out)))));
  }
}

const MASS_BELOW: f64 = 0.022750131948179207; // Φ(−2)
const MASS_INSIDE: f64 = 0.9544997361036416; // Φ(2) − Φ(−2)

/**
 * Normal, cut at two standard deviations on either side, as Keras does: `stddev` is that of the normal before the cut
 * (after it, 0.8796 as much).
 */
export function fillTruncatedNormal(
  n: i32,
  out: usize,
  seedLo: u32,
  seedHi: u32,
  op: u32,
  mean: f32,
  stddev: f32,
): void {
  drawWords(n, out, seedLo, seedHi, op);
  const center = f64(mean);
  const scale = f64(stddev);
  for (let end = out + (usize(n) << 2); out < end; out += 4) {
    const p = MASS_BELOW + MASS_INSIDE * unit(load<u32>(out));
    store<f32>(out, f32(center + scale * normalQuantile(p)));
  }
}

/** The n random words that the values are made from, drawn where the values will stand. */
function drawWords(n: i32, out: usize, seedLo: u32, seedHi: u32, op: u32): void {
  for (let i = 0; i < n; i += 4) {
    const words = philoxBlock(i >> 2, op, 0, STREAM_INITIALIZER, seedLo, seedHi);
    storeLanes(out + (usize(i) << 2), words, n - i);
  }
}

/** The largest f32 below x. */
function nextBelow(x: f32): f32 {
  if (x == 0) return -f32.MIN_VALUE;
  const bits = reinterpret<u32>(x);
  return reinterpret<f32>(x > 0 ? bits - 1 : bits + 1);
}
