// All that can be set: one row a field. The controls, the checks, the shared links and the type follow from it.

import { DATA_SETS } from "../data/names.js";
import { choice, number, part, range, textOf, toggle } from "./fields.js";
import { ACTIVATIONS, CLIPPINGS, INITIALIZERS, OPTIMIZERS } from "./parts.js";

const named = <T extends string>(names: readonly T[]) => names.map((value) => ({ value, label: value }));
const sizes = [8, 16, 32, 64, 128, 256].map((value) => ({ value, label: String(value) }));

export const FIELDS = {
  data: choice({ label: "Data set", initial: "digits", options: DATA_SETS }),
  rows: range({ label: "Points", initial: 400, min: 100, max: 2000, step: 100 }),
  noise: range({ label: "Noise", initial: 0.1, min: 0, max: 0.5, step: 0.02, none: "none" }),
  scaleInputs: toggle({
    label: "Scale the inputs",
    help: "To numbers near 1, in a first layer of the network.",
    initial: true,
  }),
  weighClasses: toggle({ label: "Weigh rare classes", help: "By how much rarer they are.", initial: false }),

  depth: range({ label: "Hidden layers", initial: 2, min: 0, max: 20, step: 1, none: "none" }),
  width: range({ label: "Units in each", initial: 32, min: 2, max: 256, step: 2 }),
  shape: choice({
    label: "Shape",
    initial: "equal",
    options: [
      { value: "equal", label: "equal widths" },
      { value: "funnel", label: "narrowing funnel" },
    ],
  }),
  activation: part({ label: "Activation", family: ACTIVATIONS, initial: ACTIVATIONS.make("relu") }),
  initializer: part({
    label: "First weights",
    help: "“auto” fits them to the activation.",
    family: INITIALIZERS,
    initial: INITIALIZERS.make("auto"),
  }),
  normalization: choice({
    label: "Normalization",
    initial: "none",
    options: [{ value: "none", label: "none" }, ...named(["batchNorm", "layerNorm"] as const)],
  }),
  dropout: range({ label: "Dropout", initial: 0, min: 0, max: 0.8, step: 0.05, none: "none" }),
  maxNorm: range({ label: "Max-norm", initial: 0, min: 0, max: 6, step: 0.5, none: "none" }),

  optimizer: part({
    label: "Optimizer",
    family: OPTIMIZERS,
    initial: OPTIMIZERS.make("adam", { learningRate: 0.005 }),
  }),
  clip: choice({
    label: "Clip gradients",
    initial: "none",
    options: [{ value: "none", label: "none" }, ...named(CLIPPINGS)],
  }),
  clipAt: number({ label: "Clip at", initial: 1, min: 1e-6, max: 1e6, whole: false }),
  batchSize: choice({ label: "Batch size", initial: 32, options: sizes }),
  epochs: range({ label: "Epochs", initial: 100, min: 10, max: 1000, step: 10 }),
  seed: number({ label: "Seed", initial: 1, min: 0, max: 2 ** 32, whole: true }),
} as const;

export type FieldName = keyof typeof FIELDS;
export type Setup = { readonly [K in FieldName]: (typeof FIELDS)[K]["initial"] };

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
export const INITIAL = Object.fromEntries(FIELD_NAMES.map((name) => [name, FIELDS[name].initial])) as unknown as Setup;

/** @throws RangeError that names the field and says what was expected */
export function readField(name: FieldName, given: unknown): Setup[FieldName] {
  try {
    return FIELDS[name].read(given);
  } catch (error) {
    const wanted = error instanceof RangeError ? `takes ${error.message}` : String((error as Error).message);
    throw new RangeError(`${FIELDS[name].label} ${wanted}`);
  }
}

/** Whether the two are the same setting of the field. */
export function sameText(name: FieldName, a: unknown, b: unknown): boolean {
  return textOf(FIELDS[name], a) === textOf(FIELDS[name], b);
}
