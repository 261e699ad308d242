import { ConfigError } from "../errors.js";
import { type Family, type FamilyRow, resolve, rowOf } from "../family.js";
import { type LossDescription, LOSSES, predictionsFor } from "../losses/index.js";
import type { GraphBuilder } from "../program/builder.js";
import type { Value } from "../program/graph.js";

interface MetricRow extends FamilyRow {
  readonly op: "sparseAccuracy" | "categoricalAccuracy" | "binaryAccuracy";
  readonly targets: "labels" | "rows";
}

const rows = {
  sparseCategoricalAccuracy: {
    op: "sparseAccuracy",
    targets: "labels",
    options: {},
    formula: "share of rows whose largest output is at the label",
  },
  categoricalAccuracy: {
    op: "categoricalAccuracy",
    targets: "rows",
    options: {},
    formula: "share of rows whose largest output is where the largest target is",
  },
  binaryAccuracy: {
    op: "binaryAccuracy",
    targets: "rows",
    options: {},
    formula: "share of outputs on the right side of ½ (of 0 for logits)",
  },
} as const satisfies Record<string, MetricRow>;

/** Every metric: one row each. "accuracy" stands for the one that fits the loss. */
export const METRICS: Family<Record<keyof typeof rows, MetricRow>> = { kind: "metric", rows };

export type MetricName = keyof typeof rows;
/** What `metrics` takes. */
export type Metric = MetricName | "accuracy";

export interface ResolvedMetric {
  /** As it was asked for, and as it is called in logs. */
  readonly label: string;
  readonly name: MetricName;
}

/** @throws ConfigError where the metric is unknown or does not go with the loss's targets */
export function resolveMetric(given: Metric, loss: LossDescription): ResolvedMetric {
  const { accuracy, targets } = LOSSES.rows[loss.name];
  if (given === "accuracy") {
    if (accuracy) return { label: given, name: accuracy };
    throw new ConfigError(
      "config/metric-does-not-fit",
      `"accuracy" has no meaning beside ${loss.name}, whose targets are numbers. Leave it out, or name one of ${Object.keys(rows).join(", ")}.`,
    );
  }
  const { name } = resolve(METRICS, given);
  if (rowOf(METRICS, name).targets !== targets) {
    throw new ConfigError(
      "config/metric-does-not-fit",
      `${name} takes ${rows[name].targets === "labels" ? "class labels" : "rows of targets"}, and ${loss.name} ` +
        `${targets === "labels" ? "class labels" : "rows of targets"}. With ${loss.name}, use "accuracy".`,
    );
  }
  return { label: name, name };
}

/** Emits the metric's sum over the batch into `slot`. The order of logits is that of their softmax, so it reads those. */
export function emitMetric(
  b: GraphBuilder,
  { name }: ResolvedMetric,
  loss: LossDescription,
  output: Value,
  targets: Value,
  slot: number,
): void {
  if (name === "binaryAccuracy") b.metric("binaryAccuracy", output, targets, slot, loss.fromLogits === true ? 0 : 0.5);
  else b.metric(rows[name].op, predictionsFor(b, loss, output), targets, slot);
}
