import { boolean, knownOptions } from "../check.js";
import { writeSafetensors } from "../formats/safetensors.js";
import type { Group } from "../program/run.js";
import { type Architecture, type Form, isChain, type Port } from "./architecture.js";
import type { Logs } from "./callback.js";
import { type CallbackState, packState } from "./callbackState.js";
import type { Compiled, CompiledOutput, Core, Progress } from "./core.js";

export interface SaveOptions {
  /** Also the optimizer's moments, step, epoch, position in it and callbacks' state: all that a resume needs. */
  includeOptimizer?: boolean;
}

export const FORMAT = "lanewise";
/** The newest that this library reads. A file carries the oldest that holds what is in it: 2 where layers form a graph. */
export const FORMAT_VERSION = 2;

interface SavedLayer {
  readonly className: string;
  readonly name: string;
  readonly trainable: boolean;
  /** Absent: 1. */
  readonly learningRateMultiplier?: number;
  readonly config: unknown;
}

/** How layers are joined where they form no chain: see Architecture. */
export interface SavedGraph {
  readonly inputs: readonly Port[];
  readonly applications: readonly { readonly layer: number; readonly inputs: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly tensor: number }[];
  readonly outputForm: Form;
}

/** The file's description of a network. */
export interface SavedArchitecture {
  /** Of a chain. */
  readonly inputShape?: readonly number[];
  readonly graph?: SavedGraph;
  readonly layers: readonly SavedLayer[];
  readonly seed: number;
}

type Named = Readonly<{ name: string }>;
/** Without those that are functions. */
type SavedMetrics = readonly (string | Named)[];

/** Loss and metrics of one output; arrays of such where there are several. */
export interface SavedCompile {
  readonly optimizer: Named;
  readonly loss: Named | readonly Named[];
  readonly lossWeights?: readonly number[];
  readonly metrics: SavedMetrics | readonly SavedMetrics[];
  readonly clip?: Named;
}

export interface SavedTraining extends Readonly<
  Pick<Progress, "epoch" | "position" | "epochsBegun" | "rows" | "sums">
> {
  readonly step: number;
  /** Absent: no batch waits for the rest of its step. */
  readonly group?: Group;
  /** Absent: the compiled one. */
  readonly learningRate?: number;
  /** As packed; absent: none. */
  readonly callbacks?: readonly CallbackState[];
  /** As packed; absent: all callbacks have heard of all. */
  readonly pending?: { readonly hook: string; readonly index: number; readonly logs: Logs };
  /** In older files: the callbacks' states by their places. */
  readonly callbackStates?: readonly unknown[];
}

/** How a slot of a weight is called in the file. Layers' names hold no "/", so nothing else is called so. */
export function slotName(slot: string, weight: string): string {
  return `optimizer/${slot}/${weight}`;
}

const SAVE_OPTIONS = { includeOptimizer: true };

/** One safetensors file; architecture and states are JSON in its metadata. */
export function serialize(core: Core, options: SaveOptions): Uint8Array {
  const { includeOptimizer = false } = knownOptions<SaveOptions>(options, "toBytes() and save()", SAVE_OPTIONS);
  boolean(includeOptimizer, "includeOptimizer");
  const { architecture, variables, compiled } = core;
  const chain = isChain(architecture);
  const saved: SavedArchitecture = {
    ...(chain ? { inputShape: architecture.inputs[0]!.shape } : { graph: savedGraph(architecture) }),
    layers: architecture.layers.map(({ kind, name, config }, i) => ({
      className: kind.className,
      name,
      trainable: core.trainable[i]!,
      ...(core.rateMultipliers[i] !== 1 && { learningRateMultiplier: core.rateMultipliers[i]! }),
      config,
    })),
    seed: core.seed,
  };
  const metadata: Record<string, string> = {
    format: FORMAT,
    formatVersion: chain ? "1" : "2",
    architecture: JSON.stringify(saved),
  };
  const tensors = new Map(variables.read());
  if (compiled) metadata.compile = JSON.stringify(savedCompile(compiled));
  if (includeOptimizer) {
    core.mustBeCompiled("toBytes({ includeOptimizer: true })");
    for (const [slot, region] of core.regions.slots) {
      for (const [name, value] of variables.read(region, variables.learned)) tensors.set(slotName(slot, name), value);
    }
    metadata.training = JSON.stringify(
      packState(trainingState(core), (name, data) => void tensors.set(name, { data, shape: [data.length] })),
    );
  }
  return writeSafetensors(
    [...tensors].map(([name, { data, shape }]) => [name, { dtype: "F32", shape, data }]),
    metadata,
  );
}

function savedGraph({ inputs, applications, outputs, outputForm }: Architecture): SavedGraph {
  return {
    inputs: inputs.map(({ name, shape }) => ({ name, shape })),
    applications: applications.map(({ layer, inputs }) => ({ layer, inputs })),
    outputs: outputs.map(({ name, tensor }) => ({ name, tensor })),
    outputForm,
  };
}

function savedCompile({ optimizer, outputs, clip }: Compiled): SavedCompile {
  const metrics = outputs.map((output) => output.metrics.flatMap(({ saved }) => saved ?? []));
  const [first] = outputs as [CompiledOutput];
  const weights = outputs.map(({ lossWeight }) => lossWeight);
  return {
    optimizer,
    loss: outputs.length === 1 ? first.loss : outputs.map(({ loss }) => loss),
    ...(weights.some((weight) => weight !== 1) && { lossWeights: weights }),
    metrics: outputs.length === 1 ? metrics[0]! : metrics,
    ...(clip && { clip }),
  };
}

function trainingState(core: Core): SavedTraining {
  // Named, so that the same state is the same bytes.
  const { epoch, position, epochsBegun, rows, sums, learningRate, pending } = core.progress;
  const { step, group } = core.run("train");
  const callbacks = core.callbackStates();
  return {
    step,
    ...(group.batches > 0 && { group }),
    epoch,
    position,
    epochsBegun,
    rows,
    sums,
    ...(learningRate !== undefined && { learningRate }),
    ...(callbacks.length > 0 && { callbacks }),
    ...(callbacks.some(({ late }) => late) &&
      pending && { pending: { hook: pending.hook, index: pending.index, logs: pending.logs } }),
  };
}
