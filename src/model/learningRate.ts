// The learning-rate range test: a copy of the model is trained while the rate grows, until the loss explodes.

import { abortSignal, knownOptions, numberInRange, positiveInteger, positiveNumber } from "../check.js";
import { ConfigError } from "../errors.js";
import { lossRow } from "../losses/table.js";
import { between } from "../schedules/geometric.js";
import { copyOf } from "./copy.js";
import type { Core } from "./core.js";
import { type Inputs, type Outputs, toSamples } from "./dataset.js";
import { type Weighting, weightsOf } from "./weights.js";

export interface FindLearningRateOptions {
  /** The first rate (default 1e-7). */
  minRate?: number;
  /** The last rate (default 10). */
  maxRate?: number;
  /** Batches, each with a rate of its own, equally far apart on a logarithmic scale (default 100; at least 10). */
  steps?: number;
  /** Rows a batch (default 32). */
  batchSize?: number;
  /** What the smoothed loss keeps of its past, in [0, 1) (default 0.98, fastai's). */
  smoothing?: number;
  /** As in `fit`. */
  sampleWeight?: Weighting["sampleWeight"];
  /** As in `fit`. */
  classWeight?: Weighting["classWeight"];
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each step, and awaited. */
  onProgress?: (progress: LearningRateProgress) => void | Promise<void>;
}

export interface LearningRateProgress {
  /** So many are done, of so many. */
  readonly step: number;
  readonly steps: number;
  readonly rate: number;
  readonly loss: number;
  readonly smoothed: number;
}

export interface LearningRateReport {
  /** One a step. */
  readonly rates: readonly number[];
  /** Of the step's batch, before the step. */
  readonly losses: readonly number[];
  /** Exponential averages of the losses, corrected for their beginning. */
  readonly smoothed: readonly number[];
  /** Where the smoothed loss fell most steeply. */
  readonly suggestion: number;
  /** A tenth of the rate at which the smoothed loss was least: another rule, mostly a larger rate. */
  readonly minimumOver10: number;
  /** All steps were done; the smoothed loss exceeded 4 times its least; or a loss or gradient was not finite. */
  readonly stoppedBy: "maxRate" | "diverged" | "nonFinite";
  /** A plot for a terminal, at most 80 columns wide. */
  toString(): string;
}

const OPTIONS = {
  minRate: true,
  maxRate: true,
  steps: true,
  batchSize: true,
  smoothing: true,
  sampleWeight: true,
  classWeight: true,
  signal: true,
  onProgress: true,
};
const LEAST_STEPS = 10;

/** Trains a copy of the model; see Model.findLearningRate. Everything is checked and copied before the first `await`. */
export async function findLearningRate(
  core: Core,
  x: Inputs,
  y: Outputs,
  options: FindLearningRateOptions,
): Promise<LearningRateReport> {
  const compiled = core.mustBeCompiled("findLearningRate()");
  const { sampleWeight, classWeight, signal, onProgress, ...numbers } = knownOptions<FindLearningRateOptions>(
    options,
    "findLearningRate()",
    OPTIONS,
  );
  abortSignal(signal)?.throwIfAborted();
  const rates = ratesOf(numbers);
  const batchSize = positiveInteger(numbers.batchSize ?? 32, "batchSize");
  const smoothing = numberInRange(numbers.smoothing ?? 0.98, "smoothing", 0, 1);
  const samples = toSamples(core, compiled, x, y);
  const arrays = [...samples, ...weightsOf(core, compiled, samples, { sampleWeight, classWeight })];
  core.refuseSmallBatches(arrays[0]!.rows, batchSize);

  const copies = arrays.map((array) => ({ ...array, data: array.data.slice() }));
  // Any number for its rate: each step is given its own.
  const optimizer = Object.freeze({ ...compiled.optimizer, learningRate: 1 });
  const copying = copyOf(core, { ...compiled, optimizer }); // as it is now: loading takes its time
  const { Curve, sweep } = await import("./learningRateSweep.js");
  const weighted = arrays.length > samples.length;
  const curve = new Curve(rates, { smoothing, limited: compiled.outputs.every(({ loss }) => !lossRow(loss).signed) });
  await sweep(await copying, copies, { batchSize, weighted, curve, signal, onProgress });
  return curve.report();
}

function ratesOf({ minRate = 1e-7, maxRate = 10, steps = 100 }: FindLearningRateOptions): readonly number[] {
  const [low, high] = [positiveNumber(minRate, "minRate"), positiveNumber(maxRate, "maxRate")];
  if (!(low < high)) {
    throw new ConfigError("config/out-of-range", `minRate must be below maxRate; got ${low} and ${high}.`);
  }
  const count = positiveInteger(steps, "steps");
  if (count < LEAST_STEPS) {
    throw new ConfigError("config/out-of-range", `steps must be at least ${LEAST_STEPS}; got ${count}.`);
  }
  return Array.from({ length: count }, (_, i) => between(low, high, i / (count - 1)));
}
