import { expect, it } from "vitest";
import { loadDigits } from "../../src/data/index.js";
import {
  adam,
  type CompileOptions,
  dense,
  gradientHealth,
  type LayerSpec,
  loadModel,
  type Model,
  randomNormal,
  rescaling,
  sequential,
  sgd,
} from "../../src/index.js";
import { expectSameBits, failureOf } from "../model/helpers.js";

const { train } = await loadDigits();
const x = train.x.subarray(0, 400 * 64);
const y = Int32Array.from(train.y.subarray(0, 400));

async function network(layers: LayerSpec[], optimizer: CompileOptions["optimizer"] = adam()): Promise<Model> {
  const model = await sequential({ inputShape: 64, layers: [rescaling({ scale: 1 / 16 }), ...layers], seed: 2 });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
  return model;
}

const healthy = () =>
  network([dense(40, { activation: "relu", kernelInitializer: "auto" }), dense(10, { activation: "softmax" })]);

it("finds nothing in a healthy training, and changes no bit of it", async () => {
  const [plain, watched] = [await healthy(), await healthy()];
  const health = gradientHealth({ every: 5 });
  await plain.fit(x, y, { epochs: 4 });
  await watched.fit(x, y, { epochs: 4, callbacks: [health] });
  expect(health.findings).toEqual([]);
  expect(watched.getWeights()).toEqual(plain.getWeights());
  const report = health.report();
  expect(report.course!.steps).toEqual(Array.from({ length: 11 }, (_, i) => i * 5));
  expect(report.course!.epochs.loss).toHaveLength(4);
  expect(report.layers.at(-1)!.updateRatio).toBeGreaterThan(0);
  expect(String(report)).toContain("dense");
  expect(report.toHtml()).toContain("<html");
});

it("names a vanishing gradient while the network trains", async () => {
  const sick = Array.from({ length: 8 }, (_, i) =>
    dense(40, { activation: "tanh", kernelInitializer: randomNormal({ stddev: 0.01 }), name: `h${i}` }),
  );
  const model = await network([...sick, dense(10, { activation: "softmax" })], sgd());
  const health = gradientHealth();
  await model.fit(x, y, { epochs: 5, callbacks: [health] });
  expect(health.findings.map(({ problem, layer }) => [problem, layer])).toEqual([["vanishingGradient", "h0"]]);
  expect(health.findings[0]!.severity).toBe("error");
});

it("names a rate that is too high, also where training halts", async () => {
  const model = await network(
    [dense(40, { activation: "relu" }), dense(10, { activation: "softmax" })],
    sgd({ learningRate: 1e4 }),
  );
  const health = gradientHealth({ every: 1 });
  await model.fit(x, y, { epochs: 2, callbacks: [health] });
  expect(health.findings.map(({ problem }) => problem)).toContain("learningRateTooHigh");
});

it("goes on where it stopped", async () => {
  const [whole, parts] = [await healthy(), await healthy()];
  const once = gradientHealth({ every: 3 });
  await whole.fit(x, y, { epochs: 3, callbacks: [once] });
  await parts.fit(x, y, { epochs: 3, maxSteps: 17, callbacks: [gradientHealth({ every: 3 })] });
  const loaded = await loadModel(parts.toBytes({ includeOptimizer: true }));
  const later = gradientHealth({ every: 3 });
  await loaded.fit(x, y, { epochs: 3, resume: true, callbacks: [later] });
  expect(later.report().course).toEqual(once.report().course);
  expectSameBits(loaded, whole);
});

it("refuses what is no number of steps", async () => {
  for (const every of [0, -1, 1.5, NaN]) {
    expect((await failureOf(() => gradientHealth({ every }))).code).toBe("config/not-a-positive-integer");
  }
  expect((await failureOf(() => gradientHealth({ evry: 3 } as object))).code).toBe("config/unknown-option");
});
