// What a diagnosis looks at, and what it trains. Loaded when one is asked for.

import { reportOf, type DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import { inputFacts, type Facts, type TrialFacts } from "../diagnostics/facts.js";
import { findingsOf, remediesOf } from "../diagnostics/findings.js";
import type { Observation } from "../diagnostics/observation.js";
import { yieldToHost } from "../runtime/yield.js";
import { type Core, positionsOf } from "./core.js";
import type { Rows } from "./data.js";
import { Dataset } from "./dataset.js";
import type { DiagnoseOptions } from "./diagnose.js";
import { evaluateDataset } from "./evaluate.js";
import { layerReport, ratioOf } from "./layerReport.js";
import { observe, ObservedStep } from "./observed.js";
import { portLabel } from "./ports.js";
import { trivialLossOf } from "./trivialLoss.js";
import { classReader } from "./weights.js";

/** Steps of the trial that are observed. */
const OBSERVED_STEPS = [0, 1, 4, 9, 19, 39];

interface Diagnosis {
  readonly batchRows: number;
  readonly steps: number;
  readonly tries: boolean;
  readonly cureSteps: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: DiagnoseOptions["onProgress"];
}

/** Of `core`, by its copy, which is trained. */
export async function diagnosisOf(
  core: Core,
  copy: Core,
  samples: readonly Rows[],
  options: Diagnosis,
): Promise<DiagnosisReport> {
  const { batchRows, cureSteps, signal, onProgress } = options;
  const { rows } = samples[0]!;
  const looked = await observe(copy, samples, { batchRows: Math.min(rows, 256), signal });
  const { trial, ratios } = await tryTraining(copy, samples, options);
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
  if (!options.tries) return reportOf(data);
  const { tryCures } = await import("./tryCures.js");
  const balanced = data.findings.some(({ problem }) => problem === "labelImbalance");
  const trials = { batchRows, steps: cureSteps, balanced, signal, onProgress };
  return reportOf(data, await tryCures(copy, samples, remediesOf(facts), trials));
}

/** Trains the copy for a few steps, looking at some of them. */
async function tryTraining(
  core: Core,
  samples: readonly Rows[],
  { batchRows, steps, signal }: Diagnosis,
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
