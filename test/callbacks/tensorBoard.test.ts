import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  adam,
  type Callback,
  exponentialDecay,
  type History,
  loadModel,
  tensorBoard,
  type TensorBoardOptions,
} from "../../src/index.js";
import { classifier, failureOf, samples, stateOf } from "../model/helpers.js";
import { readEvents } from "./events.js";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "lanewise-events-"))));
afterEach(() => rm(folder, { recursive: true }));

const { x, y } = samples(50);
const options = { epochs: 3, batchSize: 8, validationSplit: 0.2 }; // 40 rows: 5 steps an epoch
const board = (more: Partial<TensorBoardOptions> = {}) => tensorBoard({ logDir: folder, ...more });

/** All scalars of a run, over its files in the order of their names: `epoch_loss@2` → value. */
async function scalarsOf(run: string): Promise<[string, number][]> {
  const files = (await readdir(join(folder, run))).sort();
  const all: [string, number][] = [];
  for (const file of files) {
    const [first, ...events] = readEvents(await readFile(join(folder, run, file)));
    expect(file).toMatch(/^events\.out\.tfevents\.\d{10}\.lanewise\.[0-9a-f]{8}\.v2$/);
    expect(first).toMatchObject({ fileVersion: "brain.Event:2" });
    for (const { step, wallTime, scalars } of events) {
      expect(Math.abs(wallTime - Date.now() / 1000)).toBeLessThan(300);
      all.push(...scalars.map(([tag, value]): [string, number] => [`${tag}@${step}`, value]));
    }
  }
  return all;
}

const point = (name: string, epoch: number, value: number): [string, number] => [
  `${name}@${epoch}`,
  Math.fround(value),
];

function trained({ epoch, history }: History, rate: (epoch: number) => number): [string, number][] {
  return epoch.flatMap((n, i) => [
    point("epoch_loss", n, history.loss![i]!),
    point("epoch_accuracy", n, history.accuracy![i]!),
    point("epoch_learning_rate", n, rate(n)),
  ]);
}
function validated({ epoch, history }: History): [string, number][] {
  return epoch.flatMap((n, i) => [
    point("epoch_loss", n, history.val_loss![i]!),
    point("epoch_accuracy", n, history.val_accuracy![i]!),
  ]);
}

describe("what TensorBoard is told", () => {
  test("each epoch's figures, training and validation as runs, and the learning rate", async () => {
    const history = await (await classifier()).fit(x, y, { ...options, callbacks: [board()] });
    expect((await readdir(folder)).sort()).toEqual(["train", "validation"]);
    expect(await scalarsOf("train")).toEqual(trained(history, () => 0.01));
    expect(await scalarsOf("validation")).toEqual(validated(history));
  });

  test("the rate of a schedule: that of the step that follows", async () => {
    const learningRate = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 5, decayRate: 0.5 });
    const model = await classifier({ optimizer: adam({ learningRate }) });
    const history = await model.fit(x, y, { ...options, callbacks: [board()] });
    expect(await scalarsOf("train")).toEqual(trained(history, (epoch) => 0.1 * 0.5 ** (epoch + 1)));
  });

  test("without validation, no such run", async () => {
    await (await classifier()).fit(x, y, { epochs: 1, callbacks: [board()] });
    expect(await readdir(folder)).toEqual(["train"]);
  });

  test.each([
    ["batch", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [4, [0, 4, 8]],
  ] as const)("batches too: %s", async (updateFreq, steps) => {
    const heard: number[] = [];
    const ear: Callback = { onBatchEnd: (_batch, logs) => void heard.push(logs.loss!) };
    await (await classifier()).fit(x, y, { ...options, epochs: 2, callbacks: [board({ updateFreq }), ear] });
    const batches = (await scalarsOf("train")).filter(([tag]) => tag.startsWith("batch_loss"));
    expect(batches).toEqual(steps.map((step) => point("batch_loss", step, heard[step]!)));
  });

  test("another fit has files of its own", async () => {
    const model = await classifier();
    const one = board();
    const histories = [];
    for (let i = 0; i < 2; i++) histories.push(await model.fit(x, y, { ...options, callbacks: [one] }));
    expect(await readdir(join(folder, "train"))).toHaveLength(2);
    const expected = histories.flatMap((history) => validated(history));
    expect((await scalarsOf("validation")).sort()).toEqual(expected.sort());
  });
});

describe("histograms and norms by layer", () => {
  /** Those of the run `train`, by `tag@epoch`. */
  async function layersOf() {
    const [file] = await readdir(join(folder, "train"));
    const events = readEvents(await readFile(join(folder, "train", file!)));
    const histograms = events.flatMap(({ step, histograms: some = [] }) =>
      some.map(([tag, histogram]) => [`${tag}@${step}`, histogram] as const),
    );
    const scalars = events.flatMap(({ step, scalars: some }) =>
      some.filter(([tag]) => tag.includes("/")).map(([tag, value]) => [`${tag}@${step}`, value] as const),
    );
    return { histograms, scalars };
  }

  test("of the first step in every so many epochs", async () => {
    const model = await classifier();
    const first = model.getWeights();
    const gradients = model.gradients(x.subarray(0, 40 * 4), y.subarray(0, 40));
    const logged = board({ histogramFreq: 2 });
    await model.fit(x, y, { ...options, batchSize: 40, shuffle: false, callbacks: [logged] });
    const { histograms, scalars } = await layersOf();
    const weights = ["hidden/kernel", "hidden/bias", "output/kernel", "output/bias"];
    const tags = ["hidden", "output"].flatMap((layer) => [
      `${layer}/activations`,
      ...weights.filter((name) => name.startsWith(layer)).flatMap((name) => [name, `${name}/gradients`]),
    ]);
    expect(histograms.map(([tag]) => tag)).toEqual([0, 2].flatMap((epoch) => tags.map((tag) => `${tag}@${epoch}`)));
    const shown = new Map(histograms);
    for (const [map, suffix] of [
      [first, ""],
      [gradients, "/gradients"],
    ] as const) {
      for (const name of weights) {
        const values = Array.from((map.get(name) as { data: Float32Array }).data);
        const read = shown.get(`${name}${suffix}@0`)!;
        expect([read.num, read.min, read.max]).toEqual([values.length, Math.min(...values), Math.max(...values)]);
        expect(read.sum).toBeCloseTo(
          values.reduce((sum, v) => sum + v, 0),
          5,
        );
        expect(read.sumSquares).toBeCloseTo(
          values.reduce((sum, v) => sum + v * v, 0),
          5,
        );
        expect(read.bucketLimit).toEqual([...read.bucketLimit].sort((a, b) => a - b));
        const within = read.bucketLimit.map(
          (limit, i) => values.filter((v) => v < limit && v >= (read.bucketLimit[i - 1] ?? -Infinity)).length,
        );
        expect(read.bucket).toEqual(within);
      }
    }
    const norm = (map: typeof first, layer: string) =>
      Math.hypot(...[...map].filter(([name]) => name.startsWith(layer)).flatMap(([, { data }]) => Array.from(data)));
    const figures = new Map(scalars);
    for (const layer of ["hidden", "output"]) {
      expect(figures.get(`${layer}/weightNorm@0`)).toBeCloseTo(norm(first, layer), 5);
      expect(figures.get(`${layer}/gradientNorm@0`)).toBeCloseTo(norm(gradients, layer), 5);
      expect(figures.get(`${layer}/updateRatio@2`)).toBeGreaterThan(0);
    }
  });

  test("change no bit of the training", async () => {
    const run = async (histogramFreq: number) => {
      const model = await classifier();
      await model.fit(x, y, { ...options, callbacks: [board({ histogramFreq })] });
      return model.getWeights();
    };
    expect(await run(1)).toEqual(await run(0));
  });

  test.each([1, 3, 5, 8])("stand there once after a stop at step %i and a resume", async (maxSteps) => {
    const model = await classifier();
    const logged = () => [board({ histogramFreq: 1 })];
    await model.fit(x, y, { ...options, maxSteps, callbacks: logged() });
    const loaded = await loadModel(stateOf(model));
    await loaded.fit(x, y, { ...options, resume: true, callbacks: logged() });
    const { histograms, scalars } = await layersOf();
    expect(histograms).toHaveLength(3 * 10);
    expect(scalars).toHaveLength(3 * 6);
    for (const all of [histograms, scalars]) expect(new Set(all.map(([tag]) => tag)).size).toBe(all.length);
  });
});

describe("a resume", () => {
  test.each(["before", "behind"])("goes on in the same files, no step twice; saved %s it", async (order) => {
    const model = await classifier();
    const saves: Uint8Array[] = [];
    const keep = () => void saves.push(stateOf(model));
    const saver: Callback = { name: "saver", onEpochEnd: keep };
    const logged = board({ updateFreq: 3 });
    const callbacks = order === "before" ? [saver, logged] : [logged, saver];
    const history = await model.fit(x, y, { ...options, callbacks });
    const [train, validation] = [await scalarsOf("train"), await scalarsOf("validation")];
    expect(validation).toEqual(validated(history));
    // The first save of a callback before it knows of no files yet.
    for (const bytes of order === "before" ? saves.slice(1) : saves) {
      for (const run of ["train", "validation"]) {
        const [file, ...others] = await readdir(join(folder, run));
        expect(others).toEqual([]);
        await writeFile(join(folder, run, file!), Uint8Array.of(9, 0, 0), { flag: "a" }); // a record that a crash cut
      }
      const loaded = await loadModel(bytes);
      await loaded.fit(x, y, { ...options, resume: true, callbacks: [board({ updateFreq: 3 })] });
      expect(await scalarsOf("train")).toEqual(train);
      expect(await scalarsOf("validation")).toEqual(validation);
    }
  });

  test("begins a file where the last one is gone", async () => {
    const model = await classifier();
    await model.fit(x, y, { ...options, callbacks: [board()] });
    await rm(join(folder, "train"), { recursive: true });
    const rest = await model.fit(x, y, { ...options, epochs: 4, resume: true, callbacks: [board()] });
    expect(await scalarsOf("train")).toEqual(trained(rest, () => 0.01));
  });

  test("a file that leads elsewhere is refused", async () => {
    const model = await classifier();
    const log = { file: "events.out.tfevents.1/../../../../tmp/x", length: 0 };
    const foreign: Callback = { name: "tensorBoard", getState: () => ({ train: log, validation: null }) };
    await model.fit(x, y, { ...options, callbacks: [foreign] });
    const error = await failureOf(() => model.fit(x, y, { ...options, resume: true, callbacks: [board()] }));
    expect(error.code).toBe("model/bad-callback-state");
  });
});

test.each([
  [{ logDir: "" }, "config/bad-path", /logDir/],
  [{ logDir: 5 }, "config/bad-path", /5/],
  [{ updateFreq: 0 }, "config/not-a-positive-integer", /updateFreq/],
  [{ updateFreq: "epochs" }, "config/not-a-positive-integer", /"epochs"/],
  [{ histogramFreq: -1 }, "config/not-a-whole-number", /histogramFreq/],
  [{ logdir: "a" }, "config/unknown-option", /Did you mean "logDir"/],
])("bad input: %j", async (given, code, message) => {
  const error = await failureOf(() => tensorBoard(given as TensorBoardOptions));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});
