// Sums down the columns of a matrix: one chain a column, in order of the rows, whatever walk is taken. Rows are read along: a
// column at a time would fetch every cache line many times. F is a class without fields, inlined into a loop of its own; what
// its `parameter` does not load, the loop does not either.

import { storeLanes } from "./lanes";

/** Beyond so many bytes, a matrix no longer lies in the second cache. */
const LARGE_BYTES: usize = 1 << 20;
const PAGE: usize = 4096;

/**
 * Whether rows must come from beyond it, and are to be walked one by one: prefetchers follow one stream a page. Where no
 * prefetching is needed, several rows at a time share the loads and stores of the sums (67 against 40 GB/s).
 */
// @ts-ignore: decorator
@inline
export function isFar(rows: i32, width: i32): bool {
  return <usize>rows * ((<usize>width) << 2) > LARGE_BYTES;
}

/** sums (width) = F.at(sums, a, p) for each row of a (rows, width) in order, with p (width), from what stands in sums. */
export function foldColumns<F>(rows: i32, width: i32, a: usize, p: usize, sums: usize, far: bool): void {
  if (width <= 0) return;
  if (width <= 16) return foldNarrow<F>(rows, width, a, p, sums);
  const pitch = (<usize>width) << 2;
  let left = rows;
  if (!far) {
    for (; left >= 8; left -= 8, a += 8 * pitch) foldEight<F>(pitch, a, p, sums);
  } else if (pitch > PAGE / 8 && pitch <= PAGE / 2) {
    for (; left >= 4; left -= 2, a += 2 * pitch) foldTwo<F>(pitch, a, p, sums, a + 2 * pitch);
  }
  for (; left > 0; left--, a += pitch) foldOne<F>(pitch, a, p, sums);
}

/** Σ a */
export class ColumnSum {
  // @ts-ignore: decorator
  @inline
  parameter(_: usize): v128 {
    return f32x4.splat(0);
  }
  // @ts-ignore: decorator
  @inline
  at(sum: v128, a: v128, _: v128): v128 {
    return f32x4.add(sum, a);
  }
}

/** Up to sixteen columns keep their sums in registers; vectors that are too many are the last one again. */
function foldNarrow<F>(rows: i32, width: i32, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const pitch = (<usize>width) << 2;
  const last = (pitch - 1) & ~15;
  const second = min<usize>(16, last);
  const third = min<usize>(32, last);
  const p0 = f.parameter(p);
  const p1 = f.parameter(p + second);
  const p2 = f.parameter(p + third);
  const p3 = f.parameter(p + last);
  let sum0 = v128.load(sums);
  let sum1 = v128.load(sums + second);
  let sum2 = v128.load(sums + third);
  let sum3 = v128.load(sums + last);
  for (let left = rows; left > 0; left--, a += pitch) {
    sum0 = f.at(sum0, v128.load(a), p0);
    sum1 = f.at(sum1, v128.load(a + second), p1);
    sum2 = f.at(sum2, v128.load(a + third), p2);
    sum3 = f.at(sum3, v128.load(a + last), p3);
  }
  storeLanes(sums, sum0, width);
  if (width > 4) storeLanes(sums + 16, sum1, width - 4);
  if (width > 8) storeLanes(sums + 32, sum2, width - 8);
  if (width > 12) storeLanes(sums + 48, sum3, width - 12);
}

function foldOne<F>(pitch: usize, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  for (const last = end - 31; sums < last; sums += 32, a += 32, p += 32) {
    const low = f.at(v128.load(sums), v128.load(a), f.parameter(p));
    const high = f.at(v128.load(sums, 16), v128.load(a, 16), f.parameter(p + 16));
    v128.store(sums, low);
    v128.store(sums, high, 16);
  }
  for (; sums < end; sums += 16, a += 16, p += 16) {
    storeLanes(sums, f.at(v128.load(sums), v128.load(a), f.parameter(p)), <i32>((end - sums) >> 2));
  }
}

/**
 * Two rows a turn, and the next two are fetched meanwhile: one load a line, in order of the lines, which prefetchers do follow.
 * No optimizer removes a load whose value nobody wants, since it may trap.
 */
function foldTwo<F>(pitch: usize, a: usize, p: usize, sums: usize, ahead: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  for (const last = end - 31; sums < last; sums += 32, a += 32, p += 32, ahead += 64) {
    v128.load(ahead);
    const p0 = f.parameter(p);
    const p1 = f.parameter(p + 16);
    const low = f.at(v128.load(sums), v128.load(a), p0);
    const high = f.at(v128.load(sums, 16), v128.load(a, 16), p1);
    v128.store(sums, f.at(low, v128.load(a + pitch), p0));
    v128.store(sums, f.at(high, v128.load(a + pitch, 16), p1), 16);
  }
  for (; sums < end; sums += 16, a += 16, p += 16) {
    const parameter = f.parameter(p);
    const sum = f.at(v128.load(sums), v128.load(a), parameter);
    storeLanes(sums, f.at(sum, v128.load(a + pitch), parameter), <i32>((end - sums) >> 2));
  }
}

/** Eight rows a turn, over which a sum stays in its register. */
function foldEight<F>(pitch: usize, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  const half = pitch << 2;
  do {
    const parameter = f.parameter(p);
    const other = a + half;
    let sum = v128.load(sums);
    sum = f.at(sum, v128.load(a), parameter);
    sum = f.at(sum, v128.load(a + pitch), parameter);
    sum = f.at(sum, v128.load(a + 2 * pitch), parameter);
    sum = f.at(sum, v128.load(a + 3 * pitch), parameter);
    sum = f.at(sum, v128.load(other), parameter);
    sum = f.at(sum, v128.load(other + pitch), parameter);
    sum = f.at(sum, v128.load(other + 2 * pitch), parameter);
    sum = f.at(sum, v128.load(other + 3 * pitch), parameter);
    storeLanes(sums, sum, <i32>((end - sums) >> 2));
    a += 16;
    p += 16;
    sums += 16;
  } while (sums < end);
}

/** The same of two matrices: sums (width) = F.at(sums, a, b, p). */
export function foldPairs<F>(rows: i32, width: i32, a: usize, b: usize, p: usize, sums: usize, far: bool): void {
  if (width <= 0) return;
  const pitch = (<usize>width) << 2;
  let left = rows;
  if (!far) for (; left >= 4; left -= 4, a += 4 * pitch, b += 4 * pitch) foldFourPairs<F>(pitch, a, b, p, sums);
  for (; left > 0; left--, a += pitch, b += pitch) foldOnePair<F>(pitch, a, b, p, sums);
}

function foldFourPairs<F>(pitch: usize, a: usize, b: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  do {
    const parameter = f.parameter(p);
    let sum = v128.load(sums);
    sum = f.at(sum, v128.load(a), v128.load(b), parameter);
    sum = f.at(sum, v128.load(a + pitch), v128.load(b + pitch), parameter);
    sum = f.at(sum, v128.load(a + 2 * pitch), v128.load(b + 2 * pitch), parameter);
    sum = f.at(sum, v128.load(a + 3 * pitch), v128.load(b + 3 * pitch), parameter);
    storeLanes(sums, sum, <i32>((end - sums) >> 2));
    a += 16;
    b += 16;
    p += 16;
    sums += 16;
  } while (sums < end);
}

function foldOnePair<F>(pitch: usize, a: usize, b: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  for (const last = end - 31; sums < last; sums += 32, a += 32, b += 32, p += 32) {
    const low = f.at(v128.load(sums), v128.load(a), v128.load(b), f.parameter(p));
    const high = f.at(v128.load(sums, 16), v128.load(a, 16), v128.load(b, 16), f.parameter(p + 16));
    v128.store(sums, low);
    v128.store(sums, high, 16);
  }
  for (; sums < end; sums += 16, a += 16, b += 16, p += 16) {
    const sum = f.at(v128.load(sums), v128.load(a), v128.load(b), f.parameter(p));
    storeLanes(sums, sum, <i32>((end - sums) >> 2));
  }
}
