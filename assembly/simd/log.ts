// Logarithms of four lanes: plain IEEE arithmetic, so the same bits everywhere. Each states its worst error over all
// inputs (LANEWISE_SWEEP=full npx vitest run test/kernels/math.test.ts). NaN comes out as NaN.

import { broadcast } from "./lanes";

const ONE = memory.data<f32>([1]);
const TWO = memory.data<f32>([2]);
const HALF = memory.data<f32>([0.5]);
const INFINITE = memory.data<f32>([Infinity]);
const NEGATIVE_INFINITE = memory.data<f32>([-Infinity]);
const MIN_NORMAL = memory.data<f32>([1.1754944e-38]);

const SQRT_HALF_BITS = memory.data<u32>([0x3f3504f3]);
const ONE_LESS_SQRT_HALF_BITS = memory.data<u32>([0x3f800000 - 0x3f3504f3]);
const SIGNIFICAND_BITS = memory.data<u32>([0x007fffff]);
const EXPONENT_BIAS = memory.data<i32>([127]);
const DENORMAL_SCALE = memory.data<f32>([8388608]); // 2²³
const DENORMAL_EXPONENT = memory.data<f32>([23]);
const LOG_LN2_HIGH = memory.data<f32>([6.9313812256e-1]);
const LOG_LN2_LOW = memory.data<f32>([9.0580006145e-6]);
const L1 = memory.data<f32>([0.66666662693]);
const L2 = memory.data<f32>([0.40000972152]);
const L3 = memory.data<f32>([0.28498786688]);
const L4 = memory.data<f32>([0.24279078841]);

/**
 * ln x: 0.84 ULP, denormals included; −∞ at 0, NaN below. x = 2^k (1 + f) with 1 + f in [√½, √2), s = f / (2 + f),
 * ln(1 + f) = f − f²/2 + s (f²/2 + R(s²)): FreeBSD's e_logf.c, four lanes at once.
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, broadcast(MIN_NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, broadcast(DENORMAL_SCALE)), x, small);
  const bits = i32x4.add(normal, broadcast(ONE_LESS_SQRT_HALF_BITS));
  const exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), broadcast(EXPONENT_BIAS)));
  const k = f32x4.sub(exponent, v128.and(small, broadcast(DENORMAL_EXPONENT)));
  const significand = i32x4.add(v128.and(bits, broadcast(SIGNIFICAND_BITS)), broadcast(SQRT_HALF_BITS));
  const f = f32x4.sub(significand, broadcast(ONE));
  const s = f32x4.div(f, f32x4.add(broadcast(TWO), f));
  const z = f32x4.mul(s, s);
  const w = f32x4.mul(z, z);
  const even = f32x4.mul(w, f32x4.add(broadcast(L2), f32x4.mul(w, broadcast(L4))));
  const odd = f32x4.mul(z, f32x4.add(broadcast(L1), f32x4.mul(w, broadcast(L3))));
  const halfSquare = f32x4.mul(broadcast(HALF), f32x4.mul(f, f));
  let y = f32x4.mul(s, f32x4.add(halfSquare, f32x4.add(even, odd)));
  y = f32x4.sub(f32x4.add(y, f32x4.mul(k, broadcast(LOG_LN2_LOW))), halfSquare);
  y = f32x4.add(f32x4.add(y, f), f32x4.mul(k, broadcast(LOG_LN2_HIGH)));

  const zero = f32x4.splat(0);
  y = v128.or(y, f32x4.lt(x, zero)); // all bits set: NaN
  y = v128.bitselect(broadcast(NEGATIVE_INFINITE), y, f32x4.eq(x, zero));
  return v128.bitselect(y, x, f32x4.lt(x, broadcast(INFINITE))); // ∞ and NaN as they are
}

const Q0 = memory.data<f32>([0.33333206]);
const Q1 = memory.data<f32>([0.2001085]);
const Q2 = memory.data<f32>([0.13999571]);
const Q3 = memory.data<f32>([0.14012226]);

/**
 * ln(1 + x) for x in [0, 1]: 1.98 ULP. Twice the inverse hyperbolic tangent of s = x / (2 + x) ≤ ⅓:
 * 2s (1 + s² Q(s²)), Q fitted by us to a relative error of 4.5e-9.
 */
// @ts-ignore: decorator
@inline
export function log1pOfUnit4(x: v128): v128 {
  const s = f32x4.div(x, f32x4.add(broadcast(TWO), x));
  const z = f32x4.mul(s, s);
  let q = f32x4.add(f32x4.mul(broadcast(Q3), z), broadcast(Q2));
  q = f32x4.add(f32x4.mul(q, z), broadcast(Q1));
  q = f32x4.add(f32x4.mul(q, z), broadcast(Q0));
  const twice = f32x4.add(s, s);
  return f32x4.add(twice, f32x4.mul(twice, f32x4.mul(z, q)));
}

/** ln x of one number, with log4's bits. */
// @ts-ignore: decorator
@inline
export function logOf(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}
