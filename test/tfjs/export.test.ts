import { expect, test } from "vitest";
import {
  activation,
  add,
  batchNorm,
  concatenate,
  celu,
  constant,
  dense,
  defineLayer,
  elu,
  gelu,
  heNormal,
  input,
  l1l2,
  type LayerSpec,
  leakyRelu,
  maxNorm,
  minMaxNorm,
  model as graphModel,
  nonNeg,
  normalization,
  orthogonal,
  prelu,
  type Prediction,
  randomNormal,
  rescaling,
  reshape,
  sequential,
  unitNorm,
  varianceScaling,
} from "../../src/index.js";
import { loadTfjs, toTfjs } from "../../src/tfjs/index.js";
import { build, CASES, changed, expectClose } from "../interop/networks.js";
import { isInstalled, loadedByTensorFlow, predictedByTensorFlow, tensorFlow } from "../interop/tensorflow.js";
import { noise } from "../model/helpers.js";

/** Refused: there is nothing in TensorFlow.js that is the same. */
const ABSENT = [
  "the activation exponential",
  "the activation hardSilu",
  "what PyTorch lacks",
  "activations with options",
];

const MORE: typeof CASES = {
  "what TensorFlow.js writes otherwise": [
    [
      rescaling({ scale: 0.3, offset: -1 }),
      normalization({ mean: [1, 2, 3, 4, 5, 6], variance: 2 }),
      activation(leakyRelu({ negativeSlope: 0.4 })),
      dense(5, { activation: elu({ alpha: 0.3 }) }),
      activation(celu({ alpha: 0.7 })),
      dense(4, { activation: celu({ alpha: 2 }) }),
      dense(4, { activation: "hardSigmoid" }),
      activation("hardSigmoid"),
    ],
  ],
  "a shape that follows": [[reshape([-1, 2]), reshape([3, -1]), prelu({ sharedAxes: [1] })]],
};

const WRITTEN = Object.entries({ ...CASES, ...MORE }).filter(([name]) => !ABSENT.includes(name));

const rowsOf = (shape: readonly number[], rows = 7): Prediction => {
  const size = shape.reduce((a, b) => a * b, rows);
  return { data: noise(size, 3).map((v) => v * 3), shape: [rows, ...shape] };
};

test.runIf(isInstalled).each(WRITTEN)(
  "TensorFlow.js loads it to the same predictions: %s",
  async (name, [layers, inputShape]) => {
    const model = await changed(layers, inputShape);
    const x = rowsOf(model.inputs[0]!.shape);
    const files = toTfjs(model);
    const [found] = await predictedByTensorFlow(await loadedByTensorFlow(files), [x]);
    const expected = model.predict(x);
    expect(found!.shape).toEqual([...expected.shape]);
    expectClose(found!.data, expected.data, 1e-5, name);
  },
);

test.each(WRITTEN)("there and back: %s", async (name, [layers, inputShape]) => {
  const model = await changed(layers, inputShape);
  const x = rowsOf(model.inputs[0]!.shape);
  const back = await loadTfjs(toTfjs(model));
  expectClose(back.predict(x).data, model.predict(x).data, 1e-6, name);
  const weights = back.getWeights();
  for (const [name, value] of model.getWeights()) expect(weights.get(name), name).toEqual(value);
});

test.runIf(isInstalled)("a graph: shared layers, several inputs and outputs", async () => {
  const [a, b] = [input(4, { name: "left" }), input(4, { name: "right" })];
  const shared = dense(5, { activation: "hardSigmoid", name: "shared" });
  const bend = prelu({ name: "bend" });
  const [x, y] = [bend.apply(shared.apply(a)), bend.apply(shared.apply(b))];
  const merged = concatenate([add([x, y, x]), y]);
  const outputs = { size: dense(1, { name: "size" }).apply(merged), digit: batchNorm({ name: "bn" }).apply(merged) };
  const model = await graphModel({ inputs: [a, b], outputs, seed: 4 });
  const rows = [rowsOf([4]), { ...rowsOf([4]), data: noise(28, 9) }];
  const files = toTfjs(model);
  const expected = Object.values(model.predict(rows));
  const found = await predictedByTensorFlow(await loadedByTensorFlow(files), rows);
  found.forEach(({ data }, i) => {
    expectClose(data, expected[i]!.data);
  });
  const back = await loadTfjs<Prediction[]>(files);
  expect(back.inputs.map(({ name }) => name)).toEqual(["left", "right"]);
  back.predict(rows).forEach(({ data }, i) => {
    expectClose(data, expected[i]!.data, 1e-6);
  });
  expect([...back.getWeights()]).toEqual([...model.getWeights()]);
});

const PARTS = [
  dense(4, {
    kernelInitializer: heNormal(),
    kernelRegularizer: l1l2({ l1: 0.1, l2: 0.2 }),
    biasInitializer: constant({ value: 0.5 }),
  }),
  dense(4, { kernelInitializer: orthogonal({ gain: 2 }), kernelConstraint: unitNorm() }),
  dense(4, { kernelInitializer: randomNormal({ stddev: 0.1 }), biasConstraint: nonNeg(), useBias: true }),
  dense(4, { kernelInitializer: varianceScaling({ scale: 3, mode: "fanOut", distribution: "truncatedNormal" }) }),
  dense(4, { kernelConstraint: minMaxNorm({ minValue: 0, maxValue: 50, rate: 0.5 }), biasConstraint: maxNorm(2) }),
  dense(4, { kernelInitializer: "auto", activation: "relu", trainable: false }),
  prelu({ alphaInitializer: constant({ value: 0.1 }) }),
];

test("what it may be trained on with goes along", async () => {
  const model = await sequential({ inputShape: 4, layers: [...PARTS], seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit(noise(32, 1), noise(32, 2), { epochs: 1 }); // so that weights keep to their constraints
  const back = await loadTfjs(toTfjs(model));
  const trains = ({ config, trainable }: { config: unknown; trainable: boolean }) => ({
    ...(config as object),
    trainable,
  });
  const scaling = (scale: number) => ({ name: "varianceScaling", scale, distribution: "truncatedNormal" });
  const [first, ...others] = back.layers.map(trains);
  const own: Record<string, unknown>[] = model.layers.map(trains);
  expect(first).toEqual({ ...own[0], kernelInitializer: { ...scaling(2), mode: "fanIn" } });
  expect(others.slice(0, 3)).toEqual(own.slice(1, 4).map((config) => expect.objectContaining(config) as object));
  expect(others[3]).toMatchObject({
    kernelConstraint: own[4]!.kernelConstraint,
    biasConstraint: own[4]!.biasConstraint,
  });
  expect(others[4]).toMatchObject({ kernelInitializer: { ...scaling(2), mode: "fanIn" }, trainable: false });
  expect(others[5]).toMatchObject({ alphaInitializer: { name: "constant", value: 0.1 } });
});

test.runIf(isInstalled)("and TensorFlow.js trains on", async () => {
  const tf = await tensorFlow();
  const layers: LayerSpec[] = [dense(8, { activation: "relu", kernelConstraint: maxNorm(3) }), batchNorm(), dense(1)];
  const files = toTfjs(await build(layers));
  const model = await loadedByTensorFlow(files);
  model.compile({ optimizer: tf.train.adam(0.02), loss: "meanSquaredError" });
  const [x, y] = [tf.tensor(noise(192, 1), [32, 6]), tf.tensor(noise(32, 2), [32, 1])];
  const { history } = await model.fit(x, y, { epochs: 20, verbose: 0 });
  expect(history.loss.at(-1)).toBeLessThan(history.loss[0]);
});

test("names that TensorFlow.js does not take", async () => {
  const layers = [dense(3, { name: "größe 1" }), dense(3, { name: "gr__e_1" }), dense(2, { name: "_last" })];
  const model = await build(layers);
  const back = await loadTfjs(toTfjs(model));
  expect(back.layers.map(({ name }) => name)).toEqual(["gr__e_1", "gr__e_1_1", "x_last"]);
  expectClose(back.predict(new Float32Array(6).fill(1)).data, model.predict(new Float32Array(6).fill(1)).data, 1e-9);
});

const own = defineLayer({ className: "Own", emit: ({ ops }, x) => ops.mul(x, 2) });
const REFUSED: [string, LayerSpec[], RegExp][] = [
  ["a layer of one's own", [own({ name: "mine" })], /"mine" \(Own\).*Written are Add/],
  [
    "exponential",
    [dense(2, { activation: "exponential", name: "rate" })],
    /"rate" has the activation exponential.*Math\.exp/,
  ],
  ["hardSilu", [activation("hardSilu", { name: "a" })], /"a" has the activation hardSilu.*silu\(\)/],
  ["gelu by tanh", [activation(gelu({ approximate: true }))], /gelu\(\{ approximate: true \}\).*gelu\(\)/],
  ["below 0", [dense(3, { kernelConstraint: nonNeg(), name: "d" })], /kernel of layer "d".*nonNeg/],
  ["too long", [dense(3, { kernelConstraint: maxNorm(0.01), name: "d" })], /kernel of layer "d".*maxNorm/],
  [
    "too short",
    [
      dense(3, { biasConstraint: minMaxNorm({ minValue: 1, maxValue: 2 }), biasInitializer: "ones" }),
      dense(2, { kernelConstraint: unitNorm(), name: "e" }),
    ],
    /kernel of layer "e".*unitNorm/,
  ],
];
test.each(REFUSED)("refused by name: %s", async (_, layers, message) => {
  const model = await build(layers);
  expect(() => toTfjs(model)).toThrow(message);
  expect(() => toTfjs(model)).toThrow(expect.objectContaining({ code: "tfjs/unsupported-layer" }));
});
