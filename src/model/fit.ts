import type { Run } from "../program/run.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Logs } from "./callback.js";
import type { Core } from "./core.js";
import { Dataset, type Feed, type Inputs, OPEN_END, type Outputs } from "./dataset.js";
import { DEFAULT_BATCH, evaluateDataset, evaluateStream, needTargets } from "./evaluate.js";
import type { FitOptions, History, StopReason } from "./fitOptions.js";
import { type ArrayPlan, type Plan, planFit } from "./fitPlan.js";
import { FrozenCache } from "./frozenCache.js";
import { type Failure, Listeners } from "./listeners.js";
import { logsOf } from "./logs.js";
import type { Model } from "./model.js";
import { ObservedStep } from "./observed.js";
import { Pacer, SLICE_MS } from "./pacer.js";
import { nonFiniteWhat } from "./step.js";
import { isStream, rowsAnnounced, type StreamPlan } from "./stream/plan.js";
import type { ChunkSource } from "./stream/source.js";
import { trainInWorker } from "./worker.js";

/** Trains. Everything is checked, and arrays are copied, before the first `await`. */
export async function fit(
  core: Core,
  model: Model,
  x: Inputs | ChunkSource,
  y: Outputs,
  options: FitOptions = {},
): Promise<History> {
  core.mustBeIdle("fit()");
  const plan = planFit(core, x, y, options);
  plan.signal?.throwIfAborted();
  core.stopRequested = undefined; // now: one that is set from here on counts
  return plan.worker ? trainInWorker(core, model, plan as ArrayPlan, plan.worker) : train(core, model, plan);
}

/** Trains as planned, in this thread. */
export async function train(core: Core, model: Model, plan: Plan): Promise<History> {
  const { batchSize } = plan;
  let data: Feed | undefined;
  let validation: Dataset | undefined;
  let cache: FrozenCache | undefined;
  core.fitting = true;
  try {
    if (plan.validation && !isStream(plan.validation)) {
      const keepTargets = needTargets(plan.compiled);
      validation = new Dataset(core, plan.validation, { shuffle: false, batchRows: DEFAULT_BATCH, keepTargets });
    }
    if (isStream(plan.train)) {
      data = await openStream(core, plan, plan.train);
    } else {
      const rows = (data = new Dataset(core, plan.train, { shuffle: plan.shuffle, batchRows: batchSize }));
      cache = plan.frozen && new FrozenCache(core, plan.frozen, rows, validation);
    }
    if (plan.accumulateSteps > 1) core.reserveAccumulator();
    core.prepare(modeOf(data), data.batchRows, { part: plan.frozen });
    return await new Fit(core, model, plan, { data, validation, cache }).run();
  } finally {
    core.fitting = false;
    cache?.release();
    validation?.release();
    await data?.release();
  }
}

/** Its first chunk is read. */
async function openStream(core: Core, plan: Plan, { stepsPerEpoch, ...stream }: StreamPlan): Promise<Feed> {
  const { StreamDataset } = await import("./stream/streamDataset.js"); // loaded when there is one
  const { compiled, batchSize, resume, signal } = plan;
  const { epoch, position } = core.progress;
  const rows = rowsAnnounced(plan);
  const begun = resume ? epoch + (position === rows ? 1 : 0) : 0; // that epoch has been stepped through
  const endless = stepsPerEpoch === undefined ? undefined : { rows, from: begun };
  return StreamDataset.open(core, compiled, { ...stream, batchRows: batchSize, endless, signal });
}

function modeOf({ weighted }: Feed): "train" | "weightedTrain" {
  return weighted ? "weightedTrain" : "train";
}

/** The rows of a fit, and what is kept of them. */
interface Sets {
  readonly data: Feed;
  readonly validation: Dataset | undefined;
  readonly cache: FrozenCache | undefined;
}

/** One call of fit under way. */
class Fit {
  readonly #core: Core;
  readonly #plan: Plan;
  readonly #data: Feed;
  readonly #validation: Dataset | undefined;
  readonly #cache: FrozenCache | undefined;
  readonly #run: Run;
  readonly #pacer = new Pacer();
  readonly #history: History = { epoch: [], history: {}, stopReason: "completed" };
  readonly #listeners: Listeners;
  readonly #started = performance.now();
  /** A callback wants to hear of every step. */
  readonly #everyStep: boolean;
  #steps = 0;
  /** The step under way, where it is one to observe. */
  #observed: ObservedStep | undefined;
  #stop: StopReason | undefined;
  #logs: Logs = {};
  #lastYield = performance.now();

  constructor(core: Core, model: Model, plan: Plan, { data, validation, cache }: Sets) {
    this.#core = core;
    this.#plan = plan;
    this.#data = data;
    this.#validation = validation;
    this.#cache = cache;
    this.#run = core.run("train");
    this.#everyStep = plan.callbacks.some(({ onBatchEnd }) => onBatchEnd);
    this.#listeners = new Listeners(core, model, plan, (weights) => {
      core.variables.write(weights);
      cache?.invalidate();
    });
  }

  async run(): Promise<History> {
    let failure: Failure | undefined;
    try {
      await this.#listeners.begin();
      const { progress, stopRequested } = this.#core;
      this.#stop = stopRequested;
      while (progress.epoch < this.#plan.epochs && this.#stop === undefined) await this.#epoch();
    } catch (error) {
      failure = { error };
    }
    this.#run.dropStep(); // an abort may have come in the midst of one
    await this.#listeners.end(this.#logs, failure);
    this.#history.stopReason = this.#stop ?? "completed";
    return this.#history;
  }

  /** One epoch, or the rest of one that was stopped. */
  async #epoch(): Promise<void> {
    const { compiled } = this.#plan;
    const { progress } = this.#core;
    const { epoch } = progress;
    await this.#listeners.each((callback) => callback.onEpochBegin?.(epoch, {}, this.#listeners.context));
    this.#startEpoch();
    const stepped = progress.position > 0 && progress.position === progress.rows;
    if (!stepped && !(await this.#stepThrough())) return;

    const logs = logsOf(compiled, this.#run.sums);
    Object.assign(logs, await this.#validate());
    this.#listeners.samples = progress.rows;
    this.#logs = logs;
    this.#history.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.#history.history[name] ??= []).push(value);
    Object.assign(progress, { epoch: epoch + 1, position: 0 });
    await this.#listeners.tell({ hook: "onEpochEnd", index: epoch, logs });
    if (progress.epoch === this.#plan.epochs) return;
    this.#checkLimits();
    await this.#breathe(); // epochs may be far shorter than a slice
  }

  async #validate(): Promise<Logs> {
    const { compiled, validation: planned, signal } = this.#plan;
    if (!planned) return {};
    const options = { prefix: "val_", signal };
    await this.#cache?.update(signal); // a hook may have written weights after the last step
    if (this.#validation) return evaluateDataset(this.#core, this.#validation, options);
    const stream = planned as StreamPlan;
    return evaluateStream(this.#core, compiled, { ...stream, suffix: " of validationData" }, options);
  }

  /** Where the epoch begins, or goes on. */
  #startEpoch(): void {
    const { batchSize, accumulateSteps } = this.#plan;
    const { progress } = this.#core;
    if (progress.position === 0) progress.epochsBegun++;
    const { position } = progress;
    const totalRows = Math.min(rowsAnnounced(this.#plan), OPEN_END);
    this.#run.begin({ totalRows, batchRows: batchSize, position, groupSize: accumulateSteps });
    if (progress.position > 0) this.#run.sums = progress.sums;
  }

  /** Runs slices until the epoch is over (true) or something stops it (false). */
  async #stepThrough(): Promise<boolean> {
    const { epochsBegun } = this.#core.progress;
    let refill = this.#data.attach(this.#run, epochsBegun);
    for (;;) {
      if (this.#cache?.outdated && this.#run.atStep) {
        await this.#cache.update(this.#plan.signal);
        refill = this.#data.attach(this.#run, epochsBegun);
      }
      const status = this.#slice();
      if (status === "needsRows") {
        await refill();
        if (this.#run.sliceSteps === 0) continue;
      }
      if (status === "nonFinite") {
        await this.#reportObservation(this.#logs);
        return this.#haltNonFinite();
      }
      if (this.#run.atStep) await this.#reportSteps();
      if (status === "epochDone") return true;
      this.#checkLimits();
      if (this.#stop !== undefined) return false;
      await this.#breathe();
    }
  }

  #slice() {
    const { batchSize, trainRows, maxSteps, maxMs } = this.#plan;
    const run = this.#run;
    const unobserved = this.#stepsToObservation();
    if (run.atStep) {
      this.#core.refuseSmallBatches(this.#data.rows ?? batchSize, batchSize); // a layer may have been frozen or thawed
      const { part } = this.#data.cached ?? {};
      this.#core.prepare(modeOf(this.#data), this.#data.batchRows, { observed: unobserved === 0, part });
      if (unobserved === 0) this.#observed ??= new ObservedStep(this.#core);
    }
    const steps = Math.min(this.#everyStep ? 1 : maxSteps - this.#steps, Math.max(1, unobserved));
    const left = maxMs - (performance.now() - this.#started);
    const status = left > 0 ? this.#pacer.slice(run, Number.isFinite(steps) ? steps : 0, left) : run.slice(Infinity, 1);
    this.#steps += run.sliceSteps;
    const { position, sums } = run;
    const rows = trainRows ?? (status === "epochDone" ? position : OPEN_END);
    Object.assign(this.#core.progress, { position, sums, rows });
    return status;
  }

  /** Steps until one that a callback wants to observe: 0, if it is the next. */
  #stepsToObservation(): number {
    const { step } = this.#run;
    return this.#plan.callbacks.reduce((least, { observeEvery: every }) => {
      return every ? Math.min(least, (every - (step % every)) % every) : least;
    }, Infinity);
  }

  /** Tells of the step that was observed, unless other batches of its group are still to come. */
  async #reportObservation(logs: Logs): Promise<void> {
    const observed = this.#observed;
    if (!observed || this.#run.group.batches > 0) return;
    this.#observed = undefined;
    const observation = observed.read();
    for (const callback of this.#plan.callbacks) {
      const { observeEvery: every } = callback;
      if (every && observation.step % every === 0)
        await callback.onObservation?.(observation, logs, this.#listeners.context);
    }
  }

  async #reportSteps(): Promise<void> {
    const logs = (this.#logs = logsOf(this.#plan.compiled, this.#run.sums));
    await this.#reportObservation(logs);
    const batch = Math.ceil(this.#run.position / this.#plan.batchSize);
    if (this.#everyStep) await this.#listeners.tell({ hook: "onBatchEnd", index: batch - 1, logs });
    await this.#listeners.each((callback) => callback.onProgress?.(batch, logs, this.#listeners.context));
  }

  #checkLimits(): void {
    const { maxSteps, maxMs, signal } = this.#plan;
    signal?.throwIfAborted();
    if (this.#core.stopRequested) this.#stop = this.#core.stopRequested;
    else if (this.#steps >= maxSteps) this.#stop = "maxSteps";
    else if (this.#run.atStep && this.#steps > 0 && performance.now() - this.#started >= maxMs) this.#stop = "maxMs";
  }

  #haltNonFinite(): false {
    const { epoch, position } = this.#core.progress;
    const step = Math.floor(position / this.#plan.batchSize);
    this.#stop = "nonFinite";
    this.#history.detail =
      `${nonFiniteWhat(this.#run)} at epoch ${epoch}, step ${step}. The weights are those of the step before. ` +
      "Try a lower learning rate, inputs scaled to about 1, or clipping.";
    return false;
  }

  /** Lets the host work when a slice's time has gone by. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#lastYield < SLICE_MS) return;
    await yieldToHost();
    this.#lastYield = performance.now();
    this.#plan.signal?.throwIfAborted();
  }
}
