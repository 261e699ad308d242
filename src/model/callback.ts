import type { Model } from "./model.js";

/** Means over the samples so far: `loss`, each metric by name, and `val_…` at the end of an epoch. */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may know about the run that calls it. */
export interface TrainingInfo {
  readonly epochs: number;
  readonly batchSize: number;
  readonly samples: number;
  readonly stepsPerEpoch: number;
}

/** What every hook is handed beside its logs. */
export interface CallbackContext {
  readonly model: Model;
  readonly info: TrainingInfo;
}

type Hook = (logs: Logs, context: CallbackContext) => void | Promise<void>;
type CountedHook = (index: number, logs: Logs, context: CallbackContext) => void | Promise<void>;

/**
 * A listener of `fit`. Every hook is optional and awaited. A callback with `onBatchEnd` makes training pause after every
 * step; `onProgress` is called about every 10 ms of work instead and costs nothing.
 */
export interface Callback {
  onTrainBegin?: Hook;
  /** `epoch` counts from 0. */
  onEpochBegin?: CountedHook;
  /** `batch` counts the steps of this epoch from 0. */
  onBatchEnd?: CountedHook;
  /** `steps` of this epoch are done. */
  onProgress?: CountedHook;
  onEpochEnd?: CountedHook;
  onTrainEnd?: Hook;
  /** What must survive a save and a resume; plain JSON. */
  getState?: () => unknown;
  setState?: (state: unknown) => void;
}
