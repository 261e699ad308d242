import { activation } from "./activation.js";
import { batchNorm } from "./batchNorm.js";
import { dense } from "./dense.js";
import { alphaDropout, dropout, gaussianNoise } from "./dropout.js";
import { flatten } from "./flatten.js";
import type { LayerOptions, LayerSpec } from "./layer.js";
import { layerNorm } from "./layerNorm.js";
import { addLayer, concatenateLayer } from "./merge.js";
import { normalization } from "./normalization.js";
import { prelu } from "./prelu.js";
import { rescaling } from "./rescaling.js";
import { reshape } from "./reshape.js";

/** How each class of a file becomes a layer again: its factory, called with the config that the file holds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- configs come from files; the factories check them
export type LayerFactory = (config: any, options: LayerOptions) => LayerSpec;
export const LAYERS: Readonly<Record<string, LayerFactory>> = {
  Add: (_, options) => addLayer(options),
  Activation: (config, options) => activation(config.activation, options),
  AlphaDropout: ({ rate, ...config }, options) => alphaDropout(rate, { ...config, ...options }),
  BatchNormalization: (config, options) => batchNorm({ ...config, ...options }),
  Concatenate: (config, options) => concatenateLayer({ ...config, ...options }),
  Dense: ({ units, ...config }, options) => dense(units, { ...config, ...options }),
  Dropout: ({ rate, ...config }, options) => dropout(rate, { ...config, ...options }),
  Flatten: (_, options) => flatten(options),
  PReLU: (config, options) => prelu({ ...config, ...options }),
  GaussianNoise: ({ stddev, ...config }, options) => gaussianNoise(stddev, { ...config, ...options }),
  LayerNormalization: (config, options) => layerNorm({ ...config, ...options }),
  Normalization: (config, options) => normalization({ ...config, ...options }),
  Reshape: ({ targetShape }, options) => reshape(targetShape, options),
  Rescaling: (config, options) => rescaling({ ...config, ...options }),
};

export { activation } from "./activation.js";
export { batchNorm, type BatchNormOptions } from "./batchNorm.js";
export {
  type DefinedContext,
  type DefinedLayer,
  defineLayer,
  type LayerDefinition,
  type WeightDefinition,
} from "./define.js";
export { dense, type DenseOptions } from "./dense.js";
export { alphaDropout, dropout, type DropoutOptions, gaussianNoise } from "./dropout.js";
export { flatten } from "./flatten.js";
export { funnel, type FunnelOptions } from "./funnel.js";
export type { LayerOptions, LayerSpec } from "./layer.js";
export { layerNorm, type LayerNormOptions } from "./layerNorm.js";
export { add, concatenate, type ConcatenateOptions } from "./merge.js";
export { normalization, type NormalizationOptions } from "./normalization.js";
export { prelu, type PreluOptions } from "./prelu.js";
export { rescaling } from "./rescaling.js";
export { reshape } from "./reshape.js";
export { input, type InputOptions, SymbolicValue } from "./symbolic.js";
