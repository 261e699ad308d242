// e^x and its kin of four lanes: plain IEEE arithmetic, so the same bits everywhere.
//
// Each states its worst error over all 2³² inputs (LANEWISE_SWEEP=full npx vitest run test/kernels/math.test.ts).
// NaN comes out as NaN. No result of exp or sigmoid is denormal: what would be, is zero.

import { broadcast, SIGN_BIT } from "./lanes";

const ONE = memory.data<f32>([1]);
const TWO = memory.data<f32>([2]);
const INFINITE = memory.data<f32>([Infinity]);

// ── e^x = 2^n · e^r ────────────────────────────────────────────────────────────────────────────────────────────────
//
// n = round(x / ln 2), |r| ≤ ln 2 / 2, r = x − n · ln 2 with ln 2 in two parts (Cephes, expf.c): n · LN2_HIGH is exact,
// since LN2_HIGH has nine significant bits and n has eight. e^r − 1 = r + r² · P(r) with P of degree 4, fitted by us for
// the least relative error of e^r − 1 (1.3e-8).

const LOG2_E = memory.data<f32>([1.4426950408889634]);
const LN2_HIGH = memory.data<f32>([0.693359375]);
const LN2_LOW = memory.data<f32>([-2.1219444e-4]);
const P0 = memory.data<f32>([0.49999997]);
const P1 = memory.data<f32>([0.16666543]);
const P2 = memory.data<f32>([0.0416672]);
const P3 = memory.data<f32>([0.0083665475]);
const P4 = memory.data<f32>([0.0013882517]);
const ROUNDER = memory.data<f32>([12582912]); // 1.5 · 2²³: adding it rounds to an integer, left in the lowest bits
const EXP_MIN = memory.data<f32>([-87.33654]); // below, e^x is denormal
const EXP_MAX = memory.data<f32>([88.72283]); // above, e^x overflows

/** n + ROUNDER. */
// @ts-ignore: decorator
@inline
function exponent4(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, broadcast(LOG2_E)), broadcast(ROUNDER));
}

/** n in the place of a float's exponent, to be added to the bits of a float. */
// @ts-ignore: decorator
@inline
function exponentBits4(exponent: v128): v128 {
  return i32x4.shl(exponent, 23);
}

/** e^r − 1. */
// @ts-ignore: decorator
@inline
function fraction4(x: v128, exponent: v128): v128 {
  const n = f32x4.sub(exponent, broadcast(ROUNDER));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, broadcast(LN2_HIGH))), f32x4.mul(n, broadcast(LN2_LOW)));
  let p = f32x4.add(f32x4.mul(broadcast(P4), r), broadcast(P3));
  p = f32x4.add(f32x4.mul(p, r), broadcast(P2));
  p = f32x4.add(f32x4.mul(p, r), broadcast(P1));
  p = f32x4.add(f32x4.mul(p, r), broadcast(P0));
  return f32x4.add(f32x4.mul(f32x4.mul(r, r), p), r);
}

/** e^x: 1.03 ULP; 0 below −87.33654, ∞ above 88.72283. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const exponent = exponent4(x);
  const significand = f32x4.add(broadcast(ONE), fraction4(x, exponent));
  // Not a product with 2^n: that would overflow for n = 128, where the significand is below 1.
  const finite = v128.andnot(i32x4.add(significand, exponentBits4(exponent)), f32x4.lt(x, broadcast(EXP_MIN)));
  return v128.bitselect(finite, f32x4.add(x, broadcast(INFINITE)), f32x4.le(x, broadcast(EXP_MAX))); // NaN: x + ∞
}

/** e^x for x ≤ 0 (undefined above): 1.03 ULP; 0 below −87.33654. Cheaper than exp4, the same bits. */
// @ts-ignore: decorator
@inline
export function expNonPositive4(x: v128): v128 {
  const exponent = exponent4(x);
  const power = i32x4.add(exponentBits4(exponent), broadcast(ONE));
  const y = f32x4.mul(f32x4.add(broadcast(ONE), fraction4(x, exponent)), power);
  return v128.andnot(y, f32x4.lt(x, broadcast(EXP_MIN)));
}

const EXPM1_MIN = memory.data<f32>([-25]); // below, e^x − 1 rounds to −1

/** e^x − 1 for x ≤ 0 (undefined above): 1.10 ULP. Near zero n = 0 and nothing cancels. */
// @ts-ignore: decorator
@inline
export function expm1NonPositive4(x: v128): v128 {
  const bounded = f32x4.pmax(x, broadcast(EXPM1_MIN));
  const exponent = exponent4(bounded);
  const power = i32x4.add(exponentBits4(exponent), broadcast(ONE));
  return f32x4.add(f32x4.mul(fraction4(bounded, exponent), power), f32x4.sub(power, broadcast(ONE)));
}

/** 1 / (1 + e^−x), from e^−|x| and reflected so that nothing cancels: 2.41 ULP; 0 below −87.33654. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  return sigmoidFrom4(x, expNonPositive4(v128.or(x, broadcast(SIGN_BIT))));
}

/** Sigmoid of x, where e^−|x| is at hand. */
// @ts-ignore: decorator
@inline
export function sigmoidFrom4(x: v128, expOfMinusAbs: v128): v128 {
  const one = broadcast(ONE);
  const numerator = v128.bitselect(expOfMinusAbs, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, expOfMinusAbs));
}

/** tanh |x| = −m / (m + 2) with m = e^(−2|x|) − 1: 2.50 ULP. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const sign = broadcast(SIGN_BIT);
  const m = expm1NonPositive4(v128.or(f32x4.add(x, x), sign));
  return v128.bitselect(x, f32x4.div(m, f32x4.add(m, broadcast(TWO))), sign);
}
