import type { Remedy } from "./cures.js";

/** What trainings are judged by, on rows that they have not seen; of a loss, less is better. */
export type CureMeasure = "held-out accuracy" | "held-out balanced accuracy" | "held-out loss";

/** A cure that was tried, or the network "as it is": trainings from new weights, and what they came to. */
export interface TriedCure {
  /** In words. */
  readonly cure: string;
  /** In this library's words; empty for the network as it is. */
  readonly code: string;
  /** The same as data: what was applied at once; empty for the network as it is. */
  readonly remedy: Remedy;
  readonly measure: CureMeasure;
  /** One a training, each from another seed. */
  readonly scores: readonly number[];
  readonly median: number;
}
