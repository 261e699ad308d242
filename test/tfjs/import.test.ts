import { expect, test } from "vitest";
import type { Prediction } from "../../src/index.js";
import { loadTfjs, toTfjs } from "../../src/tfjs/index.js";
import type { Model } from "../../src/model/model.js";
import { expectClose } from "../interop/networks.js";
import { artifactsOf, isInstalled, predictedByTensorFlow, tensorFlow } from "../interop/tensorflow.js";
import { noise } from "../model/helpers.js";
import { NAMES, sample } from "./samples.js";

type Any = Prediction | Prediction[] | Record<string, Prediction>;

function predictions(model: Model<Any>, inputs: readonly Prediction[]): Prediction[] {
  const found = model.predict(inputs.length === 1 ? inputs[0]! : [...inputs]);
  return "data" in found ? [found as Prediction] : Object.values(found as Record<string, Prediction>);
}

test.each(NAMES)("a model that TensorFlow.js saved predicts what it predicted there: %s", async (name) => {
  const given = sample(name);
  const model = await loadTfjs<Any>(given);
  const found = predictions(model, given.inputs);
  expect(found.map(({ shape }) => [...shape])).toEqual(given.outputs.map(({ shape }) => shape));
  found.forEach(({ data }, i) => {
    expectClose(data, given.outputs[i]!.data, 1e-5, name);
  });
});

test("what it may be trained on with comes along", async () => {
  const trained = await loadTfjs(sample("trained"));
  expect(trained.layers.map(({ className }) => className)).toEqual(
    "Dense BatchNormalization Dropout Dense Activation LayerNormalization PReLU Dense".split(" "),
  );
  const [first, norm, drop, , leaky, , , last] = trained.layers.map(({ config }) => config);
  expect(first).toMatchObject({
    kernelInitializer: { name: "varianceScaling", scale: 2, mode: "fanIn", distribution: "truncatedNormal" },
    biasInitializer: { name: "zeros" },
    kernelRegularizer: { name: "l1l2", l1: 1e-4, l2: 1e-3 },
    kernelConstraint: { name: "maxNorm", maxValue: 3 },
  });
  expect(norm).toMatchObject({ momentum: 0.9, epsilon: 1e-3 });
  expect(drop).toEqual({ rate: 0.2 });
  expect(leaky).toEqual({ activation: { name: "leakyRelu", negativeSlope: 0.15 } });
  expect(last).toMatchObject({ biasConstraint: { name: "nonNeg" } });
  const shapes = await loadTfjs(sample("shapes"));
  expect(shapes.layers.filter(({ trainable }) => !trainable).map(({ className }) => className)).toEqual(["Dense"]);
  expect(shapes.layers.find(({ className }) => className === "Dense")!.config).toMatchObject({
    kernelConstraint: { name: "unitNorm" },
    biasConstraint: { name: "minMaxNorm", minValue: 0, maxValue: 1, rate: 1 },
  });
});

test("layers that are shared there are shared here, also those of models within", async () => {
  const model = await loadTfjs<Any>(sample("graph"));
  expect(model.layers.map(({ name }) => name).filter((name) => /^(shared|hidden|first|second)$/.test(name))).toEqual([
    "shared",
    "hidden",
    "first",
    "second",
  ]);
  expect(model.inputs.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(model.outputs.map(({ name }) => name)).toEqual(["first", "second"]);
});

test.runIf(isInstalled)("made and trained in TensorFlow.js, saved by it, it trains on here", async () => {
  const tf = await tensorFlow();
  const made = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 16,
        inputShape: [6],
        activation: "relu",
        kernelInitializer: tf.initializers.heNormal({ seed: 1 }),
      }),
      tf.layers.batchNormalization(),
      tf.layers.dropout({ rate: 0.1, seed: 2 }),
      tf.layers.dense({
        units: 3,
        activation: "softmax",
        kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
      }),
    ],
  });
  made.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });
  const rows = 96;
  const x = noise(rows * 6, 5);
  const y = Array.from({ length: rows }, (_, i) => {
    const row = x.subarray(i * 6, i * 6 + 3);
    return row.indexOf(Math.max(...row));
  });
  const oneHot = Float32Array.from({ length: rows * 3 }, (_, i) => (y[Math.floor(i / 3)] === i % 3 ? 1 : 0));
  const [xs, ys] = [tf.tensor(x, [rows, 6]), tf.tensor(oneHot, [rows, 3])];
  await made.fit(xs, ys, { epochs: 3, batchSize: 16, shuffle: false, verbose: 0 });
  const model = await loadTfjs(await artifactsOf(made), { seed: 3 });
  const [expected] = await predictedByTensorFlow(made, [{ data: x, shape: [rows, 6] }]);
  expectClose(model.predict(x).data, expected!.data, 1e-5);
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const before = (await model.evaluate(x, y)).loss!;
  await model.fit(x, y, { epochs: 30, batchSize: 16 });
  expect((await model.evaluate(x, y)).loss).toBeLessThan(before * 0.8);
});

test.each(["trained", "graph", "shapes"])("there and back: %s", async (name) => {
  const given = sample(name);
  const model = await loadTfjs<Any>({ ...given, modelTopology: withoutConstraints(given.modelTopology) });
  const back = await loadTfjs<Any>(toTfjs(model));
  expect([...back.getWeights()]).toEqual([...model.getWeights()]);
  const expected = predictions(model, given.inputs);
  predictions(back, given.inputs).forEach(({ data }, i) => {
    expectClose(data, expected[i]!.data, 1e-6);
  });
});

/** TensorFlow.js trains without them, so the weights that it saved break them. */
function withoutConstraints<T>(topology: T): T {
  return JSON.parse(JSON.stringify(topology).replace(/("\w+_constraint"):\{[^{}]*\{[^{}]*\}\}/g, "$1:null")) as T;
}
