import { BusyError } from "../errors.js";
import type { Callback, CallbackContext, Logs, PendingHook, TrainingInfo } from "./callback.js";
import { matchStates } from "./callbackState.js";
import { type Core, NO_GROUP } from "./core.js";
import type { Plan } from "./fitPlan.js";
import { rowsAnnounced } from "./stream/plan.js";
import { figuresOf } from "./logs.js";
import type { Model } from "./model.js";
import type { NamedArray } from "./variables.js";

/** What ended a fit before its time. */
export interface Failure {
  readonly error: unknown;
}

/** How a callback's weights are written. */
type WriteWeights = (weights: ReadonlyMap<string, NamedArray>) => void;

/** The callbacks of one fit, wherever it trains: told in their order, each awaited, and their states kept for a resume. */
export class Listeners {
  readonly context: CallbackContext;
  readonly #core: Core;
  readonly #plan: Plan;
  /** Rows of an epoch; of a stream, as far as it is known. */
  samples: number;

  /** @param write Called between two steps. */
  constructor(core: Core, model: Model, plan: Plan, write: WriteWeights) {
    this.#core = core;
    this.#plan = plan;
    this.samples = rowsAnnounced(plan);
    const info = () => this.#info;
    this.context = {
      model,
      get info() {
        return info();
      },
      resumed: plan.resume,
      figures: figuresOf(plan.compiled, plan.validation !== undefined),
      stop: (reason) => void (core.stopRequested ??= reason),
      setWeights: (weights) => {
        if (core.evaluations > 0 || !core.run("train").atStep) throw betweenSteps();
        write(weights);
      },
    };
  }

  get #info(): TrainingInfo {
    const { epochs, batchSize } = this.#plan;
    return { epochs, batchSize, samples: this.samples, stepsPerEpoch: Math.ceil(this.samples / batchSize) };
  }

  /** Callbacks begin, then take up their states. Where one refuses, all is as if the fit had not been called. */
  async begin(): Promise<void> {
    const core = this.#core;
    const { callbacks, resume, trainRows } = this.#plan;
    const before = { ...core.progress, callbackStates: core.callbackStates() };
    const afresh = { epoch: 0, position: 0, callbackStates: [], pending: undefined };
    core.progress = { ...before, rows: trainRows ?? before.rows, ...(!resume && afresh) };
    core.callbacks = undefined; // until they are complete, what is kept are the states that they shall have
    const states = matchStates(core.progress.callbackStates, callbacks);
    try {
      await this.each((callback) => callback.onTrainBegin?.({}, this.context));
      for (const [i, callback] of callbacks.entries()) {
        if (states[i]?.state !== undefined) callback.setState?.(states[i].state, this.context);
      }
    } catch (error) {
      core.progress = before;
      throw error;
    }
    if (!resume) core.run("train").group = NO_GROUP;
    core.callbacks = callbacks;
    const late = callbacks.filter((_, i) => states[i]?.late);
    const { pending } = core.progress;
    if (pending) await this.tell(pending, late);
  }

  async each(hook: (callback: Callback) => void | Promise<void>): Promise<void> {
    for (const callback of this.#plan.callbacks) await hook(callback);
  }

  /** What is saved in the midst of this says who has not heard yet, so that a resume leaves nobody out. */
  async tell(
    { hook, index, logs }: Omit<PendingHook, "late">,
    callbacks: readonly Callback[] = this.#plan.callbacks,
  ): Promise<void> {
    const { progress } = this.#core;
    const late = new Set(callbacks);
    progress.pending = { hook, index, logs, late };
    for (const callback of callbacks) {
      late.delete(callback);
      await callback[hook]?.(index, logs, this.context);
    }
    progress.pending = undefined;
  }

  /** All hear of the end, also where one throws; the first error is the one to tell. */
  async end(logs: Logs, failure: Failure | undefined): Promise<void> {
    let first = failure;
    for (const callback of this.#plan.callbacks) {
      try {
        await callback.onTrainEnd?.(logs, this.context);
      } catch (error) {
        first ??= { error };
      }
    }
    if (first) throw first.error;
  }
}

function betweenSteps(): BusyError {
  return new BusyError(
    "model/busy",
    "A callback can write weights between two steps only: call setWeights within a hook.",
  );
}
