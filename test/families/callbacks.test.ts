// What every callback promises: it stands in no training's way, and a stop, a file and a resume change nothing.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as factories from "../../src/callbacks/index.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { dense, loadModel, type Model, sequential } from "../../src/index.js";
import { noise, stateOf } from "../model/helpers.js";
import { CALLBACKS } from "./callbacks.js";

const NAMES = Object.entries(factories)
  .filter(([, value]) => typeof value === "function")
  .map(([name]) => name);

const tensorsOf = (model: Model) => readSafetensors(stateOf(model)).tensors;

async function network(width: number) {
  const layers = [dense(width, { activation: "tanh" }), dense(1)];
  const model = await sequential({ inputShape: 3, layers, seed: 4 });
  model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
  return model;
}

describe.each(NAMES)("%s", (name) => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lanewise-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const make = CALLBACKS[name];
  it("has a case", () => {
    if (!make) expect.fail(`add a case for callback "${name}" to test/families/callbacks.ts (CALLBACKS)`);
  });
  if (!make) return;

  it.each([1, 2, 3, 5, 7, 17])("listens to a training on %i rows, with and without validation", async (rows) => {
    const [x, y] = [noise(rows * 3, 1), noise(rows, 2)];
    const model = await network(3);
    const options = { epochs: 2, batchSize: 2, callbacks: [make(folder)] };
    for (const validation of [{}, { validationData: [x, y] as [Float32Array, Float32Array] }]) {
      const { history } = await model.fit(x, y, { ...options, ...validation });
      expect(history.loss).toHaveLength(2);
    }
  });

  it("ends with the bits of an uninterrupted training after a stop, a file and a resume", async () => {
    const [x, y] = [noise(11 * 3, 1), noise(11, 2)];
    const train = { epochs: 5, batchSize: 4, validationData: [x, y] as [Float32Array, Float32Array] };
    const [whole, cut] = [await network(5), await network(5)];
    await whole.fit(x, y, { ...train, callbacks: [make(folder)] });
    await cut.fit(x, y, { ...train, maxSteps: 7, callbacks: [make(folder)] }); // in the midst of the third epoch
    const loaded = await loadModel(cut.toBytes({ includeOptimizer: true }));
    await loaded.fit(x, y, { ...train, resume: true, callbacks: [make(folder)] });
    // Weights and slots; what a callback notes of its files may have their names.
    expect(tensorsOf(loaded)).toEqual(tensorsOf(whole));
  });
});
