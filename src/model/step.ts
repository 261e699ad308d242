// Single steps, without a loop around them.

import { knownOptions } from "../check.js";
import { NumericError } from "../errors.js";
import type { Run, Status } from "../program/run.js";
import type { Core } from "./core.js";
import type { Rows } from "./data.js";
import { Dataset, type Inputs, type Outputs, toSamples } from "./dataset.js";
import { logsOf } from "./logs.js";
import type { NamedArray } from "./variables.js";
import { type Weighting, weightsOf } from "./weights.js";

export interface TrainOnBatchOptions {
  /** One weight a row (or such by output), by which its loss and gradient are multiplied; the mean stays over all rows. */
  sampleWeight?: Weighting["sampleWeight"];
}

/** Exactly one step on these rows; the loss and metrics are those before it. */
export function trainOnBatch(core: Core, x: Inputs, y: Outputs, options: TrainOnBatchOptions): Record<string, number> {
  core.mustBeIdle("trainOnBatch()");
  const compiled = core.mustBeCompiled("trainOnBatch()");
  const { sampleWeight } = knownOptions<TrainOnBatchOptions>(options, "trainOnBatch()", { sampleWeight: true });
  const samples = toSamples(core, compiled, x, y);
  const weights = weightsOf(core, compiled, samples, { sampleWeight });
  const mode = weights.length > 0 ? "weightedTrain" : "train";
  return onWholeBatch(core, mode, [...samples, ...weights], (run, status) => {
    refuseNonFinite(run, status);
    return logsOf(compiled, run.sums);
  });
}

/** Gradients of the mean loss in training mode, before clipping, of the trainable weights; changes nothing. */
export function gradients(core: Core, x: Inputs, y: Outputs): Map<string, NamedArray> {
  const compiled = core.mustBeCompiled("gradients()");
  const { gradients: region } = core.regions;
  const samples = toSamples(core, compiled, x, y);
  const underWay = core.fitting ? core.engine.f32(region, core.variables.size).slice() : undefined;
  try {
    core.run("gradients").step = core.run("train").step;
    return onWholeBatch(core, "gradients", samples, () => core.variables.read(region, core.trainableVariables));
  } finally {
    if (underWay) core.engine.f32(region, core.variables.size).set(underWay); // a fit is between two records of a step
  }
}

/** One optimizer step with gradients from elsewhere. */
export function applyGradients(core: Core, map: ReadonlyMap<string, NamedArray>): void {
  core.mustBeIdle("applyGradients()");
  core.mustBeCompiled("applyGradients()");
  const { run } = core.prepare("apply", 1);
  core.variables.write(map, { region: core.regions.gradients, variables: core.trainableVariables });
  run.begin({ totalRows: 1, batchRows: 1 });
  run.order({ address: 0, shuffle: false, epoch: 0, seed: 0 });
  run.window();
  refuseNonFinite(run, run.slice(Infinity, 1));
}

/** Runs a program once over all rows as one batch. */
function onWholeBatch<T>(
  core: Core,
  mode: "train" | "weightedTrain" | "gradients",
  samples: readonly Rows[],
  read: (run: Run, status: Status) => T,
): T {
  const { rows } = samples[0]!;
  core.refuseSmallBatches(rows, rows);
  const { run } = core.prepare(mode, rows);
  const data = new Dataset(core, samples, { shuffle: false, batchRows: rows, resident: true });
  try {
    data.attach(run);
    run.begin({ totalRows: rows, batchRows: rows });
    const status = run.slice(Infinity, 1);
    return read(run, status);
  } finally {
    data.release();
  }
}

function refuseNonFinite(run: Run, status: Status): void {
  if (status !== "nonFinite") return;
  throw new NumericError(
    "numeric/not-finite",
    `${nonFiniteWhat(run)}; the step was not applied. Try a lower learning rate or scaled inputs.`,
  );
}

/** What was not finite in the step that was halted. */
export function nonFiniteWhat(run: Run): string {
  const { batchLoss: loss, learningRate } = run;
  if (!Number.isFinite(Math.fround(learningRate))) return `The learning rate became ${learningRate}`;
  return Number.isFinite(loss) ? "A gradient became infinite or NaN" : `The loss became ${loss}`;
}
