// What was measured, as it is kept in results.json.

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface Measured {
  /** Seconds: of a step, a training, a prediction, or from spawning the process to its first prediction. */
  readonly seconds: Spread;
  readonly rounds: number;
  /** learn: epochs until the accuracy was reached, by round. */
  readonly epochs?: readonly number[];
  /** cold: the most memory that the process held. */
  readonly bytes?: number;
}

export interface Failed {
  /** In place of a figure: it lacks something, was too slow or failed. */
  readonly none: string;
}

export type Cell = Measured | Failed;

export interface TaskResult {
  /** GFLOP/s of multiply and add in registers, between the processes of this task. */
  readonly peak: Spread;
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, TaskResult>>;
}

export function isMeasured(cell: Cell | undefined): cell is Measured {
  return cell !== undefined && "seconds" in cell;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("There is no median of nothing.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** Tasks that were run replace what was kept of them; the others stay. */
export function merge(kept: Results | undefined, run: Results): Results {
  if (kept === undefined) return run;
  return { ...run, versions: { ...kept.versions, ...run.versions }, tasks: { ...kept.tasks, ...run.tasks } };
}
