// The tiles that live in registers: every flop of the matrix products is spent here.
//
// A tile takes c (4, 8) from its start (c itself, the bias, or zeros), adds a (4, k) · b (k, 8) in order of k, one
// multiply and one add each, and stores it: 8 sums, 4 splats of a, 2 vectors of b and 1 product fit the 15 registers
// that V8 has to give on x64. Rows or columns that the matrix does not have are computed from whatever lies there and
// not stored.

import { storeLanes } from "../../simd/lanes";

// @ts-ignore: decorator
@inline
export function multiplyAdd(sum: v128, x: v128, y: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, y, sum) : f32x4.add(sum, f32x4.mul(x, y));
}

/** A row of a tile: 1 to 8 columns. */
// @ts-ignore: decorator
@inline
function storeRow(y: usize, left: v128, right: v128, columns: i32): void {
  if (columns >= 8) {
    v128.store(y, left);
    v128.store(y, right, 16);
  } else {
    storeLanes(y, left, columns);
    if (columns > 4) storeLanes(y + 16, right, columns - 4);
  }
}

/** The float at address + 4 · index in every lane, with the offset in the instruction: TurboFan folds no addition. */
// @ts-ignore: decorator
@inline
function splatAt(address: usize, index: i32): v128 {
  if (index == 0) return v128.load_splat<f32>(address);
  if (index == 1) return v128.load_splat<f32>(address, 4);
  if (index == 2) return v128.load_splat<f32>(address, 8);
  return v128.load_splat<f32>(address, 12);
}

/** Element (i, q) of the left operand in every lane: q steps along a row in place, or i along a step of a panel. */
// @ts-ignore: decorator
@inline
function splat(inRows: bool, panel: usize, i: i32, row: usize, q: i32): v128 {
  return inRows ? splatAt(row, q) : splatAt(panel, i);
}

/**
 * Never true: no operand lies at address 0. The branch keeps TurboFan (Node 20 and 22) from putting all loads of a step
 * before its arithmetic, which leaves the multipliers idle: 74 → 80 % of the peak at 256³.
 */
// @ts-ignore: decorator
@inline
function barrier(address: usize): bool {
  return address == 0;
}

// The one body of all tiles: a strip of c (m, columns), one tile below the other. The first three fold away:
//   whole:  m is a multiple of 4; else m < 4, the one tile at the end
//   inRows: a (m, k) in place, aStep bytes from row to row; else a lies in panels: 4 rows side by side, aStep bytes
//           from k to k (packed, or a transposed matrix in place)
//   wide:   1 to 8 columns, else 1 to 4
// Four steps of k a turn, each with its own way out. V8 checks for interrupts once a turn, and a step that ends in a
// branch cannot be reordered into the next one, which would spill (see docs/decisions/0002-gemm-tiles.md).
// @ts-ignore: decorator
@inline
function strip(
  whole: bool,
  inRows: bool,
  wide: bool,
  m: i32,
  columns: i32,
  k: i32,
  aTiles: usize, // (m, k), aTile bytes from tile to tile
  aStep: usize,
  aTile: usize,
  bTop: usize, // (k, 8), bStep bytes from k to k
  bStep: usize,
  start: usize, // (m, columns), startStep bytes from row to row
  startStep: usize,
  c: usize, // (m, columns), cStep bytes from row to row
  cStep: usize,
): void {
  const end = bTop + <usize>k * bStep;
  for (;;) {
    const rows = whole ? 4 : m;
    // A row that is not there reads the one before it again.
    const s1 = rows > 1 ? start + startStep : start;
    const s2 = rows > 2 ? s1 + startStep : s1;
    const s3 = rows > 3 ? s2 + startStep : s2;
    let c00 = v128.load(start);
    let c01 = wide ? v128.load(start, 16) : c00;
    let c10 = v128.load(s1);
    let c11 = wide ? v128.load(s1, 16) : c10;
    let c20 = v128.load(s2);
    let c21 = wide ? v128.load(s2, 16) : c20;
    let c30 = v128.load(s3);
    let c31 = wide ? v128.load(s3, 16) : c30;

    let a = aTiles;
    let a1 = rows > 1 ? a + aStep : a;
    let a2 = rows > 2 ? a1 + aStep : a1;
    let a3 = rows > 3 ? a2 + aStep : a2;

    let b = bTop;
    let x0: v128, x1: v128, x2: v128, x3: v128, y: v128, z: v128;
    for (;;) {
      y = v128.load(b);
      z = wide ? v128.load(b, 16) : y;
      x0 = splat(inRows, a, 0, a, 0);
      c00 = multiplyAdd(c00, x0, y);
      if (wide) c01 = multiplyAdd(c01, x0, z);
      if (barrier(a)) break;
      x1 = splat(inRows, a, 1, a1, 0);
      c10 = multiplyAdd(c10, x1, y);
      if (wide) c11 = multiplyAdd(c11, x1, z);
      if (barrier(a)) break;
      x2 = splat(inRows, a, 2, a2, 0);
      c20 = multiplyAdd(c20, x2, y);
      if (wide) c21 = multiplyAdd(c21, x2, z);
      if (barrier(a)) break;
      x3 = splat(inRows, a, 3, a3, 0);
      c30 = multiplyAdd(c30, x3, y);
      if (wide) c31 = multiplyAdd(c31, x3, z);
      b += bStep;
      if (b == end) break;
      if (!inRows) a += aStep;

      y = v128.load(b);
      z = wide ? v128.load(b, 16) : y;
      x0 = splat(inRows, a, 0, a, 1);
      c00 = multiplyAdd(c00, x0, y);
      if (wide) c01 = multiplyAdd(c01, x0, z);
      if (barrier(a)) break;
      x1 = splat(inRows, a, 1, a1, 1);
      c10 = multiplyAdd(c10, x1, y);
      if (wide) c11 = multiplyAdd(c11, x1, z);
      if (barrier(a)) break;
      x2 = splat(inRows, a, 2, a2, 1);
      c20 = multiplyAdd(c20, x2, y);
      if (wide) c21 = multiplyAdd(c21, x2, z);
      if (barrier(a)) break;
      x3 = splat(inRows, a, 3, a3, 1);
      c30 = multiplyAdd(c30, x3, y);
      if (wide) c31 = multiplyAdd(c31, x3, z);
      b += bStep;
      if (b == end) break;
      if (!inRows) a += aStep;

      y = v128.load(b);
      z = wide ? v128.load(b, 16) : y;
      x0 = splat(inRows, a, 0, a, 2);
      c00 = multiplyAdd(c00, x0, y);
      if (wide) c01 = multiplyAdd(c01, x0, z);
      if (barrier(a)) break;
      x1 = splat(inRows, a, 1, a1, 2);
      c10 = multiplyAdd(c10, x1, y);
      if (wide) c11 = multiplyAdd(c11, x1, z);
      if (barrier(a)) break;
      x2 = splat(inRows, a, 2, a2, 2);
      c20 = multiplyAdd(c20, x2, y);
      if (wide) c21 = multiplyAdd(c21, x2, z);
      if (barrier(a)) break;
      x3 = splat(inRows, a, 3, a3, 2);
      c30 = multiplyAdd(c30, x3, y);
      if (wide) c31 = multiplyAdd(c31, x3, z);
      b += bStep;
      if (b == end) break;
      if (!inRows) a += aStep;

      y = v128.load(b);
      z = wide ? v128.load(b, 16) : y;
      x0 = splat(inRows, a, 0, a, 3);
      c00 = multiplyAdd(c00, x0, y);
      if (wide) c01 = multiplyAdd(c01, x0, z);
      if (barrier(a)) break;
      x1 = splat(inRows, a, 1, a1, 3);
      c10 = multiplyAdd(c10, x1, y);
      if (wide) c11 = multiplyAdd(c11, x1, z);
      if (barrier(a)) break;
      x2 = splat(inRows, a, 2, a2, 3);
      c20 = multiplyAdd(c20, x2, y);
      if (wide) c21 = multiplyAdd(c21, x2, z);
      if (barrier(a)) break;
      x3 = splat(inRows, a, 3, a3, 3);
      c30 = multiplyAdd(c30, x3, y);
      if (wide) c31 = multiplyAdd(c31, x3, z);
      b += bStep;
      if (b == end) break;

      if (inRows) {
        a += 16;
        a1 += 16;
        a2 += 16;
        a3 += 16;
      } else {
        a += aStep;
      }
    }

    storeRow(c, c00, c01, columns);
    if (rows > 1) storeRow((c += cStep), c10, c11, columns);
    if (rows > 2) storeRow((c += cStep), c20, c21, columns);
    if (rows > 3) storeRow((c += cStep), c30, c31, columns);
    if (!whole) return;
    m -= 4;
    if (m == 0) return;
    c += cStep;
    start = s3 + startStep;
    aTiles += aTile;
  }
}

// Whole tiles; the last strip of a matrix may have 5 to 7 columns.
// prettier-ignore
export function wholeInRows(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(true, true, true, m, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
}
// prettier-ignore
export function wholeInPanels(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(true, false, true, m, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
}

// 1 to 4 columns, as the matrix has them.
// prettier-ignore
export function narrowInRows(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(true, true, false, m, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
}
// prettier-ignore
export function narrowInPanels(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(true, false, false, m, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
}

// The last 1 to 3 rows.
// prettier-ignore
export function lastInRows(m: i32, columns: i32, k: i32, a: usize, aStep: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(false, true, true, m, columns, k, a, aStep, 0, b, bStep, start, startStep, c, cStep);
}
// prettier-ignore
export function lastInPanel(m: i32, columns: i32, k: i32, a: usize, aStep: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  strip(false, false, true, m, columns, k, a, aStep, 0, b, bStep, start, startStep, c, cStep);
}
