// Tensors of other programs as f32, little-endian.

/** How each floating type becomes f32; f64 is rounded, the others are exact. */
const READERS = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F64: (bytes: ArrayBuffer) => Float32Array.from(new Float64Array(bytes)),
  F16: (bytes: ArrayBuffer) => Float32Array.from(new Uint16Array(bytes), halfToFloat),
  BF16: (bytes: ArrayBuffer) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
} as const;

export type FloatType = keyof typeof READERS;
export const FLOAT_TYPES = Object.keys(READERS) as FloatType[];

export function isFloatType(dtype: string): dtype is FloatType {
  return Object.hasOwn(READERS, dtype);
}

/** @param bytes As many as whole elements take; copied, so they may lie at any address. */
export function readFloats(dtype: FloatType, bytes: Uint8Array): Float32Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return READERS[dtype](copy.buffer);
}

/** 2⁻²⁵ … 2⁶ by doubling, which is exact: what a half's fraction of 11 bits is multiplied by, for each exponent. */
const HALF_SCALES = Array.from({ length: 31 }).reduce<number[]>(
  (scales) => [...scales, scales.at(-1)! * 2],
  [2 ** -25],
);

/** 1 sign, 5 exponent, 10 fraction; denormals are multiples of the smallest number, 2⁻²⁴. */
function halfToFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * HALF_SCALES[1]! : (1024 + fraction) * HALF_SCALES[exponent]!);
}
