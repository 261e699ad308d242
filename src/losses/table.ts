// The table of all losses, and what a model does with a row of it.

import { ACTIVATION_SIGMOID } from "../../assembly/shared/activations.js";
import * as Code from "../../assembly/shared/losses.js";
import { boolean, numberInRange, positiveNumber, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder, LossOp } from "../program/builder.js";
import { rootOf, type Value } from "../program/graph.js";
import { sameShape, type Shape } from "../shape.js";

export interface LossRow extends FamilyRow {
  readonly op: LossOp;
  /** Which of the losses that share the op "loss". */
  readonly code?: number;
  /** The one option that its kernel takes. */
  readonly parameter?: string;
  /** One class label a row, or a row of targets as wide as the output. */
  readonly targets: "labels" | "rows";
  /** How a row's targets tell its class, where it has one: by its number, the greatest of them, 0 or 1, −1 or 1. */
  readonly classes?: "label" | "oneHot" | "binary" | "sign";
  /** It may fall below 0, so that its size tells nothing. */
  readonly signed?: true;
  /** The output activation that is computed together with the loss, from its logits. */
  readonly link?: "softmax" | "sigmoid";
  /** What the metric "accuracy" means beside it. */
  readonly accuracy?: "sparseCategoricalAccuracy" | "categoricalAccuracy" | "binaryAccuracy";
}

const crossentropy = { fromLogits: false, labelSmoothing: 0 };
const SMOOTHING = "label smoothing: Szegedy et al. 2015, arXiv:1512.00567";

const rows = {
  meanSquaredError: {
    op: "loss",
    code: Code.LOSS_MEAN_SQUARED_ERROR,
    targets: "rows",
    options: {},
    formula: "mean over the output of (ŷ − y)²",
  },
  meanAbsoluteError: {
    op: "loss",
    code: Code.LOSS_MEAN_ABSOLUTE_ERROR,
    targets: "rows",
    options: {},
    formula: "mean over the output of |ŷ − y|",
  },
  huber: {
    op: "loss",
    code: Code.LOSS_HUBER,
    parameter: "delta",
    targets: "rows",
    options: { delta: 1 },
    formula: "mean over the output of e²/2 where |e| ≤ δ, else δ·|e| − δ²/2; e = ŷ − y",
    paper: "Huber 1964, Annals of Mathematical Statistics 35(1)",
  },
  logCosh: {
    op: "loss",
    code: Code.LOSS_LOG_COSH,
    targets: "rows",
    options: {},
    formula: "mean over the output of log cosh(ŷ − y)",
  },
  binaryCrossentropy: {
    op: "sigmoidCrossentropy",
    targets: "rows",
    classes: "binary",
    link: "sigmoid",
    accuracy: "binaryAccuracy",
    options: crossentropy,
    formula: "mean over the output of −y·log p − (1 − y)·log(1 − p)",
    paper: SMOOTHING,
  },
  categoricalCrossentropy: {
    op: "softmaxCrossentropy",
    targets: "rows",
    classes: "oneHot",
    link: "softmax",
    accuracy: "categoricalAccuracy",
    options: crossentropy,
    formula: "−Σ yᵢ log pᵢ",
    paper: SMOOTHING,
  },
  sparseCategoricalCrossentropy: {
    op: "sparseSoftmaxCrossentropy",
    targets: "labels",
    classes: "label",
    link: "softmax",
    accuracy: "sparseCategoricalAccuracy",
    options: crossentropy,
    formula: "−log p of the label",
    paper: SMOOTHING,
  },
  kullbackLeiblerDivergence: {
    op: "loss",
    code: Code.LOSS_KULLBACK_LEIBLER_DIVERGENCE,
    targets: "rows",
    signed: true,
    options: {},
    formula: "Σ yᵢ log(yᵢ / pᵢ), y and p clipped to [1e-7, 1]",
    paper: "Kullback, Leibler 1951, Annals of Mathematical Statistics 22(1)",
  },
  poisson: {
    op: "loss",
    code: Code.LOSS_POISSON,
    targets: "rows",
    signed: true,
    options: {},
    formula: "mean over the output of ŷ − y·log(ŷ + 1e-7)",
  },
  hinge: {
    op: "loss",
    code: Code.LOSS_HINGE,
    targets: "rows",
    classes: "sign",
    accuracy: "binaryAccuracy",
    options: {},
    formula: "mean over the output of max(1 − y·ŷ, 0), y = ±1",
    paper: "Cortes, Vapnik 1995, Machine Learning 20(3)",
  },
  squaredHinge: {
    op: "loss",
    code: Code.LOSS_SQUARED_HINGE,
    targets: "rows",
    classes: "sign",
    accuracy: "binaryAccuracy",
    options: {},
    formula: "mean over the output of max(1 − y·ŷ, 0)², y = ±1",
    paper: "Tang 2013, arXiv:1306.0239",
  },
  categoricalHinge: {
    op: "loss",
    code: Code.LOSS_CATEGORICAL_HINGE,
    targets: "rows",
    classes: "oneHot",
    accuracy: "categoricalAccuracy",
    options: {},
    formula: "max(1 + max (1 − yᵢ)·ŷᵢ − Σ yᵢ·ŷᵢ, 0)",
    paper: "Crammer, Singer 2001, JMLR 2",
  },
  cosineSimilarity: {
    op: "loss",
    code: Code.LOSS_COSINE_SIMILARITY,
    targets: "rows",
    signed: true,
    options: { axis: -1 },
    formula: "−Σ yᵢ·ŷᵢ / (‖y‖·‖ŷ‖)",
  },
} as const satisfies Record<string, LossRow>;

/** Every loss: one row each. */
export const LOSSES: Family<Record<keyof typeof rows, LossRow>> = { kind: "loss", rows };

export type LossName = keyof typeof rows;
/** Where a loss of one's own keeps its row and its ops: out of what JSON sees. */
export const DEFINITION = Symbol("definition");
/** A loss of one's own, as its factory returns it. */
export type CustomLoss = Description & {
  readonly [DEFINITION]: {
    readonly row: LossRow;
    /** What is averaged, from predictions and targets. */
    readonly values: (b: GraphBuilder, output: Value, targets: Value) => Value;
  };
};
export type LossDescription = Description<LossName> | CustomLoss;
/** What `loss` takes: a name, or what a factory returns. */
export type Loss = LossName | LossDescription;

function isCustom(loss: unknown): loss is CustomLoss {
  return typeof loss === "object" && loss !== null && DEFINITION in loss;
}

/** What the table says of a loss. */
export function lossRow(loss: LossDescription): LossRow {
  return isCustom(loss) ? loss[DEFINITION].row : LOSSES.rows[loss.name];
}

/** The shape of a row of y. */
export function targetShape(loss: LossDescription, output: Shape): Shape {
  return lossRow(loss).targets === "labels" ? (output.length > 1 ? output.slice(0, -1) : [1]) : output;
}

export function resolveLoss(given: Loss): LossDescription {
  if (isCustom(given)) return given;
  const description = resolve(LOSSES, given);
  const what = (option: string) => `${option} of loss "${description.name}"`;
  if ("fromLogits" in description) boolean(description.fromLogits, what("fromLogits"));
  if ("labelSmoothing" in description) numberInRange(description.labelSmoothing, what("labelSmoothing"), 0, 1);
  if ("delta" in description) positiveNumber(description.delta, what("delta"));
  if ("axis" in description && description.axis !== -1) {
    throw new ConfigError(
      "config/out-of-range",
      `${what("axis")} must be -1, the output's last axis; got ${show(description.axis)}.`,
    );
  }
  return description;
}

/**
 * What the loss is computed from: the logits behind `output` where the loss comes with its activation, else `output`.
 *
 * @throws ConfigError `config/loss-does-not-fit` where a cross-entropy has no logits to start from
 */
export function predictionsFor(b: GraphBuilder, description: LossDescription, output: Value): Value {
  const { link } = lossRow(description);
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

/** What a loss is beside its description: one of several, of weighted rows, or where the backward pass starts. */
export interface LossPlace {
  readonly gradient: boolean;
  readonly weights?: Value | undefined;
  readonly weight?: number;
  readonly slot?: number | undefined;
}

/** Emits the batch's loss. */
export function emitLoss(
  b: GraphBuilder,
  description: LossDescription,
  output: Value,
  targets: Value,
  place: LossPlace,
): void {
  const { op, code, parameter } = lossRow(description);
  const custom = isCustom(description) ? description[DEFINITION].values(b, output, targets) : undefined;
  const predictions = custom ?? predictionsFor(b, description, output);
  b.loss(op, predictions, custom ?? targets, {
    name: description.name,
    smoothing: (description.labelSmoothing as number | undefined) ?? 0,
    ...(code !== undefined && { code }),
    ...(parameter !== undefined && { parameter: description[parameter] as number }),
    ...place,
  });
}
