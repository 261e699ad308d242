import { LanewiseError, ModelFormatError, UnsupportedError } from "../errors.js";
import { shapeOf, show, suggest } from "../check.js";
import { readSafetensors, type SafetensorsFile, type TensorEntry } from "../formats/safetensors.js";
import type { Clip } from "../clipping/index.js";
import { LAYERS } from "../layers/index.js";
import type { LayerSpec } from "../layers/layer.js";
import { chain, type PlacedLayer } from "../model/architecture.js";
import type { Core } from "../model/core.js";
import type { Loss } from "../losses/index.js";
import type { Metric } from "../metrics/index.js";
import { Model } from "../model/model.js";
import type { Optimizer } from "../optimizers/index.js";
import { sequentialCore } from "../model/sequential.js";
import {
  FORMAT,
  FORMAT_VERSION,
  type SavedArchitecture,
  type SavedCompile,
  type SavedTraining,
  slotName,
} from "../model/serialize.js";
import { readBytes } from "../runtime/files.js";
import { formatShape, sameShape, type Shape } from "../shape.js";

/** Where a model may be loaded from. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Response | Blob;

/** What of a file can be at fault. */
type Part = "architecture" | "compile" | "training" | "weights";

/**
 * Loads what `save` or `toBytes` wrote: the network with its weights, compiled as it was, and where the file holds
 * training state, ready for `fit({ resume: true })`.
 *
 * @throws ModelFormatError for a file that is damaged, of another kind, or newer than this library
 * @example const model = await loadModel("digits.safetensors");
 */
export async function loadModel(source: ModelSource): Promise<Model> {
  const file = readSafetensors(await readBytes(source));
  refuseOtherFormats(file);
  const architecture = parse<SavedArchitecture>(file, "architecture");
  const core = await rebuild(architecture, file);
  const model = new Model(core);
  loadWeights(core, file);
  if (file.metadata.compile !== undefined) {
    const compile = parse<SavedCompile>(file, "compile");
    within("compile", () =>
      model.compile({
        optimizer: compile.optimizer as Optimizer,
        loss: compile.loss as Loss,
        metrics: compile.metrics as Metric[],
        clip: compile.clip as Clip | undefined,
      }),
    );
  }
  if (file.metadata.training !== undefined) within("training", () => loadTraining(core, file));
  return model;
}

function refuseOtherFormats({ metadata }: SafetensorsFile): void {
  if (metadata.format !== FORMAT) {
    throw new ModelFormatError(
      "model/not-lanewise",
      `This safetensors file was not saved by lanewise: its format is ${metadata.format === undefined ? "not named" : `"${metadata.format}"`}, expected "${FORMAT}".`,
    );
  }
  const version = Number(metadata.formatVersion);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ModelFormatError(
      "model/bad-version",
      `The file's formatVersion is "${metadata.formatVersion}"; expected a whole number.`,
    );
  }
  if (version > FORMAT_VERSION) {
    throw new ModelFormatError(
      "model/newer-version",
      `The file has formatVersion ${version}; this lanewise reads up to ${FORMAT_VERSION}. Update lanewise to load it.`,
    );
  }
}

async function rebuild({ inputShape, layers: saved, seed }: SavedArchitecture, file: SafetensorsFile): Promise<Core> {
  if (!Array.isArray(saved)) throw broken("architecture", "it lists no layers");
  if (seed === undefined) throw broken("architecture", "it names no seed");
  const layers = saved.map((layer, i) => layerOf(layer, i));
  const { layers: placed } = within("architecture", () => chain(shapeOf(inputShape, "inputShape"), layers));
  refuseMissingWeights(placed, file);
  try {
    return await sequentialCore({ inputShape, layers, seed });
  } catch (error) {
    throw isBadInput(error) ? broken("architecture", (error as Error).message, error) : error;
  }
}

function layerOf(saved: SavedArchitecture["layers"][number], index: number): LayerSpec {
  const { className, config, name, trainable, learningRateMultiplier = 1 } = saved ?? {};
  if (typeof className !== "string" || typeof name !== "string" || typeof config !== "object" || config === null) {
    throw broken("architecture", `layer ${index} lacks className, name or config`);
  }
  if (!Object.hasOwn(LAYERS, className)) {
    throw new UnsupportedError(
      "model/unknown-layer",
      `The file's layer "${name}" is of class "${className}", which this lanewise does not have.${suggest(className, Object.keys(LAYERS))} ` +
        `It has ${Object.keys(LAYERS).join(", ")}.`,
    );
  }
  return within("architecture", () => LAYERS[className]!(config, { name, trainable, learningRateMultiplier }));
}

/** Before any memory is taken: a short file must not ask for a large network. */
function refuseMissingWeights(layers: readonly PlacedLayer[], file: SafetensorsFile): void {
  for (const { name, kind, config, inputShape } of layers) {
    for (const { role, shape } of kind.variables(config, inputShape)) {
      const found = tensorEntry(file, `${name}/${role}`).shape;
      if (!sameShape(found, shape)) {
        throw broken("weights", `"${name}/${role}" is ${formatShape(found)}, expected ${formatShape(shape)}`);
      }
    }
  }
}

function loadWeights(core: Core, file: SafetensorsFile): void {
  const expected = new Set(core.variables.list.map(({ name }) => name));
  const weights = [...file.tensors.keys()].filter((name) => !name.startsWith("optimizer/") || expected.has(name));
  within("weights", () => core.variables.write(valuesOf(file, weights)));
}

function loadTraining(core: Core, file: SafetensorsFile): void {
  const { step, epoch, position, epochsBegun, rows, sums, callbackStates } = parse<SavedTraining>(file, "training");
  const { slots } = core.compiled ? core.regions : {};
  if (!slots) throw broken("training", "the file does not say how the model was compiled");
  for (const [name, value] of Object.entries({ step, epoch, position, epochsBegun, rows })) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw broken("training", `${name} is ${show(value)}`);
  }
  const figures = [sums?.loss, sums?.samples, ...(Array.isArray(sums?.metrics) ? sums.metrics : [NaN])];
  if (!figures.every(Number.isFinite)) throw broken("training", "its sums are not numbers");
  if (!Array.isArray(callbackStates)) throw broken("training", "its callbackStates are no array");
  if (position > rows) throw broken("training", `position ${position} is not in an epoch of ${rows} rows`);
  for (const [slot, region] of slots) {
    const { learned } = core.variables;
    const values = learned.map(({ name }) => [name, tensorOf(file, slotName(slot, name))] as const);
    core.variables.write(new Map(values), { region, variables: learned });
  }
  core.progress = { epoch, position, epochsBegun, rows, sums, callbackStates };
  core.run("train").step = step;
}

function valuesOf(file: SafetensorsFile, names: readonly string[]): Map<string, { data: Float32Array; shape: Shape }> {
  return new Map(names.map((name) => [name, tensorOf(file, name)]));
}

function tensorOf(file: SafetensorsFile, name: string): { data: Float32Array; shape: Shape } {
  const { data, shape } = tensorEntry(file, name);
  return { data: new Float32Array(data.slice().buffer), shape }; // its own buffer: views into the file may be unaligned
}

function tensorEntry(file: SafetensorsFile, name: string): TensorEntry {
  const tensor = file.tensors.get(name);
  if (!tensor) throw broken("weights", `"${name}" is missing`);
  if (tensor.dtype !== "F32") throw broken("weights", `"${name}" is ${tensor.dtype}, expected F32`);
  return tensor;
}

function parse<T>({ metadata }: SafetensorsFile, key: Part): T {
  const text = metadata[key];
  if (text === undefined) throw broken(key, "it is missing");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(key, "it is no JSON", error);
  }
  if (typeof value !== "object" || value === null) throw broken(key, "it is no object");
  return value as T;
}

/** What a file makes go wrong is the file's fault: whatever was thrown says so. */
function within<T>(part: Part, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw isBadInput(error) ? broken(part, (error as Error).message, error) : error;
  }
}

function isBadInput(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    (error instanceof LanewiseError &&
      !(error instanceof ModelFormatError) &&
      !error.code.startsWith("engine/") &&
      !error.code.startsWith("memory/"))
  );
}

function broken(part: Part, why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError(`model/bad-${part}`, `The file's ${part} cannot be used: ${why}`, { cause });
}
