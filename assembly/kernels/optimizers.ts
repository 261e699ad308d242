// Optimizers: one pass over the segments of flat regions. Every optimizer has the same two parts: an export that turns
// its hyperparameters into constants and walks the segments, and a loop over one segment that loads each value once.
//
// θ parameters, g gradients, and the optimizer's slots lie at the same offsets of their own regions. Weight decay is
// decoupled (Loshchilov and Hutter, 2019): θ ← θ − rate·decay·θ before the step, whatever the optimizer.
//
// The loops test at the bottom: V8 keeps constants in registers over such a loop, and builds them anew in every turn of
// one that may not run at all (Adam: 1.25 against 1.75 ns a parameter).

import { SEGMENT_BYTES, SEGMENT_DECAY, SEGMENT_LENGTH, SEGMENT_OFFSET, SEGMENT_RATE_SCALE } from "../shared/layout";
import { storeLanes } from "../simd/lanes";

// Gradients and slots that are smaller count as zero: WebAssembly never flushes denormals, and a decaying slot would
// end among them, where every operation is many times slower. Parameters are left alone.
const TINY: f32 = 1e-30;
const ROOT_TINY: f32 = 1e-15; // whose square is TINY

/**
 * Stochastic gradient descent, Keras's form. velocity 0: θ ← θ − lr·g. Else v ← μ·v − lr·g and θ ← θ + v, or, after
 * Nesterov, θ ← θ + μ·v − lr·g.
 */
export function sgd(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  velocity: usize,
  learningRate: f64,
  momentum: f64,
  nesterov: i32,
): void {
  for (let segment = segments, end = endOf(segments, count); segment < end; segment += SEGMENT_BYTES) {
    const n = lengthOf(segment);
    const at = startOf(segment);
    const rate = rateOf(segment, learningRate);
    const decay = decayOf(segment, learningRate);
    if (velocity == 0) descend(n, params + at, grads + at, rate, decay);
    else descendWithMomentum(n, params + at, grads + at, velocity + at, rate, decay, f32(momentum), nesterov);
  }
}

function descend(n: i32, theta: usize, grad: usize, rate: f32, decay: f32): void {
  if (n <= 0) return;
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  const tiny = f32x4.splat(TINY);
  let left = n;
  do {
    const g = flush(v128.load(grad), tiny);
    const t = shrink(v128.load(theta), decays);
    storeLanes(theta, f32x4.sub(t, f32x4.mul(rates, g)), left);
    theta += 16;
    grad += 16;
    left -= 4;
  } while (left > 0);
}

function descendWithMomentum(
  n: i32,
  theta: usize,
  grad: usize,
  velocity: usize,
  rate: f32,
  decay: f32,
  momentum: f32,
  nesterov: i32,
): void {
  if (n <= 0) return;
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  const momenta = f32x4.splat(momentum);
  const ahead = i32x4.splat(nesterov ? -1 : 0);
  const tiny = f32x4.splat(TINY);
  let left = n;
  do {
    const push = f32x4.mul(rates, flush(v128.load(grad), tiny));
    const v = flush(f32x4.sub(f32x4.mul(momenta, v128.load(velocity)), push), tiny);
    const step = v128.bitselect(f32x4.sub(f32x4.mul(momenta, v), push), v, ahead);
    const t = shrink(v128.load(theta), decays);
    storeLanes(velocity, v, left);
    storeLanes(theta, f32x4.add(t, step), left);
    theta += 16;
    grad += 16;
    velocity += 16;
    left -= 4;
  } while (left > 0);
}

/**
 * Adam (Kingma and Ba, 2015), step t = 1, 2, …: m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v),
 * θ ← θ − lr · m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 *
 * The averages are written as a pull towards the new value because 1 − β, rounded to f32, is exact to 24 bits, where
 * 1 − f32(0.999) has lost ten of them.
 */
export function adam(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  m: usize,
  v: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  step: u32,
): void {
  const correctedRate = learningRate / (1.0 - power(beta1, step));
  const correction = f32(1.0 / sqrt<f64>(1.0 - power(beta2, step)));
  for (let segment = segments, end = endOf(segments, count); segment < end; segment += SEGMENT_BYTES) {
    const at = startOf(segment);
    adapt(
      lengthOf(segment),
      params + at,
      grads + at,
      m + at,
      v + at,
      rateOf(segment, correctedRate),
      decayOf(segment, learningRate),
      f32(1.0 - beta1),
      f32(1.0 - beta2),
      correction,
      f32(epsilon),
    );
  }
}

function adapt(
  n: i32,
  theta: usize,
  grad: usize,
  moment1: usize,
  moment2: usize,
  rate: f32,
  decay: f32,
  pull1: f32,
  pull2: f32,
  correction: f32,
  epsilon: f32,
): void {
  if (n <= 0) return;
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  const pulls1 = f32x4.splat(pull1);
  const pulls2 = f32x4.splat(pull2);
  const corrections = f32x4.splat(correction);
  const epsilons = f32x4.splat(epsilon);
  const tiny = f32x4.splat(TINY);
  const rootTiny = f32x4.splat(ROOT_TINY);
  let left = n;
  do {
    const g = flush(v128.load(grad), tiny);
    const m = flush(pull(v128.load(moment1), g, pulls1), tiny);
    const size = flush(g, rootTiny); // so that its square is no denormal
    const v = flush(pull(v128.load(moment2), f32x4.mul(size, size), pulls2), tiny);
    const t = shrink(v128.load(theta), decays);
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(v), corrections), epsilons);
    storeLanes(moment1, m, left);
    storeLanes(moment2, v, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(f32x4.mul(rates, m), spread)), left);
    theta += 16;
    grad += 16;
    moment1 += 16;
    moment2 += 16;
    left -= 4;
  } while (left > 0);
}

// ── What the loops share ───────────────────────────────────────────────────────────────────────────────────────────

/** x, or 0 where |x| < limit; NaN stays. */
// @ts-ignore: decorator
@inline
function flush(x: v128, limit: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff)); // V8 makes three instructions of f32x4.abs
  return v128.andnot(x, f32x4.lt(magnitude, limit));
}

/** θ − rate·decay·θ. */
// @ts-ignore: decorator
@inline
function shrink(theta: v128, decay: v128): v128 {
  return f32x4.sub(theta, f32x4.mul(decay, theta));
}

/** The moving average: a share of the way to the new value. */
// @ts-ignore: decorator
@inline
function pull(average: v128, value: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(value, average)));
}

/** base^exponent by repeated squaring: the same bits everywhere, which Math.pow does not promise. */
function power(base: f64, exponent: u32): f64 {
  let result: f64 = 1.0;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

// ── Segments ───────────────────────────────────────────────────────────────────────────────────────────────────────

function endOf(segments: usize, count: i32): usize {
  return segments + usize(count) * SEGMENT_BYTES;
}

/** In elements. */
function lengthOf(segment: usize): i32 {
  return load<i32>(segment, SEGMENT_LENGTH);
}

/** In bytes from the start of each region. */
function startOf(segment: usize): usize {
  return usize(load<u32>(segment, SEGMENT_OFFSET)) << 2;
}

function rateOf(segment: usize, learningRate: f64): f32 {
  return f32(learningRate * f64(load<f32>(segment, SEGMENT_RATE_SCALE)));
}

/** The share of θ that one step takes away. */
function decayOf(segment: usize, learningRate: f64): f32 {
  const rate = learningRate * f64(load<f32>(segment, SEGMENT_RATE_SCALE));
  return f32(rate * f64(load<f32>(segment, SEGMENT_DECAY)));
}
