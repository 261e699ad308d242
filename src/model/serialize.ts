import { boolean, knownOptions } from "../check.js";
import { writeSafetensors } from "../formats/safetensors.js";
import { type Architecture, isChain } from "./architecture.js";
import { packState } from "./callbackState.js";
import type { Compiled, CompiledOutput, Core } from "./core.js";
import {
  FORMAT,
  type SavedArchitecture,
  type SavedCompile,
  type SavedGraph,
  type SavedTraining,
  slotName,
} from "./saved.js";

export interface SaveOptions {
  /** Also the optimizer's moments, step, epoch, position in it and callbacks' state: all that a resume needs. */
  includeOptimizer?: boolean;
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
