import { MAX_GROUP_BATCHES } from "../../assembly/shared/layout.js";
import { ConfigError, UnsupportedError } from "../errors.js";
import { knownOptions, shapeOf, show, suggest } from "../check.js";
import { readSafetensors, type SafetensorsFile } from "../formats/safetensors.js";
import type { Clip } from "../clipping/index.js";
import type { DefinedLayer } from "../layers/define.js";
import { type LayerFactory, LAYERS } from "../layers/index.js";
import { LayerSpec } from "../layers/layer.js";
import { input } from "../layers/symbolic.js";
import { type Architecture, chain, type PlacedLayer, refuseHuge } from "../model/architecture.js";
import { type PendingHook, RECOVERED_HOOKS } from "../model/callback.js";
import { type CallbackState, isStateName, unpackState } from "../model/callbackState.js";
import { resolveCompile } from "../model/compile.js";
import type { Core } from "../model/core.js";
import type { DefinedLoss } from "../losses/define.js";
import { type Loss, LOSSES } from "../losses/table.js";
import type { Group } from "../program/run.js";
import type { Metric } from "../metrics/index.js";
import { graphOf } from "../model/graph.js";
import { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import type { Optimizer } from "../optimizers/index.js";
import { createCore } from "../model/sequential.js";
import {
  type SavedArchitecture,
  type SavedCompile,
  type SavedGraph,
  type SavedTraining,
  slotName,
} from "../model/saved.js";
import { readBytes } from "../runtime/files.js";
import { checkPrecision, type Precision } from "../runtime/precision.js";
import { checkThreads, type Threads } from "../runtime/threads.js";
import type { Shape } from "../shape.js";
import { broken, isBadInput, parse, readModelFile, refuseOtherShape, tensorOf, within } from "./modelFile.js";

/** Where a model may be loaded from. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Response | Blob;

/** Layers and losses of your own, by className or name, as defineLayer and defineLoss returned them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each takes options of its own
export type CustomObjects = Readonly<Record<string, DefinedLayer<any> | DefinedLoss<any>>>;

export interface LoadOptions {
  customObjects?: CustomObjects;
  /** As for `sequential`: any number, whatever the model was trained with. */
  threads?: Threads;
  /** As for `sequential`: files carry none. */
  precision?: Precision;
}

/** What of a model is not in its file. */
interface Surroundings {
  customObjects: CustomObjects;
  threads: Threads;
  precision: Precision;
  windowBytes?: number;
}

/**
 * Loads what `save` or `toBytes` wrote: the network with its weights, compiled as it was, and where the file holds
 * training state, ready for `fit({ resume: true })`.
 *
 * @throws ModelFormatError for a file that is damaged, of another kind, or newer than this library
 * @example const model = await loadModel("digits.safetensors");
 */
export async function loadModel<Output extends Predictions = Prediction>(
  source: ModelSource,
  options: LoadOptions = {},
): Promise<Model<Output>> {
  const known = { customObjects: true, threads: true, precision: true };
  const checked = knownOptions<LoadOptions>(options, "loadModel()", known);
  const { customObjects = {}, threads = 1, precision = "deterministic" } = checked;
  checkThreads(threads);
  checkPrecision(precision);
  checkCustomObjects(customObjects);
  return new Model<Output>(await loadCore(await readBytes(source), { customObjects, threads, precision }));
}

/** What a file of these bytes makes, without a face. */
export async function loadCore(bytes: Uint8Array, options: Surroundings): Promise<Core> {
  const { customObjects } = options;
  const file = readModelFile(bytes);
  const core = await rebuild(parse<SavedArchitecture>(file, "architecture"), file, options);
  loadWeights(core, file);
  if (file.metadata.compile !== undefined) {
    const compile = parse<SavedCompile>(file, "compile");
    within("compile", () =>
      core.compile(
        resolveCompile(core.architecture, {
          optimizer: compile.optimizer as Optimizer,
          loss: lossOf(compile.loss, customObjects),
          lossWeights: compile.lossWeights,
          metrics: compile.metrics as Metric[] | Metric[][],
          clip: compile.clip as Clip | undefined,
        }),
      ),
    );
  }
  if (file.metadata.training !== undefined) within("training", () => loadTraining(core, file));
  return core;
}

/**
 * Brings a model back to the weights and the training state that `toBytes({ includeOptimizer: true })` kept of one made and
 * compiled alike. Unlike `loadModel` it needs no customObjects, and keeps metrics that are functions.
 */
export function restoreTraining(core: Core, bytes: Uint8Array): void {
  const file = readSafetensors(bytes);
  loadWeights(core, file);
  within("training", () => loadTraining(core, file));
}

async function rebuild(
  architecture: SavedArchitecture,
  file: SafetensorsFile,
  { customObjects, ...options }: Surroundings,
): Promise<Core> {
  const { layers: saved, seed } = architecture;
  if (!Array.isArray(saved)) throw broken("architecture", "it lists no layers");
  if (seed === undefined) throw broken("architecture", "it names no seed");
  const layers = saved.map((layer, i) => layerOf(layer, i, customObjects));
  const planned = within("architecture", () => plannedOf(architecture, layers));
  refuseMissingWeights(planned.layers, file);
  try {
    return await createCore(() => planned, { seed, ...options });
  } catch (error) {
    throw isBadInput(error) ? broken("architecture", (error as Error).message, error) : error;
  }
}

function plannedOf({ inputShape, graph }: SavedArchitecture, layers: readonly LayerSpec[]): Architecture {
  if (graph) return graphOf(...symbolsOf(graph, layers));
  const shape = shapeOf(inputShape, "inputShape");
  refuseHuge(shape, "A sample");
  if (layers.length === 0) throw broken("architecture", "it lists no layers");
  return chain(shape, layers);
}

/** The graph applied anew. An application names tensors that come before its own, so there can be no cycle. */
function symbolsOf({ inputs, applications, outputs, outputForm }: SavedGraph, layers: readonly LayerSpec[]) {
  const tensors = inputs.map(({ name, shape }) => input([...shape], { name }));
  const known = (tensor: number) => {
    if (tensors[tensor]) return tensors[tensor];
    throw broken(
      "architecture",
      `tensor ${show(tensor)} is used before there is one: a cycle, or a number out of range`,
    );
  };
  for (const { layer, inputs: sources } of applications) {
    const spec = layers[layer];
    if (!spec) throw broken("architecture", `it applies layer ${show(layer)}, and has ${layers.length}`);
    tensors.push(spec.apply(sources.map(known)));
  }
  const names = outputs.map(({ name }) => name);
  return [
    tensors.slice(0, inputs.length),
    outputs.map(({ tensor }) => known(tensor)),
    { names, form: outputForm },
  ] as const;
}

function layerOf(saved: SavedArchitecture["layers"][number], index: number, customObjects: CustomObjects): LayerSpec {
  const { className, config, name, trainable, learningRateMultiplier = 1 } = saved ?? {};
  if (typeof className !== "string" || typeof name !== "string" || typeof config !== "object" || config === null) {
    throw broken("architecture", `layer ${index} lacks className, name or config`);
  }
  const options = { name, trainable, learningRateMultiplier };
  const factory = Object.hasOwn(LAYERS, className) ? LAYERS[className]! : customLayer(customObjects, className);
  if (factory) return within("architecture", () => factory(config, options));
  throw new UnsupportedError(
    "model/unknown-layer",
    `The file's layer ${show(name)} is of class ${show(className)}, which this lanewise does not have.${suggest(className, Object.keys(LAYERS))} ` +
      `Pass it by that name in customObjects if it is your own: loadModel(source, { customObjects: { … } }). There are ${Object.keys(LAYERS).join(", ")}.`,
  );
}

function customLayer(customObjects: CustomObjects, className: string): LayerFactory | undefined {
  if (!Object.hasOwn(customObjects, className)) return undefined;
  const custom = customObjects[className] as DefinedLayer<object>;
  return (config: object, options) => {
    const layer: unknown = custom({ ...config, ...options });
    if (layer instanceof LayerSpec && layer.kind.className === className) return layer;
    throw new ConfigError(
      "config/bad-custom-object",
      `customObjects.${className} must be what defineLayer({ className: "${className}", … }) returned.`,
    );
  };
}

/** Descriptions of the file, those of one's own made by their factories. */
function lossOf(saved: SavedCompile["loss"], customObjects: CustomObjects): Loss | Loss[] {
  if (Array.isArray(saved)) return saved.map((loss) => lossOf(loss as SavedCompile["loss"], customObjects) as Loss);
  const { name, ...config } = saved as Readonly<{ name: string }>;
  if (Object.hasOwn(LOSSES.rows, name)) return saved as Loss;
  if (Object.hasOwn(customObjects, name)) return (customObjects[name] as DefinedLoss<object>)(config);
  throw new UnsupportedError(
    "model/unknown-loss",
    `The file was compiled with the loss ${show(name)}, which this lanewise does not have. ` +
      "Pass it by that name in customObjects if it is your own: loadModel(source, { customObjects: { … } }).",
  );
}

function checkCustomObjects(given: CustomObjects): void {
  if (typeof given !== "object" || given === null) {
    throw new ConfigError("config/bad-custom-object", `customObjects must be an object by name; got ${show(given)}.`);
  }
  for (const [name, custom] of Object.entries(given)) {
    if (typeof custom === "function" && !Object.hasOwn(LAYERS, name) && !Object.hasOwn(LOSSES.rows, name)) continue;
    throw new ConfigError(
      "config/bad-custom-object",
      typeof custom === "function"
        ? `customObjects names ${name}, which the library has itself. Call yours otherwise.`
        : `customObjects.${name} must be what defineLayer or defineLoss returned; got ${show(custom)}.`,
    );
  }
}

/** Before any memory is taken: a short file must not ask for a large network. */
function refuseMissingWeights(layers: readonly PlacedLayer[], file: SafetensorsFile): void {
  for (const { name, variables } of layers) {
    for (const { role, shape } of variables) refuseOtherShape(file, `${name}/${role}`, shape);
  }
}

function loadWeights(core: Core, file: SafetensorsFile): void {
  const expected = new Set(core.variables.list.map(({ name }) => name));
  const others = (name: string) => name.startsWith("optimizer/") || isStateName(name);
  const weights = [...file.tensors.keys()].filter((name) => !others(name) || expected.has(name));
  within("weights", () => core.variables.write(valuesOf(file, weights)));
}

function loadTraining(core: Core, file: SafetensorsFile): void {
  const packed = parse<SavedTraining>(file, "training");
  const saved = unpackState(packed, (name) => stateTensor(file, name)) as SavedTraining;
  const { step, group, epoch, position, epochsBegun, rows, sums, learningRate } = saved;
  if (!core.compiled) throw broken("training", "the file does not say how the model was compiled");
  for (const [name, value] of Object.entries({ step, epoch, position, epochsBegun, rows })) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw broken("training", `${name} is ${show(value)}`);
  }
  const figures = [sums?.loss, sums?.samples, ...(Array.isArray(sums?.metrics) ? sums.metrics : [NaN])];
  if (!figures.every(Number.isFinite)) throw broken("training", "its sums are not numbers");
  if (position > rows) throw broken("training", `position ${position} is not in an epoch of ${rows} rows`);
  if (group !== undefined) loadGroup(core, group, position);
  for (const [slot, region] of core.regions.slots) {
    const { learned } = core.variables;
    const values = learned.map(({ name }) => [name, tensorOf(file, slotName(slot, name))] as const);
    core.variables.write(new Map(values), { region, variables: learned });
  }
  const callbackStates = callbackStatesOf(saved);
  const pending = pendingOf(saved);
  core.progress = { epoch, position, epochsBegun, rows, sums, learningRate: undefined, callbackStates, pending };
  if (learningRate !== undefined) core.learningRate = learningRate;
  core.run("train").step = step;
}

/** Batches that wait for the rest of their step: before the slots are read, of which their gradient is one. */
function loadGroup(core: Core, group: Group, position: number): void {
  const { batches, rows } = group ?? {};
  const counted = [batches, rows].every(Number.isInteger) && batches >= 1 && batches < MAX_GROUP_BATCHES;
  if (!counted || rows < batches || rows > position) {
    throw broken("training", `${show(rows)} rows in ${show(batches)} batches cannot wait at position ${position}`);
  }
  core.reserveAccumulator();
  core.run("train").group = { batches, rows };
}

function callbackStatesOf({ callbacks = [], callbackStates = [] }: SavedTraining): readonly CallbackState[] {
  if (!Array.isArray(callbacks) || !Array.isArray(callbackStates)) {
    throw broken("training", "its callbacks are no array");
  }
  for (const { name, nth, late } of callbacks as readonly CallbackState[]) {
    const known = ["string", "undefined"].includes(typeof name) && Number.isSafeInteger(nth);
    if (!known || (late !== undefined && late !== true)) throw broken("training", "its callbacks cannot be told apart");
  }
  const unnamed = callbackStates.map((state: unknown, nth) => ({ nth, ...(state !== null && { state }) }));
  return [...(callbacks as readonly CallbackState[]), ...unnamed];
}

function pendingOf({ pending }: SavedTraining): PendingHook | undefined {
  if (pending === undefined) return undefined;
  const { index, logs } = pending;
  const hook = RECOVERED_HOOKS.find((name) => name === pending.hook);
  const figures = typeof logs === "object" && logs !== null && Object.values(logs).every((n) => typeof n === "number");
  if (!hook || !Number.isSafeInteger(index) || !figures) throw broken("training", "its pending hook is none");
  return { hook, index, logs, late: new Set() };
}

/** An array within a callback's state. */
function stateTensor(file: SafetensorsFile, name: string): Float32Array {
  if (!isStateName(name)) throw broken("training", `${show(name)} is no tensor of a callback's state`);
  return tensorOf(file, name).data.slice(); // it is kept
}

function valuesOf(file: SafetensorsFile, names: readonly string[]): Map<string, { data: Float32Array; shape: Shape }> {
  return new Map(names.map((name) => [name, tensorOf(file, name)]));
}
