import { loadKeras } from "../../../src/keras/index.js";
import { damagedHdf5, damagedKerasFile, readKeras } from "../../keras/damage.js";
import { KERAS_FILES, kerasFile } from "../../keras/files.js";
import { walkHdf5 } from "../../keras/walkHdf5.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf } from "./samples.js";

async function good(): Promise<Uint8Array> {
  const models = await Promise.all(KERAS_FILES.map((name) => loadKeras(kerasFile(name), { seed: 1 })));
  return bytesOf(...models.flatMap((model) => [...model.getWeights().values()].map(({ data }) => data)));
}

export const keras: Reader = {
  name: "keras",
  sources: [
    "src/formats/zip.ts",
    "src/formats/inflate.ts",
    "src/keras/archive.ts",
    "src/keras/file.ts",
    "src/keras/groups.ts",
    "src/keras/wholeModel.ts",
  ],
  refusals: /^(keras|zip|hdf5|json)\//,
  async prepare() {
    return {
      make: (random: Random) => ({ file: damagedKerasFile(random) }),
      read: ({ file }) => readKeras(file),
      good,
    };
  },
};

/** Every object of a file, whether a network has a use for it or not. */
export const hdf5: Reader = {
  name: "hdf5",
  sources: ["attributes", "dataset", "file", "index", "links", "messages", "types"].map(
    (name) => `src/formats/hdf5/${name}.ts`,
  ),
  refusals: /^hdf5\//,
  async prepare() {
    const files = ["layouts.h5", "layouts-latest.h5", "functional.h5", "small.weights.h5"].map(kerasFile);
    return {
      make: (random: Random) => ({ file: damagedHdf5(random.pick(files), random) }),
      read: ({ file }) => walkHdf5(file),
      good,
    };
  },
};
