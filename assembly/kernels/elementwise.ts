// Sums and scalings of whole arrays.

import { storeLanes } from "../simd/lanes";
import { zip } from "../simd/map";

class Sum {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.add(a, b);
  }
}

/** c (n) = a (n) + b (n); c may be a or b. */
export function add(n: i32, a: usize, b: usize, c: usize): void {
  zip<Sum>(n, a, b, c, 0);
}

/** y (n) = x (n) · scale + offset, the product rounded first; y may be x. */
export function affine(n: i32, x: usize, y: usize, scale: f32, offset: f32): void {
  const factor = f32x4.splat(scale);
  const term = f32x4.splat(offset);
  for (let rest = n; rest > 0; rest -= 4, x += 16, y += 16) {
    storeLanes(y, f32x4.add(f32x4.mul(v128.load(x), factor), term), rest);
  }
}

/**
 * sums (width) = each column of x (rows, width) added up, one chain in order of the rows that starts from sums
 * (accumulate) or from 0. Sixteen columns at a time: four chains hide each other's latency, and a row is read by the
 * cache line.
 */
export function columnSum(rows: i32, width: i32, x: usize, sums: usize, accumulate: i32): void {
  const pitch = (<usize>width) << 2;
  const zero = f32x4.splat(0);
  let rest = width;
  for (; rest >= 16; rest -= 16, x += 64, sums += 64) {
    let sum0 = accumulate ? v128.load(sums) : zero;
    let sum1 = accumulate ? v128.load(sums, 16) : zero;
    let sum2 = accumulate ? v128.load(sums, 32) : zero;
    let sum3 = accumulate ? v128.load(sums, 48) : zero;
    let row = x;
    for (let i = 0; i < rows; ++i, row += pitch) {
      sum0 = f32x4.add(sum0, v128.load(row));
      sum1 = f32x4.add(sum1, v128.load(row, 16));
      sum2 = f32x4.add(sum2, v128.load(row, 32));
      sum3 = f32x4.add(sum3, v128.load(row, 48));
    }
    v128.store(sums, sum0);
    v128.store(sums, sum1, 16);
    v128.store(sums, sum2, 32);
    v128.store(sums, sum3, 48);
  }
  for (; rest > 0; rest -= 4, x += 16, sums += 16) {
    let sum = accumulate ? v128.load(sums) : zero;
    let row = x;
    for (let i = 0; i < rows; ++i, row += pitch) sum = f32x4.add(sum, v128.load(row));
    storeLanes(sums, sum, rest);
  }
}
