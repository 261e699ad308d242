// A single row times a matrix: with one row of sums there is nothing to share a load of b with, so the tile is as wide
// as the registers allow, and b is read where it lies.

import { storeLanes } from "../../simd/lanes";
import { multiplyAdd } from "./micro";

// y (1, 32) = start (1, 32) + a (1, k) · b (k, 32), bStep bytes from k to k
function row32(k: i32, a: usize, b: usize, bStep: usize, start: usize, y: usize): void {
  let c0 = v128.load(start);
  let c1 = v128.load(start, 16);
  let c2 = v128.load(start, 32);
  let c3 = v128.load(start, 48);
  let c4 = v128.load(start, 64);
  let c5 = v128.load(start, 80);
  let c6 = v128.load(start, 96);
  let c7 = v128.load(start, 112);
  for (; k > 0; k--) {
    const x = v128.load_splat<f32>(a);
    c0 = multiplyAdd(c0, x, v128.load(b));
    c1 = multiplyAdd(c1, x, v128.load(b, 16));
    c2 = multiplyAdd(c2, x, v128.load(b, 32));
    c3 = multiplyAdd(c3, x, v128.load(b, 48));
    c4 = multiplyAdd(c4, x, v128.load(b, 64));
    c5 = multiplyAdd(c5, x, v128.load(b, 80));
    c6 = multiplyAdd(c6, x, v128.load(b, 96));
    c7 = multiplyAdd(c7, x, v128.load(b, 112));
    a += 4;
    b += bStep;
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
  v128.store(y, c4, 64);
  v128.store(y, c5, 80);
  v128.store(y, c6, 96);
  v128.store(y, c7, 112);
}

// The same for 1 to 16 columns; the loads run over the end by up to 60 bytes.
function row16(columns: i32, k: i32, a: usize, b: usize, bStep: usize, start: usize, y: usize): void {
  let c0 = v128.load(start);
  let c1 = v128.load(start, 16);
  let c2 = v128.load(start, 32);
  let c3 = v128.load(start, 48);
  for (; k > 0; k--) {
    const x = v128.load_splat<f32>(a);
    c0 = multiplyAdd(c0, x, v128.load(b));
    c1 = multiplyAdd(c1, x, v128.load(b, 16));
    c2 = multiplyAdd(c2, x, v128.load(b, 32));
    c3 = multiplyAdd(c3, x, v128.load(b, 48));
    a += 4;
    b += bStep;
  }
  storeLanes(y, c0, columns);
  if (columns > 4) storeLanes(y + 16, c1, columns - 4);
  if (columns > 8) storeLanes(y + 32, c2, columns - 8);
  if (columns > 12) storeLanes(y + 48, c3, columns - 12);
}

// y (N) = start (N) + a (K) · b (K, N), bStep bytes from k to k; startStride is 4 where every column has a start of its own,
// 0 for zeros
// prettier-ignore
export function rowTimesMatrix(n: i32, k: i32, a: usize, b: usize, bStep: usize, start: usize, startStride: usize, y: usize): void {
  let j = 0;
  for (; j + 32 <= n; j += 32)
    row32(k, a, b + ((<usize>j) << 2), bStep, start + <usize>j * startStride, y + ((<usize>j) << 2));
  for (; j < n; j += 16)
    row16(n - j, k, a, b + ((<usize>j) << 2), bStep, start + <usize>j * startStride, y + ((<usize>j) << 2));
}
