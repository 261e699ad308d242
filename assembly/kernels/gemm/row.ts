// A single row times a matrix: with one row of sums there is nothing to share a load of b with, and b is read where it lies. Where
// b is small, strips of as many columns as the registers hold go down it; where it outgrows the first cache, four of its rows
// at a time are added to all of y, so that memory is read in order (784 × 300: 25 → 20 µs).

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

/** Of b: 64 KB. */
const MOST_IN_STRIPS = 16384;

// y (n) += a (4) · b (4, n), one row of b after the other
function addFourRows(n: i32, a: usize, b: usize, bStep: usize, y: usize): void {
  const x0 = v128.load_splat<f32>(a);
  const x1 = v128.load_splat<f32>(a, 4);
  const x2 = v128.load_splat<f32>(a, 8);
  const x3 = v128.load_splat<f32>(a, 12);
  let b1 = b + bStep;
  let b2 = b1 + bStep;
  let b3 = b2 + bStep;
  for (; n > 0; n -= 8) {
    let low = multiplyAdd(v128.load(y), x0, v128.load(b));
    let high = multiplyAdd(v128.load(y, 16), x0, v128.load(b, 16));
    low = multiplyAdd(low, x1, v128.load(b1));
    high = multiplyAdd(high, x1, v128.load(b1, 16));
    low = multiplyAdd(low, x2, v128.load(b2));
    high = multiplyAdd(high, x2, v128.load(b2, 16));
    low = multiplyAdd(low, x3, v128.load(b3));
    high = multiplyAdd(high, x3, v128.load(b3, 16));
    if (n >= 8) {
      v128.store(y, low);
      v128.store(y, high, 16);
    } else {
      storeLanes(y, low, n);
      if (n > 4) storeLanes(y + 16, high, n - 4);
    }
    y += 32;
    b += 32;
    b1 += 32;
    b2 += 32;
    b3 += 32;
  }
}

// y (N) = start (N) + a (K) · b (K, N), bStep bytes from k to k; startStride is 4 where every column has a start of its own,
// 0 for zeros
// prettier-ignore
export function rowTimesMatrix(n: i32, k: i32, a: usize, b: usize, bStep: usize, start: usize, startStride: usize, y: usize): void {
  if (n > 64 && k >= 4 && n * k > MOST_IN_STRIPS) {
    if (startStride == 0) memory.fill(y, 0, (<usize>n) << 2);
    else if (start != y) memory.copy(y, start, (<usize>n) << 2);
    for (; k >= 4; k -= 4) {
      addFourRows(n, a, b, bStep, y);
      a += 16;
      b += bStep << 2;
    }
    if (k == 0) return;
    start = y; // the last one to three rows go on from here
    startStride = 4;
  }
  let j = 0;
  for (; j + 32 <= n; j += 32)
    row32(k, a, b + ((<usize>j) << 2), bStep, start + <usize>j * startStride, y + ((<usize>j) << 2));
  for (; j < n; j += 16)
    row16(n - j, k, a, b + ((<usize>j) << 2), bStep, start + <usize>j * startStride, y + ((<usize>j) << 2));
}
