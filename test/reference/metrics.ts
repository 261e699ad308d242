// The metrics of one row in f64.

/** The index of the first greatest; NaN is passed over, −1 if there is nothing else. */
export function argmax(scores: readonly number[]): number {
  let best = -1;
  scores.forEach((score, j) => {
    if (!Number.isNaN(score) && (best < 0 || score > scores[best]!)) best = j;
  });
  return best;
}

export const sparseAccuracy = (scores: readonly number[], label: number): number =>
  argmax(scores) >= 0 && argmax(scores) === label ? 1 : 0;

export const categoricalAccuracy = (scores: readonly number[], targets: readonly number[]): number =>
  sparseAccuracy(scores, argmax(targets));

export const binaryAccuracy = (scores: readonly number[], targets: readonly number[], threshold: number): number =>
  scores.filter((score, j) => score > threshold === targets[j]! > 0.5).length / scores.length;

/** Whether fewer than k scores come before the label's: greater ones, and equal ones that stand before it. */
export function topK(scores: readonly number[], label: number, k: number): number {
  const own = scores[label];
  if (own === undefined || Number.isNaN(own)) return 0;
  return scores.filter((score, j) => score > own || (score === own && j < label)).length < k ? 1 : 0;
}

/** True positives, false positives, false negatives. */
export function binaryCounts(scores: readonly number[], targets: readonly number[], threshold: number): number[] {
  const count = (said: boolean, meant: boolean) =>
    scores.filter((score, j) => score > threshold === said && targets[j]! > 0.5 === meant).length;
  return [count(true, true), count(true, false), count(false, true)];
}

/** The same for each class, rows being taken for the class of their greatest score. */
export const classCounts = (rows: readonly number[][], labels: readonly number[]): number[] =>
  rows[0]!.flatMap((_, c) => {
    const found = rows.map((row) => (argmax(row) === c ? 1 : 0));
    return binaryCounts(
      found,
      labels.map((label) => (label === c ? 1 : 0)),
      0.5,
    );
  });

/** (width, width): rows by label and by the place of their greatest score. */
export const confusion = (rows: readonly number[][], labels: readonly number[]): number[] =>
  rows[0]!.flatMap((_, label) =>
    rows[0]!.map((__, found) => rows.filter((row, i) => labels[i] === label && argmax(row) === found).length),
  );

/** (2, bins): negatives and positives by score; those above i / bins are in the bins from i on. */
export const aucCounts = (scores: readonly number[], targets: readonly number[], bins: number): number[] =>
  [false, true].flatMap((meant) =>
    Array.from({ length: bins }, (_, bin) => {
      const inBin = (score: number) =>
        (bin === 0 || score > bin / bins) && (bin === bins - 1 || !(score > (bin + 1) / bins));
      return scores.filter((score, j) => targets[j]! > 0.5 === meant && inBin(score)).length;
    }),
  );

/** Rows, then for each column Σ (p − t)², Σ t, Σ t². */
export const moments = (rows: readonly number[][], targets: readonly number[][]): number[] => [
  rows.length,
  ...rows[0]!.flatMap((_, j) => {
    const t = targets.map((row) => row[j]!);
    const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
    return [total(rows.map((row, i) => (row[j]! - t[i]!) ** 2)), total(t), total(t.map((value) => value * value))];
  }),
];
