import { positiveInteger } from "../check.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Core } from "./core.js";
import type { Rowlike, Targets } from "./data.js";
import { Dataset, toSamples } from "./dataset.js";
import { logsOf } from "./logs.js";
import { Pacer } from "./pacer.js";
import { type SampleWeight, weightsOf } from "./weights.js";

export interface EvaluateOptions {
  /** Rows at a time (default 256); changes speed, never bits of the predictions. */
  batchSize?: number;
  /** One weight a row: its loss counts that much, in the mean over all rows. Metrics are not weighted. */
  sampleWeight?: SampleWeight;
}

const DEFAULT_BATCH = 256;

export async function evaluate(
  core: Core,
  x: Rowlike,
  y: Targets,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  const { loss } = core.mustBeCompiled("evaluate()");
  const batchRows = positiveInteger(options.batchSize ?? DEFAULT_BATCH, "batchSize");
  const samples = toSamples(core, loss, x, y);
  const weights = weightsOf(core, loss, samples, { sampleWeight: options.sampleWeight });
  const data = new Dataset(core, [...samples, ...weights], { shuffle: false, batchRows });
  try {
    return await evaluateDataset(core, data, { batchRows });
  } finally {
    data.release();
  }
}

interface Range {
  batchRows?: number;
  /** Rows `first` … `first + rows` only. */
  first?: number;
  rows?: number;
  prefix?: string;
  signal?: AbortSignal | undefined;
}

/** Two evaluations of one model share a run: the second waits for the first. */
const queues = new WeakMap<Core, Promise<unknown>>();

export function evaluateDataset(core: Core, data: Dataset, range: Range = {}): Promise<Record<string, number>> {
  const turn = (queues.get(core) ?? Promise.resolve()).then(() => runThrough(core, data, range));
  queues.set(
    core,
    turn.catch(() => undefined),
  );
  return turn;
}

async function runThrough(
  core: Core,
  data: Dataset,
  { batchRows = DEFAULT_BATCH, first = 0, rows = data.rows, prefix = "", signal }: Range,
): Promise<Record<string, number>> {
  const compiled = core.mustBeCompiled("evaluate()");
  const { run } = core.prepare(data.weighted ? "weightedEvaluate" : "evaluate", Math.min(batchRows, rows));
  const refill = data.attach(run, { first });
  run.begin({ totalRows: rows, batchRows });
  const pacer = new Pacer();
  for (;;) {
    const status = pacer.slice(run);
    if (status === "epochDone") return logsOf(compiled, run.sums, prefix);
    if (status === "needsRows") refill();
    else await yieldToHost();
    signal?.throwIfAborted();
  }
}
