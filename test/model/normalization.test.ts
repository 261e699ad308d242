// What a model does with layers that keep moving statistics.

import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import {
  activation,
  adam,
  batchNorm,
  type BatchNormOptions,
  dense,
  layerNorm,
  loadModel,
  type Model,
  sequential,
} from "../../src/index.js";
import * as twin from "../reference/normalization.js";
import { CLASSES, CLASSIFIER, failureOf, FEATURES, samples, stateOf, weightsOf } from "./helpers.js";

const ROWS = 21;
const { x, y } = samples(ROWS);

async function normalized(options: BatchNormOptions = {}, inputShape: number | number[] = FEATURES): Promise<Model> {
  const model = await sequential({
    inputShape,
    layers: [
      dense(5, { name: "hidden" }),
      batchNorm({ name: "bn", momentum: 0.9, ...options }),
      activation("tanh"),
      dense(CLASSES, { activation: "softmax" }),
    ],
    seed: 7,
  });
  model.compile(CLASSIFIER);
  return model;
}

const movingOf = (model: Model) => {
  const weights = weightsOf(model);
  return { mean: weights["bn/movingMean"]!, variance: weights["bn/movingVariance"]! };
};

describe("state", () => {
  test("moving statistics stand among the weights, are counted, and are not trainable", async () => {
    const model = await normalized();
    expect([...model.getWeights().keys()].slice(2, 6)).toEqual(
      ["gamma", "beta", "movingMean", "movingVariance"].map((role) => `bn/${role}`),
    );
    expect(movingOf(model)).toEqual({ mean: [0, 0, 0, 0, 0], variance: [1, 1, 1, 1, 1] });
    expect(model.getLayer("bn").countParams()).toBe(20);
    expect(model.countParams()).toBe(25 + 20 + 18);
    expect(model.summary()).toContain(`Parameters: 63 (252 B), 53 of them trainable`);
    model.getLayer("bn").trainable = false;
    expect(model.summary()).toContain(`Parameters: 63 (252 B), 43 of them trainable`);
    expect([...model.gradients(x, y).keys()].filter((name) => name.startsWith("bn"))).toEqual([]);
  });

  test("without center and scale there is nothing but state", async () => {
    const model = await normalized({ center: false, scale: false });
    expect([...model.getWeights().keys()].slice(2, 4)).toEqual(["bn/movingMean", "bn/movingVariance"]);
    model.trainOnBatch(x, y);
    expect(movingOf(model).mean.every((value) => value !== 0)).toBe(true);
  });

  test("a file holds the statistics, no optimizer's slots for them, and comes back the same", async () => {
    const model = await normalized();
    await model.fit(x, y, { epochs: 2, batchSize: 6 });
    const bytes = stateOf(model);
    const names = [...readSafetensors(bytes).tensors.keys()];
    expect(names.filter((name) => name.includes("moving"))).toEqual(["bn/movingMean", "bn/movingVariance"]);
    const loaded = await loadModel(bytes);
    expect(stateOf(loaded)).toEqual(bytes);
    expect(loaded.predict(x)).toEqual(model.predict(x));
    expect(loaded.getLayer("bn").config).toEqual({ momentum: 0.9, epsilon: 1e-3, center: true, scale: true });
  });
});

describe("moving statistics", () => {
  test("move towards the batch's, its variance divided by n", async () => {
    const model = await normalized();
    const hidden = await sequential({ inputShape: FEATURES, layers: [dense(5, { name: "hidden" })], seed: 1 });
    hidden.setWeights(new Map([...model.getWeights()].filter(([name]) => name.startsWith("hidden"))));
    const { statistics } = twin.batchNorm(hidden.predict(x).data, 5, 1e-3);
    model.trainOnBatch(x, y);
    const { mean, variance } = movingOf(model);
    twin
      .moved(
        [0, 0, 0, 0, 0],
        statistics.map((s) => s.mean),
        0.9,
      )
      .forEach((m, j) => expect(mean[j]).toBeCloseTo(m, 6));
    twin
      .moved(
        [1, 1, 1, 1, 1],
        statistics.map((s) => s.variance),
        0.9,
      )
      .forEach((v, j) => expect(variance[j]).toBeCloseTo(v, 6));
  });

  test("stay as they are in gradients, evaluate, predict, applyGradients and compile", async () => {
    const model = await normalized();
    model.trainOnBatch(x, y);
    const before = movingOf(model);
    const gradients = model.gradients(x, y);
    await model.evaluate(x, y);
    model.predict(x);
    model.applyGradients(gradients);
    model.compile({ ...CLASSIFIER, optimizer: adam() });
    expect(movingOf(model)).toEqual(before);
    expect(model.program({ training: true }).match(/movingStatistics/g)).toHaveLength(1);
    expect(model.program()).not.toMatch(/movingStatistics|batchNorm/);
  });

  test("stay as they are in a step that is halted, for the loss or for the variance", async () => {
    for (const scale of [1e38, 1e19, 1e25]) {
      const model = await normalized();
      model.trainOnBatch(x, y);
      const before = stateOf(model);
      const huge = x.map((value, i) => value * (i % 3 === 0 ? scale : -scale));
      const { code } = await failureOf(() => model.trainOnBatch(huge, y));
      expect(code).toBe("numeric/not-finite");
      expect(stateOf(model)).toEqual(before);
    }
  });

  test("are what a frozen layer uses in training, and stay; thawed, it goes on", async () => {
    const model = await normalized();
    model.trainOnBatch(x, y);
    const layer = model.getLayer("bn");
    layer.trainable = false;
    const before = Object.entries(weightsOf(model)).filter(([name]) => name.startsWith("bn"));
    const { loss } = await model.evaluate(x, y);
    expect(model.trainOnBatch(x, y).loss).toBeCloseTo(loss!, 6);
    const after = weightsOf(model);
    for (const [name, values] of before) expect(after[name], name).toEqual(values);
    expect(model.trainOnBatch(x.subarray(0, FEATURES), y.subarray(0, 1)).loss).toBeGreaterThan(0);
    layer.trainable = true;
    model.trainOnBatch(x, y);
    for (const [name, values] of before) expect(weightsOf(model)[name], name).not.toEqual(values);
  });
});

describe("a batch of one row", () => {
  test("is refused before anything changes, with numbers and a cure that works", async () => {
    const model = await normalized();
    const before = stateOf(model);
    const attempts: [() => unknown, string][] = [
      [
        () => model.fit(x, y, { batchSize: 5 }),
        "a batch of 1, what batches of 5 leave of 21 rows. Use another batchSize, such as 6,",
      ],
      [() => model.fit(x, y, { batchSize: 1 }), "a batch of 1. Use another batchSize, such as 3,"],
      [() => model.fit(x, y, { batchSize: 4, validationSplit: 0.2 }), "such as 5,"],
      [() => model.trainOnBatch(x.subarray(0, FEATURES), y.subarray(0, 1)), "Train on more rows, or freeze the layer."],
      [() => model.gradients(x.subarray(0, FEATURES), y.subarray(0, 1)), "Train on more rows"],
    ];
    for (const [attempt, message] of attempts) {
      const error = await failureOf(attempt);
      expect(error).toBeInstanceOf(DataError);
      expect(error.code).toBe("data/batch-too-small");
      expect(error.message).toContain(`Layer "bn"`);
      expect(error.message).toContain(message);
      expect(stateOf(model)).toEqual(before);
    }
    for (const batchSize of [3, 6, 19, 21, 1000]) await model.fit(x, y, { batchSize });
  });

  test("is refused between two steps when the layer is thawed in a fit", async () => {
    const model = await normalized({ trainable: false });
    const thaw = { onBatchEnd: () => void (model.getLayer("bn").trainable = true) };
    const { code } = await failureOf(() => model.fit(x, y, { batchSize: 5, callbacks: [thaw] }));
    expect(code).toBe("data/batch-too-small");
    await model.fit(x, y, { batchSize: 6 });
  });

  test("is fine where a row brings several values of a feature, and for layerNorm", async () => {
    const positions = await normalized({}, [2, FEATURES]);
    positions.trainOnBatch(x.subarray(0, 2 * FEATURES), [0, 1]);
    expect(movingOf(positions).mean.every((value) => value !== 0)).toBe(true);
    const layers = [layerNorm(), dense(CLASSES, { activation: "softmax" })];
    const model = await sequential({ inputShape: FEATURES, layers, seed: 1 });
    model.compile(CLASSIFIER);
    expect(model.trainOnBatch(x.subarray(0, FEATURES), y.subarray(0, 1)).loss).toBeGreaterThan(0);
  });
});

test("options out of range are refused", async () => {
  const refused: [() => unknown, string][] = [
    [() => batchNorm({ momentum: 1.5 }), "momentum of batchNorm must be in [0, 1]"],
    [() => batchNorm({ epsilon: 0 }), "epsilon of batchNorm must be"],
    [() => batchNorm({ center: 1 as never }), "center of batchNorm must be true or false"],
    [() => layerNorm({ epsilon: -1 }), "epsilon of layerNorm must be"],
    [() => layerNorm({ axis: 1 } as never), 'no option "axis"'],
  ];
  for (const [act, message] of refused) expect((await failureOf(act)).message).toContain(message);
});
