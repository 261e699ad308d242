// Penalties on weights.

import { storeLanes } from "../simd/lanes";
import { sumOfMagnitudes, sumOfSquares } from "../simd/sums";

/**
 * λ₁ Σ |w| + λ₂ Σ w² over w (n). gradient (n) += λ₁ sign w + 2 λ₂ w unless it is 0, with sign 0 = 0 as in Keras and
 * PyTorch.
 */
export function penalty(n: i32, w: usize, gradient: usize, l1: f32, l2: f32): f64 {
  if (gradient != 0) addGradient(n, w, gradient, l1, 2 * l2);
  const magnitudes = l1 == 0 ? 0 : f64(l1) * sumOfMagnitudes(n, w);
  return l2 == 0 ? magnitudes : magnitudes + f64(l2) * sumOfSquares(n, w);
}

function addGradient(n: i32, w: usize, gradient: usize, l1: f32, slope: f32): void {
  if (n <= 0) return;
  const pulls = f32x4.splat(l1);
  const slopes = f32x4.splat(slope);
  const signBit = i32x4.splat(0x80000000);
  const zero = f32x4.splat(0);
  let left = n;
  do {
    const weight = v128.load(w);
    const pull = v128.and(v128.or(v128.and(weight, signBit), pulls), f32x4.ne(weight, zero));
    const push = f32x4.add(pull, f32x4.mul(slopes, weight));
    storeLanes(gradient, f32x4.add(v128.load(gradient), push), left);
    w += 16;
    gradient += 16;
    left -= 4;
  } while (left > 0);
}
