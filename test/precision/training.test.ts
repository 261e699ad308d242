// Whole trainings with the fast builds: they converge, and their bits are one engine's, whatever the number of threads, the
// thread that trains, and stops in between.

import { describe, expect, it, vi } from "vitest";
import { loadDigits } from "../../src/data/index.js";
import { adam, dense, dropout, layerNorm, loadModel, type Model, rescaling, sequential } from "../../src/index.js";
import { weightsHash } from "../platform/conformance.js";
import { helpedBy, watchCrews } from "../threads/everything.js";
import { hasRelaxedSimd } from "./relaxed.js";

vi.mock("../../src/program/split.js", async (original) =>
  (await import("../threads/everything.js")).splitEverything(original),
);

const script = new URL("../../build/src/worker/train.js", import.meta.url);

type Options = { threads?: number; precision?: "deterministic" | "fast" };

async function digitsModel(options: Options = {}): Promise<Model> {
  const layers = [
    rescaling({ scale: 1 / 16 }),
    dense(64, { activation: "relu" }),
    layerNorm(),
    dropout(0.1),
    dense(10, { activation: "softmax" }),
  ];
  const model = await sequential({ inputShape: 64, layers, seed: 42, precision: "fast", ...options });
  model.compile({
    optimizer: adam({ learningRate: 0.003 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const { train, test } = await loadDigits();

/** All that a user can see of a short training, as text. */
async function all(options: Options, fitOptions: { epochs?: number; worker?: { script: URL } } = {}): Promise<string> {
  const model = await digitsModel(options);
  const { history } = await model.fit(train.x, train.y, { epochs: 2, batchSize: 37, ...fitOptions });
  const { data } = model.predict(test.x);
  return JSON.stringify([await weightsHash(model), history, [...data]]);
}

describe.skipIf(!hasRelaxedSimd)("a fast model (needs relaxed SIMD)", () => {
  it("learns digits as well as a deterministic one", async () => {
    const accuracies = new Map<string, number>();
    for (const precision of ["deterministic", "fast"] as const) {
      const model = await digitsModel({ precision });
      expect(model.precision).toBe(precision);
      await model.fit(train.x, train.y, { epochs: 12, batchSize: 32 });
      accuracies.set(precision, (await model.evaluate(test.x, test.y)).accuracy!);
    }
    expect(accuracies.get("fast")).toBeGreaterThan(0.95);
    expect(Math.abs(accuracies.get("fast")! - accuracies.get("deterministic")!)).toBeLessThan(0.02);
  });

  it("has the same bits with any number of threads, in a worker, and at another time", async () => {
    const expected = await all({});
    expect(await all({})).toBe(expected);
    const crews = watchCrews();
    const long = { epochs: 40 }; // helpers take some 50 ms to come
    const expectedOfLong = await all({}, long);
    for (const threads of [2, 3, 7]) expect(await all({ threads }, long), `${threads} threads`).toBe(expectedOfLong);
    expect(helpedBy(crews)).toBeGreaterThan(0);
    expect(await all({}, { worker: { script } })).toBe(expected);
    expect(await all({ threads: 2 }, { worker: { script } })).toBe(expected);
  });

  it("goes on with the same bits after a stop, a file and a load", async () => {
    const options = { epochs: 2, batchSize: 37 };
    const whole = await digitsModel();
    await whole.fit(train.x, train.y, options);
    const first = await digitsModel();
    await first.fit(train.x, train.y, { ...options, maxSteps: 17 });
    const second = await loadModel(first.toBytes({ includeOptimizer: true }), { precision: "fast", threads: 2 });
    await second.fit(train.x, train.y, { ...options, resume: true });
    expect(await weightsHash(second)).toBe(await weightsHash(whole));
  });

  it("leaves deterministic models beside it alone", async () => {
    const alone = await all({ precision: "deterministic" });
    const [fast, beside] = await Promise.all([all({}), all({ precision: "deterministic" })]);
    expect(beside).toBe(alone);
    expect(JSON.parse(fast)).toHaveLength(3);
  });
});
