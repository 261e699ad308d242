// The normal distribution of four lanes: plain IEEE arithmetic, so the same bits everywhere. NaN comes out as NaN.

import { expNonPositive4 } from "./exp";
import { broadcast, MAGNITUDE_BITS } from "./lanes";

const ONE = memory.data<f32>([1]);
const MINUS_HALF = memory.data<f32>([-0.5]);
const LEAST_EXPONENT = memory.data<f32>([-60]);

/** e^(−x²/2), or 0 where that is below e^−60, so that no product with it is denormal. */
// @ts-ignore: decorator
@inline
export function gaussian4(x: v128): v128 {
  const exponent = f32x4.mul(f32x4.mul(x, x), broadcast(MINUS_HALF));
  return v128.andnot(expNonPositive4(exponent), f32x4.lt(exponent, broadcast(LEAST_EXPONENT)));
}

// Φ(−a) = e^(−a²/2) · t · P(t) with t = 1 / (1 + 0.3 a), a ≥ 0: the form of Abramowitz and Stegun 7.1.26, P of degree 7
// fitted by us for the least relative error on a ≤ 13 (1.1e-7).
const SCALE = memory.data<f32>([0.3]);
const P0 = memory.data<f32>([0.11962326616048813]);
const P1 = memory.data<f32>([0.12084552645683289]);
const P2 = memory.data<f32>([0.09934713691473007]);
const P3 = memory.data<f32>([0.1304163932800293]);
const P4 = memory.data<f32>([-0.05716724693775177]);
const P5 = memory.data<f32>([0.21011824905872345]);
const P6 = memory.data<f32>([-0.15937821567058563]);
const P7 = memory.data<f32>([0.036194831132888794]);

/** Φ(x), from x and gaussian4(x): within 3e-7, the lower tail within 3e-6 of itself. */
// @ts-ignore: decorator
@inline
export function normalCdf4(x: v128, gaussian: v128): v128 {
  const one = broadcast(ONE);
  const a = v128.and(x, broadcast(MAGNITUDE_BITS));
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(a, broadcast(SCALE))));
  let p = f32x4.add(f32x4.mul(broadcast(P7), t), broadcast(P6));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P5));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P4));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P3));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P2));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P1));
  p = f32x4.add(f32x4.mul(p, t), broadcast(P0));
  const tail = f32x4.mul(gaussian, f32x4.mul(t, p));
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}
