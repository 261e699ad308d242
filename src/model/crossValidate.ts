import { boolean, knownOptions, show } from "../check.js";
import { type FoldOptions, kFold, stratifiedKFold } from "../data/folds.js";
import { pick, type Rows } from "../data/rows.js";
import { rowCount } from "../data/shuffleSplit.js";
import { ConfigError } from "../errors.js";
import type { Rowlike, Targets } from "./data.js";
import type { Evaluation } from "./evaluate.js";
import { FIT_OPTIONS, type FitOptions, type History } from "./fitOptions.js";
import { Model } from "./model.js";
import { checkSampleWeight } from "./weights.js";

/** What each fold's fit is called with, and how the folds are made. */
export interface CrossValidateOptions
  extends
    Omit<FitOptions, "validationData" | "resume" | "shuffleBuffer" | "readAhead" | "stepsPerEpoch">,
    Pick<FoldOptions, "folds" | "seed"> {
  /** Shares out each class by itself (default false): y holds class labels or one-hot rows. */
  stratify?: boolean;
  /** Called after each fold, counted from 0, with what its model reached on the rows held out; awaited. */
  onFoldEnd?: (fold: number, scores: Evaluation) => void | Promise<void>;
}

/** Over the folds; `std` is divided by their number, as numpy's. */
export interface Score {
  readonly mean: number;
  readonly std: number;
  readonly values: readonly number[];
}

export interface CrossValidation {
  /** `loss` and each metric that is a number. */
  readonly scores: Readonly<Record<string, Score>>;
  /** What each fold's fit returned. */
  readonly histories: readonly History[];
}

/** The rows that a fold trains on: what a scaler may see. */
export interface FoldRows<X, Y> {
  readonly fold: number;
  readonly x: X;
  readonly y: Y;
}

const {
  validationData: _1,
  resume: _2,
  shuffleBuffer: _3,
  readAhead: _4,
  stepsPerEpoch: _5,
  ...FOLD_FIT_OPTIONS
} = FIT_OPTIONS;
const OPTIONS = { ...FOLD_FIT_OPTIONS, folds: true, seed: true, stratify: true, onFoldEnd: true };

/**
 * k-fold cross-validation: a new model for each fold is trained on the others' rows and evaluated on the fold's own, so that every
 * row is once predicted by a model that has not seen it. Rows are shuffled by `seed` before they are cut into folds.
 *
 * @param makeModel makes a compiled model, another one for each fold; whatever is fitted to data (a scaler) is fitted here, to
 *   the rows it is handed, lest it sees those held out
 * @param x n rows, as for `fit`
 * @param y n labels; rows of targets as nested arrays or { data, shape }
 * @param options those of `fit` but `validationData`, `resume` and those of streams, and `folds` (5), `seed` (0), `stratify`, `onFoldEnd`
 * @throws ConfigError `config/not-a-model`, `config/same-model`, and what `kFold` and `fit` throw
 * @example
 * const { scores } = await crossValidate(
 *   async ({ x }) => {
 *     const scaler = standardScaler().fit(x, { shape: 4 });
 *     const model = await sequential({ inputShape: 4, layers: [scaler.layer(), dense(3, { activation: "softmax" })] });
 *     model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
 *     return model;
 *   }, x, y, { folds: 5, stratify: true, epochs: 20 });
 * scores.accuracy; // { mean, std, values: one a fold }
 */
export async function crossValidate<X extends Rowlike & Rows, Y extends Targets & Rows>(
  makeModel: (rows: FoldRows<X, Y>) => Model | Promise<Model>,
  x: X,
  y: Y,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  const known = knownOptions<CrossValidateOptions>(options, "crossValidate()", OPTIONS);
  const { folds = 5, seed = 0, stratify = false, onFoldEnd, sampleWeight, ...fitOptions } = known;
  const rows = rowCount(x, y);
  const shares = boolean(stratify, "stratify") ? stratifiedKFold(y, { folds, seed }) : kFold(rows, { folds, seed });
  if (sampleWeight !== undefined) checkSampleWeight(sampleWeight, rows, "sampleWeight");
  const models = new Set<Model>();
  const histories: History[] = [];
  const evaluations: Evaluation[] = [];
  for (const [fold, { train, validation }] of shares.entries()) {
    const [xTrain, yTrain] = [pick(x, rows, train), pick(y, rows, train)];
    const model = await makeModel({ fold, x: xTrain, y: yTrain });
    refuseOthers(model, models);
    const weights = sampleWeight && { sampleWeight: pick(sampleWeight, rows, train) };
    histories.push(await model.fit(xTrain, yTrain, { ...fitOptions, ...weights }));
    const scores = await model.evaluate(pick(x, rows, validation), pick(y, rows, validation));
    evaluations.push(scores);
    await onFoldEnd?.(fold, scores);
  }
  return { scores: scoresOf(evaluations), histories };
}

function refuseOthers(model: unknown, before: Set<Model>): void {
  if (!(model instanceof Model)) {
    throw new ConfigError("config/not-a-model", `makeModel must return a compiled model; got ${show(model)}.`);
  }
  if (before.has(model)) {
    throw new ConfigError(
      "config/same-model",
      "makeModel returned one model twice, and it has seen the rows that are held out now. Make a new one for each fold.",
    );
  }
  before.add(model);
}

function scoresOf(evaluations: readonly Evaluation[]): Record<string, Score> {
  const names = Object.keys(evaluations[0]!).filter((name) => typeof evaluations[0]![name] === "number");
  return Object.fromEntries(names.map((name) => [name, scoreOf(evaluations.map((figures) => figures[name]!))]));
}

function scoreOf(values: readonly number[]): Score {
  const mean = average(values);
  return { mean, std: Math.sqrt(average(values.map((value) => (value - mean) ** 2))), values };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
