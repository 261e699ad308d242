// Constraints: what is done to weights after each step.

import { storeLanes } from "../simd/lanes";

const EPSILON: f64 = 1e-7; // Keras's: keeps a column of zeros from becoming NaN

/**
 * Each column of w (rows, width), in place, to the norm rate · clamp(‖w‖, minimum, maximum) + (1 − rate) · ‖w‖, by the
 * factor norm / (ε + ‖w‖). Norms are f64, each one chain in order of the rows.
 */
export function constrainNorms(rows: i32, width: i32, w: usize, minimum: f32, maximum: f32, rate: f32): void {
  const pitch = (<usize>width) << 2;
  for (let left = width; left > 0; left -= 16, w += 64) constrainStrip(rows, left, w, pitch, minimum, maximum, rate);
}

/** Sixteen columns, the width of a cache line, or the `left` ones: called often, and so soon optimized. */
function constrainStrip(rows: i32, left: i32, w: usize, pitch: usize, minimum: f64, maximum: f64, rate: f64): void {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let sum4 = sum0;
  let sum5 = sum0;
  let sum6 = sum0;
  let sum7 = sum0;
  let row = w;
  let i = rows;
  do {
    sum0 = f64x2.add(sum0, squares(v128.load64_zero(row)));
    sum1 = f64x2.add(sum1, squares(v128.load64_zero(row, 8)));
    sum2 = f64x2.add(sum2, squares(v128.load64_zero(row, 16)));
    sum3 = f64x2.add(sum3, squares(v128.load64_zero(row, 24)));
    sum4 = f64x2.add(sum4, squares(v128.load64_zero(row, 32)));
    sum5 = f64x2.add(sum5, squares(v128.load64_zero(row, 40)));
    sum6 = f64x2.add(sum6, squares(v128.load64_zero(row, 48)));
    sum7 = f64x2.add(sum7, squares(v128.load64_zero(row, 56)));
    row += pitch;
  } while (--i > 0);
  const factor0 = factorsOf(sum0, sum1, minimum, maximum, rate);
  const factor1 = factorsOf(sum2, sum3, minimum, maximum, rate);
  const factor2 = factorsOf(sum4, sum5, minimum, maximum, rate);
  const factor3 = factorsOf(sum6, sum7, minimum, maximum, rate);
  row = w;
  i = rows;
  do {
    storeLanes(row, f32x4.mul(v128.load(row), factor0), left);
    if (left > 4) storeLanes(row + 16, f32x4.mul(v128.load(row, 16), factor1), left - 4);
    if (left > 8) storeLanes(row + 32, f32x4.mul(v128.load(row, 32), factor2), left - 8);
    if (left > 12) storeLanes(row + 48, f32x4.mul(v128.load(row, 48), factor3), left - 12);
    row += pitch;
  } while (--i > 0);
}

/** Of four columns, from their squared norms, two and two. */
function factorsOf(low: v128, high: v128, minimum: f64, maximum: f64, rate: f64): v128 {
  const first = factors(low, minimum, maximum, rate);
  return v128.shuffle<f32>(first, factors(high, minimum, maximum, rate), 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function squares(x: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  return f64x2.mul(wide, wide);
}

/** The factors of two columns from their squared norms, in the two lower f32 lanes. */
function factors(squared: v128, minimum: f64, maximum: f64, rate: f64): v128 {
  const norm = f64x2.sqrt(squared);
  const clamped = f64x2.pmin(f64x2.pmax(norm, f64x2.splat(minimum)), f64x2.splat(maximum));
  const wanted = f64x2.add(f64x2.mul(clamped, f64x2.splat(rate)), f64x2.mul(norm, f64x2.splat(1.0 - rate)));
  return f32x4.demote_f64x2_zero(f64x2.div(wanted, f64x2.add(norm, f64x2.splat(EPSILON))));
}

/** w (n), in place: what is below zero becomes zero. */
export function constrainNonNegative(n: i32, w: usize): void {
  if (n <= 0) return;
  const zero = f32x4.splat(0);
  let left = n;
  do {
    storeLanes(w, f32x4.pmax(v128.load(w), zero), left);
    w += 16;
    left -= 4;
  } while (left > 0);
}
