// Clipping: gradients made smaller before the optimizer sees them, one pass over the segments of their flat region. The
// guard has passed, so every gradient is finite. Squares and their sums are f64, where neither overflows.

import { SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_OFFSET } from "../shared/layout";
import { storeLanes } from "../simd/lanes";
import { sumOfSquares } from "../simd/sums";

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
