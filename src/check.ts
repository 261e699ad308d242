// Checks of single options: each returns the value it has checked and throws a ConfigError that names it.

import type { ErrorCode } from "./errorCodes.js";
import { ConfigError, ShapeError } from "./errors.js";
import type { Shape } from "./shape.js";

export function positiveInteger(
  value: unknown,
  what: string,
  code: ErrorCode = "config/not-a-positive-integer",
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new ConfigError(code, `${what} must be a whole number of at least 1; got ${show(value)}.`);
  }
  return value;
}

/** A whole number from 0. */
export function wholeNumber(value: unknown, what: string, code: ErrorCode = "config/not-a-whole-number"): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError(code, `${what} must be a whole number of at least 0; got ${show(value)}.`);
  }
  return value;
}

export function positiveNumber(value: unknown, what: string, code: ErrorCode = "config/not-positive"): number {
  if (!isFinite32(value) || Math.fround(value) <= 0) {
    throw new ConfigError(code, `${what} must be a finite number above 0, also in 32 bits; got ${show(value)}.`);
  }
  return value;
}

export function finiteNumber(value: unknown, what: string, code: ErrorCode = "config/not-finite"): number {
  if (!isFinite32(value)) {
    throw new ConfigError(code, `${what} must be a finite number, also in 32 bits; got ${show(value)}.`);
  }
  return value;
}

/** Kernels compute in 32 bits, where 1e39 is infinite. */
export function isFinite32(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}

/** A number in [low, high), or in [low, high] where `closed`. */
export function numberInRange(
  value: unknown,
  what: string,
  low: number,
  high: number,
  { closed = false, code = "config/out-of-range" }: { closed?: boolean; code?: ErrorCode } = {},
): number {
  if (typeof value !== "number" || !(value >= low && (closed ? value <= high : value < high))) {
    throw new ConfigError(code, `${what} must be in [${low}, ${high}${closed ? "]" : ")"}; got ${show(value)}.`);
  }
  return value;
}

export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") {
    throw new ConfigError("config/not-a-boolean", `${what} must be true or false; got ${show(value)}.`);
  }
  return value;
}

/**
 * Options as an object that has none but known ones; a misspelt one is refused with the nearest.
 *
 * @param known Every option as a key: the compiler says where one is missing.
 */
export function knownOptions<T extends object>(
  given: unknown,
  what: string,
  known: { readonly [K in keyof T]-?: unknown },
): T {
  const names = Object.keys(known);
  const takes = names.length > 0 ? `It takes { ${names.join(", ")} }.` : "It takes none.";
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new ConfigError("config/not-options", `Options of ${what} must be an object; got ${show(given)}. ${takes}`);
  }
  for (const option of Object.keys(given)) {
    if (names.includes(option)) continue;
    throw new ConfigError(
      "config/unknown-option",
      `There is no option ${show(option)} of ${what}.${suggest(option, names)} ${takes}`,
    );
  }
  return given as T;
}

/** An AbortSignal, or none. */
export function abortSignal(value: unknown): AbortSignal | undefined {
  if (value !== undefined && typeof (value as AbortSignal | null)?.throwIfAborted !== "function") {
    throw new ConfigError("config/bad-signal", `signal must be an AbortSignal; got ${show(value)}.`);
  }
  return value as AbortSignal | undefined;
}

/** A seed: any whole number from 0 to 2^53 − 1. */
export function seedValue(value: unknown, what = "seed"): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError("config/bad-seed", `${what} must be a whole number from 0 to 2^53 - 1; got ${show(value)}.`);
  }
  return value;
}

/** A number or a list of sizes as a shape. */
export function shapeOf(value: unknown, what: string): Shape {
  const shape: unknown[] = Array.isArray(value) ? [...value] : [value]; // spread: holes become undefined
  if (shape.length === 0 || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 1)) {
    throw new ShapeError(
      "shape/bad-shape",
      `${what} must be a size or a list of sizes, each a whole number of at least 1, such as 784 or [28, 28, 1]; got ${show(value)}.`,
    );
  }
  return Object.freeze(shape as number[]);
}

/** Characters of a text that are shown, and compared with names: what stands in a file may have millions. */
const MOST_SHOWN = 200;

/** A value as it may stand in a message: short, and strings quoted. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value);
  if (typeof value === "function") return `a function (call it: ${value.name || "f"}())`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  if (Array.isArray(value)) {
    const short = value.length <= 8 && value.every((item) => typeof item !== "object" || item === null);
    return short ? `[${value.map(show).join(", ")}]` : `an array of ${value.length}`;
  }
  return value !== null && typeof value === "object" ? "an object" : String(value);
}

/** ` Did you mean "relu"?`, or nothing where no name is near. */
export function suggest(given: unknown, names: readonly string[]): string {
  const simple = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const ranked = names
    .map((name) => ({ name, distance: editDistance(simple(show(given)), simple(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.name.length / 3)) ? ` Did you mean "${best.name}"?` : "";
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
