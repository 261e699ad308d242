import { finiteNumber, knownOptions } from "../check.js";
import { rescalingForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface RescalingConfig {
  readonly scale: number;
  readonly offset: number;
}

export interface RescalingOptions extends LayerOptions {
  scale: number;
  /** Default 0. */
  offset?: number;
}

const OPTIONS = { scale: true, offset: true, ...LAYER_OPTIONS };

const kind: LayerKind<RescalingConfig> = {
  className: "Rescaling",
  ...rescalingForward,
  variables: () => [],
};

/**
 * y = x · scale + offset. As a first layer it costs nothing: it is applied while the batch is gathered.
 *
 * @throws ConfigError where scale or offset is not finite
 * @example rescaling({ scale: 1 / 255 })
 */
export function rescaling(options: RescalingOptions) {
  const { scale, offset = 0 } = knownOptions<RescalingOptions>(options, "rescaling(options)", OPTIONS);
  const config = {
    scale: finiteNumber(scale, "scale of rescaling"),
    offset: finiteNumber(offset, "offset of rescaling"),
  };
  return layerSpec(kind, config, options);
}
