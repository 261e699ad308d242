// What a fit is to do: options checked, rows measured and copied, before anything has changed.

import { MAX_GROUP_BATCHES } from "../../assembly/shared/layout.js";
import { abortSignal, boolean, knownOptions, numberInRange, positiveInteger, positiveNumber, show } from "../check.js";
import { ConfigError, DataError } from "../errors.js";
import type { Callback } from "./callback.js";
import type { Compiled, Core } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { type Inputs, OPEN_END, type Outputs, toSamples } from "./dataset.js";
import { FIT_OPTIONS, type FitOptions } from "./fitOptions.js";
import { cacheablePart } from "./frozenCache.js";
import type { FrozenPart } from "./frozenPart.js";
import { isStream, planStream, planValidation, refuseStreamOptions, type StreamPlan } from "./stream/plan.js";
import { type ChunkSource, isChunkSource } from "./stream/source.js";
import { weightsOf } from "./weights.js";
import { checkWorker, type WorkerOptions } from "./worker.js";

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

export function planFit(core: Core, x: Inputs | ChunkSource, y: Outputs, options: FitOptions): Plan {
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
