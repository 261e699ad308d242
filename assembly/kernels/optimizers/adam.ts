// Adam and its kin. Step t = 1, 2, … is that of the update under way.

import { storeLanes } from "../../simd/lanes";
import { flush, magnitude, power, pull, shrink, square, walk } from "./walk";

/**
 * Adam (Kingma and Ba, 2015): m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), θ ← θ − lr · m̂ / (√v̂ + ε) with
 * m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ). With vMax (AMSGrad; Reddi, Kale and Kumar, 2018) the greatest v so far stands in
 * for v in the step.
 */
export function adam(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  m: usize,
  v: usize,
  vMax: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  step: u32,
): void {
  const rate = learningRate / (1.0 - power(beta1, step));
  const correction = f32(1.0 / sqrt<f64>(1.0 - power(beta2, step)));
  const pull1 = f32(1.0 - beta1);
  const pull2 = f32(1.0 - beta2);
  const eps = f32(epsilon);
  if (vMax == 0) {
    walk<Adam>(segments, count, params, grads, m, v, 0, rate, learningRate, pull1, pull2, correction, eps);
  } else {
    walk<AmsGrad>(segments, count, params, grads, m, v, vMax, rate, learningRate, pull1, pull2, correction, eps);
  }
}

class Adam {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    moment1: usize,
    moment2: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    pulls1: v128,
    pulls2: v128,
    corrections: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const m = flush(pull(v128.load(moment1), g, pulls1));
    const v = flush(pull(v128.load(moment2), square(g), pulls2));
    const t = shrink(v128.load(theta), decays);
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(v), corrections), epsilons);
    storeLanes(moment1, m, left);
    storeLanes(moment2, v, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(f32x4.mul(rates, m), spread)), left);
  }
}

class AmsGrad {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    moment1: usize,
    moment2: usize,
    greatest: usize,
    left: i32,
    rates: v128,
    decays: v128,
    pulls1: v128,
    pulls2: v128,
    corrections: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const m = flush(pull(v128.load(moment1), g, pulls1));
    const v = flush(pull(v128.load(moment2), square(g), pulls2));
    const vMax = f32x4.pmax(v128.load(greatest), v);
    const t = shrink(v128.load(theta), decays);
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(vMax), corrections), epsilons);
    storeLanes(moment1, m, left);
    storeLanes(moment2, v, left);
    storeLanes(greatest, vMax, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(f32x4.mul(rates, m), spread)), left);
  }
}

/**
 * Nadam (Dozat, 2016), with Keras's schedule of momentum μₜ = β₁ (1 − ½·0.96ᵗ): m and v as Adam's,
 * θ ← θ − lr · (μₜ₊₁·m / (1 − μ₁…μₜ₊₁) + (1 − μₜ)·g / (1 − μ₁…μₜ)) / (√v̂ + ε).
 */
export function nadam(
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
  const now = momentumOf(beta1, step);
  const next = momentumOf(beta1, step + 1);
  const product = momentumProduct(beta1, step);
  const ofGradient = (1.0 - now) / (1.0 - product);
  const ofMoment = next / (1.0 - product * next);
  // v̂'s correction is taken out of the root, and the gradient's share out of the sum, so that four constants do.
  const uncorrection = sqrt<f64>(1.0 - power(beta2, step));
  const rate = learningRate * ofGradient * uncorrection;
  const ratio = f32(ofMoment / ofGradient);
  const eps = f32(epsilon * uncorrection);
  const pull1 = f32(1.0 - beta1);
  const pull2 = f32(1.0 - beta2);
  walk<Nadam>(segments, count, params, grads, m, v, 0, rate, learningRate, pull1, pull2, ratio, eps);
}

function momentumOf(beta1: f64, step: u32): f64 {
  return beta1 * (1.0 - 0.5 * power(0.96, step));
}

/** μ₁ … μₜ, from the step alone so that nothing is to be saved; the rest counts for nothing once 1 − μ₁ … is 1. */
function momentumProduct(beta1: f64, step: u32): f64 {
  let product: f64 = 1.0;
  let decayed: f64 = 1.0; // 0.96ⁱ
  let i: u32 = 0;
  while (i < step && decayed > 1e-17 && product > 1e-17) {
    decayed *= 0.96;
    product *= beta1 * (1.0 - 0.5 * decayed);
    i += 1;
  }
  return product * power(beta1, step - i);
}

class Nadam {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    moment1: usize,
    moment2: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    pulls1: v128,
    pulls2: v128,
    ratios: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const m = flush(pull(v128.load(moment1), g, pulls1));
    const v = flush(pull(v128.load(moment2), square(g), pulls2));
    const t = shrink(v128.load(theta), decays);
    const ahead = f32x4.mul(rates, f32x4.add(g, f32x4.mul(ratios, m)));
    storeLanes(moment1, m, left);
    storeLanes(moment2, v, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(ahead, f32x4.add(f32x4.sqrt(v), epsilons))), left);
  }
}

/**
 * Adamax (Kingma and Ba, 2015): m as Adam's, u ← max(β₂·u, |g|), θ ← θ − lr · m̂ / (u + ε).
 */
export function adamax(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  m: usize,
  u: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  step: u32,
): void {
  const rate = learningRate / (1.0 - power(beta1, step));
  const pull1 = f32(1.0 - beta1);
  walk<Adamax>(segments, count, params, grads, m, u, 0, rate, learningRate, pull1, f32(beta2), f32(epsilon));
}

class Adamax {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    moment: usize,
    norm: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    pulls: v128,
    betas2: v128,
    epsilons: v128,
    _3: v128,
  ): void {
    const g = flush(v128.load(grad));
    const m = flush(pull(v128.load(moment), g, pulls));
    const u = flush(f32x4.pmax(f32x4.mul(betas2, v128.load(norm)), magnitude(g)));
    const t = shrink(v128.load(theta), decays);
    storeLanes(moment, m, left);
    storeLanes(norm, u, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(f32x4.mul(rates, m), f32x4.add(u, epsilons))), left);
  }
}
