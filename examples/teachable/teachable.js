// @ts-check
// A classifier that one person teaches: embeddings in, labels out. It keeps its samples, so that it can be taught more.

import { loadLinearModel, logisticRegression } from "lanewise";
import { standardScaler, stratifiedKFold, takeRows } from "lanewise/data";

/** @import { LogisticClassifier } from "lanewise" */
/** @typedef {{ label: string, probability: number }} Guess */
/** @typedef {{ samples: number, accuracy: number | undefined, c: number, milliseconds: number }} Lesson */
/** @typedef {{ mean: readonly number[], scale: readonly number[], classifier: LogisticClassifier }} Learned */

const FORMAT = "teachable";
const FORMAT_VERSION = 1;
/** Logistic regression's C: how much a sample weighs against small weights. */
const STRENGTHS = [1e-3, 1e-2, 1e-1, 1];
const FOLDS = 5;

export class Teachable {
  /** @type {string[]} */
  #labels = [];
  /** One a sample: the place of its label. @type {number[]} */
  #targets = [];
  /** @type {number[][]} */
  #samples = [];
  /** @type {Learned | undefined} */
  #learned;

  get labels() {
    return [...this.#labels];
  }

  get size() {
    return this.#samples.length;
  }

  /**
   * Adds a sample, which counts from the next `learn` on.
   *
   * @param {string} label
   * @param {ArrayLike<number>} embedding as many numbers as the first one has
   */
  add(label, embedding) {
    const sample = this.#checked(embedding);
    if (typeof label !== "string" || label === "") throw new TypeError("A label is a text that is not empty.");
    if (!this.#labels.includes(label)) this.#labels.push(label);
    this.#targets.push(this.#labels.indexOf(label));
    this.#samples.push(sample);
    return this;
  }

  /**
   * Learns from all samples: features to mean 0 and variance 1, then logistic regression with the C that does best in
   * cross-validation.
   *
   * @returns {Promise<Lesson>} `accuracy` is what to expect of new samples; undefined where a label has fewer than five
   */
  async learn() {
    if (this.#labels.length < 2) {
      throw new Error(
        `Two labels are needed to tell them apart; there are ${this.#labels.length}. Add samples of another.`,
      );
    }
    const began = performance.now();
    const targets = [...this.#targets];
    const { c, accuracy } = await chosenStrength(this.#samples, targets);
    this.#learned = await learned(this.#samples, targets, c);
    return { samples: targets.length, accuracy, c, milliseconds: performance.now() - began };
  }

  /**
   * @param {ArrayLike<number>} embedding
   * @returns {Guess[]} all labels that were learned, the likeliest first
   */
  classify(embedding) {
    if (this.#learned === undefined) throw new Error("Nothing has been learned yet: call learn() first.");
    const { classifier } = this.#learned;
    const probabilities = classifier.predictProbabilities([scaled(this.#learned, this.#checked(embedding))]);
    const guesses = classifier.classes.map((target, i) => ({
      label: this.#labels[target],
      probability: probabilities[i],
    }));
    return guesses.sort((a, b) => b.probability - a.probability);
  }

  toJSON() {
    return {
      format: FORMAT,
      version: FORMAT_VERSION,
      labels: this.#labels,
      targets: this.#targets,
      samples: this.#samples,
      learned: this.#learned,
    };
  }

  /** @param {string} text what `JSON.stringify` made of another one */
  static async fromJSON(text) {
    const { format, version, labels, targets, samples, learned } = JSON.parse(text);
    if (format !== FORMAT || version !== FORMAT_VERSION) {
      throw new Error(`This is no ${FORMAT} classifier of version ${FORMAT_VERSION}: it says ${format} ${version}.`);
    }
    const teachable = new Teachable();
    samples.forEach((/** @type {number[]} */ sample, /** @type {number} */ i) =>
      teachable.add(labels[targets[i]], sample),
    );
    if (learned) {
      const [mean, scale] = [teachable.#checked(learned.mean), teachable.#checked(learned.scale)];
      const classifier = /** @type {LogisticClassifier} */ (await loadLinearModel(learned.classifier));
      teachable.#learned = { mean, scale, classifier };
    }
    return teachable;
  }

  /** @param {ArrayLike<number>} embedding */
  #checked(embedding) {
    const values = Array.from(embedding);
    const expected = this.#samples[0]?.length ?? values.length;
    if (values.length !== expected || values.length === 0) {
      throw new RangeError(`The embedding has ${values.length} values, expected ${expected || "one or more"}.`);
    }
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new RangeError(`The embedding holds ${values[bad]} at ${bad}; all values must be finite numbers.`);
    return values;
  }
}

/**
 * @param {number[][]} samples
 * @param {number[]} targets
 * @param {number} c
 * @returns {Promise<Learned>}
 */
async function learned(samples, targets, c) {
  const { mean, scale } = standardScaler().fit(samples);
  const rows = samples.map((sample) => scaled({ mean, scale }, sample));
  return { mean, scale, classifier: await logisticRegression({ c, classWeight: "balanced" }).fit(rows, targets) };
}

/**
 * @param {Pick<Learned, "mean" | "scale">} scaler
 * @param {number[]} sample
 */
function scaled({ mean, scale }, sample) {
  return sample.map((value, i) => (value - mean[i]) / scale[i]);
}

/**
 * @param {number[][]} samples
 * @param {number[]} targets
 */
async function chosenStrength(samples, targets) {
  const counts = new Map();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  if (Math.min(...counts.values()) < FOLDS) return { c: STRENGTHS[1], accuracy: undefined };
  const folds = stratifiedKFold(targets, { folds: FOLDS, seed: 0 });
  let best = { c: 0, accuracy: -1 };
  for (const c of STRENGTHS) {
    let right = 0;
    for (const { train, validation } of folds) {
      const fold = await learned(takeRows(samples, train), takeRows(targets, train), c);
      const guesses = fold.classifier.predict(takeRows(samples, validation).map((row) => scaled(fold, row)));
      right += validation.filter((row, i) => guesses[i] === targets[row]).length;
    }
    if (right / targets.length > best.accuracy) best = { c, accuracy: right / targets.length };
  }
  return best;
}
