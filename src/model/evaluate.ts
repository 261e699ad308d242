import { knownOptions, positiveInteger } from "../check.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Core } from "./core.js";
import type { Rowlike, Targets } from "./data.js";
import { Dataset, toSamples } from "./dataset.js";
import { logsOf } from "./logs.js";
import { Pacer } from "./pacer.js";

export interface EvaluateOptions {
  /** Rows at a time (default 256); changes speed, never bits of the predictions. */
  batchSize?: number;
}

const EVALUATE_OPTIONS = { batchSize: true };
export const DEFAULT_BATCH = 256;

export async function evaluate(
  core: Core,
  x: Rowlike,
  y: Targets,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  const { loss } = core.mustBeCompiled("evaluate()");
  const { batchSize = DEFAULT_BATCH } = knownOptions<EvaluateOptions>(options, "evaluate()", EVALUATE_OPTIONS);
  const batchRows = positiveInteger(batchSize, "batchSize");
  const data = new Dataset(core, toSamples(core, loss, x, y), { shuffle: false, batchRows });
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
): Promise<Record<string, number>> {
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
): Promise<Record<string, number>> {
  const compiled = core.mustBeCompiled("evaluate()");
  const { rows: totalRows, batchRows } = data;
  const { run } = core.prepare("evaluate", batchRows);
  const refill = data.attach(run);
  run.begin({ totalRows, batchRows });
  const pacer = new Pacer();
  for (;;) {
    const status = pacer.slice(run);
    if (status === "epochDone") return logsOf(compiled, run.sums, prefix);
    if (status === "needsRows") refill();
    else await yieldToHost();
    signal?.throwIfAborted();
  }
}
