// Weights of samples and of classes, and what losses refuse. What each loss computes: families.test.ts; what a kernel makes
// of odd sizes, NaN and infinities: test/kernels/losses.test.ts.

import { describe, expect, it } from "vitest";
import {
  type ClassWeight,
  ConfigError,
  DataError,
  dense,
  losses,
  type Model,
  sequential,
  sgd,
  ShapeError,
} from "../../src/index.js";
import { type Loss, type LossDescription, type LossName, LOSSES, resolveLoss } from "../../src/losses/table.js";
import { expectClose, golden, identity, kernelOf, WIDTH } from "./losses.js";

const names = Object.keys(LOSSES.rows) as LossName[];

describe.each(names)("%s", (name) => {
  const { options, predictions, weights } = golden[name]!;
  const targets = Float32Array.from(golden[name]!.targets);
  const sampleWeight = [...weights];
  const make = () => identity(resolveLoss({ name, ...options } as LossDescription), predictions, WIDTH);

  it("weights of 1 change the loss and the step by a rounding at most", async () => {
    const [{ model: plain, x }, { model: weighted }] = [await make(), await make()];
    const ones = new Float32Array(weights.length).fill(1);
    const loss = plain.trainOnBatch(x, targets).loss!;
    expectClose([weighted.trainOnBatch(x, targets, { sampleWeight: ones }).loss!], [loss], 1e-6);
    expectClose(kernelOf(weighted), [...kernelOf(plain)], 1e-6);
  });

  it("weights make a program of their own, and the other one stays as it is", async () => {
    const { model, x } = await make();
    const listing = model.program({ training: true });
    expect(listing).not.toMatch(/weights/);
    model.trainOnBatch(x, targets, { sampleWeight });
    expect(model.program({ training: true })).toBe(listing);
  });
});

const classifier = async (loss: Loss, units: number, activation?: "softmax" | "sigmoid"): Promise<Model> => {
  const model = await sequential({ inputShape: 2, layers: [dense(units, activation ? { activation } : {})], seed: 3 });
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss, metrics: ["accuracy"] });
  return model;
};

const x = Float32Array.of(0.5, -1, 2, 0.25, -0.75, 1, 1, 1, 0, -2, 0.5, 0.5);

describe("class weights", () => {
  const labels = [0, 1, 2, 2, 1, 0];
  const byRow = [1, 3, 0.5, 0.5, 3, 1];
  const cases: [string, Loss, number, "softmax" | "sigmoid" | undefined, number[], ClassWeight, number[]][] = [
    ["labels", "sparseCategoricalCrossentropy", 3, "softmax", labels, { 1: 3, 2: 0.5 }, byRow],
    [
      "one-hot rows",
      "categoricalHinge",
      3,
      undefined,
      labels.flatMap((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0))),
      { 1: 3, 2: 0.5 },
      byRow,
    ],
    ["0 and 1", "binaryCrossentropy", 1, "sigmoid", [0, 1, 1, 0, 1, 0], { 0: 2, 1: 5 }, [2, 5, 5, 2, 5, 2]],
    ["-1 and 1", "hinge", 1, undefined, [-1, 1, 1, -1, 1, -1], { "-1": 2, 1: 5 }, [2, 5, 5, 2, 5, 2]],
  ];

  it.each(cases)(
    "of %s are the same bits as their sample weights",
    async (_, loss, units, activation, y, classWeight, sampleWeight) => {
      const options = { epochs: 3, batchSize: 4 };
      const [a, b] = [await classifier(loss, units, activation), await classifier(loss, units, activation)];
      const ofClasses = await a.fit(x, Float32Array.from(y), { ...options, classWeight });
      const ofSamples = await b.fit(x, Float32Array.from(y), { ...options, sampleWeight });
      expect(ofClasses.history).toEqual(ofSamples.history);
      expect(kernelOf(a)).toEqual(kernelOf(b));
      const plain = await classifier(loss, units, activation);
      await plain.fit(x, Float32Array.from(y), options);
      expect(kernelOf(plain)).not.toEqual(kernelOf(a));
    },
  );

  it("multiply sample weights, and leave the validation alone", async () => {
    const loss = "sparseCategoricalCrossentropy";
    const [a, b] = [await classifier(loss, 3, "softmax"), await classifier(loss, 3, "softmax")];
    const options = { batchSize: 2, validationSplit: 1 / 3, shuffle: false };
    const both = await a.fit(x, labels, { ...options, sampleWeight: [2, 2, 2, 2, 4, 8], classWeight: { 1: 3 } });
    const train = await b.fit(x.subarray(0, 8), labels.slice(0, 4), {
      batchSize: 2,
      shuffle: false,
      sampleWeight: [2, 6, 2, 2],
      validationData: [x.subarray(8), labels.slice(4), [4, 8]],
    });
    expect(both.history).toEqual(train.history);
  });

  it("weigh each position of a sample that is a matrix", async () => {
    const make = async () => {
      const model = await sequential({ inputShape: [2, 2], layers: [dense(3, { activation: "softmax" })], seed: 3 });
      model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "sparseCategoricalCrossentropy" });
      return model;
    };
    const [matrix, flat] = [await make(), await classifier("sparseCategoricalCrossentropy", 3, "softmax")];
    const classWeight = { 1: 3, 2: 0.5 };
    const a = await matrix.fit(x, labels, { batchSize: 3, shuffle: false, classWeight });
    const b = await flat.fit(x, labels, { batchSize: 6, shuffle: false, classWeight });
    expect(a.history.loss).toEqual(b.history.loss);
    const c = await matrix.fit(x, labels, { batchSize: 3, shuffle: false, classWeight, sampleWeight: [1, 2, 4] });
    const sampleWeight = [1, 1, 2, 2, 4, 4];
    const d = await flat.fit(x, labels, { batchSize: 6, shuffle: false, classWeight, sampleWeight });
    expect(c.history.loss).toEqual(d.history.loss);
    expect(kernelOf(matrix)).toEqual(kernelOf(flat));
  });

  it("go through a window of data as through all of it", async () => {
    const make = async (windowBytes: number) => {
      const model = await sequential({ inputShape: 2, layers: [dense(1)], seed: 3, windowBytes });
      model.compile({ optimizer: "adam", loss: "huber" });
      const { history } = await model.fit(x, x.subarray(0, 6), {
        epochs: 4,
        batchSize: 2,
        sampleWeight: [1, 0, 2, 3, 0.5, 1],
      });
      return { history, kernel: kernelOf(model), evaluated: await model.evaluate(x, x.subarray(0, 6)) };
    };
    expect(await make(1)).toEqual(await make(1e6));
  });
});

describe("what cannot be used is refused, and nothing has changed", () => {
  const labels = [0, 1, 2, 2, 1, 0];
  const sparse = "sparseCategoricalCrossentropy";

  it.each([
    ["a negative weight", { sampleWeight: [1, 1, -1, 1, 1, 1] }, DataError, /sampleWeight at row 2 is -1/],
    ["NaN", { sampleWeight: [1, 1, 1, 1, 1, NaN] }, DataError, /at row 5 is NaN/],
    ["infinite in 32 bits", { sampleWeight: [1e39, 1, 1, 1, 1, 1] }, DataError, /at row 0 is 1e\+39/],
    ["a wrong length", { sampleWeight: new Float32Array(5) }, ShapeError, /5 weights and y has 6 rows/],
    ["no array", { sampleWeight: 3 as unknown as number[] }, DataError, /must be a Float32Array/],
    [
      "a class that is none",
      { classWeight: { 3: 1 } },
      ConfigError,
      /names the class "3", and the classes are from 0 to 2/,
    ],
    ["a name for a class", { classWeight: { one: 1 } as object as ClassWeight }, ConfigError, /names the class "one"/],
    ["a negative class weight", { classWeight: { 1: -2 } }, DataError, /classWeight of class 1 is -2/],
  ])("%s", async (_, options, kind, message) => {
    const model = await classifier(sparse, 3, "softmax");
    const before = kernelOf(model);
    const failure = model.fit(x, labels, options);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(kind);
    expect(kernelOf(model)).toEqual(before);
  });

  it("class weights of a regression, and of several sigmoid outputs", async () => {
    for (const [loss, units] of [
      ["huber", 1],
      ["binaryCrossentropy", 2],
    ] as const) {
      const model = await sequential({ inputShape: 2, layers: [dense(units, { activation: "sigmoid" })] });
      model.compile({ optimizer: "sgd", loss });
      const failure = model.fit(x, new Float32Array(6 * units), { classWeight: { 0: 1 } });
      await expect(failure).rejects.toMatchObject({ code: "config/class-weight-does-not-fit" });
    }
  });

  it.each(["hinge", "squaredHinge"] as const)("labels of 0 and 1 for %s, with the cure", async (loss) => {
    const model = await classifier(loss, 1);
    const failure = model.fit(x, [1, 1, 0, 1, 0, 0]);
    await expect(failure).rejects.toMatchObject({ name: "DataError", code: "data/bad-target" });
    await expect(failure).rejects.toThrow(/y holds 0 at row 2, column 0; .* -1 and 1.*2 \* label - 1/);
    await expect(model.evaluate(x, [0, 0, 0, 0, 0, 0])).rejects.toThrow(/-1 and 1/);
  });

  it("options out of range", async () => {
    for (const loss of [
      losses.huber({ delta: 0 }),
      losses.huber({ delta: NaN }),
      losses.cosineSimilarity({ axis: 0 as -1 }),
    ]) {
      await expect(classifier(loss, 1)).rejects.toThrow(/delta of loss "huber"|axis of loss "cosineSimilarity"/);
    }
  });
});
