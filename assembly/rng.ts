// Random numbers: Philox4x32-10, and what maps its words to uniform and normal variates. Nothing here has a state: a
// number depends on its counter and key alone (see shared/random.ts), so neither order nor threads can change it.

const MULTIPLIER_0: u64 = 0xd2511f53;
const MULTIPLIER_1: u64 = 0xcd9e8d57;
const KEY_STEP_0: u32 = 0x9e3779b9; // the golden ratio's fraction
const KEY_STEP_1: u32 = 0xbb67ae85; // that of √3
const ROUNDS = 10;

/**
 * The four random words of one counter. Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
 * (SC 2011).
 */
export function philoxBlock(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): v128 {
  for (let round = 0; round < ROUNDS; round++) {
    const product0 = MULTIPLIER_0 * u64(c0);
    const product1 = MULTIPLIER_1 * u64(c2);
    c0 = u32(product1 >> 32) ^ c1 ^ k0;
    c1 = u32(product1);
    c2 = u32(product0 >> 32) ^ c3 ^ k1;
    c3 = u32(product0);
    k0 += KEY_STEP_0;
    k1 += KEY_STEP_1;
  }
  const words = i32x4.replace_lane(i32x4.splat(c0), 1, c1);
  return i32x4.replace_lane(i32x4.replace_lane(words, 2, c2), 3, c3);
}

/** The same, written to out (4 words): JavaScript cannot receive a vector. */
export function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, out: usize): void {
  v128.store(out, philoxBlock(c0, c1, c2, c3, k0, k1));
}

/** The middle of the word's cell when (0, 1) is cut into 2³²: never 0 or 1, exact, and its mean is exactly one half. */
// @ts-ignore: decorator
@inline
export function unit(word: u32): f64 {
  return (f64(word) + 0.5) * (1.0 / 4294967296.0);
}

/**
 * The standard normal variate below which a share p of all lie, for p in [2⁻³³, 1 − 2⁻³³]: all that `unit` can give, and
 * so AS241's third branch, for p below e⁻²⁵, is left out. Relative error below 1e-15, and odd about p = 1/2 to the bit.
 * PPND16 of Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (Applied Statistics 37, 1988).
 */
export function normalQuantile(p: f64): f64 {
  const q = p - 0.5;
  if (abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    // prettier-ignore
    const numerator = polynomial(
      r, 2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
      13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
    );
    // prettier-ignore
    const denominator = polynomial(
      r, 5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
      5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
    );
    return (q * numerator) / denominator;
  }
  const r = sqrt<f64>(-log(q < 0.0 ? p : 1.0 - p)) - 1.6;
  // prettier-ignore
  const numerator = polynomial(
    r, 7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  );
  // prettier-ignore
  const denominator = polynomial(
    r, 1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
  );
  return copysign<f64>(numerator / denominator, q);
}

/** c7·x⁷ + … + c0, by Horner's rule. */
// @ts-ignore: decorator
@inline
function polynomial(x: f64, c7: f64, c6: f64, c5: f64, c4: f64, c3: f64, c2: f64, c1: f64, c0: f64): f64 {
  const upper = ((c7 * x + c6) * x + c5) * x + c4;
  return (((upper * x + c3) * x + c2) * x + c1) * x + c0;
}

const LN_2: f64 = 0.6931471805599453;
const SQRT_HALF_BITS: u64 = 0x3fe6a09e667f3bcd;

/**
 * ln x for normal x > 0, to 2 ulp where x ≤ 1/2: x = 2ᵏ·m with m in [√½, √2), ln m = 2·artanh(s), s = (m − 1)/(m + 1).
 * There s² < 0.0295, so that the series may end at s²¹: the rest is below 1e-18.
 */
function log(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  const k = i64(bits - SQRT_HALF_BITS) >> 52; // rounds down
  const m = reinterpret<f64>(bits - (u64(k) << 52));
  const s = (m - 1.0) / (m + 1.0);
  const z = s * s;
  let series = 1.0 / 21.0;
  for (let odd = 19.0; odd > 0.0; odd -= 2.0) series = series * z + 1.0 / odd;
  return f64(k) * LN_2 + 2.0 * s * series;
}
