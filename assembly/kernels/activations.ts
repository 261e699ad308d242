// Elementwise activations. Each is a pair of classes, y = f(x) and dx = dy · f′(x) with f′ from the output y, and a case
// in either switch. NaN comes out as NaN.

import {
  ACTIVATION_ELU,
  ACTIVATION_LINEAR,
  ACTIVATION_RELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_TANH,
} from "../shared/activations";
import { expm1NonPositive4, sigmoid4, tanh4 } from "../simd/exp";
import { flushGradient4 } from "../simd/lanes";
import { map, zip } from "../simd/map";

/** y (n) = f(x (n)); y may be x. */
export function activationForward(code: i32, n: i32, x: usize, y: usize, alpha: f32): void {
  switch (code) {
    case ACTIVATION_LINEAR:
      if (x != y) memory.copy(y, x, (<usize>n) << 2);
      return;
    case ACTIVATION_RELU:
      return map<Relu>(n, x, y, alpha);
    case ACTIVATION_SIGMOID:
      return map<Sigmoid>(n, x, y, alpha);
    case ACTIVATION_TANH:
      return map<Tanh>(n, x, y, alpha);
    case ACTIVATION_ELU:
      return map<Elu>(n, x, y, alpha);
  }
}

/** dx (n) = dy (n) · f′, from the saved output y (n), below 1e-30 flushed to zero; dx may be dy. */
export function activationBackward(code: i32, n: i32, dy: usize, saved: usize, dx: usize, alpha: f32): void {
  switch (code) {
    case ACTIVATION_LINEAR:
      return zip<Flushed<LinearGradient>>(n, dy, saved, dx, alpha);
    case ACTIVATION_RELU:
      return zip<Flushed<ReluGradient>>(n, dy, saved, dx, alpha);
    case ACTIVATION_SIGMOID:
      return zip<Flushed<SigmoidGradient>>(n, dy, saved, dx, alpha);
    case ACTIVATION_TANH:
      return zip<Flushed<TanhGradient>>(n, dy, saved, dx, alpha);
    case ACTIVATION_ELU:
      return zip<Flushed<EluGradient>>(n, dy, saved, dx, alpha);
  }
}

class Flushed<Gradient> {
  // @ts-ignore: decorator
  @inline
  at(dy: v128, y: v128, alpha: v128): v128 {
    return flushGradient4(changetype<Gradient>(0).at(dy, y, alpha));
  }
}

class LinearGradient {
  // @ts-ignore: decorator
  @inline
  at(dy: v128, _y: v128, _alpha: v128): v128 {
    return dy;
  }
}

class Relu {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _alpha: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0)); // in this order, for NaN: pmax(a, b) is a unless a < b
  }
}
class ReluGradient {
  // @ts-ignore: decorator
  @inline
  at(dy: v128, y: v128, _alpha: v128): v128 {
    return v128.and(dy, f32x4.gt(y, f32x4.splat(0)));
  }
}

class Sigmoid {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _alpha: v128): v128 {
    return sigmoid4(x);
  }
}
class SigmoidGradient {
  // @ts-ignore: decorator
  @inline
  at(dy: v128, y: v128, _alpha: v128): v128 {
    return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
  }
}

class Tanh {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _alpha: v128): v128 {
    return tanh4(x);
  }
}
class TanhGradient {
  // 1 − y² as a product, which keeps its accuracy where y is close to ±1.
  // @ts-ignore: decorator
  @inline
  at(dy: v128, y: v128, _alpha: v128): v128 {
    const one = f32x4.splat(1);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

/** x above zero, alpha · (e^x − 1) below, alpha ≥ 0. (Clevert, Unterthiner and Hochreiter, 2015) */
class Elu {
  // @ts-ignore: decorator
  @inline
  at(x: v128, alpha: v128): v128 {
    return v128.bitselect(x, f32x4.mul(alpha, expm1NonPositive4(x)), f32x4.gt(x, f32x4.splat(0)));
  }
}
class EluGradient {
  // Below zero alpha · e^x = y + alpha. At zero alpha, so that with alpha 0 this is the gradient of ReLU.
  // @ts-ignore: decorator
  @inline
  at(dy: v128, y: v128, alpha: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, alpha)), f32x4.gt(y, f32x4.splat(0)));
  }
}
