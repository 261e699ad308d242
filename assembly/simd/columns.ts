// Sums down the columns of a matrix. Rows are read along: a column at a time would fetch every cache line many times. F is a
// class without fields, inlined into a loop of its own.

import { storeLanes } from "./lanes";

/**
 * Beyond so many bytes, rows are read one by one: prefetchers follow one stream a page, and a matrix of this size no longer
 * lies in the second cache. Within it, several rows share the loads and stores of the sums (67 against 30 GB/s).
 */
export const LARGE_BYTES: usize = 1 << 20;

/**
 * sums (width) = F.at(sums, a, p) for each row of a (rows, width) in order, with p (width): one chain a column, whatever
 * else the walk does, from what stands in sums.
 */
export function foldColumns<F>(rows: i32, width: i32, a: usize, p: usize, sums: usize): void {
  if (width <= 0) return;
  const pitch = (<usize>width) << 2;
  const large = <usize>rows * pitch > LARGE_BYTES;
  let left = rows;
  if (!large) for (; left >= 8; left -= 8, a += 8 * pitch) foldEight<F>(width, pitch, a, p, sums);
  for (; left > 0; left--, a += pitch) foldOne<F>(pitch, a, p, sums);
}

function foldOne<F>(pitch: usize, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  for (const last = end - 31; sums < last; sums += 32, a += 32, p += 32) {
    const low = f.at(v128.load(sums), v128.load(a), v128.load(p));
    const high = f.at(v128.load(sums, 16), v128.load(a, 16), v128.load(p, 16));
    v128.store(sums, low);
    v128.store(sums, high, 16);
  }
  for (; sums < end; sums += 16, a += 16, p += 16) {
    storeLanes(sums, f.at(v128.load(sums), v128.load(a), v128.load(p)), <i32>((end - sums) >> 2));
  }
}

/** Eight rows a turn, over which a sum stays in its register. */
function foldEight<F>(width: i32, pitch: usize, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  const half = pitch << 2;
  do {
    const parameter = v128.load(p);
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
export function foldPairs<F>(rows: i32, width: i32, a: usize, b: usize, p: usize, sums: usize): void {
  if (width <= 0) return;
  const pitch = (<usize>width) << 2;
  const large = <usize>rows * pitch > LARGE_BYTES;
  let left = rows;
  if (!large) {
    for (; left >= 4; left -= 4, a += 4 * pitch, b += 4 * pitch) foldFourPairs<F>(pitch, a, b, p, sums);
  }
  for (; left > 0; left--, a += pitch, b += pitch) foldOnePair<F>(pitch, a, b, p, sums);
}

function foldFourPairs<F>(pitch: usize, a: usize, b: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  const end = sums + pitch;
  do {
    const parameter = v128.load(p);
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
    const low = f.at(v128.load(sums), v128.load(a), v128.load(b), v128.load(p));
    const high = f.at(v128.load(sums, 16), v128.load(a, 16), v128.load(b, 16), v128.load(p, 16));
    v128.store(sums, low);
    v128.store(sums, high, 16);
  }
  for (; sums < end; sums += 16, a += 16, b += 16, p += 16) {
    const sum = f.at(v128.load(sums), v128.load(a), v128.load(b), v128.load(p));
    storeLanes(sums, sum, <i32>((end - sums) >> 2));
  }
}
