import { type Hdf5Array, type Hdf5Object, openHdf5 } from "../formats/hdf5/index.js";
import { shownName } from "../io/foreign.js";
import { badFile, jsonOf, type KerasFile, refuseOtherVersions } from "./file.js";
import type { KerasArray } from "./topology.js";

/** A weight of a layer, or of any of the layers of a model that stands in the place of one. */
interface Named extends Hdf5Array {
  /** "encoder/dense" of "encoder/dense/kernel:0". */
  readonly owner: readonly string[];
}

/**
 * A model in HDF5, as Keras 2 and Keras 3 save it: what is said of it is an attribute, and each layer has a group, which lists
 * the names of its weights in order.
 *
 * @param mostBytes All weights may take.
 */
export async function readWholeModel(bytes: Uint8Array, mostBytes: number): Promise<KerasFile> {
  const root = openHdf5(bytes, mostBytes);
  const config = root.texts("model_config")?.[0];
  const groups = root.member("model_weights");
  if (config === undefined || !groups) {
    throw badFile(
      "keras/no-network",
      "it does not say what the network is. Save the whole model, model.save(…), or fill a network with loadKerasWeights",
    );
  }
  refuseOtherVersions(root.texts("keras_version")?.[0]);
  const weights = new Map<string, readonly Named[]>();
  for (const layer of listed(groups, "layer_names")) weights.set(layer, await weightsIn(groups, layer));
  return {
    config: jsonOf(config, "model_config"),
    weightsOf: ({ path }) => ofLayer(weights.get(path[0]!) ?? [], path),
  };
}

async function weightsIn(groups: Hdf5Object, layer: string): Promise<Named[]> {
  const group = groups.member(layer);
  if (!group) throw badFile("keras/bad-weights", `there is no group of layer ${shownName(layer)}, which it lists`);
  const weights: Named[] = [];
  for (const name of listed(group, "weight_names")) {
    const dataset = group.member(name);
    if (!dataset) throw badFile("keras/bad-weights", `there is no weight ${shownName(name)}, which it lists`);
    // Counts are whole numbers, and no prediction needs them.
    if (dataset.holdsFloats) weights.push({ owner: name.split("/").slice(0, -1), ...(await dataset.floats()) });
  }
  return weights;
}

/** Long lists are in several attributes: "weight_names0", "weight_names1" … */
function listed(group: Hdf5Object, name: string): string[] {
  const whole = group.texts(name);
  if (whole) return whole;
  const all: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.texts(`${name}${i}`);
    if (!part) break;
    all.push(...part);
  }
  if (all.length > 0) return all;
  throw badFile("keras/bad-weights", `a group of weights has no ${name}`);
}

/**
 * A model within the model has one list for all its layers, and what can be learned comes first in it, so names tell whose a
 * weight is: "encoder/dense/kernel" in Keras 3, "dense/kernel:0" in Keras 2. The longest end of the layer's path that an owner
 * has is meant.
 */
function ofLayer(weights: readonly Named[], path: readonly string[]): readonly KerasArray[] {
  if (path.length === 1) return weights;
  const owners = new Map(weights.map(({ owner }) => [owner.join("/"), owner]));
  for (let from = 0; from < path.length; from++) {
    const end = path.slice(from);
    const found = [...owners].filter(([, owner]) => endsWith(owner, end));
    if (found.length === 1) return weights.filter(({ owner }) => owner.join("/") === found[0]![0]);
    if (found.length > 1) {
      throw badFile("keras/bad-weights", `the weights of layer ${shownName(path.join("/"))} may be those of several`);
    }
  }
  return [];
}

function endsWith(owner: readonly string[], end: readonly string[]): boolean {
  return end.every((name, i) => owner[owner.length - end.length + i] === name);
}
