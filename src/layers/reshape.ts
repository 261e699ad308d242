import { knownOptions, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { reshapeForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface ReshapeConfig {
  readonly targetShape: readonly number[];
}

const kind: LayerKind<ReshapeConfig> = {
  className: "Reshape",
  ...reshapeForward,
  variables: () => [],
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
