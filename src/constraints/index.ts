import { finiteNumber, numberInRange, positiveNumber } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { fixed, type Value, widthOf } from "../program/graph.js";

interface ConstraintRow extends FamilyRow {
  /** The norms between which each column is brought; undefined where it is not about norms. */
  readonly norms?: (description: Description) => { minimum: number; maximum: number; rate: number };
}

const rows = {
  maxNorm: {
    options: { maxValue: undefined },
    formula: "w ← w · min(‖w‖, c) / (ε + ‖w‖), by column",
    paper: "Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, JMLR 15",
    norms: ({ maxValue }) => ({ minimum: 0, maximum: maxValue as number, rate: 1 }),
  },
  unitNorm: {
    options: {},
    formula: "w ← w / (ε + ‖w‖), by column",
    norms: () => ({ minimum: 1, maximum: 1, rate: 1 }),
  },
  nonNeg: { options: {}, formula: "w ← max(w, 0)" },
  minMaxNorm: {
    options: { minValue: 0, maxValue: 1, rate: 1 },
    formula: "w ← w · (r · clamp(‖w‖, min, max) + (1 − r) · ‖w‖) / (ε + ‖w‖), by column",
    norms: ({ minValue, maxValue, rate }) => ({
      minimum: minValue as number,
      maximum: maxValue as number,
      rate: rate as number,
    }),
  },
} as const satisfies Record<string, ConstraintRow>;

/** Every constraint: one row each. */
export const CONSTRAINTS: Family<Record<keyof typeof rows, ConstraintRow>> = { kind: "constraint", rows };

export type ConstraintName = keyof typeof rows;
export type ConstraintDescription = Description<ConstraintName>;
/** What a constraint option takes: a name, or what a factory returns. */
export type Constraint = ConstraintName | ConstraintDescription;

/** A complete description; options out of range are refused. */
export function resolveConstraint(given: Constraint): ConstraintDescription {
  const description = resolve(CONSTRAINTS, given);
  const { name, minValue, maxValue } = description;
  const what = (option: string) => `${option} of constraint "${name}"`;
  if (name === "maxNorm" || name === "minMaxNorm") positiveNumber(maxValue, what("maxValue"));
  if (name === "minMaxNorm") {
    const minimum = finiteNumber(minValue, what("minValue"));
    if (minimum < 0 || minimum > (maxValue as number)) {
      throw new ConfigError(
        "config/out-of-range",
        `${what("minValue")} must be in [0, maxValue], and maxValue is ${String(maxValue)}; got ${minimum}.`,
      );
    }
    numberInRange(description.rate, what("rate"), 0, 1, { closed: true });
  }
  return description;
}

/** Brings `weights` back into the constraint, in place; its columns are those over its first axis. */
export function emitConstraint(b: GraphBuilder, constraint: ConstraintDescription, weights: Value): void {
  const { norms } = CONSTRAINTS.rows[constraint.name];
  if (!norms) {
    b.emit("constrainNonNegative", { n: fixed(widthOf(weights)) }, { weights });
    return;
  }
  const { minimum, maximum, rate } = norms(constraint);
  const size = weights.shape[0]!;
  const dims = { rows: fixed(size), width: fixed(widthOf(weights) / size) };
  b.emit("constrainNorms", dims, { weights }, { minimum, maximum }, { rateBits: bitsOf(rate) });
}

/** A number in [0, 1] as the bits of an f32: a record has room for two numbers only. */
function bitsOf(rate: number): number {
  return new Int32Array(Float32Array.of(rate).buffer)[0]!;
}

/**
 * Each column of a kernel (the weights into one unit) to an L2 norm of at most c after each step: Keras's formula,
 * w · min(‖w‖, c) / (ε + ‖w‖), ε = 1e-7; a bias is one column. Srivastava et al. 2014, JMLR 15.
 *
 * @throws ConfigError `config/not-positive` where c is not a finite number above 0
 * @example dense(300, { kernelConstraint: maxNorm(3) })
 */
export const maxNorm = (c: number): ConstraintDescription =>
  resolveConstraint(describe(CONSTRAINTS, "maxNorm", { maxValue: c }));

/**
 * Each column to an L2 norm of 1 after each step: w / (ε + ‖w‖), ε = 1e-7; a column of zeros stays.
 *
 * @example dense(64, { kernelConstraint: unitNorm() })
 */
export const unitNorm = (options: object = {}) => describe(CONSTRAINTS, "unitNorm", options);

/**
 * No weight below zero after a step: max(w, 0).
 *
 * @example dense(64, { kernelConstraint: nonNeg() })
 */
export const nonNeg = (options: object = {}) => describe(CONSTRAINTS, "nonNeg", options);

/**
 * Each column to an L2 norm of minValue (default 0) to maxValue (default 1) after each step, a share `rate` (0 to 1,
 * default 1) of the way: Keras's formula, w · (r · clamp(‖w‖) + (1 − r) · ‖w‖) / (ε + ‖w‖), ε = 1e-7.
 *
 * @example dense(64, { kernelConstraint: minMaxNorm({ minValue: 0.5, maxValue: 2 }) })
 */
export const minMaxNorm = (options: { minValue?: number; maxValue?: number; rate?: number } = {}) =>
  resolveConstraint(describe(CONSTRAINTS, "minMaxNorm", options));
