import { type Activation, activate, type ActivationDescription, resolveActivation } from "../activations/table.js";
import { knownOptions } from "../check.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

const kind: LayerKind<{ readonly activation: ActivationDescription }> = {
  className: "Activation",
  outputShape: (_, input) => input,
  variables: () => [],
  emit: ({ activation }, { b }, x) => activate(b, x, activation),
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
