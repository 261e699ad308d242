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
