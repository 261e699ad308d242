// Random masks and noise. Which elements stay is a pure function of seed, layer, step and the element's place in the
// batch (row · width + column), so the backward pass draws the mask again rather than storing it.

import { normalQuantile, philoxBlock, unit } from "../rng";
import { STREAM_DROPOUT, STREAM_NOISE } from "../shared/random";
import { storeLanes } from "../simd/lanes";

/**
 * y (n) = x (n) · scale + offset where an element is kept, `other` where it is dropped; y may be x. An element has 16
 * random bits, eight share a block, and it is dropped with probability threshold / 2¹⁶ (0 ≤ threshold < 2¹⁶).
 */
export function mask(
  n: i32,
  x: usize,
  y: usize,
  threshold: i32,
  scale: f32,
  offset: f32,
  other: f32,
  layer: u32,
  step: u32,
  seedLo: u32,
  seedHi: u32,
  first: i32, // of what is drawn for, a multiple of 8: those before are another thread's
): void {
  if (n <= 0) return;
  const thresholds = i16x8.splat(<i16>threshold);
  const scales = f32x4.splat(scale);
  const offsets = f32x4.splat(offset);
  const others = f32x4.splat(other);
  let block = (<u32>first) >> 3;
  let left = n;
  do {
    const bits = philoxBlock(block, layer, step, STREAM_DROPOUT, seedLo, seedHi);
    const kept = i16x8.ge_u(bits, thresholds);
    const low = f32x4.add(f32x4.mul(v128.load(x), scales), offsets);
    const high = f32x4.add(f32x4.mul(v128.load(x, 16), scales), offsets);
    storeLanes(y, v128.bitselect(low, others, i32x4.extend_low_i16x8_s(kept)), left);
    if (left > 4) storeLanes(y + 16, v128.bitselect(high, others, i32x4.extend_high_i16x8_s(kept)), left - 4);
    block += 1;
    x += 32;
    y += 32;
    left -= 8;
  } while (left > 0);
}

/** y (n) = x (n) + noise, normal with mean 0; y may be x. Element i has word i & 3 of block i >> 2. */
export function addNoise(
  n: i32,
  x: usize,
  y: usize,
  stddev: f32,
  layer: u32,
  step: u32,
  seedLo: u32,
  seedHi: u32,
  first: i32, // a multiple of 4
): void {
  for (let i = first, end = first + n; i < end; i += 4, x += 16, y += 16) {
    const words = philoxBlock(i >> 2, layer, step, STREAM_NOISE, seedLo, seedHi);
    let noise = f32x4.splat(normal(i32x4.extract_lane(words, 0), stddev));
    noise = f32x4.replace_lane(noise, 1, normal(i32x4.extract_lane(words, 1), stddev));
    noise = f32x4.replace_lane(noise, 2, normal(i32x4.extract_lane(words, 2), stddev));
    noise = f32x4.replace_lane(noise, 3, normal(i32x4.extract_lane(words, 3), stddev));
    storeLanes(y, f32x4.add(v128.load(x), noise), end - i);
  }
}

function normal(word: u32, stddev: f32): f32 {
  return f32(f64(stddev) * normalQuantile(unit(word)));
}
