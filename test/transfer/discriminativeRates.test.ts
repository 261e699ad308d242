import { expect, it } from "vitest";
import { batchNorm, dense, discriminativeRates, dropout, sequential } from "../../src/index.js";
import { failureOf, noise } from "../model/helpers.js";

async function network() {
  const layers = [
    dense(4, { name: "a" }),
    batchNorm({ name: "bn" }),
    dropout(0.1),
    dense(4, { name: "b" }),
    dense(2, { name: "c" }),
  ];
  const model = await sequential({ inputShape: 3, layers, seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return model;
}

it("makes each layer's rate a share of that of the one above it", async () => {
  const model = await network();
  expect(discriminativeRates(model, { factor: 0.25 })).toEqual({ a: 0.0625, bn: 0.0625, b: 0.25, c: 1 });
  expect(model.layers.map(({ learningRateMultiplier }) => learningRateMultiplier)).toEqual([
    0.0625, 0.0625, 1, 0.25, 1,
  ]);
  const { a, b } = discriminativeRates(model);
  expect([1 / a!, 1 / b!].map((rate) => rate.toFixed(6))).toEqual(["6.760000", "2.600000"]); // 2.6², 2.6: the paper's
  expect(discriminativeRates(model, { factor: 1 })).toEqual({ a: 1, bn: 1, b: 1, c: 1 });
});

it("is what a step is taken with: θ ← θ − η · multiplier · g", async () => {
  const model = await network();
  discriminativeRates(model, { factor: 0.5 });
  const [x, y] = [noise(30), noise(20, 2)];
  const gradients = model.gradients(x, y);
  const before = model.getWeights();
  model.trainOnBatch(x, y);
  const after = model.getWeights();
  for (const [name, multiplier] of [
    ["a", 0.25],
    ["bn", 0.25],
    ["b", 0.5],
    ["c", 1],
  ] as const) {
    const weight = `${name}/${name === "bn" ? "gamma" : "kernel"}`;
    after.get(weight)!.data.forEach((value, i) => {
      const expected = before.get(weight)!.data[i]! - 0.01 * multiplier * gradients.get(weight)!.data[i]!;
      expect(value).toBeCloseTo(expected, 6);
    });
  }
});

it("refuses a factor that is none", async () => {
  const model = await network();
  for (const factor of [0, -1, 1.5]) {
    expect((await failureOf(() => discriminativeRates(model, { factor }))).code).toBe("config/out-of-range");
  }
  expect((await failureOf(() => discriminativeRates(model, { factor: NaN }))).code).toBe("config/not-finite");
  expect((await failureOf(() => discriminativeRates(model, { rate: 1 } as object))).code).toBe("config/unknown-option");
});
