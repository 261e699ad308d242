// What a fit or an evaluation of a stream was asked for, checked: what needs all rows at once is refused.

import { positiveInteger, show } from "../../check.js";
import { ConfigError } from "../../errors.js";
import { type Compiled, metricsOf } from "../core.js";
import type { Rows } from "../data.js";
import type { FitOptions } from "../fitOptions.js";
import type { Plan } from "../fitPlan.js";
import type { ClassWeight } from "../weights.js";
import { type ChunkSource, isChunkSource, refuseOneShot } from "./source.js";

/** Rows from which the next one is drawn, where none are named: what MNIST's first 8192 digits would take is 6 MiB. */
const DEFAULT_BUFFER_ROWS = 8192;

/** A stream of rows, checked as far as it can be before it is opened. */
export interface StreamPlan {
  readonly source: ChunkSource;
  readonly bufferRows: number;
  readonly readAhead: number;
  readonly stepsPerEpoch: number | undefined;
  readonly classWeight: ClassWeight | undefined;
}

export function isStream(samples: readonly Rows[] | StreamPlan): samples is StreamPlan {
  return !Array.isArray(samples);
}

/** In an epoch; Infinity where that is for a stream to tell. */
export function rowsAnnounced({ train, batchSize }: Plan): number {
  if (!isStream(train)) return train[0]!.rows;
  return train.stepsPerEpoch === undefined ? Infinity : train.stepsPerEpoch * batchSize;
}

/** @throws ConfigError `config/not-for-streams`, `config/one-shot-stream` */
export function planStream(source: ChunkSource, options: FitOptions, passes: number): StreamPlan {
  const { validationSplit = 0, sampleWeight, classWeight, shuffle = true, shuffleBuffer, stepsPerEpoch } = options;
  if (validationSplit > 0) throw unfit("validationSplit", "Pass validationData: arrays, or another stream");
  if (sampleWeight !== undefined) throw unfitWeight();
  if (options.cacheFrozen)
    throw unfit("cacheFrozen", "Compute the features once with featureExtractor and stream those");
  if (options.worker) throw unfit("worker", "Leave it out: fit() lets this thread work every 10 ms");
  if (stepsPerEpoch === undefined) refuseOneShot(source, passes, "The stream");
  else positiveInteger(stepsPerEpoch, "stepsPerEpoch");
  const bufferRows = positiveInteger(shuffleBuffer ?? DEFAULT_BUFFER_ROWS, "shuffleBuffer");
  return { source, bufferRows: shuffle ? bufferRows : 1, readAhead: aheadOf(options), stepsPerEpoch, classWeight };
}

/** @throws ConfigError `config/not-for-streams`, `config/one-shot-stream` */
export function planValidation(
  compiled: Compiled,
  source: ChunkSource,
  options: Pick<FitOptions, "readAhead" | "worker" | "sampleWeight">,
  passes = 1,
): StreamPlan {
  if (options.sampleWeight !== undefined) throw unfitWeight();
  if (options.worker) throw unfit("worker", "Validate on arrays, or leave it out");
  const whole = metricsOf(compiled).find(({ compute }) => compute);
  if (whole) throw unfit(`The metric ${whole.label}`, "It is a function of all rows at once: evaluate on arrays");
  refuseOneShot(source, passes, "The stream of validationData");
  const readAhead = aheadOf(options);
  return { source, bufferRows: 1, readAhead, stepsPerEpoch: undefined, classWeight: undefined };
}

/** @throws ConfigError `config/streams-only` where arrays are given with what only streams have */
export function refuseStreamOptions(options: FitOptions): void {
  const { shuffleBuffer, stepsPerEpoch } = options;
  const readAhead = isChunkSource(options.validationData) ? undefined : options.readAhead;
  for (const [name, value] of Object.entries({ shuffleBuffer, stepsPerEpoch, readAhead })) {
    if (value === undefined) continue;
    throw new ConfigError(
      "config/streams-only",
      `${name} is for streams of chunks, and x is arrays: all their rows are at hand. Leave it out, or pass an iterable of { x, y }.`,
    );
  }
}

/**
 * The options of `verb(source, options)` or `verb(source, undefined, options)`.
 *
 * @throws ConfigError `config/not-for-streams` where there are targets beside the stream
 */
export function optionsBeside<T extends object>(y: unknown, options: T | undefined): T {
  if (options === undefined) return (y ?? {}) as T;
  if (y === undefined || y === null) return options;
  throw unfit(`y (${show(y)})`, "Targets come in its chunks, { x, y }: pass undefined, or the options in its place");
}

function aheadOf({ readAhead = 1 }: Pick<FitOptions, "readAhead">): number {
  return positiveInteger(readAhead, "readAhead");
}

function unfitWeight(): ConfigError {
  return unfit("sampleWeight", "Give it in each chunk: { x, y, sampleWeight }");
}

function unfit(what: string, cure: string): ConfigError {
  return new ConfigError("config/not-for-streams", `${what} does not go with a stream of chunks. ${cure}.`);
}
