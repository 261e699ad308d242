// Wrote v1.safetensors and v1.json, once. A sample is never written anew: it stands for the files that users have.
// For a new formatVersion: npm run build, then node test/io/samples/make.mjs v2

import { writeFileSync } from "node:fs";
import * as lanewise from "../../../build/src/index.js";

const { activation, adam, constant, dense, elu, flatten, randomUniform, rescaling, sequential, varianceScaling } =
  lanewise;

const name = process.argv[2];
if (!/^v\d+$/.test(name)) throw new Error("Usage: node test/io/samples/make.mjs v<formatVersion>");

// Every class of layer, options that are not the defaults, a frozen layer, and training stopped in the middle of an epoch.
const model = await sequential({
  inputShape: [2, 3],
  layers: [
    rescaling({ scale: 1 / 255, offset: -0.5, name: "scaled" }),
    flatten(),
    dense(5, {
      activation: elu({ alpha: 0.5 }),
      kernelInitializer: varianceScaling({ scale: 2, mode: "fanAvg", distribution: "normal", seed: 9 }),
      biasInitializer: constant({ value: 0.25 }),
      name: "hidden",
    }),
    dense(4, { useBias: false, kernelInitializer: randomUniform({ minval: -1 }), trainable: false, name: "frozen" }),
    activation("tanh"),
    dense(3, { activation: "softmax", name: "output" }),
  ],
  seed: 2 ** 40 + 3,
});
model.compile({
  optimizer: adam({ learningRate: 0.01, beta1: 0.8 }),
  loss: lanewise.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
  metrics: ["accuracy"],
});
const x = Uint8Array.from({ length: 10 * 6 }, (_, i) => (i * 37) % 256);
const y = Uint8Array.from({ length: 10 }, (_, i) => i % 3);
await model.fit(x, y, { epochs: 3, batchSize: 4, maxSteps: 5 });

const file = (extension) => new URL(`${name}.${extension}`, import.meta.url);
writeFileSync(file("safetensors"), model.toBytes({ includeOptimizer: true }));
const outputs = { x: [...x], y: [...y], predictions: [...model.predict(x).data], figures: await model.evaluate(x, y) };
writeFileSync(file("json"), `${JSON.stringify(outputs)}\n`);
