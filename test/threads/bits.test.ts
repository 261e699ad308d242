import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { dense, dropout, loadModel, layerNorm, type Model, sequential } from "../../src/index.js";
import { conformance, differences, type Hashes, weightsHash } from "../platform/conformance.js";
import { helpedBy, watchCrews } from "./everything.js";

vi.mock("../../src/program/split.js", async (original) => (await import("./everything.js")).splitEverything(original));

const committed = JSON.parse(readFileSync(new URL("../platform/hashes.json", import.meta.url), "utf8")) as Hashes;

/** Rows of numbers in −1 … 1. */
function rows(count: number, width: number): Float32Array {
  return Float32Array.from({ length: count * width }, (_, i) => Math.fround(((i * 7919) % 2003) / 1001.5 - 1));
}

async function network(threads: number, [inputs, hidden, outputs]: readonly number[]): Promise<Model> {
  const model = await sequential({
    inputShape: inputs!,
    layers: [dense(hidden!, { activation: "gelu" }), layerNorm(), dropout(0.3), dense(outputs!)],
    seed: 3,
    threads,
  });
  model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
  return model;
}

/** Everything that a user can see of a training, as text. */
async function all(model: Model, x: Float32Array, y: Float32Array, batchSize: number): Promise<string> {
  const { history } = await model.fit(x, y, { batchSize, epochs: 2 });
  const figures = [history, await model.evaluate(x, y, { batchSize })];
  const arrays = [...model.gradients(x, y).values(), model.predict(x, { batchSize })].map(({ data }) => [...data]);
  return JSON.stringify([await weightsHash(model), figures, arrays]);
}

describe("any number of threads", () => {
  it.each([1, 2, 3, 4])("gives the bits that are committed: %i", async (threads) => {
    const crews = watchCrews();
    expect(differences(await conformance({ threads }), committed)).toEqual([]);
    expect(helpedBy(crews) > 0).toBe(threads > 1);
  });

  // Fewer rows, columns or units than threads, and cuts that leave some threads nothing.
  it.each([
    [[1, 1, 1], 5, 2],
    [[3, 2, 1], 7, 1],
    [[5, 33, 2], 17, 3],
    [[2, 17, 49], 9, 9],
    [[65, 31, 7], 130, 67],
  ])("gives the same at odd sizes: units %j, %i rows, batches of %i", async (sizes, count, batchSize) => {
    const [x, y] = [rows(count, sizes[0]!), rows(count, sizes[2]!)];
    const expected = await all(await network(1, sizes), x, y, batchSize);
    for (const threads of [2, 3, 7, 32]) {
      expect(await all(await network(threads, sizes), x, y, batchSize), `${threads} threads`).toBe(expected);
    }
  });

  it("may change where training goes on within an epoch", async () => {
    const sizes = [11, 40, 5];
    const [x, y] = [rows(90, 11), rows(90, 5)];
    const whole = await network(1, sizes);
    await whole.fit(x, y, { batchSize: 8, epochs: 3 });

    const first = await network(3, sizes);
    await first.fit(x, y, { batchSize: 8, epochs: 3, maxSteps: 5 });
    const second = await loadModel(first.toBytes({ includeOptimizer: true }), { threads: 2 });
    await second.fit(x, y, { batchSize: 8, epochs: 3, maxSteps: 15, resume: true });
    const third = await loadModel(second.toBytes({ includeOptimizer: true }));
    await third.fit(x, y, { batchSize: 8, epochs: 3, resume: true });
    expect(await weightsHash(third)).toBe(await weightsHash(whole));
  });

  it("halts a step that is not finite, whoever found it, and says so", async () => {
    const outcomes = new Set<string>();
    for (const threads of [1, 2, 4]) {
      const model = await network(threads, [9, 50, 30]);
      const [x, y] = [rows(24, 9), rows(24, 30)];
      await model.fit(x, y, { batchSize: 8 });
      const before = await weightsHash(model);
      const { stopReason } = await model.fit(
        x,
        y.map((value) => value * 1e30),
        { batchSize: 8 },
      );
      expect(stopReason).toBe("nonFinite");
      expect(await weightsHash(model)).toBe(before);
      outcomes.add(before);
    }
    expect(outcomes.size).toBe(1);
  });
});
