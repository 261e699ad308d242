import * as Code from "../../assembly/shared/activations.js";
import { numberInRange } from "../check.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";

interface ActivationRow extends FamilyRow {
  /** Elementwise kernels by code, or an op of its own over the last axis. */
  readonly op: { readonly code: number } | "softmax";
  /** What its derivative is computed from: only with its output can it be fused into a product. */
  readonly derivativeFrom: "output" | "input";
  /** The one number that its kernels take. */
  readonly parameter?: string;
}

const rows = {
  linear: { op: { code: Code.ACTIVATION_LINEAR }, derivativeFrom: "output", options: {}, formula: "x" },
  relu: { op: { code: Code.ACTIVATION_RELU }, derivativeFrom: "output", options: {}, formula: "max(x, 0)" },
  sigmoid: { op: { code: Code.ACTIVATION_SIGMOID }, derivativeFrom: "output", options: {}, formula: "1 / (1 + e⁻ˣ)" },
  tanh: { op: { code: Code.ACTIVATION_TANH }, derivativeFrom: "output", options: {}, formula: "tanh x" },
  elu: {
    op: { code: Code.ACTIVATION_ELU },
    derivativeFrom: "output",
    parameter: "alpha",
    options: { alpha: 1 },
    formula: "x > 0 ? x : α·(eˣ − 1)",
    paper: "Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289",
  },
  softmax: { op: "softmax", derivativeFrom: "output", options: {}, formula: "eˣᵢ / Σⱼ eˣⱼ over the last axis" },
} as const satisfies Record<string, ActivationRow>;

const LARGEST = 2 ** 127;

/** Every activation: one row each; types, lookup, tests and docs follow from it. */
export const ACTIVATIONS: Family<Record<keyof typeof rows, ActivationRow>> = { kind: "activation", rows };

export type ActivationName = keyof typeof rows;
export type ActivationDescription = Description<ActivationName>;
/** What an `activation` option takes: a name, or what a factory returns. */
export type Activation = ActivationName | ActivationDescription;

export function resolveActivation(given: Activation): ActivationDescription {
  const description = resolve(ACTIVATIONS, given);
  const { parameter } = ACTIVATIONS.rows[description.name];
  if (parameter) {
    // Below 0 the output would no longer tell on which side of 0 the input was, and the derivative comes from it.
    numberInRange(description[parameter], `${parameter} of activation "${description.name}"`, 0, LARGEST);
  }
  return description;
}

export const linear = () => describe(ACTIVATIONS, "linear");
export const relu = () => describe(ACTIVATIONS, "relu");
export const sigmoid = () => describe(ACTIVATIONS, "sigmoid");
export const tanh = () => describe(ACTIVATIONS, "tanh");
/** Exponential linear unit: x > 0 ? x : α·(eˣ − 1). `alpha` is the value that it saturates to, negated. */
export const elu = (options: { alpha?: number } = {}) => describe(ACTIVATIONS, "elu", options);
export const softmax = () => describe(ACTIVATIONS, "softmax");

/** Emits f(x). */
export function activate(b: GraphBuilder, x: Value, description: ActivationDescription): Value {
  const { op, derivativeFrom, parameter } = ACTIVATIONS.rows[description.name];
  if (op === "softmax") return b.softmax(x);
  return b.activation(x, {
    code: op.code,
    name: description.name,
    savesInput: derivativeFrom === "input",
    ...(parameter && { alpha: description[parameter] as number }),
  });
}
