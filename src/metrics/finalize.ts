// From counts to figures, on the host: sums, products and quotients of f64 only, so the same bits everywhere.

interface Counts {
  /** True positives. */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

const quotient = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

export const precisionOf = ({ tp, fp }: Counts) => quotient(tp, tp + fp);
export const recallOf = ({ tp, fn }: Counts) => quotient(tp, tp + fn);
export const f1Of = ({ tp, fp, fn }: Counts) => quotient(2 * tp, 2 * tp + fp + fn);

/** The mean of a ratio over the classes that occur, in labels or predictions; sums (classes, 3). */
export function ratioOver(sums: readonly number[], ratio: (counts: Counts) => number): number {
  let total = 0;
  let classes = 0;
  for (let i = 0; i < sums.length; i += 3) {
    const [tp, fp, fn] = [sums[i]!, sums[i + 1]!, sums[i + 2]!];
    if (tp + fp + fn === 0) continue;
    total += ratio({ tp, fp, fn });
    classes++;
  }
  return quotient(total, classes);
}

/** Trapezoids under the curve of true positives over false ones; sums (2, bins): negatives, then positives, by score. */
export function areaUnderCurve(sums: readonly number[]): number {
  const bins = sums.length / 2;
  let area = 0;
  let [falsePositives, truePositives] = [0, 0];
  for (let bin = bins - 1; bin >= 0; bin--) {
    const [negatives, positives] = [sums[bin]!, sums[bins + bin]!];
    area += negatives * (truePositives + positives / 2);
    falsePositives += negatives;
    truePositives += positives;
  }
  return quotient(area, falsePositives * truePositives);
}

/** Rows of `width`. */
export function square(sums: readonly number[], width: number): number[][] {
  return Array.from({ length: width }, (_, row) => sums.slice(row * width, (row + 1) * width));
}

/** Sums: rows n, then for each column Σ (ŷ − y)², Σ y, Σ y²; Σ (y − ȳ)² = Σ y² − (Σ y)² / n. */
export function meanOfR2([n = 0, ...columns]: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < columns.length; i += 3) {
    const [error, sum, squares] = [columns[i]!, columns[i + 1]!, columns[i + 2]!];
    const spread = squares - (sum * sum) / n;
    total += spread > 0 ? 1 - error / spread : error === 0 ? 1 : 0;
  }
  return quotient(total, columns.length / 3);
}
