import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import {
  adam,
  alphaDropout,
  batchNorm,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  type CompileOptions,
  dense,
  dropout,
  type FitOptions,
  gaussianNoise,
  l1l2,
  l2,
  type LayerSpec,
  loadModel,
  maxNorm,
  type Model,
  sequential,
  sgd,
} from "../../src/index.js";
import * as twin from "../reference/dropout.js";
import {
  CLASSES,
  classifier,
  expectSameBits,
  failureOf,
  FEATURES,
  noise,
  samples,
  stateOf,
  weightsOf,
} from "./helpers.js";

const ROWS = 46;
const { x, y } = samples(ROWS);
const sampleWeight = Array.from({ length: ROWS }, (_, i) => (i % 5) / 2);

/** Every number within a few roundings of the other model's. */
function expectClose(a: Model, b: Model, tolerance = 2e-6): void {
  const expected = weightsOf(b);
  for (const [name, values] of Object.entries(weightsOf(a))) {
    values.forEach((value, i) => expect(Math.abs(value - expected[name]![i]!), name).toBeLessThan(tolerance));
  }
}

const regularized = (): LayerSpec[] => [
  dense(5, { activation: "tanh", name: "hidden", kernelRegularizer: l2(0.1), kernelConstraint: maxNorm(0.9) }),
  dense(CLASSES, { activation: "softmax", name: "output", biasRegularizer: l1l2({ l1: 0.05, l2: 0.05 }) }),
];

describe("k batches of b rows make the step of one batch of k · b", () => {
  const cases: Record<string, { compile?: Partial<CompileOptions>; layers?: LayerSpec[]; fit?: FitOptions }> = {
    "plain descent": { compile: { optimizer: sgd({ learningRate: 0.3 }) } },
    "momentum and an average": { compile: { optimizer: sgd({ learningRate: 0.1, momentum: 0.9, ema: 0.5 }) } },
    adam: {},
    "clipping by value": { compile: { optimizer: sgd({ learningRate: 0.3 }), clip: clipByValue(0.02) } },
    "clipping by norm": { compile: { optimizer: sgd({ learningRate: 0.3 }), clip: clipByNorm(0.05) } },
    "clipping by global norm": { compile: { optimizer: sgd({ learningRate: 0.3 }), clip: clipByGlobalNorm(0.05) } },
    "sample weights": { compile: { optimizer: sgd({ learningRate: 0.3 }) }, fit: { sampleWeight } },
    "class weights": { compile: { optimizer: sgd({ learningRate: 0.3 }) }, fit: { classWeight: { 0: 3, 2: 0.5 } } },
    "penalties, which count once, and constraints": {
      compile: { optimizer: sgd({ learningRate: 0.3 }) },
      layers: regularized(),
    },
  };
  // 46 rows: 5 full batches of 8 and one of 6, so that the last group has two batches (of 8 and 6) or one (of 6).
  describe.each(Object.entries(cases))("%s", (_, { compile = {}, layers, fit = {} }) => {
    test.each([2, 4, 5, 6, 100])("k = %i", async (k) => {
      const build = () => classifier(compile, layers && { layers });
      const [accumulated, whole] = [await build(), await build()];
      const options = { epochs: 3, ...fit };
      const groups = await accumulated.fit(x, y, { ...options, batchSize: 8, accumulateSteps: k });
      const batches = await whole.fit(x, y, { ...options, batchSize: 8 * k });
      expectClose(accumulated, whole);
      groups.history.loss!.forEach((loss, i) => expect(loss).toBeCloseTo(batches.history.loss![i]!, 5));
      const trained = (model: Model) =>
        JSON.parse(readSafetensors(stateOf(model)).metadata.training!) as { step: number; group?: object };
      expect(trained(accumulated).step).toBe(3 * Math.ceil(ROWS / (8 * k)));
      expect(trained(accumulated)).toMatchObject({ step: trained(whole).step });
      expect(trained(accumulated).group).toBeUndefined(); // an epoch's end ends the last group
    });
  });

  test("k = 1 is a fit without it, to the bit", async () => {
    const [one, none] = [await classifier(), await classifier()];
    expect(await one.fit(x, y, { batchSize: 8, accumulateSteps: 1 })).toEqual(await none.fit(x, y, { batchSize: 8 }));
    expectSameBits(one, none);
    await one.fit(x, y, { batchSize: 8, accumulateSteps: 2, maxSteps: 1 }); // from now on there is an accumulator
    one.setWeights(none.getWeights());
    for (const model of [one, none]) model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    for (const model of [one, none]) await model.fit(x, y, { batchSize: 8 });
    expectSameBits(one, none);
  });

  test("a group of one batch, at the epoch's end, is that batch's step to the bit", async () => {
    const [accumulated, plain] = [await classifier(), await classifier()];
    await accumulated.fit(x, y, { batchSize: ROWS, accumulateSteps: 3 });
    await plain.fit(x, y, { batchSize: ROWS });
    expect(weightsOf(accumulated)).toEqual(weightsOf(plain));
  });

  test("no weight changes before a group is whole; each batch has its figures", async () => {
    const model = await classifier();
    const seen: string[] = [];
    const batches: number[] = [];
    const onBatchEnd = (batch: number) => {
      batches.push(batch);
      seen.push(JSON.stringify(weightsOf(model)));
    };
    await model.fit(x, y, { batchSize: 8, accumulateSteps: 4, shuffle: false, callbacks: [{ onBatchEnd }] });
    expect(batches).toEqual([0, 1, 2, 3, 4, 5]);
    const initial = JSON.stringify(weightsOf(await classifier()));
    expect(seen.slice(0, 3)).toEqual([initial, initial, initial]);
    expect(seen[3]).not.toBe(initial);
    expect(seen[4]).toBe(seen[3]);
    expect(seen[5]).not.toBe(seen[4]);
  });

  test("moving statistics follow each batch", async () => {
    const layers = () => [dense(4, { name: "d" }), batchNorm({ name: "bn", momentum: 0.5 }), dense(CLASSES)];
    const build = async () => {
      const model = await sequential({ inputShape: FEATURES, layers: layers(), seed: 7 });
      model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
      return model;
    };
    const targets = new Float32Array(ROWS * CLASSES);
    const [accumulated, plain] = [await build(), await build()];
    await accumulated.fit(x, targets, { batchSize: 16, accumulateSteps: 2 });
    await plain.fit(x, targets, { batchSize: 16 }); // by steps too small to change a weight
    for (const name of ["bn/movingMean", "bn/movingVariance"]) {
      expect(weightsOf(accumulated)[name]).toEqual(weightsOf(plain)[name]);
      expect(weightsOf(accumulated)[name]!.some((value) => value !== 0 && value !== 1)).toBe(true);
    }
  });
});

describe("a batch is what commits whole", () => {
  const noisy = (): LayerSpec[] => [
    gaussianNoise(0.1),
    dense(6, { activation: "tanh", name: "hidden", kernelRegularizer: l2(0.01) }),
    batchNorm({ name: "bn" }),
    dropout(0.3),
    dense(CLASSES, { activation: "softmax", name: "output" }),
  ];
  const compile = { optimizer: adam({ learningRate: 0.02, ema: 0.8 }), clip: clipByGlobalNorm(0.5) };
  const build = (windowBytes = 2 ** 20) => classifier(compile, { layers: noisy(), windowBytes });
  const options = { epochs: 3, batchSize: 4, accumulateSteps: 5, sampleWeight }; // 12 batches: groups of 5, 5 and 2

  test.each(Array.from({ length: 13 }, (_, i) => i + 8))(
    "a stop after %i batches, a save and a resume",
    async (stop) => {
      const [whole, cut] = [await build(), await build()];
      await whole.fit(x, y, options);
      expect((await cut.fit(x, y, { ...options, maxSteps: stop })).stopReason).toBe("maxSteps");
      const bytes = stateOf(cut);
      const waits = [...readSafetensors(bytes).tensors.keys()].some((name) => name.includes("/pendingGradient/"));
      expect(waits).toBe(![0, 5, 10].includes(stop % 12));
      const loaded = await loadModel(bytes);
      expectSameBits(loaded, cut);
      await loaded.fit(x, y, { ...options, resume: true });
      expectSameBits(loaded, whole);
      await cut.fit(x, y, { ...options, resume: true });
      expectSameBits(cut, whole);
    },
  );

  test("one batch a call, or one batch a slice, or through a window: the same bits", async () => {
    const whole = await build();
    const history = await whole.fit(x, y, options);
    const byCall = await build();
    for (let stopped = true; stopped;) {
      const { stopReason } = await byCall.fit(x, y, { ...options, maxSteps: 1, resume: true });
      stopped = stopReason === "maxSteps";
    }
    expectSameBits(byCall, whole);
    const bySlice = await build();
    const heard: number[] = [];
    const callbacks = [{ onBatchEnd: (batch: number) => void heard.push(batch) }];
    expect(await bySlice.fit(x, y, { ...options, callbacks })).toEqual(history);
    expect(heard).toHaveLength(36);
    expectSameBits(bySlice, whole);
    const windowed = await build(1);
    expect(await windowed.fit(x, y, options)).toEqual(history);
    expectSameBits(windowed, whole);
  });

  test("maxSteps counts batches", async () => {
    const model = await build();
    const { stopReason } = await model.fit(x, y, { ...options, maxSteps: 7 });
    expect(stopReason).toBe("maxSteps");
    const { step, position, group } = JSON.parse(readSafetensors(stateOf(model)).metadata.training!) as {
      step: number;
      position: number;
      group: object;
    };
    expect({ step, position, group }).toEqual({ step: 1, position: 28, group: { batches: 2, rows: 8 } });
  });

  test("trainOnBatch, applyGradients, gradients and evaluate leave what is accumulated alone", async () => {
    const model = await build();
    await model.fit(x, y, { ...options, maxSteps: 8 });
    const pendingOf = (bytes: Uint8Array) =>
      [...readSafetensors(bytes).tensors]
        .filter(([name]) => name.includes("/pendingGradient/"))
        .map(([name, { data }]) => [name, Buffer.from(data).toString("hex")]);
    const before = pendingOf(stateOf(model));
    expect(before).toHaveLength(6);

    const plain = await loadModel(withoutGroup(stateOf(model))); // the same, and nothing waits
    for (const each of [model, plain]) {
      each.trainOnBatch(x, y);
      each.applyGradients(each.gradients(x, y));
      await each.evaluate(x, y);
    }
    expect(model.getWeights()).toEqual(plain.getWeights());
    expect(pendingOf(stateOf(model))).toEqual(before);
    await model.fit(x, y, { ...options, resume: true, maxSteps: 1 });
    await plain.fit(x, y, { ...options, resume: true, maxSteps: 1 });
    expect(pendingOf(stateOf(model))).not.toEqual(before);
    expect(pendingOf(stateOf(plain))).not.toEqual(pendingOf(stateOf(model)));
  });

  /** The file of a model for which no batch waits. */
  function withoutGroup(bytes: Uint8Array): Uint8Array {
    const { tensors, metadata } = readSafetensors(bytes);
    const { group, ...training } = JSON.parse(metadata.training!) as { group: object };
    expect(group).toEqual({ batches: 3, rows: 12 });
    const kept = [...tensors].filter(([name]) => !name.includes("/pendingGradient/"));
    return writeSafetensors(kept as Parameters<typeof writeSafetensors>[0] & [], {
      ...metadata,
      training: JSON.stringify(training),
    });
  }

  test("fit without resume, and compile, drop it", async () => {
    for (const anew of [
      (model: Model) => model.fit(x, y, { ...options, maxSteps: 1 }),
      (model: Model) =>
        Promise.resolve(model.compile({ ...compile, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] })),
    ]) {
      const model = await build();
      await model.fit(x, y, { ...options, maxSteps: 8 });
      const twin = await loadModel(withoutGroup(stateOf(model)));
      for (const each of [model, twin]) {
        await anew(each);
        await each.fit(x, y, options);
      }
      expectSameBits(model, twin);
    }
  });

  test("a resume with a smaller k, or none, puts what waits into its first step", async () => {
    const flat = () => classifier({ optimizer: sgd({ learningRate: 0.1 }) });
    const straight = { batchSize: 4, shuffle: false };
    const model = await flat();
    await model.fit(x, y, { ...straight, accumulateSteps: 5, maxSteps: 3 });
    await model.fit(x, y, { ...straight, resume: true, maxSteps: 1 });
    const whole = await flat();
    whole.trainOnBatch(x.subarray(0, 16 * FEATURES), y.subarray(0, 16));
    expectClose(model, whole);
  });

  test("a batch that is not finite halts before it is added; a resume goes on from there", async () => {
    const build = async () => {
      const model = await sequential({ inputShape: 1, layers: [dense(1, { name: "line" })], seed: 1 });
      model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: "meanSquaredError" });
      return model;
    };
    const [model, twin] = [await build(), await build()];
    const xs = Float32Array.of(1, 2, 3, 4, 3e38, 3e38, 1, 2);
    const ys = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1);
    const straight = { batchSize: 2, shuffle: false, accumulateSteps: 4 };
    const { stopReason, detail } = await model.fit(xs, ys, straight);
    expect(stopReason).toBe("nonFinite");
    expect(detail).toContain("epoch 0, step 2");
    await twin.fit(xs, ys, { ...straight, maxSteps: 2 });
    expectSameBits(model, twin);
    const mended = xs.map((value) => Math.min(value, 5));
    for (const each of [model, twin]) await each.fit(mended, ys, { ...straight, resume: true });
    expectSameBits(model, twin);
  });

  test("a layer frozen or thawed within a group: the other batches count as zeros for it", async () => {
    const flat = () => classifier({ optimizer: sgd({ learningRate: 1 }) });
    const straight = { batchSize: 4, shuffle: false, accumulateSteps: 2 };
    const model = await flat();
    await model.fit(x, y, { ...straight, maxSteps: 2 }); // a group of two, so that the accumulator holds something
    model.getLayer("hidden").trainable = false;
    await model.fit(x, y, { ...straight, resume: true, maxSteps: 1 });
    const before = weightsOf(model)["hidden/kernel"]!;
    model.getLayer("hidden").trainable = true;
    const second = model.gradients(x.subarray(12 * FEATURES, 16 * FEATURES), y.subarray(12, 16)).get("hidden/kernel")!;
    await model.fit(x, y, { ...straight, resume: true, maxSteps: 1 });
    const after = weightsOf(model)["hidden/kernel"]!;
    after.forEach((value, i) => expect(value).toBeCloseTo(before[i]! - second.data[i]! / 2, 6));
  });
});

describe("random masks", () => {
  const WIDTH = 24;
  const ones = new Float32Array(6 * WIDTH).fill(1);

  /** The mask of a batch of one row, as the gradient of a kernel of ones on the diagonal shows it: 1 where it keeps. */
  test.each([
    ["dropout", (seed?: number) => dropout(0.5, seed === undefined ? {} : { seed })],
    ["alphaDropout", (seed?: number) => alphaDropout(0.5, seed === undefined ? {} : { seed })],
  ] as const)("%s: each batch of a group has its own, the first that of a fit without groups", async (_, layer) => {
    for (const own of [undefined, 9]) {
      const model = await sequential({
        inputShape: WIDTH,
        layers: [dense(WIDTH, { name: "d", useBias: false, kernelInitializer: "ones" }), layer(own)],
        seed: 5,
      });
      model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
      const masks: boolean[][] = [];
      let sum = new Float32Array(WIDTH);
      const onBatchEnd = (batch: number) => {
        const { tensors } = readSafetensors(stateOf(model));
        const mean = new Float32Array(tensors.get("optimizer/pendingGradient/d/kernel")!.data.slice().buffer);
        // The mean over the group so far, times its batches, less what was there before: this batch's alone.
        const now = mean.subarray(0, WIDTH).map((value) => value * (batch + 1));
        masks.push(Array.from(now, (value, i) => Math.abs(value - sum[i]!) > 1e-3));
        sum = now;
      };
      const fit = { batchSize: 1, shuffle: false, accumulateSteps: 10, callbacks: [{ onBatchEnd }] };
      await model.fit(ones, new Float32Array(6 * WIDTH).fill(-5), { ...fit, maxSteps: 5 });
      const seed = own ?? 5;
      const expected = [0, 1, 2, 3, 4].map((batch) =>
        Array.from(
          twin.dropout(new Float64Array(WIDTH).fill(1), 0.5, { layer: 1 + batch * 65536, step: 0, seed }),
          (value) => value !== 0,
        ),
      );
      expect(masks).toEqual(expected);
      expect(new Set(masks.map(String)).size).toBe(5);
    }
  });

  test("gaussianNoise too", async () => {
    const build = async () => {
      const model = await sequential({ inputShape: 3, layers: [gaussianNoise(0.5), dense(1)], seed: 5 });
      model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
      return model;
    };
    const losses: number[] = [];
    let seen = 0;
    const model = await build();
    const onBatchEnd = (batch: number, { loss }: Record<string, number>) => {
      losses.push(loss! * (batch + 1) - seen);
      seen = loss! * (batch + 1);
    };
    await model.fit(ones.subarray(0, 12), [1, 1, 1, 1], {
      ...{ batchSize: 1, shuffle: false, accumulateSteps: 4 },
      callbacks: [{ onBatchEnd }],
    });
    expect(new Set(losses.map((loss) => loss.toFixed(6))).size).toBe(4); // of four equal rows at one step
  });
});

test("stands behind the guard, and is there once a fit has asked for it", async () => {
  const model = await classifier({ clip: clipByGlobalNorm(1) });
  expect(model.program({ training: true })).not.toContain("accumulate");
  await model.fit(x, y, { batchSize: 8, accumulateSteps: 2, maxSteps: 1 });
  expect(model.program({ training: true })).toMatch(/guard[^]*accumulate[^]*skip 2[^]*clipByGlobalNorm[^]*adam/);
});

describe("files that cannot be", () => {
  const damaged = async (change: (training: { group: unknown }) => void, drop = "") => {
    const model = await classifier();
    await model.fit(x, y, { batchSize: 8, accumulateSteps: 4, maxSteps: 3 });
    const { tensors, metadata } = readSafetensors(stateOf(model));
    const training = JSON.parse(metadata.training!) as { group: unknown };
    change(training);
    const kept = [...tensors].filter(([name]) => name !== drop);
    return failureOf(() =>
      loadModel(
        writeSafetensors(kept as Parameters<typeof writeSafetensors>[0] & [], {
          ...metadata,
          training: JSON.stringify(training),
        }),
      ),
    );
  };
  test.each([
    null,
    3,
    {},
    { batches: 0, rows: 0 },
    { batches: 1.5, rows: 24 },
    { batches: 3, rows: 2 },
    { batches: 3, rows: 25 }, // 24 rows of this epoch are done
    { batches: 65535, rows: 65535 },
    { batches: "3", rows: 24 },
  ])("a group %j", async (group) => {
    const error = await damaged((training) => (training.group = group));
    expect(error.code).toBe("model/bad-training");
  });

  test("a gradient that is missing", async () => {
    const error = await damaged(() => undefined, "optimizer/pendingGradient/output/bias");
    expect(error.message).toContain("optimizer/pendingGradient/output/bias");
  });
});

test("ten thousand groups of noise learn, with one row a batch", async () => {
  const many = noise(400 * FEATURES, 9);
  const targets = Float32Array.from({ length: 400 }, (_, i) => many[i * FEATURES]! - many[i * FEATURES + 2]!);
  const model = await sequential({ inputShape: FEATURES, layers: [dense(1)], seed: 2 });
  model.compile({ optimizer: sgd({ learningRate: 0.2 }), loss: "meanSquaredError" });
  const { history } = await model.fit(many, targets, { epochs: 100, batchSize: 1, accumulateSteps: 4 });
  expect(history.loss!.at(-1)!).toBeLessThan(1e-6);
});
