import type { Observation } from "../diagnostics/observation.js";
import type { Model } from "./model.js";
import type { NamedArray } from "./variables.js";

/** Means over the samples so far: `loss`, each metric by name, and `val_…` at the end of an epoch. */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may know about the run that calls it. */
export interface TrainingInfo {
  readonly epochs: number;
  readonly batchSize: number;
  /** Rows of an epoch. Infinity: those of a stream that has not ended yet. */
  readonly samples: number;
  /** Infinity likewise. */
  readonly stepsPerEpoch: number;
}

/** Why a callback wants training to stop, for `history.stopReason`. */
export type RequestedStop = "earlyStopping" | "callback";

/** What every hook is handed beside its logs. */
export interface CallbackContext {
  readonly model: Model;
  readonly info: TrainingInfo;
  /** Whether this fit goes on where another one stopped. */
  readonly resumed: boolean;
  /** What the logs hold when an epoch ends, by name, and which way it is better, where that is known. */
  readonly figures: ReadonlyMap<string, "max" | "min" | undefined>;
  /** Stops training after the step under way; `model.stopTraining = true` does so for the reason "callback". */
  stop(reason: RequestedStop): void;
  /**
   * Writes weights within a hook, where `model.setWeights` refuses because the model trains.
   *
   * @throws BusyError `model/busy` in the midst of a step or a validation
   */
  setWeights(weights: ReadonlyMap<string, NamedArray>): void;
}

type Hook = (logs: Logs, context: CallbackContext) => void | Promise<void>;
type CountedHook = (index: number, logs: Logs, context: CallbackContext) => void | Promise<void>;

/**
 * A listener of `fit`. Every hook is optional and awaited. A callback with `onBatchEnd` makes training pause after every
 * step; `onProgress` is called about every 10 ms of work instead and costs nothing.
 *
 * `onTrainEnd` is called however training ends, also where a callback has thrown.
 */
export interface Callback {
  /** By which its state is found again: the nth callback of a name takes the state of the nth one of that name. */
  readonly name?: string;
  /** Training begins, or goes on: `setState` comes after it. */
  onTrainBegin?: Hook;
  /** `epoch` counts from 0. */
  onEpochBegin?: CountedHook;
  /** `batch` counts the steps of this epoch from 0. */
  onBatchEnd?: CountedHook;
  /** `steps` of this epoch are done. */
  onProgress?: CountedHook;
  /**
   * In every nth optimizer step statistics of all layers and weights are gathered, and `onObservation` is told of them
   * after the step. It changes no bit; steps in between cost nothing. It is asked again before each step.
   */
  readonly observeEvery?: number | undefined;
  onObservation?: (observation: Observation, logs: Logs, context: CallbackContext) => void | Promise<void>;
  onEpochEnd?: CountedHook;
  onTrainEnd?: Hook;
  /** What must survive a save and a resume: plain JSON, in which any number and Float32Arrays may stand. */
  getState?: () => unknown;
  /** In a fit that goes on: what the callback had returned when the last one stopped, or when the file was saved. */
  setState?: (state: unknown, context: CallbackContext) => void;
}

/** Hooks that a save may come in the midst of: who has not heard yet does so first when training goes on. */
export const RECOVERED_HOOKS = ["onBatchEnd", "onEpochEnd"] as const;

/** A hook under way. */
export interface PendingHook {
  readonly hook: (typeof RECOVERED_HOOKS)[number];
  readonly index: number;
  readonly logs: Logs;
  /** Those that have not heard yet. */
  readonly late: ReadonlySet<Callback>;
}
