// Why is it not learning? Looks at the network over some rows, and at a few steps of training on a copy.

import { abortSignal, boolean, knownOptions, positiveInteger } from "../check.js";
import type { DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import { DataError } from "../errors.js";
import { copyOf } from "./copy.js";
import type { Core } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { type Inputs, type Outputs, toSamples } from "./dataset.js";
import type { CureProgress } from "./tryCures.js";

export interface DiagnoseOptions {
  /** Rows of a batch, as in `fit` (default 32). */
  batchSize?: number;
  /** At most so many rows are looked at, evenly spread over all (default 2048). */
  sampleRows?: number;
  /** Steps of training, on a copy, that the learning rate is judged by (default 60). */
  trialSteps?: number;
  /**
   * Also trains briefly with each cure that is told, and as it is: from new weights, by three seeds, on four fifths of the rows
   * looked at; the others judge (default false). The report's `cures` has them, the best first.
   */
  tryCures?: boolean;
  /** Steps of each of these trainings (default 300). */
  cureSteps?: number;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each training with a cure, and awaited. */
  onProgress?: (progress: CureProgress) => void | Promise<void>;
}

const OPTIONS = {
  batchSize: true,
  sampleRows: true,
  trialSteps: true,
  tryCures: true,
  cureSteps: true,
  signal: true,
  onProgress: true,
};
/** Fewer rows leave too few to judge cures by. */
const LEAST_CURE_ROWS = 10;

/** Everything is checked and copied before the first `await`; the model stays bit for bit as it is. */
export async function diagnose(core: Core, x: Inputs, y: Outputs, options: DiagnoseOptions): Promise<DiagnosisReport> {
  const compiled = core.mustBeCompiled("diagnose()");
  const known = knownOptions<DiagnoseOptions>(options, "diagnose()", OPTIONS);
  const batchRows = positiveInteger(known.batchSize ?? 32, "batchSize");
  const most = positiveInteger(known.sampleRows ?? 2048, "sampleRows");
  const steps = positiveInteger(known.trialSteps ?? 60, "trialSteps");
  const tries = boolean(known.tryCures ?? false, "tryCures");
  const cureSteps = positiveInteger(known.cureSteps ?? 300, "cureSteps");
  const signal = abortSignal(known.signal);
  signal?.throwIfAborted();
  const samples = toSamples(core, compiled, x, y).map((rows) => sampled(rows, most));
  const { rows } = samples[0]!;
  const usual = Math.min(batchRows, rows);
  core.refuseSmallBatches(rows, usual);
  if (tries && rows < LEAST_CURE_ROWS) {
    throw new DataError(
      "data/too-few-rows",
      `tryCures holds out a fifth of the rows to judge by, and needs ${LEAST_CURE_ROWS}; got ${rows}. Pass more rows, or leave it out.`,
    );
  }
  const copying = copyOf(core); // as it is now: loading takes its time
  const { diagnosisOf } = await import("./diagnosis.js");
  const { onProgress } = known;
  return diagnosisOf(core, await copying, samples, { batchRows: usual, steps, tries, cureSteps, signal, onProgress });
}

/** Rows evenly spread over all of them. */
function sampled(rows: Rows, most: number): Rows {
  if (rows.rows <= most) return { ...rows, data: rows.data.slice() };
  const { width, data } = rows;
  const picked = data instanceof Uint8Array ? new Uint8Array(most * width) : new Float32Array(most * width);
  for (let i = 0; i < most; i++) {
    picked.set(sliceRows(rows, Math.floor((i * rows.rows) / most), 1).data, i * width);
  }
  return { data: picked, rows: most, width };
}
