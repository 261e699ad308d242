import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.js";
import {
  adam,
  type Callback,
  dense,
  earlyStopping,
  type EarlyStoppingOptions,
  type FitOptions,
  loadModel,
  type Model,
  type NamedArray,
  sequential,
} from "../../src/index.js";
import {
  classifier,
  expectSameArrays,
  expectSameBits,
  failureOf,
  samples,
  stateOf,
  weightsOf,
} from "../model/helpers.js";
import { data, fitScripted, scripted } from "./scripted.js";

const down = { monitor: "val_score", mode: "min" } as const;
const up = { monitor: "val_score", mode: "max" } as const;

describe("when it stops, by Keras's rules", () => {
  // The losses and results of Keras's own tests, and sequences worked out by hand.
  const losses = [10, 9, 8, 9, 8.9, 8.8, 8.7, 8.6, 8.5];
  const cases: [what: string, options: EarlyStoppingOptions, figures: number[], last: number][] = [
    ["patience 0 stops at the first that is no better", { ...down, patience: 0 }, losses, 3],
    ["patience 1 too", { ...down, patience: 1 }, losses, 3],
    ["patience 2", { ...down, patience: 2 }, losses, 4],
    ["patience 3", { ...down, patience: 3 }, losses, 5],
    ["an improvement begins the count anew", { ...down, patience: 2 }, [5, 6, 4, 5, 6, 1], 4],
    ["equal is not better", { ...down, patience: 2 }, [1, 1, 1, 1], 2],
    ["higher is better", { ...up, patience: 1 }, [1, 2, 3, 2.5, 9], 3],
    ["less than minDelta is not better", { ...down, patience: 2, minDelta: 0.1 }, [1, 0.95, 0.92, 0.5], 2],
    ["steps that add up beyond minDelta are", { ...down, patience: 2, minDelta: 0.1 }, [1, 0.95, 0.85, 0.8, 0.74], 4],
    ["the same for higher", { ...up, patience: 1, minDelta: 0.5 }, [1, 1.6, 2.05, 9], 2],
    ["nothing beats the baseline", { ...down, patience: 5, baseline: 0.5 }, [0.9, 0.8, 0.7, 0.71, 0.72, 0.73], 4],
    ["what beats the baseline is waited for", { ...down, patience: 2, baseline: 2 }, [3, 1.5, 1.6, 1.7, 1], 3],
    [
      "better than before but not than the baseline waits on",
      { ...down, patience: 2, baseline: 1 },
      [5, 4, 3, 3, 3],
      3,
    ],
    ["from an epoch on", { ...down, patience: 1, startFromEpoch: 3 }, [1, 2, 3, 4, 3, 5, 0], 5],
    ["not at epoch 0", { ...down, patience: 0 }, [NaN, 1, 2], 2],
    ["NaN is never better", { ...down, patience: 2 }, [1, NaN, NaN, 0], 2],
    ["NaN first does not stay the best", { ...down, patience: 3 }, [NaN, 2, 1, 3, 3, 3, 0], 5],
    ["neither is infinity", { ...up, patience: 2 }, [1, Infinity, Infinity, 3], 2],
    ["always better: to the end", { ...down, patience: 0 }, [4, 3, 2, 1], 3],
  ];
  test.each(cases)("%s", async (_, options, figures, last) => {
    const { history } = await fitScripted(figures, [earlyStopping(options)]);
    expect(history.epoch.at(-1)).toBe(last);
    expect(history.stopReason).toBe(last < figures.length - 1 ? "earlyStopping" : "completed");
    expect(history.history.val_score).toEqual(figures.slice(0, last + 1));
  });

  test("it may be used again: nothing is left of the last fit", async () => {
    const stopping = earlyStopping({ ...down, patience: 1, restoreBestWeights: true });
    expect((await fitScripted([1, 2, 3], [stopping])).history.epoch).toEqual([0, 1]);
    const { model, history, weights } = await fitScripted([9, 8, 7, 8], [stopping]);
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(weightsOf(model)).toEqual(weights[2]);
  });

  test("monitors val_loss by default, and knows which way metrics are better", async () => {
    const { x, y } = samples(30);
    const fit = async (options: EarlyStoppingOptions) => {
      const model = await classifier({ optimizer: adam({ learningRate: 0.5 }) });
      return model.fit(x, y, { epochs: 300, batchSize: 3, validationSplit: 0.4, callbacks: [earlyStopping(options)] });
    };
    for (const [monitor, sign] of [
      [undefined, 1],
      ["val_accuracy", -1],
      ["accuracy", -1],
    ] as const) {
      const { history, stopReason, epoch } = await fit({ ...(monitor && { monitor }), patience: 2 });
      const figures = history[monitor ?? "val_loss"]!.map((figure) => figure * sign);
      expect(stopReason).toBe("earlyStopping");
      // The last two are no better than the best before them; and nothing stopped it earlier.
      let [best, wait] = [Infinity, 0];
      const stops = figures.findIndex((figure) => {
        wait = figure < best ? 0 : wait + 1;
        best = Math.min(best, figure);
        return wait === 2;
      });
      expect(stops).toBe(epoch.length - 1);
    }
  });
});

describe("the best weights are restored, however training ends", () => {
  const figures = [3, 1, 2, 2, 2, 2];
  const stopping = () => earlyStopping({ ...down, patience: 3, restoreBestWeights: true });
  const at = (epoch: number, action: () => void): Callback => ({ onEpochEnd: (n) => void (n === epoch && action()) });
  const { validationData, x, y } = data;

  const ends: Record<string, { options?: FitOptions; other?: (model: Model, stop: AbortController) => Callback }> = {
    earlyStopping: {},
    completed: { options: { epochs: 4 } },
    maxSteps: { options: { maxSteps: 3 } },
    maxMs: { options: { maxMs: 40 }, other: () => ({ onEpochEnd: (n) => (n === 3 ? sleep(50) : undefined) }) },
    callback: { other: (model) => at(3, () => (model.stopTraining = true)) },
    nonFinite: { options: { batchSize: 1 }, other: (model) => at(2, () => (model.learningRate = 3e38)) },
    aborted: { other: (_, stop) => at(3, () => stop.abort(new Error("enough"))) },
    thrown: { other: () => at(3, () => fail("a callback threw")) },
    "thrown at the end": { options: { epochs: 4 }, other: () => ({ onTrainEnd: () => fail("late") }) },
  };
  test.each(Object.entries(ends))("%s", async (end, { options = {}, other }) => {
    const model = await scripted(figures);
    const weights: Record<string, number[]>[] = [];
    const controller = new AbortController();
    const witness: Callback = { onEpochEnd: () => void weights.push(weightsOf(model)) };
    const callbacks = [witness, ...(other ? [other(model, controller)] : []), stopping()];
    const all = { epochs: 6, validationData, signal: controller.signal, ...options, callbacks };
    const outcome = await model.fit(x, y, all).catch((error: Error) => error);
    if (outcome instanceof Error) expect(["aborted", "thrown", "thrown at the end"]).toContain(end);
    else expect(outcome.stopReason).toBe(end);
    expect(weights.length).toBeGreaterThan(2);
    expect(weightsOf(model)).not.toEqual(weights.at(-1));
    expect(weightsOf(model)).toEqual(weights[1]);
    await model.fit(x, y); // it is usable
  });

  test("an abort in the midst of a step, too", async () => {
    // A step that takes longer than a slice: the signal comes between two of its records.
    const layers = [dense(512, { activation: "tanh" }), dense(512)];
    const model = await sequential({ inputShape: 512, layers, seed: 3 });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const rows = new Float32Array(2048 * 512).map((_, i) => (i % 7) / 7);
    let best: Map<string, NamedArray> | undefined;
    const controller = new AbortController();
    const callbacks: Callback[] = [
      earlyStopping({ monitor: "loss", mode: "max", restoreBestWeights: true, patience: 9 }), // the first is the best
      { onEpochEnd: () => void (best ??= model.getWeights()) },
      { onEpochBegin: (epoch) => void (epoch === 2 && setTimeout(() => controller.abort(), 1)) },
    ];
    const running = model.fit(rows, rows, { epochs: 3, batchSize: 2048, callbacks, signal: controller.signal });
    await expect(running).rejects.toThrow(/abort/);
    expectSameArrays(model.getWeights(), best!);
  });

  test("not without being asked, and not where nothing was seen", async () => {
    const plain = await fitScripted(figures, [earlyStopping({ ...down, patience: 3 })]);
    expect(weightsOf(plain.model)).toEqual(plain.weights.at(-1));
    const unseen = earlyStopping({ ...down, startFromEpoch: 99, restoreBestWeights: true });
    const late = await fitScripted(figures, [unseen]);
    expect(weightsOf(late.model)).toEqual(late.weights.at(-1));
  });

  test("a fit that is refused brings no older weights back", async () => {
    const one = stopping();
    const { model } = await fitScripted(figures, [one]);
    await model.fit(x, y, { epochs: 3 });
    const before = stateOf(model);
    await failureOf(() => model.fit(x, y, { callbacks: [earlyStopping(), one] })); // there is no val_loss
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });
});

describe("its state survives", () => {
  // Rates so high that the loss goes up and down: there are bests, waits and a stop to remember.
  const { x, y } = samples(60);
  const build = () => classifier({ optimizer: adam({ learningRate: 0.2 }) });
  const options = { epochs: 40, batchSize: 16, validationSplit: 0.3 };
  const stopping = () => earlyStopping({ patience: 4, restoreBestWeights: true });

  test("stopped after any number of steps, saved, loaded, resumed: the bits of one that never stopped", async () => {
    const whole = await build();
    const { stopReason, epoch } = await whole.fit(x, y, { ...options, callbacks: [stopping()] });
    expect(stopReason).toBe("earlyStopping");
    expect(epoch.length).toBeGreaterThan(6);
    const steps = epoch.length * 3;
    for (let maxSteps = 1; maxSteps < steps; maxSteps += 2) {
      const model = await build();
      const kept = stopping();
      await model.fit(x, y, { ...options, maxSteps, callbacks: [kept] });
      const loaded = await loadModel(stateOf(model));
      expectSameBits(loaded, model);
      for (const [each, callback] of [
        [loaded, stopping()],
        [model, kept],
      ] as const) {
        const rest = await each.fit(x, y, { ...options, resume: true, callbacks: [callback] });
        expect(rest.stopReason).toBe("earlyStopping");
        expectSameBits(each, whole);
      }
    }
  });

  test("a resume of a fit that had run out of patience ends at once, and with more patience goes on", async () => {
    const model = await build();
    const history = await model.fit(x, y, { ...options, callbacks: [stopping()] });
    const bytes = stateOf(model);
    const loaded = await loadModel(bytes);
    const again = await loaded.fit(x, y, { ...options, resume: true, callbacks: [stopping()] });
    expect(again).toEqual({ epoch: [], history: {}, stopReason: "earlyStopping" });
    expect(Buffer.compare(stateOf(loaded), bytes)).toBe(0);

    const patient = () => earlyStopping({ patience: 7, restoreBestWeights: true });
    const rest = await loaded.fit(x, y, { ...options, resume: true, callbacks: [patient()] });
    expect(rest.epoch[0]).toBe(history.epoch.length);
    const whole = await build();
    await whole.fit(x, y, { ...options, callbacks: [patient()] });
    expect(weightsOf(loaded)).toEqual(weightsOf(whole));
  });

  test("weights that were changed after the end are those that a resume goes on with", async () => {
    const [model, twin] = [await build(), await build()];
    await model.fit(x, y, { ...options, maxSteps: 20, callbacks: [stopping()] });
    await twin.fit(x, y, { ...options, maxSteps: 20 });
    const chosen = (await build()).getWeights();
    for (const each of [model, twin]) each.setWeights(chosen);
    await model.fit(x, y, { ...options, resume: true, maxSteps: 1, callbacks: [earlyStopping({ patience: 99 })] });
    await twin.fit(x, y, { ...options, resume: true, maxSteps: 1 });
    expect(weightsOf(model)).toEqual(weightsOf(twin));
  });

  test("what was the best of another figure is forgotten, and the weights it replaced are not", async () => {
    const [model, twin] = [await build(), await build()];
    await model.fit(x, y, { ...options, maxSteps: 20, callbacks: [stopping()] });
    await twin.fit(x, y, { ...options, maxSteps: 20 });
    const other = earlyStopping({ monitor: "val_accuracy", patience: 99 });
    await model.fit(x, y, { ...options, resume: true, epochs: 9, callbacks: [other] });
    await twin.fit(x, y, { ...options, resume: true, epochs: 9 });
    expect(weightsOf(model)).toEqual(weightsOf(twin));
    expect(other.getState!()).toMatchObject({ monitor: "val_accuracy", bestWeights: null });
  });

  test("a state that is none is refused, and the model is as before", async () => {
    const model = await build();
    const foreign: Callback = { name: "earlyStopping", getState: () => ({ monitor: "val_loss", best: "low" }) };
    await model.fit(x, y, { ...options, maxSteps: 5, callbacks: [foreign] });
    const before = stateOf(model);
    const error = await failureOf(() => model.fit(x, y, { ...options, resume: true, callbacks: [stopping()] }));
    expect(error.code).toBe("model/bad-callback-state");
    expect(error.message).toContain('its best is "low"');
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });
});

describe("bad input", () => {
  test.each([
    [{ patience: -1 }, "config/not-a-whole-number", /patience of earlyStopping.*-1/],
    [{ patience: 1.5 }, "config/not-a-whole-number", /1\.5/],
    [{ patience: NaN }, "config/not-a-whole-number", /NaN/],
    [{ startFromEpoch: -2 }, "config/not-a-whole-number", /startFromEpoch/],
    [{ minDelta: -0.1 }, "config/out-of-range", /minDelta/],
    [{ minDelta: Infinity }, "config/not-finite", /minDelta/],
    [{ baseline: NaN }, "config/not-finite", /baseline/],
    [{ mode: "maximum" }, "config/bad-mode", /"auto", "min" or "max".*Did you mean "max"|"maximum"/],
    [{ monitor: 3 }, "config/unknown-monitor", /name of a figure/],
    [{ monitor: "" }, "config/unknown-monitor", /name of a figure/],
    [{ restoreBestWeights: 1 }, "config/not-a-boolean", /restoreBestWeights/],
    [{ patient: 1 }, "config/unknown-option", /Did you mean "patience"/],
    [null, "config/not-options", /earlyStopping/],
  ])("%j", async (options, code, message) => {
    const error = await failureOf(() => earlyStopping(options as EarlyStoppingOptions));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  const { x, y, validationData } = data;
  test.each([
    [{}, {}, "config/unknown-monitor", /"val_loss".*are loss, accuracy\. Pass validationSplit.*monitor: "loss"/],
    [{ monitor: "val_acuracy" }, { validationData }, "config/unknown-monitor", /Did you mean "val_accuracy"/],
    [
      { monitor: "val_steps" },
      { validationData },
      "config/unknown-monitor",
      /are loss, accuracy, val_loss, val_accuracy/,
    ],
  ])("a fit without the figure: %j", async (options, fit, code, message) => {
    const [model, twin] = [await classifier(), await classifier()];
    for (const each of [model, twin]) await each.fit(x, y, { epochs: 2, batchSize: 3, maxSteps: 4 });
    const before = stateOf(model);
    const error = await failureOf(() => model.fit(x, y, { ...fit, callbacks: [earlyStopping(options)] }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
    for (const each of [model, twin]) await each.fit(x, y, { epochs: 2, batchSize: 3, resume: true });
    expectSameBits(model, twin);
  });

  test("a function's direction must be given", async () => {
    const model = await scripted([1, 2]);
    const error = await failureOf(() =>
      model.fit(x, y, { validationData, callbacks: [earlyStopping({ monitor: "val_score" })] }),
    );
    expect(error.code).toBe("config/unknown-direction");
    expect(error.message).toMatch(/mode: "max" or mode: "min"/);
  });
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(message: string): never {
  throw new Error(message);
}
