// Sequential and Functional models, and models within them, as layers applied to symbolic values.

import { show } from "../check.js";
import { UnsupportedError } from "../errors.js";
import { blamed, shownName } from "../io/foreign.js";
import type { SymbolicValue } from "../layers/symbolic.js";
import { type Form, refuseHuge } from "../model/architecture.js";
import type { Shape } from "../shape.js";
import { badTopology, isObject, type Json, LayerConfig, listAt, objectAt, own, plain, textAt } from "./config.js";
import { type Call, callsOf, type Ref, refOf } from "./nodes.js";
import { isKeras } from "./parts.js";
import type { Reader } from "./reader.js";
import { build, type Built } from "./rules.js";

/** Models within models; deeper is nobody's network. */
export const MOST_DEPTH = 16;
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

/** A model, as a whole or within another. */
interface ModelReader extends Callable {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly outputNames: readonly string[];
  readonly form: Form;
}

export function modelOf(reader: Reader, given: Json, scope: Scope, isRoot = false): ModelReader {
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
