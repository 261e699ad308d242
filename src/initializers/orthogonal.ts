/**
 * Makes `count` vectors of `length` ≥ count numbers, end to end in v, orthonormal in place: modified Gram–Schmidt, the Q of a
 * QR whose R has a positive diagonal. Only + − × / √ of doubles in a fixed order: the same bits in every engine. Q is
 * orthogonal to within 2⁻⁵³ times the condition of v, some thousands for a normal matrix of a thousand columns.
 */
export function orthonormalize(v: Float64Array, count: number, length: number): void {
  for (let j = 0; j < count; j++) {
    const at = j * length;
    for (let i = 0; i < j; i++) remove(v, i * length, at, length);
    const norm = Math.sqrt(dot(v, at, at, length));
    for (let k = at; k < at + length; k++) v[k]! /= norm;
  }
}

/** Takes from the vector at `at` its part along the unit vector at `unit`. */
function remove(v: Float64Array, unit: number, at: number, length: number): void {
  const along = dot(v, unit, at, length);
  for (let k = 0; k < length; k++) v[at + k] = v[at + k]! - along * v[unit + k]!;
}

/** In four chains, which hide each other's latency. */
function dot(v: Float64Array, a: number, b: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += v[a + k]! * v[b + k]!;
    s1 += v[a + k + 1]! * v[b + k + 1]!;
    s2 += v[a + k + 2]! * v[b + k + 2]!;
    s3 += v[a + k + 3]! * v[b + k + 3]!;
  }
  for (; k < length; k++) s0 += v[a + k]! * v[b + k]!;
  return s0 + s1 + (s2 + s3);
}
