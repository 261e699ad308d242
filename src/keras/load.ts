import { knownOptions } from "../check.js";
import { isHdf5 } from "../formats/hdf5/index.js";
import { isZip } from "../formats/zip.js";
import type { ModelSource } from "../io/loadModel.js";
import type { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import { readBytes } from "../runtime/files.js";
import { readArchive } from "./archive.js";
import { badFile } from "./file.js";
import { modelFromConfig } from "./topology.js";
import { readWholeModel } from "./wholeModel.js";

export interface LoadKerasOptions {
  /** What dropout and shuffling are drawn from when it trains on; default: random. */
  seed?: number;
}

/** Weights, and what is unpacked, may take so much of a file of so many bytes: a small one must not ask for a large network. */
export function mostBytesOf(fileBytes: number): number {
  return Math.max(16 * fileBytes, 1 << 20); // HDF5 of small networks is zeros above all, and packs well
}

/**
 * Loads a network of Keras with its weights from a `.keras` file (Keras 3, `model.save("net.keras")`) or a whole model in HDF5
 * (Keras 2 and 3, `model.save("net.h5")`), as a model that can be trained on. It is compiled anew: optimizer and loss stay behind.
 *
 * Read are Sequential and Functional models, also within one another, of the layers that lanewise has. Layers are called as in
 * Keras. Weights in float16, bfloat16 and float64 become 32-bit floats. HDF5 is read as h5py writes it by default.
 *
 * @param source A path, an address, or bytes.
 * @throws UnsupportedError `keras/unsupported-layer` with the layer and the reason, `keras/unsupported-version`,
 * `hdf5/unsupported`, `zip/unsupported`; ModelFormatError `keras/…`, `hdf5/…` and `zip/…` for a file that is damaged or none of
 * Keras's; for what is in the file nothing else
 * @example
 * const net = await loadKeras("net.keras");
 * net.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await net.fit(x, y, { epochs: 2 });
 */
export async function loadKeras<Output extends Predictions = Prediction>(
  source: ModelSource,
  options: LoadKerasOptions = {},
): Promise<Model<Output>> {
  const { seed } = knownOptions<LoadKerasOptions>(options, "loadKeras(source, options)", { seed: true });
  const bytes = await readBytes(source);
  const mostBytes = mostBytesOf(bytes.length);
  const read = isZip(bytes) ? readArchive : isHdf5(bytes) ? readWholeModel : undefined;
  if (!read)
    throw badFile(
      "keras/not-keras",
      "it is neither a .keras archive nor HDF5. Is it a SavedModel, or another kind of file?",
    );
  const { config, weightsOf } = await read(bytes, mostBytes);
  return modelFromConfig<Output>(config, weightsOf, { seed, mostBytes });
}
