import { show } from "../../check.js";
import { ModelFormatError } from "../../errors.js";
import {
  classifierOf,
  LINEAR_FORMAT,
  LINEAR_FORMAT_VERSION,
  type LinearClassifier,
  type LinearJson,
  type LinearState,
  type LogisticClassifier,
} from "./classifier.js";

/**
 * The classifier that `toJSON` was called of, with the same bits.
 *
 * @param json what `toJSON` returned, or its text
 * @throws ModelFormatError `model/not-lanewise`, `model/newer-version`, `model/bad-classifier`
 * @example
 * const text = JSON.stringify(await logisticRegression().fit(x, y));
 * const model = await loadLinearModel(text);
 * model.predict(xTest);
 */
export async function loadLinearModel(json: string | LinearJson): Promise<LinearClassifier | LogisticClassifier> {
  return classifierOf(readState(typeof json === "string" ? parse(json) : json));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelFormatError("model/bad-classifier", `This is no JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** Copies what it has checked, and nothing else. */
function readState(given: unknown): LinearState {
  const json = (typeof given === "object" && given !== null ? given : {}) as { [K in keyof LinearJson]?: unknown };
  if (json.format !== LINEAR_FORMAT) {
    throw new ModelFormatError(
      "model/not-lanewise",
      `This is no linear classifier of lanewise: its format is ${show(json.format)}, expected ${show(LINEAR_FORMAT)}.`,
    );
  }
  const version = integer(json.formatVersion, "formatVersion", 1);
  if (version > LINEAR_FORMAT_VERSION) {
    throw new ModelFormatError(
      "model/newer-version",
      `The classifier has format version ${version}; this library reads up to version ${LINEAR_FORMAT_VERSION}. Update lanewise.`,
    );
  }
  const { type, converged } = json;
  if (type !== "linearSvm" && type !== "logisticRegression") refuse("type", "linearSvm or logisticRegression", type);
  if (typeof converged !== "boolean") refuse("converged", "true or false", converged);
  const classes = readClasses(json.classes);
  const rows = list(json.coefficients, "coefficients", classes.length === 2 ? 1 : classes.length);
  const width = list(rows[0], "coefficients[0]").length;
  return {
    type,
    classes,
    coefficients: rows.map((row, k) => numbers(row, `coefficients[${k}]`, width)),
    intercepts: numbers(json.intercepts, "intercepts", rows.length),
    iterations: integer(json.iterations, "iterations", 0),
    converged,
  };
}

function readClasses(given: unknown): number[] {
  const classes = numbers(given, "classes");
  const sorted = classes.every((label, k) => label === (label | 0) && (k === 0 || label > classes[k - 1]!));
  if (!sorted || classes.length < 2) refuse("classes", "two or more whole numbers of 32 bits that increase", given);
  return classes;
}

function numbers(given: unknown, what: string, length?: number): number[] {
  return list(given, what, length).map((value, at) => {
    if (typeof value !== "number" || !Number.isFinite(value)) refuse(`${what}[${at}]`, "a finite number", value);
    return value;
  });
}

function list(given: unknown, what: string, length?: number): unknown[] {
  const fits = Array.isArray(given) && (length === undefined ? given.length > 0 : given.length === length);
  if (!fits) refuse(what, length === undefined ? "an array that is not empty" : `an array of ${length}`, given);
  return Array.from(given as unknown[]); // holes become undefined
}

function integer(given: unknown, what: string, least: number): number {
  if (!Number.isSafeInteger(given) || (given as number) < least) refuse(what, `a whole number from ${least}`, given);
  return given as number;
}

function refuse(what: string, expected: string, given: unknown): never {
  throw new ModelFormatError(
    "model/bad-classifier",
    `The classifier is damaged: its ${what} should be ${expected} and is ${show(given)}.`,
  );
}
