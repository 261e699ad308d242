import { knownOptions, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { addForward, concatenateForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";
import type { SymbolicValue } from "./symbolic.js";

const addKind: LayerKind<object> = { className: "Add", ...addForward, variables: () => [] };

const concatenateKind: LayerKind<{ readonly axis: number }> = {
  className: "Concatenate",
  ...concatenateForward,
  variables: () => [],
};

export interface ConcatenateOptions extends LayerOptions {
  /** Counted from the batch, which is 0; or from the end: −1 (default) is the last. */
  axis?: number;
}

/**
 * The sum of two or more symbolic values of one shape, element by element: what a residual connection ends with.
 *
 * @throws ShapeError `shape/mismatch`
 * @example
 * const h = dense(64, { activation: "relu" }).apply(input(64));
 * add([h, dense(64).apply(h)]);
 */
export function add(values: readonly SymbolicValue[], options: LayerOptions = {}): SymbolicValue {
  knownOptions<LayerOptions>(options, "add(values, options)", LAYER_OPTIONS);
  return layerSpec(addKind, {}, options).apply(several(values, "add"));
}

/**
 * Two or more symbolic values side by side along one axis, all other axes being the same.
 *
 * @throws ShapeError `shape/mismatch`, `shape/bad-axis`
 * @example concatenate([input(64), input(3)]) // 67 values
 */
export function concatenate(values: readonly SymbolicValue[], options: ConcatenateOptions = {}): SymbolicValue {
  return concatenateLayer(options).apply(several(values, "concatenate"));
}

/** The layers themselves, for files. */
export const addLayer = (options: LayerOptions) => layerSpec(addKind, {}, options);

export function concatenateLayer(options: ConcatenateOptions) {
  const known = { axis: true, ...LAYER_OPTIONS };
  const { axis = -1 } = knownOptions<ConcatenateOptions>(options, "concatenate(values, options)", known);
  if (!Number.isInteger(axis) || axis === 0) {
    throw new ConfigError(
      "config/bad-axis",
      `axis of concatenate must be a whole number other than 0, the batch; got ${show(axis)}.`,
    );
  }
  return layerSpec(concatenateKind, { axis }, options);
}

function several(values: readonly SymbolicValue[], what: string): readonly SymbolicValue[] {
  if (Array.isArray(values) && values.length >= 2) return values;
  throw new ConfigError(
    "config/not-several",
    `${what} takes an array of two or more symbolic values, such as ${what}([x, h]); got ${show(values)}.`,
  );
}
