import { show } from "../check.js";
import { ModelFormatError } from "../errors.js";

/** A callback's state from a file, which may hold anything, if its values are of the kinds asked for. */
export function checkedState<T>(
  callback: string,
  state: unknown,
  checks: { [K in keyof T]-?: (value: unknown) => boolean },
): T {
  const object = typeof state === "object" && state !== null ? (state as Record<string, unknown>) : {};
  for (const [key, check] of Object.entries<(value: unknown) => boolean>(checks)) {
    if (check(object[key])) continue;
    throw new ModelFormatError(
      "model/bad-callback-state",
      `The state of ${callback} cannot be taken up: its ${key} is ${show(object[key])}. Resume with the callbacks that were saved, or fit without resume.`,
    );
  }
  return object as T;
}

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
export const isFigure = (value: unknown): boolean => value === null || Number.isFinite(value);
export const isText = (value: unknown): boolean => typeof value === "string";
export const isFlag = (value: unknown): boolean => typeof value === "boolean";
