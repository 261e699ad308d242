import type { ActivationDescription } from "../activations/table.js";
import type { ConstraintDescription } from "../constraints/index.js";
import { UnsupportedError } from "../errors.js";
import { joints } from "../io/joints.js";
import type { Layer } from "../model/layer.js";
import type { Model } from "../model/model.js";
import type { Predictions } from "../model/predict.js";
import type { NamedArray } from "../model/variables.js";
import { writeFileAtomic, makeFolderOf } from "../runtime/files.js";
import { activated, breaksConstraint, partsOf } from "./parts.js";
import { type Ref, Writer } from "./writer.js";

const SHARD = "group1-shard1of1.bin";
const MAX_BYTES = 2 ** 31 - 1;

/** The files of a model by their names. */
export type TfjsModel = Readonly<Record<string, Uint8Array>>;

/**
 * The network as files of a layers model of TensorFlow.js, by their names: "model.json" and one of weights, float32.
 * `tf.loadLayersModel` loads them to the same predictions, but for rounding, and trains on: regularizers, constraints,
 * initializers and what is frozen go along, the optimizer and learningRateMultiplier do not.
 *
 * Chains become Sequential, graphs Functional models, whose outputs come in the order of `model.outputs`. Characters that
 * TensorFlow.js has not in names become "_". hardSigmoid and celu are written with Rescaling around what it has, normalization
 * as a frozen BatchNormalization.
 *
 * @throws UnsupportedError `tfjs/unsupported-layer` for a layer of your own, and for exponential, hardSilu and gelu({ approximate:
 *   true }), which TensorFlow.js cannot load, and for weights that break their constraint, which it would apply; `tfjs/too-large` beyond 2 GiB
 * @example
 * const files = toTfjs(model); // { "model.json": Uint8Array, "group1-shard1of1.bin": Uint8Array }
 * const same = await loadTfjs(files);
 */
export function toTfjs<Output extends Predictions>(model: Model<Output>): TfjsModel {
  const writer = new Writer(model.inputs.map(({ name, shape }) => ({ name, shape })));
  refuseBroken(model);
  const { applications, outputs } = joints(model);
  const values = [...writer.entries];
  for (const { layer, inputs } of applications) {
    const operands = inputs.map((tensor) => values[tensor]!);
    values.push(written(writer, model.layers[layer]!, operands));
  }
  const config = writer.config(outputs.map((tensor) => values[tensor]!));
  const { entries, bytes } = weightsOf(model, writer);
  const json = {
    format: "layers-model",
    generatedBy: "lanewise",
    convertedBy: null,
    modelTopology: config,
    weightsManifest: [{ paths: [SHARD], weights: entries }],
  };
  return { "model.json": new TextEncoder().encode(JSON.stringify(json)), [SHARD]: bytes };
}

/**
 * Writes what `toTfjs` returns into a folder, which is made where there is none: each file whole or not at all, model.json last.
 *
 * @throws UnsupportedError as `toTfjs`, and `files/no-file-system` outside Node, Deno and Bun; LanewiseError `files/write-failed`
 * @example await saveTfjs(model, "digits"); // digits/model.json, for tf.loadLayersModel("file://digits/model.json")
 */
export async function saveTfjs<Output extends Predictions>(model: Model<Output>, folder: string | URL): Promise<void> {
  const files = Object.entries(toTfjs(model)).reverse();
  const place = (name: string) =>
    folder instanceof URL ? new URL(name, folder.href.endsWith("/") ? folder : `${folder.href}/`) : `${folder}/${name}`;
  await makeFolderOf(place(SHARD));
  for (const [name, bytes] of files) await writeFileAtomic(place(name), bytes);
}

function written(writer: Writer, layer: Layer, inputs: readonly Ref[]): Ref {
  const { name, className, config, trainable } = layer;
  const [x] = inputs as [Ref];
  if (className === "Activation") return activated(writer, layer, name, activationOf(config), x);
  const parts = partsOf(layer);
  for (const [theirs, role] of Object.entries(parts.weights ?? {})) {
    writer.weights.set(`${writer.nameOf(name)}/${theirs}`, `${name}/${role}`);
  }
  const frozen = trainable ? {} : { trainable };
  const y = writer.call(name, parts.className, { ...parts.config, ...frozen }, inputs);
  return parts.activation ? activated(writer, layer, `${name}.activation`, parts.activation, y) : y;
}

/** A network that TensorFlow.js would load as another one. */
function refuseBroken<Output extends Predictions>(model: Model<Output>): void {
  const weights = model.getWeights();
  for (const { name, className, config } of model.layers) {
    for (const role of className === "Dense" ? ["kernel", "bias"] : []) {
      const constraint = (config as Readonly<Record<string, ConstraintDescription | undefined>>)[`${role}Constraint`];
      const weight = weights.get(`${name}/${role}`);
      if (!constraint || !weight || !breaksConstraint(constraint, weight)) continue;
      throw new UnsupportedError(
        "tfjs/unsupported-layer",
        `The ${role} of layer "${name}" does not keep to its constraint, ${constraint.name}, and TensorFlow.js would apply that when it loads it. ` +
          "Train a step first, which applies it here, or make the network without.",
      );
    }
  }
}

function activationOf(config: unknown): ActivationDescription {
  return (config as { readonly activation: ActivationDescription }).activation;
}

/** All weights one behind the other, and the list of them. */
function weightsOf<Output extends Predictions>(model: Model<Output>, writer: Writer) {
  const weights = model.getWeights();
  const list: readonly (readonly [string, NamedArray])[] = [...writer.weights].map(([name, variable]) => [
    name,
    weights.get(variable)!,
  ]);
  const size = list.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  if (size > MAX_BYTES) {
    throw new UnsupportedError("tfjs/too-large", `The weights take ${size} bytes, and one file holds up to 2 GiB.`);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const [, { data }] of list) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  const entries = list.map(([name, { shape }]) => ({ name, shape, dtype: "float32" }));
  return { entries, bytes };
}
