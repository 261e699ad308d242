// Checks of single options: each returns the value it has checked and throws a ConfigError that names it.

import { ConfigError, ShapeError } from "./errors.js";
import type { Shape } from "./shape.js";

export function positiveInteger(value: unknown, what: string, code = "config/not-a-positive-integer"): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new ConfigError(code, `${what} must be a whole number of at least 1; got ${show(value)}.`);
  }
  return value;
}

export function positiveNumber(value: unknown, what: string, code = "config/not-positive"): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new ConfigError(code, `${what} must be a finite number above 0; got ${show(value)}.`);
  }
  return value;
}

export function finiteNumber(value: unknown, what: string, code = "config/not-finite"): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ConfigError(code, `${what} must be a finite number; got ${show(value)}.`);
  }
  return value;
}

/** A number in [low, high), or in [low, high] where `closed`. */
export function numberInRange(
  value: unknown,
  what: string,
  low: number,
  high: number,
  { closed = false, code = "config/out-of-range" }: { closed?: boolean; code?: string } = {},
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

/** A seed: any whole number from 0 to 2^53 − 1. */
export function seedValue(value: unknown, what = "seed"): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError("config/bad-seed", `${what} must be a whole number from 0 to 2^53 - 1; got ${show(value)}.`);
  }
  return value;
}

/** A number or a list of sizes as a shape. */
export function shapeOf(value: unknown, what: string): Shape {
  const shape: unknown[] = Array.isArray(value) ? value : [value];
  if (shape.length === 0 || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 1)) {
    throw new ShapeError(
      "shape/bad-shape",
      `${what} must be a size or a list of sizes, each a whole number of at least 1, such as 784 or [28, 28, 1]; got ${show(value)}.`,
    );
  }
  return Object.freeze([...(shape as number[])]);
}

/** A value as it may stand in a message: short, and strings quoted. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  if (Array.isArray(value)) return value.length > 8 ? `an array of ${value.length}` : `[${value.map(show).join(", ")}]`;
  if (value !== null && typeof value === "object") return value.constructor?.name ?? "an object";
  return String(value);
}
