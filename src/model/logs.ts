import type { Sums } from "../program/run.js";
import type { Compiled } from "./core.js";

/** Means over the samples: `loss` and each metric, with `prefix` ("val_") before the name. */
export function logsOf({ metrics }: Compiled, sums: Sums, prefix = ""): Record<string, number> {
  const mean = (sum: number) => (sums.samples > 0 ? sum / sums.samples : 0);
  const logs: Record<string, number> = { [`${prefix}loss`]: mean(sums.loss) };
  metrics.forEach(({ label }, slot) => (logs[prefix + label] = mean(sums.metrics[slot] ?? 0)));
  return logs;
}
