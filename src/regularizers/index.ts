import { finiteNumber } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { fixed, type Value, widthOf } from "../program/graph.js";

const paper = "Hoerl, Kennard 1970, Technometrics 12; Tibshirani 1996, JRSS B 58";

const rows = {
  l1: { options: { l1: 0.01 }, formula: "λ₁ Σ |w|", paper },
  l2: { options: { l2: 0.01 }, formula: "λ₂ Σ w²", paper },
  l1l2: { options: { l1: 0, l2: 0 }, formula: "λ₁ Σ |w| + λ₂ Σ w²", paper },
} as const satisfies Record<string, FamilyRow>;

/** Every regularizer: one row each. */
export const REGULARIZERS: Family<Record<keyof typeof rows, FamilyRow>> = { kind: "regularizer", rows };

export type RegularizerName = keyof typeof rows;
export type RegularizerDescription = Description<RegularizerName>;
/** What a regularizer option takes: a name, or what a factory returns. */
export type Regularizer = RegularizerName | RegularizerDescription;

/** A complete description; factors below 0 are refused. */
export function resolveRegularizer(given: Regularizer): RegularizerDescription {
  const description = resolve(REGULARIZERS, given);
  for (const option of ["l1", "l2"]) {
    if (!(option in description)) continue;
    const what = `${option} of regularizer "${description.name}"`;
    const factor = finiteNumber(description[option], what, "config/bad-penalty");
    if (factor < 0) throw new ConfigError("config/bad-penalty", `${what} must be at least 0; got ${factor}.`);
  }
  return description;
}

/** Adds the penalty on `weights` to the batch's loss, and its gradient to `gradient` where one is given. */
export function emitPenalty(
  b: GraphBuilder,
  { l1 = 0, l2 = 0 }: RegularizerDescription,
  weights: Value,
  gradient: Value | undefined,
): void {
  if (l1 === 0 && l2 === 0) return;
  const factors = { l1: l1 as number, l2: l2 as number };
  b.emit("penalty", { n: fixed(widthOf(weights)) }, { weights, gradient }, factors);
}

/**
 * λ Σ |w|, added to the loss that is reported and minimized; default 0.01, as in Keras. Its gradient is λ · sign w, with
 * sign 0 = 0.
 *
 * @throws ConfigError `config/bad-penalty` where λ is below 0 or not finite
 * @example dense(100, { kernelRegularizer: l1(1e-5) })
 */
export const l1 = (lambda?: number): RegularizerDescription =>
  resolveRegularizer(describe(REGULARIZERS, "l1", { l1: lambda }));

/**
 * λ Σ w², added to the loss that is reported and minimized; default 0.01, as in Keras. Its gradient is 2λw: PyTorch's
 * `weight_decay` of 2λ, in SGD.
 *
 * @throws ConfigError `config/bad-penalty` where λ is below 0 or not finite
 * @example dense(100, { kernelRegularizer: l2(1e-4) })
 */
export const l2 = (lambda?: number): RegularizerDescription =>
  resolveRegularizer(describe(REGULARIZERS, "l2", { l2: lambda }));

/**
 * λ₁ Σ |w| + λ₂ Σ w², both factors at least 0 and by default 0, as in Keras.
 *
 * @example dense(100, { kernelRegularizer: l1l2({ l1: 1e-5, l2: 1e-4 }) })
 */
export const l1l2 = (options: { l1?: number; l2?: number } = {}): RegularizerDescription =>
  resolveRegularizer(describe(REGULARIZERS, "l1l2", options));
