// The training of a learning-rate range test, and its curve. Loaded when one is asked for.

import { NumericError } from "../errors.js";
import type { Run, Status } from "../program/run.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Core } from "./core.js";
import type { Rows } from "./data.js";
import { Dataset } from "./dataset.js";
import type { FindLearningRateOptions, LearningRateProgress, LearningRateReport } from "./learningRate.js";
import { plotLosses } from "./learningRatePlot.js";
import { Pacer, SLICE_MS } from "./pacer.js";
import { nonFiniteWhat } from "./step.js";

/** The loss explodes: its smoothed value exceeds so many times the least. */
const DIVERGED = 4;

interface Sweep {
  readonly batchSize: number;
  readonly weighted: boolean;
  readonly curve: Curve;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: FindLearningRateOptions["onProgress"];
}

/** One step a rate, through as many epochs as that takes, until the curve is over. */
export async function sweep(core: Core, arrays: readonly Rows[], options: Sweep): Promise<void> {
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
export class Curve {
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
