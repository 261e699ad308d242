// What kernels share about the four f32 lanes of a v128: constants, tails, sums and maxima across the lanes.

/**
 * The f32 at a static address, in all four lanes. A literal `f32x4.splat(c)` is built anew by V8 wherever it is used,
 * which doubles the time of a loop with ten of them; a load costs little, and two vectors an iteration share it.
 */
// @ts-ignore: decorator
@inline
export function broadcast(address: usize): v128 {
  return v128.load32_splat(address);
}

/** The sum of the lanes, always (l0 + l1) + (l2 + l3): the order is part of the result. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 1, 0, 3, 2));
  return f32x4.extract_lane(f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1)), 0);
}

/** The greatest lane. NaN lanes may be passed over. */
// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  const pairs = f32x4.pmax(v, v128.shuffle<f32>(v, v, 1, 0, 3, 2));
  return f32x4.extract_lane(f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1)), 0);
}

// Four set lanes, then four clear ones: a load that begins k lanes early has its first k lanes set.
const LANE_MASKS = memory.data<i32>([-1, -1, -1, -1, 0, 0, 0, 0]);

/** All bits of the first `count` lanes (0 to 4). */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return v128.load(LANE_MASKS + 16 - ((<usize>count) << 2));
}

/** Stores the first `count` lanes, all four if there are more: a store never runs over the end of its buffer. */
// @ts-ignore: decorator
@inline
export function storeLanes(address: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(address, v);
  } else if (count == 3) {
    v128.store64_lane(address, v, 0);
    v128.store32_lane(address, v, 2, 8);
  } else if (count == 2) {
    v128.store64_lane(address, v, 0);
  } else {
    v128.store32_lane(address, v, 0);
  }
}

const GRADIENT_FLOOR = memory.data<f32>([1e-30]);
/** All bits of a float but its sign. */
export const MAGNITUDE_BITS = memory.data<u32>([0x7fffffff]);
export const SIGN_BIT = memory.data<u32>([0x80000000]);

/**
 * A gradient with what is too small to matter made zero, NaN left alone. Denormals slow every kernel down many times,
 * and so would their neighbours, whose products with a weight are denormal; below 1e-30 even Adam, which squares
 * gradients and adds 1e-7 to the root, moves no weight.
 */
// @ts-ignore: decorator
@inline
export function flushGradient4(gradient: v128): v128 {
  const magnitude = v128.and(gradient, broadcast(MAGNITUDE_BITS));
  return v128.andnot(gradient, f32x4.lt(magnitude, broadcast(GRADIENT_FLOOR)));
}
