// What all optimizers share: one pass over the segments of flat regions. Every optimizer has the same two parts: a rule,
// which updates four parameters and loads each value once, and an export that turns its hyperparameters into the
// rule's constants and walks the segments.
//
// θ parameters, g gradients, and the optimizer's slots lie at the same offsets of their own regions. Weight decay is
// decoupled (Loshchilov and Hutter, 2019): θ ← θ − rate·decay·θ before the step, whatever the optimizer.

import { ELEMENTS_UNIT, partEnd, partStart } from "../../part";
import { SEGMENT_BYTES, SEGMENT_DECAY, SEGMENT_LENGTH, SEGMENT_OFFSET, SEGMENT_RATE_SCALE } from "../../shared/layout";

/**
 * Walks the segments. `rate` is the learning rate with whatever the optimizer multiplies it by, `learningRate` the bare
 * one, that decay goes by. Rule is a class without fields; each gets a loop of its own, with `at` inlined:
 *
 *   at(theta, grad, a, b, c: usize, left: i32, rates, decays, k0 … k3: v128): void
 *
 * with the addresses of four elements of each region (slots that it does not have: anything), how many elements are left,
 * the segment's rate and decay, and the rule's constants.
 */
export function walk<Rule>(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  a: usize,
  b: usize,
  c: usize,
  rate: f64,
  learningRate: f64,
  k0: f32 = 0,
  k1: f32 = 0,
  k2: f32 = 0,
  k3: f32 = 0,
): void {
  const end = segments + usize(count) * SEGMENT_BYTES;
  for (let segment = segments; segment < end; segment += SEGMENT_BYTES) {
    const length = load<i32>(segment, SEGMENT_LENGTH);
    const first = partStart(length, ELEMENTS_UNIT);
    const n = partEnd(length, ELEMENTS_UNIT) - first;
    const at = usize(load<u32>(segment, SEGMENT_OFFSET) + first) << 2;
    const scale = f64(load<f32>(segment, SEGMENT_RATE_SCALE));
    const decay = f32(learningRate * scale * f64(load<f32>(segment, SEGMENT_DECAY)));
    sweep<Rule>(n, params + at, grads + at, a + at, b + at, c + at, f32(rate * scale), decay, k0, k1, k2, k3);
  }
}

/** One segment: theta, grad, a, b, c (n). */
function sweep<Rule>(
  n: i32,
  theta: usize,
  grad: usize,
  a: usize,
  b: usize,
  c: usize,
  rate: f32,
  decay: f32,
  k0: f32,
  k1: f32,
  k2: f32,
  k3: f32,
): void {
  if (n <= 0) return;
  const rule = changetype<Rule>(0);
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  const c0 = f32x4.splat(k0);
  const c1 = f32x4.splat(k1);
  const c2 = f32x4.splat(k2);
  const c3 = f32x4.splat(k3);
  let left = n;
  // The test is at the bottom: V8 keeps constants in registers over such a loop, and builds them anew in every turn of
  // one that may not run at all (Adam: 1.25 against 1.75 ns a parameter).
  do {
    rule.at(theta, grad, a, b, c, left, rates, decays, c0, c1, c2, c3);
    theta += 16;
    grad += 16;
    a += 16;
    b += 16;
    c += 16;
    left -= 4;
  } while (left > 0);
}

// ── What the rules share ───────────────────────────────────────────────────────────────────────────────────────────

// Gradients and slots that are smaller count as zero: WebAssembly never flushes denormals, and a decaying slot would
// end among them, where every operation is many times slower. Parameters are left alone.
const TINY: f32 = 1e-30;
const ROOT_TINY: f32 = 1e-15; // whose square is TINY

/** x, or 0 where |x| < 1e-30; NaN stays. */
// @ts-ignore: decorator
@inline
export function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(magnitude(x), f32x4.splat(TINY)));
}

/** x², where x² is at least 1e-30, else 0. */
// @ts-ignore: decorator
@inline
export function square(x: v128): v128 {
  const size = v128.andnot(x, f32x4.lt(magnitude(x), f32x4.splat(ROOT_TINY))); // first: a denormal product is slow
  return f32x4.mul(size, size);
}

/** |x|: one instruction, where V8 makes three of f32x4.abs. */
// @ts-ignore: decorator
@inline
export function magnitude(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x7fffffff));
}

/** θ − rate·decay·θ. */
// @ts-ignore: decorator
@inline
export function shrink(theta: v128, decay: v128): v128 {
  return f32x4.sub(theta, f32x4.mul(decay, theta));
}

/**
 * The moving average: a share of the way to the new value. It is written as a pull, with the share 1 − β, because that,
 * rounded to f32, is exact to 24 bits, where 1 − f32(0.999) has lost ten of them.
 */
// @ts-ignore: decorator
@inline
export function pull(average: v128, value: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(value, average)));
}

/** base^exponent by repeated squaring: the same bits everywhere, which Math.pow does not promise. */
export function power(base: f64, exponent: u32): f64 {
  let result: f64 = 1.0;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}
