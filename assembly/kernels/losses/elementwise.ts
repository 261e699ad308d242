// Losses of a prediction p and a target t by themselves, averaged (one of them: summed) over the width. Each is a class
// with the element's loss and its slope by p, and a case in the switch. NaN in p comes out as NaN in both.

import * as Loss from "../../shared/losses";
import { addHigh, addLow, sumChains } from "../../simd/chains";
import { expNonPositive4, tanh4 } from "../../simd/exp";
import { broadcast, firstLanes, flushGradient4, storeLanes } from "../../simd/lanes";
import { log1pOfUnit4, log4 } from "../../simd/log";

/**
 * Σ of the rows' losses, p and t (rows, width); unless `gradient` is 0, gradient (rows, width) = that of scale · Σ; it
 * may stand in the place of p. The parameter is huber's delta.
 */
export function elementwiseLoss(
  code: i32,
  rows: i32,
  width: i32,
  p: usize,
  t: usize,
  gradient: usize,
  parameter: f32,
  scale: f32,
): f64 {
  const n = rows * width;
  const share = scale / <f32>width;
  switch (code) {
    case Loss.LOSS_MEAN_SQUARED_ERROR:
      return sum<SquaredError>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_MEAN_ABSOLUTE_ERROR:
      return sum<AbsoluteError>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_HUBER:
      return sum<Huber>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_LOG_COSH:
      return sum<LogCosh>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_KULLBACK_LEIBLER_DIVERGENCE:
      return sum<KullbackLeibler>(n, p, t, gradient, parameter, scale);
    case Loss.LOSS_POISSON:
      return sum<Poisson>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_HINGE:
      return sum<Hinge>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_SQUARED_HINGE:
      return sum<SquaredHinge>(n, p, t, gradient, parameter, share) / <f64>width;
    case Loss.LOSS_VALUE:
      return sum<Itself>(n, p, t, gradient, parameter, share) / <f64>width;
    default:
      return NaN;
  }
}

/** Σ F.loss over p (n) and t (n), with no tail at a row's end; gradient (n) = F.slope · scale. */
function sum<F>(n: i32, p: usize, t: usize, gradient: usize, parameter: f32, scale: f32): f64 {
  const f = changetype<F>(0);
  const parameters = f32x4.splat(parameter);
  const scales = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let rest = n;
  do {
    const prediction = v128.load(p);
    const target = v128.load(t);
    const loss = v128.and(f.loss(prediction, target, parameters), firstLanes(min(rest, 4)));
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (gradient != 0) {
      const slope = f.slope(prediction, target, parameters);
      storeLanes(gradient, flushGradient4(f32x4.mul(slope, scales)), rest);
      gradient += 16;
    }
    p += 16;
    t += 16;
    rest -= 4;
  } while (rest > 0);
  return sumChains(low, high);
}

const ONE = memory.data<f32>([1]);
const SIGN_BIT = memory.data<u32>([0x80000000]);
const MAGNITUDE_BITS = memory.data<u32>([0x7fffffff]);
const LN2 = memory.data<f32>([0.6931471805599453]);
const EPSILON = memory.data<f32>([1e-7]); // Keras's, for what is divided by or whose logarithm is taken

// @ts-ignore: decorator
@inline
function abs4(x: v128): v128 {
  return v128.and(x, broadcast(MAGNITUDE_BITS));
}
/** v, or NaN where x is NaN: a comparison with NaN would otherwise pick one side. */
// @ts-ignore: decorator
@inline
function orNaN4(v: v128, x: v128): v128 {
  return v128.bitselect(v, x, f32x4.eq(x, x));
}

/** p */
class Itself {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, _t: v128, _: v128): v128 {
    return p;
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, _t: v128, _: v128): v128 {
    return orNaN4(broadcast(ONE), p);
  }
}

/** (p − t)² */
class SquaredError {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    const error = f32x4.sub(p, t);
    return f32x4.mul(error, error);
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    const error = f32x4.sub(p, t);
    return f32x4.add(error, error);
  }
}

/** |p − t|; its slope at 0 is 0. */
class AbsoluteError {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    return abs4(f32x4.sub(p, t));
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    const error = f32x4.sub(p, t);
    const sign = v128.or(v128.and(error, broadcast(SIGN_BIT)), broadcast(ONE));
    return orNaN4(v128.and(sign, f32x4.ne(error, f32x4.splat(0))), error);
  }
}

/** e²/2 where |e| ≤ δ, δ (|e| − δ/2) beyond, e = p − t. (Huber 1964) */
class Huber {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, delta: v128): v128 {
    const size = abs4(f32x4.sub(p, t));
    const inner = f32x4.pmin(size, delta); // in this order, for NaN: pmin(a, b) is a unless b < a
    // inner · (|e| − inner / 2): e²/2 within, where |e| is the smaller, and δ (|e| − δ/2) beyond
    return f32x4.mul(inner, f32x4.sub(size, f32x4.mul(inner, f32x4.splat(0.5))));
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, delta: v128): v128 {
    const error = f32x4.sub(p, t);
    return f32x4.pmax(f32x4.pmin(error, delta), f32x4.neg(delta));
  }
}

/** log cosh e = |e| + log(1 + e^−2|e|) − log 2, e = p − t. */
class LogCosh {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    const minusAbs = v128.or(f32x4.sub(p, t), broadcast(SIGN_BIT));
    const tail = log1pOfUnit4(expNonPositive4(f32x4.add(minusAbs, minusAbs)));
    return f32x4.sub(f32x4.sub(tail, broadcast(LN2)), minusAbs);
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    return tanh4(f32x4.sub(p, t));
  }
}

/** t log(t / p), both clipped to [ε, 1], as Keras does: outside the slope is 0. (Kullback and Leibler 1951) */
class KullbackLeibler {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    const target = toProbability4(t);
    return f32x4.mul(target, log4(f32x4.div(target, toProbability4(p))));
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    const clipped = toProbability4(p);
    const slope = f32x4.neg(f32x4.div(toProbability4(t), clipped));
    return orNaN4(v128.and(slope, f32x4.eq(clipped, p)), p);
  }
}
// @ts-ignore: decorator
@inline
function toProbability4(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, broadcast(EPSILON)), broadcast(ONE));
}

/** p − t log(p + ε); NaN for p below −ε, which is no rate. */
class Poisson {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    return f32x4.sub(p, f32x4.mul(t, log4(f32x4.add(p, broadcast(EPSILON)))));
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    return f32x4.sub(broadcast(ONE), f32x4.div(t, f32x4.add(p, broadcast(EPSILON))));
  }
}

/** max(1 − t p, 0) with t = ±1; its slope at the corner is 0. */
class Hinge {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    return f32x4.pmax(f32x4.sub(broadcast(ONE), f32x4.mul(t, p)), f32x4.splat(0)); // in this order, for NaN
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    const margin = f32x4.sub(broadcast(ONE), f32x4.mul(t, p));
    return orNaN4(v128.and(f32x4.neg(t), f32x4.gt(margin, f32x4.splat(0))), p);
  }
}

/** max(1 − t p, 0)² */
class SquaredHinge {
  // @ts-ignore: decorator
  @inline
  loss(p: v128, t: v128, _: v128): v128 {
    const margin = f32x4.pmax(f32x4.sub(broadcast(ONE), f32x4.mul(t, p)), f32x4.splat(0));
    return f32x4.mul(margin, margin);
  }
  // @ts-ignore: decorator
  @inline
  slope(p: v128, t: v128, _: v128): v128 {
    const margin = f32x4.pmax(f32x4.sub(broadcast(ONE), f32x4.mul(t, p)), f32x4.splat(0));
    return f32x4.neg(f32x4.mul(t, f32x4.add(margin, margin)));
  }
}
