// What callbacks want to be kept: gathered, found again by name, and written into a model's file.

import { ConfigError } from "../errors.js";
import { show } from "../check.js";
import type { Callback } from "./callback.js";

/** What is kept of one callback of the last fit. */
export interface CallbackState {
  /** Absent: it has none. */
  readonly name?: string;
  /** Among those of its name, counted from 0. */
  readonly nth: number;
  readonly state?: unknown;
  /** It has not heard yet of the hook under way. */
  readonly late?: true;
}

/** The state of each callback that has something to keep. */
export function collectStates(callbacks: readonly Callback[], late?: ReadonlySet<Callback>): CallbackState[] {
  const nths = countByName(callbacks);
  return callbacks.flatMap((callback, i) => {
    const isLate = late?.has(callback) ?? false;
    if (!callback.getState && !isLate) return [];
    return {
      ...(callback.name !== undefined && { name: callback.name }),
      nth: nths[i]!,
      ...(callback.getState && { state: callback.getState() }),
      ...(isLate && { late: true as const }),
    };
  });
}

/** For each callback, what was kept of the one of the same name and place among those of that name. */
export function matchStates(
  states: readonly CallbackState[],
  callbacks: readonly Callback[],
): (CallbackState | undefined)[] {
  const nths = countByName(callbacks);
  return callbacks.map(({ name }, i) => states.find((state) => state.name === name && state.nth === nths[i]));
}

function countByName(callbacks: readonly Callback[]): number[] {
  const counts = new Map<string | undefined, number>();
  return callbacks.map(({ name }) => {
    const nth = counts.get(name) ?? 0;
    counts.set(name, nth + 1);
    return nth;
  });
}

// ── In a file ───────────────────────────────────────────────────────────────────────────────────────────────────────
// JSON, but for what JSON cannot hold: an array is { "$tensor": its name in the file }, NaN { "$number": "NaN" }.

/** Tensors of callbacks' states are called so. Layers' names hold no "/", and a weight's name holds one. */
const STATE_PREFIX = "callbacks/";

/** Whether a tensor belongs to a callback's state. */
export function isStateName(name: string): boolean {
  return name.startsWith(STATE_PREFIX) && name.indexOf("/", STATE_PREFIX.length) > 0;
}

/**
 * A value that JSON holds; its arrays are handed to `keep`.
 *
 * @throws ConfigError `config/bad-callback-state` for what would not come back as it was
 */
export function packState(value: unknown, keep: (name: string, data: Float32Array) => void): unknown {
  let count = 0;
  const pack = (value: unknown): unknown => {
    if (typeof value === "number") return Number.isFinite(value) ? value : { $number: String(value) };
    if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean") return value;
    if (value instanceof Float32Array) {
      const name = `${STATE_PREFIX}states/${count++}`;
      keep(name, value);
      return { $tensor: name };
    }
    if (Array.isArray(value)) return value.map(pack);
    refuseOtherKinds(value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]));
  };
  return pack(value);
}

function refuseOtherKinds(value: unknown): asserts value is object {
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  const plain = prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null);
  if (plain && !Object.keys(value as object).some((key) => key.startsWith("$"))) return;
  const kind = plain ? "a key that begins with $" : typeof value === "object" ? value!.constructor.name : show(value);
  throw new ConfigError(
    "config/bad-callback-state",
    `getState() of a callback returned ${kind} within its state, which a file cannot hold. Return plain objects, arrays, strings, numbers, booleans and Float32Arrays.`,
  );
}

/** What `packState` made, as it was. */
export function unpackState(value: unknown, read: (name: string) => Float32Array): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => unpackState(item, read));
  const { $tensor, $number } = value as { $tensor?: unknown; $number?: unknown };
  if ($tensor !== undefined) return read(String($tensor));
  if ($number !== undefined) return Number($number);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpackState(item, read)]));
}
