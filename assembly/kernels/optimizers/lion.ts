import { storeLanes } from "../../simd/lanes";
import { flush, pull, shrink, walk } from "./walk";

/**
 * Lion (Chen et al., 2023): θ ← θ − lr · sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g; sign(0) = 0.
 */
export function lion(
  segments: usize,
  count: i32,
  params: usize,
  grads: usize,
  m: usize,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
): void {
  const pull1 = f32(1.0 - beta1);
  const pull2 = f32(1.0 - beta2);
  walk<Lion>(segments, count, params, grads, m, 0, 0, learningRate, learningRate, pull1, pull2);
}

class Lion {
  // @ts-ignore: decorator
  @inline
  at(
    theta: usize,
    grad: usize,
    moment: usize,
    _b: usize,
    _c: usize,
    left: i32,
    rates: v128,
    decays: v128,
    pulls1: v128,
    pulls2: v128,
    _2: v128,
    _3: v128,
  ): void {
    const g = flush(v128.load(grad));
    const m = v128.load(moment);
    const direction = pull(m, g, pulls1);
    const sign = v128.and(direction, f32x4.splat(-0.0));
    const step = v128.and(v128.or(rates, sign), f32x4.ne(direction, f32x4.splat(0)));
    const t = shrink(v128.load(theta), decays);
    storeLanes(moment, flush(pull(m, g, pulls2)), left);
    storeLanes(theta, f32x4.sub(t, step), left);
  }
}
