// The losses of one row in f64, and their gradients by the row's first operand.

import type { LossName } from "../../src/losses/table.js";
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

/** A loss that is the mean over the width of f(p, t), with its slope by p. */
function meanOf(
  predictions: readonly number[],
  targets: readonly number[],
  f: (p: number, t: number) => number,
  slope: (p: number, t: number) => number,
): RowLoss {
  return {
    loss: mean(predictions.map((p, j) => f(p, targets[j]!))),
    gradient: predictions.map((p, j) => slope(p, targets[j]!) / predictions.length),
  };
}

/** The twin of a loss between predictions and targets of one shape. */
type Twin = (predictions: readonly number[], targets: readonly number[], parameter?: number) => RowLoss;

export const meanSquaredError: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => (p - t) ** 2,
    (p, t) => 2 * (p - t),
  );

export const meanAbsoluteError: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => Math.abs(p - t),
    (p, t) => Math.sign(p - t),
  );

export const huber: Twin = (predictions, targets, delta = 1) =>
  meanOf(
    predictions,
    targets,
    (p, t) => (Math.abs(p - t) <= delta ? (p - t) ** 2 / 2 : delta * Math.abs(p - t) - delta ** 2 / 2),
    (p, t) => Math.min(Math.max(p - t, -delta), delta),
  );

export const logCosh: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => Math.abs(p - t) + Math.log1p(Math.exp(-2 * Math.abs(p - t))) - Math.LN2,
    (p, t) => Math.tanh(p - t),
  );

const EPSILON = Math.fround(1e-7);

export const kullbackLeiblerDivergence: Twin = (predictions, targets) => {
  const clip = (x: number) => Math.min(Math.max(x, EPSILON), 1);
  return {
    loss: predictions.reduce((sum, p, j) => sum + clip(targets[j]!) * Math.log(clip(targets[j]!) / clip(p)), 0),
    gradient: predictions.map((p, j) => (clip(p) === p ? -clip(targets[j]!) / p : 0)),
  };
};

export const poisson: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => p - t * Math.log(p + EPSILON),
    (p, t) => 1 - t / (p + EPSILON),
  );

export const hinge: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => Math.max(1 - t * p, 0),
    (p, t) => (1 - t * p > 0 ? -t : 0),
  );

export const squaredHinge: Twin = (predictions, targets) =>
  meanOf(
    predictions,
    targets,
    (p, t) => Math.max(1 - t * p, 0) ** 2,
    (p, t) => -2 * t * Math.max(1 - t * p, 0),
  );

export const categoricalHinge: Twin = (predictions, targets) => {
  const right = predictions.reduce((sum, p, j) => sum + targets[j]! * p, 0);
  const wrong = predictions.map((p, j) => (1 - targets[j]!) * p);
  const greatest = wrong.indexOf(Math.max(...wrong));
  const loss = Math.max(1 + wrong[greatest]! - right, 0);
  return {
    loss,
    gradient: targets.map((t, j) => (loss > 0 ? (j === greatest ? 1 - t : 0) - t : 0)),
  };
};

export const cosineSimilarity: Twin = (predictions, targets) => {
  const norm = (x: readonly number[]) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  const [size, targetSize] = [Math.max(norm(predictions), 1e-7), Math.max(norm(targets), 1e-7)];
  const cosine = predictions.reduce((sum, p, j) => sum + (p / size) * (targets[j]! / targetSize), 0);
  const grows = norm(predictions) < 1e-7; // p̂ = p / ε
  return {
    loss: -cosine,
    gradient: predictions.map((p, j) => ((grows ? 0 : (cosine * p) / size) - targets[j]! / targetSize) / size),
  };
};

/** The mean of the predictions themselves. */
export const value: Twin = (predictions) =>
  meanOf(
    predictions,
    predictions,
    (p) => p,
    () => 1,
  );

/** Those that share the op "loss", in the order of their codes. */
export const LOSSES_BY_CODE: readonly Twin[] = [
  meanSquaredError,
  meanAbsoluteError,
  huber,
  logCosh,
  kullbackLeiblerDivergence,
  poisson,
  hinge,
  squaredHinge,
  categoricalHinge,
  cosineSimilarity,
  value,
];

interface NamedTwin {
  /** `targets` are one label where the loss takes labels; predictions are logits where it comes with its activation. */
  of(predictions: readonly number[], targets: readonly number[], options: Options): RowLoss;
  /** Numbers that change their sign where the slope jumps. */
  kinks?(predictions: readonly number[], targets: readonly number[], options: Options): number[];
}
/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Options = Readonly<Record<string, any>>;

const errors = (p: readonly number[], t: readonly number[]): number[] => p.map((value, j) => value - t[j]!);
const margins = (p: readonly number[], t: readonly number[]): number[] => p.map((value, j) => 1 - t[j]! * value);

/** Every loss by its name. */
export const LOSSES: { readonly [K in LossName]: NamedTwin } = {
  meanSquaredError: { of: (p, t) => meanSquaredError(p, t) },
  meanAbsoluteError: { of: (p, t) => meanAbsoluteError(p, t), kinks: errors },
  huber: {
    of: (p, t, { delta }) => huber(p, t, delta),
    kinks: (p, t, { delta = 1 }) => errors(p, t).flatMap((e) => [e - delta, e + delta]),
  },
  logCosh: { of: (p, t) => logCosh(p, t) },
  binaryCrossentropy: { of: (z, t, { labelSmoothing }) => sigmoidCrossentropy(z, t, labelSmoothing) },
  categoricalCrossentropy: { of: (z, t, { labelSmoothing }) => softmaxCrossentropy(z, t, labelSmoothing) },
  sparseCategoricalCrossentropy: {
    of: (z, [label], { labelSmoothing }) => sparseSoftmaxCrossentropy(z, label!, labelSmoothing),
  },
  kullbackLeiblerDivergence: {
    of: (p, t) => kullbackLeiblerDivergence(p, t),
    kinks: (p) => p.flatMap((value) => [value - EPSILON, value - 1]),
  },
  poisson: { of: (p, t) => poisson(p, t) },
  hinge: { of: (p, t) => hinge(p, t), kinks: margins },
  squaredHinge: { of: (p, t) => squaredHinge(p, t) }, // its slope is continuous
  categoricalHinge: {
    of: (p, t) => categoricalHinge(p, t),
    kinks(p, t) {
      const wrong = p.map((value, j) => (1 - t[j]!) * value);
      const right = p.reduce((sum, value, j) => sum + t[j]! * value, 0);
      return [...wrong.flatMap((a, i) => wrong.slice(i + 1).map((b) => a - b)), 1 + Math.max(...wrong) - right];
    },
  },
  cosineSimilarity: { of: (p, t) => cosineSimilarity(p, t) },
};
