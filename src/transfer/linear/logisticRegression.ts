import { boolean, knownOptions, positiveInteger, positiveNumber } from "../../check.js";
import type { Rowlike } from "../../model/data.js";
import { classifierOf, type LogisticClassifier } from "./classifier.js";
import { type LinearFitOptions, readFitOptions, stateOf, type UnfittedLinear } from "./linearSvm.js";
import { minimize, type Minimum } from "./newton.js";
import { MarginObjective, SoftmaxObjective } from "./objectives.js";
import { Pace } from "./pace.js";
import { classWeights, type Labels, type LinearClassWeight, toSamples } from "./rows.js";
import { Table } from "./table.js";

export interface LogisticRegressionOptions {
  /** How much the loss weighs against ½ ‖w‖² (default 1): the smaller, the stronger the regularization. */
  c?: number;
  /** Default true; it is not regularized. */
  fitIntercept?: boolean;
  /** For the largest component of the gradient, divided by C (default 1e-4). */
  tolerance?: number;
  /** Newton's steps (default 100). */
  maxIterations?: number;
  /** By label, or "balanced": what its rows' losses are multiplied by. */
  classWeight?: LinearClassWeight;
}

const OPTIONS = { c: true, fitIntercept: true, tolerance: true, maxIterations: true, classWeight: true };

/**
 * Logistic regression, min ½ ‖w‖² + C Σ −ln p(label): p is the sigmoid of one score for two classes, the softmax of one score
 * a class for more. As scikit-learn's LogisticRegression; the intercept is not regularized. Lin, Weng and Keerthi 2008, "Trust
 * region Newton method for logistic regression" (JMLR 9)
 *
 * `fit(features, labels, { sampleWeight, signal })` returns a `LogisticClassifier`. Newton's method with truncated conjugate
 * gradients converges in some ten steps, also where features differ in scale and scikit-learn's solver stops early.
 *
 * @throws ConfigError for an option that is unknown or out of range
 * @example
 * const model = await logisticRegression().fit(x, y);
 * model.predictProbabilities(xTest); // Float32Array (n, classes)
 */
export function logisticRegression(options: LogisticRegressionOptions = {}): UnfittedLinear<LogisticClassifier> {
  const settings = settingsOf(options);
  return Object.freeze({
    fit: (features: Rowlike, labels: Labels, given: LinearFitOptions = {}) => fit(settings, features, labels, given),
  });
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(given: LogisticRegressionOptions) {
  const options = knownOptions<LogisticRegressionOptions>(given, "logisticRegression()", OPTIONS);
  return {
    c: positiveNumber(options.c ?? 1, "c"),
    intercept: boolean(options.fitIntercept ?? true, "fitIntercept") ? 1 : undefined,
    tolerance: positiveNumber(options.tolerance ?? 1e-4, "tolerance"),
    maxIterations: positiveInteger(options.maxIterations ?? 100, "maxIterations"),
    classWeight: options.classWeight,
  };
}

async function fit(settings: Settings, features: Rowlike, labels: Labels, given: LinearFitOptions) {
  const { sampleWeight, signal } = readFitOptions(given);
  const samples = toSamples(features, labels, sampleWeight);
  const { classes, places } = samples;
  const weights = classWeights(settings.classWeight, samples);
  const table = await Table.create(samples.x, settings.intercept, new Pace(signal));
  const cost = (row: number) => settings.c * weights[places[row]!]! * (sampleWeight?.[row] ?? 1);
  const ridge = new Float64Array(table.pitch).fill(1);
  if (settings.intercept !== undefined) ridge[table.width] = 0;

  const limits = { tolerance: settings.tolerance * settings.c, maxIterations: settings.maxIterations };
  const minima: Minimum[] = [];
  if (classes.length === 2) {
    const objective = new MarginObjective(table, "logisticRows", ridge);
    objective.set((row) => places[row] === 1, cost);
    minima.push(await minimize(objective, limits));
  } else {
    const found = await minimize(new SoftmaxObjective(table, classes.length, ridge, places, cost), limits);
    minima.push(...rowsOf(found, table));
  }
  const state = stateOf(minima, table, settings.intercept);
  return (await classifierOf({ type: "logisticRegression", classes, ...state })) as LogisticClassifier;
}

/** A row for each class. One number added to all intercepts changes no probability: their mean is made 0. */
function rowsOf({ w, ...found }: Minimum, { pitch, width }: Table): Minimum[] {
  const rows = Array.from({ length: w.length / pitch }, (_, k) => w.slice(k * pitch, (k + 1) * pitch));
  if (width < pitch) {
    const mean = rows.reduce((sum, row) => sum + row[width]!, 0) / rows.length;
    for (const row of rows) row[width]! -= mean;
  }
  return rows.map((row) => ({ w: row, ...found }));
}
