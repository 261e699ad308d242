import { describe, expect, test, vi } from "vitest";
import {
  adam,
  batchNorm,
  type Callback,
  dense,
  type FitOptions,
  loadModel,
  maxNorm,
  type Model,
  rescaling,
  sequential,
  sgd,
} from "../../src/index.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import {
  CLASSES,
  classifier,
  expectSameBits,
  failureOf,
  FEATURES,
  LAYERS,
  noise,
  samples,
  stateOf,
  weightsOf,
} from "./helpers.js";

const ROWS = 50;
const { x, y } = samples(ROWS);
const part = (first: number, end = ROWS) =>
  [x.subarray(first * FEATURES, end * FEATURES), y.subarray(first, end)] as const;

/** The model after this fit. */
async function fitted(
  options: FitOptions,
  of: Promise<Model> = classifier(),
  data: readonly [unknown, unknown] = [x, y],
) {
  const model = await of;
  const history = await model.fit(data[0] as Float32Array, data[1] as Int32Array, options);
  return { model, history };
}

describe("what is trained on", () => {
  test("validationSplit holds out the last rows, before shuffling", async () => {
    const options = { epochs: 2, batchSize: 8 };
    const split = await fitted({ ...options, validationSplit: 0.3 });
    const given = await fitted({ ...options, validationData: part(35) }, classifier(), part(0, 35));
    expectSameBits(split.model, given.model);
    expect(split.history).toEqual(given.history);
    expect(Object.keys(split.history.history)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"]);
    expect(split.history.epoch).toEqual([0, 1]);
  });

  test("the figures of validation are those of evaluate at that moment", async () => {
    const model = await classifier();
    const evaluated: object[] = [];
    const { history } = await model.fit(x, y, {
      epochs: 3,
      validationData: part(20),
      callbacks: [{ onEpochEnd: async () => void evaluated.push(await model.evaluate(...part(20))) }],
    });
    expect(evaluated).toEqual(
      [0, 1, 2].map((i) => ({ loss: history.val_loss![i], accuracy: history.val_accuracy![i] })),
    );
  });

  test("an epoch's figures are means over its samples, each before its step", async () => {
    const [model, twin] = [await classifier(), await classifier()];
    const batches = [0, 20, 40].map((first) => part(first, Math.min(first + 20, ROWS)));
    let [loss, right] = [0, 0];
    for (const [bx, by] of batches) {
      const figures = twin.trainOnBatch(bx, by);
      loss += figures.loss! * by.length; // the last batch counts by its 10 rows
      right += figures.accuracy! * by.length;
    }
    const { history } = await model.fit(x, y, { batchSize: 20, shuffle: false });
    expect(history.loss![0]).toBeCloseTo(loss / ROWS, 12);
    expect(history.accuracy![0]).toBeCloseTo(right / ROWS, 12);
    expect(weightsOf(model)).toEqual(weightsOf(twin));
  });

  test("one batch of all rows reports what evaluate says before it", async () => {
    const model = await classifier();
    const before = await model.evaluate(x, y);
    const { history } = await model.fit(x, y, { batchSize: ROWS, shuffle: false });
    expect({ loss: history.loss![0], accuracy: history.accuracy![0] }).toEqual(before);
  });

  test.each([ROWS, ROWS + 1, 2 ** 31, 2 ** 40])("a batch size of %i is one batch of all rows", async (batchSize) => {
    const stepped = await classifier();
    stepped.trainOnBatch(x, y);
    const { model } = await fitted({ batchSize, shuffle: false });
    expect(weightsOf(model)).toEqual(weightsOf(stepped));
    expect(await model.evaluate(x, y, { batchSize })).toEqual(await model.evaluate(x, y));
  });

  test("the same seed gives the same bits, another seed others; shuffling is drawn from it", async () => {
    const options = { epochs: 2, batchSize: 8 };
    const [a, b] = [await fitted(options), await fitted(options)];
    expectSameBits(a.model, b.model);
    expect(a.history).toEqual(b.history);
    const straight = await fitted({ ...options, shuffle: false });
    const other = await fitted(options, classifier({}, { seed: 8 }));
    expect(weightsOf(straight.model)).not.toEqual(weightsOf(a.model));
    expect(weightsOf(other.model)).not.toEqual(weightsOf(a.model));

    // The order comes from the seed too, not only the weights.
    const reseeded = await classifier({}, { seed: 8 });
    reseeded.setWeights((await classifier()).getWeights());
    await reseeded.fit(x, y, options);
    expect(weightsOf(reseeded)).not.toEqual(weightsOf(a.model));
  });

  test("each epoch has an order of its own, also over several calls", async () => {
    const once = await fitted({ epochs: 2, batchSize: 8 });
    const twice = await fitted({ epochs: 1, batchSize: 8 });
    await twice.model.fit(x, y, { epochs: 1, batchSize: 8 });
    expect(weightsOf(twice.model)).toEqual(weightsOf(once.model));
  });

  test("the orders of two epochs differ, and hold the same rows", async () => {
    const model = await classifier({ optimizer: sgd({ learningRate: 1e-30 }) }); // too small to move a weight
    const sums: number[] = [];
    const listener: Callback = { onBatchEnd: (batch, { loss }) => void sums.push(loss! * (batch + 1)) };
    await model.fit(x, y, { epochs: 2, batchSize: 1, callbacks: [listener] });
    const losses = sums.map((sum, i) => Math.round((sum - (i % ROWS ? sums[i - 1]! : 0)) * 1e9) / 1e9);
    const [first, second] = [losses.slice(0, ROWS), losses.slice(ROWS)];
    expect(second).not.toEqual(first);
    expect(second.toSorted()).toEqual(first.toSorted());
  });

  test("the caller's arrays may be overwritten right after the call", async () => {
    for (const windowBytes of [1, 2 ** 20]) {
      const [model, twin] = [await classifier({}, { windowBytes }), await classifier()];
      const own = [x.slice(), y.slice(), x.slice(), y.slice()] as const;
      const running = model.fit(own[0], own[1], { epochs: 2, batchSize: 8, validationData: [own[2], own[3]] });
      for (const array of own) array.fill(0);
      expect(await running).toEqual(await twin.fit(x, y, { epochs: 2, batchSize: 8, validationData: [x, y] }));
      expectSameBits(model, twin);
    }
  });

  test("one-hot targets and labels are the same targets", async () => {
    const oneHot = Array.from(y, (label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
    const [labels, rows] = [await classifier(), await classifier({ loss: "categoricalCrossentropy" })];
    await labels.fit(x, y, { batchSize: 8 });
    await rows.fit(x, oneHot, { batchSize: 8 });
    for (const [name, values] of Object.entries(weightsOf(labels))) {
      weightsOf(rows)[name]!.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
    }
  });

  test("all forms of the same data are the same data", async () => {
    const nested = Array.from({ length: ROWS }, (_, i) => [...x.subarray(i * FEATURES, (i + 1) * FEATURES)]);
    const forms = [
      [nested, [...y]],
      [{ data: x, shape: [ROWS, FEATURES] }, Uint8Array.from(y)],
      [
        { data: [...x], shape: [ROWS, FEATURES] },
        { data: Float32Array.from(y), shape: [ROWS] },
      ],
      [Float64Array.from(x), [...y].map((label) => [label])],
    ] as const;
    const { model } = await fitted({ batchSize: 8 });
    for (const form of forms) {
      expect(weightsOf((await fitted({ batchSize: 8 }, classifier(), form)).model)).toEqual(weightsOf(model));
    }
  });
});

describe("bytes and windows change no bit", () => {
  const bytes = Uint8Array.from(noise(ROWS * FEATURES), (value) => (value + 1) * 127);
  const byteModel = (windowBytes = 2 ** 20) =>
    classifier({}, { layers: [rescaling({ scale: 1 / 255 }), ...LAYERS()], windowBytes });

  test("bytes with rescaling are the scaled numbers", async () => {
    const scaled = Float32Array.from(bytes, (value) => value * Math.fround(1 / 255));
    const raw = await fitted({ epochs: 2, batchSize: 8 }, byteModel(), [bytes, y]);
    const unscaled = classifier({}, { layers: [rescaling({ scale: 1 }), ...LAYERS()] });
    const given = await fitted({ epochs: 2, batchSize: 8 }, unscaled, [scaled, y]);
    const floats = await fitted({ epochs: 2, batchSize: 8 }, byteModel(), [Float32Array.from(bytes), y]);
    expect(raw.history).toEqual(given.history);
    expect(weightsOf(raw.model)).toEqual(weightsOf(given.model));
    expectSameBits(raw.model, floats.model);
  });

  // A row of x and y takes 20 bytes as numbers: less than a row, a batch of 8, two and a bit, nearly all.
  const windows = [1, 8 * 20, 2 * 8 * 20 + 19, ROWS * 20 - 1];
  for (const shuffle of [true, false]) {
    test.each(windows)(`a window of %i bytes, shuffle ${shuffle}`, async (windowBytes) => {
      const options = { epochs: 3, batchSize: 8, shuffle, validationData: [x, y] as const };
      const resident = await fitted(options);
      const windowed = await fitted(options, classifier({}, { windowBytes }));
      expect(windowed.history).toEqual(resident.history);
      expectSameBits(windowed.model, resident.model);

      const byteOptions = { ...options, validationData: [bytes, y] as const };
      const bytesResident = await fitted(byteOptions, byteModel(), [bytes, y]);
      const bytesWindowed = await fitted(byteOptions, byteModel(windowBytes), [bytes, y]);
      expect(bytesWindowed.history).toEqual(bytesResident.history);
      expectSameBits(bytesWindowed.model, bytesResident.model);
    });
  }

  test("evaluate through a window, and predictions in any batches", async () => {
    const [model, windowed] = [await classifier(), await classifier({}, { windowBytes: 1 })];
    const { data, shape } = model.predict(x);
    expect(shape).toEqual([ROWS, CLASSES]);
    const whole = await model.evaluate(x, y);
    for (const batchSize of [1, 2, 3, 7, 16, 49, 50, 51, 1000]) {
      expect(model.predict(x, { batchSize }).data).toEqual(data);
      expect(windowed.predict(x, { batchSize }).data).toEqual(data);
      const figures = await model.evaluate(x, y, { batchSize });
      expect(await windowed.evaluate(x, y, { batchSize })).toEqual(figures);
      expect(figures.loss).toBeCloseTo(whole.loss!, 6);
      expect(figures.accuracy).toBe(whole.accuracy);
    }
  });

  test("a wide network predicts each row by itself, whatever rows stand beside it", async () => {
    const layers = [
      dense(67, { activation: "relu" }),
      dense(33, { activation: "elu" }),
      dense(10, { activation: "softmax" }),
    ];
    const model = await sequential({ inputShape: 131, layers, seed: 1 });
    const rows = noise(23 * 131);
    const { data } = model.predict(rows);
    for (let i = 0; i < 23; i++) {
      expect(model.predict(rows.subarray(i * 131, (i + 1) * 131)).data).toEqual(data.subarray(i * 10, (i + 1) * 10));
    }
    for (const batchSize of [2, 4, 5, 9, 22]) expect(model.predict(rows, { batchSize }).data).toEqual(data);
  });

  test("predictions of more rows than a chunk holds", async () => {
    const model = await sequential({ inputShape: 4096, layers: [dense(4096)], seed: 1 });
    const rows = noise(600 * 4096); // 9.4 MiB in and 9.4 MiB out
    const { data } = model.predict(rows);
    expect(data.slice(-4096)).toEqual(model.predict(rows.subarray(-4096)).data);
    expect(data.slice(0, 4096)).toEqual(model.predict(rows.subarray(0, 4096)).data);
  });
});

describe("callbacks", () => {
  /** Writes down what it hears. */
  const listener = (name: string, heard: string[]): Callback => ({
    onTrainBegin: () => void heard.push(`${name} trainBegin`),
    onEpochBegin: (epoch) => void heard.push(`${name} epochBegin ${epoch}`),
    onBatchEnd: (batch) => void heard.push(`${name} batchEnd ${batch}`),
    onEpochEnd: (epoch) => void heard.push(`${name} epochEnd ${epoch}`),
    onTrainEnd: () => void heard.push(`${name} trainEnd`),
  });

  test("are called in order, each awaited before the next", async () => {
    const heard: string[] = [];
    const slow: Callback = {
      onBatchEnd: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        heard.push(`slow batchEnd ${batch}`);
      },
      onEpochEnd: async (epoch) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        heard.push(`slow epochEnd ${epoch}`);
      },
    };
    await fitted({ epochs: 2, batchSize: 25, callbacks: [slow, listener("a", heard)] });
    const epoch = (i: number) => [
      `a epochBegin ${i}`,
      ...[0, 1].flatMap((batch) => [`slow batchEnd ${batch}`, `a batchEnd ${batch}`]),
      `slow epochEnd ${i}`,
      `a epochEnd ${i}`,
    ];
    expect(heard).toEqual(["a trainBegin", ...epoch(0), ...epoch(1), "a trainEnd"]);
  });

  test("hear running means, and what the run is about", async () => {
    const [model, twin] = [await classifier(), await classifier()];
    const logs: Record<string, number>[] = [];
    const { history } = await model.fit(x, y, {
      batchSize: 20,
      shuffle: false,
      callbacks: [
        {
          onBatchEnd(_, figures, { info }) {
            logs.push({ ...figures });
            expect(info).toEqual({ epochs: 1, batchSize: 20, samples: ROWS, stepsPerEpoch: 3 });
          },
        },
      ],
    });
    expect(logs[0]).toEqual(twin.trainOnBatch(...part(0, 20)));
    expect(logs[2]).toEqual({ loss: history.loss![0], accuracy: history.accuracy![0] });
  });

  test("progress is told at least once an epoch, and in the end of all its steps", async () => {
    const heard: number[] = [];
    await fitted({ epochs: 2, batchSize: 8, callbacks: [{ onProgress: (steps) => void heard.push(steps) }] });
    expect(heard.filter((steps) => steps === 7)).toHaveLength(2);
  });

  test("listening changes no bit", async () => {
    const options = { epochs: 2, batchSize: 8 };
    const heard = await fitted({ ...options, callbacks: [{ onBatchEnd: () => undefined }] });
    expectSameBits(heard.model, (await fitted(options)).model);
  });

  const hooks = ["onTrainBegin", "onEpochBegin", "onBatchEnd", "onProgress", "onEpochEnd", "onTrainEnd"] as const;
  test.each(hooks)(
    "an error in %s rejects the fit, ends it for the others, and leaves the model usable",
    async (hook) => {
      const model = await classifier();
      const ended = vi.fn();
      const failing = { [hook]: () => Promise.reject(new Error(`failed in ${hook}`)) };
      const running = model.fit(x, y, { epochs: 2, batchSize: 8, callbacks: [failing, { onTrainEnd: ended }] });
      await expect(running).rejects.toThrow(`failed in ${hook}`);
      if (hook !== "onTrainEnd") expect(ended).toHaveBeenCalledOnce();
      expect((await model.fit(x, y, { epochs: 2 })).stopReason).toBe("completed");
    },
  );

  test("an error while ending does not hide the first one", async () => {
    const fail = (message: string) => () => {
      throw new Error(message);
    };
    const callbacks = [{ onEpochEnd: fail("the first"), onTrainEnd: fail("the second") }];
    await expect((await classifier()).fit(x, y, { callbacks })).rejects.toThrow("the first");
  });

  test("stopTraining stops after the step under way, from the context and from the model", async () => {
    const model = await classifier();
    const batches: number[] = [];
    const stop: Callback = {
      onBatchEnd(batch, _, context) {
        batches.push(batch);
        if (batch === 2) context.model.stopTraining = true;
      },
    };
    expect((await model.fit(x, y, { epochs: 3, batchSize: 8, callbacks: [stop] })).stopReason).toBe("callback");
    expect(batches).toEqual([0, 1, 2]);

    const stopAfterEpoch = { onEpochEnd: () => void (model.stopTraining = true) };
    const history = await model.fit(x, y, { epochs: 3, callbacks: [stopAfterEpoch] });
    expect(history.stopReason).toBe("callback");
    expect(history.epoch).toEqual([0]);
    expect((await model.fit(x, y, { epochs: 2 })).stopReason).toBe("completed"); // the next fit starts afresh
  });
});

describe("stopping from outside", () => {
  test("a pause never falls into an update: what is read is the state between two steps", async () => {
    const build = async () => {
      const layers = [
        batchNorm(),
        dense(5, { kernelConstraint: maxNorm(0.1) }),
        dense(CLASSES, { activation: "softmax" }),
      ];
      const model = await sequential({ inputShape: FEATURES, layers, seed: 3 });
      model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      return model;
    };
    const [model, twin] = [await build(), await build()];
    const options = { batchSize: 10, shuffle: false };
    const between = [weightsOf(twin)];
    await twin.fit(x, y, { ...options, callbacks: [{ onBatchEnd: () => void between.push(weightsOf(twin)) }] });

    // By a clock that stands still and next to no time to go, a slice is a single record.
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    try {
      let over = false;
      const running = model.fit(x, y, { ...options, maxMs: 1e-9 }).finally(() => (over = true));
      let pauses = 0;
      for (; !over; pauses++) {
        expect(between).toContainEqual(weightsOf(model));
        await Promise.resolve();
      }
      await running;
      expect(pauses).toBeGreaterThan(50);
      expect(weightsOf(model)).toEqual(between.at(-1));
    } finally {
      clock.mockRestore();
    }
  });

  test("a signal that is aborted already refuses before anything changes", async () => {
    const [model, twin] = [await classifier(), await classifier()];
    const reason = new Error("never mind");
    await expect(model.fit(x, y, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expectSameBits(model, twin);
    await model.fit(x, y);
  });

  test("aborting rejects with the reason after a whole step; resume goes on from there", async () => {
    const options = { epochs: 2, batchSize: 8 };
    const model = await classifier();
    const controller = new AbortController();
    const reason = { why: "enough" };
    const callbacks = [{ onBatchEnd: (batch: number) => void (batch === 3 && controller.abort(reason)) }];
    await expect(model.fit(x, y, { ...options, callbacks, signal: controller.signal })).rejects.toBe(reason);
    model.predict(x);
    await model.fit(x, y, { ...options, resume: true });
    expectSameBits(model, (await fitted(options)).model);
  });

  test("aborting during validation, then resuming, validates and goes on", async () => {
    const held = samples(600, 2);
    const options = { epochs: 2, batchSize: 8, validationData: [held.x, held.y] as const };
    const model = await classifier({}, { windowBytes: 1 }); // validation comes in several parts
    const controller = new AbortController();
    const ends = vi.fn();
    const callbacks = [{ onProgress: (steps: number) => void (steps === 7 && controller.abort()), onEpochEnd: ends }];
    await expect(model.fit(x, y, { ...options, callbacks, signal: controller.signal })).rejects.toThrow(/abort/);
    expect(ends).not.toHaveBeenCalled();
    const loaded = await loadModel(stateOf(model));
    const whole = await fitted(options);
    for (const each of [model, loaded]) {
      expect(await each.fit(x, y, { ...options, resume: true })).toEqual(whole.history);
      expectSameBits(each, whole.model);
    }
  });

  test("a timer may abort a long fit", async () => {
    const model = await classifier();
    const running = model.fit(x, y, { epochs: 1e9, signal: AbortSignal.timeout(30) });
    await expect(running).rejects.toThrow(/timeout/i);
    await model.fit(x, y);
  });

  test("maxSteps stops after that many steps of this call", async () => {
    const steps = vi.fn();
    const { model, history } = await fitted({
      epochs: 9,
      batchSize: 8,
      maxSteps: 10,
      callbacks: [{ onBatchEnd: steps }],
    });
    expect(steps).toHaveBeenCalledTimes(10);
    expect(history.stopReason).toBe("maxSteps");
    expect(history.epoch).toEqual([0]);
    const again = await model.fit(x, y, { epochs: 9, batchSize: 8, maxSteps: 7, resume: true });
    expect(again.epoch).toEqual([1]);
    const exact = await fitted({ epochs: 1, batchSize: 8, maxSteps: 7 });
    expect(exact.history.stopReason).toBe("completed");
  });

  test("maxMs stops in time, after a whole step", async () => {
    const model = await classifier();
    const started = performance.now();
    const history = await model.fit(x, y, { epochs: 1e9, batchSize: 8, maxMs: 40 });
    expect(history.stopReason).toBe("maxMs");
    expect(performance.now() - started).toBeGreaterThanOrEqual(40);
    expect(performance.now() - started).toBeLessThan(1000);
    // However many steps those were: they were whole.
    const { step } = JSON.parse(readSafetensors(stateOf(model)).metadata.training!) as { step: number };
    const twin = await fitted({ epochs: 1e9, batchSize: 8, maxSteps: step });
    expect(weightsOf(model)).toEqual(weightsOf(twin.model));
    const brief = await fitted({ epochs: 9, batchSize: 8, maxMs: 1e-6 });
    expect(brief.history.stopReason).toBe("maxMs"); // at least one step is done
    expect(weightsOf(brief.model)).toEqual(weightsOf((await fitted({ batchSize: 8, maxSteps: 1 })).model));
  });
});

describe("resume", () => {
  const optimizers = {
    adam: adam({ learningRate: 0.01 }),
    momentum: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  };
  const options = { epochs: 4, batchSize: 8, validationSplit: 0.2 }; // 40 rows: 5 steps an epoch

  for (const [name, optimizer] of Object.entries(optimizers)) {
    const uninterrupted = async () => fitted(options, classifier({ optimizer }));

    test.each([1, 4, 5, 7, 13, 19])(
      `${name}: stopped after %i steps, in this process and after a load`,
      async (maxSteps) => {
        const whole = await uninterrupted();
        const { model, history } = await fitted({ ...options, maxSteps }, classifier({ optimizer }));
        const loaded = await loadModel(model.toBytes({ includeOptimizer: true }));
        for (const each of [model, loaded]) {
          const rest = await each.fit(x, y, { ...options, resume: true });
          expectSameBits(each, whole.model);
          expect([...history.epoch, ...rest.epoch]).toEqual(whole.history.epoch);
          for (const figure of Object.keys(whole.history.history)) {
            const figures = [...(history.history[figure] ?? []), ...rest.history[figure]!];
            expect(figures).toEqual(whole.history.history[figure]);
          }
        }
      },
    );

    test(`${name}: stopped again and again, each time in another model`, async () => {
      let model = (await fitted({ ...options, maxSteps: 2 }, classifier({ optimizer }))).model;
      for (;;) {
        model = await loadModel(stateOf(model));
        const { stopReason } = await model.fit(x, y, { ...options, resume: true, maxSteps: 3 });
        if (stopReason === "completed") break;
      }
      expectSameBits(model, (await uninterrupted()).model);
    });
  }

  test("through a window", async () => {
    const { model } = await fitted({ ...options, maxSteps: 8 }, classifier({}, { windowBytes: 100 }));
    await model.fit(x, y, { ...options, resume: true });
    expectSameBits(model, (await fitted(options)).model);
  });

  test("saved from a callback, wherever that is", async () => {
    const saved: Uint8Array[] = [];
    const model = await classifier();
    const save = () => void saved.push(stateOf(model));
    await model.fit(x, y, { ...options, callbacks: [{ onBatchEnd: save, onEpochEnd: save }] });
    const whole = stateOf((await fitted(options)).model);
    for (const bytes of saved) {
      const loaded = await loadModel(bytes);
      await loaded.fit(x, y, { ...options, resume: true });
      expect(Buffer.compare(stateOf(loaded), whole)).toBe(0);
    }
    expect(saved).toHaveLength(24);
  });

  test("of a finished fit does nothing, of more epochs only those", async () => {
    const { model } = await fitted(options);
    const before = stateOf(model);
    const history = await model.fit(x, y, { ...options, resume: true });
    expect(history).toEqual({ epoch: [], history: {}, stopReason: "completed" });
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
    expect((await model.fit(x, y, { ...options, epochs: 5, resume: true })).epoch).toEqual([4]);
  });

  test("with other data is refused in the middle of an epoch", async () => {
    const { model } = await fitted({ ...options, maxSteps: 3 });
    const error = await failureOf(() => model.fit(...part(5), { ...options, resume: true }));
    expect(error.code).toBe("data/resume-differs");
    expect(error.message).toMatch(/40 rows.*36/);
    await model.fit(...part(5), options); // from the start it may
  });

  test("callbacks keep their state, over a load and in new callbacks", async () => {
    const counter = () => {
      let count = 0;
      return {
        count: () => count,
        onBatchEnd: () => void count++,
        getState: () => ({ count }),
        setState: (state: unknown) => void ({ count } = state as { count: number }),
      };
    };
    const plain: Callback = {};
    const { model } = await fitted({ ...options, maxSteps: 7, callbacks: [plain, counter()] });
    for (const each of [await loadModel(stateOf(model)), model]) {
      const next = counter();
      await each.fit(x, y, { ...options, resume: true, callbacks: [plain, next] });
      expect(next.count()).toBe(20);
    }
    const afresh = counter();
    await model.fit(x, y, { ...options, epochs: 1, callbacks: [plain, afresh] });
    expect(afresh.count()).toBe(5);
  });
});

describe("frozen and thawed", () => {
  test("between fits: a frozen layer stays, and its optimizer slots too", async () => {
    const model = await classifier();
    await model.fit(x, y, { batchSize: 8 });
    const slots = () => slotsOf(model, "hidden");
    const [before, slotsBefore] = [weightsOf(model), slots()];
    model.getLayer("hidden").trainable = false;
    await model.fit(x, y, { batchSize: 8 });
    expect(weightsOf(model)["hidden/kernel"]).toEqual(before["hidden/kernel"]);
    expect(weightsOf(model)["output/kernel"]).not.toEqual(before["output/kernel"]);
    expect(slots()).toEqual(slotsBefore);
    expect([...model.gradients(x, y).keys()]).toEqual(["output/kernel", "output/bias"]);
    model.getLayer("hidden").trainable = true;
    await model.fit(x, y, { batchSize: 8 });
    expect(weightsOf(model)["hidden/kernel"]).not.toEqual(before["hidden/kernel"]);
  });

  test("in a callback: it takes effect at the next step, as it does between single steps", async () => {
    const [model, twin] = [await classifier(), await classifier()];
    const freezeAt = (each: Model, step: number) => (each.getLayer("hidden").trainable = step < 2 || step > 4);
    await model.fit(x, y, {
      batchSize: 8,
      shuffle: false,
      callbacks: [{ onBatchEnd: (batch) => void freezeAt(model, batch + 1) }],
    });
    for (let step = 0; step * 8 < ROWS; step++) {
      freezeAt(twin, step);
      twin.trainOnBatch(...part(step * 8, Math.min(step * 8 + 8, ROWS)));
    }
    expect(weightsOf(model)).toEqual(weightsOf(twin));
  });

  test("a layer frozen from the start takes no part", async () => {
    const layers = [dense(5, { name: "hidden", trainable: false }), dense(CLASSES, { activation: "softmax" })];
    const { model } = await fitted({ epochs: 2 }, classifier({}, { layers }));
    expect(weightsOf(model)["hidden/kernel"]).toEqual(weightsOf(await classifier({}, { layers }))["hidden/kernel"]);
  });
});

describe("single steps", () => {
  test.each(["sgd", "adam"] as const)(
    "%s: gradients, then applyGradients, is trainOnBatch, in any mixture",
    async (optimizer) => {
      const [model, twin] = [await classifier({ optimizer }), await classifier({ optimizer })];
      for (const apart of [false, true, true, false, true, false, false]) {
        twin.trainOnBatch(x, y);
        if (apart) model.applyGradients(model.gradients(x, y));
        else model.trainOnBatch(x, y);
        expectSameBits(model, twin);
      }
      await model.fit(x, y, { batchSize: 8 });
      await twin.fit(x, y, { batchSize: 8 });
      expectSameBits(model, twin);
    },
  );

  test("gradients change nothing", async () => {
    const model = await classifier();
    model.trainOnBatch(x, y);
    const before = stateOf(model);
    expect(model.gradients(x, y)).toEqual(model.gradients(x, y));
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });

  test("batches may grow and shrink", async () => {
    const model = await classifier({ optimizer: "sgd" });
    const sizes = [1, 7, 50, 3, 50, 1];
    const losses = sizes.map((rows) => model.trainOnBatch(...part(0, rows)).loss!);
    const twins = await Promise.all(sizes.map(() => classifier({ optimizer: "sgd" })));
    // Each step by a model of its own, which saw no other size.
    sizes.forEach((rows, i) => {
      if (i > 0) twins[i]!.setWeights(twins[i - 1]!.getWeights());
      expect(twins[i]!.trainOnBatch(...part(0, rows)).loss).toBe(losses[i]);
    });
  });

  test("compile starts afresh, with the weights as they are", async () => {
    const model = await classifier();
    await model.fit(x, y, { batchSize: 8, maxSteps: 3 });
    const weights = model.getWeights();
    const fresh = await classifier({ optimizer: "sgd" });
    fresh.setWeights(weights);
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    await model.fit(x, y, { resume: true });
    await fresh.fit(x, y);
    expectSameBits(model, fresh);
  });

  test("setWeights writes those that are given, copies of what getWeights returned", async () => {
    const [a, b] = [await classifier(), await classifier({}, { seed: 8 })];
    const weights = a.getWeights();
    b.setWeights(weights);
    expect(weightsOf(b)).toEqual(weightsOf(a));
    weights.get("output/bias")!.data.fill(9);
    expect(weightsOf(b)).toEqual(weightsOf(a));
    b.setWeights(new Map([["output/bias", { data: Float32Array.of(1, 2, 3), shape: [3] }]]), { strict: false });
    expect(weightsOf(b)).toEqual({ ...weightsOf(a), "output/bias": [1, 2, 3] });
  });
});

/** The optimizer's slots of a layer, from the file that holds them. */
function slotsOf(model: Model, layer: string): [string, number[]][] {
  const { tensors } = readSafetensors(stateOf(model));
  return [...tensors]
    .filter(([name]) => name.startsWith("optimizer/") && name.includes(`/${layer}/`))
    .map(([name, { data }]) => [name, [...data]]);
}
