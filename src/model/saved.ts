// What stands in a model's file. It imports nothing that computes: predictors read files too.

import type { Group } from "../program/run.js";
import type { Form, Port } from "./architecture.js";
import type { CallbackState } from "./callbackState.js";
import type { Logs } from "./callback.js";
import type { Progress } from "./core.js";

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
