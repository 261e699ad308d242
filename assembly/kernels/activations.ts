// Elementwise activations. Each is one class, y = f(x) and dx = dy · f′ with f′ from the output y wherever that is as
// exact, so that a product can apply f in place, else from the input x; and one case in `apply`. NaN comes out as NaN.

import {
  ACTIVATION_CELU,
  ACTIVATION_ELU,
  ACTIVATION_EXPONENTIAL,
  ACTIVATION_GELU,
  ACTIVATION_GELU_TANH,
  ACTIVATION_HARD_SIGMOID,
  ACTIVATION_HARD_SILU,
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_LINEAR,
  ACTIVATION_MISH,
  ACTIVATION_RELU,
  ACTIVATION_RELU6,
  ACTIVATION_SELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
  FUNCTION_ABS,
  FUNCTION_LOG,
  FUNCTION_RECIPROCAL,
  FUNCTION_SQRT,
} from "../shared/activations";
import { exp4, expm1NonPositive4, expNonPositive4, sigmoid4, sigmoidFrom4, tanh4 } from "../simd/exp";
import { broadcast, flushGradient4, MAGNITUDE_BITS, SIGN_BIT } from "../simd/lanes";
import { log1pOfUnit4, log4 } from "../simd/log";
import { map, zip } from "../simd/map";
import { gaussian4, normalCdf4 } from "../simd/normal";

/** y (n) = f(x (n)); y may be x. */
export function activationForward(code: i32, n: i32, x: usize, y: usize, alpha: f32): void {
  if (code != ACTIVATION_LINEAR) apply(code, n, x, 0, y, alpha);
  else if (x != y) memory.copy(y, x, (<usize>n) << 2);
}

/** dx (n) = dy (n) · f′, from saved (n): y or x. Below 1e-30 it is flushed to zero; dx may be dy. */
export function activationBackward(code: i32, n: i32, dy: usize, saved: usize, dx: usize, alpha: f32): void {
  apply(code, n, dy, saved, dx, alpha);
}

/** Forward where nothing is saved, else backward. */
function apply(code: i32, n: i32, from: usize, saved: usize, to: usize, alpha: f32): void {
  switch (code) {
    case ACTIVATION_LINEAR:
      return either<Linear>(n, from, saved, to, alpha);
    case ACTIVATION_RELU:
      return either<Relu>(n, from, saved, to, alpha);
    case ACTIVATION_SIGMOID:
      return either<Sigmoid>(n, from, saved, to, alpha);
    case ACTIVATION_TANH:
      return either<Tanh>(n, from, saved, to, alpha);
    case ACTIVATION_ELU:
      return either<Elu>(n, from, saved, to, alpha);
    case ACTIVATION_HARD_SIGMOID:
      return either<HardSigmoid>(n, from, saved, to, alpha);
    case ACTIVATION_RELU6:
      return either<Relu6>(n, from, saved, to, alpha);
    case ACTIVATION_LEAKY_RELU:
      return either<LeakyRelu>(n, from, saved, to, alpha);
    case ACTIVATION_SELU:
      return either<Selu>(n, from, saved, to, alpha);
    case ACTIVATION_CELU:
      return either<Celu>(n, from, saved, to, alpha);
    case ACTIVATION_GELU:
      return either<Gelu>(n, from, saved, to, alpha);
    case ACTIVATION_GELU_TANH:
      return either<GeluTanh>(n, from, saved, to, alpha);
    case ACTIVATION_SILU:
      return either<Silu>(n, from, saved, to, alpha);
    case ACTIVATION_SOFTPLUS:
      return either<Softplus>(n, from, saved, to, alpha);
    case ACTIVATION_SOFTSIGN:
      return either<Softsign>(n, from, saved, to, alpha);
    case ACTIVATION_HARD_SILU:
      return either<HardSilu>(n, from, saved, to, alpha);
    case ACTIVATION_EXPONENTIAL:
      return either<Exponential>(n, from, saved, to, alpha);
    case ACTIVATION_MISH:
      return either<Mish>(n, from, saved, to, alpha);
    case FUNCTION_LOG:
      return either<Log>(n, from, saved, to, alpha);
    case FUNCTION_SQRT:
      return either<Sqrt>(n, from, saved, to, alpha);
    case FUNCTION_ABS:
      return either<Abs>(n, from, saved, to, alpha);
    case FUNCTION_RECIPROCAL:
      return either<Reciprocal>(n, from, saved, to, alpha);
  }
}

function either<F>(n: i32, from: usize, saved: usize, to: usize, alpha: f32): void {
  // @ts-ignore: a constant of the build for inference alone
  if (!isDefined(FORWARD_ONLY)) {
    if (saved != 0) return zip<Backward<F>>(n, from, saved, to, alpha);
  }
  map<Forward<F>>(n, from, to, alpha);
}

class Forward<F> {
  // @ts-ignore: decorator
  @inline
  at(x: v128, alpha: v128): v128 {
    return changetype<F>(0).forward(x, alpha);
  }
}
class Backward<F> {
  // @ts-ignore: decorator
  @inline
  at(dy: v128, saved: v128, alpha: v128): v128 {
    return flushGradient4(changetype<F>(0).backward(dy, saved, alpha));
  }
}

// ── Constants ───────────────────────────────────────────────────────────────────────────────────────────────────────

const HALF = memory.data<f32>([0.5]);
const ONE = memory.data<f32>([1]);
const THREE = memory.data<f32>([3]);
const SIX = memory.data<f32>([6]);
const THIRD = memory.data<f32>([0.3333333333333333]);
const SIXTH = memory.data<f32>([0.16666666666666666]);
const INVERSE_SQRT_TWO_PI = memory.data<f32>([0.3989422804014327]);
const SELU_SCALE = memory.data<f32>([1.0507009873554805]);
const SELU_SCALE_ALPHA = memory.data<f32>([1.7580993408473766]);
const GELU_TANH_LINEAR = memory.data<f32>([1.5957691216057308]); // 2 √(2/π)
const GELU_TANH_CUBIC = memory.data<f32>([0.07135481282553148]); // 2 √(2/π) · 0.044715
const INFINITE = memory.data<f32>([Infinity]);
const FAR = memory.data<f32>([104]);
const MINUS_FAR = memory.data<f32>([-104]);

// @ts-ignore: decorator
@inline
function positive4(x: v128): v128 {
  return f32x4.gt(x, f32x4.splat(0));
}

/** relu6(x + 3). pmax and pmin in this order, for NaN: pmax(a, b) is a unless a < b. */
// @ts-ignore: decorator
@inline
function hardStep4(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.add(x, broadcast(THREE)), f32x4.splat(0)), broadcast(SIX));
}

/** x, or −104 where it is below: there x times a gate that has become 0 is 0, also for x = −∞. */
// @ts-ignore: decorator
@inline
function boundedBelow4(x: v128): v128 {
  return f32x4.pmax(x, broadcast(MINUS_FAR));
}

/** x in ±104, beyond which the derivatives of the gated activations have become 0 and 1. */
// @ts-ignore: decorator
@inline
function bounded4(x: v128): v128 {
  return f32x4.pmin(boundedBelow4(x), broadcast(FAR));
}

/** e^−|x| */
// @ts-ignore: decorator
@inline
function expOfMinusAbs4(x: v128): v128 {
  return expNonPositive4(v128.or(x, broadcast(SIGN_BIT)));
}

/** σ′ = e / (1 + e)² with e = e^−|x|: nothing cancels. */
// @ts-ignore: decorator
@inline
function sigmoidSlope4(e: v128): v128 {
  const d = f32x4.add(broadcast(ONE), e);
  return f32x4.div(e, f32x4.mul(d, d));
}

// ── Saturating ──────────────────────────────────────────────────────────────────────────────────────────────────────

class Linear {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return x;
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, _y: v128, _alpha: v128): v128 {
    return dy;
  }
}

class Sigmoid {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return sigmoid4(x);
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
  }
}

class Tanh {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return tanh4(x);
  }
  // 1 − y² as a product, which keeps its accuracy where y is close to ±1.
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    const one = f32x4.splat(1);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

class HardSigmoid {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.mul(hardStep4(x), broadcast(SIXTH));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return v128.and(f32x4.mul(dy, broadcast(SIXTH)), v128.and(positive4(y), f32x4.lt(y, broadcast(ONE))));
  }
}

/** x / (1 + |x|); the sign of x where |x| is so large that this would be ∞ / ∞ */
class Softsign {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    const magnitude = v128.and(x, broadcast(MAGNITUDE_BITS));
    const y = f32x4.div(x, f32x4.add(broadcast(ONE), magnitude));
    const limit = v128.bitselect(x, broadcast(ONE), broadcast(SIGN_BIT));
    return v128.bitselect(limit, y, f32x4.eq(magnitude, broadcast(INFINITE)));
  }
  // From x: 1 − |y| has lost its digits where |x| is large.
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const d = f32x4.add(broadcast(ONE), v128.and(x, broadcast(MAGNITUDE_BITS)));
    return f32x4.div(f32x4.div(dy, d), d);
  }
}

// ── Rectified ───────────────────────────────────────────────────────────────────────────────────────────────────────

class Relu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0)); // in this order, for NaN
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return v128.and(dy, positive4(y));
  }
}

class Relu6 {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), broadcast(SIX));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return v128.and(dy, v128.and(positive4(y), f32x4.lt(y, broadcast(SIX))));
  }
}

/** slope ≥ 0, or y would not tell on which side of zero x was */
class LeakyRelu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, slope: v128): v128 {
    return v128.bitselect(x, f32x4.mul(slope, x), positive4(x));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, slope: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, slope), positive4(y));
  }
}

/** alpha ≥ 0 */
class Elu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, alpha: v128): v128 {
    return v128.bitselect(x, f32x4.mul(alpha, expm1NonPositive4(x)), positive4(x));
  }
  // Below zero alpha · e^x = y + alpha. At zero alpha, so that with alpha 0 this is the gradient of ReLU.
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, alpha: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, alpha)), positive4(y));
  }
}

class Selu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    const below = f32x4.mul(broadcast(SELU_SCALE_ALPHA), expm1NonPositive4(x));
    return v128.bitselect(f32x4.mul(broadcast(SELU_SCALE), x), below, positive4(x));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    const below = f32x4.add(y, broadcast(SELU_SCALE_ALPHA));
    return f32x4.mul(dy, v128.bitselect(broadcast(SELU_SCALE), below, positive4(y)));
  }
}

/** alpha > 0 */
class Celu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, alpha: v128): v128 {
    return v128.bitselect(x, f32x4.mul(alpha, expm1NonPositive4(f32x4.div(x, alpha))), positive4(x));
  }
  // Below zero e^(x / alpha) = (y + alpha) / alpha.
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, alpha: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.div(f32x4.add(y, alpha), alpha)), positive4(y));
  }
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|) */
class Softplus {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1pOfUnit4(expOfMinusAbs4(x)));
  }
  // σ(x) = 1 − e^−y
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return f32x4.mul(dy, f32x4.neg(expm1NonPositive4(f32x4.neg(y))));
  }
}

class Exponential {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return exp4(x);
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _alpha: v128): v128 {
    return f32x4.mul(dy, y);
  }
}

// ── Gated: x times something from 0 to 1, the derivative from x ─────────────────────────────────────────────────────

class HardSilu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.mul(boundedBelow4(x), f32x4.mul(hardStep4(x), broadcast(SIXTH)));
  }
  // 0 up to −3, x / 3 + 1/2 between, 1 from 3 on
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const inner = f32x4.add(f32x4.mul(x, broadcast(THIRD)), broadcast(HALF));
    const slope = v128.bitselect(broadcast(ONE), inner, f32x4.ge(x, broadcast(THREE)));
    return v128.andnot(f32x4.mul(dy, slope), f32x4.le(x, f32x4.neg(broadcast(THREE))));
  }
}

/** x · σ(x) */
class Silu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    return f32x4.mul(boundedBelow4(x), sigmoid4(x));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const bounded = bounded4(x);
    const e = expOfMinusAbs4(bounded);
    return f32x4.mul(dy, f32x4.add(sigmoidFrom4(bounded, e), f32x4.mul(bounded, sigmoidSlope4(e))));
  }
}

/** x · Φ(x), Φ being the cumulative distribution of the normal: within 1e-6, or 2 ULP where that is more */
class Gelu {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    const bounded = boundedBelow4(x);
    return f32x4.mul(bounded, normalCdf4(bounded, gaussian4(bounded)));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const bounded = bounded4(x);
    const gaussian = gaussian4(bounded);
    const density = f32x4.mul(gaussian, broadcast(INVERSE_SQRT_TWO_PI));
    return f32x4.mul(dy, f32x4.add(normalCdf4(bounded, gaussian), f32x4.mul(bounded, density)));
  }
}

/** x/2 · (1 + tanh u) = x · σ(2u) with u = √(2/π) · (x + 0.044715 x³) */
class GeluTanh {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    const bounded = boundedBelow4(x);
    return f32x4.mul(bounded, sigmoid4(this.gate(bounded)));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const bounded = bounded4(x);
    const gate = this.gate(bounded);
    const e = expOfMinusAbs4(gate);
    const cubic = f32x4.mul(f32x4.mul(bounded, bounded), broadcast(GELU_TANH_CUBIC));
    const gateSlope = f32x4.add(f32x4.mul(broadcast(THREE), cubic), broadcast(GELU_TANH_LINEAR));
    const rise = f32x4.mul(f32x4.mul(bounded, gateSlope), sigmoidSlope4(e));
    return f32x4.mul(dy, f32x4.add(sigmoidFrom4(gate, e), rise));
  }
  /** 2u */
  // @ts-ignore: decorator
  @inline
  gate(x: v128): v128 {
    const cubic = f32x4.mul(f32x4.mul(x, x), broadcast(GELU_TANH_CUBIC));
    return f32x4.mul(x, f32x4.add(cubic, broadcast(GELU_TANH_LINEAR)));
  }
}

const TWO = memory.data<f32>([2]);
const MISH_FAR = memory.data<f32>([40]); // from here on the gate is 1; e² would soon be denormal

/**
 * x · tanh(ln(1 + e^x)) = x · p / q with, for e = e^−|x|, p = e (e + 2) and q = p + 2 below zero, p = 1 + 2e and q = p + 2e²
 * above: nothing cancels.
 */
class Mish {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _alpha: v128): v128 {
    const bounded = this.bounded(x);
    const e = expOfMinusAbs4(bounded);
    const p = this.p(bounded, e);
    return f32x4.mul(boundedBelow4(x), f32x4.div(p, f32x4.add(p, this.qLessP(bounded, e))));
  }
  // p / q + x · σ(x) · (q − p)(q + p) / q²
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _alpha: v128): v128 {
    const bounded = this.bounded(x);
    const e = expOfMinusAbs4(bounded);
    const p = this.p(bounded, e);
    const qLessP = this.qLessP(bounded, e);
    const q = f32x4.add(p, qLessP);
    const sech2 = f32x4.div(f32x4.mul(qLessP, f32x4.add(q, p)), f32x4.mul(q, q));
    const rise = f32x4.mul(f32x4.mul(bounded, sigmoidFrom4(bounded, e)), sech2);
    return f32x4.mul(dy, f32x4.add(f32x4.div(p, q), rise));
  }
  // @ts-ignore: decorator
  @inline
  bounded(x: v128): v128 {
    return f32x4.pmin(boundedBelow4(x), broadcast(MISH_FAR));
  }
  // @ts-ignore: decorator
  @inline
  p(x: v128, e: v128): v128 {
    const below = f32x4.mul(e, f32x4.add(e, broadcast(TWO)));
    const above = f32x4.add(broadcast(ONE), f32x4.add(e, e));
    return v128.bitselect(below, above, f32x4.lt(x, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline
  qLessP(x: v128, e: v128): v128 {
    const above = f32x4.mul(f32x4.add(e, e), e);
    return v128.bitselect(broadcast(TWO), above, f32x4.lt(x, f32x4.splat(0)));
  }
}

// ── Functions of layers of one's own ────────────────────────────────────────────────────────────────────────────────

/** ln x; dx = dy / x */
class Log {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _: v128): v128 {
    return log4(x);
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _: v128): v128 {
    return f32x4.div(dy, x);
  }
}

/** √x; dx = dy / 2y */
class Sqrt {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _: v128): v128 {
    return f32x4.sqrt(x);
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _: v128): v128 {
    return f32x4.div(dy, f32x4.add(y, y));
  }
}

/** |x|; its derivative at 0 is 0 */
class Abs {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _: v128): v128 {
    return v128.and(x, broadcast(MAGNITUDE_BITS));
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, x: v128, _: v128): v128 {
    const signed = v128.xor(dy, v128.and(x, broadcast(SIGN_BIT)));
    return v128.andnot(signed, f32x4.eq(x, f32x4.splat(0)));
  }
}

/** 1 / x; dx = −dy · y² */
class Reciprocal {
  // @ts-ignore: decorator
  @inline
  forward(x: v128, _: v128): v128 {
    return f32x4.div(broadcast(ONE), x);
  }
  // @ts-ignore: decorator
  @inline
  backward(dy: v128, y: v128, _: v128): v128 {
    return f32x4.neg(f32x4.mul(dy, f32x4.mul(y, y)));
  }
}
