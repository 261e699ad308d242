// e^x, ln x, cos πx and x^y of one f64: + − × / only, so the same bits everywhere. Polynomials and splittings of ln 2 are
// those of FreeBSD's msun (e_exp.c, e_log.c, k_cos.c, k_sin.c; Sun Microsystems, 1993).

const LN2_HIGH: f64 = 6.9314718036912381649e-1; // 32 bits, so that n · LN2_HIGH is exact
const LN2_LOW: f64 = 1.90821492927058770002e-10;
const LOG2_E: f64 = 1.442695040888963387;

/** e^x: 1 ULP for x in [−708, 709]; 0 below, ∞ above. */
export function expF64(x: f64): f64 {
  if (!(x >= -708.0)) return x != x ? x : 0;
  if (x > 709.0) return Infinity;
  const n = nearest<f64>(x * LOG2_E);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  const z = r * r;
  let p: f64 = 4.13813679705723846039e-8;
  p = p * z - 1.6533902205465251539e-6;
  p = p * z + 6.61375632143793436117e-5;
  p = p * z - 2.7777777777015593384e-3;
  p = p * z + 1.66666666666666019037e-1;
  const c = r - z * p;
  const y = 1.0 - (low - (r * c) / (2.0 - c) - high);
  return y * reinterpret<f64>((i64(n) + 1023) << 52);
}

/** ln x for normal x > 0: 1 ULP. */
export function logF64(x: f64): f64 {
  // x = 2^k (1 + f) with 1 + f in [√½, √2)
  const bits = reinterpret<i64>(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const k = f64((bits >> 52) - 1023);
  const f = reinterpret<f64>((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0;
  const s = f / (2.0 + f);
  const z = s * s;
  let r: f64 = 1.479819860511658591e-1;
  r = r * z + 1.531383769920937332e-1;
  r = r * z + 1.818357216161805012e-1;
  r = r * z + 2.222219843214978396e-1;
  r = r * z + 2.857142874366239149e-1;
  r = r * z + 3.999999999940941908e-1;
  r = r * z + 6.66666666666673513e-1;
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + r * z) + k * LN2_LOW) - f);
}

/** x^y = e^(y ln x) for x ≥ 0 and x^y in the range of expF64: relative error (2 + |y ln x|) · 2⁻⁵². 0 to y > 0 is 0. */
export function powF64(x: f64, y: f64): f64 {
  if (y == 1.0) return x;
  if (x == 0) return y > 0 ? 0 : y == 0 ? 1 : Infinity;
  return expF64(y * logF64(x));
}

const PI: f64 = 3.14159265358979323846;

/** cos πx for x in [0, 1]: absolute error 2⁻⁵²; exact at 0, ½ and 1. */
export function cosPiF64(x: f64): f64 {
  if (x < 0.25) return cosOf(PI * x);
  if (x > 0.75) return -cosOf(PI * (1.0 - x));
  return sinOf(PI * (0.5 - x));
}

/** cos x for |x| ≤ π/4. */
function cosOf(x: f64): f64 {
  const z = x * x;
  let p: f64 = -1.13596475577881948265e-11;
  p = p * z + 2.0875723212981748279e-9;
  p = p * z - 2.75573143513906633035e-7;
  p = p * z + 2.48015872894767294178e-5;
  p = p * z - 1.38888888888741095749e-3;
  p = p * z + 4.16666666666666019037e-2;
  return 1.0 - (0.5 * z - z * z * p);
}

/** sin x for |x| ≤ π/4. */
function sinOf(x: f64): f64 {
  const z = x * x;
  let p: f64 = 1.58969099521155010221e-10;
  p = p * z - 2.50507602534068634195e-8;
  p = p * z + 2.75573137070700676789e-6;
  p = p * z - 1.98412698298579493134e-4;
  p = p * z + 8.33333333332248946124e-3;
  p = p * z - 1.66666666666666324348e-1;
  return x + x * z * p;
}
