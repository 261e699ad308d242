// Inference alone: reads the library's model files and predicts with the bits of `model.predict`, without anything that trains.

import { LanewiseError } from "../errors.js";
import { parse, readModelFile, refuseOtherShape, tensorOf, within } from "../io/modelFile.js";
import type { SafetensorsFile } from "../formats/safetensors.js";
import type { Inputs } from "../model/dataset.js";
import { predict, type Prediction, type Predictions, type PredictOptions } from "../model/predict.js";
import type { SavedArchitecture } from "../model/saved.js";
import { ForwardBuilder } from "../program/forward.js";
import type { Value } from "../program/graph.js";
import { align } from "../program/memory.js";
import { Program } from "../program/program.js";
import { Run } from "../program/run.js";
import type { Region } from "../program/verify.js";
import { type ByteSource, readBytes } from "../runtime/files.js";
import type { Instance } from "../runtime/instance.js";
import { sizeOf } from "../shape.js";
import { emitNetwork, type Network, networkOf } from "./network.js";
import { FORWARD_OPS, forwardInstance } from "./wasm.js";

export * from "../errors.js";
export type { ErrorCode, ErrorCodes } from "../errorCodes.js";
export type { Rowlike } from "../model/data.js";
export type { WasmSource } from "../runtime/compile.js";
export { init } from "./wasm.js";
export type { ByteSource, Inputs, Prediction, Predictions, PredictOptions };

/** Where data enter or leave: a name, and the shape of a sample. */
export interface PredictorPort {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Loads what `model.save` or `model.toBytes` wrote, for inference alone. Layers of your own need the whole library.
 *
 * @param source A path, a URL, bytes, a `Response` or a `Blob`.
 * @throws ModelFormatError for a file that is damaged, of another kind, or newer than this library; UnsupportedError
 *   `model/unknown-layer`; LanewiseError where the WebAssembly module cannot be loaded
 * @example
 * const predictor = await loadPredictor("digits.safetensors");
 * predictor.predict(new Float32Array(64)).data; // the bits of model.predict
 */
export async function loadPredictor<Output extends Predictions = Prediction>(
  source: ByteSource,
): Promise<Predictor<Output>> {
  const loading = forwardInstance(); // while the file is read
  loading.catch(() => undefined); // a fault of the file's is told first
  const file = readModelFile(await readBytes(source));
  const architecture = parse<SavedArchitecture>(file, "architecture");
  const network = within("architecture", () => networkOf(architecture));
  for (const [name, shape] of network.weights) refuseOtherShape(file, name, shape);
  const instance = await loading;
  const program = within("architecture", () => load(instance, network, file));
  return new Predictor<Output>(instance, network, program);
}

/** Lays the weights into memory and builds the program that reads them. */
function load(instance: Instance, network: Network, file: SafetensorsFile) {
  const offsets = new Map<string, number>();
  let bytes = 0;
  for (const [name, shape] of network.weights) {
    offsets.set(name, bytes);
    bytes += align(sizeOf(shape) * 4);
  }
  const address = instance.heap.allocate(Math.max(4, bytes), "the weights");
  for (const [name, offset] of offsets) {
    const { data } = tensorOf(file, name);
    instance.f32(address + offset, data.length).set(data);
  }
  const b = new ForwardBuilder();
  const values = new Map<string, Value>(
    [...network.weights].map(([name, shape]) => [
      name,
      b.value({ name, shape, perRow: false, address: address + offsets.get(name)! }),
    ]),
  );
  emitNetwork(b, network, (name) => values.get(name)!);
  const weights: Region = { name: "the weights", address, bytes: Math.max(4, bytes), writable: false };
  const program = new Program(instance, b.nodes, [weights]);
  const other = program.nodes.find(({ op }) => !Object.hasOwn(FORWARD_OPS, op));
  if (other)
    throw new LanewiseError("program/invalid", `Inference has no op ${other.op}. This is a fault of lanewise.`);
  return program;
}

/** A trained network that predicts, and nothing else. It owns its memory, and that memory goes with it. */
export class Predictor<Output extends Predictions = Prediction> {
  readonly #host;

  /** @internal Predictors come from `loadPredictor`. */
  constructor(engine: Instance, network: Network, program: Program) {
    const run = new Run(engine);
    this.#host = {
      engine,
      architecture: network,
      seed: 0,
      windowBytes: Infinity,
      prepare: (_: "predict", rows: number) => {
        program.ensure(rows);
        run.bind(program);
        return { run };
      },
    };
  }

  /** What goes in: for each input its name and the shape of a sample. */
  get inputs(): readonly PredictorPort[] {
    return this.#host.architecture.inputs.map(({ name, shape }) => ({ name, shape }));
  }

  /** What comes out. */
  get outputs(): readonly PredictorPort[] {
    return this.#host.architecture.outputs.map(({ name, shape }) => ({ name, shape }));
  }

  /** Of a sample of the first input. */
  get inputShape(): readonly number[] {
    return this.inputs[0]!.shape;
  }

  /** Of a sample of the first output. */
  get outputShape(): readonly number[] {
    return this.outputs[0]!.shape;
  }

  /**
   * The outputs for each row of x, synchronous and as a copy: one array, or as the model was given, a list of them or a record by
   * name.
   *
   * @param x Rows of the input; of several inputs, rows for each, in order or by name.
   * @throws ShapeError, DataError naming row and column
   */
  predict(x: Inputs, options: PredictOptions = {}): Output {
    return predict(this.#host, x, options) as Output;
  }
}
