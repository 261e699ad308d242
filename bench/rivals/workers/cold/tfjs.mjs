import { readFileSync } from "node:fs";
import { start, tfLayers } from "../tfjsBackend.mjs";
import { report, testInput } from "./measured.mjs";

const { folder, backend, threads } = JSON.parse(process.argv[2]);
const tf = await start(backend, threads);
const model = await tfLayers().loadLayersModel({
  async load() {
    const weightData = Uint8Array.from(readFileSync(`${folder}/tfjs.bin`)).buffer;
    return { ...JSON.parse(readFileSync(`${folder}/tfjs.json`, "utf8")), weightData };
  },
});
report(model.predict(tf.tensor2d(testInput(784), [1, 784])).dataSync());
