import { type Activation, type ActivationDescription, resolveActivation } from "../activations/table.js";
import { knownOptions } from "../check.js";
import { activationForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

const kind: LayerKind<{ readonly activation: ActivationDescription }> = {
  className: "Activation",
  ...activationForward,
  variables: () => [],
};

/**
 * Applies an activation: y = f(x), elementwise, or over the last axis for softmax.
 *
 * @throws ConfigError `config/unknown-activation`
 * @example activation("elu")
 */
export function activation(activation: Activation, options: LayerOptions = {}) {
  knownOptions<LayerOptions>(options, "activation(name, options)", LAYER_OPTIONS);
  return layerSpec(kind, { activation: resolveActivation(activation) }, options);
}
