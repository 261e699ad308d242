// Why is it not learning? Looks at the network over some rows, and at a few steps of training on a copy.

import { abortSignal, boolean, knownOptions, positiveInteger } from "../check.js";
import type { Facts, TrialFacts } from "../diagnostics/facts.js";
import type { Observation } from "../diagnostics/observation.js";
import type { DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import { DataError } from "../errors.js";
import { yieldToHost } from "../runtime/yield.js";
import { copyOf } from "./copy.js";
import { type Core, positionsOf } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { Dataset, type Inputs, type Outputs, toSamples } from "./dataset.js";
import { evaluateDataset } from "./evaluate.js";
import { layerReport, ratioOf } from "./layerReport.js";
import { observe, ObservedStep } from "./observed.js";
import { portLabel } from "./ports.js";
import { trivialLossOf } from "./trivialLoss.js";
import type { CureProgress } from "./tryCures.js";
import { classReader } from "./weights.js";

export interface DiagnoseOptions {
  /** Rows of a batch, as in `fit` (default 32). */
  batchSize?: number;
  /** At most so many rows are looked at, evenly spread over all (default 2048). */
  sampleRows?: number;
  /** Steps of training, on a copy, that the learning rate is judged by (default 60). */
  trialSteps?: number;
  /**
   * Also trains briefly with each cure that is told, and as it is: from new weights, by three seeds, on four fifths of the rows
   * looked at; the others judge (default false). The report's `cures` has them, the best first.
   */
  tryCures?: boolean;
  /** Steps of each of these trainings (default 300). */
  cureSteps?: number;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each training with a cure, and awaited. */
  onProgress?: (progress: CureProgress) => void | Promise<void>;
}

const OPTIONS = {
  batchSize: true,
  sampleRows: true,
  trialSteps: true,
  tryCures: true,
  cureSteps: true,
  signal: true,
  onProgress: true,
};
/** Fewer rows leave too few to judge cures by. */
const LEAST_CURE_ROWS = 10;
/** Steps of the trial that are observed. */
const OBSERVED_STEPS = [0, 1, 4, 9, 19, 39];

/** Everything is checked and copied before the first `await`; the model stays bit for bit as it is. */
export async function diagnose(core: Core, x: Inputs, y: Outputs, options: DiagnoseOptions): Promise<DiagnosisReport> {
  const compiled = core.mustBeCompiled("diagnose()");
  const known = knownOptions<DiagnoseOptions>(options, "diagnose()", OPTIONS);
  const batchRows = positiveInteger(known.batchSize ?? 32, "batchSize");
  const most = positiveInteger(known.sampleRows ?? 2048, "sampleRows");
  const steps = positiveInteger(known.trialSteps ?? 60, "trialSteps");
  const tries = boolean(known.tryCures ?? false, "tryCures");
  const cureSteps = positiveInteger(known.cureSteps ?? 300, "cureSteps");
  const signal = abortSignal(known.signal);
  signal?.throwIfAborted();
  const samples = toSamples(core, compiled, x, y).map((rows) => sampled(rows, most));
  const { rows } = samples[0]!;
  const usual = Math.min(batchRows, rows);
  core.refuseSmallBatches(rows, usual);
  if (tries && rows < LEAST_CURE_ROWS) {
    throw new DataError(
      "data/too-few-rows",
      `tryCures holds out a fifth of the rows to judge by, and needs ${LEAST_CURE_ROWS}; got ${rows}. Pass more rows, or leave it out.`,
    );
  }
  const copying = copyOf(core); // as it is now: loading what is below takes its time
  const { findingsOf, remediesOf } = await import("../diagnostics/findings.js");
  const { inputFacts } = await import("../diagnostics/facts.js");
  const { reportOf } = await import("../diagnostics/diagnosisReport.js");

  const copy = await copying;
  const looked = await observe(copy, samples, { batchRows: Math.min(rows, 256), signal });
  const { trial, ratios } = await tryTraining(copy, samples, { batchRows: usual, steps, signal });
  const { inputs } = core.architecture;
  const facts: Facts = {
    observation: looked,
    inputs: inputs.map((_, i) => inputFacts(portLabel("x", inputs, i), samples[i]!.data, inputs[i]!.shape)),
    entry: entryOf(core, looked, samples),
    classes: classesOf(core, samples),
    trial,
    trivialLoss: trivialLossOf(core.compiled!, core.architecture.outputs, samples.slice(inputs.length)),
    early: false,
  };
  const data = {
    subject: `${core.architecture.layers.length} layers, ${rows} rows`,
    layers: looked.layers.map((layer) => layerReport(layer, ratios.get(layer.name))),
    findings: findingsOf(facts),
  };
  if (!tries) return reportOf(data);
  const { tryCures } = await import("./tryCures.js");
  const balanced = data.findings.some(({ problem }) => problem === "labelImbalance");
  const trials = { batchRows: usual, steps: cureSteps, balanced, signal, onProgress: known.onProgress };
  return reportOf(data, await tryCures(copy, samples, remediesOf(facts), trials));
}

/** Rows evenly spread over all of them. */
function sampled(rows: Rows, most: number): Rows {
  if (rows.rows <= most) return { ...rows, data: rows.data.slice() };
  const { width, data } = rows;
  const picked = data instanceof Uint8Array ? new Uint8Array(most * width) : new Float32Array(most * width);
  for (let i = 0; i < most; i++) {
    picked.set(sliceRows(rows, Math.floor((i * rows.rows) / most), 1).data, i * width);
  }
  return { data: picked, rows: most, width };
}

/** Trains the copy for a few steps, looking at some of them. */
async function tryTraining(
  core: Core,
  samples: readonly Rows[],
  { batchRows, steps, signal }: { batchRows: number; steps: number; signal: AbortSignal | undefined },
): Promise<{ trial: TrialFacts; ratios: Map<string, number> }> {
  const before = await lossOf(core, samples, signal);
  const data = new Dataset(core, samples, { shuffle: true, batchRows });
  const seen: Observation[] = [];
  let middle = before;
  let halted = false;
  try {
    const run = core.run("train");
    let status = "epochDone";
    for (let step = 0; step < steps && !halted; step++) {
      const observed = OBSERVED_STEPS.includes(step);
      core.prepare("train", batchRows, { observed });
      if (status === "epochDone") {
        data.attach(run, ++core.progress.epochsBegun);
        run.begin({ totalRows: data.rows, batchRows });
      }
      const look = observed ? new ObservedStep(core) : undefined;
      status = run.slice(Infinity, 1);
      halted = status === "nonFinite";
      if (look && !halted) seen.push(look.read());
      if (step === (steps >> 1) - 1 && !halted) middle = await lossOf(core, samples, signal);
      if (step % 8 === 0) await yieldToHost();
      signal?.throwIfAborted();
    }
  } finally {
    data.release();
  }
  const after = halted ? NaN : await lossOf(core, samples, signal);
  const ratios = ratiosOf(seen);
  const learningRate = core.run("train").learningRate;
  return { trial: { steps, learningRate, before, middle, after, updateRatio: median([...ratios.values()]) }, ratios };
}

async function lossOf(core: Core, samples: readonly Rows[], signal: AbortSignal | undefined): Promise<number> {
  const data = new Dataset(core, samples, { shuffle: false, batchRows: 256 });
  try {
    return (await evaluateDataset(core, data, { signal })).loss!;
  } finally {
    data.release();
  }
}

/** ‖Δw‖ / ‖w‖ by layer: the median over the steps that were seen. */
function ratiosOf(seen: readonly Observation[]): Map<string, number> {
  const byLayer = new Map<string, number[]>();
  for (const layer of seen.flatMap(({ layers }) => layers)) {
    const ratio = ratioOf(layer);
    if (ratio !== undefined) byLayer.set(layer.name, [...(byLayer.get(layer.name) ?? []), ratio]);
  }
  return new Map([...byLayer].map(([name, ratios]) => [name, median(ratios)]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1]!;
}

/** What reaches the first layer with weights to learn. */
function entryOf(core: Core, { layers }: Observation, samples: readonly Rows[]): Facts["entry"] {
  const { applications, layers: placed, inputs } = core.architecture;
  const learns = (i: number) => placed[applications[i]!.layer]!.variables.some(({ trainable = true }) => trainable);
  const first = applications.findIndex((_, i) => learns(i));
  const classOf = (i: number) => placed[applications[i]?.layer ?? -1]?.kind.className ?? "";
  const normalizes = (i: number) => /Normalization$/.test(classOf(i)) && classOf(i) !== "Normalization";
  const normalized = normalizes(first) || normalizes(first + 1);
  const source = applications[first]?.inputs[0] ?? 0;
  const before =
    source >= inputs.length ? layers[applications.findIndex(({ output }) => output === source)] : undefined;
  if (before) return { rms: before.output.rms, normalized };
  const { data } = samples[Math.min(source, inputs.length - 1)]!;
  let squares = 0;
  for (const value of data) squares += value * value;
  return { rms: Math.sqrt(squares / data.length), normalized };
}

/** Counts of each output's classes, where its targets tell any. */
function classesOf(core: Core, samples: readonly Rows[]): Facts["classes"] {
  const { inputs, outputs } = core.architecture;
  return outputs.flatMap(({ shape }, i) => {
    const { loss } = core.compiled!.outputs[i]!;
    const y = samples[inputs.length + i]!;
    const classOf = classReader({ loss, y, shape });
    if (!classOf) return [];
    const counts = new Map(classOf.labels.map((label) => [label, 0]));
    const positions = y.rows * positionsOf(shape);
    for (let row = 0; row < positions; row++) counts.set(classOf(row), counts.get(classOf(row))! + 1);
    return [{ name: portLabel("y", outputs, i), counts: [...counts.values()], labels: classOf.labels }];
  });
}
