// The losses of one row in f64, and their gradients by the row's first operand.

import { sigmoid } from "./math.js";
import { logSumExp, softmax } from "./softmax.js";

export interface RowLoss {
  loss: number;
  gradient: number[];
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
/** weight · value, where 0 · ∞ is 0. */
const times = (weight: number, value: number): number => (weight === 0 ? 0 : weight * value);

export function softmaxCrossentropy(logits: readonly number[], targets: readonly number[], smoothing = 0): RowLoss {
  const t = targets.map((target) => target * (1 - smoothing) + smoothing / logits.length);
  const weight = t.reduce((a, b) => a + b, 0);
  return {
    loss: t.reduce((sum, weight, j) => sum + times(weight, logSumExp(logits) - logits[j]!), 0),
    gradient: softmax(logits).map((p, j) => p * weight - t[j]!),
  };
}

export function sparseSoftmaxCrossentropy(logits: readonly number[], label: number, smoothing = 0): RowLoss {
  return softmaxCrossentropy(
    logits,
    logits.map((_, j) => (j === label ? 1 : 0)),
    smoothing,
  );
}

export function sigmoidCrossentropy(logits: readonly number[], targets: readonly number[], smoothing = 0): RowLoss {
  const t = targets.map((target) => target * (1 - smoothing) + smoothing / 2);
  return {
    // −t log σ(z) − (1 − t) log(1 − σ(z)), with −log σ(z) = max(−z, 0) + log(1 + e^−|z|)
    loss: mean(
      logits.map(
        (z, j) => times(t[j]!, Math.max(-z, 0)) + times(1 - t[j]!, Math.max(z, 0)) + Math.log1p(Math.exp(-Math.abs(z))),
      ),
    ),
    gradient: logits.map((z, j) => (sigmoid(z) - t[j]!) / logits.length),
  };
}

export function meanSquaredError(predictions: readonly number[], targets: readonly number[]): RowLoss {
  return {
    loss: mean(predictions.map((p, j) => (p - targets[j]!) ** 2)),
    gradient: predictions.map((p, j) => (2 * (p - targets[j]!)) / predictions.length),
  };
}
