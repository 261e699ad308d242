import type { Params } from "./space.js";

/** What one trial came to at the end of one rung. */
export interface RungScore {
  /** Trained so far. */
  readonly epochs: number;
  /** The monitored figure; null where training met a loss or gradient that was not finite. */
  readonly score: number | null;
  /** Figures on the validation rows, by name with `val_`. */
  readonly logs: Readonly<Record<string, number>>;
}

/** One set of hyperparameters and how it did. */
export interface Trial {
  /** Counts from 1. */
  readonly number: number;
  readonly params: Params;
  /** Of its model. */
  readonly seed: number;
  /** The best of its rungs; null where none was finite. */
  readonly score: number | null;
  /** Trained in all. */
  readonly epochs: number;
  /** Trained to the last rung; dropped for better ones; not finite; or not decided when the search ended early. */
  readonly status: "completed" | "stopped" | "diverged" | "waiting";
  readonly rungs: readonly RungScore[];
}

/** Trials up to a number of epochs. */
export interface Rung {
  readonly epochs: number;
  readonly trials: number;
}

/** A trial while the search goes on. */
export interface Contender {
  readonly number: number;
  readonly params: Params;
  readonly seed: number;
  readonly rungs: RungScore[];
  /** Weights and training state at the end of its last rung; gone where it cannot go on. */
  bytes: Uint8Array | undefined;
}

/** Which of two results is better: by score, then by validation loss. Negative: a is. */
export function compareScores(a: RungScore, b: RungScore, higher: boolean): number {
  if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
  const byScore = higher ? b.score - a.score : a.score - b.score;
  return byScore || (a.logs.val_loss ?? 0) - (b.logs.val_loss ?? 0);
}

/** The best of a trial's rungs. */
export function bestRung({ rungs }: { readonly rungs: readonly RungScore[] }, higher: boolean): RungScore | undefined {
  return [...rungs].sort((a, b) => compareScores(a, b, higher))[0];
}

/**
 * Successive halving: the last rung ends at `maxEpochs`, each before it after a `factor`-th of the epochs and with `factor`
 * times the trials, as long as it has `minEpochs` and there are trials enough for one to get through.
 */
export function rungsOf(trials: number, options: { minEpochs: number; maxEpochs: number; factor: number }): Rung[] {
  const { minEpochs, maxEpochs, factor } = options;
  let count = 1;
  for (let share = factor; maxEpochs / share >= minEpochs && share <= trials; share *= factor) count++;
  return Array.from({ length: count }, (_, i) => ({
    epochs: Math.ceil(maxEpochs / wholePower(factor, count - 1 - i)),
    trials: Math.floor(trials / wholePower(factor, i)),
  }));
}

/** By products: `**` is Math.pow, which differs between engines. */
function wholePower(base: number, exponent: number): number {
  return exponent === 0 ? 1 : base * wholePower(base, exponent - 1);
}
