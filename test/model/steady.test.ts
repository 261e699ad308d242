import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { dense, type Model, sequential } from "../../src/index.js";
import { Run } from "../../src/program/run.js";
import { Engine, type KernelExports } from "../../src/runtime/engine.js";
import { classifier, CLASSIFIER, expectSameBits, FEATURES, LAYERS, samples, weightsOf } from "./helpers.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

afterEach(() => void vi.restoreAllMocks());

/** Bytes of live JavaScript objects and of buffers. */
const used = () => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

interface Watched {
  model: Model;
  memory: WebAssembly.Memory;
  /** How often each function of the module was called. */
  calls: Map<string, number>;
}

/** A classifier whose every crossing from JavaScript into WebAssembly is counted. */
async function watched(): Promise<Watched> {
  const calls = new Map<string, number>();
  const engine = await Engine.create();
  const counted = Object.entries(engine.exports).map(([name, value]) => {
    if (typeof value !== "function") return [name, value];
    const call = (...args: unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return (value as (...args: unknown[]) => unknown)(...args);
    };
    return [name, call];
  });
  const watchedEngine = new Engine(Object.fromEntries(counted) as KernelExports, "deterministic");
  const create = vi.spyOn(Engine, "create").mockResolvedValue(watchedEngine);
  const model = await sequential({ inputShape: FEATURES, layers: LAYERS(), seed: 7 });
  create.mockRestore();
  model.compile(CLASSIFIER);
  calls.clear();
  return { model, memory: engine.exports.memory, calls };
}

describe("crossings into WebAssembly", () => {
  const { x, y } = samples(64);

  test.each([1, 100, 10_000])("a fit of %i epochs runs slices, and nothing else", async (epochs) => {
    const { model, calls } = await watched();
    const slices = vi.spyOn(Run.prototype, "slice");
    const started = performance.now();
    await model.fit(x, y, { epochs, batchSize: 8, shuffle: true });
    const took = performance.now() - started;
    expect([...calls.keys()]).toEqual(["run"]);
    expect(calls.get("run")).toBe(slices.mock.calls.length);
    // An epoch ends a slice, and so do some 10 ms; the first ones are short, until the pace is known.
    expect(calls.get("run")).toBeLessThanOrEqual(epochs + took / 2 + 10);
  });

  test("steps do not cross: a hundred times as many steps in an epoch take no more slices than their time", async () => {
    const many = samples(80_000);
    const { model, calls } = await watched();
    const started = performance.now();
    await model.fit(many.x, many.y, { batchSize: 1 });
    const took = performance.now() - started;
    expect([...calls.keys()]).toEqual(["run"]);
    expect(calls.get("run")).toBeLessThanOrEqual(took / 2 + 10); // of 80 000 steps
  });

  test("a listener of every batch costs one crossing a step", async () => {
    const { model, calls } = await watched();
    await model.fit(x, y, { batchSize: 8, callbacks: [{ onBatchEnd: () => undefined }] });
    expect(Object.fromEntries(calls)).toEqual({ run: 8 });
  });

  test.each([
    ["trainOnBatch", (model: Model) => model.trainOnBatch(x, y)],
    ["gradients", (model: Model) => model.gradients(x, y)],
    ["predict", (model: Model) => model.predict(x, { batchSize: 1 })],
    ["evaluate", (model: Model) => model.evaluate(x, y, { batchSize: 1 })],
  ])("%s crosses once", async (_, verb) => {
    const { model, calls } = await watched();
    await verb(model);
    const { allFinite: looks = 0, ...others } = Object.fromEntries(calls);
    expect(others).toEqual({ run: 1 });
    expect(looks).toBeLessThanOrEqual(1); // of all of x, before it runs
  });

  test.each([
    ["getWeights", (model: Model) => model.getWeights()],
    ["compile", (model: Model) => model.compile(CLASSIFIER)],
    ["toBytes", (model: Model) => model.toBytes({ includeOptimizer: true })],
    ["summary", (model: Model) => model.summary()],
  ])("%s crosses not at all", async (_, verb) => {
    const { model, calls } = await watched();
    verb(model);
    expect(calls.size).toBe(0);
  });

  test("setWeights looks once at each weight", async () => {
    const { model, calls } = await watched();
    const weights = model.getWeights();
    model.setWeights(weights);
    expect(Object.fromEntries(calls)).toEqual({ allFinite: weights.size });
  });
});

test("a clock that stands still, as on some servers, makes no slice endless", async () => {
  const { x, y } = samples(64);
  const model = await classifier();
  const slices = vi.spyOn(Run.prototype, "slice");
  vi.spyOn(performance, "now").mockReturnValue(0);
  await model.fit(x, y, { epochs: 40, batchSize: 8 });
  const budgets = slices.mock.calls.map(([cost]) => cost);
  expect(budgets.length).toBeGreaterThanOrEqual(40);
  expect(Math.max(...budgets)).toBeLessThanOrEqual(1e9); // a tenth of a second or so
});

describe("memory", () => {
  const MEBIBYTE = 2 ** 20;

  test("a hundred thousand steps leave WebAssembly's memory and the process's as they were", async () => {
    const { x, y } = samples(200);
    const { model, memory } = await watched();
    await model.fit(x, y, { epochs: 10, batchSize: 2, validationSplit: 0.1 });
    const [bytes, before] = [memory.buffer.byteLength, used()];
    const grown = vi.spyOn(memory, "grow");
    for (let call = 0; call < 10; call++) await model.fit(x, y, { epochs: 112, batchSize: 2, validationSplit: 0.1 });
    expect(10 * 112 * 90).toBeGreaterThan(1e5);
    expect(grown).not.toHaveBeenCalled();
    expect(memory.buffer.byteLength).toBe(bytes);
    expect(used() - before).toBeLessThan(3 * MEBIBYTE);
  });

  test("nor do thousands of single calls and compiles", async () => {
    const { x, y } = samples(16);
    const { model, memory } = await watched();
    const round = async () => {
      model.trainOnBatch(x, y);
      model.predict(x);
      model.applyGradients(model.gradients(x, y));
      await model.evaluate(x, y);
      model.getLayer("hidden").trainable = !model.getLayer("hidden").trainable;
      model.trainOnBatch(x.subarray(0, FEATURES), y.subarray(0, 1));
      model.setWeights(model.getWeights());
      model.program({ training: true });
      model.compile(CLASSIFIER);
    };
    for (let i = 0; i < 50; i++) await round();
    const [bytes, before] = [memory.buffer.byteLength, used()];
    for (let i = 0; i < 1000; i++) await round();
    expect(memory.buffer.byteLength).toBe(bytes);
    expect(used() - before).toBeLessThan(3 * MEBIBYTE);
  });

  test("a model that nobody holds is collected, its memory with it", async () => {
    const { x, y } = samples(16);
    const collected = new Set<number>();
    const registry = new FinalizationRegistry<number>((id) => collected.add(id));
    const use = async (id: number) => {
      const model = await classifier();
      await model.fit(x, y, { callbacks: [{ onEpochEnd: () => void model.stopTraining }] });
      await model.evaluate(x, y);
      await model.fit(x, y, { signal: AbortSignal.abort() }).catch(() => undefined);
      model.predict(x);
      registry.register(model, id);
    };
    const kept = await classifier();
    const before = used();
    for (let id = 0; id < 40; id++) await use(id);
    for (let i = 0; i < 50 && collected.size < 40; i++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(collected.size).toBeGreaterThanOrEqual(39); // the last may stand on the stack still
    expect(used() - before).toBeLessThan(3 * MEBIBYTE);
    kept.trainOnBatch(x, y);
  });
});

test("models that train at the same time do not disturb each other", async () => {
  const options = { epochs: 20, batchSize: 4, validationSplit: 0.25 };
  const data = [1, 2, 3].map((seed) => samples(40, seed));
  const build = (seed: number) => classifier({ optimizer: seed === 2 ? "sgd" : "adam" }, { seed });
  const together = await Promise.all(data.map((_, i) => build(i + 1)));
  const alone = await Promise.all(data.map((_, i) => build(i + 1)));
  const histories = await Promise.all(together.map((model, i) => model.fit(data[i]!.x, data[i]!.y, options)));
  for (const [i, model] of alone.entries()) {
    expect(await model.fit(data[i]!.x, data[i]!.y, options)).toEqual(histories[i]);
    expectSameBits(model, together[i]!);
  }
  const other = await sequential({ inputShape: FEATURES, layers: [dense(2)], seed: 1 });
  const before = weightsOf(together[0]!);
  other.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  other.trainOnBatch([1, 2, 3, 4], [[1, 2]]);
  expect(weightsOf(together[0]!)).toEqual(before);
});

describe("a stream", () => {
  test("of many rows grows neither memory: the buffer and the window are all that is kept", async () => {
    const { model, memory } = await watched();
    const chunk = samples(500);
    let read = 0;
    async function* rows(count: number) {
      for (let i = 0; i < count; i++, read++) yield chunk;
    }
    const options = { batchSize: 50, shuffleBuffer: 2000 };
    await model.fit(rows(20), options);
    const [bytes, before] = [memory.buffer.byteLength, used()];
    await model.fit(rows(2000), options); // a million rows, 20 MB
    expect(read).toBe(2020);
    expect(memory.buffer.byteLength).toBe(bytes);
    expect(used() - before).toBeLessThan(2e6);
    expect(bytes).toBeLessThan(1e6 + 3024 * (FEATURES + 1) * 4);
  });
});
