// A search on its way, as one safetensors file: what was asked and what each trial came to are JSON in its metadata; models that
// may go on, and the best, are its tensors.

import { show } from "../check.js";
import { ConfigError, LanewiseError, ModelFormatError } from "../errors.js";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.js";
import { readBytes } from "../runtime/files.js";
import type { Contender, RungScore } from "./trial.js";

const FORMAT = "lanewise-search";
const FORMAT_VERSION = 1;

/** All that the outcome depends on, each part by the name of what decides it. */
export type Fingerprint = Readonly<Record<string, unknown>>;

/** How far a search has come. */
export interface Progress {
  /** By number; those that have begun hold rungs, those that may go on their bytes. */
  readonly contenders: readonly Contender[];
  best: { number: number; score: RungScore; bytes: Uint8Array } | undefined;
}

interface SavedTrial {
  readonly number: number;
  readonly rungs: readonly RungScore[];
}

interface SavedBest {
  readonly number: number;
  readonly score: RungScore;
}

export function writeState(fingerprint: Fingerprint, { contenders, best }: Progress): Uint8Array {
  const trials: SavedTrial[] = contenders
    .filter(({ rungs }) => rungs.length > 0)
    .map(({ number, rungs }) => ({ number, rungs }));
  const models = contenders.flatMap(({ number, bytes }): [string, Uint8Array][] =>
    bytes ? [[`trial/${number}`, bytes]] : [],
  );
  if (best) models.push(["best", best.bytes]);
  return writeSafetensors(
    models.map(([name, data]) => [name, { dtype: "U8", shape: [data.length], data }]),
    {
      format: FORMAT,
      formatVersion: String(FORMAT_VERSION),
      search: JSON.stringify(fingerprint),
      trials: JSON.stringify(trials),
      ...(best && { best: JSON.stringify({ number: best.number, score: best.score } satisfies SavedBest) }),
    },
  );
}

/**
 * Brings `progress` to where the state was taken.
 *
 * @throws ModelFormatError for bytes that are no such state; ConfigError `search/other-search` for one of another search
 */
export function readState(bytes: Uint8Array, fingerprint: Fingerprint, progress: Progress): void {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== FORMAT || metadata.formatVersion !== String(FORMAT_VERSION)) {
    throw new ModelFormatError(
      "search/bad-state",
      `The state is of format ${show(metadata.format)}, version ${show(metadata.formatVersion)}; expected "${FORMAT}", version "${FORMAT_VERSION}", as search() wrote it.`,
    );
  }
  refuseOtherSearch(parsed<Fingerprint>(metadata.search), fingerprint);
  const byNumber = new Map(progress.contenders.map((contender) => [contender.number, contender]));
  for (const { number, rungs } of parsed<readonly SavedTrial[]>(metadata.trials)) {
    const contender = byNumber.get(number);
    if (!contender) throw broken(`it names a trial ${show(number)}`);
    if (!Array.isArray(rungs) || !rungs.every(isRungScore))
      throw broken(`what trial ${number} came to is no list of scores`);
    contender.rungs.push(...rungs);
    contender.bytes = tensors.get(`trial/${number}`)?.data.slice();
  }
  if (metadata.best === undefined) return;
  const best = parsed<SavedBest>(metadata.best);
  const data = tensors.get("best")?.data.slice();
  if (!data || !byNumber.has(best.number) || !isRungScore(best.score)) throw broken("it lacks the best model");
  progress.best = { number: best.number, score: best.score, bytes: data };
}

function isRungScore(value: unknown): value is RungScore {
  const { epochs, score, logs } = (value ?? {}) as Partial<RungScore>;
  const scored = score === null || Number.isFinite(score);
  return Number.isSafeInteger(epochs) && scored && typeof logs === "object" && logs !== null;
}

/** The bytes of a checkpoint, or undefined where there is none yet. */
export async function readCheckpoint(path: string | URL): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(path);
  } catch (error) {
    if (error instanceof LanewiseError && error.code === "files/not-found") return undefined;
    throw error;
  }
}

function refuseOtherSearch(saved: Fingerprint, now: Fingerprint): void {
  for (const [part, value] of Object.entries(now)) {
    const [before, after] = [JSON.stringify(saved[part]), JSON.stringify(value)];
    if (before === after) continue;
    throw new ConfigError(
      "search/other-search",
      `The state is of another search: its ${part} is ${short(before)}, and this one's ${short(after)}. Pass the same data and options, or start without the state.`,
    );
  }
}

function short(text = "nothing"): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function parsed<T>(text: string | undefined): T {
  try {
    return JSON.parse(text ?? "") as T;
  } catch (error) {
    throw broken("its metadata are no JSON", error);
  }
}

function broken(why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError("search/bad-state", `The search's state cannot be used: ${why}.`, { cause });
}
