import { describe, expect, it, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import {
  adam,
  dense,
  flatten,
  loadModel,
  type Model,
  normalization,
  type NormalizationOptions,
  sequential,
} from "../../src/index.js";
import { batchNorm as twin } from "../reference/normalization.js";

const U = 2 ** -24;
const mean = [1000, -0.25, 0, 1e-6, 7];
const variance = [4, 1e-4, 1, 1e-10, 0.3];
const x = Float32Array.from(
  { length: 40 },
  (_, i) => mean[i % 5]! + Math.sqrt(variance[i % 5]!) * (((i * 37) % 11) / 4 - 1),
);

/** (x − mean) / √variance in f64, from the numbers as they are in 32 bits. */
function expected(values: ArrayLike<number>): number[] {
  const moments = mean.map((value, j) => ({ mean: Math.fround(value), variance: Math.fround(variance[j]!) }));
  return twin(values, 5, 0, {}, moments).y;
}

const one = (options: NormalizationOptions = { mean, variance }): Promise<Model> =>
  sequential({ inputShape: 5, layers: [normalization({ ...options, name: "n" })], seed: 1 });

it("subtracts the mean and divides by the root of the variance, without an epsilon", async () => {
  const y = (await one()).predict(x).data;
  // A difference, a root, a quotient and a product are rounded.
  expected(x).forEach((value, i) => expect(Math.abs(y[i]! - value)).toBeLessThanOrEqual(4 * U * Math.abs(value)));
});

it("takes one number for all features, typed arrays, and no statistics at all", async () => {
  expect((await one({ mean: Float64Array.from(mean), variance: Float32Array.from(variance) })).predict(x)).toEqual(
    (await one()).predict(x),
  );
  expect((await one({ mean: 3, variance: 0.25 })).predict(x).data).toEqual(x.map((value) => (value - 3) * 2));
  expect((await one({})).predict(x).data).toEqual(x);
});

it("works along the last axis of samples of any shape", async () => {
  const model = await sequential({ inputShape: [4, 5], layers: [normalization({ mean, variance }), flatten()] });
  expect(model.predict(x).data).toEqual((await one()).predict(x).data);
});

it("keeps its statistics while the rest is trained, and passes gradients on to what is before it", async () => {
  const layers = [dense(5, { name: "before" }), normalization({ mean, variance, name: "n" }), dense(2)];
  const model = await sequential({ inputShape: 5, layers, seed: 2 });
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "meanSquaredError" });
  const scaled = x.map((value, i) => (value - mean[i % 5]!) / Math.sqrt(variance[i % 5]!));
  const y = Float32Array.from({ length: 16 }, (_, i) => i % 3);
  expect([...model.gradients(scaled, y).keys()]).toEqual([
    "before/kernel",
    "before/bias",
    "dense/kernel",
    "dense/bias",
  ]);
  const before = model.getWeights();
  await model.fit(scaled, y, { epochs: 3, batchSize: 4 });
  const after = model.getWeights();
  expect(
    [...after].filter(([name, { data }]) => !sameValues(data, before.get(name)!.data)).map(([name]) => name),
  ).toEqual(["before/kernel", "before/bias", "dense/kernel", "dense/bias"]);
  expect(model.getLayer("n").countParams()).toBe(10);
  expect(model.getLayer("n").countParams({ trainable: true })).toBe(0);
});

it("is in the file as weights alone, and comes back bit for bit, with the options of a layer", async () => {
  const layers = [normalization({ mean, variance, name: "n", trainable: false }), dense(1)];
  const model = await sequential({ inputShape: 5, layers, seed: 3 });
  const bytes = model.toBytes();
  const loaded = await loadModel(bytes);
  expect(loaded.toBytes()).toEqual(bytes);
  expect(loaded.predict(x)).toEqual(model.predict(x));
  expect(loaded.getLayer("n").trainable).toBe(false);
  expect([...loaded.getWeights().get("n/mean")!.data]).toEqual(mean.map(Math.fround));
  expect(new TextDecoder().decode(bytes)).not.toContain("1000");
});

function sameValues(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => value === b[i]);
}

describe("refuses", () => {
  test.each<[string, () => unknown, string, RegExp]>([
    ["a mean that is not finite", () => normalization({ mean: [0, NaN] }), "config/not-finite", /mean.*feature 1.*NaN/],
    ["a variance of 0", () => normalization({ variance: [1, 0] }), "config/not-positive", /variance.*feature 1/],
    ["a variance that is 0 in 32 bits", () => normalization({ variance: 1e-50 }), "config/not-positive", /1e-50/],
    ["a word", () => normalization({ mean: "0" as never }), "config/bad-statistics", /"0"/],
    ["a misspelt option", () => normalization({ variants: 1 } as object), "config/unknown-option", /variance/],
    [
      "other than a number a feature",
      () => one({ mean: [1, 2] }),
      "shape/statistics",
      /2 values.*\(B, 5\).*5 features/,
    ],
  ])("%s", async (_, action, code, message) => {
    const error = await Promise.resolve()
      .then(action)
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LanewiseError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
