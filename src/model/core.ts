import * as L from "../../assembly/shared/layout.js";
import { positiveNumber, show, suggest } from "../check.js";
import { type ClipDescription, CLIPPING, emitClip } from "../clipping/index.js";
import { emitConstraint } from "../constraints/index.js";
import { BusyError, ConfigError, DataError } from "../errors.js";
import { emitLoss, type LossDescription, targetShape } from "../losses/table.js";
import { emitMetric, metricSlots, type ResolvedMetric } from "../metrics/index.js";
import {
  emaOf,
  emitEma,
  emitOptimizer,
  hyperOf,
  type OptimizerDescription,
  scheduleOf,
  slotsOf,
  weightDecayOf,
} from "../optimizers/index.js";
import { GraphBuilder } from "../program/builder.js";
import { differentiate } from "../program/grad.js";
import { fixed, type Value } from "../program/graph.js";
import { Program } from "../program/program.js";
import { emitPenalty } from "../regularizers/index.js";
import { type Group, Run, type Sums } from "../program/run.js";
import type { Region } from "../program/verify.js";
import type { Engine } from "../runtime/engine.js";
import { scheduleBlock } from "../schedules/index.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Architecture } from "./architecture.js";
import type { Callback, PendingHook, RequestedStop } from "./callback.js";
import { type CallbackState, collectStates } from "./callbackState.js";
import { type FrozenPart, frozenPartOf, type Trace } from "./frozenPart.js";
import { Observer, type ObserverSession } from "./observe.js";
import { portLabel } from "./ports.js";
import { ALIGNMENT_ELEMENTS, type Variable, Variables } from "./variables.js";

export type Mode =
  | "train"
  | "weightedTrain"
  | "gradients"
  | "apply"
  | "evaluate"
  | "weightedEvaluate"
  | "predict"
  | "frozenTrain"
  | "frozenEvaluate";

/** What becomes of a mode's program. */
export interface ProgramOptions {
  /** Statistics are gathered in the observer's blocks; no other bit differs. */
  readonly observed?: boolean;
  /** What is above it is run, on rows of its outputs; in the modes of the frozen part, it is what is run. */
  readonly part?: FrozenPart | undefined;
}

/** A program of a mode, without and with statistics, of the whole network and of what is above the frozen part. */
type ProgramKey = `${"" | "cached "}${"" | "observed "}${Mode}`;

/** Those that neither lose nor measure anything. */
const FORWARD_MODES: ReadonlySet<Mode> = new Set(["predict", "frozenTrain", "frozenEvaluate"]);

/** Those that compile and what is trainable shape. */
const TRAINING_MODES = ["train", "weightedTrain", "gradients", "apply"] as const;

/** What `compile` settled for one output. */
export interface CompiledOutput {
  readonly loss: LossDescription;
  /** What its loss counts in the model's. */
  readonly lossWeight: number;
  /** Where there are several outputs, the first is its loss by itself. */
  readonly metrics: readonly ResolvedMetric[];
}

/** What `compile` settled. */
export interface Compiled {
  readonly optimizer: OptimizerDescription;
  /** In the order of the architecture's outputs. */
  readonly outputs: readonly CompiledOutput[];
  readonly clip: ClipDescription | undefined;
}

/** Every metric of every output. */
export function metricsOf({ outputs }: Compiled): readonly ResolvedMetric[] {
  return outputs.flatMap(({ metrics }) => metrics);
}

/** Part of a network to emit: the tensors that come from outside, and which applications are in it. */
interface Extent {
  readonly sources: readonly number[];
  holds(application: number): boolean;
}

interface EmitOptions {
  readonly training: boolean;
  readonly gradient: boolean;
  /** Told of each application. */
  readonly session?: Pick<ObserverSession, "layer"> | undefined;
  /** Default: all. */
  readonly extent?: Extent | undefined;
}

/** Records that follow the optimizer's. */
type AfterStep = readonly ((b: GraphBuilder) => void)[];

/** What `compile` allocated: regions of the layout of the parameters. */
interface Training {
  readonly gradients: number;
  readonly slots: ReadonlyMap<string, number>;
  /** The weights as users see them, where the optimizer averages those that it trains. */
  readonly averages: number | undefined;
  /** The mean gradient of batches that wait for the rest of their step; there once a fit has asked for it. */
  accumulator: number | undefined;
  readonly segments: number;
  /** The schedule's numbers (f64), where the learning rate follows one. */
  readonly schedule: { readonly address: number; readonly length: number } | undefined;
}

/** How far training has come, beside the weights and the optimizer's slots: what a resume goes on from. */
export interface Progress {
  /** The epoch under way, or the next one. */
  epoch: number;
  /** Rows of it that are done. */
  position: number;
  /** Epochs begun since compile: keys the order of rows. */
  epochsBegun: number;
  /** Of the epoch under way. */
  sums: Sums;
  /** Rows of the data, to see that a resume comes with the same. */
  rows: number;
  /** As set since compile; undefined: the compiled one. */
  learningRate: number | undefined;
  /** Those that a file brought, until a fit has callbacks of its own. */
  callbackStates: readonly CallbackState[];
  /** The hook that some callbacks have not heard of yet. */
  pending: PendingHook | undefined;
}

const START: Progress = {
  epoch: 0,
  position: 0,
  epochsBegun: 0,
  sums: { loss: 0, samples: 0, metrics: [] },
  rows: 0,
  learningRate: undefined,
  callbackStates: [],
  pending: undefined,
};

/** No batch waits for the rest of its step. */
export const NO_GROUP: Group = { batches: 0, rows: 0 };

/** A model's insides: what the verbs (fit, evaluate …) share. */
export class Core {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly variables: Variables;
  readonly seed: number;
  /** Most bytes of x and y that are kept in WebAssembly's memory at once. */
  readonly windowBytes: number;
  /** By layer. */
  readonly trainable: boolean[];
  /** By layer: what the learning rate is multiplied by. */
  readonly rateMultipliers: number[];
  compiled: Compiled | undefined;
  progress: Progress = { ...START };
  /** Set while a fit is under way: the one that may change things. */
  fitting = false;
  /** How many evaluations are under way: what they read must stay as it is. */
  evaluations = 0;
  /** How often a layer has been frozen or thawed: what depends on it sees that it is outdated. */
  freezes = 0;
  stopRequested: RequestedStop | undefined;
  /** Those of the last fit: their state is saved with the model. */
  callbacks: readonly Callback[] | undefined;

  #training: Training | undefined;
  readonly #programs = new Map<ProgramKey, Program>();
  /** To be built anew when they are next asked for, between two steps. */
  readonly #stale = new Set<ProgramKey>();
  #observer: Observer | undefined;
  readonly #runs = new Map<Mode, Run>();

  constructor(engine: Engine, architecture: Architecture, options: { seed: number; windowBytes: number }) {
    this.engine = engine;
    this.architecture = architecture;
    this.seed = options.seed;
    this.windowBytes = options.windowBytes;
    this.trainable = architecture.layers.map(({ trainable }) => trainable);
    this.rateMultipliers = architecture.layers.map(({ learningRateMultiplier }) => learningRateMultiplier);
    this.variables = new Variables(engine, architecture);
  }

  /** @throws ConfigError `config/unknown-layer` */
  layerNamed(name: string): number {
    const names = this.architecture.layers.map((layer) => layer.name);
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw new ConfigError(
      "config/unknown-layer",
      `There is no layer ${show(name)}.${suggest(name, names)} This model has ${names.join(", ")}.`,
    );
  }

  // ── Compiling ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Checks that loss and metrics fit, then prepares training from the start. */
  compile(compiled: Compiled): void {
    const dryRun = new GraphBuilder();
    this.#emitForward(dryRun, compiled, { training: true, gradient: true, weighted: false });
    this.#emitBackward(dryRun);
    const run = this.run("train");
    const training = this.#allocateTraining(compiled.optimizer);
    this.variables.keepAverages(training.averages);
    this.#releaseTraining();
    this.compiled = compiled;
    this.#training = training;
    this.progress = { ...START };
    this.callbacks = undefined;
    for (const mode of this.#programs.keys()) this.#drop(mode);
    this.#stale.clear();
    run.step = 0;
    run.group = NO_GROUP;
  }

  /** Makes room for gradients that wait for the rest of their step. */
  reserveAccumulator(): void {
    const training = this.#training!;
    if (training.accumulator !== undefined) return;
    training.accumulator = this.variables.allocateRegion("the accumulated gradients");
    this.#outdate(["train", "weightedTrain"]);
  }

  /**
   * Appends the backward pass. A weight that it does not reach would be stepped with the gradient of a former step.
   *
   * @throws ConfigError `config/unreached-weight`
   */
  #emitBackward(b: GraphBuilder, session?: ObserverSession): void {
    const reached = differentiate(b, session?.gradient);
    const lost = this.trainableVariables.find(({ name }) => !reached.has(name));
    if (!lost) return;
    throw new ConfigError(
      "config/unreached-weight",
      `No gradient reaches the weight "${lost.name}": no loss depends on it. Use it in its layer, or freeze the layer with trainable: false.`,
    );
  }

  /** @throws ConfigError `model/not-compiled` */
  mustBeCompiled(what: string): Compiled {
    if (this.compiled) return this.compiled;
    throw new ConfigError(
      "model/not-compiled",
      `${what} needs a compiled model. Call model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] }) first.`,
    );
  }

  /** @throws BusyError `model/busy` */
  mustBeIdle(what: string): void {
    if (!this.fitting && this.evaluations === 0) return;
    const [doing, verb] = this.fitting ? ["trained", "fit()"] : ["evaluated", "evaluate()"];
    throw new BusyError("model/busy", `${what} would change a model that is being ${doing}. Await ${verb} first.`);
  }

  /**
   * Refuses batches that a layer cannot be trained on; of rows, the last batch is what `batchRows` leave over.
   *
   * @throws DataError `data/batch-too-small`
   */
  refuseSmallBatches(rows: number, batchRows: number): void {
    const last = rows % batchRows || Math.min(batchRows, rows);
    this.architecture.layers.forEach(({ kind, name, config, inputShape }, i) => {
      const least = (this.trainable[i] && kind.leastTrainingRows?.(config, inputShape)) || 1;
      if (last >= least) return;
      const remains = rows > last && batchRows > last ? `, what batches of ${batchRows} leave of ${rows} rows` : "";
      throw new DataError(
        "data/batch-too-small",
        `Layer "${name}" takes statistics over the batch and is trained on ${least} rows or more; got a batch of ${last}${remains}. ` +
          `${cureOf(rows, batchRows, least)}, or freeze the layer.`,
      );
    });
  }

  /** What the callbacks want to be kept: those of the last fit, or what a file brought. */
  callbackStates(): readonly CallbackState[] {
    const { callbackStates, pending } = this.progress;
    return this.callbacks ? collectStates(this.callbacks, pending?.late) : callbackStates;
  }

  /** Of the next step. */
  get learningRate(): number {
    const { optimizer } = this.mustBeCompiled("learningRate");
    const { schedule } = this.#training!;
    if (schedule) return this.engine.exports.scheduledRate(schedule.address, this.run("train").step);
    return this.progress.learningRate ?? (optimizer.learningRate as number);
  }

  set learningRate(rate: number) {
    const schedule = scheduleOf(this.mustBeCompiled("learningRate").optimizer);
    if (schedule) {
      throw new ConfigError(
        "config/scheduled-learning-rate",
        `The learning rate follows the schedule ${schedule.name} and cannot be set. Compile with a number for learningRate to set it by hand or from a callback.`,
      );
    }
    this.progress.learningRate = positiveNumber(rate, "learningRate", "config/bad-learning-rate");
  }

  get trainableVariables(): readonly Variable[] {
    return this.variables.learned.filter(({ layer }) => this.trainable[layer]);
  }

  /**
   * Freezes or thaws a layer: training programs, penalties among them, are built anew at the next step, optimizer slots
   * stay. Batches that wait for the rest of their step count with no gradient for it.
   */
  setTrainable(layer: number, trainable: boolean): void {
    if (this.trainable[layer] === trainable) return;
    this.trainable[layer] = trainable;
    this.freezes++;
    const accumulator = this.#training?.accumulator;
    for (const variable of accumulator === undefined ? [] : this.variables.learned) {
      if (variable.layer === layer) this.variables.view(variable, accumulator).fill(0);
    }
    this.#outdate([...TRAINING_MODES, "evaluate", "weightedEvaluate", "frozenTrain", "frozenEvaluate"]);
  }

  /**
   * What training leaves as it is at the bottom, as layers are frozen now: see `frozenPartOf`.
   *
   * @param refuse Throw rather than leave frozen layers out.
   */
  frozenPart({ refuse }: { refuse: boolean }): FrozenPart | undefined {
    const b = new GraphBuilder();
    const traces: Trace[] = [];
    const layer = (_: number, first: number, { needsGradient }: Value) =>
      void traces.push({ nodes: b.nodes.slice(first), needsGradient });
    this.#emitLayers(b, { training: true, gradient: true, session: { layer } });
    const learns = (layer: number) => this.variables.learned.some((variable) => variable.layer === layer);
    return frozenPartOf(this.architecture, traces, learns, { refuse });
  }

  /** Takes effect at the next step. */
  setRateMultiplier(layer: number, multiplier: number): void {
    if (this.rateMultipliers[layer] === multiplier) return;
    this.rateMultipliers[layer] = multiplier;
    this.#outdate(["train", "weightedTrain", "apply"]);
  }

  #outdate(modes: readonly Mode[]): void {
    for (const mode of modes) {
      for (const cached of ["", "cached "] as const) {
        this.#stale.add(`${cached}${mode}`).add(`${cached}observed ${mode}`);
      }
    }
  }

  /** Where the gradients are, and what training keeps beside each weight that is seen, by its slot's name in a file. */
  get regions(): { gradients: number; slots: ReadonlyMap<string, number> } {
    const { gradients, slots, averages, accumulator } = this.#training!;
    const kept = new Map(slots);
    if (averages !== undefined) kept.set("raw", this.variables.address);
    if (this.run("train").group.batches > 0) kept.set("pendingGradient", accumulator!);
    return { gradients, slots: kept };
  }

  // ── Programs ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The mode's program with room for batches of `rows`, and its run bound to it between two steps.
   */
  prepare(mode: Mode, rows: number, options: ProgramOptions = {}): { program: Program; run: Run } {
    const { observed = false, part } = options;
    const key: ProgramKey = `${part ? "cached " : ""}${observed ? "observed " : ""}${mode}`;
    if (this.#stale.delete(key)) this.#drop(key);
    const run = this.run(mode);
    let program = this.#programs.get(key);
    const fresh = !program;
    program ??= this.buildProgram(mode, options);
    program.ensure(rows);
    if (fresh && this.compiled && mode !== "apply" && !FORWARD_MODES.has(mode)) {
      run.reserveMetrics(metricSlots(metricsOf(this.compiled), mode !== "evaluate" && mode !== "weightedEvaluate"));
    }
    this.#programs.set(key, program);
    if (fresh && updates(mode)) this.#writeSegments();
    run.bind(program); // always: those that update share a run
    if (this.compiled) run.hyper(hyperOf(this.compiled.optimizer, this.progress.learningRate));
    return { program, run };
  }

  /** All that update the weights share the run, and so the step count. */
  run(mode: Mode): Run {
    const key = updates(mode) ? "train" : mode;
    let run = this.#runs.get(key);
    if (!run) this.#runs.set(key, (run = new Run(this.engine)));
    return run;
  }

  /** Where statistics are gathered; there once something has asked for it. */
  get observer(): Observer {
    return (this.#observer ??= new Observer(this.engine, this.architecture, this.variables));
  }

  buildProgram(mode: Mode, { observed = false, part }: ProgramOptions = {}): Program {
    const b = new GraphBuilder();
    const session = observed ? this.observer.session(b) : undefined;
    let afterStep: AfterStep = [];
    if (mode === "predict") {
      const { tensors } = this.#emitLayers(b, { training: false, gradient: false });
      this.architecture.outputs.forEach(({ tensor }, i) => b.store(tensors[tensor]!, i));
    } else if (mode === "frozenTrain" || mode === "frozenEvaluate") {
      const training = mode === "frozenTrain";
      const { tensors } = this.#emitLayers(b, { training, gradient: training, extent: this.#below(part!) });
      this.madeBy(part!).forEach((tensor, i) => b.store(tensors[tensor]!, i));
    } else if (mode !== "apply") {
      const training = mode !== "evaluate" && mode !== "weightedEvaluate";
      const weighted = mode === "weightedTrain" || mode === "weightedEvaluate";
      const extent = part && this.#above(part);
      afterStep = this.#emitForward(b, this.compiled!, { training, gradient: training, weighted, session, extent });
      if (training) this.#emitBackward(b, session);
      this.#emitPenalties(b, training);
      for (const variable of session ? this.variables.learned : []) {
        session!.weight(variable.name, this.#variableValue(b, variable, true));
      }
    }
    if (updates(mode)) this.#emitUpdate(b, mode !== "apply");
    if (mode === "train" || mode === "weightedTrain") afterStep.forEach((emit) => emit(b));
    return new Program(this.engine, b.nodes, this.#verifiedRegions());
  }

  // ── Emitting ──────────────────────────────────────────────────────────────────────────────────────────────────────

  get #whole(): Extent {
    return { sources: [...this.architecture.inputs.keys()], holds: () => true };
  }

  #below({ applications }: FrozenPart): Extent {
    return { ...this.#whole, holds: (application) => applications.has(application) };
  }

  #above({ applications, tensors }: FrozenPart): Extent {
    return { sources: tensors, holds: (application) => !applications.has(application) };
  }

  /** Those of its tensors that are not the network's inputs. */
  madeBy({ tensors }: FrozenPart): readonly number[] {
    return tensors.filter((tensor) => tensor >= this.architecture.inputs.length);
  }

  /** Per sample. */
  tensorShape(tensor: number): Shape {
    const { inputs, applications } = this.architecture;
    return tensor < inputs.length ? inputs[tensor]!.shape : applications[tensor - inputs.length]!.shape;
  }

  /** Layers, losses and metrics. Sources are in order: inputs, targets, and where rows are weighted, weights. */
  #emitForward(b: GraphBuilder, compiled: Compiled, options: EmitOptions & { weighted: boolean }): AfterStep {
    const { outputs: ports } = this.architecture;
    const { sources } = options.extent ?? this.#whole;
    const { tensors, afterStep } = this.#emitLayers(b, options);
    const outputs = ports.map(({ tensor }) => tensors[tensor]!);
    const source = (i: number) => sources.length + i;
    const targets = ports.map(({ shape }, i) => {
      return b.input(source(i), targetShape(compiled.outputs[i]!.loss, shape), portLabel("y", ports, i));
    });
    const weights = ports.map(({ shape }, i) =>
      options.weighted ? b.input(source(ports.length + i), [positionsOf(shape)], "weights") : undefined,
    );
    compiled.outputs.forEach(({ loss, lossWeight, metrics }, i) => {
      const slot = ports.length > 1 ? metrics[0]!.slot : undefined;
      const place = { gradient: options.gradient, weights: weights[i], weight: lossWeight, slot };
      emitLoss(b, loss, outputs[i]!, targets[i]!, place);
    });
    compiled.outputs.forEach(({ metrics }, i) => {
      for (const metric of metrics) {
        if (!options.training || !metric.evaluateOnly) emitMetric(b, metric, outputs[i]!, targets[i]!);
      }
      if (!options.training && metrics.some(({ compute }) => compute)) b.store(outputs[i]!, i);
    });
    return afterStep;
  }

  /** What the layers want after the step is returned, not emitted. */
  #emitLayers(
    b: GraphBuilder,
    { training, gradient, session, extent = this.#whole }: EmitOptions,
  ): { tensors: Value[]; afterStep: AfterStep } {
    const { inputs, layers, applications } = this.architecture;
    const label = (tensor: number) =>
      tensor < inputs.length
        ? portLabel("x", inputs, tensor)
        : `${layers[applications[tensor - inputs.length]!.layer]!.name}/cached`;
    const tensors: Value[] = [];
    extent.sources.forEach((tensor, i) => {
      tensors[tensor] = b.input(i, this.tensorShape(tensor), label(tensor));
    });
    const values = new Map(this.variables.list.map((v) => [v.name, this.#variableValue(b, v, gradient)]));
    const afterStep: ((b: GraphBuilder) => void)[] = [];
    applications.forEach(({ layer, inputs: sources, output }, ordinal) => {
      if (!extent.holds(ordinal)) return;
      const { name, kind, config } = layers[layer]!;
      const variable = (role: string) => values.get(`${name}/${role}`)!;
      const [first, ...others] = sources.map((tensor) => tensors[tensor]!);
      const context = {
        b,
        training,
        ordinal,
        frozen: !this.trainable[layer],
        variable,
        afterStep: (emit: (b: GraphBuilder) => void) => void afterStep.push((b) => b.within(name, () => emit(b))),
      };
      const before = b.nodes.length;
      tensors[output] = b.within(name, () => kind.emit(config, context, first!, ...others));
      session?.layer(ordinal, before, tensors[output]!);
    });
    return { tensors, afterStep };
  }

  /** Behind the backward pass, whose gradients they add to; as in Keras, frozen weights are not penalized. */
  #emitPenalties(b: GraphBuilder, gradient: boolean): void {
    for (const variable of this.trainableVariables) {
      if (!variable.regularizer) continue;
      const weights = this.#variableValue(b, variable, gradient);
      emitPenalty(b, variable.regularizer, weights, weights.gradient);
    }
  }

  /** Training reads the weights that it goes on from, inference those that are seen. */
  #variableValue(b: GraphBuilder, variable: Variable, gradient: boolean): Value {
    const { name, shape, offset, layer, trainable } = variable;
    const at = (region: number) => region + offset * 4;
    const needsGradient = gradient && trainable && this.trainable[layer]!;
    const target =
      needsGradient && this.#training
        ? b.value({ name: `d ${name}`, shape, perRow: false, address: at(this.#training.gradients) })
        : undefined;
    return b.value({
      name,
      shape,
      perRow: false,
      needsGradient,
      address: at(gradient ? this.variables.address : this.variables.regionOf(variable)),
      ...(target && { gradient: target }),
    });
  }

  /** Guard, then what ends a step: clipping, schedule, optimizer, constraints and averages, over what is trainable now. */
  #emitUpdate(b: GraphBuilder, accumulates: boolean): void {
    const { gradients, slots, averages, accumulator, segments, schedule } = this.#training!;
    const { optimizer, clip } = this.compiled!;
    const whole = (name: string, address: number) =>
      b.value({ name, shape: [this.variables.size], perRow: false, address });
    const table = (name: string, count: number, address: number) =>
      b.value({ name, shape: [count, 4], perRow: false, address });
    const count = this.#segments().length;
    const regions = {
      segments: table("segments", count, segments),
      parameters: whole("parameters", this.variables.address),
      gradients: whole("gradients", gradients),
      slots: Object.fromEntries([...slots].map(([name, address]) => [name, whole(name, address)])),
    };
    const sizes = { n: fixed(this.variables.size), segments: fixed(count) };
    b.emit("guard", sizes, { segments: regions.segments, gradients: regions.gradients });
    const integers = { skip: 0 }; // known once the records are emitted
    if (accumulates && accumulator !== undefined) {
      const mean = whole("accumulated", accumulator);
      b.emit("accumulate", sizes, { segments: regions.segments, gradients: regions.gradients, mean }, {}, integers);
    }
    const first = b.nodes.length;
    if (clip) {
      const variables = table("variables", this.trainableVariables.length, this.#variableSegments());
      emitClip(b, clip, CLIPPING.rows[clip.name].byVariable ? variables : regions.segments, regions.gradients);
    }
    if (schedule) {
      const { name } = scheduleOf(optimizer)!;
      const block = b.value({ name, shape: [schedule.length], perRow: false, address: schedule.address });
      b.emit("schedule", { n: fixed(schedule.length) }, { block });
    }
    emitOptimizer(b, optimizer, regions);
    for (const { name, shape, offset, constraint } of this.trainableVariables) {
      const address = this.variables.address + offset * 4;
      if (constraint) emitConstraint(b, constraint, b.value({ name, shape, perRow: false, address }));
    }
    if (averages !== undefined) emitEma(b, emaOf(optimizer)!, regions, whole("averages", averages));
    integers.skip = b.nodes.length - first;
  }

  /** Neighbours that are treated alike become one segment: offsets and ends in elements, rates as multiples. */
  #segments(): readonly { offset: number; end: number; rateScale: number }[] {
    const segments: { offset: number; end: number; rateScale: number }[] = [];
    for (const { offset, size, layer } of this.trainableVariables) {
      const rateScale = this.rateMultipliers[layer]!;
      const last = segments.at(-1);
      const adjoins = last && offset - last.end < ALIGNMENT_ELEMENTS && last.rateScale === rateScale;
      if (adjoins) last.end = offset + size;
      else segments.push({ offset, end: offset + size, rateScale });
    }
    if (segments.length > 0) return segments;
    throw new ConfigError(
      "config/nothing-to-train",
      "No layer has trainable weights, so there is nothing to train. Set layer.trainable = true for one, or add a dense layer.",
    );
  }

  /** Where the second table is, with one segment a variable: what treats each by itself walks that one. */
  #variableSegments(): number {
    return this.#training!.segments + this.variables.list.length * L.SEGMENT_BYTES;
  }

  #writeSegments(): void {
    this.#writeTable(this.#training!.segments, this.#segments());
    const variables = this.trainableVariables.map(({ offset, size }) => ({ offset, end: offset + size, rateScale: 1 }));
    this.#writeTable(this.#variableSegments(), variables);
  }

  #writeTable(address: number, segments: readonly { offset: number; end: number; rateScale: number }[]): void {
    const { view } = this.engine;
    const decay = weightDecayOf(this.compiled!.optimizer);
    segments.forEach(({ offset, end, rateScale }, i) => {
      const at = address + i * L.SEGMENT_BYTES;
      view.setUint32(at + L.SEGMENT_OFFSET, offset, true);
      view.setUint32(at + L.SEGMENT_LENGTH, end - offset, true);
      view.setFloat32(at + L.SEGMENT_RATE_SCALE, rateScale, true);
      view.setFloat32(at + L.SEGMENT_DECAY, decay, true);
    });
  }

  // ── Memory ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** All or nothing: what was allocated is given back where the rest does not fit. */
  #allocateTraining(optimizer: OptimizerDescription): Training {
    const allocated: number[] = [];
    const keep = (address: number) => (allocated.push(address), address);
    try {
      const slots = new Map<string, number>();
      for (const [name, initial] of Object.entries(slotsOf(optimizer))) {
        const address = keep(this.variables.allocateRegion(`the optimizer's ${name}`));
        if (initial !== 0) this.engine.f32(address, this.variables.size).fill(initial);
        slots.set(name, address);
      }
      return {
        gradients: keep(this.variables.allocateRegion("the gradients")),
        slots,
        averages: emaOf(optimizer) && keep(this.variables.allocateRegion("the averaged weights")),
        accumulator: undefined,
        segments: keep(this.engine.heap.allocate(this.#segmentBytes, "the optimizer's segments")),
        schedule: this.#allocateSchedule(optimizer, keep),
      };
    } catch (error) {
      for (const address of allocated) this.engine.heap.free(address);
      throw error;
    }
  }

  #allocateSchedule(optimizer: OptimizerDescription, keep: (address: number) => number): Training["schedule"] {
    const schedule = scheduleOf(optimizer);
    if (!schedule) return undefined;
    const block = scheduleBlock(schedule);
    const address = keep(this.engine.heap.allocate(block.length * 8, "the schedule"));
    block.forEach((number, i) => this.engine.view.setFloat64(address + i * 8, number, true));
    return { address, length: block.length };
  }

  /** Of both tables of segments; a model without variables has some too. */
  get #segmentBytes(): number {
    return (2 * this.variables.list.length + 1) * L.SEGMENT_BYTES;
  }

  #releaseTraining(): void {
    if (!this.#training) return;
    const { gradients, slots, averages, accumulator, segments, schedule } = this.#training;
    for (const address of [gradients, segments, ...slots.values(), averages, accumulator, schedule?.address]) {
      if (address !== undefined) this.engine.heap.free(address);
    }
  }

  #drop(key: ProgramKey): void {
    this.#programs.get(key)?.release();
    this.#programs.delete(key);
  }

  #verifiedRegions(): Region[] {
    const bytes = Math.max(1, this.variables.size) * 4;
    const regions = [{ name: "the parameters", address: this.variables.address, bytes, writable: true }];
    if (this.#observer) regions.push(this.#observer.region);
    if (this.#training) {
      const { gradients, slots, averages, accumulator, segments, schedule } = this.#training;
      regions.push({ name: "the gradients", address: gradients, bytes, writable: true });
      if (averages !== undefined) regions.push({ name: "the averages", address: averages, bytes, writable: true });
      if (accumulator !== undefined) {
        regions.push({ name: "the accumulated gradients", address: accumulator, bytes, writable: true });
      }
      for (const [name, address] of slots) regions.push({ name, address, bytes, writable: true });
      regions.push({ name: "the segments", address: segments, bytes: this.#segmentBytes, writable: false });
      if (schedule) {
        const { address, length } = schedule;
        regions.push({ name: "the schedule", address, bytes: length * 8, writable: false });
      }
    }
    return regions;
  }
}

/** The next larger batch size that leaves enough rows for the last batch. */
function cureOf(rows: number, batchRows: number, least: number): string {
  if (rows < least) return "Train on more rows";
  let batchSize = Math.max(batchRows, least);
  while (batchSize < rows && rows % batchSize > 0 && rows % batchSize < least) batchSize++;
  return `Use another batchSize, such as ${batchSize}`;
}

/** Whether the mode's program ends with the optimizer's step. */
function updates(mode: Mode): boolean {
  return mode === "train" || mode === "weightedTrain" || mode === "apply";
}

/** How many outputs of its last axis' width a sample has: each has a loss, and a weight, of its own. */
export function positionsOf(output: Shape): number {
  return sizeOf(output.slice(0, -1));
}
