// Statistics of a network at work: that they are what they say, and change nothing.

import { describe, expect, it } from "vitest";
import type { LayerObservation, Observation } from "../../src/diagnostics/observation.js";
import {
  activation,
  batchNorm,
  type Callback,
  clipByGlobalNorm,
  dense,
  dropout,
  type LayerSpec,
  loadModel,
  type Model,
  rescaling,
  sequential,
  sgd,
} from "../../src/index.js";
import { expectSameBits, failureOf, noise, stateOf } from "./helpers.js";

const ROWS = 23;
const x = noise(ROWS * 4, 5);
const y = noise(ROWS * 2, 6);

const LAYERS = (): LayerSpec[] => [
  rescaling({ scale: 2 }),
  dense(7, { activation: "relu", name: "hidden" }),
  batchNorm({ name: "bn" }),
  dense(5, { name: "linear" }),
  activation("tanh", { name: "tanh" }),
  dropout(0.25),
  dense(2, { name: "output" }),
];

async function network(layers = LAYERS(), compile: object = {}): Promise<Model> {
  const model = await sequential({ inputShape: 4, layers, seed: 3 });
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: "meanSquaredError", ...compile });
  return model;
}

/** Gathers what a fit observes. */
function watcher(every: number): Callback & { seen: Observation[] } {
  const seen: Observation[] = [];
  return { seen, observeEvery: every, onObservation: (observation) => void seen.push(observation) };
}

const layerOf = ({ layers }: Observation, name: string): LayerObservation =>
  layers.find((layer) => layer.name === name)!;
const close = (a: number | undefined, b: number, relative = 1e-5) =>
  expect(Math.abs(a! - b)).toBeLessThanOrEqual(relative * Math.max(1e-6, Math.abs(b)));
const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

describe("what is observed in a step", () => {
  it("is what the layers compute", async () => {
    const model = await network([dense(7, { activation: "relu", name: "hidden" }), dense(2, { name: "output" })]);
    const watch = watcher(1);
    const weights = model.getWeights();
    const gradients = model.gradients(x, y);
    await model.fit(x, y, { batchSize: ROWS, shuffle: false, callbacks: [watch] });
    const [observation] = watch.seen as [Observation];
    expect(observation.step).toBe(0);
    expect(observation.rows).toBe(ROWS);

    const [kernel, bias] = [weights.get("hidden/kernel")!.data, weights.get("hidden/bias")!.data];
    const z = Array.from({ length: ROWS * 7 }, (_, i) => {
      const [row, unit] = [Math.floor(i / 7), i % 7];
      return [0, 1, 2, 3].reduce((sum, k) => sum + x[row * 4 + k]! * kernel[k * 7 + unit]!, bias[unit]!);
    });
    const hidden = layerOf(observation, "hidden");
    expect([hidden.activation, hidden.units, hidden.output.count]).toEqual(["relu", 7, ROWS * 7]);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    close(hidden.preActivation!.mean, mean(z));
    close(hidden.preActivation!.max, Math.max(...z));
    const outputs = z.map((value) => Math.max(value, 0));
    close(hidden.output.mean, mean(outputs));
    close(hidden.output.std ** 2, mean(outputs.map((v) => v * v)) - mean(outputs) ** 2);
    expect(hidden.output.zeros).toBe(z.filter((value) => value <= 0).length);
    const dead = Array.from({ length: 7 }, (_, unit) => z.filter((v, i) => i % 7 === unit && v > 0).length === 0);
    expect(hidden.deadUnits).toBe(dead.filter(Boolean).length);
    expect(hidden.saturatedFraction).toBeUndefined();

    const kernelSeen = hidden.weights.find(({ name }) => name === "hidden/kernel")!;
    close(kernelSeen.norm, norm(kernel));
    close(kernelSeen.gradientNorm, norm(gradients.get("hidden/kernel")!.data));
    const moved = model
      .getWeights()
      .get("hidden/kernel")!
      .data.map((value, i) => value - kernel[i]!);
    close(kernelSeen.updateNorm, norm(moved));
    // The loss's gradient by the output: 2 (ŷ − y) / (2 · rows).
    const last = layerOf(observation, "output");
    const predictions = (
      await network([dense(7, { activation: "relu", name: "hidden" }), dense(2, { name: "output" })])
    ).predict(x);
    close(last.gradient!.rms, norm(predictions.data.map((p, i) => (p - y[i]!) / ROWS)) / Math.sqrt(ROWS * 2));
  });

  it("tells dead and saturated units", async () => {
    const model = await network([
      dense(6, {
        activation: "relu",
        biasInitializer: (shape) => new Float32Array(shape[0]!).map((_, i) => (i < 2 ? -100 : 1)),
        name: "r",
      }),
      dense(3, {
        activation: "sigmoid",
        biasInitializer: () => Float32Array.of(50, 0, -50),
        kernelInitializer: "zeros",
        name: "s",
      }),
      dense(2),
    ]);
    const watch = watcher(1);
    await model.fit(x, y, { batchSize: ROWS, callbacks: [watch] });
    expect(layerOf(watch.seen[0]!, "r").deadUnits).toBe(2);
    const saturated = layerOf(watch.seen[0]!, "s");
    expect(saturated.saturatedFraction).toBeCloseTo(2 / 3, 10);
  });

  it("sees gradients before they are clipped", async () => {
    const plain = watcher(1);
    const clipped = watcher(1);
    await (await network()).fit(x, y, { batchSize: ROWS, callbacks: [plain] });
    await (
      await network(LAYERS(), { clip: clipByGlobalNorm(1e-3) })
    ).fit(x, y, { batchSize: ROWS, callbacks: [clipped] });
    const of = ({ seen }: typeof plain) => layerOf(seen[0]!, "output").weights[0]!;
    expect(of(clipped).gradientNorm).toBe(of(plain).gradientNorm);
    expect(of(clipped).updateNorm!).toBeLessThan(of(plain).updateNorm!);
  });

  it("of a frozen layer has no gradients of weights", async () => {
    const model = await network();
    model.getLayer("hidden").trainable = false;
    const watch = watcher(1);
    await model.fit(x, y, { batchSize: ROWS, callbacks: [watch] });
    const { weights, trainable } = layerOf(watch.seen[0]!, "hidden");
    expect(trainable).toBe(false);
    expect(
      weights.every(({ gradientNorm, updateNorm }) => gradientNorm === undefined && updateNorm === undefined),
    ).toBe(true);
  });
});

describe("observing", () => {
  it.each([1, 3, 10])("every %i steps changes no bit, and comes when it should", async (every) => {
    const [plain, observed] = [await network(), await network()];
    const watch = watcher(every);
    const options = { epochs: 5, batchSize: 6, validationSplit: 0.1 };
    const a = await plain.fit(x, y, options);
    const b = await observed.fit(x, y, { ...options, callbacks: [watch] });
    expect(b.history).toEqual(a.history);
    expectSameBits(observed, plain);
    expect(watch.seen.map(({ step }) => step)).toEqual(
      Array.from({ length: Math.ceil(20 / every) }, (_, i) => i * every),
    );
  });

  it("goes by the optimizer's steps: over a group's batches, and on after a load", async () => {
    const [plain, grouped] = [await network(), await network()];
    const watch = watcher(2);
    const options = { epochs: 2, batchSize: 5, accumulateSteps: 2 };
    await plain.fit(x, y, options);
    await grouped.fit(x, y, { ...options, callbacks: [watch] });
    expectSameBits(grouped, plain);
    expect(watch.seen.map(({ step, rows }) => [step, rows])).toEqual([[0, 10], [2, 3], [4, 10]]); // prettier-ignore

    const model = await network();
    await model.fit(x, y, { epochs: 2, batchSize: 5, maxSteps: 4 });
    const loaded = await loadModel(model.toBytes({ includeOptimizer: true }));
    const later = watcher(3);
    await loaded.fit(x, y, { epochs: 2, batchSize: 5, resume: true, callbacks: [later] });
    expect(later.seen.map(({ step }) => step)).toEqual([6, 9]);
  });

  it("two callbacks may observe at steps of their own, and freeze layers in between", async () => {
    const model = await network();
    const [two, three] = [watcher(2), watcher(3)];
    const freeze: Callback = {
      onBatchEnd: (batch, _, context) => void (context.model.getLayer("bn").trainable = batch % 2 === 0),
    };
    await model.fit(x, y, { epochs: 2, batchSize: 5, callbacks: [two, freeze, three] });
    expect(two.seen.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8]);
    expect(three.seen.map(({ step }) => step)).toEqual([0, 3, 6, 9]);
  });

  it("tells of the step that was not finite", async () => {
    const model = await network([dense(3, { activation: "exponential", name: "e" }), dense(2)]);
    const huge = x.map((value) => value * 1000);
    const watch = watcher(1);
    const { stopReason } = await model.fit(huge, y, { batchSize: ROWS, callbacks: [watch] });
    expect(stopReason).toBe("nonFinite");
    expect(layerOf(watch.seen[0]!, "e").output.nonFinite).toBeGreaterThan(0);
  });

  it("needs a whole number of steps", async () => {
    const model = await network();
    const before = stateOf(model);
    for (const observeEvery of [0, 1.5, -2, NaN]) {
      expect((await failureOf(() => model.fit(x, y, { callbacks: [{ observeEvery }] }))).code).toBe(
        "config/not-a-positive-integer",
      );
    }
    expect(stateOf(model)).toEqual(before);
  });
});
