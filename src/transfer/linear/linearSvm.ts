import {
  abortSignal,
  boolean,
  knownOptions,
  positiveInteger,
  positiveNumber,
  seedValue,
  show,
  suggest,
} from "../../check.js";
import { ConfigError } from "../../errors.js";
import type { Rowlike } from "../../model/data.js";
import type { SampleWeight } from "../../model/weights.js";
import { classifierOf, type LinearClassifier, type LinearState } from "./classifier.js";
import { crammerSinger, HingeDescent } from "./descent.js";
import { minimize, type Minimum } from "./newton.js";
import { MarginObjective } from "./objectives.js";
import { Pace } from "./pace.js";
import { classWeights, type Labels, type LinearClassWeight, type Samples, toSamples } from "./rows.js";
import { Table } from "./table.js";

export interface LinearSvmOptions {
  /** How much the loss weighs against ½ ‖w‖² (default 1): the smaller, the stronger the regularization. */
  c?: number;
  /** max(0, 1 − margin)² (default), or max(0, 1 − margin), which leaves more rows without influence. */
  loss?: "squaredHinge" | "hinge";
  /** A problem for each class against all others (default), or Crammer and Singer's single one, whose loss is the hinge. */
  multiClass?: "oneVsRest" | "crammerSinger";
  /** Default true. */
  fitIntercept?: boolean;
  /** The intercept is the coefficient of a feature of this value, and regularized as such (default 1): larger is less. */
  interceptScaling?: number;
  /** When to stop (default 1e-4). */
  tolerance?: number;
  /** Newton's steps, or sweeps over the rows (default 1000; 100,000 with crammerSinger, where most leave most rows out). */
  maxIterations?: number;
  /** By label, or "balanced"; each class against the others weighs its own rows alone, as in scikit-learn. */
  classWeight?: LinearClassWeight;
  /** Of the order of rows in the hinge's sweeps (default 0). */
  seed?: number;
}

export interface LinearFitOptions {
  /** One weight a row, 0 or more. */
  sampleWeight?: SampleWeight;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A classifier that has yet to see data. */
export interface UnfittedLinear<C extends LinearClassifier> {
  /**
   * Fits it to convergence. The host is let in every 10 ms or so.
   *
   * @param features n rows: what a model's `predict` returns, or whatever `fit` of a model takes
   * @param labels n whole numbers, any two or more
   * @throws ShapeError, DataError for rows and labels that cannot be learned from; ConfigError for an option; the signal's reason
   */
  fit(features: Rowlike, labels: Labels, options?: LinearFitOptions): Promise<C>;
}

const OPTIONS = {
  c: true,
  loss: true,
  multiClass: true,
  fitIntercept: true,
  interceptScaling: true,
  tolerance: true,
  maxIterations: true,
  classWeight: true,
  seed: true,
};

/**
 * A linear support vector machine, min ½ ‖w‖² + C Σ max(0, 1 − margin)²: few rows, those near the border, decide. Good on the
 * features of a trained network. As scikit-learn's LinearSVC, with its defaults; the intercept is regularized, as it is there.
 * Hsieh et al. 2008, "A dual coordinate descent method for large-scale linear SVM" (ICML); Keerthi et al. 2008, "A sequential dual
 * method for large scale multi-class linear SVMs" (KDD)
 *
 * `fit(features, labels, { sampleWeight, signal })` returns a `LinearClassifier`. It goes on until `tolerance` is reached: the
 * squared hinge by Newton's method until no component of the gradient, divided by C, is larger; the hinge by descent in the dual
 * until no two projected gradients are further apart. The hinge takes long where features differ in scale: scale them
 * (`standardScaler`), and look at `converged`.
 *
 * @throws ConfigError for an option that is unknown or out of range
 * @example
 * const svm = await linearSvm({ c: 1 }).fit(x, y); // or on the features that a model predicts
 * svm.predict(xTest); // Int32Array of labels
 */
export function linearSvm(options: LinearSvmOptions = {}): UnfittedLinear<LinearClassifier> {
  const settings = settingsOf(options);
  return Object.freeze({
    fit: (features: Rowlike, labels: Labels, given: LinearFitOptions = {}) => fit(settings, features, labels, given),
  });
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(given: LinearSvmOptions) {
  const options = knownOptions<LinearSvmOptions>(given, "linearSvm()", OPTIONS);
  const multiClass = oneOf(options.multiClass ?? "oneVsRest", ["oneVsRest", "crammerSinger"], "multiClass");
  const usual = multiClass === "crammerSinger" ? "hinge" : "squaredHinge";
  const loss = oneOf(options.loss ?? usual, ["squaredHinge", "hinge"], "loss");
  if (multiClass === "crammerSinger" && loss !== "hinge") {
    throw new ConfigError(
      "config/out-of-range",
      'loss must be "hinge" with multiClass "crammerSinger", or be left out.',
    );
  }
  const scaling = positiveNumber(options.interceptScaling ?? 1, "interceptScaling");
  return {
    c: positiveNumber(options.c ?? 1, "c"),
    loss,
    multiClass,
    intercept: boolean(options.fitIntercept ?? true, "fitIntercept") ? Math.fround(scaling) : undefined,
    tolerance: positiveNumber(options.tolerance ?? 1e-4, "tolerance"),
    maxIterations: positiveInteger(
      options.maxIterations ?? (multiClass === "crammerSinger" ? 100_000 : 1000),
      "maxIterations",
    ),
    classWeight: options.classWeight,
    seed: seedValue(options.seed ?? 0),
  };
}

export function readFitOptions(given: LinearFitOptions): LinearFitOptions {
  const options = knownOptions<LinearFitOptions>(given, "fit()", { sampleWeight: true, signal: true });
  abortSignal(options.signal)?.throwIfAborted();
  return options;
}

async function fit(settings: Settings, features: Rowlike, labels: Labels, given: LinearFitOptions) {
  const { sampleWeight, signal } = readFitOptions(given);
  const samples = toSamples(features, labels, sampleWeight);
  const weights = classWeights(settings.classWeight, samples);
  const table = await Table.create(samples.x, settings.intercept, new Pace(signal));
  const solve = settings.multiClass === "crammerSinger" ? solveTogether : solveApart;
  const minima = await solve(table, samples, weights, settings);
  return classifierOf({ type: "linearSvm", classes: samples.classes, ...stateOf(minima, table, settings.intercept) });
}

/** Coefficients and intercepts of the rows of weights. */
export function stateOf(
  minima: readonly Minimum[],
  { width }: Table,
  intercept: number | undefined,
): Omit<LinearState, "type" | "classes"> {
  return {
    coefficients: minima.map(({ w }) => [...w.subarray(0, width)]),
    intercepts: minima.map(({ w }) => (intercept === undefined ? 0 : w[width]! * intercept)),
    iterations: Math.max(...minima.map(({ iterations }) => iterations)),
    converged: minima.every(({ converged }) => converged),
  };
}

/** Each class against the others; of two classes, the second against the first. */
async function solveApart(
  table: Table,
  { classes, places, sampleWeight }: Samples,
  weights: Float64Array,
  settings: Settings,
): Promise<Minimum[]> {
  const solve = settings.loss === "hinge" ? hingeSolver(table, settings) : squaredHingeSolver(table, settings);
  const positives = classes.length === 2 ? [1] : classes.map((_, place) => place);
  const minima: Minimum[] = [];
  for (const positive of positives) {
    // As liblinear has it: of more than two classes, the others' rows weigh 1.
    const weightOf = (place: number) => (classes.length === 2 || place === positive ? weights[place]! : 1);
    const cost = (row: number) => settings.c * weightOf(places[row]!) * (sampleWeight?.[row] ?? 1);
    minima.push(await solve((row) => places[row] === positive, cost));
  }
  return minima;
}

type Solver = (isPositive: (row: number) => boolean, cost: (row: number) => number) => Promise<Minimum>;

function hingeSolver(table: Table, settings: Settings): Solver {
  const descent = new HingeDescent(table, settings);
  return (isPositive, cost) => descent.solve(isPositive, cost);
}

function squaredHingeSolver(table: Table, { c, tolerance, maxIterations }: Settings): Solver {
  const objective = new MarginObjective(table, "squaredHingeRows", new Float64Array(table.pitch).fill(1));
  return (isPositive, cost) => {
    objective.set(isPositive, cost);
    return minimize(objective, { tolerance: tolerance * c, maxIterations });
  };
}

async function solveTogether(
  table: Table,
  { classes, places, sampleWeight }: Samples,
  weights: Float64Array,
  settings: Settings,
): Promise<Minimum[]> {
  const cost = (row: number) => settings.c * weights[places[row]!]! * (sampleWeight?.[row] ?? 1);
  const { w, ...found } = await crammerSinger(table, classes.length, places, cost, settings);
  const rows = classes.map((_, k) => w.subarray(k * table.pitch, (k + 1) * table.pitch));
  if (rows.length > 2) return rows.map((row) => ({ w: row, ...found }));
  const [first, second] = rows as [Float64Array, Float64Array];
  return [{ w: second.map((value, j) => value - first[j]!), ...found }];
}

function oneOf<T extends string>(value: T, allowed: readonly T[], what: string): T {
  if (allowed.includes(value)) return value;
  throw new ConfigError(
    "config/out-of-range",
    `${what} must be one of ${allowed.map(show).join(", ")}; got ${show(value)}.${suggest(value, allowed)}`,
  );
}
