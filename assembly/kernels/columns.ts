// Moves between a matrix and some of its columns, or one number a row.

import { firstLanes, sumLanes, storeLanes } from "../simd/lanes";
import { rowMax } from "../simd/rows";

/** Columns offset … offset + width of y (rows, pitch) = x (rows, width). */
export function placeColumns(rows: i32, width: i32, pitch: i32, x: usize, y: usize, offset: i32): void {
  copyRows(rows, (<usize>width) << 2, x, (<usize>width) << 2, y + ((<usize>offset) << 2), (<usize>pitch) << 2);
}

/** y (rows, width) = columns offset … offset + width of x (rows, pitch). */
export function sliceColumns(rows: i32, width: i32, pitch: i32, x: usize, y: usize, offset: i32): void {
  copyRows(rows, (<usize>width) << 2, x + ((<usize>offset) << 2), (<usize>pitch) << 2, y, (<usize>width) << 2);
}

function copyRows(rows: i32, bytes: usize, from: usize, fromPitch: usize, to: usize, toPitch: usize): void {
  for (let i = 0; i < rows; ++i, from += fromPitch, to += toPitch) memory.copy(to, from, bytes);
}

/** y (rows, width) = x (rows), each number along its row. */
export function spread(rows: i32, width: i32, x: usize, y: usize): void {
  for (let i = 0; i < rows; ++i, x += 4) {
    const value = v128.load32_splat(x);
    for (let rest = width; rest > 0; rest -= 4) {
      storeLanes(y, value, rest);
      y += rest < 4 ? (<usize>rest) << 2 : 16;
    }
  }
}

/** sums (rows) = Σ of each row of x (rows, width): lane j mod 4 adds element j, then the lanes in sumLanes's order. */
export function rowSum(rows: i32, width: i32, x: usize, sums: usize): void {
  for (let i = 0; i < rows; ++i, sums += 4) {
    let sum = f32x4.splat(0);
    let rest = width;
    for (; rest >= 4; rest -= 4, x += 16) sum = f32x4.add(sum, v128.load(x));
    if (rest > 0) {
      sum = f32x4.add(sum, v128.and(v128.load(x), firstLanes(rest)));
      x += (<usize>rest) << 2;
    }
    store<f32>(sums, sumLanes(sum));
  }
}

/** maxima (rows) = the greatest of each row of x (rows, width). NaN is passed over. */
export function rowMaxima(rows: i32, width: i32, x: usize, maxima: usize): void {
  for (let i = 0; i < rows; ++i, maxima += 4, x += (<usize>width) << 2) store<f32>(maxima, rowMax(width, x));
}
