// Makes samples/*.json: models that TensorFlow.js made and trained, as it saves them, with rows and what it predicts of them.
// npm install --prefix test/interop && node test/tfjs/make_tfjs.mjs   (TensorFlow.js 4.22.0)

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../interop/package.json", import.meta.url));
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { layers: L, sequential, model, input, ...tfl } = require("@tensorflow/tfjs-layers");
await tf.setBackend("cpu");

const samples = new URL("samples/", import.meta.url);
mkdirSync(samples, { recursive: true });

async function saved(made) {
  let artifacts;
  await made.save(
    tf.io.withSaveHandler(async (given) => ((artifacts = given), { modelArtifactsInfo: {} })),
    {
      includeOptimizer: made.optimizer !== undefined,
    },
  );
  const { modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy } = artifacts;
  return { format, generatedBy, convertedBy, modelTopology, weightSpecs, weightData };
}

const arraysOf = (tensors) =>
  [tensors].flat().map((tensor) => ({ shape: tensor.shape, data: Array.from(tensor.dataSync()) }));

function write(name, artifacts, made) {
  const inputs = made.inputs.map(({ shape }, i) => tf.randomNormal([5, ...shape.slice(1)], 0, 2, "float32", 7 + i));
  const outputs = made.predict(inputs.length === 1 ? inputs[0] : inputs);
  const sample = {
    ...artifacts,
    weightData: Buffer.from(artifacts.weightData).toString("base64"),
    inputs: arraysOf(inputs),
    outputs: arraysOf(outputs),
  };
  writeFileSync(new URL(`${name}.json`, samples), `${JSON.stringify(sample)}\n`);
}

async function train(made) {
  const ins = made.inputs.map(({ shape }, i) => tf.randomNormal([64, ...shape.slice(1)], 0, 1, "float32", i + 1));
  const outs = made.outputs.map(({ shape }) => {
    const label = tf.cast(tf.greater(tf.slice(ins[0], [0, 0], [64, 1]), 0), "float32");
    return tf.mul(label, tf.fill([64, shape[1]], 1 / shape[1]));
  });
  made.compile({ optimizer: tf.train.adam(0.02), loss: "meanSquaredError" });
  await made.fit(ins, outs, { epochs: 8, batchSize: 16, verbose: 0 });
}

const trained = sequential({
  layers: [
    L.dense({
      units: 6,
      inputShape: [4],
      activation: "relu",
      kernelInitializer: "heNormal",
      kernelRegularizer: tfl.regularizers.l1l2({ l1: 1e-4, l2: 1e-3 }),
      kernelConstraint: tfl.constraints.maxNorm({ maxValue: 3 }),
    }),
    L.batchNormalization({ momentum: 0.9 }),
    L.dropout({ rate: 0.2 }),
    L.dense({ units: 5, useBias: false }),
    L.leakyReLU({ alpha: 0.15 }),
    L.layerNormalization(),
    L.prelu(),
    L.dense({ units: 3, activation: "softmax", biasConstraint: tfl.constraints.nonNeg() }),
  ],
});
await train(trained);
write("trained", await saved(trained), trained);

const a = input({ shape: [3], name: "a" });
const b = input({ shape: [3], name: "b" });
const shared = L.dense({ units: 4, activation: "tanh", name: "shared" });
const inside = input({ shape: [4], name: "inside" });
const hidden = L.dense({ units: 4, activation: "hardSigmoid", name: "hidden" }).apply(inside);
const block = model({ inputs: inside, outputs: [L.elu({ alpha: 1 }).apply(hidden), hidden], name: "block" });
const chain = sequential({ name: "chain", layers: [L.dense({ units: 4, inputShape: [4] }), L.batchNormalization()] });
const [x, y] = [shared.apply(a), shared.apply(b)];
const [left, right] = block.apply(x);
const [again] = block.apply(chain.apply(y));
const merged = L.concatenate().apply([
  L.add().apply([left, right, again]),
  L.average().apply([x, y]),
  chain.apply(again),
]);
const graph = model({
  inputs: [a, b],
  outputs: [L.dense({ units: 2, name: "first" }).apply(merged), L.dense({ units: 1, name: "second" }).apply(merged)],
});
await train(graph);
write("graph", await saved(graph), graph);

const shapes = sequential({
  layers: [
    L.reshape({ targetShape: [2, 4], inputShape: [2, 2, 2] }),
    L.rescaling({ scale: 0.5, offset: 0.1 }),
    L.dense({ units: 3, kernelConstraint: "unitNorm", biasConstraint: "minMaxNorm" }),
    L.batchNormalization({ axis: -1, center: false }),
    L.layerNormalization({ scale: false }),
    L.prelu({ sharedAxes: [1], alphaInitializer: "ones" }),
    L.reLU({ maxValue: 1.5 }),
    L.gaussianNoise({ stddev: 0.1 }),
    L.alphaDropout({ rate: 0.1 }),
    L.flatten(),
    L.dense({ units: 4, activation: "selu", trainable: false }),
    L.activation({ activation: "swish" }),
    L.softmax(),
  ],
});
write("shapes", await saved(shapes), shapes);

// ── Quantized, as tensorflowjs_converter does it; TensorFlow.js itself reads the numbers back ───────────────────────

const plain = await saved(trained);
plain.weightSpecs = plain.weightSpecs.filter(({ group }) => group !== "optimizer");
// TensorFlow.js applies constraints when it loads weights, though not when it trains: so without.
for (const { config } of plain.modelTopology.config.layers) {
  for (const key of Object.keys(config)) if (key.endsWith("_constraint")) config[key] = null;
}
const half = (value) => {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const [sign, exponent, fraction] = [(bits >> 16) & 0x8000, ((bits >> 23) & 255) - 112, bits & 0x7fffff];
  if (exponent >= 1) return sign | (exponent << 10) | (fraction >> 13);
  return exponent < -10 ? sign : sign | ((fraction | 0x800000) >> (14 - exponent)); // a denormal
};
for (const dtype of ["uint8", "uint16", "float16"]) {
  let offset = 0;
  const pieces = [];
  const weightSpecs = plain.weightSpecs.map(({ name, shape, dtype: own }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const values = new Float32Array(plain.weightData.slice(offset, (offset += size * 4)));
    if (dtype === "float16") {
      pieces.push(Buffer.from(Uint16Array.from(values, half).buffer));
      return { name, shape, dtype: own, quantization: { dtype, original_dtype: "float32" } };
    }
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const scale = (max - min) / (dtype === "uint8" ? 255 : 65535) || 1;
    const List = dtype === "uint8" ? Uint8Array : Uint16Array;
    pieces.push(Buffer.from(List.from(values, (value) => Math.round((value - min) / scale)).buffer));
    return { name, shape, dtype: own, quantization: { dtype, min, scale, original_dtype: "float32" } };
  });
  const bytes = Buffer.concat(pieces);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const artifacts = { ...plain, weightSpecs, weightData };
  write(dtype, artifacts, await tfl.loadLayersModel(tf.io.fromMemory(artifacts)));
}
