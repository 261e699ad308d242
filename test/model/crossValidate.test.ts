import { describe, expect, it, test } from "vitest";
import { kFold, standardScaler, stratifiedKFold, takeRows } from "../../src/data/index.js";
import { LanewiseError } from "../../src/errors.js";
import { crossValidate, type CrossValidateOptions, dense, type Model, sequential } from "../../src/index.js";
import { classifier, expectSameBits, FEATURES, samples } from "./helpers.js";

const ROWS = 43;
const { x, y } = samples(ROWS);
const FIT = { epochs: 3, batchSize: 8 };
const shape = { shape: FEATURES };

it("trains a new model on the other folds and scores it on each fold's own rows", async () => {
  const made: Model[] = [];
  const seen: [number, number][] = [];
  const makeModel = async ({ fold, x, y }: { fold: number; x: Float32Array; y: Int32Array }) => {
    expect([fold, x.length]).toEqual([made.length, y.length * FEATURES]);
    made.push(await classifier());
    return made.at(-1)!;
  };
  const { scores, histories } = await crossValidate(makeModel, x, y, {
    ...FIT,
    folds: 4,
    seed: 3,
    onFoldEnd: (fold, { accuracy }) => void seen.push([fold, accuracy!]),
  });

  const losses: number[] = [];
  const accuracies: number[] = [];
  for (const [fold, { train, validation }] of kFold(ROWS, { folds: 4, seed: 3 }).entries()) {
    const model = await classifier();
    const history = await model.fit(takeRows(x, train, shape), takeRows(y, train), FIT);
    expectSameBits(made[fold]!, model);
    expect(histories[fold]).toEqual(history);
    const { loss, accuracy } = await model.evaluate(takeRows(x, validation, shape), takeRows(y, validation));
    losses.push(loss!);
    accuracies.push(accuracy!);
  }
  expect(Object.keys(scores)).toEqual(["loss", "accuracy"]);
  expect(scores.loss!.values).toEqual(losses);
  expect(scores.accuracy!.values).toEqual(accuracies);
  expect(seen).toEqual(accuracies.map((accuracy, fold) => [fold, accuracy]));
  const mean = losses.reduce((a, b) => a + b) / 4;
  expect(scores.loss!.mean).toBeCloseTo(mean, 12);
  expect(scores.loss!.std).toBeCloseTo(Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 4), 12);
});

it("shares out classes, sample weights and rows in any form, and leaves what is no number out of the scores", async () => {
  const rows = Array.from({ length: ROWS }, (_, i) => [...x.subarray(i * FEATURES, (i + 1) * FEATURES)]);
  const sampleWeight = Float32Array.from({ length: ROWS }, (_, i) => 1 + (i % 3));
  const seen: number[][][] = [];
  const makeModel = async (fold: { x: number[][]; y: Int32Array }) => {
    seen.push(fold.x);
    const layers = [standardScaler().fit(fold.x).layer(), dense(3, { activation: "softmax" })];
    const model = await sequential({ inputShape: FEATURES, layers, seed: 1 });
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["confusionMatrix"] });
    return model;
  };
  const { scores } = await crossValidate(makeModel, rows, y, { ...FIT, folds: 3, stratify: true, sampleWeight });
  const folds = stratifiedKFold(y, { folds: 3 });
  expect(seen).toEqual(folds.map(({ train }) => takeRows(rows, train)));
  expect(Object.keys(scores)).toEqual(["loss"]);

  const { train, validation } = folds[0]!;
  const model = await makeModel({ x: takeRows(rows, train), y: takeRows(y, train) });
  await model.fit(takeRows(rows, train), takeRows(y, train), { ...FIT, sampleWeight: takeRows(sampleWeight, train) });
  expect(scores.loss!.values[0]).toBe((await model.evaluate(takeRows(rows, validation), takeRows(y, validation))).loss);
});

it("tells its progress through callbacks, and stops when it is told to", async () => {
  const epochs: number[] = [];
  const controller = new AbortController();
  const options: CrossValidateOptions = {
    ...FIT,
    callbacks: [{ onEpochEnd: (epoch) => void epochs.push(epoch) }],
    signal: controller.signal,
    onFoldEnd: (fold) => (fold === 1 ? controller.abort(new Error("enough")) : undefined),
  };
  await expect(crossValidate(() => classifier(), x, y, options)).rejects.toThrow("enough");
  expect(epochs).toEqual([0, 1, 2, 0, 1, 2]);
});

describe("refuses", () => {
  const one = classifier();
  test.each<[string, () => Promise<unknown>, string]>([
    ["one model for all folds", () => crossValidate(() => one, x, y, FIT), "config/same-model"],
    ["what is no model", () => crossValidate(() => undefined as never, x, y), "config/not-a-model"],
    ["a misspelt option", () => crossValidate(() => one, x, y, { epoch: 3 } as object), "config/unknown-option"],
    [
      "validation data",
      () => crossValidate(() => one, x, y, { validationData: [x, y] } as object),
      "config/unknown-option",
    ],
    ["too many folds", () => crossValidate(() => one, x, y, { folds: 44 }), "data/too-few-rows"],
    ["x and y of different rows", () => crossValidate(() => one, x, y.subarray(1)), "data/rows-differ"],
    [
      "an option that fit refuses",
      () => crossValidate(() => classifier(), x, y, { epochs: 0 }),
      "config/not-a-positive-integer",
    ],
  ])("%s", async (_, action, code) => {
    const error = await action().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LanewiseError);
    expect(error).toMatchObject({ code });
  });
});
