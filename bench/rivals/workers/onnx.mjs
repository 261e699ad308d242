// onnxruntime-web: inference only, of the file that lanewise/onnx wrote.

import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { serve } from "./protocol.mjs";

const manifest = new URL("../node_modules/onnxruntime-web/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));

await serve({
  version,
  async makePredictor({ network, folder, threads }) {
    ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create(readFileSync(`${folder}/model.onnx`));
    const [input, output] = [session.inputNames[0], session.outputNames[0]];
    const shape = [network.batch, network.inputs];
    return {
      predict: async (x) => (await session.run({ [input]: new ort.Tensor("float32", x, shape) }))[output].data,
    };
  },
});
