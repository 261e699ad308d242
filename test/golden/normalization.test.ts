// Networks with a normalization, trained for some epochs in PyTorch (normalization.json, written by make_normalization.py
// in float64) and here.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  adam,
  batchNorm,
  dense,
  layerNorm,
  loadModel,
  type Model,
  sequential,
  sgd,
  activation,
} from "../../src/index.js";

interface Trained {
  readonly start: number[][];
  readonly losses: number[];
  readonly weights: number[][];
  readonly predictions: number[];
}

type Golden = Readonly<{ gradients: number[][]; momentum: Trained; adam: Trained }>;

const golden = JSON.parse(readFileSync(new URL("normalization.json", import.meta.url), "utf8")) as {
  x: number[];
  y: number[];
  batchNorm: Golden;
  layerNorm: Golden;
};
const x = Float32Array.from(golden.x);
const y = Uint8Array.from(golden.y);
const FIT = { batchSize: 5, shuffle: false };

const OPTIMIZERS = {
  momentum: sgd({ learningRate: 0.05, momentum: 0.9 }),
  adam: adam({ learningRate: 0.01, epsilon: 1e-7 }),
};

/** The unit roundoff of f32. Sums have up to 13 terms, and a batch of three rows may have little variance to divide by. */
const U = 2 ** -24;
const GRADIENT = 32 * U;
/** Twelve steps, each on weights that are rounded. */
const TRAINED = 128 * U;

function expectClose(what: string, actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value)));
  expect(worst / scale, `${what}: deviation in terms of the largest`).toBeLessThanOrEqual(tolerance);
}

type Kind = "batchNorm" | "layerNorm";
type OptimizerName = keyof typeof OPTIMIZERS;

async function build(kind: Kind, optimizer: OptimizerName): Promise<Model> {
  const model = await sequential({
    inputShape: 6,
    layers: [
      dense(7, { useBias: kind === "layerNorm" }),
      kind === "batchNorm" ? batchNorm({ momentum: 0.9 }) : layerNorm(),
      activation("tanh"),
      dense(3, { activation: "softmax" }),
    ],
    seed: 1,
  });
  model.compile({ optimizer: OPTIMIZERS[optimizer], loss: "sparseCategoricalCrossentropy" });
  const { start } = golden[kind][optimizer];
  const weights = [...model.getWeights()].map(([name, { shape }], i) => {
    return [name, { shape, data: Float32Array.from(start[i]!) }] as const;
  });
  model.setWeights(new Map(weights));
  return model;
}

function expectWeights(model: Model, expected: readonly number[][]): void {
  const weights = [...model.getWeights()];
  expect(weights.length).toBe(expected.length);
  weights.forEach(([name, { data }], i) => expectClose(name, data, expected[i]!, TRAINED));
}

describe.each(["batchNorm", "layerNorm"] as const)("%s", (kind) => {
  test("has PyTorch's gradients in training mode", async () => {
    const model = await build(kind, "momentum");
    const gradients = [...model.gradients(x, y)];
    expect(gradients.length).toBe(golden[kind].gradients.length);
    gradients.forEach(([name, { data }], i) => expectClose(name, data, golden[kind].gradients[i]!, GRADIENT));
  });

  test.each(["momentum", "adam"] as const)("trains as in PyTorch by %s, and predicts alike after it", async (name) => {
    const model = await build(kind, name);
    const expected = golden[kind][name];
    const { history } = await model.fit(x, y, { ...FIT, epochs: expected.losses.length });
    expectClose("losses", history.loss!, expected.losses, TRAINED);
    expectWeights(model, expected.weights);
    expectClose("predictions", model.predict(x).data, expected.predictions, TRAINED);
    expect([...model.predict(x, { batchSize: 1 }).data]).toEqual([...model.predict(x).data]);
    const evaluated = y.reduce((sum, label, i) => sum - Math.log(expected.predictions[i * 3 + label]!), 0) / y.length;
    expectClose("evaluation", [(await model.evaluate(x, y, { batchSize: 4 })).loss!], [evaluated], TRAINED);
  });

  test("stopped in the middle of an epoch, saved, loaded and resumed, trains to PyTorch's weights and the same bits", async () => {
    const [whole, stopped] = [await build(kind, "adam"), await build(kind, "adam")];
    await whole.fit(x, y, { ...FIT, epochs: 4 });
    await stopped.fit(x, y, { ...FIT, epochs: 4, maxSteps: 5 });
    const loaded = await loadModel(stopped.toBytes({ includeOptimizer: true }));
    await loaded.fit(x, y, { ...FIT, epochs: 4, resume: true });
    expectWeights(loaded, golden[kind].adam.weights);
    expect(loaded.getWeights()).toEqual(whole.getWeights());
    expect(loaded.toBytes({ includeOptimizer: true })).toEqual(whole.toBytes({ includeOptimizer: true }));
  });
});
