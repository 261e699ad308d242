import { openHdf5 } from "../formats/hdf5/index.js";
import { readZip, unzip } from "../formats/zip.js";
import { arraysOf, groupsOf, keyOf } from "./groups.js";
import { badFile, jsonOf, type KerasFile, refuseOtherVersions } from "./file.js";
import { isObject, own } from "./config.js";
import type { KerasArray } from "./topology.js";

const METADATA = "metadata.json";
const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";

/**
 * A .keras file: an archive of what is said of the model and of its weights.
 *
 * @param mostBytes All that is unpacked may take, and all weights.
 */
export async function readArchive(bytes: Uint8Array, mostBytes: number): Promise<KerasFile> {
  const entries = readZip(bytes, mostBytes);
  const part = (name: string): Promise<Uint8Array> => {
    const entry = entries.get(name);
    if (entry) return unzip(entry);
    throw badFile(
      "keras/not-keras",
      `the archive has no ${name}: it is none of Keras's, or its weights are in several files`,
    );
  };
  const metadata = jsonOf(await part(METADATA), METADATA);
  refuseOtherVersions(isObject(metadata) ? own(metadata, "keras_version") : undefined);
  const config = jsonOf(await part(CONFIG), CONFIG);
  const root = openHdf5(await part(WEIGHTS), mostBytes);
  const weights = new Map<string, readonly KerasArray[]>();
  for (const [key, group] of groupsOf(root, config)) weights.set(key, await arraysOf(group));
  return { config, weightsOf: ({ path }) => weights.get(keyOf(path)) ?? [] };
}
