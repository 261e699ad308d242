import { boolean, knownOptions, positiveNumber } from "../check.js";
import { layerNormForward, type ScaleConfig } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";
import { NORM_DEFAULTS, scaleVariables } from "./scale.js";

interface LayerNormConfig extends ScaleConfig {
  readonly epsilon: number;
}

export interface LayerNormOptions extends LayerOptions {
  /** Added to the variance (default 1e-3, as in Keras; PyTorch: 1e-5). */
  epsilon?: number;
  /** Adds beta (default true). */
  center?: boolean;
  /** Multiplies by gamma (default true). */
  scale?: boolean;
}

const OPTIONS = { epsilon: true, center: true, scale: true, ...LAYER_OPTIONS };

const kind: LayerKind<LayerNormConfig> = {
  className: "LayerNormalization",
  ...layerNormForward,
  variables: scaleVariables,
};

/**
 * Layer normalization: y = γ ∘ (x − mean) / √(variance + ε) + β, mean and (biased) variance over the last axis of each
 * sample; the same in training and inference. Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450
 *
 * @throws ConfigError where an option is out of range
 * @example layerNorm({ epsilon: 1e-5 })
 */
export function layerNorm(options: LayerNormOptions = {}) {
  const given = knownOptions<LayerNormOptions>(options, "layerNorm(options)", OPTIONS);
  const { epsilon, center, scale } = { ...NORM_DEFAULTS, ...given };
  const config: LayerNormConfig = {
    epsilon: positiveNumber(epsilon, "epsilon of layerNorm"),
    center: boolean(center, "center of layerNorm"),
    scale: boolean(scale, "scale of layerNorm"),
  };
  return layerSpec(kind, config, options);
}
