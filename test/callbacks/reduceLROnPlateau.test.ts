import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.js";
import {
  adam,
  type Callback,
  exponentialDecay,
  loadModel,
  reduceLROnPlateau,
  type ReduceLROnPlateauOptions,
} from "../../src/index.js";
import { classifier, expectSameBits, failureOf, samples, stateOf } from "../model/helpers.js";
import { data, fitScripted } from "./scripted.js";

const down = { monitor: "val_score", mode: "min" } as const;
const up = { monitor: "val_score", mode: "max" } as const;

describe("when it reduces, by Keras's rules, from 0.5", () => {
  // The rate after each epoch, worked out by hand from the published algorithm.
  const cases: [what: string, options: ReduceLROnPlateauOptions, figures: number[], rates: number[]][] = [
    [
      "after `patience` epochs that are no better, and again",
      { ...down, factor: 0.5, patience: 2 },
      [3, 2, 2, 2, 2, 2, 2],
      [0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125],
    ],
    [
      "an improvement begins the count anew",
      { ...down, factor: 0.5, patience: 2 },
      [3, 3, 2, 2, 1, 1, 1],
      [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25],
    ],
    ["patience 0 reduces at once", { ...down, factor: 0.5, patience: 0 }, [1, 1, 1], [0.5, 0.25, 0.125]],
    ["patience 1 too", { ...down, factor: 0.5, patience: 1 }, [1, 1, 1], [0.5, 0.25, 0.125]],
    ["higher is better", { ...up, factor: 0.5, patience: 1 }, [1, 2, 1.5, 3], [0.5, 0.5, 0.25, 0.25]],
    [
      "less than minDelta is no improvement, by default 1e-4",
      { ...down, factor: 0.5, patience: 1 },
      [1, 0.99995, 0.9998, 0.9],
      [0.5, 0.25, 0.25, 0.25],
    ],
    ["minDelta as given", { ...down, factor: 0.5, patience: 1, minDelta: 0.3 }, [1, 0.75, 0.65], [0.5, 0.25, 0.25]],
    [
      "epochs of the cooldown are not counted: the last of them is",
      { ...down, factor: 0.5, patience: 2, cooldown: 3 },
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
      [0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125],
    ],
    ["not below minLr", { ...down, factor: 0.1, patience: 1, minLr: 0.2 }, [1, 1, 1, 1], [0.5, 0.2, 0.2, 0.2]],
    ["by a tenth, if not said otherwise", { ...down, patience: 1 }, [1, 1], [0.5, 0.05]],
    ["NaN is no improvement", { ...down, factor: 0.5, patience: 2 }, [NaN, NaN, 1, 1], [0.5, 0.25, 0.25, 0.25]],
  ];
  test.each(cases)("%s", async (_, options, figures, expected) => {
    const rates: number[] = [];
    const watch: Callback = { onEpochEnd: (_epoch, _logs, { model }) => void rates.push(model.learningRate) };
    const { model, history } = await fitScripted(figures, [reduceLROnPlateau(options), watch]);
    expect(rates).toEqual(expected);
    expect(history.stopReason).toBe("completed");
    expect(model.learningRate).toBe(expected.at(-1));
  });

  test("ten epochs, if not said otherwise", async () => {
    const { model } = await fitScripted(new Array<number>(10).fill(1), [reduceLROnPlateau(down)]);
    expect(model.learningRate).toBe(0.5);
    expect((await fitScripted(new Array<number>(11).fill(1), [reduceLROnPlateau(down)])).model.learningRate).toBe(0.05);
  });

  test("never to what is 0 in 32 bits", async () => {
    const { model } = await fitScripted(new Array<number>(80).fill(1), [reduceLROnPlateau({ ...down, patience: 1 })]);
    expect(Math.fround(model.learningRate)).toBeGreaterThan(0);
  });
});

test("training goes on with the reduced rate: the bits of setting it by hand", async () => {
  const figures = [2, 2, 2, 2];
  const { model } = await fitScripted(figures, [reduceLROnPlateau({ ...down, factor: 0.25, patience: 1 })]);
  const byHand: Callback = {
    onEpochEnd: (epoch, _logs, context) => void (context.model.learningRate = 0.5 * 0.25 ** epoch),
  };
  const twin = await fitScripted(figures, [byHand]);
  expect(model.getWeights()).toEqual(twin.model.getWeights());
  expect(model.getWeights()).not.toEqual((await fitScripted(figures, [])).model.getWeights());
});

test("rate and counts survive: stopped anywhere, saved, loaded, resumed, the bits of one that never stopped", async () => {
  const { x, y } = samples(60);
  const build = () => classifier({ optimizer: adam({ learningRate: 0.2 }) });
  const options = { epochs: 14, batchSize: 16, validationSplit: 0.3 };
  const callbacks = () => [reduceLROnPlateau({ factor: 0.5, patience: 2, cooldown: 1 })];
  const whole = await build();
  await whole.fit(x, y, { ...options, callbacks: callbacks() });
  expect(whole.learningRate).toBeLessThan(0.1);
  for (let maxSteps = 1; maxSteps < 14 * 3; maxSteps++) {
    const model = await build();
    await model.fit(x, y, { ...options, maxSteps, callbacks: callbacks() });
    const loaded = await loadModel(stateOf(model));
    expect(loaded.learningRate).toBe(model.learningRate);
    for (const each of [loaded, model]) {
      await each.fit(x, y, { ...options, resume: true, callbacks: callbacks() });
      expectSameBits(each, whole);
    }
  }
});

describe("bad input", () => {
  test.each([
    [{ factor: 1 }, "config/out-of-range", /factor of reduceLROnPlateau must be above 0 and below 1; got 1/],
    [{ factor: 0 }, "config/out-of-range", /got 0/],
    [{ factor: -0.5 }, "config/out-of-range", /got -0\.5/],
    [{ factor: NaN }, "config/out-of-range", /NaN/],
    [{ factor: "0.5" }, "config/out-of-range", /"0\.5"/],
    [{ patience: -1 }, "config/not-a-whole-number", /patience of reduceLROnPlateau/],
    [{ cooldown: 0.5 }, "config/not-a-whole-number", /cooldown/],
    [{ minLr: -1e-9 }, "config/out-of-range", /minLr/],
    [{ minDelta: -1 }, "config/out-of-range", /minDelta/],
    [{ mode: "up" }, "config/bad-mode", /"up"/],
    [{ minLR: 0.1 }, "config/unknown-option", /Did you mean "minLr"/],
  ])("%j", async (options, code, message) => {
    const error = await failureOf(() => reduceLROnPlateau(options as ReduceLROnPlateauOptions));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("a schedule that drives the rate, and a figure that is not there: before the first step", async () => {
    const { x, y, validationData } = data;
    const learningRate = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 });
    const model = await classifier({ optimizer: adam({ learningRate }) });
    const before = stateOf(model);
    const scheduled = () => model.fit(x, y, { validationData, callbacks: [reduceLROnPlateau()] });
    expect((await failureOf(scheduled)).code).toBe("config/scheduled-learning-rate");
    const unknown = () => model.fit(x, y, { callbacks: [reduceLROnPlateau()] });
    expect((await failureOf(unknown)).code).toBe("config/unknown-monitor");
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });
});
