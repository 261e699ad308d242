// Statistics of values while a network runs. They only read what they look at: a step's bits are the same with them.

import {
  BIN_LEAST_EXPONENT,
  BIN_OF_ZERO,
  SLOPES_ACTIVE,
  SLOPES_ELEMENTS,
  SLOPES_ROWS,
  SLOPES_SATURATED,
  STATISTICS_BINS,
  STATISTICS_COUNT,
  STATISTICS_GREATEST,
  STATISTICS_LEAST,
  STATISTICS_NOT_FINITE,
  STATISTICS_SQUARES,
  STATISTICS_SUM,
  STATISTICS_ZEROS,
} from "../shared/statistics";
import { addHigh, addLow, sumChains } from "../simd/chains";
import { broadcast, firstLanes, MAGNITUDE_BITS, storeLanes } from "../simd/lanes";

/** Adds x (n) to a tensor block; what is not finite is counted, and left out of all else. */
export function tensorStatistics(n: i32, x: usize, block: usize): void {
  const bins = block + STATISTICS_BINS;
  const zero = f32x4.splat(0);
  let least = v128.load32_splat(block, STATISTICS_LEAST);
  let greatest = v128.load32_splat(block, STATISTICS_GREATEST);
  let low = f64x2.splat(0);
  let high = low;
  let squareLow = low;
  let squareHigh = low;
  let notFinite = 0;
  let zeros = 0;
  for (let rest = n; rest > 0; rest -= 4, x += 16) {
    const inside = firstLanes(min(rest, 4));
    const value = v128.load(x);
    const finite = v128.and(f32x4.eq(f32x4.sub(value, value), zero), inside);
    const clean = v128.and(value, finite);
    least = v128.bitselect(f32x4.pmin(least, clean), least, finite);
    greatest = v128.bitselect(f32x4.pmax(greatest, clean), greatest, finite);
    low = addLow(low, clean);
    high = addHigh(high, clean);
    const wideLow = f64x2.promote_low_f32x4(clean);
    const wideHigh = f64x2.promote_low_f32x4(v128.shuffle<f32>(clean, clean, 2, 3, 2, 3));
    squareLow = f64x2.add(squareLow, f64x2.mul(wideLow, wideLow));
    squareHigh = f64x2.add(squareHigh, f64x2.mul(wideHigh, wideHigh));
    notFinite += popcnt(i32x4.bitmask(v128.andnot(inside, finite)));
    zeros += popcnt(i32x4.bitmask(v128.and(f32x4.eq(value, zero), inside)));
    countBins(bins, clean, i32x4.bitmask(finite));
  }
  grow(block + STATISTICS_COUNT, <f64>n);
  grow(block + STATISTICS_NOT_FINITE, <f64>notFinite);
  grow(block + STATISTICS_SUM, sumChains(low, high));
  grow(block + STATISTICS_SQUARES, sumChains(squareLow, squareHigh));
  grow(block + STATISTICS_ZEROS, <f64>zeros);
  store<f32>(block, leastLane(least), STATISTICS_LEAST);
  store<f32>(block, -leastLane(f32x4.neg(greatest)), STATISTICS_GREATEST);
}

/**
 * Adds the derivatives of an activation, slopes (rows, width), to a slope block: how often each unit's is not 0, and how
 * many are smaller than `threshold`.
 */
export function slopeStatistics(rows: i32, width: i32, slopes: usize, block: usize, threshold: f32): void {
  const limit = f32x4.splat(threshold);
  const zero = f32x4.splat(0);
  const pitch = (<usize>width) << 2;
  let saturated = 0;
  for (let j = 0; j < width; j += 4) {
    const inside = firstLanes(min(width - j, 4));
    const active = block + SLOPES_ACTIVE + ((<usize>j) << 2);
    let count = v128.load(active);
    let at = slopes + ((<usize>j) << 2);
    for (let i = 0; i < rows; ++i, at += pitch) {
      const slope = v128.load(at);
      count = i32x4.sub(count, f32x4.ne(slope, zero)); // a mask of ones is −1
      const flat = f32x4.lt(v128.and(slope, broadcast(MAGNITUDE_BITS)), limit);
      saturated += popcnt(i32x4.bitmask(v128.and(flat, inside)));
    }
    storeLanes(active, count, width - j);
  }
  grow(block + SLOPES_ROWS, <f64>rows);
  grow(block + SLOPES_ELEMENTS, <f64>rows * <f64>width);
  grow(block + SLOPES_SATURATED, <f64>saturated);
}

/** Two bins an octave, from the bits above the significand's second: those of the lanes in `lanes`. */
// @ts-ignore: decorator
@inline
function countBins(bins: usize, x: v128, lanes: i32): void {
  const halfOctave = i32x4.sub(
    i32x4.shr_u(v128.and(x, broadcast(MAGNITUDE_BITS)), 22),
    i32x4.splat(2 * (BIN_LEAST_EXPONENT + 127) - 1),
  );
  const distance = i32x4.min_s(i32x4.max_s(halfOctave, i32x4.splat(0)), i32x4.splat(BIN_OF_ZERO));
  const sign = i32x4.shr_s(x, 31);
  const signed = i32x4.sub(v128.xor(distance, sign), sign); // −distance below zero
  const at = i32x4.shl(i32x4.add(signed, i32x4.splat(BIN_OF_ZERO)), 2);
  if (lanes & 1) count(bins + i32x4.extract_lane(at, 0));
  if (lanes & 2) count(bins + i32x4.extract_lane(at, 1));
  if (lanes & 4) count(bins + i32x4.extract_lane(at, 2));
  if (lanes & 8) count(bins + i32x4.extract_lane(at, 3));
}

// @ts-ignore: decorator
@inline
function count(bin: usize): void {
  store<u32>(bin, load<u32>(bin) + 1);
}

// @ts-ignore: decorator
@inline
function grow(address: usize, by: f64): void {
  store<f64>(address, load<f64>(address) + by);
}

function leastLane(v: v128): f32 {
  const pairs = f32x4.pmin(v, v128.shuffle<f32>(v, v, 1, 0, 3, 2));
  return f32x4.extract_lane(f32x4.pmin(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1)), 0);
}
