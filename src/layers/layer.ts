import { boolean, numberInRange, show } from "../check.js";
import type { ConstraintDescription } from "../constraints/index.js";
import { ConfigError } from "../errors.js";
import type { InitializerDescription } from "../initializers/table.js";
import type { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";
import type { RegularizerDescription } from "../regularizers/index.js";
import type { Shape } from "../shape.js";
import { SymbolicValue } from "./symbolic.js";

/** A variable that a layer wants: called `<layer>/<role>`. */
export interface VariableSpec {
  readonly role: string;
  readonly shape: Shape;
  readonly initializer: InitializerDescription;
  /** Its penalty is part of the loss. */
  readonly regularizer?: RegularizerDescription | undefined;
  /** Applied after each step. */
  readonly constraint?: ConstraintDescription | undefined;
  /** False: state such as a moving average, which no gradient reaches and no optimizer changes. Default true. */
  readonly trainable?: boolean;
}

/** What a layer may use while it emits its records. */
export interface EmitContext {
  readonly b: GraphBuilder;
  /** False for evaluation and prediction. */
  readonly training: boolean;
  /** Which of the model's applications of layers it is: keys its random numbers. */
  readonly ordinal: number;
  /** Training leaves the layer's weights as they are: its `trainable` is false. */
  readonly frozen: boolean;
  variable(role: string): Value;
  /** What `emit` adds runs after the optimizer, in steps that are applied and no others. */
  afterStep(emit: (b: GraphBuilder) => void): void;
}

/** What all layers of one class have in common; a layer emits forward records only. */
export interface LayerKind<Config = unknown> {
  /** Keras's name of the class, as it stands in files. */
  readonly className: string;
  /** Takes several inputs, or one; all others take one. */
  readonly merges?: true;
  outputShape(config: Config, input: Shape, ...others: Shape[]): Shape;
  variables(config: Config, input: Shape, ...others: Shape[]): readonly VariableSpec[];
  /** Fewest rows of a batch that it can be trained on, where one is not enough. */
  leastTrainingRows?(config: Config, input: Shape): number;
  emit(config: Config, context: EmitContext, x: Value, ...others: Value[]): Value;
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

/** By role: the values that a layer's weights begin with, whatever its initializers say. */
export type GivenWeights = ReadonlyMap<string, { readonly data: Float32Array; readonly shape: Shape }>;

/** A layer as it is asked for: immutable, of no model yet. */
export class LayerSpec<Config = unknown> {
  readonly kind: LayerKind<Config>;
  /** Plain JSON: the options that matter, complete. */
  readonly config: Config;
  readonly name: string | undefined;
  readonly trainable: boolean;
  readonly learningRateMultiplier: number;
  /** @internal Of a layer that was learned elsewhere. */
  readonly weights: GivenWeights | undefined;

  /** @internal Layers come from factories such as `dense`. */
  constructor(kind: LayerKind<Config>, config: Config, options: LayerOptions, weights?: GivenWeights) {
    this.kind = kind;
    this.config = Object.freeze(config);
    this.name = options.name;
    this.trainable = boolean(options.trainable ?? true, "trainable of a layer");
    this.learningRateMultiplier = rateMultiplier(options.learningRateMultiplier ?? 1);
    this.weights = weights;
    Object.freeze(this);
  }

  /** What messages call it: its name, or else its class. */
  get label(): string {
    return this.name === undefined ? `a ${this.kind.className} layer` : `layer "${this.name}" (${this.kind.className})`;
  }

  /**
   * Puts the layer behind an input or another layer's output, or, where it merges them, behind several. A layer that is
   * applied twice has the same weights in both places.
   *
   * @throws ShapeError where the shapes do not fit; ConfigError for what is no symbolic value
   * @example const h = dense(64, { activation: "relu" }).apply(input(10));
   */
  apply(inputs: SymbolicValue | readonly SymbolicValue[]): SymbolicValue {
    const list = Array.isArray(inputs) ? [...(inputs as readonly SymbolicValue[])] : [inputs as SymbolicValue];
    const odd = list.find((value) => !(value instanceof SymbolicValue));
    if (odd !== undefined || list.length === 0) {
      throw new ConfigError(
        "config/not-symbolic",
        `apply of ${this.label} takes what input(shape) or another layer's apply returned; got ${show(list.length === 0 ? inputs : odd)}.`,
      );
    }
    if (list.length > 1 && !this.kind.merges) {
      throw new ConfigError(
        "config/one-input",
        `${this.label} takes one input; got ${list.length}. Merge them first, with add([…]) or concatenate([…]).`,
      );
    }
    const [first, ...others] = list.map(({ shape }) => shape);
    const shape = this.kind.outputShape(this.config, first!, ...others);
    return new SymbolicValue(shape, { origin: { layer: this as LayerSpec, inputs: Object.freeze(list) } });
  }
}

export function layerSpec<Config>(kind: LayerKind<Config>, config: Config, options: LayerOptions): LayerSpec {
  return new LayerSpec(kind, config, options) as LayerSpec;
}

/** @throws ConfigError `config/out-of-range` */
export function rateMultiplier(value: unknown): number {
  return numberInRange(value, "learningRateMultiplier of a layer", 0, MAX_F32, { closed: true });
}

/** Multipliers go to the kernels as f32. */
const MAX_F32 = 3.4028234663852886e38;
