import { activation } from "./activation.js";
import { dense } from "./dense.js";
import { flatten } from "./flatten.js";
import type { LayerOptions, LayerSpec } from "./layer.js";
import { prelu } from "./prelu.js";
import { rescaling } from "./rescaling.js";

/** How each class of a file becomes a layer again: its factory, called with the config that the file holds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- configs come from files; the factories check them
export const LAYERS: Readonly<Record<string, (config: any, options: LayerOptions) => LayerSpec>> = {
  Activation: (config, options) => activation(config.activation, options),
  Dense: ({ units, ...config }, options) => dense(units, { ...config, ...options }),
  Flatten: (_, options) => flatten(options),
  PReLU: (config, options) => prelu({ ...config, ...options }),
  Rescaling: (config, options) => rescaling({ ...config, ...options }),
};

export { activation } from "./activation.js";
export { dense, type DenseOptions } from "./dense.js";
export { flatten } from "./flatten.js";
export type { LayerOptions, LayerSpec } from "./layer.js";
export { prelu, type PreluOptions } from "./prelu.js";
export { rescaling } from "./rescaling.js";
