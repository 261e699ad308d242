import { boolean, numberInRange } from "../check.js";
import type { InitializerDescription } from "../initializers/table.js";
import type { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";
import type { Shape } from "../shape.js";

/** A variable that a layer wants: called `<layer>/<role>`. */
export interface VariableSpec {
  readonly role: string;
  readonly shape: Shape;
  readonly initializer: InitializerDescription;
}

/** What a layer may use while it emits its records. */
export interface EmitContext {
  readonly b: GraphBuilder;
  /** False for evaluation and prediction. */
  readonly training: boolean;
  variable(role: string): Value;
}

/** What all layers of one class have in common; a layer emits forward records only. */
export interface LayerKind<Config = unknown> {
  /** Keras's name of the class, as it stands in files. */
  readonly className: string;
  outputShape(config: Config, input: Shape): Shape;
  variables(config: Config, input: Shape): readonly VariableSpec[];
  emit(config: Config, context: EmitContext, x: Value): Value;
}

/** What every layer's factory takes beside its own options. */
export interface LayerOptions {
  /** Unique within a model; default: the class's name, numbered. */
  name?: string;
  /** False: its weights stay as they are. */
  trainable?: boolean;
  /** What the learning rate is multiplied by for its weights: 0 or more, default 1. */
  learningRateMultiplier?: number;
}

/** Those options as keys, to go with a layer's own. */
export const LAYER_OPTIONS = {
  name: true,
  trainable: true,
  learningRateMultiplier: true,
} as const satisfies Record<keyof LayerOptions, true>;

/** A layer as it is asked for: immutable, of no model yet. */
export interface LayerSpec<Config = unknown> {
  readonly kind: LayerKind<Config>;
  /** Plain JSON: the options that matter, complete. */
  readonly config: Config;
  readonly name: string | undefined;
  readonly trainable: boolean;
  readonly learningRateMultiplier: number;
}

export function layerSpec<Config>(kind: LayerKind<Config>, config: Config, options: LayerOptions): LayerSpec {
  const { name } = options;
  const trainable = boolean(options.trainable ?? true, "trainable of a layer");
  const learningRateMultiplier = rateMultiplier(options.learningRateMultiplier ?? 1);
  return Object.freeze({
    kind: kind as LayerKind,
    config: Object.freeze(config),
    name,
    trainable,
    learningRateMultiplier,
  });
}

/** @throws ConfigError `config/out-of-range` */
export function rateMultiplier(value: unknown): number {
  return numberInRange(value, "learningRateMultiplier of a layer", 0, MAX_F32, { closed: true });
}

/** Multipliers go to the kernels as f32. */
const MAX_F32 = 3.4028234663852886e38;
