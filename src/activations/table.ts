// The table of all activations, gathered from their factories, and what layers do with it.

import type { Description, Family } from "../family.js";
import { resolve } from "../family.js";
import type { Elementwise, ForwardBuilder } from "../program/forward.js";
import type { Value } from "../program/graph.js";
import { type ActivationRow, checkOptions } from "./define.js";
import * as factories from "./index.js";

export type ActivationName = keyof typeof factories;
export type ActivationDescription = Description<ActivationName>;
/** What an `activation` option takes: a name, or what a factory returns. */
export type Activation = ActivationName | ActivationDescription;

/** Every activation: one row each; types, lookup, tests and docs follow from it. */
export const ACTIVATIONS: Family<Record<ActivationName, ActivationRow>> = {
  kind: "activation",
  rows: Object.fromEntries(Object.entries(factories).map(([name, { row }]) => [name, row])) as Record<
    ActivationName,
    ActivationRow
  >,
};

/**
 * A complete description.
 *
 * @throws ConfigError for an unknown name or option, or an option out of its range
 */
export function resolveActivation(given: Activation): ActivationDescription {
  const description = resolve(ACTIVATIONS, given);
  checkOptions(description, ACTIVATIONS.rows[description.name]);
  return description;
}

/** How the elementwise kernels compute it; undefined for what has an op of its own. */
export function elementwise(description: ActivationDescription): Required<Elementwise> | undefined {
  const { op, derivativeFrom, parameter } = ACTIVATIONS.rows[description.name];
  if (typeof op === "string") return undefined;
  return {
    code: typeof op === "number" ? op : op(description),
    name: description.name,
    savesInput: derivativeFrom === "input",
    alpha: parameter === undefined ? 0 : (description[parameter] as number),
  };
}

/** Emits f(x). */
export function activate(b: ForwardBuilder, x: Value, description: ActivationDescription): Value {
  const kernels = elementwise(description);
  if (!kernels) return b[ACTIVATIONS.rows[description.name].op as "softmax" | "logSoftmax"](x);
  // Where no gradient is wanted the input need not be kept either, and the product can apply every activation.
  return b.activation(x, { ...kernels, savesInput: kernels.savesInput && x.needsGradient });
}

/** Names of the elementwise activations, by the codes of their kernels. */
export const activationNames: Readonly<Record<number, ActivationName>> = Object.fromEntries(
  Object.keys(ACTIVATIONS.rows).flatMap((name) => {
    const { op } = ACTIVATIONS.rows[name as ActivationName];
    const codes = typeof op === "function" ? [op({ approximate: false }), op({ approximate: true })] : [op];
    return codes.filter((code) => typeof code === "number").map((code) => [code, name as ActivationName] as const);
  }),
);

/** Below this derivative one counts as saturated: a twentieth of the greatest. 0 where it does not flatten on both sides. */
export function saturationThreshold(name: string): number {
  return (ACTIVATIONS.rows[name as ActivationName].steepest ?? 0) / 20;
}
