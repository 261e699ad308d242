/**
 * Makes `count` vectors of `length` ≥ count numbers, end to end in v, orthonormal in place: modified Gram–Schmidt, the Q of a
 * QR whose R has a positive diagonal. Only + − × / √ of doubles in a fixed order: the same bits in every engine. Q is
 * orthogonal to within 2⁻⁵³ times the condition of v, some thousands for a normal matrix of a thousand columns.
 */
export function orthonormalize(v: Float64Array, count: number, length: number): void {
  for (let j = 0; j < count; j++) {
    const vector = v.subarray(j * length, (j + 1) * length);
    for (let i = 0; i < j; i++) {
      const q = v.subarray(i * length, (i + 1) * length);
      const along = dot(q, vector);
      for (let k = 0; k < length; k++) vector[k]! -= along * q[k]!;
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < length; k++) vector[k]! /= norm;
  }
}

/** In four chains, which hide each other's latency. */
function dot(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  let k = 0;
  for (; k < whole; k += 4) {
    s0 += a[k]! * b[k]!;
    s1 += a[k + 1]! * b[k + 1]!;
    s2 += a[k + 2]! * b[k + 2]!;
    s3 += a[k + 3]! * b[k + 3]!;
  }
  for (; k < a.length; k++) s0 += a[k]! * b[k]!;
  return s0 + s1 + (s2 + s3);
}
