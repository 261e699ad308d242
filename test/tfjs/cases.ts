// Models of TensorFlow.js and of Keras that somebody has damaged, or made to do damage: from a number to files, and their reader.

import { loadTfjs, type TfjsArtifacts } from "../../src/tfjs/index.js";
import { type KerasLayer, modelFromConfig } from "../../src/keras/topology.js";
import { NAMES as KERAS_NAMES, sample as kerasSample, sourceOf } from "../keras/samples.js";
import { type Files, filesOf, NAMES, sample } from "./samples.js";

type Json = Record<string, unknown>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What all cases are made of. */
export async function seedFiles(): Promise<Files[]> {
  const ofKeras = await Promise.all(KERAS_NAMES.map(kerasFiles));
  return [...NAMES.map((name, i) => filesOf(sample(name), 1 + (i % 3))), ...ofKeras];
}

/** A model of Keras 3 with its weights as TensorFlow.js keeps them. */
async function kerasFiles(name: string): Promise<Files> {
  const given = kerasSample(name);
  const specs: object[] = [];
  const pieces: Uint8Array[] = [];
  const source = sourceOf(given);
  const keep = (layer: KerasLayer) => {
    const arrays = source(layer);
    arrays.forEach(({ data, shape }, i) => {
      specs.push({ name: `${layer.path.join("/")}/${layer.weightNames[i]}`, shape, dtype: "float32" });
      pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    });
    return arrays;
  };
  await modelFromConfig(given.config, keep, { seed: 1, mostBytes: 1e6 });
  const json = {
    modelTopology: { model_config: given.config },
    weightsManifest: [{ paths: ["w.bin"], weights: specs }],
  };
  return { "model.json": encoder.encode(JSON.stringify(json)), "w.bin": new Uint8Array(Buffer.concat(pieces)) };
}

/** Numbers from a seed: the same everywhere. */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % limit;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const NUMBERS = [0, -0, 1, -1, 2, 3, 6, 0.5, 1e-45, 3e38, 1e300, 255, 65536, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53)];
const TEXTS =
  `__proto__ constructor toString name config layers Dense Add Average Concatenate Subtract Dropout BatchNormalization
  LayerNormalization Normalization PReLU ReLU LeakyReLU ELU Softmax Activation Flatten Reshape Rescaling Identity Sequential Functional
  Model InputLayer function relu hard_sigmoid softmax float32 float16 int32 uint8 uint16 bool string channels_first mixed_float16 MaxNorm NonNeg
  L2 Zeros GlorotUniform VarianceScaling keras.layers keras.src.ops.numpy mine>Dense __keras_tensor__ __numpy__ __tuple__ DTypePolicy optimizer
  ../w.bin /etc/passwd a//b graph-model`.split(/\s+/);
const KEYS =
  `class_name config name layers trainable dtype units activation axis epsilon momentum center scale rate use_bias inbound_nodes
  input_layers output_layers batch_input_shape batch_shape build_input_shape args kwargs keras_history training mask module registered_name
  kernel_initializer kernel_regularizer kernel_constraint l1 l2 max_value min_value negative_slope alpha threshold mean variance invert
  shared_axes target_shape data_format noise_shape quantization min original_dtype shape paths weights group renorm sparse
  activity_regularizer model_config format node __proto__ constructor`.split(/\s+/);

/** Every place that holds a value: what it is in, and under which key. */
function places(value: unknown): [Json, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value as Json, key] as [Json, string], ...places(inner)]);
}

/** One change of what model.json says. */
function edited(json: unknown, draws: Draws): void {
  const all = places(json);
  if (all.length === 0) return;
  const [holder, key] = draws.of(all);
  const set = (key: string, value: unknown) =>
    void Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  const old = holder[key];
  const [otherHolder, otherKey] = draws.of(all);
  const other = structuredClone(otherHolder[otherKey]);
  const like = all.filter(([holder, key]) => typeof holder[key] === typeof old);
  switch (draws.below(12)) {
    case 0:
      return set(key, other);
    case 1: {
      const [from, under] = draws.of(like);
      return set(key, structuredClone(from[under]));
    }
    case 2:
      return set(key, draws.of(NUMBERS));
    case 3:
      return set(key, draws.of(TEXTS));
    case 4:
      return set(key, draws.of([null, true, false, [], {}, [[]], [1], [-1]]));
    case 5:
      return void (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]);
    case 6:
      return void (Array.isArray(old)
        ? old.push(draws.below(2) === 0 ? other : structuredClone(old[0]))
        : set(key, [old]));
    case 7:
      return void (Array.isArray(old) ? old.reverse() : set(draws.of(KEYS), other));
    case 8: {
      const [shapely, at] = draws.of(all.filter(([holder, key]) => typeof holder[key] === "number"));
      return void (shapely[at] = draws.of([...NUMBERS, (shapely[at] as number) + 1, (shapely[at] as number) - 1]));
    }
    case 9: {
      const texts = all.filter(([holder, key]) => typeof holder[key] === "string");
      const [textual, at] = draws.of(texts);
      const [from, under] = draws.of(texts);
      return void (textual[at] = draws.below(2) === 0 ? draws.of(TEXTS) : from[under]);
    }
    case 10:
      // An option of a layer, as the readers ask for it.
      return set(draws.of(KEYS), draws.of<unknown>([null, 0, 1, -1, 0.5, true, false, "relu", [1], [-1], {}, other]));
    default: {
      let nested: unknown = old;
      for (let i = draws.below(30); i > 0; i--) nested = draws.below(2) === 0 ? [nested] : { config: nested };
      return set(key, nested);
    }
  }
}

/** One change of bytes. */
function damaged(bytes: Uint8Array, draws: Draws): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(1);
  const at = draws.below(bytes.length);
  switch (draws.below(5)) {
    case 0:
      return bytes.with(at, draws.below(256));
    case 1:
      return bytes.slice(0, at);
    case 2:
      return new Uint8Array(Buffer.concat([bytes, bytes.subarray(0, at)]));
    case 3:
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draws.below(40))]));
    default: {
      const copy = bytes.slice();
      copy.fill(draws.of([0, 0x7f, 0x80, 0xff]), at, at + 4);
      return copy;
    }
  }
}

/** What a reader is given: files, model.json and files of weights, or what TensorFlow.js has in memory. */
export interface Case {
  readonly files: Files;
  readonly form: "files" | "bytes" | "artifacts";
}

/** The case of this number. */
export function makeCase(seeds: readonly Files[], seed: number): Case {
  const draws = new Draws(seed);
  const files = { ...draws.of(seeds) };
  const json = JSON.parse(decoder.decode(files["model.json"])) as Json;
  for (let i = draws.below(4); i > 0; i--) edited(json, draws);
  files["model.json"] = encoder.encode(JSON.stringify(json));
  if (draws.below(6) === 0) {
    const name = draws.of(Object.keys(files));
    files[name] = damaged(files[name]!, draws);
  }
  if (draws.below(60) === 0) delete files[draws.of(Object.keys(files))];
  return { files, form: draws.of(["files", "files", "files", "bytes", "artifacts"]) };
}

/** A model that predicts, or an error. */
export async function readCase({ files, form }: Case): Promise<string> {
  const { "model.json": json, ...shards } = files;
  const model = await (form === "artifacts"
    ? loadTfjs(artifactsOf(json, shards), { seed: 1 })
    : form === "bytes" && json
      ? loadTfjs(json, { seed: 1, weights: shards })
      : loadTfjs(files, { seed: 1 }));
  const inputs = model.inputs.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  if (
    inputs.every((size) => size < 10_000) &&
    model.layers.every(({ outputShape }) => outputShape.reduce((a, b) => a * b, 1) < 1e5)
  ) {
    model.predict(inputs.length === 1 ? new Float32Array(inputs[0]!) : inputs.map((size) => new Float32Array(size)));
  }
  return "a model";
}

/** As far as model.json can be read. */
function artifactsOf(json: Uint8Array | undefined, shards: Files): TfjsArtifacts {
  const weightData = Object.values(shards).map((bytes) => bytes.slice().buffer);
  try {
    const { weightsManifest, ...rest } = JSON.parse(decoder.decode(json)) as Json & {
      weightsManifest: [{ weights: [] }];
    };
    return { modelTopology: undefined, ...rest, weightSpecs: weightsManifest[0].weights, weightData };
  } catch {
    return { modelTopology: undefined, weightData };
  }
}
