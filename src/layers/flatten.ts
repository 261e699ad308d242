import { knownOptions } from "../check.js";
import { flattenForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

const kind: LayerKind<object> = {
  className: "Flatten",
  ...flattenForward,
  variables: () => [],
};

/**
 * Each sample as one row of values, (28, 28, 1) → (784). Moves nothing.
 *
 * @example flatten()
 */
export function flatten(options: LayerOptions = {}) {
  return layerSpec(kind, {}, knownOptions<LayerOptions>(options, "flatten(options)", LAYER_OPTIONS));
}
