// Where chunks of rows come from: what a user may pass, and how it is opened.

import { show } from "../../check.js";
import { ConfigError, DataError } from "../../errors.js";
import type { Inputs, Outputs } from "../dataset.js";
import type { Weighting } from "../weights.js";

/** Some rows, as `fit` takes them: any number from one, and any other in the next chunk. */
export interface Chunk {
  readonly x: Inputs;
  readonly y: Outputs;
  /** One weight a row (or such by output): in each chunk, or in none. */
  readonly sampleWeight?: Weighting["sampleWeight"];
}

type Chunks = AsyncIterable<Chunk> | Iterable<Chunk>;

/** Chunks to be gone through, or a function that returns them anew: what is gone through several times must start again. */
export type ChunkSource = Chunks | (() => Chunks | Promise<Chunks>);

type ChunkIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** Arrays are rows, also where they are iterable. */
export function isChunkSource(given: unknown): given is ChunkSource {
  if (typeof given === "function") return true;
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given;
}

/**
 * What is an iterator itself (a generator that was called) or a ReadableStream gives its chunks once.
 *
 * @throws ConfigError `config/one-shot-stream` where that is not enough
 */
export function refuseOneShot(source: ChunkSource, passes: number, what: string): void {
  if (passes <= 1 || typeof source === "function" || !("next" in source || "getReader" in source)) return;
  throw new ConfigError(
    "config/one-shot-stream",
    `${what} is to be gone through ${passes} times, once an epoch, and can be iterated once only. ` +
      "Pass a function that returns it anew: fit(() => chunks(), …), or with stepsPerEpoch one endless stream.",
  );
}

/** @throws DataError `data/bad-source`, and what the source throws */
export async function openSource(source: ChunkSource): Promise<ChunkIterator> {
  const chunks: unknown = typeof source === "function" ? await source() : source;
  if (typeof chunks === "object" && chunks !== null) {
    if (Symbol.asyncIterator in chunks) return (chunks as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in chunks) return (chunks as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new DataError(
    "data/bad-source",
    `The function that was passed for a stream returned ${show(chunks)}; it must return an iterable of chunks { x, y }, such as an async generator does.`,
  );
}
