import { ShapeError, UnsupportedError } from "../errors.js";
import { openHdf5 } from "../formats/hdf5/index.js";
import { shownName } from "../io/foreign.js";
import type { ModelSource } from "../io/loadModel.js";
import type { Layer } from "../model/layer.js";
import type { Model } from "../model/model.js";
import type { Predictions } from "../model/predict.js";
import type { NamedArray } from "../model/variables.js";
import { readBytes } from "../runtime/files.js";
import { formatShape, sameShape } from "../shape.js";
import { badFile } from "./file.js";
import { arraysOf, containerOf, GroupNames } from "./groups.js";
import { mostBytesOf } from "./load.js";

/** What filled what. */
export interface KerasMatch {
  /** The group of the file: "dense_1", the second Dense. */
  readonly group: string;
  readonly layer: string;
}

/** Classes whose weights are Keras's, in Keras's order. */
const CLASSES: ReadonlySet<string> = new Set([
  "Dense",
  "BatchNormalization",
  "LayerNormalization",
  "Normalization",
  "PReLU",
]);

/**
 * Fills a model with the weights that Keras 3 saved by `model.save_weights("net.weights.h5")`. You write the network in layers of
 * lanewise. Such a file calls layers by class and number, so the first dense takes the first Dense's weights, whatever the two are
 * called. Epsilon, activations and the like are not in the file.
 *
 * @param model Changed all at once, after all checks, or not at all; its optimizer state stays.
 * @param source A path, an address, or bytes. A model within a model is refused: load the whole with `loadKeras`.
 * @returns Which group filled which layer.
 * @throws ModelFormatError `hdf5/…`, `keras/not-keras` for a file of another kind; ShapeError `keras/wrong-count`, `keras/wrong-shape`;
 * UnsupportedError `keras/unsupported-layer`, `hdf5/unsupported`; DataError `data/not-finite`
 * @example
 * const net = await sequential({ inputShape: 4, layers: [dense(8, { activation: "relu" }), dense(3, { activation: "softmax" })] });
 * const matches = await loadKerasWeights(net, "net.weights.h5");
 * matches; // [{ group: "dense", layer: "dense" }, { group: "dense_1", layer: "dense_1" }]
 */
export async function loadKerasWeights<Output extends Predictions>(
  model: Model<Output>,
  source: ModelSource,
): Promise<readonly KerasMatch[]> {
  const bytes = await readBytes(source);
  const container = containerOf(openHdf5(bytes, mostBytesOf(bytes.length)));
  if (!container)
    throw badFile(
      "keras/not-keras",
      "it has no group of layers. Is it of Keras 2? Load the whole model with loadKeras",
    );
  const found = new Map<string, readonly NamedArray[]>();
  for (const name of container.names) {
    const group = container.member(name)!;
    if (containerOf(group)) {
      throw new UnsupportedError(
        "keras/unsupported-layer",
        `The file has the weights of a model within the model, ${shownName(name)}. Save the whole model and load it with loadKeras.`,
      );
    }
    const arrays = await arraysOf(group);
    if (arrays.length > 0) found.set(name, arrays);
  }
  const layers = fillable(model.layers, found);
  const weights = new Map<string, NamedArray>();
  for (const { group, layer } of layers) {
    rolesOf(layer).forEach(({ role, shape }, i) => {
      weights.set(`${layer.name}/${role}`, fitting(found.get(group)![i]!, shape, `${layer.name}/${role}`, group));
    });
  }
  model.setWeights(weights, { strict: false });
  return layers.map(({ group, layer }) => ({ group, layer: layer.name }));
}

interface Match {
  readonly group: string;
  readonly layer: Layer;
}

/** A normalization whose statistics the file does not have was given them: it keeps its own. */
function fillable(layers: readonly Layer[], found: ReadonlyMap<string, readonly NamedArray[]>): Match[] {
  const names = new GroupNames();
  const counted = layers.map((layer) => ({ group: names.next(layer.className), layer }));
  const matches = counted.filter(({ group, layer }) => {
    const roles = rolesOf(layer);
    if (roles.length === 0 || (layer.className === "Normalization" && !found.has(group))) return false;
    if (!CLASSES.has(layer.className)) throw unsupported(layer);
    if (found.get(group)?.length === roles.length) return true;
    throw wrongCount(
      `Layer "${layer.name}" (${layer.className}) takes ${roles.map(({ role }) => role).join(", ")}, and the file has ` +
        `${found.get(group)?.length ?? 0} weights of ${group}`,
    );
  });
  if (matches.length === found.size) return matches;
  const taken = new Set(matches.map(({ group }) => group));
  const left = [...found.keys()].filter((group) => !taken.has(group)).map(shownName);
  throw wrongCount(`The model has no layers for ${left.slice(0, 8).join(", ")} of the file`);
}

function rolesOf(layer: Layer) {
  const { kind, config } = layer.toSpec();
  return kind.variables(config, layer.inputShape);
}

function fitting(array: NamedArray, shape: readonly number[], variable: string, group: string): NamedArray {
  if (sameShape(array.shape, shape)) return array;
  throw new ShapeError(
    "keras/wrong-shape",
    `"${variable}" is ${formatShape(shape)}, and the file's weight of ${group} ${formatShape(array.shape)}. Write the same network.`,
  );
}

function wrongCount(what: string): ShapeError {
  return new ShapeError("keras/wrong-count", `${what}. Write the same network: layers of a class go in order.`);
}

function unsupported({ name, className }: Layer): UnsupportedError {
  return new UnsupportedError(
    "keras/unsupported-layer",
    `Layer "${name}" (${className}) has weights that no layer of Keras has.`,
  );
}
