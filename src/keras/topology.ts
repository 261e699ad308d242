// A model's config as Keras writes it, both its dialects, as a network.

import { show } from "../check.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import { architectureOf, blamed, NameGiver, shownName } from "../io/foreign.js";
import { input, type SymbolicValue } from "../layers/symbolic.js";
import { type Architecture, type Form, refuseHuge } from "../model/architecture.js";
import { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import { createCore } from "../model/sequential.js";
import type { NamedArray } from "../model/variables.js";
import { formatShape, sameShape, type Shape, sizeOf } from "../shape.js";
import {
  badTopology,
  type Dialect,
  isObject,
  type Json,
  LayerConfig,
  listAt,
  objectAt,
  own,
  plain,
  textAt,
} from "./config.js";
import { type Call, callsOf, type Ref, refOf } from "./nodes.js";
import { isKeras } from "./parts.js";
import { build, type Built, type Weighted } from "./rules.js";

/** A layer whose weights are asked for. */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  /** Names of the models that it is in, the outermost first and left out, then its own. */
  readonly path: readonly string[];
  /** Its place in its model's list of layers. */
  readonly ordinal: number;
  /** What Keras calls the weights that it has, in Keras's order: "kernel", "bias"; what no prediction needs comes last. */
  readonly weightNames: readonly string[];
}

export interface KerasArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The weights of a layer in Keras's own order; those behind the last that is needed are not looked at. */
export type WeightSource = (layer: KerasLayer) => readonly KerasArray[];

export interface TopologyOptions {
  seed?: number | undefined;
  /** All weights may take: a small file must not ask for a large network. */
  mostBytes: number;
}

/** Models within models; deeper is nobody's network. */
const MOST_DEPTH = 16;
/** Calls of layers in all: models that are called again and again within others grow fast. */
const MOST_CALLS = 100_000;

/**
 * A network and its weights from what Keras says of a model: `{ class_name, config, … }` as JSON.
 *
 * Sequential, Functional and models within them, which are written out; layers that are called several times share their weights.
 *
 * @throws UnsupportedError `keras/unsupported-layer` naming layer and reason; ModelFormatError `keras/bad-topology`,
 *   `keras/bad-config`, `keras/bad-weights`
 */
export async function modelFromConfig<Output extends Predictions = Prediction>(
  config: unknown,
  weightsOf: WeightSource,
  options: TopologyOptions,
): Promise<Model<Output>> {
  const { seed, mostBytes } = options;
  const reader = new Reader(dialectOf(config), weightsOf, mostBytes);
  const architecture = reader.architecture(config);
  const core = await createCore(() => architecture, seed === undefined ? {} : { seed });
  blamed("keras/bad-weights", "A weight", () => core.variables.write(reader.weights));
  return new Model<Output>(core);
}

/** Marks that Keras 3 alone leaves: shapes and calls under other names, and types as policies. */
function dialectOf(config: unknown): Dialect {
  const stack: { value: unknown; depth: number }[] = [{ value: config, depth: 0 }];
  while (stack.length > 0) {
    const { value, depth } = stack.pop()!;
    if (!isObject(value) || depth > MOST_DEPTH) continue;
    const options = own(value, "config");
    const nodes = own(value, "inbound_nodes");
    if (Array.isArray(nodes) && isObject(nodes[0])) return 3;
    if (!isObject(options)) continue;
    const type = own(options, "dtype");
    if (Object.hasOwn(options, "batch_shape") || (isObject(type) && own(type, "class_name") === "DTypePolicy"))
      return 3;
    const layers = own(options, "layers");
    if (Array.isArray(layers)) for (const layer of layers) stack.push({ value: layer, depth: depth + 1 });
  }
  return 2;
}

const MODELS: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

/** What may be called: called again, its weights are shared. */
interface Callable {
  call(values: readonly SymbolicValue[], inference: boolean): SymbolicValue[];
  /** The index that the file gives its first call: a model's own making may be its call 0. */
  readonly firstNode: number;
  /** The same where it is named as an output of a model: Keras 3 counts otherwise there. */
  readonly firstExit: number;
}

/** Where a layer stands. */
interface Scope {
  /** Names of the enclosing models but the outermost. */
  readonly path: readonly string[];
  readonly trainable: boolean;
  readonly depth: number;
}

interface Exit {
  readonly refs: readonly Ref[];
  readonly names: readonly string[];
  readonly form: Form;
}

/** Goes through a model and applies layers. */
class Reader {
  readonly weights = new Map<string, NamedArray>();
  readonly names = new NameGiver();
  readonly dialect: Dialect;
  readonly #weightsOf: WeightSource;
  #bytesLeft: number;
  #callsLeft = MOST_CALLS;

  constructor(dialect: Dialect, weightsOf: WeightSource, mostBytes: number) {
    this.dialect = dialect;
    this.#weightsOf = weightsOf;
    this.#bytesLeft = mostBytes;
  }

  architecture(config: unknown): Architecture {
    const ports = new NameGiver();
    const given = objectAt(config, "the model");
    const model = modelOf(this, given, { path: [], trainable: true, depth: 0 }, true);
    const inputs = model.inputs.map(({ name, shape }) => input(shape, { name: ports.give(name, "input") }));
    const outputs = model.call(inputs, false);
    const exits = new NameGiver();
    const names = outputs.map((_, i) => exits.give(model.outputNames[i] ?? "", "output"));
    return blamed("keras/bad-topology", "The network", () =>
      architectureOf(inputs, outputs, { names, form: model.form }),
    );
  }

  /** Counts what is applied: it must end. */
  count(): void {
    if (--this.#callsLeft >= 0) return;
    throw badTopology(`its layers are called more than ${MOST_CALLS} times`);
  }

  /** Takes a layer's weights from the file, checked. */
  take({ spec, roles, extras = [], adapt }: Weighted, input: Shape, layer: Omit<KerasLayer, "weightNames">): void {
    const label = `layer ${shownName(layer.path.join("/"))}`;
    const expected = new Map(spec.kind.variables(spec.config, input).map(({ role, shape }) => [role, shape]));
    const entries = Object.entries(roles);
    if (entries.length === 0) return;
    const found = this.#weightsOf({ ...layer, weightNames: [...Object.keys(roles), ...extras] });
    if (found.length < entries.length || found.length > entries.length + extras.length) {
      throw badWeights(
        label,
        `it has ${entries.length} weights (${Object.keys(roles).join(", ")}), and the file ${found.length}`,
      );
    }
    entries.forEach(([theirs, role], i) => {
      const { data, shape } = found[i]!;
      const ours = expected.get(role)!;
      const scalar = extras.length > 0 && sizeOf(shape) === 1; // statistics for all features
      if ((!sameShape(shape, ours) && !scalar) || data.length !== sizeOf(shape)) {
        throw badWeights(
          label,
          `its ${theirs} is ${formatShape(shape)} of ${data.length} values, expected ${formatShape(ours)}`,
        );
      }
      this.#bytesLeft -= sizeOf(ours) * 4;
      if (this.#bytesLeft < 0) throw badWeights(label, "all weights take more bytes than the file could bring");
      const values = adapt ? adapt(data, shape, role, ours) : data;
      if (!values) throw badWeights(label, `a number of its ${theirs} is too small to take a root of`);
      this.weights.set(`${spec.name}/${role}`, { data: values, shape: [...ours] });
    });
  }
}

function badWeights(label: string, why: string): ModelFormatError {
  return new ModelFormatError("keras/bad-weights", `The weights of ${label} cannot be used: ${why}.`);
}

/** A model, as a whole or within another. */
interface ModelReader extends Callable {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly outputNames: readonly string[];
  readonly form: Form;
}

function modelOf(reader: Reader, given: Json, scope: Scope, isRoot = false): ModelReader {
  const className = textAt(own(given, "class_name"), "class_name of the model");
  const config = own(given, "config");
  const name = isObject(config) ? textAt(own(config, "name") ?? "model", "name of the model") : "model";
  if (!MODELS.has(className) || !isKeras(given)) {
    throw new UnsupportedError(
      "keras/unsupported-layer",
      `The model ${shownName(name)} is of class ${shownName(className)}; read are Sequential and Functional models.`,
    );
  }
  if (scope.depth > MOST_DEPTH) throw badTopology(`models lie ${MOST_DEPTH} deep in one another`);
  const within: Scope = {
    path: isRoot ? [] : [...scope.path, name],
    trainable: scope.trainable && (!isObject(config) || own(config, "trainable") !== false),
    depth: scope.depth + 1,
  };
  return className === "Sequential" ? sequentialOf(reader, given, within) : functionalOf(reader, given, within);
}

// ── Layers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A layer, or a model in the place of one. */
function callableOf(reader: Reader, given: Json, ordinal: number, scope: Scope): Callable {
  const className = textAt(own(given, "class_name"), "class_name of a layer");
  if (MODELS.has(className)) return modelOf(reader, given, scope);
  const options = objectAt(own(given, "config"), "config of a layer");
  const name = textAt(own(options, "name") ?? own(given, "name") ?? className.toLowerCase(), "name of a layer");
  const config = new LayerConfig(className, name, options, reader.dialect);
  if (!isKeras(given)) throw config.unsupported("it is no layer of Keras's own");
  let built: Built | undefined;
  return {
    firstNode: 0,
    firstExit: 0,
    call(values, inference) {
      reader.count();
      return blamed("keras/bad-config", config.label, () => {
        built ??= placed(values, inference);
        const value = built.apply(values);
        refuseHuge(value.shape, "A sample");
        return [value];
      });
    },
  };

  function placed(values: readonly SymbolicValue[], inference: boolean): Built {
    const trainable = scope.trainable && config.flag("trainable", true);
    const shapes = values.map(({ shape }) => shape);
    const given = reader.names.give(name, className.toLowerCase());
    const layer = build(config, {
      shapes,
      inference,
      options: (suffix) => ({
        name: suffix === undefined ? given : reader.names.give(`${given}.${suffix}`, suffix),
        ...(!trainable && { trainable }),
      }),
    });
    const path = [...scope.path, name];
    for (const [role, weight] of Object.entries(layer.constants ?? {})) reader.weights.set(`${given}/${role}`, weight);
    if (layer.weighted) reader.take(layer.weighted, shapes[0]!, { name, className, path, ordinal });
    return layer;
  }
}

/** The shape of a sample; the first axis is the batch. */
function shapeOf(given: unknown, what: string): Shape {
  const [, ...sizes] = listAt(given, what);
  const fits = sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && (size as number) >= 1);
  if (!fits) {
    throw new UnsupportedError(
      "keras/unsupported-layer",
      `${what} is ${show(plain(given))}, and lanewise takes samples of one or more axes of fixed sizes. Only the batch, axis 0, may be open.`,
    );
  }
  return blamed("keras/bad-topology", what, () => {
    refuseHuge(sizes as number[], "A sample");
    return sizes as number[];
  });
}

/** Of an InputLayer. */
function entryOf(given: Json): { name: string; shape: Shape } {
  const options = objectAt(own(given, "config"), "config of an InputLayer");
  const name = textAt(own(options, "name") ?? own(given, "name") ?? "input", "name of an InputLayer");
  const config = new LayerConfig("InputLayer", name, options, 2);
  const shape = config.value("batch_shape") ?? config.value("batch_input_shape");
  const type = config.value("dtype") ?? "float32";
  if (typeof type !== "string" || !/^(u?int|float|bfloat)\d+$/.test(type)) {
    throw config.unsupported(`it takes ${show(type)}, and lanewise numbers`);
  }
  config.ignore("name", "trainable", "batch_shape", "batch_input_shape");
  config.refuse("sparse", "ragged", "optional", "type_spec");
  config.refuseUnread();
  return { name, shape: shapeOf(shape, `The shape of input ${shownName(name)}`) };
}

function isInput(given: Json): boolean {
  return own(given, "class_name") === "InputLayer";
}

// ── Sequential ──────────────────────────────────────────────────────────────────────────────────────────────────────

function sequentialOf(reader: Reader, given: Json, scope: Scope): ModelReader {
  const config = own(given, "config");
  const listed = Array.isArray(config) ? config : own(objectAt(config, "config of the model"), "layers");
  const layers = listAt(listed, "layers of the model").map((layer) => objectAt(layer, "a layer"));
  if (layers.length === 0) throw badTopology("it has no layers");
  const first = layers[0]!;
  const rest = isInput(first) ? layers.slice(1) : layers;
  const callables = rest.map((layer, i) => {
    if (isInput(layer)) throw badTopology("an InputLayer stands in the midst of a Sequential model");
    return callableOf(reader, layer, i + layers.length - rest.length, scope);
  });
  const [head] = callables;
  const inputs = isInput(first) ? [entryOf(first)] : isModel(head) ? head.inputs : [firstShape(first, given)];
  return {
    firstNode: reader.dialect === 3 ? 0 : 1,
    firstExit: reader.dialect === 3 ? 0 : 1,
    inputs,
    outputNames: [nameOf(layers.at(-1)!)],
    form: "one",
    call: (values, inference) => callables.reduce((made, layer) => layer.call(made, inference), [...values]),
  };
}

function isModel(callable: Callable | undefined): callable is ModelReader {
  return callable !== undefined && "inputs" in callable;
}

/** Where no InputLayer says it. */
function firstShape(layer: Json, model: Json): { name: string; shape: Shape } {
  const options = objectAt(own(layer, "config"), "config of a layer");
  const config = own(model, "config");
  const shape =
    own(options, "batch_input_shape") ??
    own(options, "batch_shape") ??
    (isObject(config) && own(config, "build_input_shape"));
  if (!shape)
    throw badTopology(
      "it does not say what its input is. Build the model, or begin it with an input, and save it again",
    );
  return { name: "input", shape: shapeOf(shape, "The input's shape") };
}

function nameOf(layer: Json): string {
  const config = own(layer, "config");
  const name = own(layer, "name") ?? (isObject(config) ? own(config, "name") : undefined);
  return typeof name === "string" ? name : "";
}

// ── Functional ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A layer of a graph: what enters it, or what is called. */
interface Member {
  readonly entry?: { readonly name: string; readonly shape: Shape };
  readonly callable?: Callable;
  readonly calls: readonly Call[];
}

function functionalOf(reader: Reader, given: Json, scope: Scope): ModelReader {
  const config = objectAt(own(given, "config"), "config of the model");
  const members = new Map<string, Member>();
  listAt(own(config, "layers"), "layers of the model").forEach((item, ordinal) => {
    const layer = objectAt(item, "a layer");
    const name = textAt(nameOf(layer), "name of a layer");
    if (members.has(name)) throw badTopology(`two layers are called ${shownName(name)}`);
    members.set(
      name,
      isInput(layer)
        ? { entry: entryOf(layer), calls: [] }
        : {
            callable: callableOf(reader, layer, ordinal, scope),
            calls: callsOf(own(layer, "inbound_nodes"), `layer ${shownName(name)}`),
          },
    );
  });
  const entries = portsOf(own(config, "input_layers"), "input_layers");
  const exits = portsOf(own(config, "output_layers"), "output_layers");
  const inputs = entries.refs.map(({ layer }) => {
    const entry = members.get(layer)?.entry;
    if (entry) return entry;
    throw badTopology(`its input_layers name ${shownName(layer)}, which is no InputLayer`);
  });
  const outputs = exits.refs.map((ref) => {
    const { firstNode = 0, firstExit = 0 } = members.get(ref.layer)?.callable ?? {};
    return { ...ref, node: ref.node - firstExit + firstNode };
  });
  return {
    firstNode: reader.dialect === 3 ? 0 : 1,
    firstExit: 1,
    inputs,
    outputNames: exits.names,
    form: exits.form,
    call(values, inference) {
      if (values.length !== inputs.length)
        throw badTopology(`a model of ${inputs.length} inputs is called with ${values.length}`);
      const made = new Map(entries.refs.map((ref, i) => [keyOf(ref), [values[i]!]]));
      return outputs.map((ref) => evaluate(ref, members, made, inference));
    },
  };
}

const keyOf = ({ layer, node }: Ref) => `${node} ${layer}`;

/** Depth first, without recursion: networks may be deep. */
function evaluate(
  exit: Ref,
  members: ReadonlyMap<string, Member>,
  made: Map<string, SymbolicValue[]>,
  inference: boolean,
): SymbolicValue {
  const open = new Set<string>();
  const stack = [exit];
  while (stack.length > 0) {
    const ref = stack.at(-1)!;
    const key = keyOf(ref);
    if (made.has(key)) {
      stack.pop();
      continue;
    }
    const { callable, call } = callOf(ref, members);
    const waiting = call.inputs.filter((input) => !made.has(keyOf(input)));
    if (waiting.some((input) => open.has(keyOf(input))) || (waiting.length > 0 && open.has(key))) {
      throw badTopology(`layer ${shownName(ref.layer)} computes what it is computed from`);
    }
    open.add(key);
    if (waiting.length > 0) stack.push(...waiting.toReversed());
    else
      made.set(
        key,
        callable.call(
          call.inputs.map((input) => valueOf(input, made)),
          inference || call.inference,
        ),
      );
  }
  return valueOf(exit, made);
}

function callOf(ref: Ref, members: ReadonlyMap<string, Member>): { callable: Callable; call: Call } {
  const { callable, calls = [] } = members.get(ref.layer) ?? {};
  const call = callable && calls[ref.node - callable.firstNode];
  if (callable && call) return { callable, call };
  throw badTopology(`there is no call ${ref.node} of a layer ${shownName(ref.layer)}`);
}

function valueOf(ref: Ref, made: ReadonlyMap<string, readonly SymbolicValue[]>): SymbolicValue {
  const value = made.get(keyOf(ref))?.[ref.tensor];
  if (value) return value;
  throw badTopology(`layer ${shownName(ref.layer)} has no output ${ref.tensor}`);
}

/** ["a", 0, 0], a list of such, or a record of them by name. */
function portsOf(given: unknown, what: string): Exit {
  if (isObject(given) && own(given, "class_name") === undefined) {
    const refs = Object.values(given).map((ref) => refOf(plain(ref), what));
    return { refs, names: Object.keys(given), form: "record" };
  }
  const list = listAt(given, what);
  if (list.length === 0) throw badTopology(`its ${what} are none`);
  const refs = typeof list[0] === "string" ? [refOf(list, what)] : list.map((ref) => refOf(plain(ref), what));
  return { refs, names: refs.map(({ layer }) => layer), form: refs.length === 1 ? "one" : "list" };
}
