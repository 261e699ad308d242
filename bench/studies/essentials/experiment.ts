// What an experiment is: a claim in parts, each of which the numbers uphold or not.

import type { Chart } from "./chart.js";
import type { StudyData } from "./data.js";

/** What the claim says that can be counted, and what was counted: one value a seed. */
export interface Part {
  readonly says: string;
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  /** The bound in words, such as "at least 2 ×". */
  readonly bound: string;
  readonly holds: (value: number) => boolean;
}

/** A picture: charts side by side. */
export interface Figure {
  readonly name: string;
  /** What is to be seen, in a sentence. */
  readonly alt: string;
  readonly charts: readonly Chart[];
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Outcome {
  /** Network, rows and steps. */
  readonly setup: string;
  /** The first one is the heart of the claim. */
  readonly parts: readonly Part[];
  readonly table?: Table;
  readonly figure: Figure;
}

export interface Context {
  readonly data: StudyData;
  /** Its kind, to stand beside times. */
  readonly machine: string;
  readonly seeds: readonly number[];
  /** As many, or in a quick pass very few. */
  readonly rows: (count: number) => number;
  readonly epochs: (count: number) => number;
  readonly steps: (count: number) => number;
  readonly say: (progress: string) => void;
}

export interface Experiment {
  /** Names its figure. */
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly source: string;
  /** What is to be known beforehand, in at most 150 words. */
  readonly text: string;
  readonly run: (context: Context) => Promise<Outcome>;
}

export type Verdict = "borne out" | "imprecise" | "wrong";

/** A part holds where it does for four seeds in five. */
const SHARE_OF_SEEDS = 0.8;

export function seedsFor({ values, holds }: Part): number {
  return values.filter(holds).length;
}

export function upheld(part: Part): boolean {
  return part.values.length > 0 && seedsFor(part) >= SHARE_OF_SEEDS * part.values.length;
}

/** "wrong" where its heart, the first part, does not hold; "borne out" where all parts hold; otherwise "imprecise". */
export function verdictOf(parts: readonly Part[]): Verdict {
  if (!parts[0] || !upheld(parts[0])) return "wrong";
  return parts.every(upheld) ? "borne out" : "imprecise";
}

export function atLeast(bound: number, format: (value: number) => string): Pick<Part, "bound" | "holds" | "format"> {
  return { format, bound: `at least ${format(bound)}`, holds: (value) => value >= bound };
}

export function atMost(bound: number, format: (value: number) => string): Pick<Part, "bound" | "holds" | "format"> {
  return { format, bound: `at most ${format(bound)}`, holds: (value) => value <= bound };
}

export function above(bound: number, format: (value: number) => string): Pick<Part, "bound" | "holds" | "format"> {
  return { format, bound: `above ${format(bound)}`, holds: (value) => value > bound };
}

export function below(bound: number, format: (value: number) => string): Pick<Part, "bound" | "holds" | "format"> {
  return { format, bound: `below ${format(bound)}`, holds: (value) => value < bound };
}

export function within(
  [low, high]: readonly [number, number],
  format: (value: number) => string,
): Pick<Part, "bound" | "holds" | "format"> {
  return { format, bound: `${format(low)} … ${format(high)}`, holds: (value) => value >= low && value <= high };
}
