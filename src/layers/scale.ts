// Gamma and beta: what a normalization multiplies by and adds, one of each for every feature.

import { ones, zeros } from "../initializers/index.js";
import type { Scale } from "../program/builder.js";
import type { Value } from "../program/graph.js";
import type { Shape } from "../shape.js";
import type { VariableSpec } from "./layer.js";

export interface ScaleConfig {
  readonly center: boolean;
  readonly scale: boolean;
}

export const NORM_DEFAULTS = { epsilon: 1e-3, center: true, scale: true };

export function scaleVariables({ center, scale }: ScaleConfig, input: Shape): VariableSpec[] {
  const shape = [input.at(-1)!];
  return [
    ...(scale ? [{ role: "gamma", shape, initializer: ones() }] : []),
    ...(center ? [{ role: "beta", shape, initializer: zeros() }] : []),
  ];
}

export function scaleOf({ center, scale }: ScaleConfig, variable: (role: string) => Value): Scale {
  return { gamma: scale ? variable("gamma") : undefined, beta: center ? variable("beta") : undefined };
}
