// Clipping: gradients made smaller before the optimizer sees them, one pass over the segments of their flat region. The
// guard has passed, so every gradient is finite. Squares and their sums are f64, where neither overflows.

import { SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_OFFSET } from "../shared/layout";
import { firstLanes, storeLanes } from "../simd/lanes";

/** Each gradient at most `limit` in magnitude. */
export function clipByValue(segments: usize, count: i32, grads: usize, limit: f32): void {
  for (let i = 0; i < count; i++, segments += SEGMENT_BYTES)
    clamp(lengthOf(segments), grads + startOf(segments), limit);
}

/** Each segment g by itself: g · limit / max(‖g‖, limit). */
export function clipByNorm(segments: usize, count: i32, grads: usize, limit: f32): void {
  for (let i = 0; i < count; i++, segments += SEGMENT_BYTES) {
    const n = lengthOf(segments);
    const g = grads + startOf(segments);
    const norm = sqrt<f64>(sumOfSquares(n, g));
    if (norm > f64(limit)) shrink(n, g, f32(f64(limit) / norm));
  }
}

/** All segments together: g · limit / max(‖g‖, limit), ‖g‖ that of all gradients as one vector. */
export function clipByGlobalNorm(segments: usize, count: i32, grads: usize, limit: f32): void {
  let sum: f64 = 0;
  for (let i = 0, at = segments; i < count; i++, at += SEGMENT_BYTES) {
    sum += sumOfSquares(lengthOf(at), grads + startOf(at));
  }
  const norm = sqrt<f64>(sum);
  if (norm <= f64(limit)) return;
  const scale = f32(f64(limit) / norm);
  for (let i = 0; i < count; i++, segments += SEGMENT_BYTES)
    shrink(lengthOf(segments), grads + startOf(segments), scale);
}

/** Σ x² over x (n). Element i belongs to chain i mod 8; the chains come together in pairs, always the same ones. */
export function sumOfSquares(n: i32, x: usize): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let left = n;
  if (left >= 8) {
    do {
      sum0 = f64x2.add(sum0, squares(v128.load64_zero(x)));
      sum1 = f64x2.add(sum1, squares(v128.load64_zero(x, 8)));
      sum2 = f64x2.add(sum2, squares(v128.load64_zero(x, 16)));
      sum3 = f64x2.add(sum3, squares(v128.load64_zero(x, 24)));
      x += 32;
      left -= 8;
    } while (left >= 8);
  }
  if (left > 0) {
    const low = v128.and(v128.load(x), firstLanes(min(left, 4)));
    const high = v128.and(v128.load(x, 16), firstLanes(max(left - 4, 0)));
    sum0 = f64x2.add(sum0, squares(low));
    sum1 = f64x2.add(sum1, squares(v128.shuffle<f32>(low, low, 2, 3, 2, 3)));
    sum2 = f64x2.add(sum2, squares(high));
    sum3 = f64x2.add(sum3, squares(v128.shuffle<f32>(high, high, 2, 3, 2, 3)));
  }
  const sum = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The squares of the two lower f32 lanes, exact in f64. */
// @ts-ignore: decorator
@inline
function squares(x: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  return f64x2.mul(wide, wide);
}

function clamp(n: i32, x: usize, limit: f32): void {
  if (n <= 0) return;
  const top = f32x4.splat(limit);
  const bottom = f32x4.splat(-limit);
  let left = n;
  do {
    storeLanes(x, f32x4.pmax(f32x4.pmin(v128.load(x), top), bottom), left);
    x += 16;
    left -= 4;
  } while (left > 0);
}

function shrink(n: i32, x: usize, scale: f32): void {
  if (n <= 0) return;
  const scales = f32x4.splat(scale);
  let left = n;
  do {
    storeLanes(x, f32x4.mul(v128.load(x), scales), left);
    x += 16;
    left -= 4;
  } while (left > 0);
}

/** In elements. */
function lengthOf(segment: usize): i32 {
  return load<i32>(segment, SEGMENT_LENGTH);
}

/** In bytes from the start of the region. */
function startOf(segment: usize): usize {
  return usize(load<u32>(segment, SEGMENT_OFFSET)) << 2;
}
