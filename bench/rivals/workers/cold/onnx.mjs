import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { report, testInput } from "./measured.mjs";

const { folder, threads } = JSON.parse(process.argv[2]);
ort.env.wasm.numThreads = threads;
const session = await ort.InferenceSession.create(readFileSync(`${folder}/model.onnx`));
const { [session.outputNames[0]]: output } = await session.run({
  [session.inputNames[0]]: new ort.Tensor("float32", testInput(784), [1, 784]),
});
report(output.data);
