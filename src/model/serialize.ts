import { boolean, knownOptions } from "../check.js";
import { writeSafetensors } from "../formats/safetensors.js";
import type { Logs } from "./callback.js";
import { type CallbackState, packState } from "./callbackState.js";
import type { Core, Progress } from "./core.js";

export interface SaveOptions {
  /** Also the optimizer's moments, step, epoch, position in it and callbacks' state: all that a resume needs. */
  includeOptimizer?: boolean;
}

export const FORMAT = "lanewise";
export const FORMAT_VERSION = 1;

/** The file's description of a network. */
export interface SavedArchitecture {
  readonly inputShape: readonly number[];
  readonly layers: readonly {
    readonly className: string;
    readonly name: string;
    readonly trainable: boolean;
    /** Absent: 1. */
    readonly learningRateMultiplier?: number;
    readonly config: unknown;
  }[];
  readonly seed: number;
}

export interface SavedCompile {
  readonly optimizer: Readonly<{ name: string }>;
  readonly loss: Readonly<{ name: string }>;
  /** Without those that are functions. */
  readonly metrics: readonly (string | Readonly<{ name: string }>)[];
  readonly clip?: Readonly<{ name: string }>;
}

export interface SavedTraining extends Readonly<
  Pick<Progress, "epoch" | "position" | "epochsBegun" | "rows" | "sums">
> {
  readonly step: number;
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
  const saved: SavedArchitecture = {
    inputShape: architecture.inputShapes[0]!,
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
    formatVersion: String(FORMAT_VERSION),
    architecture: JSON.stringify(saved),
  };
  const tensors = new Map(variables.read());
  if (compiled) {
    const { optimizer, loss, metrics, clip } = compiled;
    metadata.compile = JSON.stringify({ optimizer, loss, metrics: metrics.flatMap(({ saved }) => saved ?? []), clip });
  }
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

function trainingState(core: Core): SavedTraining {
  // Named, so that the same state is the same bytes.
  const { epoch, position, epochsBegun, rows, sums, learningRate, pending } = core.progress;
  const { step } = core.run("train");
  const callbacks = core.callbackStates();
  return {
    step,
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
