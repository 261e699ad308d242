import { storeLanes } from "../../simd/lanes";
import { flush, shrink, walk } from "./walk";

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
  const mu = f32(momentum);
  if (velocity == 0) walk<Descent>(segments, count, params, grads, 0, 0, 0, learningRate, learningRate);
  else if (nesterov) walk<Nesterov>(segments, count, params, grads, velocity, 0, 0, learningRate, learningRate, mu);
  else walk<Momentum>(segments, count, params, grads, velocity, 0, 0, learningRate, learningRate, mu);
}

class Descent {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    _a: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    _0: v128,
    _1: v128,
    _2: v128,
    _3: v128,
  ): void {
    const g = flush(v128.load(grad));
    const t = shrink(v128.load(theta), decays);
    storeLanes(theta, f32x4.sub(t, f32x4.mul(rates, g)), left);
  }
}

class Momentum {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    velocity: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    momenta: v128,
    _1: v128,
    _2: v128,
    _3: v128,
  ): void {
    const push = f32x4.mul(rates, flush(v128.load(grad)));
    const v = flush(f32x4.sub(f32x4.mul(momenta, v128.load(velocity)), push));
    const t = shrink(v128.load(theta), decays);
    storeLanes(velocity, v, left);
    storeLanes(theta, f32x4.add(t, v), left);
  }
}

class Nesterov {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    velocity: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    momenta: v128,
    _1: v128,
    _2: v128,
    _3: v128,
  ): void {
    const push = f32x4.mul(rates, flush(v128.load(grad)));
    const v = flush(f32x4.sub(f32x4.mul(momenta, v128.load(velocity)), push));
    const t = shrink(v128.load(theta), decays);
    storeLanes(velocity, v, left);
    storeLanes(theta, f32x4.add(t, f32x4.sub(f32x4.mul(momenta, v), push)), left);
  }
}
