import {
  type Activation,
  activate,
  type ActivationDescription,
  ACTIVATIONS,
  resolveActivation,
} from "../activations/table.js";
import { boolean, knownOptions, positiveInteger } from "../check.js";
import { concrete, type Initializer, type InitializerDescription, resolveInitializer } from "../initializers/table.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface DenseConfig {
  readonly units: number;
  readonly activation: ActivationDescription;
  readonly useBias: boolean;
  readonly kernelInitializer: InitializerDescription;
  readonly biasInitializer: InitializerDescription;
}

export interface DenseOptions extends LayerOptions {
  activation?: Activation;
  useBias?: boolean;
  kernelInitializer?: Initializer;
  biasInitializer?: Initializer;
}

const OPTIONS = {
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  ...LAYER_OPTIONS,
};

const kind: LayerKind<DenseConfig> = {
  className: "Dense",
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  variables({ units, activation, useBias, kernelInitializer, biasInitializer }, input) {
    const initializer = concrete(kernelInitializer, ACTIVATIONS.rows[activation.name].initializer);
    return [
      { role: "kernel", shape: [input.at(-1)!, units], initializer },
      ...(useBias ? [{ role: "bias", shape: [units], initializer: biasInitializer }] : []),
    ];
  },
  emit({ useBias, activation }, { b, variable }, x) {
    const z = b.matmul(x, variable("kernel"), useBias ? variable("bias") : undefined);
    return activation.name === "linear" ? z : activate(b, z, activation);
  },
};

/**
 * A fully connected layer: y = f(x · kernel + bias), x (…, in), kernel (in, units), bias (units).
 *
 * @param units How many outputs it has.
 * @param options Keras's defaults: `activation` linear, `useBias` true, kernel `glorotUniform`, bias `zeros`. The kernel
 *   initializer "auto" goes by this layer's own activation, not by that of a layer behind it.
 * @throws ConfigError where units is no positive whole number, or a name is unknown
 * @example dense(100, { activation: "elu", kernelInitializer: heNormal() })
 */
export function dense(units: number, options: DenseOptions = {}) {
  knownOptions<DenseOptions>(options, "dense(units, options)", OPTIONS);
  const config: DenseConfig = {
    units: positiveInteger(units, "units of a dense layer", "config/bad-units"),
    activation: resolveActivation(options.activation ?? "linear"),
    useBias: boolean(options.useBias ?? true, "useBias"),
    kernelInitializer: resolveInitializer(options.kernelInitializer ?? "glorotUniform"),
    biasInitializer: resolveInitializer(options.biasInitializer ?? "zeros"),
  };
  return layerSpec(kind, config, options);
}
