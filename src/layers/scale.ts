// Gamma and beta: what a normalization multiplies by and adds, one of each for every feature.

import { ones, zeros } from "../initializers/index.js";
import type { Shape } from "../shape.js";
import type { ScaleConfig } from "./forward.js";
import type { VariableSpec } from "./layer.js";

export const NORM_DEFAULTS = { epsilon: 1e-3, center: true, scale: true };

export function scaleVariables({ center, scale }: ScaleConfig, input: Shape): VariableSpec[] {
  const shape = [input.at(-1)!];
  return [
    ...(scale ? [{ role: "gamma", shape, initializer: ones() }] : []),
    ...(center ? [{ role: "beta", shape, initializer: zeros() }] : []),
  ];
}
