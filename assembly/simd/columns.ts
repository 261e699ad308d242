// Walks over matrices whose columns have something in common: sums down each column, or a function with parameters of
// its own for each. Rows are read along, some at a time: a column at a time would fetch every cache line many times. F is a
// class without fields, inlined into a loop of its own.

import { storeLanes } from "./lanes";

/**
 * sums (width) = F.at(sums, a, p) for each row of a (rows, width) in order, with p (width): one chain a column, whatever
 * else the walk does, from what stands in sums.
 */
export function foldColumns<F>(rows: i32, width: i32, a: usize, p: usize, sums: usize): void {
  if (width <= 0) return;
  const pitch = (<usize>width) << 2;
  let left = rows;
  for (; left >= 8; left -= 8, a += 8 * pitch) foldEight<F>(width, pitch, a, p, sums);
  if (left > 0) foldFew<F>(left, width, pitch, a, p, sums);
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

function foldFew<F>(rows: i32, width: i32, pitch: usize, a: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  for (let rest = width; rest > 0; rest -= 4, a += 16, p += 16, sums += 16) {
    const parameter = v128.load(p);
    let sum = v128.load(sums);
    let at = a;
    let left = rows;
    do {
      sum = f.at(sum, v128.load(at), parameter);
      at += pitch;
    } while (--left > 0);
    storeLanes(sums, sum, rest);
  }
}

/** The same of two matrices: sums (width) = F.at(sums, a, b, p). */
export function foldPairs<F>(rows: i32, width: i32, a: usize, b: usize, p: usize, sums: usize): void {
  if (width <= 0) return;
  const pitch = (<usize>width) << 2;
  let left = rows;
  for (; left >= 4; left -= 4, a += 4 * pitch, b += 4 * pitch) foldFourPairs<F>(pitch, a, b, p, sums);
  if (left > 0) foldFewPairs<F>(left, width, pitch, a, b, p, sums);
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

function foldFewPairs<F>(rows: i32, width: i32, pitch: usize, a: usize, b: usize, p: usize, sums: usize): void {
  const f = changetype<F>(0);
  for (let rest = width; rest > 0; rest -= 4, a += 16, b += 16, p += 16, sums += 16) {
    const parameter = v128.load(p);
    let sum = v128.load(sums);
    let at: usize = 0;
    let left = rows;
    do {
      sum = f.at(sum, v128.load(a + at), v128.load(b + at), parameter);
      at += pitch;
    } while (--left > 0);
    storeLanes(sums, sum, rest);
  }
}
