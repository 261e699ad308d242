// The elementary functions in f64, and how far an f32 is from the truth.

export const MIN_NORMAL = 2 ** -126;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
/** The spacing of f32 by the biased exponent of an f64; that of the denormals and of the greatest numbers at either end. */
const spacings = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (Math.min(127, Math.max(-126, i - 1023)) - 23));

/** |actual − exact| in units of the last place of an f32 as large as `exact`; Infinity where only one is NaN or infinite. */
export function ulpsOff(actual: number, exact: number): number {
  if (Math.fround(exact) === actual && !Number.isFinite(actual)) return 0;
  if (Number.isNaN(exact) && Number.isNaN(actual)) return 0;
  word[0] = exact;
  const error = Math.abs(actual - exact) / spacings[(halves[1]! >>> 20) & 0x7ff]!;
  return Number.isNaN(error) ? Infinity : error;
}
