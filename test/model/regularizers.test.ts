import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  dense,
  type DenseOptions,
  l1,
  l1l2,
  l2,
  type Model,
  type Regularizer,
  sequential,
  sgd,
} from "../../src/index.js";
import * as twin from "../reference/regularizers.js";
import { failureOf, noise } from "./helpers.js";

const [INPUTS, UNITS, ROWS] = [5, 7, 9];
const { weights, penalties } = JSON.parse(
  readFileSync(new URL("../golden/regularization.json", import.meta.url), "utf8"),
) as { weights: number[]; penalties: { l1: number; l2: number; penalty: number; gradient: number[] }[] };
const [x, y] = [noise(ROWS * INPUTS, 2), noise(ROWS * UNITS, 3)];

async function layer(options: DenseOptions = {}): Promise<Model> {
  const model = await sequential({ inputShape: INPUTS, layers: [dense(UNITS, { ...options, name: "d" })], seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError", metrics: [] });
  model.setWeights(
    new Map([
      ["d/kernel", { data: Float32Array.from(weights), shape: [INPUTS, UNITS] }],
      ["d/bias", { data: noise(UNITS, 5), shape: [UNITS] }],
    ]),
  );
  return model;
}

const gradientOf = (model: Model, name: string) => [...model.gradients(x, y).get(name)!.data];

describe.each(penalties)("l1 $l1, l2 $l2", (factors) => {
  const regularizer = l1l2({ l1: factors.l1, l2: factors.l2 });

  test("is PyTorch's penalty and gradient, on top of the loss's, in training and evaluation", async () => {
    const [plain, model] = [await layer(), await layer({ kernelRegularizer: regularizer })];
    expect(twin.penalty(weights, factors)).toBeCloseTo(factors.penalty, 11);
    twin.penaltyGradient(weights, factors).forEach((g, i) => expect(g).toBeCloseTo(factors.gradient[i]!, 11));

    const own = gradientOf(plain, "d/kernel");
    gradientOf(model, "d/kernel").forEach((g, i) => expect(g - own[i]!).toBeCloseTo(factors.gradient[i]!, 6));
    expect(gradientOf(model, "d/bias")).toEqual(gradientOf(plain, "d/bias"));
    for (const batchSize of [ROWS, 4, 1]) {
      const without = (await plain.evaluate(x, y, { batchSize })).loss!;
      expect((await model.evaluate(x, y, { batchSize })).loss! - without).toBeCloseTo(factors.penalty, 6);
    }
    const without = plain.trainOnBatch(x, y).loss!;
    expect(model.trainOnBatch(x, y).loss! - without).toBeCloseTo(factors.penalty, 6);
  });

  test("the bias's counts too, and a step follows the whole gradient", async () => {
    const model = await layer({ kernelRegularizer: regularizer, biasRegularizer: regularizer });
    const plain = gradientOf(await layer(), "d/bias");
    const bias = [...model.getWeights().get("d/bias")!.data];
    const gradient = gradientOf(model, "d/bias");
    twin.penaltyGradient(bias, factors).forEach((g, i) => expect(gradient[i]! - plain[i]!).toBeCloseTo(g, 6));
    model.trainOnBatch(x, y);
    model
      .getWeights()
      .get("d/bias")!
      .data.forEach((w, i) => expect(w).toBeCloseTo(bias[i]! - 0.1 * gradient[i]!, 6));
  });
});

test("l1 drives weights towards zero, l2 shrinks them", async () => {
  for (const regularizer of [l1(0.05), l2(0.5)]) {
    const [plain, model] = [await layer(), await layer({ kernelRegularizer: regularizer })];
    for (const each of [plain, model]) await each.fit(x, y, { epochs: 100, batchSize: ROWS });
    const size = (each: Model) =>
      each
        .getWeights()
        .get("d/kernel")!
        .data.reduce((sum, w) => sum + Math.abs(w), 0);
    expect(size(model)).toBeLessThan(size(plain) / 2);
  }
});

test("frozen weights are not penalized, in training and evaluation, as in Keras", async () => {
  const layers = [dense(4, { kernelRegularizer: l2(3) }), dense(UNITS)];
  const model = await sequential({ inputShape: INPUTS, layers, seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const penalized = (await model.evaluate(x, y)).loss!;
  const kernel = model.getWeights().get("dense/kernel")!.data;
  model.getLayer("dense").trainable = false;
  const { loss } = await model.evaluate(x, y);
  expect(penalized - loss!).toBeCloseTo(twin.penalty(kernel, { l1: 0, l2: 3 }), 5);
  expect(model.trainOnBatch(x, y).loss).toBeCloseTo(loss!, 6);
});

test("validation figures hold the penalty; predictions and factors of 0 have no record of it", async () => {
  const model = await layer({ kernelRegularizer: l2(0.5) });
  const { history } = await model.fit(x, y, { epochs: 1, validationData: [x, y] });
  expect(history.val_loss![0]).toBeCloseTo((await model.evaluate(x, y)).loss!, 6);
  expect(model.program({ training: true })).toMatch(/gemmTN[^]*penalty[^]*guard/);
  expect(model.program()).not.toContain("penalty");
  expect((await layer({ kernelRegularizer: l1l2() })).program({ training: true })).not.toContain("penalty");
});

describe("refuses", () => {
  test.each([-1, NaN, Infinity, 1e39, "1", null])("a factor of %s", async (factor) => {
    const value = factor as number;
    for (const make of [() => l1(value), () => l2(value), () => l1l2({ l1: value }), () => l1l2({ l2: value })]) {
      expect((await failureOf(make)).code).toBe("config/bad-penalty");
    }
  });

  test("names and options that are unknown", async () => {
    const refusal = async (given: unknown) =>
      (await failureOf(() => dense(3, { kernelRegularizer: given as Regularizer }))).code;
    expect(await refusal("l3x")).toBe("config/unknown-regularizer");
    expect(await refusal(0.1)).toBe("config/unknown-regularizer");
    expect(await refusal({ name: "l1", l2: 1 })).toBe("config/unknown-option");
    expect((await failureOf(() => l1l2({ l3: 1 } as object))).code).toBe("config/unknown-option");
  });
});
