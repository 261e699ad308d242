// Which cure helps? Networks like this one, each with another cure, are drawn anew, trained for a few steps on the same rows,
// and judged by rows that are held out.

import { inOrder } from "../data/order.js";
import { shuffleSplit } from "../data/shuffleSplit.js";
import { applyCure, codeOfCure, type Remedy, textOfCure } from "../diagnostics/cures.js";
import type { Setup } from "../diagnostics/setup.js";
import type { CureMeasure, TriedCure } from "../diagnostics/triedCure.js";
import { LanewiseError, OutOfMemoryError } from "../errors.js";
import { LayerSpec } from "../layers/layer.js";
import { input, type SymbolicValue } from "../layers/symbolic.js";
import { lossRow } from "../losses/table.js";
import type { Metric, MetricFunction } from "../metrics/index.js";
import { Engine } from "../runtime/engine.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Architecture } from "./architecture.js";
import { resolveCompile } from "./compile.js";
import { type Compiled, Core, positionsOf } from "./core.js";
import { type Rows, sliceRows } from "./data.js";
import { Dataset } from "./dataset.js";
import { evaluateDataset, needTargets } from "./evaluate.js";
import { graphOf } from "./graph.js";
import { Pacer, SLICE_MS } from "./pacer.js";
import { classReader, weightsOf } from "./weights.js";

/** Of all trainings, so many are done. */
export interface CureProgress {
  readonly training: number;
  readonly trainings: number;
  /** What was trained last: a cure, or the network as it is. */
  readonly cure: string;
  readonly score: number;
}

export interface Trials {
  readonly batchRows: number;
  readonly steps: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: CureProgress) => void | Promise<void>) | undefined;
}

const HELD_OUT = 0.2;
const SEEDS = [1, 2, 3];
const AS_IT_IS = "as it is";

/** Beside the network as it is, one change of it that is tried. */
interface Arm {
  readonly cure: string;
  readonly code: string;
  readonly remedy: Remedy;
  readonly setup: Setup;
  readonly architecture: Architecture;
  readonly compiled: Compiled;
}

/**
 * The network as it is and with each cure that goes with it, the best first; every one trained with the same seeds.
 *
 * @param core Whose weights are taken for what training leaves as it is; it is not changed.
 * @param samples Rows of each input, then of each output.
 * @param balanced Every class counts the same, however rare.
 */
export async function tryCures(
  core: Core,
  samples: readonly Rows[],
  remedies: readonly Remedy[],
  { balanced, ...trials }: Trials & { balanced: boolean },
): Promise<TriedCure[]> {
  if (remedies.length === 0) return [];
  const { train, held } = split(core, samples, trials.batchRows);
  const judge = judgeOf(core, balanced);
  const arms = armsOf(core, train, remedies, judge, trials.batchRows);
  const kept = keptWeights(core);
  const trainings = arms.length * SEEDS.length;
  const tried: TriedCure[] = [];
  let training = 0;
  for (const arm of arms) {
    const scores: number[] = [];
    for (const seed of SEEDS) {
      training++;
      const drawn = await drawnOf(core, arm, { seed, kept });
      if (!drawn) continue;
      await trainSteps(drawn, [...train, ...classWeightsOf(drawn, train, arm.setup)], trials);
      const score = await scoreOf(drawn, held, judge, trials.signal);
      scores.push(score);
      await trials.onProgress?.({ training, trainings, cure: arm.cure, score });
      trials.signal?.throwIfAborted();
    }
    if (scores.length < SEEDS.length) continue;
    const median = [...scores].sort((a, b) => better(a, b, judge))[scores.length >> 1]!;
    const { cure, code, remedy } = arm;
    tried.push({ cure, code, remedy, measure: judge.measure, scores, median });
  }
  const total = ({ scores }: TriedCure) => scores.reduce((sum, score) => sum + score, 0);
  return tried.sort((a, b) => better(a.median, b.median, judge) || better(total(a), total(b), judge));
}

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Every class gives its share where each has rows for both parts. */
export function split(
  core: Core,
  samples: readonly Rows[],
  batchRows: number,
): Record<"train" | "held", readonly Rows[]> {
  const { rows } = samples[0]!;
  const order = inOrder(rows);
  // A single row left over would be a batch without a variance.
  const fit = (held: number): number => ((rows - held) % batchRows === 1 ? held + 1 : held);
  const testFraction = fit(Math.round(rows * HELD_OUT)) / rows;
  const labels = labelsOf(core, samples);
  const counts = new Map<number, number>();
  for (const label of labels ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  const stratify = labels !== undefined && Math.min(...counts.values()) > 1;
  const parts = shuffleSplit(order, stratify ? labels : order, { testFraction, stratify });
  const take = (indices: Uint32Array) => samples.map((array) => picked(array, indices));
  return { train: take(parts.train.x), held: take(parts.test.x) };
}

/** One class a row, of the first output that tells any. */
function labelsOf({ architecture, compiled }: Core, samples: readonly Rows[]): Int32Array | undefined {
  for (const [i, { shape }] of architecture.outputs.entries()) {
    const y = samples[architecture.inputs.length + i]!;
    const classOf = positionsOf(shape) === 1 && classReader({ loss: compiled!.outputs[i]!.loss, y, shape });
    if (classOf) return Int32Array.from({ length: y.rows }, (_, row) => classOf.labels.indexOf(classOf(row)));
  }
  return undefined;
}

function picked(rows: Rows, indices: Uint32Array): Rows {
  const { width, data } = rows;
  const size = indices.length * width;
  const taken = data instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size);
  indices.forEach((row, i) => taken.set(sliceRows(rows, row, 1).data, i * width));
  return { data: taken, rows: indices.length, width };
}

// ── What is trained ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The network as it is, then with each cure; those that do not go with it are left out. */
function armsOf(
  core: Core,
  train: readonly Rows[],
  remedies: readonly Remedy[],
  judge: Judge,
  batchRows: number,
): Arm[] {
  const plain = setupOf(core, train);
  const arms = [[], ...remedies].flatMap((remedy: Remedy): Arm[] => {
    const setup = remedy.reduce<Setup | undefined>((sofar, cure) => sofar && applyCure(cure, sofar), plain);
    const built = setup && builtOf(core, setup, judge);
    if (!built || refusesBatches(built.architecture, train[0]!.rows, batchRows)) return [];
    return [{ ...wordsOf(remedy), remedy, setup, ...built }];
  });
  // Several findings may ask for one cure.
  return arms.filter(({ code }, i) => arms.findIndex((other) => other.code === code) === i);
}

function wordsOf(remedy: Remedy): { cure: string; code: string } {
  return {
    cure: remedy.length === 0 ? AS_IT_IS : remedy.map(textOfCure).join(", and "),
    code: remedy.map(codeOfCure).join("; "),
  };
}

/** The network with the rate that it has now, to be trained on these rows. */
export function setupOf(
  { architecture, trainable, rateMultipliers, compiled, progress }: Core,
  train: readonly Rows[],
): Setup {
  const { inputs, layers, applications, outputs } = architecture;
  const { learningRate } = progress;
  const { optimizer, clip } = compiled!;
  return {
    inputs: inputs.map(({ name, shape }, i) => ({ name, shape, data: train[i]!.data })),
    layers: layers.map(({ kind, config, name }, i) => {
      return new LayerSpec(kind, config, {
        name,
        trainable: trainable[i]!,
        learningRateMultiplier: rateMultipliers[i]!,
      });
    }),
    steps: applications.map(({ layer, inputs, output }) => ({ layer, inputs, output })),
    outputs: outputs.map(({ tensor }) => tensor),
    optimizer: learningRate === undefined ? optimizer : Object.freeze({ ...optimizer, learningRate }),
    clip,
    classWeight: undefined,
  };
}

/** Undefined where the library refuses such a network. */
function builtOf(core: Core, setup: Setup, { metrics }: Judge): Pick<Arm, "architecture" | "compiled"> | undefined {
  const { outputs } = core.compiled!;
  try {
    const architecture = architectureOf(setup, core.architecture);
    const [losses, weights] = [outputs.map(({ loss }) => loss), outputs.map(({ lossWeight }) => lossWeight)];
    const one = outputs.length === 1;
    const compiled = resolveCompile(architecture, {
      optimizer: setup.optimizer,
      loss: one ? losses[0]! : losses,
      lossWeights: one ? weights[0]! : weights,
      ...(one && { metrics }),
      clip: setup.clip,
    });
    return { architecture, compiled };
  } catch (error) {
    return undefinedIfRefused(error);
  }
}

/** The layers applied anew. */
export function architectureOf({ inputs, layers, steps, outputs }: Setup, like: Architecture): Architecture {
  const sources = inputs.map(({ name, shape }) => input(shape, { name }));
  const values = new Map<number, SymbolicValue>(sources.map((value, i) => [i, value]));
  const valueOf = (tensor: number) => values.get(tensor)!;
  for (const { layer, inputs, output } of steps) values.set(output, layers[layer]!.apply(inputs.map(valueOf)));
  const names = like.outputs.map(({ name }) => name);
  return graphOf(sources, outputs.map(valueOf), { names, form: like.outputForm });
}

/** A last batch, or each, of fewer rows than a layer can be trained on. */
function refusesBatches({ layers }: Architecture, rows: number, batchRows: number): boolean {
  const last = rows % batchRows || Math.min(batchRows, rows);
  return layers.some(({ kind, config, inputShape, trainable }) => {
    return trainable && last < (kind.leastTrainingRows?.(config, inputShape) ?? 1);
  });
}

function undefinedIfRefused(error: unknown): undefined {
  if (!(error instanceof LanewiseError) || error instanceof OutOfMemoryError) throw error;
  return undefined;
}

/** What no training changes, and a new draw would lose: frozen layers, and statistics that were measured. */
function keptWeights({ architecture, trainable, variables }: Core): ReadonlyMap<string, Float32Array> {
  const moves = (layer: number) => architecture.layers[layer]!.kind.className === "BatchNormalization";
  const kept = variables.list.filter((variable) => {
    return !trainable[variable.layer] || (!variable.trainable && !moves(variable.layer));
  });
  return new Map(kept.map((variable) => [variable.name, variables.view(variable).slice()]));
}

// ── Training and judging ────────────────────────────────────────────────────────────────────────────────────────────

/** The network with new weights, compiled; undefined where they cannot be drawn, as by a function that a file has lost. */
async function drawnOf(
  { windowBytes, engine }: Core,
  { architecture, compiled }: Arm,
  { seed, kept }: { seed: number; kept: ReadonlyMap<string, Float32Array> },
): Promise<Core | undefined> {
  const core = new Core(await Engine.create(engine), architecture, { seed, windowBytes });
  const { variables } = core;
  try {
    variables.initialize(seed);
    for (const variable of variables.list) {
      const values = kept.get(variable.name);
      if (values?.length === variable.size) variables.view(variable).set(values);
    }
    core.compile(compiled);
    return core;
  } catch (error) {
    return undefinedIfRefused(error);
  }
}

function classWeightsOf(core: Core, train: readonly Rows[], { classWeight }: Setup): Rows[] {
  return classWeight ? weightsOf(core, core.compiled!, train, { classWeight }) : [];
}

async function scoreOf(
  core: Core,
  held: readonly Rows[],
  judge: Judge,
  signal: AbortSignal | undefined,
): Promise<number> {
  const data = new Dataset(core, held, { shuffle: false, batchRows: 256, keepTargets: needTargets(core.compiled!) });
  return judge.scoreOf(await evaluateDataset(core, data, { signal }));
}

/** Until the steps are done, or a loss is not finite. */
async function trainSteps(
  core: Core,
  arrays: readonly Rows[],
  { batchRows: most, steps, signal }: Trials,
): Promise<void> {
  const totalRows = arrays[0]!.rows;
  const batchRows = Math.min(most, totalRows);
  const data = new Dataset(core, arrays, { shuffle: true, batchRows }); // goes with the core
  const { run } = core.prepare(data.weighted ? "weightedTrain" : "train", batchRows);
  const pacer = new Pacer();
  let refill = () => {};
  let status: ReturnType<Pacer["slice"]> = "epochDone";
  let lastYield = performance.now();
  for (let done = 0; done < steps && status !== "nonFinite"; done += run.sliceSteps) {
    if (status === "epochDone") {
      refill = data.attach(run, ++core.progress.epochsBegun);
      run.begin({ totalRows, batchRows });
    } else if (status === "needsRows") refill();
    status = pacer.slice(run, steps - done);
    if (performance.now() - lastYield < SLICE_MS) continue;
    await yieldToHost();
    lastYield = performance.now();
    signal?.throwIfAborted();
  }
}

interface Judge {
  readonly measure: CureMeasure;
  readonly higher: boolean;
  readonly metrics: readonly Metric[];
  readonly scoreOf: (figures: Readonly<Record<string, number>>) => number;
}

/** By accuracy where there is one output, and its targets are classes; else by the loss. */
function judgeOf({ architecture, compiled }: Core, balanced: boolean): Judge {
  const [output, ...others] = compiled!.outputs;
  const { accuracy, classes } = lossRow(output!.loss);
  if (others.length > 0 || accuracy === undefined) {
    return { measure: "held-out loss", higher: false, metrics: [], scoreOf: ({ loss }) => loss! };
  }
  const scoreOf = ({ accuracy }: Readonly<Record<string, number>>) => accuracy!;
  const { shape } = architecture.outputs[0]!;
  if (!balanced || positionsOf(shape) > 1) {
    return { measure: "held-out accuracy", higher: true, metrics: ["accuracy"], scoreOf };
  }
  const limit = classes === "sign" || output!.loss.fromLogits === true ? 0 : 0.5;
  const metrics = [balancedAccuracy(shape.at(-1)!, limit)];
  return { measure: "held-out balanced accuracy", higher: true, metrics, scoreOf };
}

/** The mean over the classes that occur of the share of their rows that are told rightly. */
function balancedAccuracy(width: number, limit: number): MetricFunction {
  const largest = (row: readonly number[]) => row.indexOf(Math.max(...row));
  const toldClass = (row: readonly number[]) => (width > 1 ? largest(row) : Number(row[0]! > limit));
  const classOf = (target: number | readonly number[]) =>
    typeof target !== "number" ? largest(target) : width > 1 ? target : Number(target > 0.5);
  return function accuracy(targets, outputs) {
    const rows = new Map<number, { right: number; all: number }>();
    targets.forEach((target, i) => {
      const label = classOf(target);
      const count = rows.get(label) ?? { right: 0, all: 0 };
      rows.set(label, { right: count.right + Number(toldClass(outputs[i]!) === label), all: count.all + 1 });
    });
    return [...rows.values()].reduce((sum, { right, all }) => sum + right / all, 0) / rows.size;
  };
}

/** Negative where `a` is better; what is not a number is worst. */
function better(a: number, b: number, { higher }: Judge): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a > b === higher ? -1 : 1;
}
