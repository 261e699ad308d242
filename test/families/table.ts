// Every family that the suite runs over.

import { activationFamily } from "./activations.js";
import { clippingFamily } from "./clipping.js";
import { constraintFamily } from "./constraints.js";
import { initializerFamily } from "./initializers.js";
import { layerFamily } from "./layers.js";
import { lossFamily } from "./losses.js";
import { metricFamily } from "./metrics.js";
import { optimizerFamily } from "./optimizers.js";
import { regularizerFamily } from "./regularizers.js";
import { scheduleFamily } from "./schedules.js";
import type { FamilyUnderTest } from "./suite.js";

export const FAMILIES: readonly FamilyUnderTest[] = [
  activationFamily,
  initializerFamily,
  lossFamily,
  metricFamily,
  optimizerFamily,
  scheduleFamily,
  clippingFamily,
  constraintFamily,
  regularizerFamily,
  layerFamily,
];
