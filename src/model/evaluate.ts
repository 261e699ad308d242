import { knownOptions, positiveInteger } from "../check.js";
import { yieldToHost } from "../runtime/yield.js";
import { type Compiled, type Core, metricsOf } from "./core.js";
import { Dataset, type Feed, type Inputs, OPEN_END, type Outputs, toSamples } from "./dataset.js";
import { finalLogsOf, logsOf } from "./logs.js";
import { Pacer } from "./pacer.js";
import { Sinks } from "./sinks.js";
import { planValidation, refuseStreamOptions, type StreamPlan } from "./stream/plan.js";
import { type ChunkSource, isChunkSource } from "./stream/source.js";
import { type Weighting, weightsOf } from "./weights.js";

export interface EvaluateOptions {
  /** Rows at a time (default 256); changes speed, never bits of the predictions. */
  batchSize?: number;
  /** One weight a row (or such by output): its loss counts that much, in the mean over all rows. Metrics are not weighted. */
  sampleWeight?: Weighting["sampleWeight"];
  /** Of a stream: chunks that are asked for while others are evaluated (default 1), beside the one in use. */
  readAhead?: number;
}

/** Figures by name; `confusionMatrix` alone, where it was asked for, is a matrix. */
export type Evaluation = Record<string, number> & { readonly confusionMatrix?: number[][] };

const EVALUATE_OPTIONS = { batchSize: true, sampleWeight: true, readAhead: true };
export const DEFAULT_BATCH = 256;

export async function evaluate(
  core: Core,
  x: Inputs | ChunkSource,
  y: Outputs,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const compiled = core.mustBeCompiled("evaluate()");
  const known = knownOptions<EvaluateOptions>(options, "evaluate()", EVALUATE_OPTIONS);
  const { batchSize = DEFAULT_BATCH, sampleWeight } = known;
  const batchRows = positiveInteger(batchSize, "batchSize");
  if (isChunkSource(x)) return evaluateStream(core, compiled, planValidation(compiled, x, known), { batchRows });
  refuseStreamOptions(known);
  const samples = toSamples(core, compiled, x, y);
  const weights = weightsOf(core, compiled, samples, { sampleWeight });
  const data = new Dataset(core, [...samples, ...weights], {
    shuffle: false,
    batchRows,
    keepTargets: needTargets(compiled),
  });
  try {
    return await evaluateDataset(core, data);
  } finally {
    data.release();
  }
}

/** The same of a stream, which is opened for it. */
export async function evaluateStream(
  core: Core,
  compiled: Compiled,
  stream: StreamPlan & { suffix?: string },
  { batchRows = DEFAULT_BATCH, ...options }: EvaluationOptions & { batchRows?: number },
): Promise<Evaluation> {
  const { signal } = options;
  const { StreamDataset } = await import("./stream/streamDataset.js");
  const data = await StreamDataset.open(core, compiled, { ...stream, batchRows, signal });
  try {
    return await evaluateDataset(core, data, options);
  } finally {
    await data.release();
  }
}

interface EvaluationOptions {
  /** Before each figure's name. */
  readonly prefix?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Two evaluations of one model share a run: the second waits for the first. */
const queues = new WeakMap<Core, Promise<unknown>>();

/** Means over the whole of `data`, their names beginning with `prefix`. */
export async function evaluateDataset(
  core: Core,
  data: Feed,
  { prefix = "", signal }: EvaluationOptions = {},
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
  data: Feed,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const compiled = core.mustBeCompiled("evaluate()");
  const { rows: totalRows = OPEN_END, batchRows } = data;
  const mode = data.weighted ? "weightedEvaluate" : "evaluate";
  const { run } = core.prepare(mode, batchRows, { part: data.cached?.part });
  const refill = data.attach(run);
  run.begin({ totalRows, batchRows });
  const sinks = new Sinks(core, data.targets ? totalRows : 0);
  run.sinks(sinks.addresses);
  const pacer = new Pacer();
  try {
    for (;;) {
      const status = pacer.slice(run);
      if (status === "epochDone") break;
      if (status === "needsRows") await refill();
      else await yieldToHost();
      signal?.throwIfAborted();
    }
    const { sums } = run;
    const compared = (data.targets ?? []).map((targets, i) => ({
      targets,
      predictions: sinks.rows(i, totalRows).slice(),
    }));
    return Object.assign(logsOf(compiled, sums, prefix), finalLogsOf(compiled, sums, prefix, compared)) as Evaluation;
  } finally {
    sinks.release();
  }
}

/** Whether a metric is a function of labels and predictions. */
export function needTargets(compiled: Compiled): boolean {
  return metricsOf(compiled).some(({ compute }) => compute !== undefined);
}
