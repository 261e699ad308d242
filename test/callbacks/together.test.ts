// What every callback promises, whatever else it does.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  adam,
  type Callback,
  csvLogger,
  earlyStopping,
  loadModel,
  modelCheckpoint,
  reduceLROnPlateau,
  tensorBoard,
} from "../../src/index.js";
import { classifier, expectSameBits, samples, stateOf, weightsOf } from "../model/helpers.js";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "lanewise-together-"))));
afterEach(async () => {
  vi.doUnmock("node:fs/promises");
  vi.resetModules();
  await rm(folder, { recursive: true });
});

const { x, y } = samples(60);
const options = { epochs: 12, batchSize: 16, validationSplit: 0.3 }; // 42 rows: 3 steps an epoch
const build = () => classifier({ optimizer: adam({ learningRate: 0.2 }) });

const ALL: Record<string, () => Callback> = {
  earlyStopping: () => earlyStopping({ patience: 6, restoreBestWeights: true }),
  modelCheckpoint: () => modelCheckpoint({ filepath: join(folder, "model"), saveFreq: 2 }),
  "modelCheckpoint of epochs": () => modelCheckpoint({ filepath: join(folder, "best"), saveBestOnly: true }),
  reduceLROnPlateau: () => reduceLROnPlateau({ factor: 0.5, patience: 2 }),
  csvLogger: () => csvLogger({ filename: join(folder, "run.csv") }),
  tensorBoard: () => tensorBoard({ logDir: join(folder, "logs"), updateFreq: "batch" }),
};

describe.each(Object.entries(ALL))("%s", (_, make) => {
  test("beside one that throws, one that stops, and an abort at an epoch's end: a resume ends with the same bits", async () => {
    const whole = await build();
    await whole.fit(x, y, { ...options, callbacks: [make()] });
    const ends: ((stop: AbortController) => Callback)[] = [
      () => ({
        name: "thrower",
        onEpochEnd: (epoch) => (epoch === 3 ? Promise.reject(new Error("thrown")) : undefined),
      }),
      () => ({ name: "stopper", onEpochEnd: (epoch, _logs, { model }) => void (model.stopTraining = epoch === 3) }),
      (stop) => ({ name: "aborter", onEpochEnd: (epoch) => void (epoch === 3 && stop.abort(new Error("aborted"))) }),
    ];
    for (const [i, end] of ends.entries()) {
      for (const first of [true, false]) {
        const model = await build();
        const stop = new AbortController();
        const [callback, other] = [make(), end(stop)];
        const callbacks = first ? [callback, other] : [other, callback];
        const outcome = await model
          .fit(x, y, { ...options, signal: stop.signal, callbacks })
          .then(({ stopReason, epoch }) => `${stopReason} after ${epoch.length}`)
          .catch(({ message }: Error) => message);
        expect(outcome).toBe(["thrown", "callback after 4", "aborted"][i]);
        const bytes = stateOf(model);
        const loaded = await loadModel(bytes);
        expect(Buffer.compare(stateOf(loaded), bytes)).toBe(0);
        for (const each of [model, loaded]) {
          await each.fit(x, y, { ...options, resume: true, callbacks: [make()] });
          expect(weightsOf(each)).toEqual(weightsOf(whole));
          expect(each.learningRate).toBe(whole.learningRate);
        }
      }
    }
  });
});

test("saved at any moment, by a callback that stands anywhere among the others: a resume ends with the same bits", async () => {
  // Without a state, and yet of effect: whoever misses one call has another rate.
  const pace: Callback = {
    onBatchEnd: (batch, _logs, { model }) => void (model.learningRate *= batch === 1 ? 1.5 : 0.9),
    onEpochEnd: (epoch, _logs, { model }) => void (model.learningRate *= epoch % 2 ? 0.7 : 1),
  };
  const counter = () => {
    let counts = Float32Array.of(0, 0);
    return {
      name: "counter",
      onTrainBegin: () => void (counts = Float32Array.of(0, 0)),
      onBatchEnd: () => void (counts = Float32Array.of(counts[0]! + 1, counts[1]!)),
      onEpochEnd: () => void (counts = Float32Array.of(counts[0]!, counts[1]! + 1)),
      getState: () => ({ counts, odd: [NaN, Infinity, -Infinity, 0.1, "NaN", null, true, {}] }),
      setState(state: unknown) {
        expect((state as { odd: unknown }).odd).toEqual([NaN, Infinity, -Infinity, 0.1, "NaN", null, true, {}]);
        ({ counts } = state as { counts: Float32Array<ArrayBuffer> });
      },
    };
  };
  const callbacks = (saver: Callback, place: number) => {
    const others: Callback[] = [earlyStopping({ patience: 7, restoreBestWeights: true }), pace, counter()];
    return [...others.slice(0, place), saver, ...others.slice(place)];
  };
  let resumes = 0;
  for (const place of [0, 1, 2, 3]) {
    const saves: Uint8Array[] = [];
    const whole = await build();
    const save = () => void saves.push(stateOf(whole));
    await whole.fit(x, y, { ...options, callbacks: callbacks({ onBatchEnd: save, onEpochEnd: save }, place) });
    for (const bytes of saves) {
      const loaded = await loadModel(bytes);
      expect(Buffer.compare(stateOf(loaded), bytes)).toBe(0);
      await loaded.fit(x, y, {
        ...options,
        resume: true,
        callbacks: callbacks({ onBatchEnd: () => undefined }, place),
      });
      expectSameBits(loaded, whole);
      resumes++;
    }
  }
  expect(resumes).toBeGreaterThan(150);
});

describe("where there are no files", () => {
  const options = { modelCheckpoint: { filepath: "a" }, csvLogger: { filename: "a" }, tensorBoard: { logDir: "a" } };
  test.each(Object.entries(options))("%s says so before the first step", async (name, given) => {
    const wasm = await readFile(new URL("../../build/lanewise.wasm", import.meta.url));
    vi.resetModules();
    vi.doMock("node:fs/promises", () => ({ rename: undefined })); // what a bundler for browsers makes of it
    const lanewise = await import("../../src/index.js");
    await lanewise.init(wasm);
    const layers = [lanewise.dense(3, { activation: "softmax" })];
    const model = await lanewise.sequential({ inputShape: 4, layers });
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    const before = stateOf(model);
    const callback = lanewise[name as keyof typeof options](given as never);
    await expect(model.fit(x, y, { callbacks: [callback] })).rejects.toMatchObject({
      name: "UnsupportedError",
      code: "files/no-file-system",
    });
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
    await model.fit(x, y, {
      validationSplit: 0.2,
      callbacks: [lanewise.earlyStopping(), lanewise.reduceLROnPlateau()],
    });
  });
});
