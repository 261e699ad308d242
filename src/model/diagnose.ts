// Why is it not learning? Looks at the network over some rows, and at a few steps of training on a copy.

import { abortSignal, knownOptions, positiveInteger } from "../check.js";
import type { Facts, TrialFacts } from "../diagnostics/facts.js";
import type { Observation } from "../diagnostics/observation.js";
import type { DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import { lossRow } from "../losses/table.js";
import { yieldToHost } from "../runtime/yield.js";
import { copyOf } from "./copy.js";
import type { Core } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { Dataset, type Inputs, type Outputs, toSamples } from "./dataset.js";
import { evaluateDataset } from "./evaluate.js";
import { layerReport, ratioOf } from "./layerReport.js";
import { observe, ObservedStep } from "./observed.js";
import { portLabel } from "./ports.js";

export interface DiagnoseOptions {
  /** Rows of a batch, as in `fit` (default 32). */
  batchSize?: number;
  /** At most so many rows are looked at, evenly spread over all (default 2048). */
  sampleRows?: number;
  /** Steps of training, on a copy, that the learning rate is judged by (default 60). */
  trialSteps?: number;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
}

const OPTIONS = { batchSize: true, sampleRows: true, trialSteps: true, signal: true };
/** Steps of the trial that are observed. */
const OBSERVED_STEPS = [0, 1, 4, 9, 19, 39];

/** Everything is checked and copied before the first `await`; the model stays bit for bit as it is. */
export async function diagnose(core: Core, x: Inputs, y: Outputs, options: DiagnoseOptions): Promise<DiagnosisReport> {
  const compiled = core.mustBeCompiled("diagnose()");
  const known = knownOptions<DiagnoseOptions>(options, "diagnose()", OPTIONS);
  const batchRows = positiveInteger(known.batchSize ?? 32, "batchSize");
  const most = positiveInteger(known.sampleRows ?? 2048, "sampleRows");
  const steps = positiveInteger(known.trialSteps ?? 60, "trialSteps");
  const signal = abortSignal(known.signal);
  signal?.throwIfAborted();
  const samples = toSamples(core, compiled, x, y).map((rows) => sampled(rows, most));
  const { rows } = samples[0]!;
  const usual = Math.min(batchRows, rows);
  core.refuseSmallBatches(rows, usual);
  const { findingsOf } = await import("../diagnostics/findings.js");
  const { inputFacts } = await import("../diagnostics/facts.js");
  const { reportOf } = await import("../diagnostics/diagnosisReport.js");

  const copy = await copyOf(core);
  const looked = await observe(copy, samples, { batchRows: Math.min(rows, 256), signal });
  const { trial, ratios } = await tryTraining(copy, samples, { batchRows: usual, steps, signal });
  const { inputs } = core.architecture;
  const facts: Facts = {
    observation: looked,
    inputs: inputs.map((_, i) => inputFacts(portLabel("x", inputs, i), samples[i]!.data, samples[i]!.width)),
    entry: entryOf(core, looked, samples),
    classes: classesOf(core, samples),
    trial,
    trivialLoss: trivialLossOf(core, samples),
    early: false,
  };
  return reportOf({
    subject: `${core.architecture.layers.length} layers, ${rows} rows`,
    layers: looked.layers.map((layer) => layerReport(layer, ratios.get(layer.name))),
    findings: findingsOf(facts),
  });
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
    const counts = countsOf(core, samples[inputs.length + i]!, i, shape.at(-1)!);
    return counts ? [{ name: portLabel("y", outputs, i), counts }] : [];
  });
}

function countsOf(core: Core, { data, width }: Rows, output: number, classes: number): number[] | undefined {
  const { classes: kind } = lossRow(core.compiled!.outputs[output]!.loss);
  if (kind === "label") {
    const counts = new Array<number>(classes).fill(0);
    for (const label of data) counts[label]!++;
    return counts;
  }
  if (kind === "oneHot") {
    const counts = new Array<number>(width).fill(0);
    data.forEach((value: number, i: number) => (counts[i % width]! += value));
    return counts;
  }
  if (kind === undefined || width > 1) return undefined;
  let positive = 0;
  for (const value of data) if (value > 0.5) positive++;
  return [data.length - positive, positive];
}

/** For one output whose loss is a crossentropy or the mean squared error; Math.log decides no bit of any result. */
function trivialLossOf(core: Core, samples: readonly Rows[]): number | undefined {
  const { inputs, outputs } = core.architecture;
  if (outputs.length > 1) return undefined;
  const { loss } = core.compiled!.outputs[0]!;
  const y = samples[inputs.length]!;
  if (/rossentropy$/.test(loss.name)) {
    const counts = countsOf(core, y, 0, outputs[0]!.shape.at(-1)!);
    if (!counts) return undefined;
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.reduce((sum, count) => (count > 0 ? sum - (count / total) * Math.log(count / total) : sum), 0);
  }
  if (loss.name !== "meanSquaredError") return undefined;
  let variance = 0;
  for (let column = 0; column < y.width; column++) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < y.rows; row++) {
      const value = y.data[row * y.width + column]!;
      sum += value;
      squares += value * value;
    }
    variance += (squares - (sum * sum) / y.rows) / y.rows / y.width;
  }
  return variance;
}
