// Statistics of values while a network runs. They only read what they look at: a step's bits are the same with them.

import {
  BIN_BYTES,
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
import { sumChains } from "../simd/chains";
import { broadcast, firstLanes, MAGNITUDE_BITS, storeLanes } from "../simd/lanes";

const FIRST_BIN = memory.data<i32>([2 * (BIN_LEAST_EXPONENT + 127) - 1]);
const BEYOND = memory.data<i32>([BIN_OF_ZERO]);

/** Adds x (n) to a tensor block; what is not finite is counted, and left out of all else. */
export function tensorStatistics(n: i32, x: usize, block: usize): void {
  const zero = f32x4.splat(0);
  const middle = block + STATISTICS_BINS + BIN_OF_ZERO * BIN_BYTES;
  let least = v128.load32_splat(block, STATISTICS_LEAST);
  let greatest = v128.load32_splat(block, STATISTICS_GREATEST);
  let low = f64x2.splat(0);
  let high = low;
  let squareLow = low;
  let squareHigh = low;
  let finites = zero;
  let zeros = zero;
  for (let rest = n; rest > 0; rest -= 4, x += 16) {
    let value = v128.load(x);
    if (rest < 4) value = v128.or(value, v128.not(firstLanes(rest))); // NaN behind the end
    const finite = f32x4.eq(f32x4.sub(value, value), zero);
    finites = i32x4.sub(finites, finite); // a mask of ones is −1
    zeros = i32x4.sub(zeros, f32x4.eq(value, zero));
    const seen = v128.or(value, v128.not(finite)); // NaN, which pmin and pmax pass over, for ±∞ too
    least = f32x4.pmin(least, seen);
    greatest = f32x4.pmax(greatest, seen);
    const clean = v128.and(value, finite);
    const cleanLow = f64x2.promote_low_f32x4(clean);
    const cleanHigh = f64x2.promote_low_f32x4(v128.shuffle<f32>(clean, clean, 2, 3, 2, 3));
    low = f64x2.add(low, cleanLow);
    high = f64x2.add(high, cleanHigh);
    squareLow = f64x2.add(squareLow, f64x2.mul(cleanLow, cleanLow));
    squareHigh = f64x2.add(squareHigh, f64x2.mul(cleanHigh, cleanHigh));
    countBins(middle, clean);
  }
  const vectors = (n + 3) >> 2;
  const strangers = i32x4.sub(i32x4.splat(vectors), finites); // were counted as 0
  v128.store(middle, i32x4.sub(v128.load(middle), strangers));
  const count = sumCounts(finites);
  grow(block + STATISTICS_COUNT, <f64>n);
  grow(block + STATISTICS_NOT_FINITE, <f64>(n - count));
  grow(block + STATISTICS_SUM, sumChains(low, high));
  grow(block + STATISTICS_SQUARES, sumChains(squareLow, squareHigh));
  grow(block + STATISTICS_ZEROS, <f64>sumCounts(zeros));
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

/** Two bins an octave, from the bits above the significand's second; `middle` is the bin of 0. */
// @ts-ignore: decorator
@inline
function countBins(middle: usize, x: v128): void {
  const halfOctave = i32x4.sub(i32x4.shr_u(v128.and(x, broadcast(MAGNITUDE_BITS)), 22), broadcast(FIRST_BIN));
  const distance = i32x4.min_s(i32x4.max_s(halfOctave, i32x4.splat(0)), broadcast(BEYOND));
  const sign = i32x4.shr_s(x, 31);
  const at = i32x4.shl(i32x4.sub(v128.xor(distance, sign), sign), 4); // −distance below zero; BIN_BYTES each
  const bin0 = middle + i32x4.extract_lane(at, 0);
  const bin1 = middle + i32x4.extract_lane(at, 1);
  const bin2 = middle + i32x4.extract_lane(at, 2);
  const bin3 = middle + i32x4.extract_lane(at, 3);
  store<u32>(bin0, load<u32>(bin0) + 1);
  store<u32>(bin1, load<u32>(bin1, 4) + 1, 4);
  store<u32>(bin2, load<u32>(bin2, 8) + 1, 8);
  store<u32>(bin3, load<u32>(bin3, 12) + 1, 12);
}

// @ts-ignore: decorator
@inline
function grow(address: usize, by: f64): void {
  store<f64>(address, load<f64>(address) + by);
}

/** Σ (a − b)² over a (n) and b (n), in f64: how far a step went. */
export function squaredDistance(n: i32, a: usize, b: usize): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (let rest = n; rest > 0; rest -= 4, a += 16, b += 16) {
    const distance = v128.and(f32x4.sub(v128.load(a), v128.load(b)), firstLanes(min(rest, 4)));
    const wideLow = f64x2.promote_low_f32x4(distance);
    const wideHigh = f64x2.promote_low_f32x4(v128.shuffle<f32>(distance, distance, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(wideLow, wideLow));
    high = f64x2.add(high, f64x2.mul(wideHigh, wideHigh));
  }
  return sumChains(low, high);
}

function sumCounts(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

function leastLane(v: v128): f32 {
  const pairs = f32x4.pmin(v, v128.shuffle<f32>(v, v, 1, 0, 3, 2));
  return f32x4.extract_lane(f32x4.pmin(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1)), 0);
}
