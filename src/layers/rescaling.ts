import { finiteNumber } from "../check.js";
import { type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

interface RescalingConfig {
  readonly scale: number;
  readonly offset: number;
}

const kind: LayerKind<RescalingConfig> = {
  className: "Rescaling",
  outputShape: (_, input) => input,
  variables: () => [],
  emit: ({ scale, offset }, { b }, x) => b.affine(x, scale, offset),
};

/**
 * y = x · scale + offset. As a first layer it costs nothing: it is applied while the batch is gathered.
 *
 * @throws ConfigError where scale or offset is not finite
 * @example rescaling({ scale: 1 / 255 })
 */
export function rescaling({ scale, offset = 0, ...options }: { scale: number; offset?: number } & LayerOptions) {
  const config = {
    scale: finiteNumber(scale, "scale of rescaling"),
    offset: finiteNumber(offset, "offset of rescaling"),
  };
  return layerSpec(kind, config, options);
}
