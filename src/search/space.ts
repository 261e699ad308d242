// What is searched: a distribution for each hyperparameter, and draws that are pure functions of seed, trial and name.

import { STREAM_SEARCH } from "../../assembly/shared/random.js";
import { finiteNumber, positiveNumber, show } from "../check.js";
import { philox4x32, type Key } from "../data/philox.js";
import { ConfigError } from "../errors.js";
import { between } from "../schedules/geometric.js";

/** A hyperparameter's values and how likely each is. Made by `choice`, `uniform`, `logUniform` and `integer`. */
export class Distribution<T = unknown> {
  readonly kind: "choice" | "uniform" | "logUniform" | "integer";
  /** Of a choice. */
  readonly values: readonly T[] | undefined;
  /** Of all others: the bounds. */
  readonly range: readonly [low: number, high: number] | undefined;
  /** The value at a share in [0, 1) of all that it may be. */
  readonly at: (share: number) => T;

  /** @internal */
  constructor(
    kind: Distribution["kind"],
    at: (share: number) => T,
    { values, range }: { values?: readonly T[]; range?: readonly [number, number] },
  ) {
    this.kind = kind;
    this.values = values;
    this.range = range;
    this.at = at;
    Object.freeze(this);
  }
}

/** A distribution by the name of each hyperparameter; any other value stands for itself in every trial. */
export type SearchSpace = Readonly<Record<string, unknown>>;
/** One value a hyperparameter. */
export type Params = Readonly<Record<string, unknown>>;

/**
 * Each of the values equally likely.
 *
 * @throws ConfigError `config/empty-choice`
 * @example choice(["relu", "elu", "selu"])
 */
export function choice<const T>(values: readonly T[]): Distribution<T> {
  if (!Array.isArray(values) || values.length === 0) {
    throw new ConfigError(
      "config/empty-choice",
      `choice takes an array of at least one value, such as choice(["relu", "elu"]); got ${show(values)}.`,
    );
  }
  const list = Object.freeze([...(values as readonly T[])]);
  return new Distribution<T>("choice", (share) => list[Math.floor(share * list.length)]!, { values: list });
}

/**
 * Numbers in [low, high), all equally likely.
 *
 * @throws ConfigError `config/out-of-range` where low is not below high
 * @example uniform(0, 0.5)
 */
export function uniform(low: number, high: number): Distribution<number> {
  const range = bounds("uniform", low, high, finiteNumber);
  return new Distribution("uniform", (share) => low + share * (high - low), { range });
}

/**
 * Numbers between low and high whose logarithms are equally likely: as many between 0.001 and 0.01 as between 0.01 and 0.1.
 *
 * @throws ConfigError `config/not-positive` for a bound of 0 or less, `config/out-of-range` where low is not below high
 * @example logUniform(1e-4, 1e-1)
 */
export function logUniform(low: number, high: number): Distribution<number> {
  const range = bounds("logUniform", low, high, positiveNumber);
  return new Distribution("logUniform", (share) => between(low, high, share), { range });
}

/**
 * Whole numbers from low to high, both among them, all equally likely.
 *
 * @throws ConfigError `config/not-an-integer`, `config/out-of-range` where low is not below high
 * @example integer(1, 4)
 */
export function integer(low: number, high: number): Distribution<number> {
  const range = bounds("integer", low, high, wholeNumber);
  return new Distribution("integer", (share) => low + Math.floor(share * (high - low + 1)), { range });
}

function bounds(
  name: string,
  low: number,
  high: number,
  check: (value: unknown, what: string) => number,
): readonly [number, number] {
  check(low, `low of ${name}(low, high)`);
  check(high, `high of ${name}(low, high)`);
  if (low < high) return Object.freeze([low, high] as const);
  throw new ConfigError(
    "config/out-of-range",
    `low of ${name}(low, high) must be below high; got ${name}(${low}, ${high}). For a single value, give the value itself.`,
  );
}

function wholeNumber(value: unknown, what: string): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new ConfigError("config/not-an-integer", `${what} must be a whole number; got ${show(value)}.`);
}

/** The hyperparameters of a trial. One's value depends on the seed, the trial and its name; so not on what else is searched. */
export function drawParams(space: SearchSpace, seed: number, trial: number): Params {
  const drawn = Object.entries(space).map(([name, value]) => [
    name,
    value instanceof Distribution ? value.at(shareOf(seed, trial, hashOf(name))) : value,
  ]);
  return Object.freeze(Object.fromEntries(drawn)) as Params;
}

/** The seed of a trial's model. */
export function seedOf(seed: number, trial: number): number {
  return philox4x32([1, 0, trial, STREAM_SEARCH], keyOf(seed))[0];
}

/** 53 bits in [0, 1). */
function shareOf(seed: number, trial: number, name: number): number {
  const [high, low] = philox4x32([0, name, trial, STREAM_SEARCH], keyOf(seed));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}

function keyOf(seed: number): Key {
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

function hashOf(name: string): number {
  return fnv1a(new TextEncoder().encode(name));
}

/** FNV-1a, 32 bits; `hash` is that of the bytes before. */
export function fnv1a(bytes: Uint8Array, hash = 0x811c9dc5): number {
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The names of what varies. */
export function searched(space: SearchSpace): string[] {
  return Object.keys(space).filter((name) => space[name] instanceof Distribution);
}

/** Refuses what is no object, or has no entry. */
export function checkSpace(space: unknown): asserts space is SearchSpace {
  const isRecord = typeof space === "object" && space !== null && !Array.isArray(space) && !ArrayBuffer.isView(space);
  if (!isRecord || space instanceof Distribution) {
    throw new ConfigError(
      "config/bad-space",
      `space must be an object by hyperparameter, such as { learningRate: logUniform(1e-4, 1e-1) }; got ${show(space)}.`,
    );
  }
  if (Object.keys(space).length > 0) return;
  throw new ConfigError(
    "config/empty-space",
    "space is empty: give it at least one hyperparameter, such as { learningRate: logUniform(1e-4, 1e-1) }, or without build leave it out for the default.",
  );
}

/** Refuses a space that leaves nothing to search. */
export function refuseConstant(space: SearchSpace): void {
  if (searched(space).length > 0) return;
  throw new ConfigError(
    "config/empty-space",
    `space varies nothing: each of ${Object.keys(space).join(", ")} has one value. Use choice, uniform, logUniform or integer for at least one.`,
  );
}
