import { type Activation, type ActivationDescription, ACTIVATIONS, resolveActivation } from "../activations/table.js";
import { boolean, knownOptions, positiveInteger } from "../check.js";
import { type Constraint, type ConstraintDescription, resolveConstraint } from "../constraints/index.js";
import { concrete, type Initializer, type InitializerDescription, resolveInitializer } from "../initializers/table.js";
import { type Regularizer, type RegularizerDescription, resolveRegularizer } from "../regularizers/index.js";
import { denseForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface DenseConfig {
  readonly units: number;
  readonly activation: ActivationDescription;
  readonly useBias: boolean;
  readonly kernelInitializer: InitializerDescription;
  readonly biasInitializer: InitializerDescription;
  readonly kernelRegularizer?: RegularizerDescription;
  readonly biasRegularizer?: RegularizerDescription;
  readonly kernelConstraint?: ConstraintDescription;
  readonly biasConstraint?: ConstraintDescription;
}

export interface DenseOptions extends LayerOptions {
  activation?: Activation;
  useBias?: boolean;
  kernelInitializer?: Initializer;
  biasInitializer?: Initializer;
  /** A penalty that is part of the loss, such as l2(1e-4); default: none. */
  kernelRegularizer?: Regularizer | undefined;
  biasRegularizer?: Regularizer | undefined;
  /** Applied after each step, such as maxNorm(3); default: none. */
  kernelConstraint?: Constraint | undefined;
  biasConstraint?: Constraint | undefined;
}

const OPTIONS = {
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
  kernelConstraint: true,
  biasConstraint: true,
  ...LAYER_OPTIONS,
};

const kind: LayerKind<DenseConfig> = {
  className: "Dense",
  ...denseForward,
  variables({ units, activation, useBias, ...config }, input) {
    const shapes = denseForward.weights!({ units, activation, useBias }, input);
    const kernel = {
      role: "kernel",
      shape: shapes.kernel!,
      initializer: concrete(config.kernelInitializer, ACTIVATIONS.rows[activation.name].initializer),
      regularizer: config.kernelRegularizer,
      constraint: config.kernelConstraint,
    };
    const bias = {
      role: "bias",
      shape: [units],
      initializer: config.biasInitializer,
      regularizer: config.biasRegularizer,
      constraint: config.biasConstraint,
    };
    return useBias ? [kernel, bias] : [kernel];
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
    ...optional(options, ["kernelRegularizer", "biasRegularizer"], resolveRegularizer),
    ...optional(options, ["kernelConstraint", "biasConstraint"], resolveConstraint),
  };
  return layerSpec(kind, config, options);
}

/** Those of the options that are given, resolved. */
function optional<K extends keyof DenseOptions, T>(
  options: DenseOptions,
  names: readonly K[],
  resolve: (given: NonNullable<DenseOptions[K]>) => T,
): Partial<Record<K, T>> {
  const given = names.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, resolve(options[name]!)])) as Partial<Record<K, T>>;
}
