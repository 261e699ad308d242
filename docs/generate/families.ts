// The families of named parts, each with its table and the module that its factories stand in.

import { ACTIVATIONS } from "../../src/activations/table.js";
import { CLIPPING } from "../../src/clipping/index.js";
import { CONSTRAINTS } from "../../src/constraints/index.js";
import type { FamilyRow } from "../../src/family.js";
import { INITIALIZERS } from "../../src/initializers/table.js";
import { LOSSES } from "../../src/losses/table.js";
import { METRICS } from "../../src/metrics/index.js";
import { OPTIMIZERS } from "../../src/optimizers/index.js";
import { REGULARIZERS } from "../../src/regularizers/index.js";
import { SCHEDULES } from "../../src/schedules/index.js";

/** By the name of their folder in src, and of their page. */
export const FAMILIES = {
  activations: ACTIVATIONS.rows,
  initializers: INITIALIZERS.rows,
  losses: LOSSES.rows,
  metrics: METRICS.rows,
  optimizers: OPTIMIZERS.rows,
  schedules: SCHEDULES.rows,
  clipping: CLIPPING.rows,
  constraints: CONSTRAINTS.rows,
  regularizers: REGULARIZERS.rows,
} as const satisfies Record<string, Readonly<Record<string, FamilyRow>>>;

export type FamilyPage = keyof typeof FAMILIES;
