import { boolean, knownOptions, shapeOf, show } from "../check.js";
import { type Constraint, resolveConstraint } from "../constraints/index.js";
import { type CustomConfig, naming, overDefaults, plainDefaults } from "../custom.js";
import { ConfigError, ShapeError } from "../errors.js";
import { type Initializer, resolveInitializer } from "../initializers/table.js";
import { Ops, type OpValue } from "../ops/index.js";
import { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";
import { type Regularizer, resolveRegularizer } from "../regularizers/index.js";
import { formatShape, sameShape, type Shape } from "../shape.js";
import {
  LAYER_OPTIONS,
  type LayerKind,
  type LayerOptions,
  type LayerSpec,
  layerSpec,
  type VariableSpec,
} from "./layer.js";

/** A weight that a layer of one's own wants; called `<layer>/<its key>`. */
export interface WeightDefinition {
  shape: number | Shape;
  /** Default glorotUniform. */
  initializer?: Initializer;
  regularizer?: Regularizer;
  constraint?: Constraint;
  /** False: no gradient reaches it (default true). */
  trainable?: boolean;
}

/** What `emit` may use. */
export interface DefinedContext<Config> {
  readonly ops: Ops;
  readonly config: Config;
  /** By the keys that `build` returned. */
  readonly weights: Readonly<Record<string, OpValue>>;
  /** False for evaluation and prediction. */
  readonly training: boolean;
}

export interface LayerDefinition<Config extends CustomConfig> {
  /** As it stands in files: begins with a letter, and is no class that the library has. */
  className: string;
  /** Options and their defaults: plain JSON. */
  config?: Config;
  /** Its weights, for inputs of these shapes (per sample). */
  build?: (config: Config, inputShape: Shape, ...others: Shape[]) => Record<string, WeightDefinition>;
  /** The output, made from inputs and weights by ops. */
  emit: (context: DefinedContext<Config>, x: OpValue, ...others: OpValue[]) => OpValue;
}

/** Makes a layer; also what `customObjects` takes to load a file that has one. */
export type DefinedLayer<Config> = (options?: Partial<Config> & LayerOptions) => LayerSpec;

const OPTIONS = { className: true, config: true, build: true, emit: true };
/** Weights draw random numbers keyed by their place in the layer. */
const MOST_WEIGHTS = 16;

/**
 * A layer of your own, from ops; its backward pass and its output shape follow by themselves.
 *
 * @returns A factory, called with options that stand over those of `config`, and with name, trainable …
 * @throws ConfigError for a definition that is none; what `emit` does wrong is named where the layer is first used
 * @example
 * const scaledTanh = defineLayer({
 *   className: "ScaledTanh",
 *   config: { scale: 2 },
 *   build: (_, [width = 1]) => ({ slope: { shape: width, initializer: "ones" } }),
 *   emit: ({ ops, config, weights }, x) => ops.mul(ops.activation(ops.mul(x, weights.slope!), "tanh"), config.scale),
 * });
 * const net = await sequential({ inputShape: 4, layers: [scaledTanh({ scale: 3 }), dense(1)] });
 * const same = await loadModel(net.toBytes(), { customObjects: { ScaledTanh: scaledTanh } });
 */
export function defineLayer<Config extends CustomConfig = Record<never, never>>(
  definition: LayerDefinition<Config>,
): DefinedLayer<Config> {
  const given = knownOptions<LayerDefinition<Config>>(definition, "defineLayer()", OPTIONS);
  const { className, config, build, emit } = given;
  if (typeof className !== "string" || !/^[A-Za-z]\w*$/.test(className)) {
    throw new ConfigError("config/bad-name", `className must be a name such as "ScaledTanh"; got ${show(className)}.`);
  }
  if (typeof emit !== "function" || (build !== undefined && typeof build !== "function")) {
    throw new ConfigError("config/bad-layer", `${className} needs an emit function, and build, if given, must be one.`);
  }
  const defaults = plainDefaults(className, (config ?? {}) as Config, Object.keys(LAYER_OPTIONS));
  const kind = kindOf({ className, emit, ...(build && { build }) });
  return (options = {}) => {
    const known = { ...(defaults as object), ...LAYER_OPTIONS };
    const given = knownOptions<Record<string, unknown>>(options, `${className}(options)`, known);
    const { name, trainable, learningRateMultiplier, ...own } = given as LayerOptions & Record<string, unknown>;
    const common = { name, trainable, learningRateMultiplier } as LayerOptions;
    return layerSpec(kind, overDefaults(className, defaults, own), common);
  };
}

function kindOf<Config extends CustomConfig>(definition: LayerDefinition<Config>): LayerKind<Config> {
  const { className, emit } = definition;
  const variables = (config: Config, ...shapes: Shape[]) => variablesOf(definition, config, shapes);
  const kind: LayerKind<Config> = {
    className,
    merges: true,
    variables,
    outputShape(config, ...shapes) {
      const [trained, used] = [true, false].map((training) => shapeByTrial(kind, config, shapes, training)) as [
        Shape,
        Shape,
      ];
      if (sameShape(trained, used)) return trained;
      throw new ShapeError(
        "shape/custom-layer",
        `${className} returns ${formatShape(trained, true)} in training and ${formatShape(used, true)} in inference; they must be the same.`,
      );
    },
    emit(config, { b, training, variable }, ...inputs) {
      const ops = new Ops(b);
      const roles = variables(config, ...inputs.map(({ shape }) => shape)).map(({ role }) => role);
      const weights = Object.fromEntries(roles.map((role) => [role, ops.adopt(variable(role))]));
      const [x, ...others] = inputs.map((value) => ops.adopt(value)) as [Value, ...Value[]];
      const output = naming(className, () =>
        ops.own(emit({ ops, config, weights, training }, x, ...others), "what emit returns"),
      );
      if (output.perRow) return output;
      throw new ConfigError("config/bad-layer", `emit of ${className} returns weights alone: no row for each sample.`);
    },
  };
  return kind;
}

/** Emits into a builder that nobody runs, and looks at what comes out. */
function shapeByTrial<Config>(
  kind: LayerKind<Config>,
  config: Config,
  shapes: readonly Shape[],
  training: boolean,
): Shape {
  const b = new GraphBuilder();
  const [input, ...others] = shapes as [Shape, ...Shape[]];
  const weights = new Map(
    kind
      .variables(config, input, ...others)
      .map(({ role, shape }) => [role, b.value({ name: role, shape, perRow: false })]),
  );
  const [x, ...rest] = shapes.map((shape) => b.value({ name: "x", shape })) as [Value, ...Value[]];
  const context = {
    b,
    training,
    ordinal: 0,
    frozen: false,
    variable: (role: string) => weights.get(role)!,
    afterStep: () => undefined,
  };
  return kind.emit(config, context, x, ...rest).shape;
}

function variablesOf<Config extends CustomConfig>(
  { className, build }: LayerDefinition<Config>,
  config: Config,
  [input, ...others]: readonly Shape[],
): VariableSpec[] {
  const weights: unknown = build ? naming(className, () => build(config, input!, ...others)) : {};
  if (typeof weights !== "object" || weights === null || Array.isArray(weights)) {
    throw new ConfigError(
      "config/bad-layer",
      `build of ${className} must return its weights, such as { kernel: { shape: [4, 8] } }; got ${show(weights)}.`,
    );
  }
  const entries = Object.entries(weights as Record<string, WeightDefinition>);
  if (entries.length > MOST_WEIGHTS) {
    throw new ConfigError(
      "config/bad-layer",
      `${className} has ${entries.length} weights; a layer has up to ${MOST_WEIGHTS}.`,
    );
  }
  return entries.map(([role, weight]) => naming(`Weight "${role}" of ${className}`, () => variableOf(role, weight)));
}

const WEIGHT_OPTIONS = { shape: true, initializer: true, regularizer: true, constraint: true, trainable: true };

function variableOf(role: string, weight: WeightDefinition): VariableSpec {
  const given = knownOptions<WeightDefinition>(weight, "the weight", WEIGHT_OPTIONS);
  const { shape, initializer = "glorotUniform", regularizer, constraint, trainable = true } = given;
  if (!/^[^/\s][^/]*$/.test(role)) {
    throw new ConfigError("config/bad-name", `a weight's name must be a text without "/"; got ${show(role)}.`);
  }
  return {
    role,
    shape: shapeOf(shape, "shape"),
    initializer: resolveInitializer(initializer),
    regularizer: regularizer === undefined ? undefined : resolveRegularizer(regularizer),
    constraint: constraint === undefined ? undefined : resolveConstraint(constraint),
    trainable: boolean(trainable, "trainable"),
  };
}
