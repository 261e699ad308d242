import { expect, test } from "vitest";
import { dense, sequential, sgd } from "../../src/index.js";

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

test("trainOnBatch and applyGradients may take turns", async () => {
  const model = await sequential({ inputShape: 1, layers: [dense(1, { useBias: false })] });
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
  model.setWeights(new Map([["dense/kernel", { data: Float32Array.of(8), shape: [1, 1] }]]));
  const weight = () => model.getWeights().get("dense/kernel")!.data[0];
  for (const halved of [4, 2, 1]) {
    // loss (w / √2)², gradient w: a step of half of it halves w
    expect(model.trainOnBatch([[Math.SQRT1_2]], [[0]]).loss).toBeCloseTo(2 * halved ** 2, 5);
    expect(weight()).toBeCloseTo(halved, 5);
    model.applyGradients(new Map([["dense/kernel", { data: Float32Array.of(0), shape: [1, 1] }]]));
    expect(weight()).toBeCloseTo(halved, 5);
  }
});
