import { describe, expect, test } from "vitest";
import { loadDigits } from "../../src/data/index.js";
import {
  adam,
  choice,
  dense,
  dropout,
  integer,
  logUniform,
  type Params,
  search,
  type SearchOptions,
  type SearchResult,
  sequential,
  sgd,
  type Trial,
  type TrialEvent,
  uniform,
} from "../../src/index.js";
import { trialPrinter } from "../../src/search/printer.js";
import { rungsOf } from "../../src/search/trial.js";
import { expectSameArrays, failureOf, FEATURES, noise, samples } from "../model/helpers.js";

const { x, y } = samples(120);
const held = samples(60, 5);
const SPACE = { units: integer(2, 9), rate: logUniform(1e-3, 1e-1), drop: choice([0, 0.3]) };
const build = ({ units, rate, drop }: Params) => ({
  layers: [
    dense(units as number, { activation: "tanh" }),
    dropout(drop as number),
    dense(3, { activation: "softmax" }),
  ],
  compile: {
    optimizer: adam({ learningRate: rate as number }),
    loss: "sparseCategoricalCrossentropy" as const,
    metrics: ["accuracy" as const],
  },
  fit: { batchSize: 16 },
});
const OWN: SearchOptions = {
  space: SPACE,
  build,
  trials: 9,
  seed: 3,
  maxEpochs: 9,
  validationData: [held.x, held.y],
};

/** What a result is, without its models and functions: figures to compare. */
function plain({ trials, bestParams, bestScore, importance, stopReason }: SearchResult) {
  return { trials, bestParams, bestScore, importance, stopReason };
}

describe("successive halving", () => {
  test.each([
    [40, 1, 27, 3, [[1, 40], [3, 13], [9, 4], [27, 1]]], // prettier-ignore
    [5, 1, 27, 3, [[9, 5], [27, 1]]], // prettier-ignore
    [2, 1, 27, 3, [[27, 2]]],
    [16, 2, 10, 2, [[3, 16], [5, 8], [10, 4]]], // prettier-ignore
    [12, 7, 7, 3, [[7, 12]]],
  ])("%i trials, from epoch %i to %i by %i", (trials, minEpochs, maxEpochs, factor, expected) => {
    const rungs = rungsOf(trials, { minEpochs, maxEpochs, factor });
    expect(rungs.map(({ epochs, trials }) => [epochs, trials])).toEqual(expected);
  });

  test("the best third of each rung goes on, by score, then by validation loss", async () => {
    const { trials, rungs } = await search(x, y, OWN);
    expect(rungs).toEqual([
      { epochs: 1, trials: 9 },
      { epochs: 3, trials: 3 },
      { epochs: 9, trials: 1 },
    ]);
    rungs.forEach(({ epochs, trials: count }, rung) => {
      const there = trials.filter((trial) => trial.rungs.length > rung);
      expect(there.length).toBe(count);
      for (const trial of there) expect(trial.rungs[rung]!.epochs).toBe(epochs);
      const at = ({ rungs }: Trial) => rungs[rung]!;
      const order = [...there].sort(
        (a, b) => at(b).score! - at(a).score! || at(a).logs.val_loss! - at(b).logs.val_loss!,
      );
      const further = trials.filter((trial) => trial.rungs.length > rung + 1);
      expect(new Set(further)).toEqual(new Set(order.slice(0, rungs[rung + 1]?.trials ?? 0)));
    });
    expect(trials.map(({ status }) => status).sort()).toEqual(["completed", ...Array<string>(8).fill("stopped")]);
  });

  test("each rung goes on from the last as if training had not stopped", async () => {
    const { trials, bestModel, bestParams } = await search(x, y, OWN);
    for (const trial of trials) {
      const { layers, compile, fit } = build(trial.params);
      const model = await sequential({ inputShape: FEATURES, layers, seed: trial.seed });
      model.compile(compile);
      await model.fit(x, y, { ...fit, epochs: trial.epochs });
      const { loss, accuracy } = await model.evaluate(held.x, held.y);
      expect(trial.rungs.at(-1)!.logs).toEqual({ val_loss: loss, val_accuracy: accuracy });
      const best = trial.rungs.findIndex(({ score }) => score === trial.score);
      if (trial === trials[0] && best === trial.rungs.length - 1) {
        expectSameArrays(bestModel.getWeights(), model.getWeights());
      }
    }
    expect(bestParams).toEqual(trials[0]!.params);
  });

  test("the best model is that of the best score, ready to predict and to go on", async () => {
    const { bestModel, bestScore, trials } = await search(x, y, OWN);
    expect((await bestModel.evaluate(held.x, held.y)).accuracy).toBe(bestScore);
    expect(bestScore).toBe(Math.max(...trials.flatMap(({ rungs }) => rungs.map(({ score }) => score!))));
    expect(bestModel.predict(held.x).shape).toEqual([60, 3]);
    await bestModel.fit(x, y, { epochs: 1 });
  });

  test("the same seed gives the same bits, another others; trials do not depend on how many there are", async () => {
    const [a, b] = [await search(x, y, OWN), await search(x, y, OWN)];
    expect(a.state).toEqual(b.state);
    expect(plain(a)).toEqual(plain(b));
    expectSameArrays(a.bestModel.getWeights(), b.bestModel.getWeights());
    const other = await search(x, y, { ...OWN, seed: 4 });
    expect(other.trials.map(({ params }) => params)).not.toEqual(a.trials.map(({ params }) => params));
    const more = await search(x, y, { ...OWN, trials: 12, minEpochs: 1, maxEpochs: 1 });
    const byNumber = (trials: readonly Trial[], number: number) => trials.find((trial) => trial.number === number)!;
    for (const { number, rungs } of a.trials) expect(byNumber(more.trials, number).rungs[0]).toEqual(rungs[0]);
  });

  test("minEpochs of maxEpochs drops none", async () => {
    const { trials } = await search(x, y, { ...OWN, minEpochs: 9 });
    expect(trials.map(({ epochs, status }) => [epochs, status])).toEqual(Array(9).fill([9, "completed"]));
  });

  test("trials that are not finite come last and never go on", async () => {
    const options = {
      ...OWN,
      space: { rate: choice([0.01, 1e30]) },
      build: ({ rate }: Params) => ({
        layers: [dense(1)],
        compile: { optimizer: sgd({ learningRate: rate as number }), loss: "meanSquaredError" as const },
      }),
    };
    const { trials, monitor, bestScore } = await search(x, Float32Array.from(y), options);
    expect(monitor).toBe("val_loss");
    const diverged = trials.filter(({ status }) => status === "diverged");
    expect(diverged.length).toBeGreaterThan(0);
    expect(trials.slice(-diverged.length)).toEqual(diverged);
    for (const { params, score, rungs } of diverged)
      expect([params.rate, score, rungs.length]).toEqual([1e30, null, 1]);
    expect(bestScore).toBe(Math.min(...trials.flatMap(({ score }) => score ?? Infinity)));
    const none = { ...options, space: { rate: choice([1e30, 2e30]) } };
    expect((await failureOf(() => search(x, Float32Array.from(y), none))).code).toBe("search/all-diverged");
  });

  test("a metric that is a function can be the monitor, in every rung", async () => {
    const errors = function misses(labels: readonly (number | number[])[], rows: readonly number[][]) {
      return labels.filter((label, i) => rows[i]!.indexOf(Math.max(...rows[i]!)) !== label).length;
    };
    const options: SearchOptions = {
      ...OWN,
      monitor: "val_misses",
      mode: "min",
      build: (params) => ({ ...build(params), compile: { ...build(params).compile, metrics: [errors, "accuracy"] } }),
    };
    const { bestScore, bestModel, trials } = await search(x, y, options);
    expect(trials.every(({ rungs }) => rungs.every(({ score, logs }) => score === logs.val_misses))).toBe(true);
    expect(bestScore).toBe(Math.round(60 * (1 - (await bestModel.evaluate(held.x, held.y)).accuracy!)));
  });
});

describe("the default network", () => {
  const quick = { trials: 6, maxEpochs: 9, seed: 2 };
  const linear = Float32Array.from({ length: 120 }, (_, i) => 30 * x[4 * i]! - 20 * x[4 * i + 1]! + 100);
  const rows = (width: number, at: (row: number, column: number) => number) => ({
    data: Float32Array.from({ length: 120 * width }, (_, i) => at(Math.floor(i / width), i % width)),
    shape: [120, width],
  });

  test.each([
    ["labels", y, "val_accuracy", 3],
    ["labels in a plain array", [...y], "val_accuracy", 3],
    ["bytes of two classes", Uint8Array.from(y, (label) => Math.min(label, 1)), "val_accuracy", 1],
    ["one-hot rows", rows(3, (row, column) => Number(y[row] === column)), "val_accuracy", 3],
    ["several yes and no", rows(2, (row, column) => Number(x[4 * row + column]! > 0)), "val_accuracy", 2],
    ["numbers", linear, "val_meanSquaredError", 1],
    ["rows of numbers", rows(2, (row, column) => linear[row]! * (column + 1)), "val_meanSquaredError", 2],
  ] as const)("suits %s", async (_, targets, monitor, units) => {
    const result = await search(x, targets, quick);
    expect(result.monitor).toBe(monitor);
    expect(result.bestModel.outputShape).toEqual([units]);
    const score = result.bestScore;
    if (monitor === "val_accuracy") expect(score).toBeGreaterThan(0.6);
    else expect(score).toBeLessThan(Math.max(...linear) ** 2);
  });

  test("takes a loss that y does not tell, and an output that suits it", async () => {
    const counts = Float32Array.from({ length: 120 }, (_, i) => i % 7);
    const { bestModel, monitor, space } = await search(x, counts, { ...quick, loss: "poisson" });
    expect(monitor).toBe("val_loss");
    expect(space.l2).toBe(0); // a penalty would count in what trials are compared by
    expect(Math.min(...bestModel.predict(x).data)).toBeGreaterThan(0);
  });

  test("scales features that are far apart, and constant ones, by the training rows alone", async () => {
    const scaled = Float32Array.from(x, (value, i) => [1e6 * value, 1e-3 * value + 5, value, 7][i % 4]!);
    const { bestModel } = await search(scaled, y, quick);
    const first = bestModel.layers[0]!;
    expect([first.name, first.className, first.trainable]).toEqual(["scaling", "BatchNormalization", false]);
    const { data: mean } = bestModel.getWeights().get("scaling/movingMean")!;
    const { data: variance } = bestModel.getWeights().get("scaling/movingVariance")!;
    expect([mean[3], variance[3]]).toEqual([7, 1]);
    expect(variance[0]! / 1e12).toBeCloseTo(1 / 3, 1); // of the uniform distribution on [-1, 1)
    expect(variance[1]! / 1e-6).toBeCloseTo(1 / 3, 1);
  });

  test("restricts and replaces what it is given", async () => {
    const space = { widths: choice([[5], [6, 4]]), learningRate: uniform(0.01, 0.02), optimizer: "nadam" };
    const { trials, bestModel } = await search(x, y, { ...quick, space });
    for (const { params } of trials) {
      expect([[5], [6, 4]]).toContainEqual(params.widths);
      expect(params.learningRate).toBeGreaterThanOrEqual(0.01);
      expect(params.learningRate).toBeLessThan(0.02);
      expect(params.optimizer).toBe("nadam");
      expect("depth" in params).toBe(false);
    }
    const hidden = bestModel.layers.filter(({ className }) => className === "Dense").slice(0, -1);
    expect(hidden.map(({ outputShape }) => outputShape[0])).toEqual(trials[0]!.params.widths);
  });

  test("single values alone leave the rest of the default space", async () => {
    const space = { schedule: "constant", depth: 1, units: 8 };
    const { trials, importance } = await search(x, y, { ...quick, space });
    for (const { params } of trials) expect(params).toMatchObject(space);
    expect(importance.map(({ name }) => name)).toContain("learningRate");
  });

  test("no batch of one row is left to a normalization", async () => {
    const odd = samples(81); // 65 to train on: 4 batches of 16, and one row
    const space = { normalization: "batchNorm", batchSize: choice([16, 32, 64]) };
    await search(odd.x, odd.y, { ...quick, space });
  });

  test("on the digits, a small search beats the median of the same trials all trained to the end", async () => {
    const digits = await loadDigits();
    const options = { trials: 12, seed: 1, maxEpochs: 9 };
    const halving = await search(digits.train.x, digits.train.y, options);
    const random = await search(digits.train.x, digits.train.y, { ...options, minEpochs: 9 });
    const scores = random.trials.map(({ score }) => score!).sort((a, b) => a - b);
    expect(halving.bestScore).toBeGreaterThan(scores[6]!);
    expect(halving.bestScore).toBeGreaterThan(0.95);
    const epochs = ({ trials }: SearchResult) => trials.reduce((sum, trial) => sum + trial.epochs, 0);
    expect(epochs(halving)).toBeLessThan(epochs(random) / 3);
    expect((await halving.bestModel.evaluate(digits.test.x, digits.test.y)).accuracy).toBeGreaterThan(0.95);
  });
});

describe("what is told", () => {
  test("a listener hears of each trial's rung, awaited", async () => {
    const events: TrialEvent[] = [];
    const result = await search(x, y, {
      ...OWN,
      onTrial: async (event) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        events.push(event);
      },
    });
    expect(events.map(({ rung, done }) => [rung, done])).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((done) => [1, done]),
      ...[1, 2, 3].map((done) => [2, done]),
      [3, 1],
    ]);
    expect(events.at(-1)!.best).toEqual(result.trials[0]);
  });

  test("a line a trial: cut to a terminal, whole in a log, the best so far with a star", async () => {
    const [terminal, log]: [string[], string[]] = [[], []];
    const listeners = [
      trialPrinter({ isTTY: true, columns: 60, write: (text: string) => terminal.push(text) }),
      trialPrinter({ write: (text: string) => log.push(text) }),
    ];
    await search(x, y, { ...OWN, onTrial: (event) => listeners.forEach((listen) => listen(event)) });
    expect(log.length).toBe(3 + 9 + 3 + 1);
    expect(log[0]).toBe("rung 1 of 3: 9 trials to epoch 1, by val_accuracy\n");
    expect(log[1]).toMatch(/^ {2}1\/9 {2}#1 {2}0\.\d{4} \* +\d+ ms {2}units \d, rate [\d.e-]+, drop 0(\.3)?\n$/);
    for (const line of terminal) expect(line.length).toBeLessThanOrEqual(60);
  });

  test("a table at 80 columns, and what mattered", async () => {
    const result = await search(x, y, { trials: 9, maxEpochs: 9, seed: 2 });
    const lines = result.toString().split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^9 trials, seed 2; best val_accuracy /);
    expect(lines.filter((line) => /^ +#\d/.test(line)).length).toBe(9);
    for (const { name } of result.importance) expect(result.toString()).toContain(name);
    expect(String(result)).toBe(result.toString());
  });

  test("a page that needs nothing else, its text escaped", async () => {
    const space = { ...SPACE, note: choice(["<b>&", '"plain"']) };
    const result = await search(x, y, { ...OWN, space });
    const html = result.toHtml();
    expect(html).toContain("<!doctype html>");
    expect(html).not.toMatch(/https?:|<script|<b>|NaN|undefined/);
    expect(html).toContain("&#60;b&#62;&#38;");
    expect(html.match(/<circle/g)!.length).toBe(9 * 4);
    expect(html).toContain("prefers-color-scheme: dark");
  });
});

describe("bad input", () => {
  const one = { rate: uniform(0, 1) };
  test.each<[string, object]>([
    ["config/empty-space", { space: {} }],
    ["config/empty-space", { space: {}, build }],
    ["config/empty-space", { space: { units: 3 }, build }],
    [
      "config/empty-space",
      {
        space: {
          widths: [4],
          activation: "relu",
          initializer: "auto",
          normalization: "none",
          optimizer: "adam",
          learningRate: 0.01,
          batchSize: 16,
          dropout: 0,
          l2: 0,
          maxNorm: 0,
        },
      },
    ],
    ["config/bad-space", { build }],
    ["config/bad-space", { space: [1] }],
    ["config/bad-space", { space: choice([1]) }],
    ["config/unknown-hyperparameter", { space: { learningrate: logUniform(1e-3, 1) } }],
    ["config/unknown-activation", { space: { activation: choice(["relu", "rleu"]) } }],
    ["config/unknown-optimizer", { space: { depth: integer(1, 2), optimizer: "adm" } }],
    ["config/out-of-range", { space: { dropout: uniform(0.5, 1.5) } }],
    ["config/out-of-range", { space: { normalization: choice(["batchnorm"]) } }],
    ["config/not-a-positive-integer", { space: { depth: integer(0, 2) } }],
    ["config/not-positive", { space: { learningRate: uniform(0, 1) } }],
    ["config/bad-widths", { space: { widths: choice([[64], 32]) } }],
    ["config/two-shapes", { space: { widths: choice([[64], [32]]), depth: 2 } }],
    ["config/not-a-positive-integer", { trials: 0 }],
    ["config/not-a-positive-integer", { trials: 2.5 }],
    ["config/bad-seed", { seed: -1 }],
    ["config/not-a-positive-integer", { maxEpochs: 0 }],
    ["config/out-of-range", { minEpochs: 10, maxEpochs: 5 }],
    ["config/out-of-range", { reductionFactor: 1 }],
    ["config/not-positive", { maxMs: 0 }],
    ["config/bad-signal", { signal: {} }],
    ["config/not-a-function", { onTrial: 1 }],
    ["config/not-a-function", { space: one, build: 1 }],
    ["config/not-a-boolean", { verbose: 1 }],
    ["config/two-losses", { space: SPACE, build, loss: "huber" }],
    ["config/two-validations", { validationSplit: 0.2, validationData: [x, y] }],
    ["config/bad-validation-data", { validationData: [x] }],
    ["data/bad-fraction", { validationSplit: 0 }],
    ["config/out-of-range", { validationSplit: 1 }],
    ["config/unknown-monitor", { monitor: "val_acuracy" }],
    ["config/out-of-range", { mode: "best" }],
    ["config/two-states", { state: new Uint8Array(3), checkpoint: "a" }],
    ["config/bad-state", { state: "a" }],
    ["config/unknown-option", { trails: 3 }],
    ["config/no-layers", { space: one, build: () => ({ layers: [], compile: {} }) }],
    ["config/no-layers", { space: one, build: () => ({ compile: {} }) }],
    ["config/not-options", { space: one, build: () => undefined }],
    [
      "config/unknown-option",
      { space: one, build: (p: Params) => ({ ...build({ ...p, units: 2, rate: 1, drop: 0 }), epochs: 3 }) },
    ],
    [
      "config/unknown-option",
      { space: one, build: () => ({ ...build({ units: 2, rate: 1, drop: 0 }), fit: { epochs: 3 } }) },
    ],
  ])("%s for %o", async (code, options) => {
    expect((await failureOf(() => search(x, y, options as SearchOptions))).code).toBe(code);
  });

  test("a misspelt hyperparameter gets a suggestion", async () => {
    const { message } = await failureOf(() => search(x, y, { space: { learningrate: logUniform(1e-3, 1) } }));
    expect(message).toContain('Did you mean "learningRate"?');
  });

  test("rows that do not fit, or are not finite", async () => {
    expect((await failureOf(() => search(x.subarray(1), y))).code).toBe("shape/rows-differ");
    expect((await failureOf(() => search(noise(0), new Int32Array(0)))).code).toBe("data/no-rows");
    const bad = x.slice();
    bad[7] = NaN;
    expect((await failureOf(() => search(bad, y))).code).toBe("data/not-finite");
  });

  test("what a trial's network refuses says which trial it was", async () => {
    const space = { units: choice([0, 3]) };
    const own = ({ units }: Params) => build({ units, rate: 0.1, drop: 0 });
    for (let seed = 0; seed < 3; seed++) {
      const { code, message } = await failureOf(() => search(x, y, { ...OWN, space, build: own, seed }));
      expect(code).toBe("config/bad-units");
      expect(message).toMatch(/^Trial \d \(units 0\): /);
    }
  });
});
