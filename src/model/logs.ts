import { betterOf, computeMetric, finalizeMetric } from "../metrics/index.js";
import type { Sums } from "../program/run.js";
import type { Compiled } from "./core.js";
import type { Rows } from "./data.js";

/** The mean loss and each metric that is a number of its sums, with `prefix` ("val_") before the name. */
export function logsOf({ metrics }: Compiled, sums: Sums, prefix = ""): Record<string, number> {
  const logs: Record<string, number> = { [`${prefix}loss`]: sums.samples > 0 ? sums.loss / sums.samples : 0 };
  for (const metric of metrics) {
    if (!metric.evaluateOnly) logs[prefix + metric.label] = finalizeMetric(metric, sums) as number;
  }
  return logs;
}

/** What the logs hold at the end of an epoch, by name, and which way it is better, where that is known. */
export function figuresOf({ metrics }: Compiled, validation: boolean): Map<string, "max" | "min" | undefined> {
  const training = metrics.filter(({ evaluateOnly }) => !evaluateOnly);
  const evaluated = metrics.filter(({ evaluateOnly, compute }) => !evaluateOnly || compute);
  const named = (prefix: string, list: typeof metrics) => [
    [`${prefix}loss`, "min"] as const,
    ...list.map((metric) => [prefix + metric.label, betterOf(metric)] as const),
  ];
  return new Map([...named("", training), ...(validation ? named("val_", evaluated) : [])]);
}

/** Those metrics that only an evaluation has: matrices, which no log takes, and functions of all predictions. */
export function finalLogsOf(
  { metrics }: Compiled,
  sums: Sums,
  prefix: string,
  targets: Rows | undefined,
  predictions: Float32Array,
): Record<string, number | number[][]> {
  const logs: Record<string, number | number[][]> = {};
  const labels = targets && (targets.width === 1 ? Array.from(targets.data) : nested(targets.data, targets.rows));
  const outputs = targets && nested(predictions, targets.rows);
  for (const metric of metrics) {
    if (metric.compute) logs[prefix + metric.label] = computeMetric(metric, labels!, outputs!);
    else if (metric.evaluateOnly && prefix === "") logs[metric.label] = finalizeMetric(metric, sums);
  }
  return logs;
}

function nested(data: Float32Array | Uint8Array, rows: number): number[][] {
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}
