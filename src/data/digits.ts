import { fromBase64 } from "../formats/base64.js";
import { DIGITS_BASE64 } from "./digitsBytes.js";
import { gunzip } from "./gunzip.js";
import type { LabelledRows } from "./idxFolder.js";
import { shuffleSplit, type SplitOptions } from "./shuffleSplit.js";

/** Handwritten digits: `x`, `y` are all rows in the published order, `train` and `test` a split of them. */
export interface Digits extends LabelledRows {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  /** Of one image: [8, 8]. */
  readonly shape: number[];
  readonly classes: number;
}

const ROWS = 1797;
const PIXELS = 64;

/**
 * Loads 1,797 handwritten digits of 8×8 pixels, values 0 … 16 (so `rescaling({ scale: 1 / 16 })`), labels 0 … 9.
 *
 * The data come with the library: nothing is fetched. The split is stratified, and the same for the same seed everywhere.
 *
 * Optical Recognition of Handwritten Digits (its test part), E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
 * https://doi.org/10.24432/C50P49, licensed under CC BY 4.0.
 *
 * @param options.testFraction the part of the rows that goes to the test; 0.2, which is 359 rows
 * @param options.seed an integer from 0 to 2^53 - 1; 0
 * @throws ConfigError `data/bad-fraction`, `data/bad-seed`; DataError `data/empty-part`; UnsupportedError
 * `engine/no-decompression`
 *
 * @example
 * const { train, test } = await loadDigits({ testFraction: 0.2, seed: 0 }); // train.x: 1,438 × 64
 */
export async function loadDigits({
  testFraction = 0.2,
  seed = 0,
}: Pick<SplitOptions, "testFraction" | "seed"> = {}): Promise<Digits> {
  // Pixel by pixel (PIXELS, ROWS), which packs better, then the labels.
  const columns = await gunzip(fromBase64(DIGITS_BASE64), (PIXELS + 1) * ROWS);
  const x = new Uint8Array(ROWS * PIXELS);
  for (let row = 0, at = 0; row < ROWS; row++) {
    for (let pixel = 0; pixel < PIXELS; pixel++) x[at++] = columns[pixel * ROWS + row]!;
  }
  const y = columns.slice(PIXELS * ROWS);
  return { x, y, ...shuffleSplit(x, y, { testFraction, seed, stratify: true }), shape: [8, 8], classes: 10 };
}
