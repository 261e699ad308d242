import { describe, expect, test } from "vitest";
import { BusyError, ConfigError } from "../../src/errors.js";
import {
  adam,
  type Callback,
  type CallbackContext,
  cosineDecay,
  exponentialDecay,
  loadModel,
  type Model,
  sequential,
  dense,
  sgd,
  warmup,
} from "../../src/index.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { classifier, CLASSIFIER, expectSameBits, failureOf, samples, stateOf, weightsOf } from "./helpers.js";

const { x, y } = samples(40);
const rate = (learningRate: number) => sgd({ learningRate, momentum: 0.9 });

describe("model.learningRate", () => {
  test("is the compiled one until it is set, and again after compile", async () => {
    const model = await classifier({ optimizer: rate(0.25) });
    expect(model.learningRate).toBe(0.25);
    model.learningRate = 0.125;
    expect(model.learningRate).toBe(0.125);
    model.compile({ ...CLASSIFIER, optimizer: "adam" });
    expect(model.learningRate).toBe(0.001);
  });

  test("takes effect at the next step of every kind: set to what it was compiled with, the same bits", async () => {
    const steps: ((model: Model) => unknown)[] = [
      (model) => model.trainOnBatch(x, y),
      (model) => model.applyGradients(model.gradients(x, y)),
      (model) => model.fit(x, y, { batchSize: 8 }),
      (model) => model.fit(x, y, { batchSize: 8, sampleWeight: new Float32Array(40).fill(0.5) }),
    ];
    for (const step of steps) {
      const [set, compiled, other] = [0.3, 0.1, 0.3].map((learningRate) =>
        classifier({ optimizer: rate(learningRate) }),
      );
      (await set!).learningRate = 0.1;
      for (const model of [set, compiled, other]) await step(await model!);
      expect(weightsOf(await set!)).toEqual(weightsOf(await compiled!));
      expect(weightsOf(await set!)).not.toEqual(weightsOf(await other!));
    }
  });

  test("set between the steps of a fit, it is as set between single steps", async () => {
    const [model, twin] = [await classifier({ optimizer: adam() }), await classifier({ optimizer: adam() })];
    const change: Callback = { onBatchEnd: (batch) => void (model.learningRate = 0.1 / (batch + 1)) };
    await model.fit(x, y, { batchSize: 8, shuffle: false, callbacks: [change] });
    for (let batch = 0; batch < 5; batch++) {
      twin.trainOnBatch(x.subarray(batch * 32, batch * 32 + 32), y.subarray(batch * 8, batch * 8 + 8));
      twin.learningRate = 0.1 / (batch + 1);
    }
    expect(weightsOf(model)).toEqual(weightsOf(twin));
  });

  test("is a part of the training state, and of no file without it", async () => {
    const model = await classifier();
    expect(readSafetensors(stateOf(model)).metadata.training).not.toContain("learningRate"); // as in files before
    model.learningRate = 0.1 + 0.2;
    await model.fit(x, y, { epochs: 2, batchSize: 8, maxSteps: 7 });
    const loaded = await loadModel(stateOf(model));
    expect(loaded.learningRate).toBe(0.1 + 0.2);
    expect((await loadModel(model.toBytes())).learningRate).toBe(0.01);
    for (const each of [model, loaded]) await each.fit(x, y, { epochs: 2, batchSize: 8, resume: true });
    expectSameBits(loaded, model);
  });

  test.each([
    ["exponential", exponentialDecay({ initialLearningRate: 0.5, decaySteps: 3, decayRate: 0.5 })],
    ["cosine", cosineDecay({ initialLearningRate: 0.5, decaySteps: 9 })],
    ["warmup", warmup({ steps: 4, after: 0.5 })],
  ])("of a schedule, %s, it is the rate that the next step takes", async (_, schedule) => {
    // A weight with gradient 1: the step is the rate.
    const model = await sequential({ inputShape: 1, layers: [dense(1, { useBias: false })] });
    model.compile({ optimizer: sgd({ learningRate: schedule }), loss: "meanAbsoluteError" });
    const one = Float32Array.of(1);
    for (let step = 0; step < 8; step++) {
      const { data } = model.getWeights().get("dense/kernel")!;
      const expected = Math.fround(data[0]! - Math.fround(model.learningRate));
      model.trainOnBatch(one, Float32Array.of(-1000));
      expect(model.getWeights().get("dense/kernel")!.data[0]).toBeCloseTo(expected, 6);
      expect((await loadModel(stateOf(model))).learningRate).toBe(model.learningRate);
    }
  });

  test("what is no rate, a schedule's, and that of a model that is not compiled", async () => {
    const model = await classifier();
    const before = stateOf(model);
    for (const bad of [0, -1, NaN, Infinity, 1e39, 1e-60, "0.1", undefined]) {
      const error = await failureOf(() => (model.learningRate = bad as number));
      expect(error.code).toBe("config/bad-learning-rate");
    }
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
    const learningRate = cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 });
    const scheduled = await classifier({ optimizer: adam({ learningRate }) });
    const error = await failureOf(() => (scheduled.learningRate = 0.1));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe("config/scheduled-learning-rate");
    expect(error.message).toContain("cosineDecay");
    const plain = await sequential({ inputShape: 4, layers: [dense(3)] });
    expect((await failureOf(() => plain.learningRate)).code).toBe("model/not-compiled");
    expect((await failureOf(() => (plain.learningRate = 1))).code).toBe("model/not-compiled");
  });
});

test("a callback writes weights within a hook, and not in the midst of a validation or a step", async () => {
  const model = await classifier();
  const chosen = (await classifier({}, { seed: 99 })).getWeights();
  let kept: CallbackContext | undefined;
  const swap: Callback = {
    onTrainBegin: (_logs, context) => void (kept = context),
    onEpochEnd: (_epoch, _logs, context) => context.setWeights(chosen),
  };
  await model.fit(x, y, { callbacks: [swap] });
  expect(model.getWeights()).toEqual(chosen);

  const big = samples(60_000);
  const evaluating = model.evaluate(big.x, big.y);
  const error = await failureOf(() => kept!.setWeights(chosen));
  expect(error).toBeInstanceOf(BusyError);
  await evaluating;
  const bad = await failureOf(() =>
    model.fit(x, y, { callbacks: [{ onEpochEnd: (_e, _l, context) => context.setWeights(new Map()) }] }),
  );
  expect(bad.code).toBe("weights/missing");
});
