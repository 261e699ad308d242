// cacheFrozen: the bits of a fit without it, in less work; and what it refuses.

import { afterEach, describe, expect, it, vi } from "vitest";
import {
  add,
  adam,
  batchNorm,
  type Callback,
  type CompileOptions,
  concatenate,
  defineLayer,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  gaussianNoise,
  gradientHealth,
  gradualUnfreezing,
  input,
  l2,
  type LayerSpec,
  loadModel,
  model,
  type Model,
  prelu,
  rescaling,
  sequential,
  type SequentialOptions,
} from "../../src/index.js";
import { OutOfMemoryError } from "../../src/errors.js";
import { Run } from "../../src/program/run.js";
import { Engine } from "../../src/runtime/engine.js";
import { CLASSES, CLASSIFIER, expectSameBits, failureOf, FEATURES, noise, samples, stateOf } from "./helpers.js";

afterEach(() => void vi.restoreAllMocks());

const { x, y } = samples(52);
const FIT: FitOptions = { batchSize: 7, epochs: 4 };

/** Learned statistics at the bottom, so that they matter, and dropout in the part that is trained. */
const base = (): LayerSpec[] => [
  rescaling({ scale: 0.5, name: "scaled" }),
  dense(6, { name: "a", kernelRegularizer: l2(0.01) }),
  batchNorm({ momentum: 0.5, name: "bn" }),
  prelu({ name: "slopes" }),
  dense(5, { activation: "elu", name: "b" }),
];
const head = (): LayerSpec[] => [
  dropout(0.3),
  dense(5, { activation: "gelu", name: "c" }),
  batchNorm({ name: "bn2" }),
  dense(CLASSES, { activation: "softmax", name: "output" }),
];
const FROZEN = /^(a|bn|slopes|b)$/;

async function network(
  compile: Partial<CompileOptions> = {},
  options: Partial<SequentialOptions> = {},
): Promise<Model> {
  const net = await sequential({ inputShape: FEATURES, layers: [...base(), ...head()], seed: 3, ...options });
  net.compile({ ...CLASSIFIER, ...compile });
  await net.fit(x, y, { epochs: 1 });
  net.setTrainable(FROZEN, false);
  return net;
}

/** All that a fit came to: the model's state and its history. */
async function outcome(make: () => Promise<Model>, options: FitOptions, data: [unknown, unknown] = [x, y]) {
  const net = await make();
  const history = await net.fit(data[0] as Float32Array, data[1] as Int32Array, options);
  return { net, history };
}

/** Fits with and without it, each with callbacks of its own, and compares weights, slots and figures bit by bit. */
async function expectSame(
  make: () => Promise<Model>,
  options: () => FitOptions = () => FIT,
  data?: [unknown, unknown],
): Promise<void> {
  const without = await outcome(make, options(), data);
  const cached = await outcome(make, { ...options(), cacheFrozen: true }, data);
  expectSameBits(cached.net, without.net);
  expect(cached.history).toEqual(without.history);
}

/** The cost of all that is run, as records have it. */
function costs(): { total: number } {
  const spent = { total: 0 };
  const slice = Run.prototype.slice;
  vi.spyOn(Run.prototype, "slice").mockImplementation(function (this: Run, ...args) {
    const status = slice.apply(this, args);
    spent.total += this.sliceCost;
    return status;
  });
  return spent;
}

describe("the same bits as without", () => {
  it.each<[string, FitOptions]>([
    ["shuffled", {}],
    ["in order", { shuffle: false }],
    ["validated on rows that are split off", { validationSplit: 0.2 }],
    ["validated on other rows", { validationData: [samples(300, 5).x, samples(300, 5).y] }],
    ["batches gathered for a step", { accumulateSteps: 3 }],
    ["weighted rows", { sampleWeight: Float32Array.from({ length: 52 }, (_, i) => i % 3), validationSplit: 0.2 }],
    ["weighted classes", { classWeight: { 1: 3 } }],
    ["more rows in a batch than there are", { batchSize: 1000 }],
  ])("%s", async (_, options) => {
    await expectSame(network, () => ({ ...FIT, ...options }));
  });

  it("with averaged weights, metrics that are functions, and layers of other rates", async () => {
    const agree = (labels: readonly unknown[], predictions: readonly number[][]) =>
      predictions.reduce((sum, scores, i) => sum + scores[Number(labels[i])]!, 0);
    const make = async () => {
      const net = await network({
        optimizer: adam({ learningRate: 0.01, ema: 0.9 }),
        metrics: ["accuracy", agree],
      });
      net.getLayer("c").learningRateMultiplier = 0.5;
      return net;
    };
    await expectSame(make, () => ({ ...FIT, validationSplit: 0.3 }));
  });

  it("bytes as rows", async () => {
    const bytes = Uint8Array.from(x, (value) => 128 + 127 * value);
    await expectSame(network, undefined, [bytes, y]);
  });

  it("stopped within an epoch, saved, and resumed with it and without", async () => {
    const whole = await outcome(network, { ...FIT, validationSplit: 0.2 });
    for (const [first, second] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const { net } = await outcome(network, { ...FIT, validationSplit: 0.2, maxSteps: 9, cacheFrozen: first });
      const loaded = await loadModel(stateOf(net));
      await loaded.fit(x, y, { ...FIT, validationSplit: 0.2, resume: true, cacheFrozen: second });
      expectSameBits(loaded, whole.net);
    }
  });

  it("layers that are thawed and frozen on the way, from the top down and in mid-epoch", async () => {
    await expectSame(network, () => ({ ...FIT, epochs: 6, callbacks: [gradualUnfreezing({ from: "c" })] }));
    const toggles = (): Callback => ({
      onBatchEnd(batch, _logs, { model }) {
        if (batch === 2) model.setTrainable("b", true);
        if (batch === 4) model.setTrainable(/^(c|bn2)$/, false);
        if (batch === 5) model.setTrainable("b", false);
        if (batch === 6) model.setTrainable(/^(a|c|bn2)$/, true);
        if (batch === 7) model.setTrainable("a", false);
      },
    });
    await expectSame(network, () => ({ ...FIT, validationSplit: 0.1, callbacks: [toggles()] }));
  });

  it("all thawed and frozen again", async () => {
    const toggles = (): Callback => ({
      onEpochBegin: (epoch, _logs, { model }) => void model.setTrainable(FROZEN, epoch % 2 === 1),
    });
    await expectSame(network, () => ({ ...FIT, validationSplit: 0.1, callbacks: [toggles()] }));
  });

  it("weights of frozen layers that a callback writes, within an epoch and before the validation", async () => {
    const writes = (at: number): Callback => ({
      onBatchEnd(batch, _logs, { model, setWeights }) {
        if (batch !== at) return;
        const weights = model.getWeights();
        weights.get("a/kernel")!.data.forEach((value, i, data) => (data[i] = value * 1.25));
        setWeights(weights);
      },
    });
    await expectSame(network, () => ({ ...FIT, validationSplit: 0.2, callbacks: [writes(2)] }));
    await expectSame(network, () => ({ ...FIT, validationSplit: 0.2, callbacks: [writes(5)] })); // the last of six
  });

  it("early stopping, and steps that are observed", async () => {
    const callbacks = () => [earlyStopping({ patience: 1, restoreBestWeights: true }), gradientHealth({ every: 3 })];
    await expectSame(network, () => ({ ...FIT, epochs: 8, validationSplit: 0.2, callbacks: callbacks() }));
  });

  it("widths and batches that fill no tile", async () => {
    const rows = samples(301);
    const make = async () => {
      const hidden = [131, 67].map((units) => dense(units, { activation: "elu", trainable: false }));
      const layers = [...hidden, dense(CLASSES, { activation: "softmax" })];
      const net = await sequential({ inputShape: FEATURES, layers, seed: 3 });
      net.compile(CLASSIFIER);
      return net;
    };
    for (const batchSize of [1, 13, 64]) {
      await expectSame(make, () => ({ epochs: 2, batchSize, validationSplit: 0.1 }), [rows.x, rows.y]);
    }
  });

  it("a layer of one's own that differs between training and inference", async () => {
    const shifty = defineLayer({
      className: "Shifty",
      emit: ({ ops, training }, x) => ops.mul(x, training ? 2 : 1),
    });
    const make = async () => {
      const layers = [dense(4, { name: "a" }), shifty(), dense(CLASSES, { activation: "softmax" })];
      const net = await sequential({ inputShape: FEATURES, layers, seed: 3 });
      net.compile(CLASSIFIER);
      net.setTrainable("a", false);
      return net;
    };
    await expectSame(make, () => ({ ...FIT, validationSplit: 0.2 }));
  });

  it("a graph: inputs that go around the frozen part, several tensors out of it, an output that is frozen", async () => {
    const make = async () => {
      const [left, right] = [input(2, { name: "left" }), input(3, { name: "right" })];
      const a = dense(4, { name: "a", activation: "tanh", trainable: false }).apply(left);
      const shared = dense(4, { name: "shared", trainable: false });
      const b = shared.apply(shared.apply(a));
      const c = dense(4, { name: "c" }).apply(concatenate([a, right]));
      const sum = add([b, c, dense(4, { name: "r" }).apply(right)]);
      const outputs = {
        top: dense(2, { name: "d" }).apply(sum),
        low: dense(1, { name: "e", trainable: false }).apply(b),
      };
      const net = await model({ inputs: { left, right }, outputs, seed: 2 });
      net.compile({ optimizer: "adam", loss: "meanSquaredError" });
      return net as unknown as Model;
    };
    const data = { left: noise(104), right: noise(156, 2) };
    await expectSame(make, () => ({ ...FIT, validationSplit: 0.2 }), [data, { top: noise(104, 3), low: noise(52, 4) }]);
  });
});

describe("the work", () => {
  it("of the frozen part is done once over the rows, validation's included", async () => {
    const wide = [1, 2].map((i) => dense(64, { activation: "relu", name: `w${i}`, trainable: false }));
    const make = async () => {
      const net = await sequential({
        inputShape: FEATURES,
        layers: [...wide, dense(CLASSES, { activation: "softmax" })],
        seed: 1,
      });
      net.compile(CLASSIFIER);
      return net;
    };
    const spent = costs();
    const costOf = async (options: FitOptions) => {
      const net = await make();
      spent.total = 0;
      await net.fit(x, y, { validationSplit: 0.2, ...options });
      return spent.total;
    };
    const [one, nine] = [await costOf({ epochs: 1 }), await costOf({ epochs: 9 })];
    const [oneCached, nineCached] = [
      await costOf({ epochs: 1, cacheFrozen: true }),
      await costOf({ epochs: 9, cacheFrozen: true }),
    ];
    expect(oneCached).toBeLessThan(1.2 * one); // the outputs are written and read once more
    expect((nineCached - oneCached) / (nine - one)).toBeLessThan(0.3); // the head, and its optimizer's step
  });

  it("is done anew only where it must be: not for what is frozen above, nor for a layer that is thawed and frozen at once", async () => {
    const net = await network();
    const sinks = vi.spyOn(Run.prototype, "sinks");
    const callback: Callback = {
      onEpochBegin(epoch, _logs, { model }) {
        model.setTrainable("output", epoch % 2 === 0);
        model.setTrainable("b", true);
        model.setTrainable("b", false);
      },
    };
    await net.fit(x, y, { ...FIT, callbacks: [callback], cacheFrozen: true });
    expect(sinks).toHaveBeenCalledTimes(1);
  });

  it("leaves no memory behind, also where a layer is thawed on the way, a callback throws or a fit is refused", async () => {
    const create = vi.spyOn(Engine, "create");
    const net = await network();
    const engine = (await create.mock.results[0]!.value) as Engine;
    const held = new Set<number>();
    const [allocate, free] = [engine.heap.allocate.bind(engine.heap), engine.heap.free.bind(engine.heap)];
    vi.spyOn(engine.heap, "allocate").mockImplementation((bytes, what) => {
      const address = allocate(bytes, what);
      if (what === "outputs of frozen layers" || what === "rows of data") held.add(address);
      return address;
    });
    vi.spyOn(engine.heap, "free").mockImplementation((address) => {
      held.delete(address);
      free(address);
    });
    const most = { count: 0 };
    const watch: Callback = { onEpochEnd: () => void (most.count = held.size) };
    await net.fit(x, y, { ...FIT, cacheFrozen: true, validationSplit: 0.2, callbacks: [watch] });
    expect([most.count, held.size]).toEqual([6, 0]); // x, y and what "b" makes, twice
    const thaws: Callback = {
      onEpochBegin: (epoch, _logs, { model }) => void (epoch === 1 && model.setTrainable("b", true)),
    };
    await net.fit(x, y, { ...FIT, cacheFrozen: true, validationSplit: 0.2, callbacks: [thaws, watch] });
    expect([most.count, held.size]).toEqual([6, 0]);
    const throws: Callback = {
      onEpochEnd() {
        throw new Error("enough");
      },
    };
    await expect(net.fit(x, y, { ...FIT, cacheFrozen: true, callbacks: [throws] })).rejects.toThrow("enough");
    expect(held.size).toBe(0);
    vi.mocked(engine.heap.allocate).mockImplementation((bytes, what) => {
      if (what === "outputs of frozen layers") throw new OutOfMemoryError("memory/cannot-grow", "no more");
      const address = allocate(bytes, what);
      held.add(address);
      return address;
    });
    expect((await failureOf(() => net.fit(x, y, { ...FIT, cacheFrozen: true }))).code).toBe("memory/cannot-grow");
    expect(held.size).toBe(0);
  });

  it("leaves no cache for the next fit", async () => {
    const net = await network();
    const twin = await network();
    for (let i = 0; i < 3; i++) {
      await net.fit(x, y, { ...FIT, cacheFrozen: true, validationSplit: 0.2 });
      await twin.fit(x, y, { ...FIT, validationSplit: 0.2 });
    }
    net.setWeights(new Map([["a/bias", { data: noise(6), shape: [6] }]]), { strict: false });
    twin.setWeights(new Map([["a/bias", { data: noise(6), shape: [6] }]]), { strict: false });
    await net.fit(x, y, { ...FIT, cacheFrozen: true });
    await twin.fit(x, y, FIT);
    expectSameBits(net, twin);
  });

  it("can be aborted while the outputs are computed", async () => {
    const net = await network();
    const before = stateOf(net);
    const controller = new AbortController();
    const many = samples(200_000);
    const fitting = net.fit(many.x, many.y, { cacheFrozen: true, signal: controller.signal, shuffle: false });
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(fitting).rejects.toThrow("enough");
    await net.fit(x, y, { ...FIT, cacheFrozen: true });
    expect(Buffer.compare(stateOf(net), before)).not.toBe(0);
  });
});

describe("what it refuses, before anything is changed", () => {
  async function refused(net: Model, options: FitOptions = {}, data: [unknown, unknown] = [x, y]) {
    const before = stateOf(net);
    const failure = await failureOf(() =>
      net.fit(data[0] as Float32Array, data[1] as Int32Array, { ...FIT, cacheFrozen: true, ...options }),
    );
    expect(Buffer.compare(stateOf(net), before)).toBe(0);
    return failure;
  }

  it("nothing frozen at the bottom", async () => {
    const net = await network();
    net.setTrainable("a", true);
    const failure = await refused(net);
    expect(failure.code).toBe("config/nothing-frozen");
    expect(failure.message).toContain('"a" is trained');
  });

  it.each<[string, LayerSpec, string]>([
    ["dropout", dropout(0.1, { name: "random" }), "draws which elements"],
    ["noise", gaussianNoise(0.1, { name: "random" }), "draws its noise"],
    ["statistics of the batch", batchNorm({ center: false, scale: false, name: "random" }), "freeze it too"],
  ])("%s below a frozen layer", async (_, random, why) => {
    const layers = [dense(4, { name: "a" }), random, prelu({ name: "b" }), dense(CLASSES, { activation: "softmax" })];
    const net = await sequential({ inputShape: FEATURES, layers, seed: 1 });
    net.compile(CLASSIFIER);
    net.setTrainable(/^[ab]$/, false);
    const failure = await refused(net);
    expect(failure.code).toBe("config/random-frozen");
    expect(failure.message).toContain('"random", below the frozen "b"');
    expect(failure.message).toContain(why);
    net.setTrainable("b", true); // then it stands above the part that is kept, and may vary
    expect((await net.fit(x, y, { ...FIT, cacheFrozen: true })).stopReason).toBe("completed");
  });

  it("more than windowBytes, with the numbers", async () => {
    // 52 rows × (4 + 1) values of 4 bytes, and the 5 that "b" makes of each.
    const net = await network({}, { windowBytes: 52 * 5 * 4 + 52 * 5 * 4 - 1 });
    const data: [unknown, unknown] = [x, Float32Array.from(y)];
    const failure = await refused(net, {}, data);
    expect(failure.code).toBe("memory/cache-too-large");
    expect(failure.message).toContain("52 rows × 5 outputs");
    expect(failure.message).toContain("windowBytes: 2080");
    const enough = await network({}, { windowBytes: 2080 });
    expect((await enough.fit(x, Float32Array.from(y), { ...FIT, cacheFrozen: true })).stopReason).toBe("completed");
    await expectSame(
      () => network({}, { windowBytes: 2200 }),
      () => ({
        ...FIT,
        callbacks: [{ onEpochBegin: (epoch, _logs, { model }) => void (epoch === 1 && model.setTrainable("b", true)) }],
      }),
    ); // from then on six outputs a row, which do not fit: it goes on without
  });

  it("what is no choice, and streams of rows", async () => {
    const net = await network();
    expect((await refused(net, { cacheFrozen: 1 } as object)).code).toBe("config/not-a-boolean");
    async function* stream() {
      yield { x, y };
    }
    expect((await refused(net, {}, [stream(), undefined])).code).toBe("config/not-for-streams");
  });
});
