import type { Rowlike, Rows } from "../../model/data.js";
import { Engine } from "../../runtime/engine.js";
import { copyRows, kernelsOf, pitchOf } from "./table.js";
import { type Labels, toFeatures, toLabels } from "./rows.js";
import { ShapeError } from "../../errors.js";

export type LinearClassifierType = "linearSvm" | "logisticRegression";

/** What a fit found, and what `toJSON` returns but for the format: plain data. */
export interface LinearState {
  readonly type: LinearClassifierType;
  /** Sorted; two or more. */
  readonly classes: readonly number[];
  /** A row for each class, or of two classes one, for the second against the first. */
  readonly coefficients: readonly (readonly number[])[];
  /** One for each row of coefficients. */
  readonly intercepts: readonly number[];
  readonly iterations: number;
  readonly converged: boolean;
}

/** As it is saved. */
export interface LinearJson extends LinearState {
  readonly format: typeof LINEAR_FORMAT;
  readonly formatVersion: number;
}

export const LINEAR_FORMAT = "lanewise/linear";
export const LINEAR_FORMAT_VERSION = 1;

/** Rows at a time, in bytes: predicting a million rows needs no memory for a million. */
const CHUNK_BYTES = 1 << 20;

/** A fitted linear classifier: one score a class, x · coefficients + intercept, and the class of the greatest. */
export class LinearClassifier {
  readonly type: LinearClassifierType;
  /** The labels that it was fitted to, sorted. */
  readonly classes: readonly number[];
  /** (classes, features) as 64-bit numbers; of two classes (1, features), for the second against the first. */
  readonly coefficients: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  /** (classes), or of two classes (1). */
  readonly intercepts: Float64Array;
  /** Of the method, the most that a class took. */
  readonly iterations: number;
  /** False where `maxIterations` came first: scale the features, or allow more. */
  readonly converged: boolean;
  readonly #engine: Engine;
  readonly #w: number; // (rows of coefficients, pitch) f64

  /** @internal */
  constructor(engine: Engine, state: LinearState) {
    const width = state.coefficients[0]!.length;
    const pitch = pitchOf(width);
    this.type = state.type;
    this.classes = Object.freeze([...state.classes]);
    this.coefficients = {
      data: Float64Array.from(state.coefficients.flat()),
      shape: [state.coefficients.length, width],
    };
    this.intercepts = Float64Array.from(state.intercepts);
    this.iterations = state.iterations;
    this.converged = state.converged;
    this.#engine = engine;
    this.#w = engine.heap.allocate(8 * pitch * state.coefficients.length, "a classifier's coefficients");
    const w = engine.f64(this.#w, pitch * state.coefficients.length).fill(0);
    state.coefficients.forEach((row, k) => w.set(row, k * pitch));
  }

  /**
   * The class of each row: Int32Array (n). Of equal scores the first class counts.
   *
   * @param x n rows of as many features as it was fitted to
   * @throws ShapeError, DataError for rows that do not fit, or that are not finite
   * @example
   * const svm = await linearSvm().fit(x, y);
   * svm.predict(xTest); // Int32Array of labels
   */
  predict(x: Rowlike): Int32Array {
    const scores = this.#scores(this.#rows(x));
    const count = this.classes.length;
    if (count === 2) return Int32Array.from(scores, (score) => this.classes[score > 0 ? 1 : 0]!);
    return Int32Array.from({ length: scores.length / count }, (_, row) => {
      let best = row * count;
      for (let at = best + 1; at < (row + 1) * count; at++) if (scores[at]! > scores[best]!) best = at;
      return this.classes[best - row * count]!;
    });
  }

  /**
   * The scores: Float32Array (n, classes), row by row; of two classes (n), above 0 for the second. They are sums of 64 bits, rounded once.
   *
   * @example
   * const svm = await linearSvm().fit(x, y);
   * svm.decisionFunction(xTest); // Float32Array, a score for each row and class
   */
  decisionFunction(x: Rowlike): Float32Array {
    return Float32Array.from(this.#scores(this.#rows(x)));
  }

  /**
   * The share of rows whose class is predicted right.
   *
   * @param labels n whole numbers
   * @example
   * const svm = await linearSvm().fit(x, y);
   * svm.score(xTest, yTest); // accuracy, in [0, 1]
   */
  score(x: Rowlike, labels: Labels): number {
    const expected = toLabels(labels, "labels");
    const predicted = this.predict(x);
    if (predicted.length !== expected.length) {
      throw new ShapeError(
        "shape/rows-differ",
        `x has ${predicted.length} rows and there are ${expected.length} labels; each row needs its label.`,
      );
    }
    return predicted.reduce((hits, label, row) => hits + (label === expected[row] ? 1 : 0), 0) / expected.length;
  }

  /**
   * Plain data for `JSON.stringify`, from which `loadLinearModel` makes the same classifier, to the bit.
   *
   * @example
   * const text = JSON.stringify(await linearSvm().fit(x, y));
   * const svm = await loadLinearModel(text);
   */
  toJSON(): LinearJson {
    const { type, classes, iterations, converged, intercepts } = this;
    const { data, shape } = this.coefficients;
    const coefficients = Array.from({ length: shape[0] }, (_, k) => [
      ...data.subarray(k * shape[1], (k + 1) * shape[1]),
    ]);
    return {
      format: LINEAR_FORMAT,
      formatVersion: LINEAR_FORMAT_VERSION,
      type,
      classes,
      coefficients,
      intercepts: [...intercepts],
      iterations,
      converged,
    };
  }

  /** @internal Softmax of the scores, of two classes of (0, score). */
  protected probabilities(x: Rowlike): Float32Array {
    const scores = this.#scores(this.#rows(x));
    const count = this.classes.length;
    const logits = count === 2 ? new Float32Array(2 * scores.length) : Float32Array.from(scores);
    if (count === 2) scores.forEach((score, row) => (logits[2 * row + 1] = score));
    const chunk = Math.min(logits.length, Math.max(1, Math.floor(CHUNK_BYTES / (4 * count))) * count);
    const at = this.#engine.heap.allocate(4 * chunk, "probabilities");
    try {
      for (let first = 0; first < logits.length; first += chunk) {
        const part = logits.subarray(first, first + chunk);
        this.#engine.f32(at, part.length).set(part);
        kernelsOf(this.#engine).softmax(part.length / count, count, at, at);
        part.set(this.#engine.f32(at, part.length));
      }
    } finally {
      this.#engine.heap.free(at);
    }
    return logits;
  }

  #rows(x: Rowlike): Rows {
    return toFeatures(x, { width: this.coefficients.shape[1] });
  }

  /** (n, rows of coefficients) */
  #scores(x: Rows): Float64Array {
    const [count, width] = this.coefficients.shape;
    const pitch = pitchOf(width);
    const chunk = Math.min(x.rows, Math.max(1, Math.floor(CHUNK_BYTES / (4 * pitch + 8 * count))));
    const scores = new Float64Array(x.rows * count);
    const { heap } = this.#engine;
    const rows = heap.allocate(4 * chunk * pitch, "rows to predict");
    let z = 0;
    try {
      z = heap.allocate(8 * chunk * count, "scores");
      this.#engine.f32(rows, chunk * pitch).fill(0);
      for (let first = 0; first < x.rows; first += chunk) {
        const here = Math.min(chunk, x.rows - first);
        copyRows(this.#engine.f32(rows, chunk * pitch), x, first, here, pitch);
        kernelsOf(this.#engine).linearScores(here, count, pitch, rows, this.#w, z);
        scores.set(this.#engine.f64(z, here * count), first * count);
      }
    } finally {
      heap.free(rows);
      heap.free(z);
    }
    return scores.map((score, at) => score + this.intercepts[at % count]!);
  }
}

/** A fitted logistic regression. */
export class LogisticClassifier extends LinearClassifier {
  /**
   * The probability of each class: Float32Array (n, classes), row by row, in the order of `classes`.
   *
   * @example
   * const model = await logisticRegression().fit(x, y);
   * model.predictProbabilities(xTest); // Float32Array, each row's sum is 1
   */
  predictProbabilities(x: Rowlike): Float32Array {
    return this.probabilities(x);
  }
}

export async function classifierOf(state: LinearState): Promise<LinearClassifier> {
  const engine = await Engine.create();
  return state.type === "linearSvm" ? new LinearClassifier(engine, state) : new LogisticClassifier(engine, state);
}
