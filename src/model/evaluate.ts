import { knownOptions, positiveInteger } from "../check.js";
import type { ResolvedMetric } from "../metrics/index.js";
import { yieldToHost } from "../runtime/yield.js";
import { sizeOf } from "../shape.js";
import type { Core } from "./core.js";
import type { Rowlike, Targets } from "./data.js";
import { Dataset, toSamples } from "./dataset.js";
import { finalLogsOf, logsOf } from "./logs.js";
import { Pacer } from "./pacer.js";
import { type SampleWeight, weightsOf } from "./weights.js";

export interface EvaluateOptions {
  /** Rows at a time (default 256); changes speed, never bits of the predictions. */
  batchSize?: number;
  /** One weight a row: its loss counts that much, in the mean over all rows. Metrics are not weighted. */
  sampleWeight?: SampleWeight;
}

/** Figures by name; `confusionMatrix` alone, where it was asked for, is a matrix. */
export type Evaluation = Record<string, number> & { readonly confusionMatrix?: number[][] };

const EVALUATE_OPTIONS = { batchSize: true, sampleWeight: true };
export const DEFAULT_BATCH = 256;

export async function evaluate(core: Core, x: Rowlike, y: Targets, options: EvaluateOptions): Promise<Evaluation> {
  const { loss, metrics } = core.mustBeCompiled("evaluate()");
  const known = knownOptions<EvaluateOptions>(options, "evaluate()", EVALUATE_OPTIONS);
  const { batchSize = DEFAULT_BATCH, sampleWeight } = known;
  const batchRows = positiveInteger(batchSize, "batchSize");
  const samples = toSamples(core, loss, x, y);
  const weights = weightsOf(core, loss, samples, { sampleWeight });
  const data = new Dataset(core, [...samples, ...weights], {
    shuffle: false,
    batchRows,
    keepTargets: needTargets(metrics),
  });
  try {
    return await evaluateDataset(core, data);
  } finally {
    data.release();
  }
}

/** Two evaluations of one model share a run: the second waits for the first. */
const queues = new WeakMap<Core, Promise<unknown>>();

/** Means over the whole of `data`, their names beginning with `prefix`. */
export async function evaluateDataset(
  core: Core,
  data: Dataset,
  { prefix = "", signal }: { prefix?: string; signal?: AbortSignal | undefined } = {},
): Promise<Evaluation> {
  core.evaluations++;
  const turn = (queues.get(core) ?? Promise.resolve()).then(() => runThrough(core, data, prefix, signal));
  queues.set(
    core,
    turn.catch(() => undefined),
  );
  try {
    return await turn;
  } finally {
    core.evaluations--;
  }
}

async function runThrough(
  core: Core,
  data: Dataset,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const compiled = core.mustBeCompiled("evaluate()");
  const { rows: totalRows, batchRows } = data;
  const { run } = core.prepare(data.weighted ? "weightedEvaluate" : "evaluate", batchRows);
  const refill = data.attach(run);
  run.begin({ totalRows, batchRows });
  const { heap } = core.engine;
  const width = data.targets ? sizeOf(core.architecture.outputShape) : 0;
  const sink = width > 0 ? heap.allocate(totalRows * width * 4, "predictions for the metrics") : 0;
  run.sinks([sink]);
  const pacer = new Pacer();
  try {
    for (;;) {
      const status = pacer.slice(run);
      if (status === "epochDone") break;
      if (status === "needsRows") refill();
      else await yieldToHost();
      signal?.throwIfAborted();
    }
    const predictions = core.engine.f32(sink, totalRows * width).slice();
    const { sums } = run;
    const logs = logsOf(compiled, sums, prefix);
    return Object.assign(logs, finalLogsOf(compiled, sums, prefix, data.targets, predictions)) as Evaluation;
  } finally {
    if (sink) heap.free(sink);
  }
}

/** Whether a metric is a function of labels and predictions. */
export function needTargets(metrics: readonly ResolvedMetric[]): boolean {
  return metrics.some(({ compute }) => compute !== undefined);
}
