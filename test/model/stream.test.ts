import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adam,
  type Callback,
  type Chunk,
  type ChunkSource,
  dense,
  type FitOptions,
  input,
  loadModel,
  model as graph,
  type Model,
  add,
} from "../../src/index.js";
import { ShuffleBuffer } from "../../src/model/stream/shuffleBuffer.js";
import { classifier, expectSameBits, failureOf, FEATURES, noise, samples, stateOf, weightsOf } from "./helpers.js";
import { cut, drawnOrder, inOrder } from "./streams.js";

const ROWS = 50;
const data = samples(ROWS);
const { x, y } = data;
const SEED = 7; // the classifier's

async function fitted(source: ChunkSource, options: FitOptions, model?: Model) {
  const net = model ?? (await classifier());
  return { model: net, history: await net.fit(source, options) };
}

async function fittedArrays(rows: typeof data, options: FitOptions) {
  const model = await classifier();
  return { model, history: await model.fit(rows.x, rows.y, { shuffle: false, ...options }) };
}

/** Sizes of chunks from 1 to more than there are rows. */
const sizes = fc.array(fc.integer({ min: 1, max: ROWS + 3 }), { minLength: 1, maxLength: 5 });

describe("the rows of a stream", () => {
  test("in order, however they are cut: the bits of the same rows in arrays", async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (cuts, batchSize, n) => {
          const options = { epochs: 2, batchSize, accumulateSteps: n, shuffle: false };
          const [streamed, whole] = [await fitted(() => cut(data, cuts), options), await fittedArrays(data, options)];
          expect(streamed.history).toEqual(whole.history);
          expectSameBits(streamed.model, whole.model);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("shuffled, however they are cut: those of the order that the buffer draws from the seed", async () => {
    const buffer = fc.constantFrom(1, 2, 7, 49, 50, 51, 8192);
    await fc.assert(
      fc.asyncProperty(sizes, buffer, fc.constantFrom(1, 8, 25, 64), async (cuts, shuffleBuffer, batchSize) => {
        const streamed = await fitted(() => cut(data, cuts), { batchSize, shuffleBuffer });
        const order = drawnOrder(ROWS, shuffleBuffer, SEED, 1);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, i) => i));
        const whole = await fittedArrays(inOrder(data, order), { batchSize });
        expect(streamed.history).toEqual(whole.history);
        expectSameBits(streamed.model, whole.model);
      }),
      { numRuns: 40 },
    );
  });

  test("each epoch has an order of its own, and the same seed the same bits", async () => {
    const options = { epochs: 3, batchSize: 8, shuffleBuffer: 20 };
    const streamed = await fitted(() => cut(data, [7]), options);
    const model = await classifier();
    for (const epoch of [1, 2, 3]) {
      const rows = inOrder(data, drawnOrder(ROWS, 20, SEED, epoch));
      await model.fit(rows.x, rows.y, { batchSize: 8, shuffle: false });
    }
    expect(weightsOf(streamed.model)).toEqual(weightsOf(model));
    expectSameBits(streamed.model, (await fitted(() => cut(data, [13, 2]), options)).model);
  });

  test("more rows than the window has room for", async () => {
    const many = samples(3000);
    const options = { batchSize: 300, shuffle: false };
    const streamed = await fitted(() => cut(many, [1700, 1, 444]), options);
    expectSameBits(streamed.model, (await fittedArrays(many, options)).model);
    const shuffled = await fitted(() => cut(many, [1700, 1, 444]), { batchSize: 300, shuffleBuffer: 700 });
    const whole = await fittedArrays(inOrder(many, drawnOrder(3000, 700, SEED, 1)), { batchSize: 300 });
    expectSameBits(shuffled.model, whole.model);
  });

  test("from a buffer of all rows any order is equally likely", () => {
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let epoch = 1; epoch <= draws; epoch++) {
      const buffer = new ShuffleBuffer(4, 3, epoch);
      for (let row = 0; row < 4; row++) buffer.put(row);
      const order = Array.from({ length: 4 }, () => buffer.take()).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - draws / 24) ** 2 / (draws / 24), 0);
    expect(chi2).toBeLessThan(49.73); // the 0.999 quantile for 23 degrees of freedom
  });

  test("bytes stay bytes, and give the bits of those in arrays", async () => {
    const bytes = Uint8Array.from({ length: ROWS * FEATURES }, (_, i) => (i * 37) % 256);
    const net = async () => classifier();
    const [streamed, whole] = [await net(), await net()];
    const source = () =>
      [0, 20].map((first) => ({
        x: bytes.subarray(first * 4, (first + 20 + first / 2) * 4),
        y: y.subarray(first, first + 20 + first / 2),
      }));
    await streamed.fit(source, { shuffle: false });
    await whole.fit(bytes, y, { shuffle: false });
    expectSameBits(streamed, whole);
  });

  test("weights of rows and classes", async () => {
    const sampleWeight = noise(ROWS, 3).map(Math.abs);
    const options = { epochs: 2, batchSize: 8, shuffle: false, classWeight: { 1: 3 } };
    const streamed = await fitted(() => cut(data, [9], sampleWeight), options);
    const whole = await fittedArrays(data, { ...options, sampleWeight });
    expect(streamed.history).toEqual(whole.history);
    expectSameBits(streamed.model, whole.model);
    const classes = await fitted(() => cut(data, [9]), options);
    expectSameBits(classes.model, (await fittedArrays(data, options)).model);
  });

  test("several inputs by name; nested arrays; promises of iterables; sync and async", async () => {
    const net = async () => {
      const [a, b] = [input(2, { name: "a" }), input(2, { name: "b" })];
      const h = add([dense(3, { name: "left" }).apply(a), dense(3, { name: "right" }).apply(b)]);
      const made = await graph({ inputs: [a, b], outputs: dense(1, { name: "out" }).apply(h), seed: 3 });
      made.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return made;
    };
    const rows = Array.from({ length: 6 }, (_, i) => [i / 6, (i * i) / 36]);
    const targets = rows.map(([a]) => [a! * 2]);
    const [streamed, whole] = [await net(), await net()];
    await whole.fit({ a: rows, b: rows }, targets, { batchSize: 4, shuffle: false });
    const chunk = (first: number, end: number) => {
      const part = rows.slice(first, end);
      return { x: { a: part, b: part }, y: targets.slice(first, end) };
    };
    await streamed.fit(async () => [chunk(0, 5), chunk(5, 6)], undefined, { batchSize: 4, shuffle: false });
    expect(weightsOf(streamed as Model)).toEqual(weightsOf(whole as Model));
  });

  test("a source may use its arrays again", async () => {
    async function* reusing(): AsyncGenerator<Chunk> {
      const chunk = { x: new Float32Array(10 * FEATURES), y: new Int32Array(10) };
      for (let first = 0; first < ROWS; first += 10) {
        chunk.x.set(x.subarray(first * FEATURES, (first + 10) * FEATURES));
        chunk.y.set(y.subarray(first, first + 10));
        yield chunk;
      }
    }
    const options = { batchSize: 8, shuffle: false };
    const streamed = await fitted(reusing, { ...options, readAhead: 3 });
    expectSameBits(streamed.model, (await fittedArrays(data, options)).model);
  });
});

describe("validation and evaluation", () => {
  test("a stream gives the figures of arrays", async () => {
    const model = await classifier();
    const figures = await model.evaluate(x, y);
    for (const cuts of [[7], [256], [1, 30]]) {
      expect(await model.evaluate(() => cut(data, cuts))).toEqual(figures);
      expect(await model.evaluate(cut(data, cuts), { batchSize: 16, readAhead: 2 })).toEqual(
        await model.evaluate(x, y, { batchSize: 16 }),
      );
    }
    const sampleWeight = noise(ROWS, 3).map(Math.abs);
    expect(await model.evaluate(() => cut(data, [7], sampleWeight), undefined, {})).toEqual(
      await model.evaluate(x, y, { sampleWeight }),
    );
  });

  test("validationData may be a stream, of arrays as of a stream", async () => {
    const options = { epochs: 3, batchSize: 8, shuffle: false };
    const held = samples(20, 5);
    const whole = await fittedArrays(data, { ...options, validationData: [held.x, held.y] });
    const source = () => cut(held, [6]);
    expect((await fittedArrays(data, { ...options, validationData: source })).history).toEqual(whole.history);
    const streamed = await fitted(() => cut(data, [7]), { ...options, validationData: source });
    expect(streamed.history).toEqual(whole.history);
    const mixed = await fitted(() => cut(data, [7]), { ...options, validationData: [held.x, held.y] });
    expect(mixed.history).toEqual(whole.history);
  });
});

describe("resume", () => {
  const options: FitOptions = { epochs: 3, batchSize: 8, shuffleBuffer: 20 };
  const source = () => cut(data, [9, 4]);

  test.each([
    ["from epoch to epoch", options],
    ["within stepsPerEpoch", { ...options, stepsPerEpoch: 5 }],
    ["with accumulated batches", { ...options, accumulateSteps: 3 }],
    ["in order", { ...options, shuffle: false }],
  ])("%s: stopped anywhere and loaded, the bits of never stopped", async (_, options) => {
    const whole = await fitted(source, options);
    for (const maxSteps of [1, 3, 5, 7, 8, 13]) {
      let model = await classifier();
      await model.fit(source, { ...options, maxSteps });
      for (let again = 0; again < 30; again++) {
        model = await loadModel(stateOf(model));
        const { stopReason } = await model.fit(source, { ...options, maxSteps, resume: true });
        if (stopReason === "completed") break;
      }
      expectSameBits(model, whole.model);
    }
  });

  test("aborted at the epoch's end, before its validation: goes on with that", async () => {
    const held = samples(20, 5);
    const whole = await fitted(source, { ...options, validationData: [held.x, held.y] });
    const model = await classifier();
    const broken = async () => Promise.reject(new Error("no such file"));
    await expect(model.fit(source, { ...options, validationData: broken })).rejects.toThrow("no such file");
    const again = await model.fit(source, { ...options, validationData: [held.x, held.y], resume: true });
    expect(again.history).toEqual(whole.history.history);
    expectSameBits(model, whole.model);
  });

  test("other rows are refused", async () => {
    const model = await classifier();
    await model.fit(source, { ...options, maxSteps: 4 });
    const before = weightsOf(model);
    const short = samples(30);
    for (const attempt of [
      () => model.fit(() => cut(short, [9]), { ...options, resume: true }),
      () => model.fit(x, y, { ...{ epochs: 3, batchSize: 8 }, resume: true }),
    ]) {
      expect((await failureOf(attempt)).code).toBe("data/resume-differs");
      expect(weightsOf(model)).toEqual(before);
    }
    const ofArrays = await classifier();
    await ofArrays.fit(x, y, { maxSteps: 1 });
    const error = await failureOf(() => ofArrays.fit(source, { resume: true }));
    expect(error).toMatchObject({ code: "data/resume-differs", message: expect.stringContaining("50 rows of arrays") });
  });
});

describe("stepsPerEpoch", () => {
  test("epochs read on, also in a one-shot endless stream, and a source that ends begins anew", async () => {
    const twice = { x: Float32Array.from([...x, ...x]), y: Int32Array.from([...y, ...y]) };
    const options = { epochs: 4, batchSize: 10, stepsPerEpoch: 2, shuffle: false };
    function* endless(): Generator<Chunk> {
      for (;;) yield* cut(data, [7]);
    }
    const whole = await classifier();
    await whole.fit(twice.x.subarray(0, 80 * FEATURES), twice.y.subarray(0, 80), { batchSize: 10, shuffle: false });
    for (const source of [endless(), () => cut(data, [7])]) {
      const { model, history } = await fitted(source, options);
      expect(history.epoch).toEqual([0, 1, 2, 3]);
      expect(weightsOf(model)).toEqual(weightsOf(whole));
    }
  });

  test("the shuffle buffer is kept from epoch to epoch", async () => {
    const { model } = await fitted(() => cut(data, [7]), {
      epochs: 5,
      batchSize: 5,
      stepsPerEpoch: 2,
      shuffleBuffer: 30,
    });
    // Of one pass of 100 rows: the draws of its first 50 do not depend on what ends it.
    const twice = { x: Float32Array.from([...x, ...x]), y: Int32Array.from([...y, ...y]) };
    const rows = inOrder(twice, drawnOrder(100, 30, SEED, 1).slice(0, 50));
    const whole = await fittedArrays(rows, { batchSize: 5 });
    expect(weightsOf(model)).toEqual(weightsOf(whole.model));
  });

  test("a one-shot stream that ends too early is an error that says so", async () => {
    const model = await classifier();
    const options = { epochs: 3, batchSize: 10, stepsPerEpoch: 2 };
    const error = await failureOf(() => model.fit(cut(data, [7]), options));
    expect(error).toMatchObject({ code: "data/stream-ended", message: expect.stringContaining("function") });
    await model.fit(x, y);
  });
});

describe("reading", () => {
  /** Chunks of 10 rows, with what happens to the source. */
  function watched(events: string[], { failAt = Infinity, chunks = 5 } = {}): () => AsyncIterable<Chunk> {
    return () => ({
      [Symbol.asyncIterator]() {
        let i = 0;
        return {
          async next() {
            events.push(`asked ${i}`);
            await new Promise((resolve) => setImmediate(resolve));
            if (i === failAt) throw new RangeError("disk on fire");
            if (i === chunks) return { done: true, value: undefined };
            const first = i++ % 5;
            return { done: false, value: [...cut(data, [10])][first]! };
          },
          async return() {
            events.push("closed");
            return { done: true, value: undefined };
          },
        };
      },
    });
  }
  const steps = (events: string[]): Callback => ({ onBatchEnd: (batch) => void events.push(`step ${batch}`) });

  test.each([1, 2, 3])(
    "readAhead %i: so many chunks are asked for before the steps of the one before",
    async (readAhead) => {
      const events: string[] = [];
      await fitted(watched(events, { chunks: 12 }), {
        batchSize: 10,
        shuffle: false,
        readAhead,
        callbacks: [steps(events)],
      });
      for (let step = 0; step < 12; step++) {
        const asked = events
          .slice(0, events.indexOf(`step ${step}`))
          .filter((event) => event.startsWith("asked")).length;
        // The chunk trained on, the one whose first row shows that it is not the last, and those ahead; 13 show the end.
        expect(asked).toBeLessThanOrEqual(Math.min(13, step + 2 + readAhead));
        expect(asked).toBeGreaterThanOrEqual(Math.min(13, step + 3));
      }
      expect(events).not.toContain("closed"); // it ended by itself
    },
  );

  test("an error of the source is what fit rejects with, after the rows before it; the model goes on", async () => {
    const events: string[] = [];
    const model = await classifier();
    const source = watched(events, { failAt: 3 });
    const options = { batchSize: 10, shuffle: false, callbacks: [steps(events)] };
    const error = await model.fit(source, options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: "disk on fire" });
    expect(events.filter((event) => event.startsWith("step"))).toEqual(["step 0", "step 1"]);
    expect(events).not.toContain("closed");
    await model.fit(watched([]), { ...options, resume: true, callbacks: [] });
    expectSameBits(model, (await fittedArrays(data, { batchSize: 10 })).model);
  });

  test.each<[string, (model: Model) => FitOptions]>([
    ["maxSteps", () => ({ maxSteps: 2 })],
    ["maxMs", () => ({ maxMs: 1e-9 })],
    ["a callback", (model) => ({ callbacks: [{ onBatchEnd: () => void (model.stopTraining = true) }] })],
    ["stepsPerEpoch", () => ({ stepsPerEpoch: 2 })],
  ])("the source is closed when %s stops training", async (_, optionsOf) => {
    const events: string[] = [];
    const model = await classifier();
    await model.fit(watched(events, { chunks: 40 }), { batchSize: 10, shuffle: false, ...optionsOf(model) });
    expect(events.filter((event) => event === "closed")).toHaveLength(1);
    expect(events.length).toBeLessThan(12);
    await model.fit(x, y);
  });

  test("a callback that throws, and a chunk that cannot be used, close it too", async () => {
    const events: string[] = [];
    const model = await classifier();
    const thrower: Callback = { onBatchEnd: () => Promise.reject(new TypeError("mine")) };
    await expect(model.fit(watched(events), { batchSize: 10, shuffle: false, callbacks: [thrower] })).rejects.toThrow(
      "mine",
    );
    expect(events.at(-1)).toBe("closed");
    function* bad() {
      try {
        yield* cut(data, [30]);
        yield { x: new Float32Array(5), y: [0] };
      } finally {
        events.push("left");
      }
    }
    expect((await failureOf(() => model.fit(bad, {}))).code).toBe("shape/row-width");
    expect(events.at(-1)).toBe("left");
  });

  test("aborting does not wait for a source that is stuck", async () => {
    const model = await classifier();
    const controller = new AbortController();
    async function* stuck() {
      yield* cut(data, [25]);
      await new Promise(() => {});
    }
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(model.fit(stuck, { signal: controller.signal })).rejects.toThrow("enough");
    await model.fit(x, y);
  });

  test("a source that never waits leaves the host alive", async () => {
    const model = await classifier();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    function* endless(): Generator<Chunk> {
      for (;;) yield* cut(data, [50]);
    }
    await model.fit(endless(), { maxMs: 200 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe("progress", () => {
  test("how many steps an epoch has is known from the second one on, with stepsPerEpoch from the first", async () => {
    const seen: number[][] = [];
    const listener: Callback = {
      onEpochBegin: (_, __, { info }) => void seen.push([info.samples, info.stepsPerEpoch]),
      onEpochEnd: (_, __, { info }) => void seen.push([info.samples, info.stepsPerEpoch]),
    };
    await fitted(() => cut(data, [9]), { epochs: 2, batchSize: 8, callbacks: [listener] });
    expect(seen).toEqual([
      [Infinity, Infinity],
      [50, 7],
      [50, 7],
      [50, 7],
    ]);
    seen.length = 0;
    await fitted(() => cut(data, [9]), { batchSize: 8, stepsPerEpoch: 3, callbacks: [listener] });
    expect(seen).toEqual([
      [24, 3],
      [24, 3],
    ]);
  });
});

describe("what is refused", () => {
  const source = () => cut(data, [9]);
  const refused: [string, FitOptions, string, RegExp][] = [
    ["validationSplit", { validationSplit: 0.1 }, "config/not-for-streams", /validationData/],
    ["sampleWeight", { sampleWeight: new Float32Array(50) }, "config/not-for-streams", /in each chunk/],
    ["cacheFrozen", { cacheFrozen: true }, "config/not-for-streams", /featureExtractor/],
    ["worker", { worker: true }, "config/not-for-streams", /Leave it out/],
    ["shuffleBuffer", { shuffleBuffer: 0 }, "config/not-a-positive-integer", /shuffleBuffer/],
    ["readAhead", { readAhead: 0.5 }, "config/not-a-positive-integer", /readAhead/],
    ["stepsPerEpoch", { stepsPerEpoch: -1 }, "config/not-a-positive-integer", /stepsPerEpoch/],
    ["a huge epoch", { stepsPerEpoch: 2 ** 31 }, "config/out-of-range", /stepsPerEpoch/],
    ["a huge buffer", { shuffleBuffer: 2 ** 28 }, "memory/stream-too-large", /shuffleBuffer: \d+ or less/],
  ];
  test.each(refused)("%s", async (_, options, code, message) => {
    const model = await classifier();
    const before = stateOf(model);
    const error = await failureOf(() => model.fit(source, options));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });

  test("a one-shot stream for several epochs, before anything is read", async () => {
    const model = await classifier();
    const once = source();
    const error = await failureOf(() => model.fit(once, { epochs: 2 }));
    expect(error).toMatchObject({ code: "config/one-shot-stream", message: expect.stringContaining("function") });
    const validation = await failureOf(() => model.fit(source, { epochs: 2, validationData: once }));
    expect(validation.code).toBe("config/one-shot-stream");
    expect((await model.fit(once)).epoch).toEqual([0]);
    const spent = { [Symbol.iterator]: () => once };
    expect((await failureOf(() => model.fit(spent))).code).toBe("data/no-rows");
    const again = source();
    const hidden = { [Symbol.iterator]: () => again };
    expect((await failureOf(() => model.fit(hidden, { epochs: 2 }))).code).toBe("data/stream-ended");
  });

  test.each<[string, unknown, string, RegExp]>([
    ["no chunk at all", [], "data/no-rows", /no chunk/],
    ["no { x, y }", [[1, 2]], "data/bad-chunk", /chunk 0/],
    ["a name that is none", [{ x, y, sampleWeights: y }], "data/bad-chunk", /sampleWeights/],
    ["a ragged chunk", [...cut(data, [10]), { x: new Float32Array(3), y: [1] }], "shape/row-width", /x of chunk 5/],
    ["no rows", [{ x: [], y: [] }], "data/no-rows", /x of chunk 0/],
    ["a bad label", [{ x: x.subarray(0, 4), y: [9] }], "data/bad-label", /y of chunk 0/],
    ["NaN", [{ x: [[1, 2, 3, NaN]], y: [0] }], "data/not-finite", /chunk 0/],
    [
      "bytes among floats",
      [
        { x, y },
        { x: new Uint8Array(4), y: [0] },
      ],
      "data/chunks-differ",
      /x of chunk 1/,
    ],
    [
      "weights in some",
      [
        { x, y },
        { x, y, sampleWeight: noise(50).map(Math.abs) },
      ],
      "data/chunks-differ",
      /chunk 0/,
    ],
    ["no iterable", 5, "data/bad-source", /5/],
  ])("%s", async (_, given, code, message) => {
    const model = await classifier();
    const error = await failureOf(() => model.fit(() => given as Chunk[], { shuffleBuffer: 2 }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    await model.fit(x, y);
  });

  test("targets beside a stream, stream options of arrays, functions of all rows", async () => {
    const model = await classifier({
      metrics: [
        function rows(labels) {
          return labels.length;
        },
      ],
    });
    const beside = await failureOf(() => model.fit(source, y as never, {}));
    expect(beside).toMatchObject({ code: "config/not-for-streams", message: expect.stringContaining("chunks") });
    expect((await failureOf(() => model.evaluate(source))).code).toBe("config/not-for-streams");
    expect((await failureOf(() => model.fit(x, y, { validationData: source }))).code).toBe("config/not-for-streams");
    for (const option of [{ shuffleBuffer: 9 }, { stepsPerEpoch: 2 }, { readAhead: 2 }]) {
      expect((await failureOf(() => model.fit(x, y, option))).code).toBe("config/streams-only");
    }
  });

  test("the model is busy while it waits for a chunk", async () => {
    const model = await classifier();
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const fit = model.fit(async () => (await gate, source()));
    expect((await failureOf(() => model.trainOnBatch(x, y))).code).toBe("model/busy");
    go();
    await fit;
  });
});
