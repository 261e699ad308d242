import { knownOptions, show } from "../check.js";
import { ConfigError, ShapeError } from "../errors.js";
import { formatShape, sameShape, type Shape } from "../shape.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";
import type { SymbolicValue } from "./symbolic.js";

const addKind: LayerKind<object> = {
  className: "Add",
  merges: true,
  outputShape(_, first, ...others) {
    const odd = others.find((shape) => !sameShape(shape, first));
    if (odd) {
      throw new ShapeError(
        "shape/mismatch",
        `add takes values of one shape; got ${formatShape(first, true)} and ${formatShape(odd, true)}. ` +
          "Bring them to one width with dense(units).",
      );
    }
    return first;
  },
  variables: () => [],
  emit: (_, { b }, first, ...others) => others.reduce((sum, value) => b.add(sum, value), first),
};

interface ConcatenateConfig {
  readonly axis: number;
}

const concatenateKind: LayerKind<ConcatenateConfig> = {
  className: "Concatenate",
  merges: true,
  outputShape(config, first, ...others) {
    const axis = axisOf(config, first);
    const apart = (shape: Shape) => shape.filter((_, i) => i !== axis);
    const odd = others.find((shape) => shape.length !== first.length || !sameShape(apart(shape), apart(first)));
    if (odd) {
      throw new ShapeError(
        "shape/mismatch",
        `concatenate along axis ${config.axis} takes values that differ in that axis only; got ${formatShape(first, true)} and ${formatShape(odd, true)}.`,
      );
    }
    return first.with(
      axis,
      [first, ...others].reduce((sum, shape) => sum + shape[axis]!, 0),
    );
  },
  variables: () => [],
  emit: (config, { b }, first, ...others) => b.concatenate([first, ...others], axisOf(config, first.shape)),
};

/** Keras counts the batch as axis 0; here axes are counted per sample. */
function axisOf({ axis }: ConcatenateConfig, shape: Shape): number {
  const own = axis < 0 ? shape.length + axis : axis - 1;
  if (own >= 0 && own < shape.length) return own;
  throw new ShapeError(
    "shape/bad-axis",
    `concatenate has no axis ${axis} for values of shape ${formatShape(shape, true)}: axis 0 is the batch, -1 the last.`,
  );
}

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
