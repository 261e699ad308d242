import { knownOptions, show } from "../check.js";
import { ConfigError, ShapeError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface ReshapeConfig {
  readonly targetShape: readonly number[];
}

const kind: LayerKind<ReshapeConfig> = {
  className: "Reshape",
  outputShape({ targetShape }, input) {
    const rest = sizeOf(input) / sizeOf(targetShape.filter((size) => size !== -1));
    const shape: Shape = targetShape.map((size) => (size === -1 ? rest : size));
    if (Number.isInteger(rest) && sizeOf(shape) === sizeOf(input)) return shape;
    throw new ShapeError(
      "shape/reshape",
      `reshape to ${formatShape(targetShape, true)} does not hold the ${sizeOf(input)} values of ${formatShape(input, true)}.`,
    );
  },
  variables: () => [],
  emit: (config, { b }, x) => b.reshape(x, kind.outputShape(config, x.shape)),
};

/**
 * Each sample's values under another shape, in the same order. Moves nothing.
 *
 * @param targetShape Per sample; one size may be −1 and follows from the others.
 * @throws ConfigError `config/bad-shape`; ShapeError `shape/reshape` where the values do not fit
 * @example reshape([7, 7, 16])
 */
export function reshape(targetShape: readonly number[], options: LayerOptions = {}) {
  knownOptions<LayerOptions>(options, "reshape(targetShape, options)", LAYER_OPTIONS);
  const sizes: readonly unknown[] = Array.isArray(targetShape) ? targetShape : [];
  const fine = sizes.every((size) => Number.isSafeInteger(size) && ((size as number) >= 1 || size === -1));
  if (sizes.length === 0 || !fine || sizes.filter((size) => size === -1).length > 1) {
    throw new ConfigError(
      "config/bad-shape",
      `targetShape of reshape must be a list of sizes, at most one of them -1, such as [7, 7, -1]; got ${show(targetShape)}.`,
    );
  }
  return layerSpec(kind, { targetShape: Object.freeze([...(targetShape as number[])]) }, options);
}
