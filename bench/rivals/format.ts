// Figures as text, the same in the terminal, on the page and in the README.

import type { Cell, Spread } from "./results.js";
import { isMeasured } from "./results.js";

/** Three digits, in the unit in which they are read with ease. */
export function time(seconds: number): string {
  if (seconds >= 1) return `${digits(seconds)} s`;
  return seconds >= 0.01 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds * 1e6)} µs`;
}

export function microseconds(seconds: number): string {
  return digits(seconds * 1e6);
}

export function milliseconds(seconds: number): string {
  return digits(seconds * 1e3);
}

export function megabytes(bytes: number): string {
  return digits(bytes / 1e6);
}

/** Three digits, or all those before the point; thousands apart. */
export function digits(value: number): string {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  const places = Math.min(2, Math.max(0, 2 - magnitude));
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

export function range({ min, max }: Spread, unit: (value: number) => string): string {
  return `${unit(min)} … ${unit(max)}`;
}

/** How many times the time of lanewise. */
export function timesOf(cell: Cell | undefined, own: Cell | undefined): string {
  if (!isMeasured(cell) || !isMeasured(own)) return "";
  return `${digits(cell.seconds.median / own.seconds.median)} ×`;
}
