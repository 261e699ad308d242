import { ACTIVATION_SIGMOID } from "../../assembly/shared/activations.js";
import * as Code from "../../assembly/shared/losses.js";
import { boolean, numberInRange, positiveNumber, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder, LossOp } from "../program/builder.js";
import { rootOf, type Value } from "../program/graph.js";
import { sameShape } from "../shape.js";

interface LossRow extends FamilyRow {
  readonly op: LossOp;
  /** Which of the losses that share the op "loss". */
  readonly code?: number;
  /** The one option that its kernel takes. */
  readonly parameter?: string;
  /** One class label a row, or a row of targets as wide as the output. */
  readonly targets: "labels" | "rows";
  /** How a row's targets tell its class, where it has one: by its number, the greatest of them, 0 or 1, −1 or 1. */
  readonly classes?: "label" | "oneHot" | "binary" | "sign";
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
    options: {},
    formula: "Σ yᵢ log(yᵢ / pᵢ), y and p clipped to [1e-7, 1]",
    paper: "Kullback, Leibler 1951, Annals of Mathematical Statistics 22(1)",
  },
  poisson: {
    op: "loss",
    code: Code.LOSS_POISSON,
    targets: "rows",
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
    options: { axis: -1 },
    formula: "−Σ yᵢ·ŷᵢ / (‖y‖·‖ŷ‖)",
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

/** Emits the batch's loss, its rows weighted by `weights`; with `gradient`, where the backward pass starts. */
export function emitLoss(
  b: GraphBuilder,
  description: LossDescription,
  output: Value,
  targets: Value,
  { gradient, weights }: { gradient: boolean; weights?: Value | undefined },
): void {
  const { op, code, parameter }: LossRow = LOSSES.rows[description.name];
  b.loss(op, predictionsFor(b, description, output), targets, {
    name: description.name,
    smoothing: (description.labelSmoothing as number | undefined) ?? 0,
    ...(code !== undefined && { code }),
    ...(parameter !== undefined && { parameter: description[parameter] as number }),
    weights,
    gradient,
  });
}

interface CrossentropyOptions {
  /** The output is logits rather than probabilities. */
  fromLogits?: boolean;
  /** Share of the target that is spread evenly over all classes. */
  labelSmoothing?: number;
}

/**
 * Mean of (ŷ − y)² over the output.
 *
 * @example regression.compile({ optimizer: "adam", loss: "meanSquaredError" })
 */
export const meanSquaredError = () => describe(LOSSES, "meanSquaredError");

/**
 * Mean of |ŷ − y| over the output; the gradient at 0 is 0.
 *
 * @example regression.compile({ optimizer: "adam", loss: "meanAbsoluteError" })
 */
export const meanAbsoluteError = () => describe(LOSSES, "meanAbsoluteError");

/**
 * Mean over the output of e²/2 where |e| ≤ delta, else delta·|e| − delta²/2, e = ŷ − y: as Keras and PyTorch's HuberLoss.
 * `delta` above 0 (default 1). Huber 1964.
 *
 * @example regression.compile({ optimizer: "adam", loss: huber({ delta: 0.5 }) })
 */
export const huber = (options: { delta?: number } = {}) => describe(LOSSES, "huber", options);

/**
 * Mean over the output of log cosh(ŷ − y): e²/2 near 0, |e| − log 2 far from it.
 *
 * @example regression.compile({ optimizer: "adam", loss: logCosh() })
 */
export const logCosh = () => describe(LOSSES, "logCosh");

/**
 * Mean over the output of −y·log p − (1 − y)·log(1 − p): for sigmoid outputs and targets of 0 and 1.
 *
 * @example
 * const yesOrNo = await sequential({ inputShape: 4, layers: [dense(1, { activation: "sigmoid" })] });
 * yesOrNo.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
 */
export const binaryCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "binaryCrossentropy", options);

/**
 * −Σ yᵢ log pᵢ: for softmax outputs and one-hot targets.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: categoricalCrossentropy({ labelSmoothing: 0.1 }) });
 * model.trainOnBatch(x, oneHot(y)); // rows of zeros with one 1
 */
export const categoricalCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "categoricalCrossentropy", options);

/**
 * −log p of the label: for softmax outputs and integer class labels.
 *
 * @example
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * model.trainOnBatch(x, y); // class labels
 */
export const sparseCategoricalCrossentropy = (options: CrossentropyOptions = {}) =>
  describe(LOSSES, "sparseCategoricalCrossentropy", options);

/**
 * Σ yᵢ log(yᵢ / pᵢ) over the output, both clipped to [1e-7, 1], as Keras does (PyTorch's KLDivLoss takes log p and a mean
 * over all elements): for outputs and targets that are probabilities.
 *
 * @example model.compile({ optimizer: "adam", loss: kullbackLeiblerDivergence() })
 */
export const kullbackLeiblerDivergence = () => describe(LOSSES, "kullbackLeiblerDivergence");

/**
 * Mean over the output of ŷ − y·log(ŷ + 1e-7): Keras's, of the rate itself (PyTorch's PoissonNLLLoss takes log ŷ by
 * default). For outputs above 0, such as those of "exponential", and counts as targets.
 *
 * @example
 * const counts = await sequential({ inputShape: 4, layers: [dense(1, { activation: "exponential" })] });
 * counts.compile({ optimizer: "adam", loss: "poisson" });
 */
export const poisson = () => describe(LOSSES, "poisson");

/**
 * Mean over the output of max(1 − y·ŷ, 0). Targets are −1 and 1; unlike Keras's, 0 is refused rather than taken for −1.
 *
 * @example
 * regression.compile({ optimizer: "sgd", loss: "hinge" });
 * regression.trainOnBatch(x, y.map((label) => (label === 0 ? 1 : -1)));
 */
export const hinge = () => describe(LOSSES, "hinge");

/**
 * Mean over the output of max(1 − y·ŷ, 0)². Targets are −1 and 1, as for `hinge`.
 *
 * @example regression.compile({ optimizer: "sgd", loss: squaredHinge() })
 */
export const squaredHinge = () => describe(LOSSES, "squaredHinge");

/**
 * max(1 + greatest score of a wrong class − score of the right one, 0), by Keras's formula: for one-hot targets.
 *
 * @example
 * const scores = await sequential({ inputShape: 4, layers: [dense(3)] });
 * scores.compile({ optimizer: "sgd", loss: "categoricalHinge", metrics: ["accuracy"] });
 * scores.trainOnBatch(x, oneHot(y));
 */
export const categoricalHinge = () => describe(LOSSES, "categoricalHinge");

/**
 * −cos of the angle between ŷ and y, in [−1, 1], norms below 1e-7 taken as 1e-7: Keras's loss (PyTorch's
 * CosineEmbeddingLoss adds 1). `axis` can be −1 only, the output's last one.
 *
 * @example
 * const embedding = await sequential({ inputShape: 4, layers: [dense(8)] });
 * embedding.compile({ optimizer: "adam", loss: cosineSimilarity() });
 */
export const cosineSimilarity = (options: { axis?: -1 } = {}) => describe(LOSSES, "cosineSimilarity", options);
