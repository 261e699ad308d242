import { ACTIVATION_SIGMOID } from "../../assembly/shared/activations.js";
import { boolean, numberInRange } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { rootOf, type Value } from "../program/graph.js";
import { sameShape } from "../shape.js";
import type { MetricName } from "../metrics/index.js";

interface LossRow extends FamilyRow {
  readonly op: "sparseSoftmaxCrossentropy" | "softmaxCrossentropy" | "sigmoidCrossentropy" | "meanSquaredError";
  /** One class label a row, or a row of targets as wide as the output. */
  readonly targets: "labels" | "rows";
  /** The output activation that is computed together with the loss, from its logits. */
  readonly link?: "softmax" | "sigmoid";
  /** What the metric "accuracy" means beside it. */
  readonly accuracy?: MetricName;
}

const crossentropy = { fromLogits: false, labelSmoothing: 0 };

const rows = {
  meanSquaredError: {
    op: "meanSquaredError",
    targets: "rows",
    options: {},
    formula: "mean over the output of (ŷ − y)²",
  },
  binaryCrossentropy: {
    op: "sigmoidCrossentropy",
    targets: "rows",
    link: "sigmoid",
    accuracy: "binaryAccuracy",
    options: crossentropy,
    formula: "mean over the output of −y·log p − (1 − y)·log(1 − p)",
  },
  categoricalCrossentropy: {
    op: "softmaxCrossentropy",
    targets: "rows",
    link: "softmax",
    accuracy: "categoricalAccuracy",
    options: crossentropy,
    formula: "−Σ yᵢ log pᵢ",
  },
  sparseCategoricalCrossentropy: {
    op: "sparseSoftmaxCrossentropy",
    targets: "labels",
    link: "softmax",
    accuracy: "sparseCategoricalAccuracy",
    options: crossentropy,
    formula: "−log p of the label",
  },
} as const satisfies Record<string, LossRow>;

/** Every loss: one row each. */
export const LOSSES: Family<Record<keyof typeof rows, LossRow>> = { kind: "loss", rows };

export type LossName = keyof typeof rows;
export type LossDescription = Description<LossName>;
/** What `loss` takes: a name, or what a factory returns. */
export type Loss = LossName | LossDescription;

export function resolveLoss(given: Loss): LossDescription {
  const description = resolve(LOSSES, given);
  const what = (option: string) => `${option} of loss "${description.name}"`;
  if ("fromLogits" in description) boolean(description.fromLogits, what("fromLogits"));
  if ("labelSmoothing" in description) numberInRange(description.labelSmoothing, what("labelSmoothing"), 0, 1);
  return description;
}

/**
 * What the loss is computed from: the logits behind `output` where the loss comes with its activation, else `output`.
 *
 * @throws ConfigError `config/loss-does-not-fit` where a cross-entropy has no logits to start from
 */
export function predictionsFor(b: GraphBuilder, description: LossDescription, output: Value): Value {
  const { link } = LOSSES.rows[description.name];
  if (link === undefined || description.fromLogits === true) return output;
  for (const { op, operands, integers } of b.nodes) {
    const { x, y } = operands as { x?: Value; y?: Value };
    if (!x || !y || rootOf(y) !== rootOf(output) || !sameShape(y.shape, output.shape)) continue;
    if (link === "softmax" && op === "softmax") return x;
    if (link === "sigmoid" && op === "activation" && integers.activation === ACTIVATION_SIGMOID) return x;
  }
  throw new ConfigError(
    "config/loss-does-not-fit",
    `${description.name} is computed together with a ${link} output, and the last layer has none. ` +
      `Give it activation: "${link}", or, if it returns logits, use ${description.name}({ fromLogits: true }).`,
  );
}

/** Emits the batch's loss; with `gradient`, where the backward pass starts. */
export function emitLoss(
  b: GraphBuilder,
  description: LossDescription,
  output: Value,
  targets: Value,
  gradient: boolean,
): void {
  const predictions = predictionsFor(b, description, output);
  const smoothing = (description.labelSmoothing as number | undefined) ?? 0;
  b.loss(LOSSES.rows[description.name].op, predictions, targets, { smoothing, gradient });
}

interface CrossentropyOptions {
  /** The output is logits rather than probabilities. */
  fromLogits?: boolean;
  /** Share of the target that is spread evenly over all classes. */
  labelSmoothing?: number;
}

export const meanSquaredError = () => describe(LOSSES, "meanSquaredError");
/** For sigmoid outputs and targets of 0 and 1. */
export const binaryCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "binaryCrossentropy", options);
/** For softmax outputs and one-hot targets. */
export const categoricalCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "categoricalCrossentropy", options);
/** For softmax outputs and integer class labels. */
export const sparseCategoricalCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "sparseCategoricalCrossentropy", options);
