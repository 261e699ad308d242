// Every loss's factory. Defaults are Keras's.

import { describe } from "../family.js";
import { LOSSES } from "./table.js";

export { defineLoss, type DefinedLoss, type LossDefinition } from "./define.js";
export type { CustomLoss, Loss } from "./table.js";

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
