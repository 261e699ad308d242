// The script of a worker that trains a model for another thread: one job, whose hooks are told and answered.

import { ConfigError } from "../errors.js";
import { type CustomObjects, loadCore } from "../io/loadModel.js";
import type { Callback, CallbackContext, Logs } from "../model/callback.js";
import type { Core } from "../model/core.js";
import { train } from "../model/fit.js";
import type { ArrayPlan } from "../model/fitPlan.js";
import { cacheablePart } from "../model/frozenCache.js";
import { Model } from "../model/model.js";
import { buffersOf, putState, takeState } from "../model/state.js";
import {
  type Answer,
  applySettings,
  type Heard,
  type Hook,
  type Job,
  type Network,
  plainError,
  type Told,
} from "../model/workerMessages.js";
import { init } from "../runtime/module.js";
import { portHere, type WorkerPort } from "../runtime/workers.js";

/** What training tells its caller, as callbacks, and what comes back. */
class Relay {
  logs: Logs = {};
  readonly #core: Core;
  readonly #port: WorkerPort<Told, Heard>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;
  /** Of progress, for which nothing waits: taken up at the next hook. */
  readonly #answers: Answer[] = [];
  #progressIsHeard = true;
  #observeEvery: Job["observeEvery"];

  constructor(core: Core, port: WorkerPort<Told, Heard>, observeEvery: Job["observeEvery"]) {
    this.#core = core;
    this.#port = port;
    this.#observeEvery = observeEvery;
  }

  answered(to: number, answer: Answer): void {
    this.#waiting.get(to)?.(answer);
    this.#waiting.delete(to);
  }

  callbacks({ batches, epochBegins }: Job["hears"]): Callback[] {
    const ask = async (call: Hook, context: CallbackContext) => {
      this.#answers.push(await this.#call(call));
      this.#takeUp(context);
    };
    const withState =
      (hook: "onBatchEnd" | "onEpochEnd"): Callback["onEpochEnd"] =>
      (index, logs, context) =>
        ask({ hook, index, logs, state: takeState(this.#core) }, context);
    const every = (callback: number) => this.#observeEvery[callback];
    const observers = this.#observeEvery.map((_, callback): Callback => ({
      get observeEvery() {
        return every(callback); // as it is now
      },
      onObservation: (observation, logs, context) =>
        ask({ hook: "onObservation", callback, observation, logs }, context),
    }));
    return [
      ...observers,
      {
        ...(epochBegins && { onEpochBegin: (index, _, context) => ask({ hook: "onEpochBegin", index }, context) }),
        ...(batches && { onBatchEnd: withState("onBatchEnd")! }),
        onProgress: (index, logs, context) => this.#progress({ hook: "onProgress", index, logs }, context),
        onEpochEnd: withState("onEpochEnd")!,
        onTrainEnd: (logs) => void (this.logs = logs),
      },
    ];
  }

  /** One at a time is on its way, so that a caller that is busy is not flooded. */
  #progress(call: Hook, context: CallbackContext): void {
    this.#takeUp(context);
    if (!this.#progressIsHeard) return;
    this.#progressIsHeard = false;
    void this.#call(call).then((answer) => {
      this.#progressIsHeard = true;
      this.#answers.push(answer);
    });
  }

  #call(call: Hook): Promise<Answer> {
    const id = this.#calls++;
    this.#port.post({ call, id }, "state" in call ? buffersOf(call.state) : []);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #takeUp(context: CallbackContext): void {
    for (const { settings, stop, weights, observeEvery, failed } of this.#answers.splice(0)) {
      if (failed) throw new Error("A callback has thrown.");
      for (const map of weights) context.setWeights(map);
      applySettings(this.#core, settings);
      this.#core.stopRequested = stop;
      this.#observeEvery = observeEvery;
    }
  }
}

async function customObjectsOf({ customModule }: Network): Promise<CustomObjects> {
  if (customModule === undefined) return {};
  try {
    const { customObjects } = (await import(/* @vite-ignore */ customModule)) as { customObjects?: CustomObjects };
    if (typeof customObjects === "object") return customObjects;
  } catch (error) {
    throw new ConfigError(
      "worker/bad-module",
      `The worker could not import ${customModule}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new ConfigError("worker/bad-module", `${customModule} exports no customObjects; export an object by name.`);
}

async function coreOf(network: Network): Promise<Core> {
  const { modules, threadScript, bytes, threads, precision, windowBytes } = network;
  const { plain, ...others } = modules;
  await init(plain, {
    ...others,
    ...(threadScript !== undefined && { threadWorker: threadScript }),
  });
  return loadCore(bytes, { customObjects: await customObjectsOf(network), threads, precision, windowBytes });
}

const port = await portHere<Told, Heard>();
const controller = new AbortController();
let core: Core | undefined;
let relay: Relay | undefined;

async function build(network: Network): Promise<void> {
  core = await coreOf(network);
  port.post("built");
}

async function work({ state, settings, plan: given, cacheFrozen, hears, observeEvery }: Job): Promise<void> {
  putState(core!, state);
  applySettings(core!, settings);
  relay = new Relay(core!, port, observeEvery);
  const { train: rows, validation } = given;
  const plan: ArrayPlan = {
    ...given,
    compiled: core!.mustBeCompiled("fit()"),
    resume: true,
    callbacks: relay.callbacks(hears),
    signal: controller.signal,
    frozen: cacheFrozen ? cacheablePart(core!, validation ? [rows, validation] : [rows]) : undefined,
    worker: undefined,
  };
  const history = await train(core!, new Model(core!), plan);
  const reached = takeState(core!);
  port.post({ history, logs: relay.logs, state: reached }, buffersOf(reached));
}

function fail(error: unknown): void {
  const state = core && takeState(core);
  port.post({ failed: plainError(error), logs: relay?.logs ?? {}, state }, state ? buffersOf(state) : []);
}

port.listen((message) => {
  if (message === "abort") controller.abort();
  else if ("network" in message) build(message.network).catch(fail);
  else if ("job" in message) work(message.job).catch(fail);
  else relay?.answered(message.to, message.answer);
});
port.post("ready");
