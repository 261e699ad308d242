// A fit in a worker, as its caller's thread sees it. Loaded when one is asked for.

import { LanewiseError } from "../errors.js";
import { buildFor, givenThreadScript, loadModule } from "../runtime/module.js";
import { Ended, startTrainer, type WorkerLink } from "../runtime/workers.js";
import type { Logs } from "./callback.js";
import type { Core } from "./core.js";
import type { History } from "./fitOptions.js";
import type { ArrayPlan } from "./fitPlan.js";
import { type Failure, Listeners } from "./listeners.js";
import type { Model } from "./model.js";
import { serialize } from "./serialize.js";
import { buffersOf, putState, takeState } from "./state.js";
import type { NamedArray } from "./variables.js";
import type { Parcel, WorkerOptions } from "./worker.js";
import {
  type Answer,
  type Ending,
  type Heard,
  type Hook,
  type Job,
  type Network,
  revivedError,
  settingsOf,
  type Told,
} from "./workerMessages.js";

type Trainer = WorkerLink<Told, Heard>;

/** A fit that a worker does, as its caller sees it: callbacks run here, the state comes back. */
export class RemoteFit {
  readonly #core: Core;
  readonly #plan: ArrayPlan;
  readonly #options: WorkerOptions;
  readonly #parcel: Parcel;
  readonly #listeners: Listeners;
  /** What callbacks have written since the worker was told. */
  #written: ReadonlyMap<string, NamedArray>[] = [];
  #logs: Logs = {};
  /** What a callback has thrown. */
  #failure: Failure | undefined;

  constructor(core: Core, model: Model, plan: ArrayPlan, options: WorkerOptions, parcel: Parcel) {
    this.#core = core;
    this.#plan = plan;
    this.#options = options;
    this.#parcel = parcel;
    this.#listeners = new Listeners(core, model, plan, (weights) => {
      core.variables.write(weights);
      this.#written.push(new Map([...weights].map(([name, { data, shape }]) => [name, { data: data.slice(), shape }])));
    });
  }

  async run(): Promise<History> {
    const worker = await this.#hire();
    const abort = () => worker.post("abort");
    let history: History = { epoch: [], history: {}, stopReason: "completed" };
    let failure: Failure | undefined;
    this.#plan.signal?.addEventListener("abort", abort); // also while callbacks begin
    try {
      this.#plan.signal?.throwIfAborted();
      await this.#listeners.begin();
      const { stopRequested, progress } = this.#core;
      if (stopRequested) history.stopReason = stopRequested;
      else if (progress.epoch < this.#plan.epochs) history = await this.#train(worker);
    } catch (error) {
      failure = { error };
    } finally {
      this.#plan.signal?.removeEventListener("abort", abort);
      worker.end();
    }
    await this.#listeners.end(this.#logs, failure);
    return history;
  }

  /** A worker in which the network stands: what cannot be had is refused before anything has changed. */
  async #hire(): Promise<Trainer> {
    const network = await this.#network();
    const worker = await startTrainer<Told, Heard>(this.#options.script);
    try {
      await heardFrom(worker); // that its script listens
      worker.post({ network });
      const heard = await heardFrom(worker);
      if (typeof heard === "object" && "failed" in heard) throw revivedError(heard.failed);
      return worker;
    } catch (error) {
      worker.end();
      throw error;
    }
  }

  async #network(): Promise<Network> {
    const core = this.#core;
    const { module } = this.#options;
    const { threads, precision } = core.engine;
    const build = buildFor(threads, precision);
    const script = givenThreadScript();
    const [plain, own] = await Promise.all([loadModule("plain"), loadModule(build)]);
    return {
      modules: { plain, [build]: own },
      ...(script !== undefined && { threadScript: String(script) }),
      ...(module !== undefined && { customModule: String(module) }),
      bytes: serialize(core, {}),
      threads,
      precision,
      windowBytes: core.windowBytes,
    };
  }

  async #train(worker: Trainer): Promise<History> {
    const job = this.#job();
    worker.post({ job }, [...this.#parcel.buffers, ...buffersOf(job.state)]);
    for (;;) {
      const heard = await heardFrom(worker);
      if (typeof heard === "string") continue;
      if ("call" in heard) worker.post({ answer: await this.#answer(heard.call), to: heard.id });
      else return this.#conclude(heard);
    }
  }

  /** How training stands after callbacks have begun. The time that the worker took to start is taken off. */
  #job(): Job {
    const core = this.#core;
    const { epochs, batchSize, accumulateSteps, trainRows, shuffle, maxSteps, callbacks } = this.#plan;
    const { train, validation } = this.#parcel;
    const maxMs = Math.max(Number.MIN_VALUE, this.#plan.maxMs - (performance.now() - this.#parcel.packed));
    const hears = (hook: "onBatchEnd" | "onEpochBegin") => callbacks.some((callback) => callback[hook]);
    this.#written = []; // what callbacks wrote as they began is in the state
    return {
      state: takeState(core),
      settings: settingsOf(core),
      cacheFrozen: this.#plan.frozen !== undefined,
      plan: { epochs, batchSize, accumulateSteps, trainRows, shuffle, maxSteps, maxMs, train, validation },
      hears: { batches: hears("onBatchEnd"), epochBegins: hears("onEpochBegin") },
      observeEvery: this.#observeEvery(),
    };
  }

  async #answer(call: Hook): Promise<Answer> {
    try {
      if (this.#failure === undefined) await this.#hear(call);
    } catch (error) {
      this.#failure = { error };
    }
    const core = this.#core;
    const weights = this.#written;
    this.#written = [];
    return {
      settings: settingsOf(core),
      stop: core.stopRequested,
      weights,
      observeEvery: this.#observeEvery(),
      failed: this.#failure !== undefined,
    };
  }

  async #hear(call: Hook): Promise<void> {
    const listeners = this.#listeners;
    const { context } = listeners;
    switch (call.hook) {
      case "onEpochBegin":
        return listeners.each((callback) => callback.onEpochBegin?.(call.index, {}, context));
      case "onProgress":
        this.#logs = call.logs;
        return listeners.each((callback) => callback.onProgress?.(call.index, call.logs, context));
      case "onObservation":
        return this.#plan.callbacks[call.callback]!.onObservation?.(call.observation, call.logs, context);
      default:
        this.#logs = call.logs;
        putState(this.#core, call.state);
        return listeners.tell(call);
    }
  }

  #conclude(end: Ending): History {
    if (end.state) putState(this.#core, end.state);
    this.#logs = end.logs;
    if (this.#failure) throw this.#failure.error;
    if (!("failed" in end)) return end.history;
    this.#plan.signal?.throwIfAborted();
    throw revivedError(end.failed);
  }

  #observeEvery(): Job["observeEvery"] {
    return this.#plan.callbacks.map(({ observeEvery }) => observeEvery);
  }
}

/** @throws LanewiseError `worker/died` */
async function heardFrom(worker: Trainer): Promise<Heard> {
  try {
    return await worker.next();
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw new LanewiseError(
      "worker/died",
      `The worker that trains this model died: ${error.message}. The weights are those that it had last sent, of the end of an epoch. ` +
        "Call again (fit with resume: true goes on from there): a new worker is started.",
    );
  }
}
