// Sums over whole arrays in f64, in one fixed order: element i belongs to chain i mod 8, and the chains come together in
// pairs, always the same ones. F is a class without fields whose method `of` makes two f64 terms of the two lower lanes.

import { firstLanes } from "./lanes";

class Square {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    const wide = f64x2.promote_low_f32x4(x);
    return f64x2.mul(wide, wide); // exact
  }
}

class Magnitude {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f64x2.abs(f64x2.promote_low_f32x4(x));
  }
}

/** Σ x² over x (n). */
export function sumOfSquares(n: i32, x: usize): f64 {
  return sum<Square>(n, x);
}

/** Σ |x| over x (n). */
export function sumOfMagnitudes(n: i32, x: usize): f64 {
  return sum<Magnitude>(n, x);
}

function sum<F>(n: i32, x: usize): f64 {
  const f = changetype<F>(0);
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let left = n;
  if (left >= 8) {
    do {
      sum0 = f64x2.add(sum0, f.of(v128.load64_zero(x)));
      sum1 = f64x2.add(sum1, f.of(v128.load64_zero(x, 8)));
      sum2 = f64x2.add(sum2, f.of(v128.load64_zero(x, 16)));
      sum3 = f64x2.add(sum3, f.of(v128.load64_zero(x, 24)));
      x += 32;
      left -= 8;
    } while (left >= 8);
  }
  if (left > 0) {
    const low = v128.and(v128.load(x), firstLanes(min(left, 4)));
    const high = v128.and(v128.load(x, 16), firstLanes(max(left - 4, 0)));
    sum0 = f64x2.add(sum0, f.of(low));
    sum1 = f64x2.add(sum1, f.of(v128.shuffle<f32>(low, low, 2, 3, 2, 3)));
    sum2 = f64x2.add(sum2, f.of(high));
    sum3 = f64x2.add(sum3, f.of(v128.shuffle<f32>(high, high, 2, 3, 2, 3)));
  }
  const all = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  return f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
}
