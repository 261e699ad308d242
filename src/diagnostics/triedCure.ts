/** A cure that was tried: trainings with it, and what they came to. */
export interface TriedCure {
  readonly cure: string;
  readonly code: string;
  /** One a training. */
  readonly scores: readonly number[];
  readonly median: number;
}
