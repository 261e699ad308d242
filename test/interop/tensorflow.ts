// Where TensorFlow.js is installed (npm install --prefix test/interop), tests ask it; elsewhere they say that they did not.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { TfjsModel } from "../../src/tfjs/index.js";
import type { Prediction } from "../../src/index.js";

const home = new URL("package.json", import.meta.url);

export const isInstalled = existsSync(new URL("node_modules/@tensorflow/tfjs-layers/package.json", import.meta.url));

if (!isInstalled) {
  console.warn(
    "SKIPPED: TensorFlow.js is not installed (npm install --prefix test/interop): it loaded no exported model.",
  );
}

export interface Tensor {
  dataSync(): Float32Array;
  readonly shape: number[];
}
interface Artifacts {
  readonly modelTopology: object;
  readonly weightSpecs: { readonly name: string; readonly shape: number[]; readonly dtype: string }[];
  readonly weightData: ArrayBuffer | ArrayBuffer[];
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its own types are in a package that may be absent
export type TensorFlow = any;

let loading: Promise<TensorFlow> | undefined;

/** tf of core and layers, on the CPU. */
export function tensorFlow(): Promise<TensorFlow> {
  loading ??= (async () => {
    const require = createRequire(home);
    const core = require("@tensorflow/tfjs-core") as TensorFlow;
    require("@tensorflow/tfjs-backend-cpu");
    const layers = require("@tensorflow/tfjs-layers") as TensorFlow;
    await core.setBackend("cpu");
    return { ...core, ...layers, layers: layers.layers };
  })();
  return loading;
}

/** What a model of TensorFlow.js is when it is saved. */
export async function artifactsOf(model: TensorFlow): Promise<Artifacts> {
  const { io } = await tensorFlow();
  let saved: Artifacts | undefined;
  const handler = io.withSaveHandler((artifacts: Artifacts) => {
    saved = artifacts;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
  });
  await model.save(handler);
  return saved!;
}

/** As tf.loadLayersModel loads the files. */
export async function loadedByTensorFlow(files: TfjsModel): Promise<TensorFlow> {
  const tf = await tensorFlow();
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: object[] }[];
  };
  const [group] = json.weightsManifest;
  const weightData = files[group!.paths[0]!]!.slice().buffer;
  return tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: group!.weights, weightData }),
  );
}

/** What TensorFlow.js predicts of each input's rows, output by output. */
export async function predictedByTensorFlow(model: TensorFlow, inputs: readonly Prediction[]): Promise<Prediction[]> {
  const tf = await tensorFlow();
  const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape], "float32"));
  const found = model.predict(tensors.length === 1 ? tensors[0] : tensors) as Tensor | Tensor[];
  return [found].flat().map((tensor) => ({ data: tensor.dataSync(), shape: tensor.shape }));
}
