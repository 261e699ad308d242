import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import { type Callback, loadModel, type Model, sequential, dense } from "../../src/index.js";
import { classifier, expectSameBits, failureOf, samples, stateOf } from "./helpers.js";

const { x, y } = samples(40);
const options = { epochs: 4, batchSize: 8 };

/** Remembers one value, and what it was handed. */
function keeper(value: unknown, name?: string) {
  const handed: unknown[] = [];
  return {
    ...(name !== undefined && { name }),
    handed,
    getState: () => value,
    setState: (s: unknown) => void handed.push(s),
  };
}
const stopped = async (...callbacks: Callback[]): Promise<Model> => {
  const model = await classifier();
  await model.fit(x, y, { ...options, maxSteps: 7, callbacks });
  return model;
};
const resumed = async (model: Model, ...callbacks: Callback[]) =>
  (await loadModel(stateOf(model))).fit(x, y, { ...options, resume: true, callbacks });

describe("a state finds its callback", () => {
  test("by name, wherever it now stands, and by place among those of a name", async () => {
    const model = await stopped(
      keeper("a1", "a"),
      keeper("none1"),
      keeper("b", "b"),
      keeper("a2", "a"),
      keeper("none2"),
    );
    const next = [
      keeper(0),
      keeper(0, "b"),
      { name: "other" },
      keeper(0, "a"),
      keeper(0, "a"),
      keeper(0),
      keeper(0, "a"),
    ];
    await resumed(model, ...next);
    expect(next.map((each) => ("handed" in each ? each.handed : []))).toEqual([
      ["none1"],
      ["b"],
      [],
      ["a1"],
      ["a2"],
      ["none2"],
      [], // there was no third
    ]);
  });

  test("one that is not there any more is forgotten, and only a resume hands states over", async () => {
    const model = await stopped(keeper("a", "a"), keeper("b", "b"));
    await model.fit(x, y, { ...options, maxSteps: 1, resume: true, callbacks: [keeper("b2", "b")] });
    const [a, b] = [keeper(0, "a"), keeper(0, "b")];
    await resumed(model, a, b);
    expect([a.handed, b.handed]).toEqual([[], ["b2"]]);
    const afresh = keeper(0, "b");
    await model.fit(x, y, { ...options, callbacks: [afresh] });
    expect(afresh.handed).toEqual([]);
  });

  test("after onTrainBegin, so that what is reset there stays restored", async () => {
    const heard: string[] = [];
    const callback: Callback = {
      onTrainBegin: (_logs, { resumed }) => void heard.push(`begin ${resumed}`),
      setState: (state, { model }) => void heard.push(`state ${String(state)} ${model.seed}`),
      onEpochBegin: (epoch) => void heard.push(`epoch ${epoch}`),
      getState: () => "s",
    };
    const model = await stopped(callback);
    await model.fit(x, y, { ...options, epochs: 2, resume: true, callbacks: [callback] });
    expect(heard).toEqual(["begin false", "epoch 0", "epoch 1", "begin true", "state s 7", "epoch 1"]);
  });

  test("of files from before names, by place", async () => {
    const file = readSafetensors(stateOf(await stopped()));
    const training = JSON.parse(file.metadata.training!) as Record<string, unknown>;
    const metadata = {
      ...file.metadata,
      training: JSON.stringify({ ...training, callbackStates: [null, { n: 5 }, 7] }),
    };
    const loaded = await loadModel(writeSafetensors([...file.tensors] as never, metadata));
    const callbacks = [keeper(0), keeper(0), keeper(0)];
    await loaded.fit(x, y, { ...options, resume: true, callbacks });
    expect(callbacks.map(({ handed }) => handed)).toEqual([[], [{ n: 5 }], [7]]);
  });
});

describe("what a state may hold", () => {
  const state = {
    weights: { "a/b": Float32Array.of(1, NaN, -0, 1e-45), empty: new Float32Array(0) },
    list: [Float32Array.of(2), [Infinity, { deep: Float32Array.of(3) }]],
    text: "NaN",
    no: null,
    yes: true,
  };

  test("JSON, any number, and arrays, which are tensors in the file", async () => {
    const model = await stopped(keeper(state, "k"));
    const names = [...readSafetensors(stateOf(model)).tensors.keys()].filter((name) => name.startsWith("callbacks/"));
    expect(names).toEqual([0, 1, 2, 3].map((i) => `callbacks/states/${i}`));
    const loaded = await loadModel(stateOf(model));
    expectSameBits(loaded, model);
    const next = keeper(0, "k");
    await loaded.fit(x, y, { ...options, resume: true, callbacks: [next] });
    expect(next.handed).toEqual([state]);
    expect((next.handed[0] as typeof state).list[0]).toBeInstanceOf(Float32Array);
    expect((await loadModel(model.toBytes())).getWeights()).toEqual(model.getWeights()); // no state without training state
  });

  test("a layer may be called callbacks", async () => {
    const model = await sequential({ inputShape: 4, layers: [dense(3, { name: "callbacks", activation: "softmax" })] });
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    await model.fit(x, y, { ...options, maxSteps: 3, callbacks: [keeper(state)] });
    expectSameBits(await loadModel(stateOf(model)), model);
  });

  test.each([
    ["a Map", new Map(), /Map/],
    ["another array", { a: [new Float64Array(1)] }, /Float64Array/],
    ["an object of a class", new Date(0), /Date/],
    ["a function", { f: () => 1 }, /function/],
    ["a big number", 1n, /1/],
    ["our own marks", { $tensor: "hidden/kernel" }, /begins with \$/],
  ])("not %s", async (_, bad, message) => {
    const model = await stopped(keeper(bad));
    const error = await failureOf(() => stateOf(model));
    expect(error.code).toBe("config/bad-callback-state");
    expect(error.message).toMatch(message);
    model.toBytes();
  });

  test("marks in a file lead nowhere else", async () => {
    const file = readSafetensors(stateOf(await stopped(keeper({ a: 1 }, "k"))));
    for (const [from, to] of [
      ['{"a":1}', '{"$tensor":"hidden/kernel"}'],
      ['{"a":1}', '{"$tensor":"callbacks/states/0"}'],
      ['"nth":0', '"nth":"0"'],
      ['"callbacks":[', '"callbacks":[null,'],
      ['"callbacks":[', '"pending":{"hook":"getState","index":0,"logs":{}},"callbacks":['],
      ['"callbacks":[', '"pending":{"hook":"onEpochEnd","index":0,"logs":{"loss":"0"}},"callbacks":['],
      ['"callbacks":[', '"learningRate":0,"callbacks":['],
    ] as const) {
      expect(file.metadata.training).toContain(from);
      const metadata = { ...file.metadata, training: file.metadata.training!.replace(from, to) };
      const error = await failureOf(() => loadModel(writeSafetensors([...file.tensors] as never, metadata)));
      expect(error.code).toMatch(/^model\/bad-(training|weights)$/);
    }
  });
});

describe("who had not heard of a step's or an epoch's end", () => {
  test.each(["onBatchEnd", "onEpochEnd"] as const)(
    "because another threw in %s, hears first when it goes on",
    async (hook) => {
      const model = await classifier();
      const heard: string[] = [];
      const ear = (name: string): Callback => ({ name, [hook]: (i: number) => void heard.push(`${name} ${i}`) });
      const thrower: Callback = { [hook]: (i: number) => (i === 1 ? Promise.reject(new Error("no")) : undefined) };
      const fit = { ...options, epochs: 2 };
      await expect(model.fit(x, y, { ...fit, callbacks: [ear("a"), thrower, ear("b")] })).rejects.toThrow("no");
      const before = [...heard];
      expect(before.slice(-2)).toEqual(["b 0", "a 1"]);
      const loaded = await loadModel(stateOf(model));
      for (const each of [loaded, model]) {
        heard.length = 0;
        await each.fit(x, y, { ...fit, resume: true, callbacks: [ear("new"), ear("b"), ear("a")] });
        const [first, second] = heard;
        expect(first).toBe("b 1"); // and nobody else
        if (hook === "onBatchEnd") expect(second).toBe("new 2");
        else expect(second).toBeUndefined();
      }
    },
  );

  test("hears nothing of it in a fit that begins anew", async () => {
    const model = await classifier();
    const thrower: Callback = { onEpochEnd: () => Promise.reject(new Error("no")) };
    const heard: number[] = [];
    const ear: Callback = { name: "ear", onEpochEnd: (epoch) => void heard.push(epoch) };
    await expect(model.fit(x, y, { ...options, callbacks: [thrower, ear] })).rejects.toThrow("no");
    await model.fit(x, y, { ...options, epochs: 1, callbacks: [ear] });
    expect(heard).toEqual([0]);
  });
});

test("onTrainEnd reaches all, also where one of them throws there; the first error is told", async () => {
  const heard: string[] = [];
  const end = (name: string, fail = false): Callback => ({
    onTrainEnd() {
      heard.push(name);
      if (fail) throw new Error(name);
    },
  });
  const running = (await classifier()).fit(x, y, { callbacks: [end("a"), end("b", true), end("c", true), end("d")] });
  await expect(running).rejects.toThrow(/^b$/);
  expect(heard).toEqual(["a", "b", "c", "d"]);
});

test("a stop that is asked for before the first step comes before it", async () => {
  const model = await classifier();
  const before = model.getWeights();
  const history = await model.fit(x, y, { callbacks: [{ onTrainBegin: () => void (model.stopTraining = true) }] });
  expect(history).toEqual({ epoch: [], history: {}, stopReason: "callback" });
  expect(model.getWeights()).toEqual(before);
});

test("a callback may be an object of a class: its hooks are called on it", async () => {
  class Counter implements Callback {
    readonly name = "counter";
    heard: string[] = [];
    onTrainBegin() {
      this.heard.push("begin");
    }
    onEpochBegin() {
      this.heard.push("epoch");
    }
    onBatchEnd() {
      this.heard.push("batch");
    }
    onEpochEnd() {
      this.heard.push("epochEnd");
    }
    onTrainEnd() {
      this.heard.push("end");
    }
    getState() {
      return this.heard.length;
    }
  }
  const counter = new Counter();
  await (await classifier()).fit(x, y, { batchSize: 40, callbacks: [counter] });
  expect(counter.heard).toEqual(["begin", "epoch", "batch", "epochEnd", "end"]);
});
