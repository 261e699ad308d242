// TensorFlow.js with one backend; its packages are CommonJS in Node.

import { createRequire } from "node:module";
import { dirname } from "node:path";

const require = createRequire(import.meta.url);
console.warn = () => {}; // it asks for its native addon

export async function start(backend, threads) {
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-layers"); // brings the gradients
  require("@tensorflow/tfjs-backend-cpu"); // some kernels of training run there
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setThreadsCount(threads);
    wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here.`);
  await tf.ready();
  return tf;
}

export function tfLayers() {
  return require("@tensorflow/tfjs-layers");
}

export function layersModel({ inputs, hidden, classes, activation }) {
  const { layers, sequential } = tfLayers();
  const units = [...hidden, classes];
  return sequential({
    layers: units.map((width, i) =>
      layers.dense({
        units: width,
        activation: i < hidden.length ? activation : "softmax",
        ...(i === 0 && { inputShape: [inputs] }),
      }),
    ),
  });
}
