// The metrics in f64: of one row, of counts, and whole.

import type { MetricName } from "../../src/metrics/index.js";

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

/** How a metric's rows are: each of one class, told by its label or a one-hot row, or outputs that each say yes or no. */
export type Kind = "labels" | "oneHot" | "binary" | "numbers";
type Rows = readonly (readonly number[])[];
type Options = Readonly<{ threshold?: number; k?: number; numThresholds?: number }>;
/** `targets` are rows of one label where the kind is "labels". */
type Twin = (scores: Rows, targets: Rows, kind: Kind, options: Options) => number | number[][];

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const labelsOf = (targets: Rows, kind: Kind): number[] =>
  targets.map((row) => (kind === "labels" ? row[0]! : argmax(row)));

/** A ratio of counts: of all outputs, or where rows have classes the mean over those that occur. */
const ratio =
  (of: (tp: number, fp: number, fn: number) => number): Twin =>
  (scores, targets, kind, { threshold = 0.5 }) => {
    if (kind === "binary") {
      return of(...(binaryCounts(scores.flat(), targets.flat(), threshold) as [number, number, number]));
    }
    const counts = classCounts(scores as number[][], labelsOf(targets, kind));
    const ofClass = scores[0]!.map((_, c) => counts.slice(3 * c, 3 * c + 3) as [number, number, number]);
    return mean(ofClass.filter((three) => three.some((count) => count > 0)).map((three) => of(...three)));
  };

/** By trapezoids between the thresholds i / (n − 1): everything above the one below them, nothing above the one beyond. */
function areaUnderCurve(scores: Rows, targets: Rows, n: number): number {
  const rates = Array.from({ length: n }, (_, i) => {
    const threshold = i === 0 ? -1 : i === n - 1 ? 2 : i / (n - 1);
    const over = (meant: boolean) => {
      const own = scores.flat().filter((__, j) => targets.flat()[j]! > 0.5 === meant);
      return share(own.filter((score) => score > threshold).length, own.length);
    };
    return { tpr: over(true), fpr: over(false) };
  });
  return rates.slice(1).reduce((sum, b, i) => sum + ((rates[i]!.fpr - b.fpr) * (rates[i]!.tpr + b.tpr)) / 2, 0);
}

const topKOf: Twin = (scores, targets, kind, { k = 5 }) =>
  mean(labelsOf(targets, kind).map((label, i) => topK(scores[i]!, label, k)));
const accuracyOf: Twin = (scores, targets, kind) =>
  mean(labelsOf(targets, kind).map((label, i) => sparseAccuracy(scores[i]!, label)));
const meanOf =
  (f: (error: number) => number): Twin =>
  (scores, targets) =>
    mean(scores.flatMap((row, i) => row.map((score, j) => f(score - targets[i]![j]!))));

/** Every metric by its name. */
export const METRICS: { readonly [K in MetricName]: Twin } = {
  sparseCategoricalAccuracy: accuracyOf,
  categoricalAccuracy: accuracyOf,
  binaryAccuracy: (scores, targets, _, { threshold = 0.5 }) =>
    mean(scores.map((row, i) => binaryAccuracy(row, targets[i]!, threshold))),
  sparseTopKCategoricalAccuracy: topKOf,
  topKCategoricalAccuracy: topKOf,
  precision: ratio((tp, fp) => share(tp, tp + fp)),
  recall: ratio((tp, _, fn) => share(tp, tp + fn)),
  f1Score: ratio((tp, fp, fn) => share(2 * tp, 2 * tp + fp + fn)),
  auc: (scores, targets, _, { numThresholds = 200 }) => areaUnderCurve(scores, targets, numThresholds),
  confusionMatrix(scores, targets, kind) {
    const width = scores[0]!.length;
    const flat = confusion(scores as number[][], labelsOf(targets, kind));
    return Array.from({ length: width }, (_, i) => flat.slice(i * width, (i + 1) * width));
  },
  meanAbsoluteError: meanOf(Math.abs),
  meanSquaredError: meanOf((error) => error * error),
  r2Score: (scores, targets) =>
    mean(
      scores[0]!.map((_, j) => {
        const t = targets.map((row) => row[j]!);
        const residual = scores.reduce((sum, row, i) => sum + (row[j]! - t[i]!) ** 2, 0);
        const total = t.reduce((sum, value) => sum + (value - mean(t)) ** 2, 0);
        return total === 0 ? (residual === 0 ? 1 : 0) : 1 - residual / total;
      }),
    ),
};
