// Long sums in f64: element i goes to chain i mod 4, the chains run in order of i and come together at the end.

import { firstLanes } from "./lanes";

/** Adds the first two lanes of v. */
// @ts-ignore: decorator
@inline
export function addLow(chains: v128, v: v128): v128 {
  return f64x2.add(chains, f64x2.promote_low_f32x4(v));
}
/** Adds the last two lanes of v. */
// @ts-ignore: decorator
@inline
export function addHigh(chains: v128, v: v128): v128 {
  return f64x2.add(chains, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
}
/** (c0 + c1) + (c2 + c3). */
// @ts-ignore: decorator
@inline
export function sumChains(low: v128, high: v128): f64 {
  return (
    f64x2.extract_lane(low, 0) +
    f64x2.extract_lane(low, 1) +
    (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))
  );
}

/** Σ x · y over x (n) and y (n); the products are exact. */
export function dotInF64(n: i32, x: usize, y: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let rest = n;
  do {
    const inside = firstLanes(min(rest, 4));
    const a = v128.and(v128.load(x), inside);
    const b = v128.and(v128.load(y), inside);
    const aHigh = v128.shuffle<f32>(a, a, 2, 3, 2, 3);
    const bHigh = v128.shuffle<f32>(b, b, 2, 3, 2, 3);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)));
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(aHigh), f64x2.promote_low_f32x4(bHigh)));
    x += 16;
    y += 16;
    rest -= 4;
  } while (rest > 0);
  return sumChains(low, high);
}
