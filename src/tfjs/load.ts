import { knownOptions } from "../check.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import { shownName } from "../io/foreign.js";
import { isObject, type Json, own } from "../keras/config.js";
import { type KerasLayer, modelFromConfig, type WeightSource } from "../keras/topology.js";
import type { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import { type Loaded, loaded, type TfjsFiles, type TfjsSource } from "./source.js";
import { badWeights, decode, type Pieces, type WeightSpec } from "./weights.js";

export interface LoadTfjsOptions {
  /** What dropout and shuffling are drawn from when it trains on; default: random. */
  seed?: number;
  /** Files of weights by name, or a list of `File`, where the source is model.json alone. */
  weights?: TfjsFiles;
}

/**
 * Loads a layers model of TensorFlow.js, or of Keras converted to it, as a model that can be trained on: a chain of layers where it
 * is one, else a graph. Models within it are written out.
 *
 * Read are Dense, BatchNormalization, LayerNormalization, Dropout, AlphaDropout, GaussianNoise, Flatten, Reshape, Rescaling,
 * Normalization, PReLU, the activations that lanewise has, Add, Average, Subtract and Concatenate, with their regularizers,
 * constraints and initializers. Weights may be quantized (float16, uint8, uint16). What it was compiled with is left: call `compile`.
 *
 * @param source A path or an address of model.json, whose files of weights lie beside it; all files by name, as `toTfjs` returns
 *   them; a list of `File`; the bytes of model.json, with `weights`; or the artifacts that TensorFlow.js has in memory.
 * @throws UnsupportedError `keras/unsupported-layer` with layer and reason, `tfjs/graph-model`; ModelFormatError `tfjs/…` and
 *   `keras/…` for a file that is damaged; `files/…` where files cannot be read, or lie outside of the model's folder
 * @example
 * const net = await loadTfjs(toTfjs(model)); // or a path: "model/model.json"
 * net.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await net.fit(x, y, { epochs: 2 });
 */
export async function loadTfjs<Output extends Predictions = Prediction>(
  source: TfjsSource,
  options: LoadTfjsOptions = {},
): Promise<Model<Output>> {
  const known = { seed: true, weights: true };
  const { seed, weights } = knownOptions<LoadTfjsOptions>(options, "loadTfjs(source, options)", known);
  const { json, specs, pieces } = await loaded(source, weights);
  const byLayer = new Weights({ json, specs, pieces });
  const mostBytes = specs.reduce((sum, { size }) => sum + size * 4, 0);
  const model = await modelFromConfig<Output>(topologyOf(json), byLayer.of, { seed, mostBytes });
  byLayer.refuseUnused();
  return model;
}

/** What says how layers are joined. */
function topologyOf(json: Json): Json {
  const topology = own(json, "modelTopology");
  const isGraph = own(json, "format") === "graph-model" || (isObject(topology) && Array.isArray(own(topology, "node")));
  if (isGraph || topology instanceof ArrayBuffer) {
    throw new UnsupportedError(
      "tfjs/graph-model",
      "This is a graph model: ops of TensorFlow for inference, without layers to train on. Convert the Keras model itself, " +
        "with tensorflowjs_converter --output_format=tfjs_layers_model; or its SavedModel to ONNX, for loadOnnx of lanewise/onnx.",
    );
  }
  const config = isObject(topology) ? (own(topology, "model_config") ?? topology) : undefined;
  if (isObject(config) && Object.hasOwn(config, "class_name")) return config;
  throw new ModelFormatError(
    "tfjs/not-tfjs",
    'The file holds no layers model of TensorFlow.js: it has no modelTopology with a class_name. Pass the file that is called "model.json".',
  );
}

/** Weights by the names of their layers, each asked for once. */
class Weights {
  readonly #specs = new Map<string, WeightSpec>();
  readonly #taken = new Map<string, string>();
  readonly #pieces: Pieces;

  constructor({ specs, pieces }: Loaded) {
    this.#pieces = pieces;
    for (const spec of specs) {
      if (this.#specs.has(spec.name)) throw badWeights(`two are called ${shownName(spec.name)}`);
      this.#specs.set(spec.name, spec);
    }
  }

  readonly of: WeightSource = ({ path, name, weightNames }: KerasLayer) => {
    const layer = path.join("/");
    const found: { data: Float32Array; shape: readonly number[] }[] = [];
    for (const role of weightNames) {
      const spec = this.#specs.get(`${name}/${role}`) ?? this.#specs.get(`${layer}/${role}`);
      if (!spec) break; // what follows would stand in its place
      const taker = this.#taken.get(spec.name);
      if (taker !== undefined) {
        throw badWeights(`${shownName(spec.name)} would be of two layers, ${shownName(taker)} and ${shownName(layer)}`);
      }
      this.#taken.set(spec.name, layer);
      found.push({ data: decode(spec, this.#pieces), shape: spec.shape });
    }
    return found;
  };

  /** A weight that no layer asks for is of a network other than this one. */
  refuseUnused(): void {
    const unused = [...this.#specs.keys()].find((name) => !this.#taken.has(name));
    if (unused !== undefined) throw badWeights(`no layer has ${shownName(unused)}`);
  }
}
