// Sums and scalings of whole arrays.

import { foldColumns, isFar, ColumnSum } from "../simd/columns";
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
 * (accumulate) or from 0.
 */
export function columnSum(rows: i32, width: i32, x: usize, sums: usize, accumulate: i32): void {
  if (!accumulate) memory.fill(sums, 0, (<usize>width) << 2);
  foldColumns<ColumnSum>(rows, width, x, 0, sums, isFar(rows, width));
}
