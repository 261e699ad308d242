// What fit may be asked for, and what it answers.

import type { Callback } from "./callback.js";
import type { Inputs, Outputs } from "./dataset.js";
import type { ChunkSource } from "./stream/source.js";
import type { ClassWeight, Weighting } from "./weights.js";
import type { WorkerOptions } from "./worker.js";

export interface FitOptions {
  /** How often the data are gone through (default 1). */
  epochs?: number;
  /** Rows a step (default 32). */
  batchSize?: number;
  /**
   * The gradients of so many batches in a row, averaged by their rows, make one optimizer step (default 1; at most 65535):
   * the step of a batch so many times as large, in the memory of one. An epoch's last step may be made of fewer. What
   * looks at single batches still does: batch normalization, `onBatchEnd`, `maxSteps`.
   */
  accumulateSteps?: number;
  /** Share of the rows, the last ones, that is held out and evaluated after each epoch; in [0, 1). */
  validationSplit?: number;
  /** Rows to evaluate after each epoch instead, or a stream of chunks that is read anew after each. */
  validationData?: readonly [x: Inputs, y: Outputs, sampleWeight?: Weighting["sampleWeight"]] | ChunkSource;
  /**
   * One weight a row: its loss and gradient are multiplied by it, and the mean stays over all rows of the batch. Where
   * there are several outputs, for all of them, or by output.
   */
  sampleWeight?: Weighting["sampleWeight"];
  /** A weight for each class, { 0: 1, 1: 5 }; those not named weigh 1. Multiplies sampleWeight; not used in validation. */
  classWeight?: ClassWeight;
  /** A new order of rows for each epoch (default true), drawn from the model's seed; of a stream, within `shuffleBuffer`. */
  shuffle?: boolean;
  /**
   * Of a stream: each row is drawn from so many, and the next one comes in for it (default 8192). From as many as there are,
   * any order is equally likely; from few, neighbours stay near each other. They are what a stream takes of the model's memory.
   */
  shuffleBuffer?: number;
  /** Of a stream: chunks that are asked for while others are trained on (default 1), beside the one in use. */
  readAhead?: number;
  /**
   * Of a stream: an epoch ends after so many steps, and the next one reads on where it stopped, in a source that has ended
   * from its start. So a stream may be endless. Without it an epoch is the whole source.
   */
  stepsPerEpoch?: number;
  callbacks?: readonly Callback[];
  /** Aborting rejects with the signal's reason, after the step under way. */
  signal?: AbortSignal;
  /** Stop after this many batches of this call: so many optimizer steps, unless accumulateSteps makes one of several. */
  maxSteps?: number;
  /** Stop after the step during which this many milliseconds have passed. */
  maxMs?: number;
  /** Go on at the epoch and step at which the last fit stopped, also after a load. */
  resume?: boolean;
  /**
   * Compute what the frozen layers at the bottom make of each row once, and train only what is above them (default false): the
   * same bits, in a fraction of the time. It takes rows × width × 4 bytes of memory for the outputs that are kept, of the
   * validation's rows too, and with the data no more than the model's `windowBytes`. Where layers are frozen or thawed on the
   * way, the outputs are made anew. What listens to `onObservation` is not told of the layers whose outputs are kept.
   */
  cacheFrozen?: boolean;
  /**
   * Train in a worker (of the web, or a thread of Node), so that this thread stays free (default false): the same bits. The
   * model has the weights and the training state of the last epoch's end, which `predict` uses meanwhile, and of the last step
   * once the call ends. Callbacks run here and are awaited, but for `onProgress`, for which training does not wait; where one
   * has `onBatchEnd`, the state is brought back with each batch, which costs far more than a step of a small network.
   */
  worker?: boolean | WorkerOptions;
}

export const FIT_OPTIONS = {
  epochs: true,
  batchSize: true,
  accumulateSteps: true,
  validationSplit: true,
  validationData: true,
  sampleWeight: true,
  classWeight: true,
  shuffle: true,
  shuffleBuffer: true,
  readAhead: true,
  stepsPerEpoch: true,
  callbacks: true,
  signal: true,
  maxSteps: true,
  maxMs: true,
  resume: true,
  cacheFrozen: true,
  worker: true,
};

export type StopReason = "completed" | "maxSteps" | "maxMs" | "earlyStopping" | "nonFinite" | "callback";

export interface History {
  /** Which epochs the figures are of, counted from 0. */
  readonly epoch: number[];
  /** One figure an epoch: `loss`, each metric, and both with `val_`. */
  readonly history: Record<string, number[]>;
  stopReason: StopReason;
  /** What happened, in a sentence, where training stopped because a number was not finite. */
  detail?: string;
}
