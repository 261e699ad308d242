import { betterOf, computeMetric, finalizeMetric } from "../metrics/index.js";
import type { Sums } from "../program/run.js";
import { type Compiled, metricsOf } from "./core.js";
import type { Rows } from "./data.js";

/** The mean loss and each metric that is a number of its sums, with `prefix` ("val_") before the name. */
export function logsOf(compiled: Compiled, sums: Sums, prefix = ""): Record<string, number> {
  const logs: Record<string, number> = { [`${prefix}loss`]: sums.samples > 0 ? sums.loss / sums.samples : 0 };
  for (const metric of metricsOf(compiled)) {
    if (!metric.evaluateOnly) logs[prefix + metric.label] = finalizeMetric(metric, sums) as number;
  }
  return logs;
}

/** What the logs hold at the end of an epoch, by name, and which way it is better, where that is known. */
export function figuresOf(compiled: Compiled, validation: boolean): Map<string, "max" | "min" | undefined> {
  const metrics = metricsOf(compiled);
  const training = metrics.filter(({ evaluateOnly }) => !evaluateOnly);
  const evaluated = metrics.filter(({ evaluateOnly, compute }) => !evaluateOnly || compute);
  const named = (prefix: string, list: typeof metrics) => [
    [`${prefix}loss`, "min"] as const,
    ...list.map((metric) => [prefix + metric.label, betterOf(metric)] as const),
  ];
  return new Map([...named("", training), ...(validation ? named("val_", evaluated) : [])]);
}

/** Targets and predictions of one output, for metrics that are functions. */
export interface Compared {
  readonly targets: Rows;
  readonly predictions: Float32Array;
}

/** Those metrics that only an evaluation has: matrices, which no log takes, and functions of all predictions. */
export function finalLogsOf(
  { outputs }: Compiled,
  sums: Sums,
  prefix: string,
  compared: readonly Compared[],
): Record<string, number | number[][]> {
  const logs: Record<string, number | number[][]> = {};
  outputs.forEach(({ metrics }, i) => {
    for (const metric of metrics) {
      if (metric.compute) logs[prefix + metric.label] = computeMetric(metric, ...plain(compared[i]!));
      else if (metric.evaluateOnly && prefix === "") logs[metric.label] = finalizeMetric(metric, sums);
    }
  });
  return logs;
}

function plain({ targets, predictions }: Compared): [labels: (number | number[])[], outputs: number[][]] {
  const labels = targets.width === 1 ? Array.from(targets.data) : nested(targets.data, targets.rows);
  return [labels, nested(predictions, targets.rows)];
}

function nested(data: Float32Array | Uint8Array, rows: number): number[][] {
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}
