import { formatNumber } from "../callbacks/format.js";
import { Distribution, type Params, type SearchSpace } from "./space.js";

/** A hyperparameter's value in a few characters: numbers to three digits, descriptions by name. */
export function shortValue(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : shortNumber(value);
  if (Array.isArray(value)) return value.map(shortValue).join("-");
  if (typeof value === "object" && value !== null) {
    return "name" in value && typeof value.name === "string" ? value.name : JSON.stringify(value);
  }
  return typeof value === "function" ? value.name || "function" : String(value);
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  const text = size >= 1e-3 && size < 1e4 ? value.toPrecision(3) : value.toExponential(2);
  return text.replace(/(\.\d*?)0+(e|$)/, "$1$2").replace(/\.(e|$)/, "$1");
}

/** What varies, one after the other: `depth 2, units 64, activation relu`. */
export function paramsText(space: SearchSpace, params: Params): string {
  return Object.entries(space)
    .flatMap(([name, value]) => (value instanceof Distribution ? [`${name} ${shortValue(params[name])}`] : []))
    .join(", ");
}

export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

export function formatScore(score: number | null): string {
  return score === null ? "not finite" : formatNumber(score);
}

/** `1 trial`, `2 trials`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
