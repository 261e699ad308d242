import { boolean, knownOptions, numberInRange, positiveNumber } from "../check.js";
import { ones, zeros } from "../initializers/index.js";
import { batchNormForward, scaleOf, type ScaleConfig } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";
import { NORM_DEFAULTS, scaleVariables } from "./scale.js";

interface BatchNormConfig extends ScaleConfig {
  readonly momentum: number;
  readonly epsilon: number;
}

export interface BatchNormOptions extends LayerOptions {
  /** How much of the moving statistics a step keeps (default 0.99), in [0, 1]; PyTorch's is 1 − this. */
  momentum?: number;
  /** Added to the variance (default 1e-3). */
  epsilon?: number;
  /** Adds beta (default true). */
  center?: boolean;
  /** Multiplies by gamma (default true). */
  scale?: boolean;
}

const OPTIONS = { momentum: true, epsilon: true, center: true, scale: true, ...LAYER_OPTIONS };

const kind: LayerKind<BatchNormConfig> = {
  className: "BatchNormalization",
  ...batchNormForward,
  variables: (config, input) => [
    ...scaleVariables(config, input),
    { role: "movingMean", shape: [input.at(-1)!], initializer: zeros(), trainable: false },
    { role: "movingVariance", shape: [input.at(-1)!], initializer: ones(), trainable: false },
  ],
  // One value has no variance; a sample of several positions brings several values of each feature.
  leastTrainingRows: (_, input) => (input.slice(0, -1).every((size) => size === 1) ? 2 : 1),
  emit(config, context, x) {
    const { b, training, frozen, variable, afterStep } = context;
    if (!training || frozen) return batchNormForward.emit(config, context, x);
    const { y, saved } = b.batchNorm(x, scaleOf(config, variable), config.epsilon);
    const statistics = { mean: variable("movingMean"), variance: variable("movingVariance") };
    afterStep((b) => b.movingStatistics(saved, statistics, 1 - config.momentum));
    return y;
  },
};

/**
 * Batch normalization over all axes but the last: y = γ ∘ (x − mean) / √(variance + ε) + β. Training uses the batch's
 * statistics and moves movingMean and movingVariance towards them after each step: moving ← moving · momentum + batch · (1 −
 * momentum). Evaluation and prediction use those, and so does training where the layer is frozen (trainable = false),
 * which then leaves them alone. The variance is the biased one (divided by n), also in movingVariance, as in Keras;
 * PyTorch keeps the unbiased one there. Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167
 *
 * @throws ConfigError where an option is out of range; training on a batch of one row throws DataError
 * @example batchNorm({ momentum: 0.9 })
 */
export function batchNorm(options: BatchNormOptions = {}) {
  const given = knownOptions<BatchNormOptions>(options, "batchNorm(options)", OPTIONS);
  const { momentum = 0.99, epsilon, center, scale } = { ...NORM_DEFAULTS, ...given };
  const config: BatchNormConfig = {
    momentum: numberInRange(momentum, "momentum of batchNorm", 0, 1, { closed: true }),
    epsilon: positiveNumber(epsilon, "epsilon of batchNorm"),
    center: boolean(center, "center of batchNorm"),
    scale: boolean(scale, "scale of batchNorm"),
  };
  return layerSpec(kind, config, options);
}
