import { expect, test } from "vitest";
import { dense, sequential } from "../../src/index.js";

test("a sample that is a matrix counts once: loss and metrics are means over its positions", async () => {
  const model = await sequential({ inputShape: [3, 2], layers: [dense(2, { activation: "softmax" })] });
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  model.setWeights(
    new Map([
      ["dense/kernel", { data: Float32Array.of(0, 0, 0, 0), shape: [2, 2] }],
      ["dense/bias", { data: Float32Array.of(0, 0), shape: [2] }],
    ]),
  );
  const logs = await model.evaluate(new Float32Array(4 * 3 * 2), [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0]);
  expect(logs.loss).toBeCloseTo(Math.LN2, 7);
  expect(logs.accuracy).toBe(8 / 12);
});
