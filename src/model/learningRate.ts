// The learning-rate range test: a copy of the model is trained while the rate grows, until the loss explodes.

import { abortSignal, knownOptions, numberInRange, positiveInteger, positiveNumber } from "../check.js";
import { ConfigError, NumericError } from "../errors.js";
import { lossRow } from "../losses/table.js";
import type { Run, Status } from "../program/run.js";
import { yieldToHost } from "../runtime/yield.js";
import { between } from "../schedules/geometric.js";
import { copyOf } from "./copy.js";
import type { Core } from "./core.js";
import type { Rows } from "./data.js";
import { Dataset, type Inputs, type Outputs, toSamples } from "./dataset.js";
import { plotLosses } from "./learningRatePlot.js";
import { Pacer, SLICE_MS } from "./pacer.js";
import { nonFiniteWhat } from "./step.js";
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
/** The loss explodes: its smoothed value exceeds so many times the least. */
const DIVERGED = 4;

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
  const copy = await copyOf(core, {
    ...compiled,
    optimizer: Object.freeze({ ...compiled.optimizer, learningRate: 1 }),
  });
  const weighted = arrays.length > samples.length;
  const curve = new Curve(rates, { smoothing, limited: compiled.outputs.every(({ loss }) => !lossRow(loss).signed) });
  await sweep(copy, copies, { batchSize, weighted, curve, signal, onProgress });
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

interface Sweep {
  readonly batchSize: number;
  readonly weighted: boolean;
  readonly curve: Curve;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: FindLearningRateOptions["onProgress"];
}

/** One step a rate, through as many epochs as that takes, until the curve is over. */
async function sweep(core: Core, arrays: readonly Rows[], options: Sweep): Promise<void> {
  const { batchSize: batchRows, curve, signal, onProgress } = options;
  const totalRows = arrays[0]!.rows;
  const { run } = core.prepare(options.weighted ? "weightedTrain" : "train", Math.min(batchRows, totalRows));
  const data = new Dataset(core, arrays, { shuffle: true, batchRows });
  const stepper = new Stepper(run, signal);
  let refill = () => {};
  let status: Status = "epochDone";
  while (!curve.over) {
    if (status === "epochDone") {
      refill = data.attach(run, ++core.progress.epochsBegun);
      run.begin({ totalRows, batchRows });
    }
    run.hyper([curve.nextRate]);
    run.sums = { loss: 0, samples: 0, metrics: [] }; // so that they are this batch's
    status = await stepper.step(refill);
    if (status === "nonFinite") return curve.stopNonFinite(nonFiniteWhat(run));
    const progress = curve.add(run.sums.loss / run.sums.samples);
    await onProgress?.(progress);
    signal?.throwIfAborted();
  }
}

/** Whole steps, in slices that let the host work. */
class Stepper {
  readonly #run: Run;
  readonly #signal: AbortSignal | undefined;
  readonly #pacer = new Pacer();
  #lastYield = performance.now();

  constructor(run: Run, signal: AbortSignal | undefined) {
    this.#run = run;
    this.#signal = signal;
  }

  async step(refill: () => void): Promise<Status> {
    for (;;) {
      const status = this.#pacer.slice(this.#run, 1);
      if (status === "needsRows") refill();
      else if (status !== "paused" || this.#run.atStep) return status;
      if (performance.now() - this.#lastYield < SLICE_MS) continue;
      await yieldToHost();
      this.#lastYield = performance.now();
      this.#signal?.throwIfAborted();
    }
  }
}

/** The losses so far, and what they say. */
class Curve {
  readonly #rates: readonly number[];
  readonly #smoothing: number;
  /** Of a loss that may be below 0, 4 times the least is no limit. */
  readonly #limited: boolean;
  readonly #losses: number[] = [];
  readonly #smoothed: number[] = [];
  #average = 0;
  #weight = 0;
  #least = Infinity;
  #stoppedBy: LearningRateReport["stoppedBy"] | undefined;

  constructor(rates: readonly number[], { smoothing, limited }: { smoothing: number; limited: boolean }) {
    this.#rates = rates;
    this.#smoothing = smoothing;
    this.#limited = limited;
  }

  get over(): boolean {
    return this.#stoppedBy !== undefined;
  }

  get nextRate(): number {
    return this.#rates[this.#losses.length]!;
  }

  add(loss: number): LearningRateProgress {
    const rate = this.nextRate;
    this.#average = this.#smoothing * this.#average + (1 - this.#smoothing) * loss;
    this.#weight = this.#smoothing * this.#weight + (1 - this.#smoothing); // 1 − smoothingᵗ, without a power
    const smoothed = this.#average / this.#weight;
    this.#losses.push(loss);
    this.#smoothed.push(smoothed);
    this.#least = Math.min(this.#least, smoothed);
    const steps = this.#rates.length;
    if (this.#limited && this.#least > 0 && smoothed > DIVERGED * this.#least) this.#stoppedBy = "diverged";
    else if (this.#losses.length === steps) this.#stoppedBy = "maxRate";
    return { step: this.#losses.length, steps, rate, loss, smoothed };
  }

  /** @throws NumericError `numeric/not-finite` where there has been no step */
  stopNonFinite(what: string): void {
    if (this.#losses.length === 0) {
      throw new NumericError(
        "numeric/not-finite",
        `${what} in the first step, at the rate ${this.nextRate}. Scale the inputs, or look at the weights: no rate mends that.`,
      );
    }
    this.#stoppedBy = "nonFinite";
  }

  report(): LearningRateReport {
    const rates = this.#rates.slice(0, this.#losses.length);
    const [losses, smoothed] = [this.#losses, this.#smoothed].map((list) => Object.freeze([...list]));
    const report = {
      rates: Object.freeze(rates),
      losses: losses!,
      smoothed: smoothed!,
      suggestion: rates[steepest(smoothed!)]!,
      minimumOver10: rates[smoothed!.indexOf(this.#least)]! / 10,
      stoppedBy: this.#stoppedBy!,
    };
    return Object.freeze({ ...report, toString: () => plotLosses(report) });
  }
}

/**
 * Where the curve falls most, from the point before to the point behind: rates are equally far apart on their logarithmic
 * scale, so that differences are slopes. The first tenth is left out, where the average is still one of few.
 */
function steepest(smoothed: readonly number[]): number {
  const slope = (i: number) => smoothed[i + 1]! - smoothed[i - 1]!;
  let best: number | undefined;
  for (let i = Math.max(1, Math.floor(smoothed.length / 10)); i < smoothed.length - 1; i++) {
    if (slope(i) < (best === undefined ? 0 : slope(best))) best = i;
  }
  if (best !== undefined) return best;
  throw new NumericError(
    "numeric/no-descent",
    `The loss fell at no rate: it went from ${smoothed[0]} to ${smoothed.at(-1)} in ${smoothed.length} steps. ` +
      "Try a lower minRate, more steps, a larger batchSize, or see whether any weight gets a gradient.",
  );
}
