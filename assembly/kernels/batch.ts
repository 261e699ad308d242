// From the data set to a batch: the order of an epoch's rows, and copying a batch's rows in that order.

import { philoxBlock } from "../rng";
import { storeLanes } from "../simd/lanes";

/**
 * order (n) u32 = a random permutation of 0 … n − 1, each of the n! exactly as likely as far as the generator's words
 * are uniform: Fisher–Yates, built from the front ("inside out").
 */
export function permute(n: i32, order: usize, seedLo: u32, seedHi: u32, epoch: u32, stream: u32): void {
  for (let i = 0; i < n; i += 4) placeFour(i, n, order, seedLo, seedHi, epoch, stream);
}

/** Four elements share a block. A function of its own, so that it is called often and soon runs as optimized code. */
function placeFour(i: u32, n: u32, order: usize, seedLo: u32, seedHi: u32, epoch: u32, stream: u32): void {
  const words = philoxBlock(i >> 2, 0, epoch, stream, seedLo, seedHi);
  place(i, i32x4.extract_lane(words, 0), order, seedLo, seedHi, epoch, stream);
  if (i + 1 < n) place(i + 1, i32x4.extract_lane(words, 1), order, seedLo, seedHi, epoch, stream);
  if (i + 2 < n) place(i + 2, i32x4.extract_lane(words, 2), order, seedLo, seedHi, epoch, stream);
  if (i + 3 < n) place(i + 3, i32x4.extract_lane(words, 3), order, seedLo, seedHi, epoch, stream);
}

/** Puts i at a random place j ≤ i; what stood there moves to the end. */
// @ts-ignore: decorator
@inline
function place(i: u32, word: u32, order: usize, seedLo: u32, seedHi: u32, epoch: u32, stream: u32): void {
  let product = u64(word) * u64(i + 1);
  if (u32(product) <= i) product = untilUnbiased(product, i, seedLo, seedHi, epoch, stream); // rare
  const end = order + (usize(i) << 2);
  const chosen = order + (usize(product >> 32) << 2);
  store<u32>(end, load<u32>(chosen));
  store<u32>(chosen, i);
}

/**
 * Draws again while the word lies in the remainder that makes some results likelier than others. Lemire, "Fast random
 * integer generation in an interval" (ACM TOMACS 29, 2019). Attempts are counted in the counter's second word.
 */
function untilUnbiased(product: u64, i: u32, seedLo: u32, seedHi: u32, epoch: u32, stream: u32): u64 {
  const size = i + 1;
  const remainder: u32 = (0 - size) % size; // 2³² mod size
  for (let attempt: u32 = 1; u32(product) < remainder; attempt++) {
    const words = philoxBlock(i, attempt, epoch, stream, seedLo, seedHi);
    product = u64(u32(i32x4.extract_lane(words, 0))) * u64(size);
  }
  return product;
}

/**
 * out (rows, width) f32 = src[row] · scale + offset, src (…, width) f32; row is order[first + r] (u32), or first + r if
 * order is 0.
 */
export function gatherF32(
  rows: i32,
  width: i32,
  src: usize,
  order: usize,
  first: i32,
  out: usize,
  scale: f32,
  offset: f32,
): void {
  if (rows <= 0 || width <= 0) return;
  const pitch = usize(width) << 2;
  if (order == 0) return convertF32(rows * width, src + usize(first) * pitch, out, scale, offset); // one long row
  for (let index = order + (usize(first) << 2), end = index + (usize(rows) << 2); index < end; index += 4) {
    convertF32(width, src + usize(load<u32>(index)) * pitch, out, scale, offset);
    out += pitch;
  }
}

/** The same from bytes, src (…, width) u8. */
export function gatherU8(
  rows: i32,
  width: i32,
  src: usize,
  order: usize,
  first: i32,
  out: usize,
  scale: f32,
  offset: f32,
): void {
  if (rows <= 0 || width <= 0) return;
  const pitch = usize(width);
  if (order == 0) return convertU8(rows * width, src + usize(first) * pitch, out, scale, offset);
  for (let index = order + (usize(first) << 2), end = index + (usize(rows) << 2); index < end; index += 4) {
    convertU8(width, src + usize(load<u32>(index)) * pitch, out, scale, offset);
    out += pitch << 2;
  }
}

// Loops that test at the bottom, so that V8 keeps the constants in registers. n ≥ 1.

/** out (n) f32 = src (n) f32 · scale + offset. */
function convertF32(n: i32, src: usize, out: usize, scale: f32, offset: f32): void {
  if (scale == 1 && offset == 0) return copyF32(n, src, out); // −0 + 0 would be 0
  const scales = f32x4.splat(scale);
  const offsets = f32x4.splat(offset);
  let left = n;
  do {
    storeLanes(out, f32x4.add(f32x4.mul(v128.load(src), scales), offsets), left);
    src += 16;
    out += 16;
    left -= 4;
  } while (left > 0);
}

/** out (n) f32 = src (n) f32, bit by bit. */
function copyF32(n: i32, src: usize, out: usize): void {
  let left = n;
  do {
    storeLanes(out, v128.load(src), left);
    src += 16;
    out += 16;
    left -= 4;
  } while (left > 0);
}

/** out (n) f32 = src (n) u8 · scale + offset. */
function convertU8(n: i32, src: usize, out: usize, scale: f32, offset: f32): void {
  const scales = f32x4.splat(scale);
  const offsets = f32x4.splat(offset);
  let left = n;
  do {
    const shorts = v128.load_ext<u8>(src);
    const low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(shorts));
    const high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(shorts));
    storeLanes(out, f32x4.add(f32x4.mul(low, scales), offsets), left);
    if (left > 4) storeLanes(out + 16, f32x4.add(f32x4.mul(high, scales), offsets), left - 4);
    src += 8;
    out += 32;
    left -= 8;
  } while (left > 0);
}
