import type { Experiment } from "../experiment.js";
import { activations } from "./activations.js";
import { clipping } from "./clipping.js";
import { depth } from "./depth.js";
import { elu } from "./elu.js";
import { features } from "./features.js";
import { initializers } from "./initializers.js";
import { normalization } from "./normalization.js";
import { overfitting } from "./overfitting.js";
import { saturation } from "./saturation.js";

/** In the order of the page. */
export const EXPERIMENTS: readonly Experiment[] = [
  saturation,
  activations,
  initializers,
  normalization,
  clipping,
  overfitting,
  depth,
  elu,
  features,
];
