// PReLU: a leaky ReLU whose slope below zero is learned, one for each column. (He, Zhang, Ren and Sun, 2015)

import { ACTIVATION_LEAKY_RELU } from "../shared/activations";
import { foldPairs, isFar } from "../simd/columns";
import { flushGradient4, storeLanes } from "../simd/lanes";
import { activationBackward, activationForward } from "./activations";

/** y (rows, width) = x where x (rows, width) > 0, else alpha (width) · x; y may be x. */
export function prelu(rows: i32, width: i32, x: usize, alpha: usize, y: usize): void {
  if (width == 1) return activationForward(ACTIVATION_LEAKY_RELU, rows, x, y, load<f32>(alpha));
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, y += pitch) {
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const value = v128.load(x + at);
      const below = f32x4.mul(v128.load(alpha + at), value);
      storeLanes(y + at, v128.bitselect(value, below, f32x4.gt(value, f32x4.splat(0))), width - j);
    }
  }
}

/** dx (rows, width) = dy where x > 0, else alpha (width) · dy, of dy and x (rows, width); dx may be dy. */
export function preluBackward(rows: i32, width: i32, dy: usize, x: usize, alpha: usize, dx: usize): void {
  if (width == 1) return activationBackward(ACTIVATION_LEAKY_RELU, rows, dy, x, dx, load<f32>(alpha));
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, dy += pitch, x += pitch, dx += pitch) {
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const gradient = v128.load(dy + at);
      const below = f32x4.mul(v128.load(alpha + at), gradient);
      const above = f32x4.gt(v128.load(x + at), f32x4.splat(0));
      storeLanes(dx + at, flushGradient4(v128.bitselect(gradient, below, above)), width - j);
    }
  }
}

/**
 * sums (width) = each column of dy ∘ min(x, 0) added up, dy and x (rows, width): one chain in order of the rows that
 * starts from sums (accumulate) or from 0.
 */
export function preluAlphaBackward(rows: i32, width: i32, dy: usize, x: usize, sums: usize, accumulate: i32): void {
  if (!accumulate) memory.fill(sums, 0, (<usize>width) << 2);
  foldPairs<Below>(rows, width, dy, x, 0, sums, isFar(rows, width));
}

/** Σ dy · min(x, 0) */
class Below {
  // @ts-ignore: decorator
  @inline
  parameter(_: usize): v128 {
    return f32x4.splat(0);
  }
  // @ts-ignore: decorator
  @inline
  at(sum: v128, dy: v128, x: v128, _: v128): v128 {
    const below = f32x4.pmin(x, f32x4.splat(0)); // in this order, for NaN
    return f32x4.add(sum, flushGradient4(f32x4.mul(dy, below)));
  }
}
