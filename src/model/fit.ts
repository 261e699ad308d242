import { MAX_GROUP_BATCHES } from "../../assembly/shared/layout.js";
import { abortSignal, boolean, knownOptions, numberInRange, positiveInteger, positiveNumber, show } from "../check.js";
import { ConfigError, DataError } from "../errors.js";
import type { Run } from "../program/run.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Callback, Logs } from "./callback.js";
import type { Compiled, Core } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { Dataset, type Feed, type Inputs, type Outputs, toSamples } from "./dataset.js";
import { DEFAULT_BATCH, evaluateDataset, evaluateStream, needTargets } from "./evaluate.js";
import { cacheablePart, FrozenCache } from "./frozenCache.js";
import type { FrozenPart } from "./frozenPart.js";
import { type Failure, Listeners } from "./listeners.js";
import { logsOf } from "./logs.js";
import type { Model } from "./model.js";
import { nonFiniteWhat } from "./step.js";
import { ObservedStep } from "./observed.js";
import { Pacer, SLICE_MS } from "./pacer.js";
import {
  isStream,
  planStream,
  planValidation,
  refuseStreamOptions,
  rowsAnnounced,
  type StreamPlan,
} from "./stream/plan.js";
import { type ChunkSource, isChunkSource } from "./stream/source.js";
import { OPEN_END, StreamDataset } from "./stream/streamDataset.js";
import { type ClassWeight, type Weighting, weightsOf } from "./weights.js";
import { checkWorker, trainInWorker, type WorkerOptions } from "./worker.js";

export interface FitOptions {
  /** How often the data are gone through (default 1). */
  epochs?: number;
  /** Rows a step (default 32). */
  batchSize?: number;
  /**
   * The gradients of so many batches in a row, averaged by their rows, make one optimizer step (default 1; at most 65535):
   * the step of a batch so many times as large, in the memory of one. An epoch's last step may be made of fewer. What
   * looks at single batches still does: batch normalization, `onBatchEnd`, `maxSteps`.
   */
  accumulateSteps?: number;
  /** Share of the rows, the last ones, that is held out and evaluated after each epoch; in [0, 1). */
  validationSplit?: number;
  /** Rows to evaluate after each epoch instead, or a stream of chunks that is read anew after each. */
  validationData?: readonly [x: Inputs, y: Outputs, sampleWeight?: Weighting["sampleWeight"]] | ChunkSource;
  /**
   * One weight a row: its loss and gradient are multiplied by it, and the mean stays over all rows of the batch. Where
   * there are several outputs, for all of them, or by output.
   */
  sampleWeight?: Weighting["sampleWeight"];
  /** A weight for each class, { 0: 1, 1: 5 }; those not named weigh 1. Multiplies sampleWeight; not used in validation. */
  classWeight?: ClassWeight;
  /** A new order of rows for each epoch (default true), drawn from the model's seed; of a stream, within `shuffleBuffer`. */
  shuffle?: boolean;
  /**
   * Of a stream: each row is drawn from so many, and the next one comes in for it (default 8192). From as many as there are,
   * any order is equally likely; from few, neighbours stay near each other. They are what a stream takes of the model's memory.
   */
  shuffleBuffer?: number;
  /** Of a stream: chunks that are asked for while others are trained on (default 1), beside the one in use. */
  readAhead?: number;
  /**
   * Of a stream: an epoch ends after so many steps, and the next one reads on where it stopped, in a source that has ended
   * from its start. So a stream may be endless. Without it an epoch is the whole source.
   */
  stepsPerEpoch?: number;
  callbacks?: readonly Callback[];
  /** Aborting rejects with the signal's reason, after the step under way. */
  signal?: AbortSignal;
  /** Stop after this many batches of this call: so many optimizer steps, unless accumulateSteps makes one of several. */
  maxSteps?: number;
  /** Stop after the step during which this many milliseconds have passed. */
  maxMs?: number;
  /** Go on at the epoch and step at which the last fit stopped, also after a load. */
  resume?: boolean;
  /**
   * Compute what the frozen layers at the bottom make of each row once, and train only what is above them (default false): the
   * same bits, in a fraction of the time. It takes rows × width × 4 bytes of memory for the outputs that are kept, of the
   * validation's rows too, and with the data no more than the model's `windowBytes`. Where layers are frozen or thawed on the
   * way, the outputs are made anew. What listens to `onObservation` is not told of the layers whose outputs are kept.
   */
  cacheFrozen?: boolean;
  /**
   * Train in a worker (of the web, or a thread of Node), so that this thread stays free (default false): the same bits. The
   * model has the weights and the training state of the last epoch's end, which `predict` uses meanwhile, and of the last step
   * once the call ends. Callbacks run here and are awaited, but for `onProgress`, for which training does not wait; where one
   * has `onBatchEnd`, the state is brought back with each batch, which costs far more than a step of a small network.
   */
  worker?: boolean | WorkerOptions;
}

export const FIT_OPTIONS = {
  epochs: true,
  batchSize: true,
  accumulateSteps: true,
  validationSplit: true,
  validationData: true,
  sampleWeight: true,
  classWeight: true,
  shuffle: true,
  shuffleBuffer: true,
  readAhead: true,
  stepsPerEpoch: true,
  callbacks: true,
  signal: true,
  maxSteps: true,
  maxMs: true,
  resume: true,
  cacheFrozen: true,
  worker: true,
};

export type StopReason = "completed" | "maxSteps" | "maxMs" | "earlyStopping" | "nonFinite" | "callback";

export interface History {
  /** Which epochs the figures are of, counted from 0. */
  readonly epoch: number[];
  /** One figure an epoch: `loss`, each metric, and both with `val_`. */
  readonly history: Record<string, number[]>;
  stopReason: StopReason;
  /** What happened, in a sentence, where training stopped because a number was not finite. */
  detail?: string;
}

/** All that a fit was asked for, checked. */
export interface Plan {
  readonly compiled: Compiled;
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulateSteps: number;
  /** Undefined: those of a stream. */
  readonly trainRows: number | undefined;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | undefined;
  readonly maxSteps: number;
  readonly maxMs: number;
  readonly resume: boolean;
  readonly train: readonly Rows[] | StreamPlan;
  readonly validation: readonly Rows[] | StreamPlan | undefined;
  /** What the outputs are to be kept of. */
  readonly frozen: FrozenPart | undefined;
  /** Undefined: this thread trains. */
  readonly worker: WorkerOptions | undefined;
}

/** A plan whose rows are all at hand. */
export interface ArrayPlan extends Plan {
  readonly trainRows: number;
  readonly train: readonly Rows[];
  readonly validation: readonly Rows[] | undefined;
}

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
function openStream(core: Core, plan: Plan, { stepsPerEpoch, ...stream }: StreamPlan): Promise<StreamDataset> {
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

function planFit(core: Core, x: Inputs | ChunkSource, y: Outputs, options: FitOptions): Plan {
  const compiled = core.mustBeCompiled("fit()");
  knownOptions<FitOptions>(options, "fit()", FIT_OPTIONS);
  const { validationSplit = 0, validationData, resume = false, callbacks = [], signal } = options;
  checkParts(options);
  numberInRange(validationSplit, "validationSplit", 0, 1);
  if (validationSplit > 0 && validationData) {
    throw new ConfigError("config/two-validations", "Give either validationSplit or validationData, not both.");
  }
  const limits = {
    epochs: positiveInteger(options.epochs ?? 1, "epochs"),
    batchSize: positiveInteger(options.batchSize ?? 32, "batchSize"),
    accumulateSteps: groupSize(options.accumulateSteps),
    maxSteps: options.maxSteps === undefined ? Infinity : positiveInteger(options.maxSteps, "maxSteps"),
    maxMs: options.maxMs === undefined ? Infinity : positiveNumber(options.maxMs, "maxMs"),
  };
  const given = {
    ...limits,
    compiled,
    resume: boolean(resume, "resume"),
    shuffle: boolean(options.shuffle ?? true, "shuffle"),
    callbacks,
    signal,
  };
  const passes = limits.epochs - (resume ? core.progress.epoch : 0);
  const evaluated = validationData && validationOf(core, compiled, { ...options, validationData }, passes);
  boolean(options.cacheFrozen ?? false, "cacheFrozen");
  if (isChunkSource(x)) return { ...given, ...planOfStream(core, x, options, given), validation: evaluated };
  return { ...given, ...planOfArrays(core, x, y, options, { ...given, evaluated }) };
}

type Parts = Pick<Plan, "trainRows" | "train" | "validation" | "frozen" | "worker">;
type Given = Pick<Plan, "compiled" | "epochs" | "batchSize" | "resume">;

function planOfStream(
  core: Core,
  source: ChunkSource,
  options: FitOptions,
  { epochs, batchSize, resume }: Given,
): Parts {
  const { position, epoch, rows } = core.progress;
  const withinArrays = resume && position > 0 && position < rows && rows !== OPEN_END;
  if (withinArrays) throw otherRows(`${rows} rows of arrays`, "a stream");
  core.refuseSmallBatches(batchSize, batchSize);
  const train = planStream(source, options, epochs - (resume ? epoch : 0));
  const epochRows = (train.stepsPerEpoch ?? 1) * batchSize;
  if (epochRows >= OPEN_END) numberInRange(epochRows, "stepsPerEpoch × batchSize", 1, OPEN_END);
  return { trainRows: undefined, train, validation: undefined, frozen: undefined, worker: undefined };
}

function planOfArrays(
  core: Core,
  x: Inputs,
  y: Outputs,
  options: FitOptions,
  { compiled, batchSize, resume, evaluated }: Given & { evaluated: Plan["validation"] },
): Parts {
  refuseStreamOptions(options);
  const { validationSplit = 0, sampleWeight, classWeight } = options;
  const unweighted = toSamples(core, compiled, x, y);
  const samples = [...unweighted, ...weightsOf(core, compiled, unweighted, { sampleWeight, classWeight })];
  const { rows } = samples[0]!;
  const held = Math.floor(rows * validationSplit);
  const trainRows = rows - held;
  if (validationSplit > 0 && (held === 0 || trainRows === 0)) {
    throw new DataError(
      "data/no-rows",
      `validationSplit ${validationSplit} of ${rows} rows leaves none to ${held === 0 ? "validate on" : "train on"}.`,
    );
  }
  refuseOtherRows(core, resume, trainRows);
  core.refuseSmallBatches(trainRows, batchSize);
  if (resume && core.progress.position < trainRows) {
    core.refuseSmallBatches(trainRows - core.progress.position, batchSize);
  }
  const train = held > 0 ? samples.map((array) => sliceRows(array, 0, trainRows)) : samples;
  const validation =
    held > 0
      ? [...unweighted, ...weightsOf(core, compiled, unweighted, { sampleWeight })].map((array) =>
          sliceRows(array, trainRows, held),
        )
      : evaluated;
  return {
    trainRows,
    train,
    validation,
    frozen: options.cacheFrozen ? cacheablePart(core, arraysOf([train, validation])) : undefined,
    worker: options.worker ? checkWorker(core, compiled, options.worker, validation !== undefined) : undefined,
  };
}

/** Without a stream, of which nothing is kept. */
function arraysOf(sets: readonly (readonly Rows[] | StreamPlan | undefined)[]): (readonly Rows[])[] {
  return sets.flatMap((set) => (set === undefined || isStream(set) ? [] : [set]));
}

function groupSize(given: unknown = 1): number {
  const size = positiveInteger(given, "accumulateSteps");
  return numberInRange(size, "accumulateSteps", 1, MAX_GROUP_BATCHES, { closed: true });
}

function validationOf(
  core: Core,
  compiled: Compiled,
  options: FitOptions & { validationData: NonNullable<FitOptions["validationData"]> },
  passes: number,
): readonly Rows[] | StreamPlan {
  const { validationData } = options;
  if (isChunkSource(validationData)) return planValidation(compiled, validationData, options, passes);
  const [x, y, sampleWeight] = validationData;
  const samples = toSamples(core, compiled, x, y, " of validationData");
  return [...samples, ...weightsOf(core, compiled, samples, { sampleWeight }, " of validationData")];
}

/** Those options that are no plain values. */
function checkParts({ validationData, callbacks, signal }: FitOptions): void {
  if (
    validationData !== undefined &&
    !isChunkSource(validationData) &&
    !(Array.isArray(validationData) && (validationData.length === 2 || validationData.length === 3))
  ) {
    throw new ConfigError(
      "config/bad-validation-data",
      `validationData must be [x, y] or [x, y, sampleWeight], or an iterable of chunks { x, y }; got ${show(validationData)}.`,
    );
  }
  if (callbacks !== undefined && !(Array.isArray(callbacks) && callbacks.every(isObject))) {
    throw new ConfigError(
      "config/bad-callbacks",
      `callbacks must be an array of callbacks, such as [progressBar()]; got ${show(callbacks)}.`,
    );
  }
  for (const { observeEvery } of callbacks ?? []) {
    if (observeEvery !== undefined) positiveInteger(observeEvery, "observeEvery of a callback");
  }
  abortSignal(signal);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function refuseOtherRows({ progress }: Core, resume: boolean, rows: number): void {
  if (!resume || progress.position === 0 || progress.rows === rows) return;
  throw otherRows(progress.rows === OPEN_END ? "a stream" : `${progress.rows} rows`, String(rows));
}

function otherRows(before: string, got: string): DataError {
  return new DataError(
    "data/resume-differs",
    `resume goes on in the middle of an epoch over ${before}, and got ${got}. Pass the same data, or fit without resume.`,
  );
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
