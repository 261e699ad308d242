// fit({ worker: true }), held to the same fit in this thread. The worker's script is the one that was built last.

import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import {
  adam,
  type Callback,
  cosineDecay,
  defineLayer,
  defineLoss,
  dense,
  dropout,
  batchNorm,
  earlyStopping,
  type FitOptions,
  type History,
  input,
  add,
  loadModel,
  model as graph,
  type Model,
  reduceLROnPlateau,
  sequential,
  sgd,
  type WorkerOptions,
} from "../../src/index.js";

const BUILD = new URL("../../build/src/", import.meta.url);
const script = new URL("worker/train.js", BUILD);
const worker = { script };

const rows = (count: number, width: number, seed = 7919) =>
  Float32Array.from({ length: count * width }, (_, i) => Math.fround(((i * seed) % 2003) / 1001.5 - 1));
const [x, labels] = [rows(210, 6), Uint8Array.from({ length: 210 }, (_, i) => (i * i) % 3)];

async function network(options: { threads?: number; ema?: boolean } = {}): Promise<Model> {
  const layers = [
    dense(16, { activation: "tanh", name: "lower" }),
    batchNorm(),
    dropout(0.2),
    dense(3, { activation: "softmax", name: "upper" }),
  ];
  const model = await sequential({ inputShape: 6, layers, seed: 3, threads: options.threads ?? 1 });
  model.compile({
    optimizer: adam({ learningRate: 0.01, ...(options.ema && { ema: 0.9 }) }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const stateOf = (model: Model) => Buffer.from(model.toBytes({ includeOptimizer: true })).toString("base64");

/** The same fits in this thread and in a worker, and that their models and histories are alike to the bit. */
async function same(
  make: () => Promise<Model>,
  ...fits: (FitOptions | (() => FitOptions))[]
): Promise<[History, History]> {
  const [here, there] = [await make(), await make()];
  let histories: [History, History] | undefined;
  for (const fit of fits) {
    const options = () => (typeof fit === "function" ? fit() : fit);
    histories = [await here.fit(x, labels, options()), await there.fit(x, labels, { worker, ...options() })];
    expect(histories[1]).toEqual(histories[0]);
    expect(stateOf(there)).toBe(stateOf(here));
  }
  expect(there.predict(x)).toEqual(here.predict(x));
  return histories!;
}

const common = { batchSize: 32, epochs: 3 };

describe("a worker trains to the bits of this thread", () => {
  it.each<[string, FitOptions]>([
    ["as it is", {}],
    ["in order", { shuffle: false }],
    ["with a split", { validationSplit: 0.3 }],
    ["with validation data", { validationData: [x.slice(0, 60), labels.slice(0, 10)] }],
    [
      "with weights",
      { classWeight: { 1: 4 }, sampleWeight: Array.from(labels, (label) => 1 + label), validationSplit: 0.2 },
    ],
    ["with accumulated steps", { accumulateSteps: 3 }],
  ])("%s", async (_, options) => {
    const [{ stopReason, epoch }] = await same(network, { ...common, ...options });
    expect({ stopReason, epoch }).toEqual({ stopReason: "completed", epoch: [0, 1, 2] });
  });

  it("stopped in the midst of epochs and of groups, and gone on with, there or here", async () => {
    const options = { ...common, accumulateSteps: 2 };
    const [{ stopReason }] = await same(
      network,
      { ...options, maxSteps: 3 },
      { ...options, maxSteps: 6, resume: true },
    );
    expect(stopReason).toBe("maxSteps");
    const [mixed, straight] = [await network(), await network()];
    await straight.fit(x, labels, options);
    await mixed.fit(x, labels, { ...options, worker, maxSteps: 3 });
    await mixed.fit(x, labels, { ...options, maxSteps: 2, resume: true });
    const loaded = await loadModel(mixed.toBytes({ includeOptimizer: true }));
    await loaded.fit(x, labels, { ...options, worker, resume: true });
    expect(stateOf(loaded)).toBe(stateOf(straight));
  });

  it("with averages, frozen parts that are kept, threads, and a schedule", async () => {
    await same(() => network({ ema: true }), common);
    const frozen = async () => {
      const model = await network();
      model.getLayer("lower").trainable = false;
      model.getLayer("upper").learningRateMultiplier = 0.5;
      return model;
    };
    await same(frozen, { ...common, cacheFrozen: true, validationSplit: 0.2 });
    await same(() => network({ threads: 2 }), common);
    await same(async () => {
      const model = await network();
      const schedule = cosineDecay({ initialLearningRate: 0.1, decaySteps: 15 });
      model.compile({ optimizer: sgd({ learningRate: schedule }), loss: "sparseCategoricalCrossentropy" });
      return model;
    }, common);
  });

  it("with several inputs, where these share a buffer", async () => {
    const make = async () => {
      const [a, b] = [input(3, { name: "a" }), input(3, { name: "b" })];
      const net = await graph({ inputs: [a, b], outputs: dense(3).apply(add([a, b])), seed: 1 });
      net.compile({ optimizer: "adam", loss: "meanSquaredError" });
      return net;
    };
    const [here, there] = [await make(), await make()];
    const both = { a: x.subarray(0, 60), b: x.subarray(60, 120) };
    await here.fit(both, x.subarray(120, 180), common);
    await there.fit(both, x.subarray(120, 180), { ...common, worker });
    expect(stateOf(there)).toBe(stateOf(here));
  });

  it("says what was not finite", async () => {
    const make = async () => {
      const model = await sequential({ inputShape: 6, layers: [dense(4), dense(1)], seed: 1 });
      model.compile({ optimizer: sgd({ learningRate: 1e6 }), loss: "meanSquaredError" });
      return model;
    };
    const [{ stopReason, detail }] = await same(make, { ...common, epochs: 50, batchSize: 1 });
    expect({ stopReason, detail }).toMatchObject({ stopReason: "nonFinite", detail: expect.stringContaining("epoch") });
  });

  it("stops by the clock, which counts from the call", async () => {
    const model = await network();
    const began = performance.now();
    const { stopReason } = await model.fit(x, labels, { epochs: 1e6, maxMs: 300, worker });
    expect(stopReason).toBe("maxMs");
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe("callbacks of a fit in a worker", () => {
  /** Writes down all that is awaited. */
  function recorder(heard: unknown[], act: (hook: string, index: number, model: Model) => unknown = () => 0): Callback {
    const hook =
      (name: string): Callback["onEpochEnd"] =>
      async (index, logs, { model, info, resumed }) => {
        heard.push([
          name,
          index,
          logs,
          info,
          resumed,
          model.learningRate,
          [...model.getWeights().values()][0]!.data[0],
        ]);
        await new Promise((resolve) => setTimeout(resolve, 1));
        await act(name, index, model);
      };
    return {
      name: "recorder",
      onTrainBegin: (logs) => void heard.push(["begin", logs]),
      onEpochBegin: hook("epochBegin")!,
      onBatchEnd: hook("batchEnd")!,
      onEpochEnd: hook("epochEnd")!,
      onTrainEnd: (logs) => void heard.push(["end", logs]),
      getState: () => ({ heard: heard.length }),
    };
  }

  it("hear the same, in this thread", async () => {
    const heard: unknown[][] = [[], []];
    let call = 0;
    await same(network, () => ({ ...common, validationSplit: 0.2, callbacks: [recorder(heard[call++]!)] }));
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[0]).toHaveLength(2 + 3 * (1 + 6 + 1));
  });

  it("change rates, freeze, and stop, from the very next step on", async () => {
    const act = (hook: string, index: number, model: Model) => {
      if (hook === "batchEnd" && index === 1) model.learningRate *= 0.7;
      if (hook === "batchEnd" && index === 3) model.getLayer("lower").trainable = !model.getLayer("lower").trainable;
      if (hook === "epochEnd") model.getLayer("upper").learningRateMultiplier = 0.1;
      if (hook === "batchEnd" && index === 4 && model.getLayer("upper").learningRateMultiplier < 1)
        model.stopTraining = true;
    };
    const [{ stopReason }] = await same(
      network,
      () => ({ ...common, callbacks: [recorder([], act)] }),
      () => ({
        ...common,
        resume: true,
        callbacks: [recorder([])],
      }),
    );
    expect(stopReason).toBe("completed");
  });

  it("restore the best weights, lower the rate, and write weights", async () => {
    const noise: Callback = {
      onEpochEnd(epoch, _, { model, setWeights }) {
        const weights = model.getWeights();
        if (epoch === 2)
          setWeights(
            new Map([...weights].map(([name, { data, shape }]) => [name, { data: data.map((w) => -w), shape }])),
          );
      },
    };
    const callbacks = () => [
      noise,
      reduceLROnPlateau({ patience: 1, factor: 0.5 }),
      earlyStopping({ patience: 3, restoreBestWeights: true }),
    ];
    const [{ stopReason }] = await same(network, () => ({
      ...common,
      epochs: 60,
      validationSplit: 0.3,
      callbacks: callbacks(),
    }));
    expect(stopReason).toBe("earlyStopping");
  });

  it("observe", async () => {
    const seen: unknown[][] = [[], []];
    let call = 0;
    await same(network, () => {
      const list = seen[call++]!;
      return {
        ...common,
        callbacks: [{ observeEvery: 4, onObservation: (observation) => void list.push(structuredClone(observation)) }],
      };
    });
    expect(seen[0]!.length).toBeGreaterThan(3);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("reject with what they throw, and the model is as after that step", async () => {
    const boom = new TypeError("boom");
    let ended = 0;
    const thrower = (): Callback => ({
      onBatchEnd(batch) {
        if (batch === 2) throw boom;
      },
      onTrainEnd: () => void ended++,
    });
    const [here, there] = [await network(), await network()];
    await expect(here.fit(x, labels, { ...common, callbacks: [thrower()] })).rejects.toBe(boom);
    await expect(there.fit(x, labels, { ...common, worker, callbacks: [thrower()] })).rejects.toBe(boom);
    expect(ended).toBe(2);
    expect(stateOf(there)).toBe(stateOf(here));
    await expect(
      there.fit(x, labels, { worker, callbacks: [{ onTrainBegin: () => Promise.reject(boom) }] }),
    ).rejects.toBe(boom);
  });

  it("hear of progress while training goes on, and a stop from there or from anywhere arrives", async () => {
    const model = await network();
    let heard = 0;
    const callbacks: Callback[] = [
      {
        async onProgress(_, logs) {
          expect(logs.loss).toBeGreaterThan(0);
          await new Promise((resolve) => setTimeout(resolve, 5));
          heard++;
        },
      },
    ];
    callbacks.push({
      onEpochBegin: (epoch) => void (epoch === 0 && setTimeout(() => (model.stopTraining = true), 400)),
    });
    expect(await model.fit(x, labels, { epochs: 1e6, worker, callbacks })).toMatchObject({ stopReason: "callback" });
    expect(heard).toBeGreaterThan(3);

    const early = model.fit(x, labels, { epochs: 1e6, worker });
    model.stopTraining = true; // while the worker starts
    expect(await early).toMatchObject({ stopReason: "callback", epoch: [] });
  });
});

describe("while a worker trains", () => {
  it("predict uses the weights of the last epoch's end, reading is allowed, and changing is not", async () => {
    const [model, twin] = [await network(), await network()];
    const known = [twin.predict(x).data];
    for (let epochs = 1; epochs <= 4; epochs++) {
      await twin.fit(x, labels, { batchSize: 2, epochs, resume: true });
      known.push(twin.predict(x).data);
    }
    const fit = model.fit(x, labels, { batchSize: 2, epochs: 4, worker });
    expect(() => model.setWeights(model.getWeights())).toThrow(/being trained/);
    await expect(model.fit(x, labels)).rejects.toMatchObject({ code: "model/busy" });
    let done = false;
    void fit.then(() => (done = true));
    const seen = new Set<number>();
    while (!done) {
      const { data } = model.predict(x);
      const epoch = known.findIndex((predicted) => Buffer.from(predicted.buffer).equals(Buffer.from(data.buffer)));
      expect(epoch).toBeGreaterThanOrEqual(0);
      seen.add(epoch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(model.predict(x).data).toEqual(known[4]);
  });

  it("a signal stops it within a slice, with its reason, and the whole steps are kept", async () => {
    const model = await network();
    const controller = new AbortController();
    let aborted = 0;
    const abort = () => {
      aborted = performance.now();
      controller.abort(new RangeError("enough"));
    };
    const callbacks: Callback[] = [{ onEpochBegin: (epoch) => void (epoch === 0 && setTimeout(abort, 200)) }];
    const fit = model.fit(x, labels, { epochs: 1e6, worker, callbacks, signal: controller.signal });
    await expect(fit).rejects.toMatchObject({ name: "RangeError", message: "enough" });
    expect(performance.now() - aborted).toBeLessThan(1000); // a slice is 10 ms; a shared machine pauses
    const straight = await network();
    await straight.fit(x, labels, { epochs: 1e6, maxSteps: stepsOf(model) });
    expect(stateOf(model)).toBe(stateOf(straight));
    await expect(model.fit(x, labels, { worker, signal: AbortSignal.abort("before") })).rejects.toBe("before");
    const another = new AbortController();
    const begins: Callback = { onTrainBegin: () => another.abort("as it begins") };
    const doomed = model.fit(x, labels, { epochs: 1e6, worker, signal: another.signal, callbacks: [begins] });
    await expect(doomed).rejects.toBe("as it begins");
  });

  /** Optimizer steps, out of the file. */
  function stepsOf(model: Model): number {
    const text = Buffer.from(model.toBytes({ includeOptimizer: true })).toString("latin1");
    return Number(/\\"step\\":(\d+)/.exec(text)![1]);
  }

  it("the caller's arrays stay, unless it hands them over", async () => {
    const [model, twin] = [await network(), await network()];
    const [xs, ys] = [x.slice(), labels.slice()];
    const fit = model.fit(xs, ys, { ...common, validationSplit: 0.2, worker });
    xs.fill(0); // copied when the call was made
    await fit;
    await twin.fit(x, labels, { ...common, validationSplit: 0.2 });
    expect(stateOf(model)).toBe(stateOf(twin));
    expect(ys).toEqual(labels);

    const [gone, part] = [x.slice(), new Uint8Array(300)];
    part.set(labels);
    const again = model.fit(gone, part.subarray(0, 210), {
      ...common,
      validationSplit: 0.2,
      worker: { script, transfer: true },
    });
    await again;
    expect(gone).toHaveLength(0);
    expect(part).toHaveLength(300); // it does not fill its buffer, so others may look at that
    await twin.fit(x, labels, { ...common, validationSplit: 0.2 });
    expect(stateOf(model)).toBe(stateOf(twin));
  });
});

describe("a worker that dies", () => {
  const dying = (when: string) =>
    new URL(`data:text/javascript,${encodeURIComponent(`export const customObjects = {}; ${when}`)}`);

  afterEach(() => expect(process.exitCode).toBeUndefined());

  it.each([
    ["at its start", "process.exit(7);", 0], // as if the call had not been made
    ["in the midst of training", "setTimeout(() => process.exit(7), 1500);", 1],
    ["of an error that nobody catches", "setTimeout(() => { throw new Error('lost') }, 1500);", 1],
  ])("%s: a typed error, and the model is as at its last epoch's end", async (_, when, least) => {
    const [model, twin] = [await network(), await network()];
    let epochs = 0;
    let ended = 0;
    const callbacks: Callback[] = [
      { onEpochEnd: (epoch) => void (epochs = epoch + 1), onTrainEnd: () => void ended++ },
    ];
    const fit = model.fit(x, labels, { batchSize: 4, epochs: 1e6, callbacks, worker: { script, module: dying(when) } });
    await expect(fit).rejects.toMatchObject({
      code: "worker/died",
      message: expect.stringMatching(/exit code 7|lost/),
    });
    expect(epochs).toBeGreaterThanOrEqual(least);
    expect(ended).toBe(least);
    if (epochs > 0) await twin.fit(x, labels, { batchSize: 4, epochs });
    expect(model.predict(x)).toEqual(twin.predict(x));
    await model.fit(x, labels, { batchSize: 4, epochs: epochs + 2, resume: true, worker });
    await twin.fit(x, labels, { batchSize: 4, epochs: epochs + 2, resume: true });
    expect(model.predict(x)).toEqual(twin.predict(x));
  });

  it("or never was", async () => {
    const model = await network();
    const fit = model.fit(x, labels, { worker: { script: new URL("nothing.js", BUILD) } });
    await expect(fit).rejects.toMatchObject({ code: "worker/died" });
    expect(await model.fit(x, labels)).toMatchObject({ stopReason: "completed" });
  });
});

describe("parts of one's own", () => {
  const Double = defineLayer({
    className: "Double",
    emit: ({ ops }, value) => ops.mul(value, 2),
  });
  const quartic = defineLoss({
    name: "quartic",
    emit: ({ ops }, predictions, targets) => ops.square(ops.square(ops.sub(predictions, targets))),
  });
  const make = async () => {
    const model = await sequential({ inputShape: 6, layers: [dense(3), Double({ name: "twice" })], seed: 4 });
    model.compile({ optimizer: "adam", loss: quartic() });
    return model;
  };
  const y = rows(210, 3, 31);

  it("are refused by name, or imported by the worker", async () => {
    const [here, there] = [await make(), await make()];
    await expect(there.fit(x, y, { worker })).rejects.toMatchObject({
      code: "worker/functions",
      message: expect.stringMatching(/layer "twice" \(Double\), loss quartic.*module: new URL/) as string,
    });
    const module = new URL("workerParts.js", import.meta.url);
    await there.fit(x, y, { ...common, worker: { script, module } });
    await here.fit(x, y, common);
    expect(stateOf(there)).toBe(stateOf(here));
  });

  it.each([
    ["exports none", "data:text/javascript,export const other = 1"],
    ["cannot be imported", "file:///nowhere/parts.js"],
  ])("a module that %s", async (_, module) => {
    const model = await make();
    const before = stateOf(model);
    await expect(model.fit(x, y, { worker: { script, module } })).rejects.toMatchObject({ code: "worker/bad-module" });
    expect(stateOf(model)).toBe(before);
  });

  it("metrics that are functions are refused where they would be computed", async () => {
    const model = await network();
    const metrics = [
      function mine() {
        return 1;
      },
    ];
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics });
    const refused = model.fit(x, labels, { worker, validationSplit: 0.5 });
    await expect(refused).rejects.toMatchObject({
      code: "worker/functions",
      message: expect.stringMatching(/mine/) as string,
    });
    expect(await model.fit(x, labels, { worker })).toMatchObject({ stopReason: "completed" });
  });
});

describe("options of worker", () => {
  it.each<[unknown, string]>([
    [{ transfers: true }, "config/unknown-option"],
    ["yes", "config/not-options"],
    [{ transfer: 1 }, "config/not-a-boolean"],
    [{ module: "./parts.js" }, "worker/bad-address"],
    [{ script: 5 }, "worker/bad-address"],
  ])("%j", async (given, code) => {
    const model = await network();
    const before = stateOf(model);
    await expect(model.fit(x, labels, { worker: given as WorkerOptions })).rejects.toMatchObject({ code });
    expect(stateOf(model)).toBe(before);
  });

  it("false is none", async () => {
    expect(await (await network()).fit(x, labels, { worker: false })).toMatchObject({ stopReason: "completed" });
  });
});

describe("the process", () => {
  it("ends when all is done, and finds the script by itself", () => {
    const program = `
      import { dense, sequential } from ${JSON.stringify(new URL("index.js", BUILD).href)};
      const model = await sequential({ inputShape: 4, layers: [dense(2)], seed: 1 });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      for (let i = 0; i < 2; i++) {
        const { stopReason } = await model.fit(new Float32Array(400), new Float32Array(200), { worker: true, epochs: 2 });
        console.log(stopReason);
      }
      globalThis.kept = model;`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-"], {
      input: program,
      encoding: "utf8",
      timeout: 60_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "completed\ncompleted\n", stderr: "" });
  });
});
