// What a diagnosis says: per layer, what was seen; and findings, each with its evidence and its cure.

import type { Cure } from "./cures.js";
import type { LayerObservation } from "./observation.js";

export const PROBLEMS = [
  "vanishingGradient",
  "explodingGradient",
  "deadUnits",
  "saturation",
  "unscaledInput",
  "constantFeature",
  "nonFinite",
  "learningRateTooHigh",
  "learningRateTooLow",
  "labelImbalance",
] as const;
export type Problem = (typeof PROBLEMS)[number];

export interface Finding {
  /** "error": it will not learn like this; "warning": it learns worse than it could. */
  readonly severity: "error" | "warning";
  readonly problem: Problem;
  /** By name, where it is of one layer; the first of them, where it is of several. */
  readonly layer?: string;
  /** In numbers. */
  readonly evidence: string;
  /** What to do, in this library's words and code. */
  readonly cure: string;
  /** The same as data, each by itself, the likeliest first; none where no program cures it. */
  readonly remedies: readonly Cure[];
}

/** One layer, in figures; what it has none of is undefined. */
export interface LayerReport {
  readonly name: string;
  readonly className: string;
  readonly activationMean: number;
  readonly activationStd: number;
  /** L2, of all its weights' gradients. */
  readonly gradientNorm?: number;
  readonly weightNorm?: number;
  /** ‖Δw‖ / ‖w‖ of a step. */
  readonly updateRatio?: number;
  readonly deadFraction?: number;
  readonly saturatedFraction?: number;
  /** All that was seen of it. */
  readonly observation: LayerObservation;
}

/** Figures over the steps of a training, where it was followed. */
export interface Course {
  /** Optimizer steps. */
  readonly steps: readonly number[];
  /** The epoch's mean loss so far, at those steps. */
  readonly loss: readonly number[];
  /** By layer: update ratios at those steps. */
  readonly updateRatio: Readonly<Record<string, readonly (number | undefined)[]>>;
  /** By name, one figure an epoch: loss, metrics, val_…. */
  readonly epochs: Readonly<Record<string, readonly number[]>>;
}

/** All that a report is drawn from: plain data. */
export interface ReportData {
  /** Such as "784-300-100-10, 5,000 rows". */
  readonly subject: string;
  readonly layers: readonly LayerReport[];
  readonly findings: readonly Finding[];
  readonly course?: Course;
}
