import { boolean, knownOptions } from "../check.js";
import type { LayerSpec } from "../layers/layer.js";
import { disassemble } from "../program/disassemble.js";
import { writeFileAtomic } from "../runtime/files.js";
import type { Precision } from "../runtime/precision.js";
import { isChain } from "./architecture.js";
import { type CompileOptions, resolveCompile } from "./compile.js";
import type { Core } from "./core.js";
import type { DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import type { Inputs, Outputs } from "./dataset.js";
import { optionsBeside } from "./stream/plan.js";
import { type ChunkSource, isChunkSource } from "./stream/source.js";
import { diagnose, type DiagnoseOptions } from "./diagnose.js";
import { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.js";
import { fit } from "./fit.js";
import type { FitOptions, History } from "./fitOptions.js";
import { Layer, type LayerPattern, matching } from "./layer.js";
import { findLearningRate, type FindLearningRateOptions, type LearningRateReport } from "./learningRate.js";
import { predict, type Prediction, type Predictions, type PredictOptions } from "./predict.js";
import { featureExtractor, reuse, type ReuseOptions } from "./reuse.js";
import { type SaveOptions, serialize } from "./serialize.js";
import { applyGradients, gradients, trainOnBatch, type TrainOnBatchOptions } from "./step.js";
import { summarize } from "./summary.js";
import type { NamedArray } from "./variables.js";

export interface SetWeightsOptions {
  /** Every weight must be given (default true); otherwise those that are not given stay. */
  strict?: boolean;
}

/**
 * A network with its weights, in a WebAssembly memory of its own. Nothing is to be disposed of: when the model is no
 * longer referenced, its memory goes with it.
 */
export class Model<Output extends Predictions = Prediction> {
  /** One handle a layer, from input to output. */
  readonly layers: readonly Layer[];
  readonly #core: Core;

  /** @internal Models come from `sequential` and `loadModel`. */
  constructor(core: Core) {
    this.#core = core;
    this.layers = Object.freeze(core.architecture.layers.map((_, i) => new Layer(core, i)));
  }

  /** What all random numbers are drawn from: the same seed gives the same bits. */
  get seed(): number {
    return this.#core.seed;
  }

  /** Over how many threads a large network's work is spread: 1 where several were asked for and cannot be had. */
  get threads(): number {
    return this.#core.engine.threads;
  }

  /** How products are computed: "deterministic" where "fast" was asked for and the engine has no relaxed SIMD. */
  get precision(): Precision {
    return this.#core.engine.precision;
  }

  /** Where data enter: names and shapes per sample. A chain has one, called "x". */
  get inputs(): readonly Readonly<{ name: string; shape: readonly number[] }>[] {
    return this.#core.architecture.inputs.map(({ name, shape }) => ({ name, shape }));
  }

  /** Where predictions leave: names and shapes per sample. A chain has one, called "y". */
  get outputs(): readonly Readonly<{ name: string; shape: readonly number[] }>[] {
    return this.#core.architecture.outputs.map(({ name, shape }) => ({ name, shape }));
  }

  /** Whether each layer takes what the one before it makes, as in `sequential`. */
  get isChain(): boolean {
    return isChain(this.#core.architecture);
  }

  /** Per sample, of the first input. */
  get inputShape(): readonly number[] {
    return this.#core.architecture.inputs[0]!.shape;
  }

  /** Per sample, of the first output. */
  get outputShape(): readonly number[] {
    return this.#core.architecture.outputs[0]!.shape;
  }

  /** Set it to true in a callback: training stops after the step under way. */
  get stopTraining(): boolean {
    return this.#core.stopRequested !== undefined;
  }

  set stopTraining(stop: boolean) {
    this.#core.stopRequested = stop ? (this.#core.stopRequested ?? "callback") : undefined;
  }

  /**
   * The optimizer's rate η at the next step. It may be set at any time, also while the model trains, takes effect at the
   * next step, and is saved with the training state; `compile` puts it back. Where a schedule drives it, it can only be read.
   *
   * @throws ConfigError `model/not-compiled`, `config/scheduled-learning-rate`, `config/bad-learning-rate`
   * @example model.learningRate /= 2
   */
  get learningRate(): number {
    return this.#core.learningRate;
  }

  set learningRate(rate: number) {
    this.#core.learningRate = rate;
  }

  /**
   * Prepares training and resets the optimizer's state.
   *
   * @throws ConfigError for names and options that are unknown or do not go together; the model is as before then
   * @example model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] })
   */
  compile(options: CompileOptions): void {
    this.#core.mustBeIdle("compile()");
    this.#core.compile(resolveCompile(this.#core.architecture, options));
  }

  /**
   * Trains on rows x (n, …inputShape) and their targets y; of several inputs or outputs, arrays or records of such. All
   * are copied in when the call is made.
   *
   * @returns The figures of each epoch, and why training stopped.
   * @throws ConfigError, ShapeError, DataError before anything is changed; BusyError while another fit is under way
   * @example const { history } = await model.fit(x, y, { epochs: 10, batchSize: 50, validationSplit: 0.1 })
   */
  async fit(x: Inputs, y: Outputs, options?: FitOptions): Promise<History>;
  /**
   * Trains on a stream of chunks { x, y, sampleWeight? } of any sizes, which may be larger than memory: rows are drawn from a
   * shuffle buffer, and the next chunk is read while others are trained on. Seed and rows settle every bit, however they are cut
   * into chunks; with `shuffle: false` they are those of the same rows in arrays. Chunks are copied as they come, and the
   * source is closed (`return()`) where training stops before its end.
   *
   * @param source An (async) iterable that starts anew each time, or a function that returns one. For a resume it gives the
   *   same rows again: those that were used are skipped.
   * @throws What the source throws; ConfigError, ShapeError, DataError for a chunk that cannot be used, with its number,
   *   counted from 0: the weights are then those of the step before
   * @example
   * async function* chunks() {
   *   for (let row = 0; row < 120; row += 40) yield { x: x.subarray(row * 4, (row + 40) * 4), y: y.slice(row, row + 40) };
   * }
   * await model.fit(chunks, { epochs: 3, shuffleBuffer: 100 });
   */
  async fit(source: ChunkSource, options?: FitOptions): Promise<History>;
  async fit(source: ChunkSource, y: undefined, options?: FitOptions): Promise<History>;
  async fit(x: Inputs | ChunkSource, y?: unknown, options?: FitOptions): Promise<History> {
    const given = isChunkSource(x) ? optionsBeside(y, options) : options;
    return fit(this.#core, this as unknown as Model, x, y as Outputs, given);
  }

  /**
   * Loss and metrics over all rows, in inference mode.
   *
   * @example const { loss, accuracy } = await model.evaluate(xTest, yTest);
   */
  async evaluate(x: Inputs, y: Outputs, options?: EvaluateOptions): Promise<Evaluation>;
  /**
   * The same over all rows of a stream of chunks, as `fit` takes them.
   *
   * @example const { loss } = await model.evaluate([{ x: xTest, y: yTest }].values());
   */
  async evaluate(source: ChunkSource, options?: EvaluateOptions): Promise<Evaluation>;
  async evaluate(source: ChunkSource, y: undefined, options?: EvaluateOptions): Promise<Evaluation>;
  async evaluate(x: Inputs | ChunkSource, y?: unknown, options?: EvaluateOptions): Promise<Evaluation> {
    const given = isChunkSource(x) ? optionsBeside(y, options) : options;
    return evaluate(this.#core, x, y as Outputs, given);
  }

  /**
   * The learning-rate range test (Smith 2017, arXiv:1506.01186): a copy of the model is trained for some 100 batches while
   * the rate grows geometrically, until the loss explodes. The model itself, its optimizer and its random state stay bit for
   * bit as they are. `suggestion` is the rate at which the smoothed loss fell most steeply.
   *
   * @param x rows (n, …inputShape), as `fit` takes them, and y their targets; all are copied in when the call is made
   * @throws ConfigError, ShapeError, DataError as `fit` does; NumericError `numeric/not-finite` where the loss is not finite
   *   at the lowest rate, `numeric/no-descent` where it fell at none
   * @example
   * const found = await model.findLearningRate(x, y);
   * console.log(found.toString()); // a plot for the terminal
   * model.compile({ optimizer: adam({ learningRate: found.suggestion }), loss: "sparseCategoricalCrossentropy" });
   */
  async findLearningRate(x: Inputs, y: Outputs, options: FindLearningRateOptions = {}): Promise<LearningRateReport> {
    return findLearningRate(this.#core, x, y, options);
  }

  /**
   * The outputs for each row of x, in inference mode: { data, shape: [n, …outputShape] }, a copy. Several outputs come as
   * they were given to `model`: in an array, or in a record by name.
   *
   * @example const { data, shape } = model.predict(xTest); // shape: [30, 3]
   */
  predict(x: Inputs, options: PredictOptions = {}): Output {
    return predict(this.#core, x, options) as Output;
  }

  /**
   * Exactly one optimizer step on all these rows. Returns loss and metrics as they were before it.
   *
   * @throws NumericError `numeric/not-finite` where loss or gradients are not finite; then nothing has changed
   * @example for (let step = 0; step < 10; step++) model.trainOnBatch(x, y);
   */
  trainOnBatch(x: Inputs, y: Outputs, options: TrainOnBatchOptions = {}): Record<string, number> {
    return trainOnBatch(this.#core, x, y, options);
  }

  /**
   * Gradients by weight, of the mean loss over these rows in training mode, before clipping; with `ema`, at the weights
   * that training goes on from. Changes nothing.
   *
   * @example
   * const gradients = model.gradients(x, y);
   * gradients.get("output/kernel"); // { data: Float32Array, shape: [8, 3] }
   */
  gradients(x: Inputs, y: Outputs): Map<string, NamedArray> {
    return gradients(this.#core, x, y);
  }

  /**
   * One optimizer step with gradients from elsewhere: a loop of your own, another machine.
   *
   * @example model.applyGradients(model.gradients(x, y)); // what trainOnBatch does
   */
  applyGradients(gradients: ReadonlyMap<string, NamedArray>): void {
    applyGradients(this.#core, gradients);
  }

  /**
   * Why is it not learning? Looks at every layer over some of the rows, trains a copy for a few steps, and says what is
   * wrong, on what evidence, and what cures it. The model itself stays bit for bit as it is. A healthy network has no finding.
   *
   * With `tryCures`, each cure is also tried: the network is drawn anew by three seeds, with the cure and as it is, trained for
   * `cureSteps` steps on four fifths of the rows looked at, and judged by the others.
   *
   * @throws ConfigError, ShapeError, DataError as `fit` does; `data/too-few-rows` where there are fewer than 10 to try cures by;
   *   the signal's reason where that aborts
   * @example
   * const report = await model.diagnose(x, y, { tryCures: true });
   * console.log(report.toString()); // findings first, then the cures, then a table of the layers
   * report.cures?.[0]; // the best: { cure, code, measure, scores, median }
   */
  async diagnose(x: Inputs, y: Outputs, options: DiagnoseOptions = {}): Promise<DiagnosisReport> {
    return diagnose(this.#core, x, y, options);
  }

  /**
   * Copies of all weights by name, in layer order; with an optimizer's `ema`, of the averaged ones.
   *
   * @example const { data, shape } = model.getWeights().get("hidden/kernel")!; // shape: [4, 8]
   */
  getWeights(): Map<string, NamedArray> {
    return this.#core.variables.read();
  }

  /**
   * Writes weights by name, with an optimizer's `ema` the average too. All names, shapes and values are checked before any
   * is written.
   *
   * @example
   * const best = model.getWeights();
   * await model.fit(x, y, { epochs: 5 });
   * model.setWeights(best); // as before the fit
   */
  setWeights(weights: ReadonlyMap<string, NamedArray>, options: SetWeightsOptions = {}): void {
    this.#core.mustBeIdle("setWeights()");
    const { strict = true } = knownOptions<SetWeightsOptions>(options, "setWeights()", { strict: true });
    boolean(strict, "strict");
    this.#core.variables.write(weights, { strict });
  }

  /**
   * @throws ConfigError `config/unknown-layer`
   * @example model.getLayer("hidden").trainable = false; // stays as it is from the next step on
   */
  getLayer(name: string): Layer {
    return this.layers[this.#core.layerNamed(name)]!;
  }

  /**
   * Freezes or thaws layers: those of a name, those whose names a RegExp is found in, or those that a function says yes to.
   * It takes effect at the next step, also while the model trains; optimizer state is kept.
   *
   * @returns The names of the layers that it changed: those that were otherwise.
   * @throws ConfigError `config/unknown-layer` where nothing matches, `config/bad-pattern`
   * @example
   * model.setTrainable(() => true, false); // all
   * model.setTrainable(/^output/, true); // ["output"]
   */
  setTrainable(pattern: LayerPattern, trainable: boolean): string[] {
    boolean(trainable, "trainable");
    const found = typeof pattern === "string" ? [this.getLayer(pattern)] : matching(this.layers, pattern);
    const changed = found.filter((layer) => layer.trainable !== trainable);
    for (const layer of changed) layer.trainable = trainable;
    return changed.map(({ name }) => name);
  }

  /**
   * The lower layers as they are now, for another network: with copies of their weights (moving statistics, slopes and
   * means included), their names and options. This model is untouched, and what becomes of it later changes none of them. The
   * weights go into each model that is made of the layers, whatever its seed. Yosinski, Clune, Bengio, Lipson 2014,
   * arXiv:1411.1792
   *
   * @param options `upTo`: the last layer to take; without it, all below the last layer that learns. `trainable` (true): false
   *   freezes them.
   * @throws UnsupportedError `model/not-a-chain` where that part of a graph is no chain; ConfigError for a layer that is not
   *   there or is applied several times; where the new model's input does not fit, that throws ShapeError `shape/reused-weights`
   * @example
   * const layers = [...model.reuse({ upTo: "hidden", trainable: false }), dense(5, { activation: "softmax" })];
   * const target = await sequential({ inputShape: 4, layers });
   */
  reuse(options: ReuseOptions = {}): LayerSpec[] {
    return reuse(this.#core, options);
  }

  /**
   * A model whose output is that of a layer, in a memory of its own with copies of the weights as they are now. It need not be
   * compiled to predict, and of a graph's inputs has those that the layer depends on.
   *
   * @throws ConfigError `config/unknown-layer`, `config/ambiguous-layer`
   * @example
   * const features = await model.featureExtractor("hidden");
   * features.predict(x); // { data, shape: [120, 8] }
   */
  async featureExtractor(upTo: string): Promise<Model> {
    return new Model(await featureExtractor(this.#core, upTo));
  }

  /**
   * How many numbers all weights are.
   *
   * @example model.countParams(); // 4 × 8 + 8 + 8 × 3 + 3 = 67
   */
  countParams(): number {
    return this.layers.reduce((sum, layer) => sum + layer.countParams(), 0);
  }

  /**
   * A table of the layers: output shapes, parameters, what is trainable.
   *
   * @example console.log(model.summary());
   */
  summary(): string {
    return summarize(this.layers, this.#core.architecture);
  }

  /**
   * The compiled step as readable lines, one record each.
   *
   * @example console.log(model.program({ training: true }));
   */
  program(options: { training?: boolean } = {}): string {
    const { training = false } = knownOptions<typeof options>(options, "program()", { training: true });
    if (training) this.#core.mustBeCompiled("program({ training: true })");
    return disassemble(this.#core.buildProgram(training ? "train" : "predict").nodes);
  }

  /**
   * The model as one safetensors file: weights, architecture, and with `includeOptimizer` all training state.
   *
   * @example
   * const bytes = model.toBytes({ includeOptimizer: true });
   * const same = await loadModel(bytes);
   * await same.fit(x, y, { epochs: 2, resume: true }); // goes on as model would
   */
  toBytes(options: SaveOptions = {}): Uint8Array {
    return serialize(this.#core, options);
  }

  /**
   * Writes `toBytes` to a file: beside, synced, then renamed, so that the file is always whole.
   *
   * @example await model.save("model.safetensors");
   */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    await writeFileAtomic(path, this.toBytes(options));
  }
}
