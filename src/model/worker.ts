import { boolean, knownOptions, show } from "../check.js";
import { ConfigError, LanewiseError, UnsupportedError } from "../errors.js";
import { LAYERS } from "../layers/index.js";
import { LOSSES } from "../losses/table.js";
import { buildFor, givenThreadScript, loadModule } from "../runtime/module.js";
import { Ended, hasWorkers, startTrainer, type WorkerLink } from "../runtime/workers.js";
import { type Compiled, type Core, metricsOf } from "./core.js";
import type { Logs } from "./callback.js";
import type { Rows } from "./data.js";
import type { ArrayPlan, History } from "./fit.js";
import { type Failure, Listeners } from "./listeners.js";
import type { Model } from "./model.js";
import { serialize } from "./serialize.js";
import { buffersOf, putState, takeState } from "./state.js";
import type { NamedArray } from "./variables.js";
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

export interface WorkerOptions {
  /**
   * Hand x, y and weights over rather than copy them (default false): typed arrays that fill their buffers are empty
   * afterwards, and cost no memory twice.
   */
  transfer?: boolean;
  /**
   * An address of a module that exports `customObjects`, as loadModel takes them: layers and losses of your own, which are
   * functions and cannot be posted. It imports the same lanewise as the worker's script does.
   */
  module?: URL | string;
  /** Where the worker's script is, if not beside this library's files: behind a bundler, its address of `lanewise/worker`. */
  script?: URL | string;
}

/** @throws ConfigError for bad options; UnsupportedError `worker/unavailable`, `worker/functions` */
export function checkWorker(
  core: Core,
  compiled: Compiled,
  given: true | WorkerOptions,
  validates: boolean,
): WorkerOptions {
  const known = { transfer: true, module: true, script: true };
  const options = given === true ? {} : knownOptions<WorkerOptions>(given, "worker of fit()", known);
  boolean(options.transfer ?? false, "transfer of worker");
  for (const name of ["module", "script"] as const) addressOf(options[name], name);
  if (!hasWorkers()) {
    throw new UnsupportedError(
      "worker/unavailable",
      "This JavaScript engine has no workers. Call fit() without worker: it trains in this thread, to the same bits.",
    );
  }
  refuseFunctions(core, compiled, options, validates);
  return options;
}

function addressOf(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  const text = value instanceof URL ? value.href : value;
  if (typeof text === "string" && URL.canParse(text)) return text;
  throw new ConfigError(
    "worker/bad-address",
    `${name} of worker must be a URL, such as new URL("./parts.js", import.meta.url); got ${show(value)}.`,
  );
}

/** Parts of one's own are functions, which no message takes. */
function refuseFunctions(core: Core, compiled: Compiled, { module }: WorkerOptions, validates: boolean): void {
  const layers = core.architecture.layers
    .filter(({ kind }) => !Object.hasOwn(LAYERS, kind.className))
    .map(({ name, kind }) => `layer "${name}" (${kind.className})`);
  const losses = compiled.outputs
    .filter(({ loss }) => !Object.hasOwn(LOSSES.rows, loss.name))
    .map(({ loss }) => `loss ${loss.name}`);
  const custom = [...layers, ...losses];
  if (custom.length > 0 && module === undefined) {
    throw new UnsupportedError(
      "worker/functions",
      `A part of your own cannot travel to a worker: ${custom.join(", ")}. Put it into a module that exports customObjects, ` +
        'and pass fit(x, y, { worker: { module: new URL("./parts.js", import.meta.url) } }).',
    );
  }
  const metric = metricsOf(compiled).find(({ compute }) => compute);
  if (metric && validates) {
    throw new UnsupportedError(
      "worker/functions",
      `The metric ${metric.label} is a function, which cannot travel to a worker to be computed in validation. ` +
        "Validate in onEpochEnd with model.evaluate(), or fit without worker.",
    );
  }
}

/** Trains as planned, in a worker that is started for it. The data are copied, or handed over, before the first `await`. */
export async function trainInWorker(
  core: Core,
  model: Model,
  plan: ArrayPlan,
  options: WorkerOptions,
): Promise<History> {
  const parcel = new Parcel(plan, options.transfer ?? false);
  core.fitting = true;
  try {
    return await new RemoteFit(core, model, plan, options, parcel).run();
  } finally {
    core.fitting = false;
  }
}

/** The rows of a fit as they are posted: copies, or the caller's own arrays where those fill their buffers. */
class Parcel {
  readonly train: readonly Rows[];
  readonly validation: readonly Rows[] | undefined;
  readonly buffers: readonly ArrayBuffer[];

  constructor({ train, validation = [] }: ArrayPlan, transfer: boolean) {
    const filled = new Map<ArrayBufferLike, number>();
    for (const { data } of [...train, ...validation]) {
      filled.set(data.buffer, (filled.get(data.buffer) ?? 0) + data.byteLength);
    }
    const whole = (buffer: ArrayBufferLike) =>
      buffer instanceof ArrayBuffer && filled.get(buffer) === buffer.byteLength;
    const pack = (rows: Rows): Rows =>
      transfer && whole(rows.data.buffer) ? rows : { ...rows, data: rows.data.slice() };
    this.train = train.map(pack);
    this.validation = validation.length > 0 ? validation.map(pack) : undefined;
    const all = [...this.train, ...(this.validation ?? [])];
    this.buffers = [...new Set(all.map(({ data }) => data.buffer as ArrayBuffer))];
  }
}

type Trainer = WorkerLink<Told, Heard>;

/** A fit that a worker does, as its caller sees it: callbacks run here, the state comes back. */
class RemoteFit {
  readonly #core: Core;
  readonly #plan: ArrayPlan;
  readonly #options: WorkerOptions;
  readonly #parcel: Parcel;
  readonly #listeners: Listeners;
  readonly #started = performance.now();
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
    const maxMs = Math.max(Number.MIN_VALUE, this.#plan.maxMs - (performance.now() - this.#started));
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
