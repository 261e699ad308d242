// What is to be learned, from y or from the loss: the output that suits it, and the figure that trials are compared by.

import { ConfigError } from "../errors.js";
import type { ActivationName } from "../activations/table.js";
import { type Loss, lossRow, resolveLoss } from "../losses/table.js";
import type { Metric } from "../metrics/index.js";
import { sizeOf } from "../shape.js";
import { areLabels, areOneHot, type SearchData } from "./data.js";

export interface Task {
  readonly loss: Loss;
  /** Of the output layer. */
  readonly units: number;
  readonly activation: ActivationName;
  readonly metrics: readonly Metric[];
  /** What trials are compared by, unless another is asked for. */
  readonly monitor: string;
}

/** Outputs of losses that name no activation and cannot do with any number. */
const OUTPUTS: Readonly<Record<string, ActivationName>> = {
  kullbackLeiblerDivergence: "softmax",
  poisson: "softplus",
};

/** The task that y asks for, or the given loss. */
export function taskOf(data: SearchData, given: Loss | undefined, typedLabels: boolean): Task {
  const loss = given ?? lossFor(data, typedLabels);
  const description = resolveLoss(loss);
  const row = lossRow(description);
  const targets = data.train.y.data;
  const logits = description.fromLogits === true;
  const activation = logits ? "linear" : (row.link ?? OUTPUTS[description.name] ?? "linear");
  const classes = row.targets === "labels" ? 1 + greatest(targets, data.validation.y.data) : undefined;
  const squares = description.name === "meanSquaredError"; // without the penalties that a loss includes
  return {
    loss,
    units: classes ?? sizeOf(data.targetShape),
    activation,
    metrics: row.accuracy ? ["accuracy"] : squares ? ["meanSquaredError"] : [],
    monitor: row.accuracy ? "val_accuracy" : squares ? "val_meanSquaredError" : "val_loss",
  };
}

/** Labels of two classes, of more, one-hot rows, several yes-or-no questions a row, or else numbers. */
function lossFor({ train, validation, targetShape }: SearchData, typedLabels: boolean): Loss {
  const { data } = train.y;
  const width = sizeOf(targetShape);
  if (width === 1) {
    const labels = typedLabels ? data.every((value) => Number.isInteger(value) && value >= 0) : areLabels(data);
    if (!labels) return "meanSquaredError";
    return greatest(data, validation.y.data) <= 1 ? "binaryCrossentropy" : "sparseCategoricalCrossentropy";
  }
  if (areOneHot({ data, rows: data.length / width, width })) return "categoricalCrossentropy";
  return data.every((value) => value === 0 || value === 1) ? "binaryCrossentropy" : "meanSquaredError";
}

function greatest(...arrays: readonly (Float32Array | Uint8Array)[]): number {
  let most = 0;
  for (const array of arrays) for (const value of array) most = Math.max(most, value);
  return most;
}

/** Whether more of it is better: what is lost, or called an error or a divergence, should be little. */
export function isBetterHigher(monitor: string, mode: unknown): boolean {
  if (mode === "max" || mode === "min") return mode === "max";
  if (mode === "auto") return !/loss|error|divergence/i.test(monitor);
  throw new ConfigError("config/out-of-range", `mode must be "auto", "min" or "max"; got ${JSON.stringify(mode)}.`);
}
