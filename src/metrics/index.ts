import * as LossCode from "../../assembly/shared/losses.js";
import { MAX_METRIC_SLOTS } from "../../assembly/shared/layout.js";
import { finiteNumber, numberInRange, positiveInteger, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import { type LossDescription, lossRow, predictionsFor } from "../losses/table.js";
import type { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";
import { areaUnderCurve, f1Of, meanOfR2, precisionOf, ratioOver, recallOf, square } from "./finalize.js";

/** What a metric is computed from. */
interface Inputs {
  readonly b: GraphBuilder;
  readonly description: Description;
  readonly loss: LossDescription;
  readonly output: Value;
  readonly targets: Value;
}

/** What its slots stand for. */
interface Setting {
  readonly description: Description;
  readonly loss: LossDescription;
  /** Of the output's last axis. */
  readonly width: number;
}

interface MetricRow extends FamilyRow {
  /** What the loss's targets must be. */
  readonly targets: "labels" | "rows" | "any";
  /** Which way is better; a matrix has none. */
  readonly better: "max" | "min" | undefined;
  /** How many sums or counts it keeps (one, if not given). */
  readonly slots?: (setting: Setting) => number;
  /** Emits what adds to the slots from `slot` on. */
  readonly emit: (inputs: Inputs, slot: number) => void;
  /** The figure that follows from the slots' sums; their mean over the samples, if not given. */
  readonly finalize?: (sums: readonly number[], setting: Setting) => number | number[][];
  /** Is no number, and so stands in no log. */
  readonly evaluateOnly?: true;
}

const threshold = { threshold: undefined };

const rows = {
  sparseCategoricalAccuracy: {
    targets: "labels",
    better: "max",
    options: {},
    formula: "share of rows whose largest output is at the label",
    emit: (inputs, slot) => inputs.b.metric("sparseAccuracy", scoresOf(inputs), inputs.targets, slot),
  },
  categoricalAccuracy: {
    targets: "rows",
    better: "max",
    options: {},
    formula: "share of rows whose largest output is where the largest target is",
    emit: (inputs, slot) => inputs.b.metric("categoricalAccuracy", scoresOf(inputs), inputs.targets, slot),
  },
  binaryAccuracy: {
    targets: "rows",
    better: "max",
    options: threshold,
    formula: "share of outputs on the right side of the threshold",
    emit(inputs, slot) {
      const [scores, limit] = decisionOf(inputs);
      inputs.b.metric("binaryAccuracy", scores, inputs.targets, slot, limit);
    },
  },
  sparseTopKCategoricalAccuracy: {
    targets: "labels",
    better: "max",
    options: { k: 5 },
    formula: "share of rows whose label is among the k largest outputs",
    emit: emitTopK,
  },
  topKCategoricalAccuracy: {
    targets: "rows",
    better: "max",
    options: { k: 5 },
    formula: "share of rows whose largest target is among the k largest outputs",
    emit: emitTopK,
  },
  precision: {
    targets: "any",
    better: "max",
    options: threshold,
    formula: "true positives / said positives; of classes, the mean over them",
    slots: countSlots,
    emit: emitCounts,
    finalize: (sums) => ratioOver(sums, precisionOf),
  },
  recall: {
    targets: "any",
    better: "max",
    options: threshold,
    formula: "true positives / positives; of classes, the mean over them",
    slots: countSlots,
    emit: emitCounts,
    finalize: (sums) => ratioOver(sums, recallOf),
  },
  f1Score: {
    targets: "any",
    better: "max",
    options: threshold,
    formula: "2·tp / (2·tp + fp + fn); of classes, the mean over them",
    paper: "van Rijsbergen 1979, Information Retrieval",
    slots: countSlots,
    emit: emitCounts,
    finalize: (sums) => ratioOver(sums, f1Of),
  },
  auc: {
    targets: "rows",
    better: "max",
    options: { numThresholds: 200 },
    formula: "area under the curve of true over false positive rate, by trapezoids between the thresholds",
    paper: "Hanley, McNeil 1982, Radiology 143(1)",
    slots: ({ description }) => 2 * binsOf(description),
    emit(inputs, slot) {
      const { b, description, targets } = inputs;
      b.metric("aucCounts", probabilitiesOf(inputs), targets, slot, 0, { bins: binsOf(description) });
    },
    finalize: areaUnderCurve,
  },
  confusionMatrix: {
    targets: "any",
    better: undefined,
    options: {},
    formula: "how many rows of each class (row) were taken for each class (column)",
    slots: ({ width }) => width * width,
    emit: (inputs, slot) => inputs.b.metric("confusion", scoresOf(inputs), labelsOf(inputs), slot),
    finalize: (sums, { width }) => square(sums, width),
    evaluateOnly: true,
  },
  meanAbsoluteError: {
    targets: "rows",
    better: "min",
    options: {},
    formula: "mean of |ŷ − y|",
    emit: ({ b, output, targets }, slot) =>
      b.metric("lossMetric", output, targets, slot, 0, { loss: LossCode.LOSS_MEAN_ABSOLUTE_ERROR }),
  },
  meanSquaredError: {
    targets: "rows",
    better: "min",
    options: {},
    formula: "mean of (ŷ − y)²",
    emit: ({ b, output, targets }, slot) =>
      b.metric("lossMetric", output, targets, slot, 0, { loss: LossCode.LOSS_MEAN_SQUARED_ERROR }),
  },
  r2Score: {
    targets: "rows",
    better: "max",
    options: {},
    formula: "1 − Σ (ŷ − y)² / Σ (y − ȳ)², the mean over the outputs",
    slots: ({ width }) => 1 + 3 * width,
    emit: ({ b, output, targets }, slot) => b.metric("moments", output, targets, slot),
    finalize: meanOfR2,
  },
} as const satisfies Record<string, MetricRow>;

/** Every metric: one row each. "accuracy" stands for the one that fits the loss. */
export const METRICS: Family<Record<keyof typeof rows, MetricRow>> = { kind: "metric", rows };

// ── What metrics read ───────────────────────────────────────────────────────────────────────────────────────────────

/** The order of logits is that of their softmax: no need to compute it. */
function scoresOf({ b, loss, output }: Inputs): Value {
  return predictionsFor(b, loss, output);
}

function labelsOf({ b, loss, targets }: Inputs): Value {
  return lossRow(loss).targets === "labels" ? targets : b.argmax(targets);
}

/** Scores and the threshold above which they say yes: for logits 0, which is a probability of ½. */
function decisionOf(inputs: Inputs): [scores: Value, threshold: number] {
  const { description, loss, output } = inputs;
  const given = description.threshold as number | undefined;
  const byDefault = loss.fromLogits === true || lossRow(loss).classes === "sign" ? 0 : 0.5;
  return given === undefined ? [output, byDefault] : [probabilitiesOf(inputs), given];
}

function probabilitiesOf({ b, loss, output }: Inputs): Value {
  if (loss.fromLogits !== true) return output;
  return lossRow(loss).link === "softmax" ? b.softmax(output) : b.sigmoid(output);
}

/** Each row is of one class, the one with the greatest output. */
function choosesClass({ loss }: { loss: LossDescription }): boolean {
  const { classes } = lossRow(loss);
  return classes === "label" || classes === "oneHot";
}

function countSlots(setting: Setting): number {
  return choosesClass(setting) ? 3 * setting.width : 3;
}

function emitCounts(inputs: Inputs, slot: number): void {
  const { b, targets } = inputs;
  if (choosesClass(inputs)) return b.metric("classCounts", scoresOf(inputs), labelsOf(inputs), slot);
  const [scores, limit] = decisionOf(inputs);
  b.metric("binaryCounts", scores, targets, slot, limit);
}

function emitTopK(inputs: Inputs, slot: number): void {
  const { b, description } = inputs;
  b.metric("topK", scoresOf(inputs), labelsOf(inputs), slot, 0, { k: description.k as number });
}

function binsOf({ numThresholds }: Description): number {
  return (numThresholds as number) - 1;
}

// ── What `compile` settles ──────────────────────────────────────────────────────────────────────────────────────────

export type MetricName = keyof typeof rows;
export type MetricDescription = Description<MetricName>;

/**
 * A figure of your own, from all labels (or rows of targets) and all predictions, as plain arrays. It is computed by
 * `evaluate` and at the end of each epoch's validation; on training data it would cost a pass over them. Not saved.
 */
export type MetricFunction = (labels: readonly (number | number[])[], predictions: readonly number[][]) => number;
/** What `metrics` takes: a name, what a factory returns, or a function. */
export type Metric = MetricName | "accuracy" | MetricDescription | MetricFunction;

export interface ResolvedMetric {
  /** How it is called in logs. */
  readonly label: string;
  /** As it stands in a file; nothing for a function. */
  readonly saved?: "accuracy" | MetricDescription;
  readonly compute?: MetricFunction;
  /** Undefined for a function, and for an output's loss by itself, which its record sums. */
  readonly setting?: Setting & { readonly description: MetricDescription };
  /** Its slots begin here; those of metrics that only `evaluate` reports come last. */
  readonly slot: number;
  readonly slots: number;
  readonly evaluateOnly: boolean;
}

/** What metrics one output has. */
export interface OutputMetrics {
  readonly given: readonly Metric[];
  readonly loss: LossDescription;
  /** Of the output's last axis. */
  readonly width: number;
  /** Where there are several outputs: what names begin with, and its loss is a figure of its own. */
  readonly prefix?: string;
}

/** @throws ConfigError where a metric is unknown or does not go with the loss's targets */
export function resolveMetrics(outputs: readonly OutputMetrics[]): ResolvedMetric[][] {
  const taken: Taken = new Map([["loss", 1]]);
  const resolved = outputs.map(({ given, loss, width, prefix }) => {
    const own = given.map((metric) => resolveMetric(metric, loss, width, { taken, prefix: prefix ?? "" }));
    if (prefix === undefined) return own;
    return [{ label: labelFor(`${prefix}loss`, taken), slots: 1, evaluateOnly: false }, ...own];
  });
  return placeSlots(resolved);
}

type Unplaced = Omit<ResolvedMetric, "slot">;

/** Slots one after the other, those that training leaves out last. */
function placeSlots(resolved: readonly (readonly Unplaced[])[]): ResolvedMetric[][] {
  let slot = 0;
  const slots = new Map<Unplaced, number>();
  for (const late of [false, true]) {
    for (const metric of resolved.flat().filter(({ evaluateOnly }) => evaluateOnly === late)) {
      slots.set(metric, slot);
      slot += metric.slots;
    }
  }
  if (slot > MAX_METRIC_SLOTS) {
    throw new ConfigError(
      "config/too-many-metrics",
      `The metrics would keep ${slot} sums and counts; at most ${MAX_METRIC_SLOTS} are. A confusion matrix takes classes × classes.`,
    );
  }
  return resolved.map((own) => own.map((metric) => ({ ...metric, slot: slots.get(metric)! })));
}

function resolveMetric(
  given: Metric,
  loss: LossDescription,
  width: number,
  { taken, prefix }: { taken: Taken; prefix: string },
): Unplaced {
  if (typeof given === "function") {
    return { label: labelFor(prefix + (given.name || "metric"), taken), compute: given, slots: 0, evaluateOnly: true };
  }
  const description = given === "accuracy" ? accuracyFor(loss) : resolve(METRICS, given);
  refuseOtherTargets(description, loss);
  checkOptions(description, loss);
  const setting = { description, loss, width };
  const row: MetricRow = METRICS.rows[description.name];
  return {
    label: labelFor(prefix + (given === "accuracy" ? given : description.name), taken),
    saved: given === "accuracy" ? given : description,
    setting,
    slots: row.slots?.(setting) ?? 1,
    evaluateOnly: row.evaluateOnly ?? false,
  };
}

/** Labels that are given away, each with the number to try next: a file may name very many metrics. */
type Taken = Map<string, number>;

/** precision, precision_1 …: two metrics of one name may differ in their options. */
function labelFor(name: string, taken: Taken): string {
  let label = name;
  for (let i = taken.get(name) ?? 1; taken.has(label); i++) {
    label = `${name}_${i}`;
    taken.set(name, i + 1);
  }
  taken.set(label, 1);
  return label;
}

function accuracyFor(loss: LossDescription): MetricDescription {
  const { accuracy } = lossRow(loss);
  if (accuracy) return describe(METRICS, accuracy);
  throw new ConfigError(
    "config/metric-does-not-fit",
    `"accuracy" has no meaning beside ${loss.name}, whose targets are numbers. Leave it out, or name one of ${Object.keys(rows).join(", ")}.`,
  );
}

function refuseOtherTargets({ name }: MetricDescription, loss: LossDescription): void {
  const { targets, classes } = lossRow(loss);
  const wanted = METRICS.rows[name].targets;
  const kind = (of: string) => (of === "labels" ? "class labels" : "rows of targets");
  if (wanted !== "any" && wanted !== targets) {
    throw new ConfigError(
      "config/metric-does-not-fit",
      `${name} takes ${kind(wanted)}, and ${loss.name} ${kind(targets)}. With ${loss.name}, use ${loss.name.includes("rossentropy") ? '"accuracy"' : "another metric"}.`,
    );
  }
  if (name === "confusionMatrix" && !choosesClass({ loss })) {
    throw new ConfigError(
      "config/metric-does-not-fit",
      `confusionMatrix needs one class a row, and the targets of ${loss.name} tell none.`,
    );
  }
  if (name === "auc" && classes === "sign") {
    throw new ConfigError(
      "config/metric-does-not-fit",
      `auc needs outputs that are probabilities, and those of ${loss.name} are not.`,
    );
  }
}

function checkOptions(description: MetricDescription, loss: LossDescription): void {
  const what = (option: string) => `${option} of metric "${description.name}"`;
  const { classes } = lossRow(loss);
  if (description.threshold !== undefined) {
    if (choosesClass({ loss }) && description.name !== "binaryAccuracy") {
      throw new ConfigError(
        "config/metric-does-not-fit",
        `${what("threshold")} has no meaning beside ${loss.name}, where the greatest output decides. Leave it out.`,
      );
    }
    if (classes === "sign") finiteNumber(description.threshold, what("threshold"));
    else numberInRange(description.threshold, what("threshold"), 0, 1, { closed: true });
  }
  if ("k" in description) numberInRange(positiveInteger(description.k, what("k")), what("k"), 1, 2 ** 31);
  if ("numThresholds" in description) {
    const count = positiveInteger(description.numThresholds, what("numThresholds"));
    numberInRange(count, what("numThresholds"), 2, 65536, { closed: true });
  }
}

// ── What a model asks of its metrics ────────────────────────────────────────────────────────────────────────────────

/** Emits what a metric counts; functions count nothing. */
export function emitMetric(b: GraphBuilder, { setting, slot }: ResolvedMetric, output: Value, targets: Value): void {
  if (!setting) return;
  const { description, loss } = setting;
  METRICS.rows[description.name].emit({ b, description, loss, output, targets }, slot);
}

/** The slots that a program keeps. */
export function metricSlots(metrics: readonly ResolvedMetric[], training: boolean): number {
  return metrics.reduce((sum, { slots, evaluateOnly }) => sum + (training && evaluateOnly ? 0 : slots), 0);
}

/** The figure that a metric's sums come to. */
export function finalizeMetric(
  { setting, slot, slots }: ResolvedMetric,
  sums: { readonly samples: number; readonly metrics: readonly number[] },
): number | number[][] {
  const own = sums.metrics.slice(slot, slot + slots);
  const finalize = setting && (METRICS.rows[setting.description.name] as MetricRow).finalize;
  return finalize ? finalize(own, setting) : sums.samples > 0 ? (own[0] ?? 0) / sums.samples : 0;
}

/** Which way a figure is better, where that is known: of a function it is not. */
export function betterOf({ setting, compute }: ResolvedMetric): "max" | "min" | undefined {
  if (setting) return METRICS.rows[setting.description.name].better;
  return compute ? undefined : "min"; // an output's loss by itself
}

/** @throws ConfigError where the function returns no number */
export function computeMetric(
  { label, compute }: ResolvedMetric,
  labels: readonly (number | number[])[],
  predictions: readonly number[][],
): number {
  const figure: unknown = compute!(labels, predictions);
  if (typeof figure === "number") return figure;
  throw new ConfigError("config/bad-metric", `The metric function ${label} must return a number; got ${show(figure)}.`);
}

// ── Factories ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface ThresholdOptions {
  /**
   * An output above it says yes; in [0, 1], by default ½ (0 for the hinge losses, where it is any number). Of logits it
   * is compared with their sigmoid. Refused where the greatest output decides.
   */
  threshold?: number;
}

/**
 * The accuracy that fits the loss: of labels, of one-hot rows, or of yes and no.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [accuracy()] }) // or "accuracy"
 */
export const accuracy = () => "accuracy" as const;

/**
 * Share of rows whose largest output is at the label.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [sparseCategoricalAccuracy()] })
 */
export const sparseCategoricalAccuracy = () => describe(METRICS, "sparseCategoricalAccuracy");

/**
 * Share of rows whose largest output is where the largest target is.
 *
 * @example model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: [categoricalAccuracy()] })
 */
export const categoricalAccuracy = () => describe(METRICS, "categoricalAccuracy");

/**
 * Share of outputs on the right side of the threshold.
 *
 * @example
 * const yesOrNo = await sequential({ inputShape: 4, layers: [dense(1, { activation: "sigmoid" })] });
 * yesOrNo.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: [binaryAccuracy({ threshold: 0.7 })] });
 */
export const binaryAccuracy = (options: ThresholdOptions = {}) => describe(METRICS, "binaryAccuracy", options);

/**
 * Share of rows whose label is among the `k` (default 5) largest outputs; of equal ones the first counts as larger.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [sparseTopKCategoricalAccuracy({ k: 2 })] })
 */
export const sparseTopKCategoricalAccuracy = (options: { k?: number } = {}) =>
  describe(METRICS, "sparseTopKCategoricalAccuracy", options);

/**
 * The same for one-hot targets.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: [topKCategoricalAccuracy({ k: 2 })] })
 */
export const topKCategoricalAccuracy = (options: { k?: number } = {}) =>
  describe(METRICS, "topKCategoricalAccuracy", options);

/**
 * tp / (tp + fp), 0 where nothing was said to be positive. Of yes-or-no outputs over all of them, as Keras does; where
 * rows are of one class of several, the mean over the classes that occur, as scikit-learn's average="macro".
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [precision(), recall()] })
 */
export const precision = (options: ThresholdOptions = {}) => describe(METRICS, "precision", options);

/**
 * tp / (tp + fn), averaged as `precision` is.
 *
 * @example
 * const yesOrNo = await sequential({ inputShape: 4, layers: [dense(1, { activation: "sigmoid" })] });
 * yesOrNo.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: [recall({ threshold: 0.3 })] });
 */
export const recall = (options: ThresholdOptions = {}) => describe(METRICS, "recall", options);

/**
 * 2·tp / (2·tp + fp + fn), averaged as `precision` is (Keras's F1Score returns one figure a class by default).
 *
 * @example model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [f1Score()] })
 */
export const f1Score = (options: ThresholdOptions = {}) => describe(METRICS, "f1Score", options);

/**
 * Area under the receiver operating characteristic, from `numThresholds` (2 to 65536, default 200) evenly spaced
 * thresholds and trapezoids between them: Keras's. For outputs in [0, 1] and targets of 0 and 1; 0 without both of them.
 *
 * @example
 * const yesOrNo = await sequential({ inputShape: 4, layers: [dense(1, { activation: "sigmoid" })] });
 * yesOrNo.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: [auc()] });
 */
export const auc = (options: { numThresholds?: number } = {}) => describe(METRICS, "auc", options);

/**
 * Rows by class (row) and by the class they were taken for (column): number[][], in what `evaluate` returns only.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: [confusionMatrix()] });
 * (await model.evaluate(x, y)).confusionMatrix; // 3 × 3: [actual][predicted]
 */
export const confusionMatrix = () => describe(METRICS, "confusionMatrix");

/**
 * Mean of |ŷ − y|.
 *
 * @example regression.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] })
 */
export const meanAbsoluteError = () => describe(METRICS, "meanAbsoluteError");

/**
 * Mean of (ŷ − y)².
 *
 * @example regression.compile({ optimizer: "adam", loss: "huber", metrics: [metrics.meanSquaredError()] })
 */
export const meanSquaredError = () => describe(METRICS, "meanSquaredError");

/**
 * 1 − Σ (ŷ − y)² / Σ (y − ȳ)², the mean over the outputs; for constant targets 1 if they are met, else 0, as
 * scikit-learn does.
 *
 * @example regression.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: [r2Score()] })
 */
export const r2Score = () => describe(METRICS, "r2Score");
