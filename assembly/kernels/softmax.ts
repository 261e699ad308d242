// Softmax and its logarithm over the rows of a matrix, and their gradients.

import { expNonPositive4 } from "../simd/exp";
import { broadcast, firstLanes, flushGradient4, storeLanes, sumLanes } from "../simd/lanes";
import { logOf } from "../simd/log";
import { rowExp, rowMax } from "../simd/rows";

const MIN_NORMAL = memory.data<f32>([1.1754944e-38]);

/**
 * y (rows, width) = e^(x − max) / Σ e^(x − max) over each row of x (rows, width); y may be x. A logit of −∞ gives 0,
 * what would be denormal is 0, a row with NaN or +∞ is NaN throughout or where +∞ stood.
 */
export function softmax(rows: i32, width: i32, x: usize, y: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, y += pitch) {
    const sum = rowExp(width, x, rowMax(width, x), y);
    const inverse = f32x4.splat(1 / sum);
    let p = y;
    for (let rest = width; rest > 0; rest -= 4, p += 16) {
      const quotient = f32x4.mul(v128.load(p), inverse);
      storeLanes(p, v128.andnot(quotient, f32x4.lt(quotient, broadcast(MIN_NORMAL))), rest);
    }
  }
}

/** dx (rows, width) = y ∘ (dy − Σ dy ∘ y), the sum over each row of dy and y (rows, width); dx may be dy. */
export function softmaxBackward(rows: i32, width: i32, dy: usize, y: usize, dx: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, dy += pitch, y += pitch, dx += pitch) {
    let products = f32x4.splat(0);
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const product = f32x4.mul(v128.load(dy + at), v128.load(y + at));
      products = f32x4.add(products, v128.and(product, firstLanes(min(width - j, 4))));
    }
    const sum = f32x4.splat(sumLanes(products));
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const gradient = f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), sum));
      storeLanes(dx + at, flushGradient4(gradient), width - j);
    }
  }
}

/**
 * y (rows, width) = x − max − ln Σ e^(x − max) over each row of x (rows, width); y may be x. A logit of −∞ gives −∞, a
 * row with NaN or +∞ is NaN throughout.
 */
export function logSoftmax(rows: i32, width: i32, x: usize, y: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, y += pitch) {
    const max = rowMax(width, x);
    const shift = f32x4.splat(max);
    const logSum = f32x4.splat(logOf(rowExp(width, x, max, 0)));
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      storeLanes(y + at, f32x4.sub(f32x4.sub(v128.load(x + at), shift), logSum), width - j);
    }
  }
}

/** dx (rows, width) = dy − e^y · Σ dy, the sum over each row of dy (rows, width); dx may be dy. */
export function logSoftmaxBackward(rows: i32, width: i32, dy: usize, y: usize, dx: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, dy += pitch, y += pitch, dx += pitch) {
    let sums = f32x4.splat(0);
    for (let j = 0; j < width; j += 4) {
      sums = f32x4.add(sums, v128.and(v128.load(dy + ((<usize>j) << 2)), firstLanes(min(width - j, 4))));
    }
    const sum = f32x4.splat(sumLanes(sums));
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const share = f32x4.mul(expNonPositive4(v128.load(y + at)), sum);
      storeLanes(dx + at, flushGradient4(f32x4.sub(v128.load(dy + at), share)), width - j);
    }
  }
}
