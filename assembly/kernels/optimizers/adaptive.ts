// Steps divided by the root of averaged squares of gradients. As in Keras, ε is added under the root.

import { storeLanes } from "../../simd/lanes";
import { flush, pull, shrink, square, walk } from "./walk";

/**
 * Adagrad (Duchi, Hazan and Singer, 2011): s ← s + g², θ ← θ − lr · g / √(s + ε).
 */
export function adagrad(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  sum: usize,
  learningRate: f64,
  epsilon: f64,
): void {
  walk<Adagrad>(segments, count, params, grads, sum, 0, 0, learningRate, learningRate, f32(epsilon));
}

class Adagrad {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    sum: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    epsilons: v128,
    _1: v128,
    _2: v128,
    _3: v128,
  ): void {
    const g = flush(v128.load(grad));
    const s = f32x4.add(v128.load(sum), square(g));
    const t = shrink(v128.load(theta), decays);
    storeLanes(sum, s, left);
    storeLanes(theta, f32x4.sub(t, f32x4.div(f32x4.mul(rates, g), f32x4.sqrt(f32x4.add(s, epsilons)))), left);
  }
}

/**
 * Adadelta (Zeiler, 2012): v ← ρ·v + (1 − ρ)·g², δ = g · √(u + ε) / √(v + ε), u ← ρ·u + (1 − ρ)·δ², θ ← θ − lr · δ.
 */
export function adadelta(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  gradients2: usize,
  deltas2: usize,
  learningRate: f64,
  rho: f64,
  epsilon: f64,
): void {
  const share = f32(1.0 - rho);
  const eps = f32(epsilon);
  walk<Adadelta>(segments, count, params, grads, gradients2, deltas2, 0, learningRate, learningRate, share, eps);
}

class Adadelta {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    gradient2: usize,
    delta2: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    shares: v128,
    epsilons: v128,
    _2: v128,
    _3: v128,
  ): void {
    const g = flush(v128.load(grad));
    const u = v128.load(delta2);
    const v = flush(pull(v128.load(gradient2), square(g), shares));
    const delta = f32x4.mul(g, f32x4.sqrt(f32x4.div(f32x4.add(u, epsilons), f32x4.add(v, epsilons))));
    const t = shrink(v128.load(theta), decays);
    storeLanes(gradient2, v, left);
    storeLanes(delta2, flush(pull(u, square(delta), shares)), left);
    storeLanes(theta, f32x4.sub(t, f32x4.mul(rates, delta)), left);
  }
}

/**
 * RMSprop (Tieleman and Hinton, 2012): v ← ρ·v + (1 − ρ)·g², δ = lr · g / √(v + ε), θ ← θ − δ.
 *
 * With `average` it is centered (Graves, 2013): v is the variance of the gradients, kept as itself rather than as the
 * difference E[g²] − E[g]², which cancels and can fall below zero: v ← ρ·(v + (1 − ρ)·(g − a)²), a ← a + (1 − ρ)(g − a).
 * With `velocity`: w ← μ·w + δ, θ ← θ − w. Either is 0 where it is not wanted.
 */
export function rmsprop(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  squares: usize,
  average: usize,
  velocity: usize,
  learningRate: f64,
  rho: f64,
  momentum: f64,
  epsilon: f64,
): void {
  const share = f32(1.0 - rho);
  const ro = f32(rho);
  const mu = f32(momentum);
  const eps = f32(epsilon);
  const rate = learningRate;
  if (average == 0) {
    if (velocity == 0) walk<RmsProp>(segments, count, params, grads, squares, 0, 0, rate, rate, share, ro, mu, eps);
    else walk<RmsPropMomentum>(segments, count, params, grads, squares, 0, velocity, rate, rate, share, ro, mu, eps);
  } else if (velocity == 0) {
    walk<RmsPropCentered>(segments, count, params, grads, squares, average, 0, rate, rate, share, ro, mu, eps);
  } else {
    walk<RmsPropBoth>(segments, count, params, grads, squares, average, velocity, rate, rate, share, ro, mu, eps);
  }
}

/** v + ε, with v stored. */
// @ts-ignore: decorator
@inline
function spreadOf(g: v128, square2: usize, left: i32, shares: v128, epsilons: v128): v128 {
  const v = flush(pull(v128.load(square2), square(g), shares));
  storeLanes(square2, v, left);
  return f32x4.add(v, epsilons);
}

/** v + ε, with v, the variance, and the average stored. */
// @ts-ignore: decorator
@inline
function centeredSpreadOf(
  g: v128,
  variance: usize,
  average: usize,
  left: i32,
  shares: v128,
  rhos: v128,
  epsilons: v128,
): v128 {
  const a = v128.load(average);
  const apart = square(f32x4.sub(g, a));
  const v = flush(f32x4.mul(rhos, f32x4.add(v128.load(variance), f32x4.mul(shares, apart))));
  storeLanes(variance, v, left);
  storeLanes(average, flush(pull(a, g, shares)), left);
  return f32x4.add(v, epsilons);
}

/** θ − δ */
// @ts-ignore: decorator
@inline
function descend(theta: usize, g: v128, spread: v128, left: i32, rates: v128, decays: v128): void {
  const step = f32x4.div(f32x4.mul(rates, g), f32x4.sqrt(spread));
  storeLanes(theta, f32x4.sub(shrink(v128.load(theta), decays), step), left);
}

/** θ − w, with w stored. */
// @ts-ignore: decorator
@inline
function roll(
  theta: usize,
  g: v128,
  spread: v128,
  velocity: usize,
  left: i32,
  rates: v128,
  decays: v128,
  momenta: v128,
): void {
  const step = f32x4.div(f32x4.mul(rates, g), f32x4.sqrt(spread));
  const w = flush(f32x4.add(f32x4.mul(momenta, v128.load(velocity)), step));
  storeLanes(velocity, w, left);
  storeLanes(theta, f32x4.sub(shrink(v128.load(theta), decays), w), left);
}

class RmsProp {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    square2: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    shares: v128,
    rhos: v128,
    momenta: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const spread = spreadOf(g, square2, left, shares, epsilons);
    descend(theta, g, spread, left, rates, decays);
  }
}

class RmsPropMomentum {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    square2: usize,
    _b: usize,
    velocity: usize,
    left: i32,
    rates: v128,
    decays: v128,
    shares: v128,
    rhos: v128,
    momenta: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const spread = spreadOf(g, square2, left, shares, epsilons);
    roll(theta, g, spread, velocity, left, rates, decays, momenta);
  }
}

class RmsPropCentered {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    variance: usize,
    average: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    shares: v128,
    rhos: v128,
    momenta: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const spread = centeredSpreadOf(g, variance, average, left, shares, rhos, epsilons);
    descend(theta, g, spread, left, rates, decays);
  }
}

class RmsPropBoth {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    variance: usize,
    average: usize,
    velocity: usize,
    left: i32,
    rates: v128,
    decays: v128,
    shares: v128,
    rhos: v128,
    momenta: v128,
    epsilons: v128,
  ): void {
    const g = flush(v128.load(grad));
    const spread = centeredSpreadOf(g, variance, average, left, shares, rhos, epsilons);
    roll(theta, g, spread, velocity, left, rates, decays, momenta);
  }
}
