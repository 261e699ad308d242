// Random search with successive halving: many trials begin, the better go on, few are trained to the end.

import {
  abortSignal,
  boolean,
  knownOptions,
  positiveInteger,
  positiveNumber,
  seedValue,
  shapeOf,
  show,
  suggest,
} from "../check.js";
import { standardOutput } from "../callbacks/terminal.js";
import { naming as namingOwner } from "../custom.js";
import { ConfigError, NumericError } from "../errors.js";
import { restoreTraining } from "../io/loadModel.js";
import type { Loss } from "../losses/table.js";
import { type Core, metricsOf } from "../model/core.js";
import { resolveCompile } from "../model/compile.js";
import type { Rowlike, Targets } from "../model/data.js";
import { Model } from "../model/model.js";
import { sequentialCore } from "../model/sequential.js";
import { writeFileAtomic } from "../runtime/files.js";
import { prepareData, type SearchData } from "./data.js";
import { paramsText } from "./format.js";
import { type Importance, importanceOf } from "./importance.js";
import { type Built, type BuiltNetwork, networkBuilder, networkSpace, type TrialFit } from "./network.js";
import { trialPrinter } from "./printer.js";
import { reportHtml } from "./html.js";
import { reportText } from "./report.js";
import { checkSpace, drawParams, type Params, refuseConstant, type SearchSpace, seedOf } from "./space.js";
import { type Fingerprint, type Progress, readCheckpoint, readState, writeState } from "./state.js";
import { isBetterHigher, type Task, taskOf } from "./task.js";
import { bestRung, compareScores, type Contender, type Rung, type RungScore, rungsOf, type Trial } from "./trial.js";

export interface SearchOptions {
  /**
   * What is searched, by hyperparameter: distributions, or single values that stand for themselves. Entries take the place of
   * the default space's; with `build` they are all there is.
   */
  space?: SearchSpace;
  /** How many sets of hyperparameters are tried (default 40). */
  trials?: number;
  /** What hyperparameters, weights and the held-out rows are drawn from (default 0): the same seed, the same bits. */
  seed?: number;
  /** A network of your own for some hyperparameters. It must be a pure function: it is called again for every rung. */
  build?: (params: Params) => TrialBuild;
  /** Of the default network; by default what suits y. */
  loss?: Loss;
  /** Per sample; by default what x says: the columns of flat rows, or the rest of its shape. */
  inputShape?: number | readonly number[];
  /** Share of the rows that is held out to compare trials on (default 0.2), every class its part. */
  validationSplit?: number;
  /** Rows to compare trials on instead. */
  validationData?: readonly [x: Rowlike, y: Targets];
  /** What trials are compared by (default val_accuracy where there are classes, val_meanSquaredError or val_loss otherwise). */
  monitor?: string;
  /** Whether little of it is good or much (default "auto": by its name). */
  mode?: "auto" | "min" | "max";
  /** Of the trials that are trained to the end (default 27). */
  maxEpochs?: number;
  /** Fewest epochs after which a trial may be dropped (default 1); maxEpochs: none is dropped, a plain random search. */
  minEpochs?: number;
  /** Of each rung's trials, one in so many goes on, for so many times the epochs (default 3). */
  reductionFactor?: number;
  /** Ends the search after so many milliseconds, with what there is; it can be resumed. */
  maxMs?: number;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
  /** A file that holds the search's state, written anew after each trial; where there is one, the search goes on from it. */
  checkpoint?: string | URL;
  /** Goes on from a result's `state`, or from that of `onTrial`. */
  state?: Uint8Array;
  /** Called, and awaited, at the end of each trial's rung. */
  onTrial?: (event: TrialEvent) => void | Promise<void>;
  /** Prints a line for each (default false). */
  verbose?: boolean;
}

/** What `build` returns. */
export type TrialBuild = Built;

export interface TrialEvent {
  readonly trial: Trial;
  /** Counts from 1, of so many. */
  readonly rung: number;
  readonly rungs: readonly Rung[];
  /** Trials of this rung that are done, this one among them. */
  readonly done: number;
  /** So far. */
  readonly best: Trial;
  readonly monitor: string;
  readonly space: SearchSpace;
  /** What this rung of it took. */
  readonly ms: number;
  /** The search as it is now, to go on from. */
  state(): Uint8Array;
}

export interface SearchResult {
  /** The best trial's model as it was at its best rung: trained, compiled, ready. */
  readonly bestModel: Model;
  readonly bestParams: Params;
  readonly bestScore: number;
  /** All that began, the best first. */
  readonly trials: readonly Trial[];
  /** What mattered, the most important hyperparameter first, judged by all trials at the end of the first rung. */
  readonly importance: readonly Importance[];
  readonly monitor: string;
  readonly seed: number;
  readonly rungs: readonly Rung[];
  /** What was searched, defaults filled in. */
  readonly space: SearchSpace;
  readonly stopReason: "completed" | "maxMs";
  /** To go on from, where it ended early. */
  readonly state: Uint8Array;
  /** The best trials and what mattered, for a terminal of 80 columns. */
  toString(): string;
  /** The same as one self-contained page, with a plot for each hyperparameter. */
  toHtml(): string;
}

const OPTIONS = {
  space: true,
  trials: true,
  seed: true,
  build: true,
  loss: true,
  inputShape: true,
  validationSplit: true,
  validationData: true,
  monitor: true,
  mode: true,
  maxEpochs: true,
  minEpochs: true,
  reductionFactor: true,
  maxMs: true,
  signal: true,
  checkpoint: true,
  state: true,
  onTrial: true,
  verbose: true,
};
const BUILD_OPTIONS = { layers: true, compile: true, fit: true };
const FIT_OPTIONS = { batchSize: true, shuffle: true, classWeight: true, callbacks: true };

/**
 * Random search with successive halving (Jamieson, Talwalkar 2016, arXiv:1502.07943; the inner loop of Hyperband, Li et al.
 * 2018, arXiv:1603.06560): all trials are trained for a few epochs, the best third for three times as many, and so on.
 * Without `space`, over depth, units, funnel, activation, initializer, normalization, optimizer, learningRate, batchSize,
 * dropout, l2 and maxNorm of a network whose output and loss suit y.
 *
 * The default network scales its inputs itself: bytes by one factor, numbers feature by feature, by statistics of the training
 * rows. A trial's hyperparameters and weights follow from the seed and its number alone. Trials are chosen by the validation
 * rows, so that the best score is optimistic: keep a test set of your own.
 *
 * @param x rows (n, …inputShape), and y their labels or targets; all are copied in when the call is made
 * @throws ConfigError, ShapeError, DataError before anything is trained; NumericError `search/all-diverged` where no trial
 *   was finite; ConfigError `search/other-search` for a state or checkpoint of another search, `search/no-trial` where maxMs
 *   passed before the first was done
 * @example
 * const { train, test } = await loadDigits();
 * const best = await search(train.x, train.y, { space: { depth: integer(1, 3) }, trials: 40, seed: 1 });
 * console.log(best.toString());
 * await best.bestModel.evaluate(test.x, test.y);
 */
export async function search(x: Rowlike, y: Targets, options: SearchOptions = {}): Promise<SearchResult> {
  const plan = planSearch(x, y, options);
  plan.signal?.throwIfAborted();
  const monitored = await monitorOf(plan, options);
  const search = new Search(plan, monitored);
  await search.resume();
  return search.run();
}

/** All that was asked for, checked. */
interface Plan {
  readonly data: SearchData;
  readonly space: SearchSpace;
  readonly build: (params: Params) => BuiltNetwork;
  readonly task: Task | undefined;
  readonly trials: number;
  readonly seed: number;
  readonly rungs: readonly Rung[];
  readonly maxMs: number;
  readonly signal: AbortSignal | undefined;
  readonly checkpoint: string | URL | undefined;
  readonly state: Uint8Array | undefined;
  readonly onTrial: readonly NonNullable<SearchOptions["onTrial"]>[];
}

interface Monitored {
  readonly monitor: string;
  readonly higher: boolean;
}

function planSearch(x: Rowlike, y: Targets, options: SearchOptions): Plan {
  knownOptions<SearchOptions>(options, "search()", OPTIONS);
  const { space: given, build, loss, signal, checkpoint, state } = options;
  if (given !== undefined || build) checkSpace(given);
  checkParts(options);
  const trials = positiveInteger(options.trials ?? 40, "trials");
  const seed = seedValue(options.seed ?? 0);
  const rungs = rungsOf(trials, epochsOf(options));
  const maxMs = options.maxMs === undefined ? Infinity : positiveNumber(options.maxMs, "maxMs");
  abortSignal(signal);
  const data = prepareData(x, y, {
    seed,
    inputShape: options.inputShape === undefined ? undefined : shapeOf(options.inputShape, "inputShape"),
    validationSplit: options.validationSplit,
    validationData: options.validationData,
  });
  const typedLabels = y instanceof Uint8Array || y instanceof Int32Array;
  const task = build ? undefined : taskOf(data, loss, typedLabels);
  const space = task ? networkSpace(given ?? {}, task) : given!;
  refuseConstant(space);
  return {
    data,
    space,
    build: build ? (params) => checkBuilt(build(params)) : networkBuilder(data, task!, rungs.at(-1)!.epochs),
    task,
    trials,
    seed,
    rungs,
    maxMs,
    signal,
    checkpoint,
    state,
    onTrial: [
      ...(boolean(options.verbose ?? false, "verbose") ? [trialPrinter(standardOutput())] : []),
      ...(options.onTrial ? [options.onTrial] : []),
    ],
  };
}

/** Those options that are no plain values. */
function checkParts({ build, loss, onTrial, checkpoint, state }: SearchOptions): void {
  for (const [name, value] of Object.entries({ build, onTrial })) {
    if (value === undefined || typeof value === "function") continue;
    throw new ConfigError("config/not-a-function", `${name} must be a function; got ${show(value)}.`);
  }
  if (build && loss !== undefined) {
    throw new ConfigError("config/two-losses", "loss is the default network's; with build, give it in compile.");
  }
  if (checkpoint !== undefined && state !== undefined) {
    throw new ConfigError("config/two-states", "Give either checkpoint or state to go on from, not both.");
  }
  if (state !== undefined && !(state instanceof Uint8Array)) {
    throw new ConfigError(
      "config/bad-state",
      `state must be the Uint8Array of a result or an event; got ${show(state)}.`,
    );
  }
}

function epochsOf({ maxEpochs, minEpochs, reductionFactor }: SearchOptions) {
  const most = positiveInteger(maxEpochs ?? 27, "maxEpochs");
  const least = positiveInteger(minEpochs ?? 1, "minEpochs");
  const factor = positiveInteger(reductionFactor ?? 3, "reductionFactor");
  if (factor < 2) {
    throw new ConfigError(
      "config/out-of-range",
      `reductionFactor must be at least 2; got ${factor}. To drop no trial, set minEpochs to maxEpochs.`,
    );
  }
  if (least > most) {
    throw new ConfigError("config/out-of-range", `minEpochs must be at most maxEpochs; got ${least} and ${most}.`);
  }
  return { minEpochs: least, maxEpochs: most, factor };
}

function checkBuilt(built: TrialBuild): Built {
  const what = "what build returns";
  const { layers, compile, fit } = knownOptions<TrialBuild>(built, what, BUILD_OPTIONS);
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ConfigError(
      "config/no-layers",
      `build must return { layers, compile, fit? } with at least one layer; its layers are ${show(layers)}.`,
    );
  }
  if (fit !== undefined) knownOptions<TrialFit>(fit, `fit of ${what}`, FIT_OPTIONS);
  return { layers, compile, ...(fit && { fit }) };
}

/** The figure to compare trials by; the first trial's network tells which there are. */
async function monitorOf(plan: Plan, { monitor, mode = "auto" }: SearchOptions): Promise<Monitored> {
  const first = { number: 1, params: drawParams(plan.space, plan.seed, 1), seed: seedOf(plan.seed, 1) };
  const { core } = await naming(plan, first, () => modelOf(plan, first));
  const names = ["val_loss", ...metricsOf(core.compiled!).map(({ label }) => `val_${label}`)];
  const chosen = monitor ?? plan.task?.monitor ?? names.find((name) => /accuracy/i.test(name)) ?? "val_loss";
  if (!names.includes(chosen)) {
    throw new ConfigError(
      "config/unknown-monitor",
      `There is no figure ${show(chosen)} to monitor.${suggest(chosen, names)} There is ${names.join(", ")}.`,
    );
  }
  return { monitor: chosen, higher: isBetterHigher(chosen, mode) };
}

/** A trial's model, untrained. */
async function modelOf(
  { build, data }: Plan,
  { params, seed }: Pick<Contender, "params" | "seed">,
): Promise<{ core: Core; model: Model; fit: TrialFit }> {
  const { layers, compile, fit = {}, weights } = build(params);
  const core = await sequentialCore({ inputShape: data.inputShape, layers, seed });
  core.variables.initialize(seed);
  core.compile(resolveCompile(core.architecture, compile));
  if (weights) core.variables.write(weights, { strict: false });
  return { core, model: new Model(core), fit };
}

/** What a trial's own parts throw says which it was. */
async function naming<T>(
  { space }: Plan,
  { number, params }: Pick<Contender, "number" | "params">,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    return namingOwner(`Trial ${number} (${paramsText(space, params)})`, () => {
      throw error;
    });
  }
}

/** One call of search under way. */
class Search {
  readonly #plan: Plan;
  readonly #monitored: Monitored;
  readonly #progress: Progress;
  readonly #fingerprint: Fingerprint;
  readonly #started = performance.now();
  #rung = 0;

  constructor(plan: Plan, monitored: Monitored) {
    const { trials, seed, space, rungs, data, task } = plan;
    this.#plan = plan;
    this.#monitored = monitored;
    this.#progress = {
      contenders: Array.from({ length: trials }, (_, i) => ({
        number: i + 1,
        params: drawParams(space, seed, i + 1),
        seed: seedOf(seed, i + 1),
        rungs: [],
        bytes: undefined,
      })),
      best: undefined,
    };
    this.#fingerprint = {
      seed,
      trials,
      space,
      rungs,
      monitor: monitored.monitor,
      mode: monitored.higher ? "max" : "min",
      data: data.hash,
      loss: task?.loss ?? "build's",
    };
  }

  /** Goes to where a state or a checkpoint was taken. */
  async resume(): Promise<void> {
    const { checkpoint, state } = this.#plan;
    const bytes = checkpoint === undefined ? state : await readCheckpoint(checkpoint);
    if (bytes) readState(bytes, this.#fingerprint, this.#progress);
  }

  async run(): Promise<SearchResult> {
    const { rungs } = this.#plan;
    let contenders = this.#progress.contenders;
    for (this.#rung = 0; this.#rung < rungs.length; this.#rung++) {
      if (!(await this.#runRung(contenders))) return this.#result("maxMs");
      contenders = this.#promoted(contenders);
    }
    return this.#result("completed");
  }

  /** Trains all to the rung's epochs, but those that a state brought there; false where time ran out. */
  async #runRung(contenders: readonly Contender[]): Promise<boolean> {
    const rung = this.#rung;
    for (const contender of contenders) {
      if (contender.rungs.length > rung) continue;
      this.#plan.signal?.throwIfAborted();
      const began = performance.now();
      const trained = await naming(this.#plan, contender, () => this.#train(contender));
      if (!trained) return false;
      contender.rungs.push(trained.score);
      contender.bytes = trained.bytes;
      this.#noteBest(contender);
      this.#forgetLosers(contenders);
      await this.#report(contender, contenders, performance.now() - began);
    }
    return true;
  }

  /** From where the trial was to the end of the rung; undefined where time ran out on the way. */
  async #train(contender: Contender): Promise<{ score: RungScore; bytes: Uint8Array | undefined } | undefined> {
    const { data, signal, maxMs } = this.#plan;
    const { epochs } = this.#plan.rungs[this.#rung]!;
    const left = maxMs - (performance.now() - this.#started);
    if (left <= 0) return undefined;
    const { core, model, fit } = await modelOf(this.#plan, contender);
    if (contender.bytes) restoreTraining(core, contender.bytes);
    const { stopReason } = await model.fit(data.train.x, data.train.y, {
      ...fit,
      epochs,
      resume: contender.bytes !== undefined,
      ...(signal && { signal }),
      ...(Number.isFinite(left) && { maxMs: left }),
    });
    if (stopReason === "maxMs") return undefined;
    const evaluated = await model.evaluate(data.validation.x, data.validation.y);
    const logs: Record<string, number> = {};
    for (const [name, value] of Object.entries(evaluated)) if (typeof value === "number") logs[`val_${name}`] = value;
    const figure = stopReason === "nonFinite" ? NaN : logs[this.#monitored.monitor]!;
    if (!Number.isFinite(figure)) return { score: { epochs, score: null, logs: {} }, bytes: undefined };
    return { score: { epochs, score: figure, logs }, bytes: model.toBytes({ includeOptimizer: true }) };
  }

  #noteBest({ number, rungs, bytes }: Contender): void {
    const { best } = this.#progress;
    const score = rungs.at(-1)!;
    if (!bytes || (best && compareScores(score, best.score, this.#monitored.higher) >= 0)) return;
    this.#progress.best = { number, score, bytes };
  }

  /** Keeps the models of those that may still go on. */
  #forgetLosers(contenders: readonly Contender[]): void {
    const done = contenders.filter(({ rungs }) => rungs.length > this.#rung);
    const staying = new Set(this.#ranked(done).slice(0, this.#goingOn));
    for (const contender of done) if (!staying.has(contender)) contender.bytes = undefined;
  }

  /** How many of this rung's trials are trained further. */
  get #goingOn(): number {
    return this.#plan.rungs[this.#rung + 1]?.trials ?? 0;
  }

  #promoted(contenders: readonly Contender[]): readonly Contender[] {
    const finite = contenders.filter(({ rungs }) => rungs[this.#rung]!.score !== null);
    return this.#ranked(finite)
      .slice(0, this.#goingOn)
      .sort((a, b) => a.number - b.number);
  }

  /** By what they came to in this rung; of equals, the one with the lower number. */
  #ranked(contenders: readonly Contender[]): Contender[] {
    const at = ({ rungs }: Contender) => rungs[this.#rung]!;
    return [...contenders].sort((a, b) => compareScores(at(a), at(b), this.#monitored.higher) || a.number - b.number);
  }

  async #report(contender: Contender, contenders: readonly Contender[], ms: number): Promise<void> {
    const { checkpoint, onTrial, rungs, space } = this.#plan;
    const state = () => writeState(this.#fingerprint, this.#progress);
    if (checkpoint !== undefined) await writeFileAtomic(checkpoint, state());
    const best = this.#progress.best && this.#progress.contenders[this.#progress.best.number - 1]!;
    const event: TrialEvent = {
      trial: this.#trialOf(contender),
      rung: this.#rung + 1,
      rungs,
      done: contenders.filter(({ rungs }) => rungs.length > this.#rung).length,
      best: this.#trialOf(best ?? contender),
      monitor: this.#monitored.monitor,
      space,
      ms,
      state,
    };
    for (const listener of onTrial) await listener(event);
  }

  #trialOf({ number, params, seed, rungs, bytes }: Contender): Trial {
    const last = rungs.at(-1)!;
    const completed = rungs.length === this.#plan.rungs.length;
    return Object.freeze({
      number,
      params,
      seed,
      score: bestRung({ rungs }, this.#monitored.higher)!.score,
      epochs: last.epochs,
      status: last.score === null ? "diverged" : completed ? "completed" : bytes ? "waiting" : "stopped",
      rungs: Object.freeze([...rungs]),
    });
  }

  async #result(stopReason: SearchResult["stopReason"]): Promise<SearchResult> {
    const { space, seed, rungs, maxMs } = this.#plan;
    const { monitor, higher } = this.#monitored;
    const { contenders, best } = this.#progress;
    const begun = contenders.filter(({ rungs }) => rungs.length > 0);
    if (!best) throw nothingFound(begun.length, stopReason, maxMs);
    const winner = contenders[best.number - 1]!;
    const { core, model } = await modelOf(this.#plan, winner);
    restoreTraining(core, best.bytes);
    const rankOf = (contender: Contender) => bestRung(contender, higher)!;
    const trials = begun
      .sort(
        (a, b) => compareScores(rankOf(a), rankOf(b), higher) || b.rungs.length - a.rungs.length || a.number - b.number,
      )
      .map((contender) => this.#trialOf(contender));
    const first = trials.map(({ params, rungs }) => ({ params, score: rungs[0]!.score }));
    const found = {
      bestModel: model,
      bestParams: winner.params,
      bestScore: best.score.score!,
      trials: Object.freeze(trials),
      importance: importanceOf(space, first, higher),
      monitor,
      seed,
      rungs,
      space,
      stopReason,
      state: writeState(this.#fingerprint, this.#progress),
    };
    return Object.freeze({
      ...found,
      toString: () => reportText({ ...found, higher }),
      toHtml: () => reportHtml({ ...found, higher }),
    });
  }
}

function nothingFound(begun: number, stopReason: SearchResult["stopReason"], maxMs: number): Error {
  if (begun === 0 || stopReason === "maxMs") {
    return new ConfigError(
      "search/no-trial",
      `maxMs of ${maxMs} passed before any trial was done. Give it more time, or fewer epochs to begin with.`,
    );
  }
  return new NumericError(
    "search/all-diverged",
    `None of ${begun} trials stayed finite. Search lower learning rates, and scale the inputs.`,
  );
}
