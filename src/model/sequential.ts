import { knownOptions, positiveInteger, seedValue, shapeOf } from "../check.js";
import { ConfigError } from "../errors.js";
import type { LayerSpec } from "../layers/layer.js";
import { Engine } from "../runtime/engine.js";
import { checkPrecision, type Precision } from "../runtime/precision.js";
import { checkThreads, type Threads } from "../runtime/threads.js";
import { type Architecture, chain, refuseHuge } from "./architecture.js";
import { Core } from "./core.js";
import { Model } from "./model.js";

/** What every model takes beside its layers. */
export interface ModelOptions {
  /** The same seed gives the same bits everywhere. Omitted: random, readable as `model.seed`. */
  seed?: number;
  /** Most bytes of data that are kept in WebAssembly's memory; more go through in parts (default 512 MiB). */
  windowBytes?: number;
  /**
   * Over how many threads training, evaluation and prediction are spread, where a network is large enough to gain: the same
   * bits for any number (default 1). `"auto"`: as many as there are cores, up to 8. Pages must be cross-origin isolated.
   */
  threads?: Threads;
  /**
   * `"deterministic"` (the default): the same bits on every machine. `"fast"`: matrix products by the fused multiply-add of
   * relaxed SIMD, which rounds once where two instructions round twice; the same bits for any number of threads, but others on
   * another engine or processor. Where the engine has no relaxed SIMD the model is deterministic: `model.precision` tells.
   */
  precision?: Precision;
}

export interface SequentialOptions extends ModelOptions {
  /** Per sample: 784, or [28, 28, 1]. */
  inputShape: number | readonly number[];
  layers: readonly LayerSpec[];
}

export const MODEL_OPTIONS = { seed: true, windowBytes: true, threads: true, precision: true };
const OPTIONS = { inputShape: true, layers: true, ...MODEL_OPTIONS };
const DEFAULT_WINDOW_BYTES = 512 * 1024 * 1024;

/**
 * A chain of layers as a model, its weights drawn.
 *
 * @throws ConfigError, ShapeError for what does not make a network; UnsupportedError without WebAssembly SIMD
 * @example
 * const model = await sequential({ inputShape: 4, layers: [dense(8, { activation: "tanh" }), dense(3)], seed: 1 });
 */
export async function sequential(options: SequentialOptions): Promise<Model> {
  const core = await sequentialCore(options);
  core.variables.initialize(core.seed);
  return new Model(core);
}

/** What `sequential` and `loadModel` share: a model whose weights are still zeros. */
export async function sequentialCore(options: SequentialOptions): Promise<Core> {
  const { inputShape, layers, ...rest } = knownOptions<SequentialOptions>(options, "sequential()", OPTIONS);
  return createCore(() => {
    const shape = shapeOf(inputShape, "inputShape");
    refuseHuge(shape, "A sample");
    if (!Array.isArray(layers) || layers.length === 0) {
      throw new ConfigError("config/no-layers", "A model needs at least one layer, such as layers: [dense(10)].");
    }
    return chain(shape, layers);
  }, rest);
}

/** A model whose weights are still zeros; all is checked before anything is allocated. */
export async function createCore(architecture: () => Architecture, options: ModelOptions): Promise<Core> {
  const { seed = randomSeed(), windowBytes = DEFAULT_WINDOW_BYTES, threads = 1, precision = "deterministic" } = options;
  checkThreads(threads);
  checkPrecision(precision);
  const checked = { seed: seedValue(seed), windowBytes: positiveInteger(windowBytes, "windowBytes") };
  const planned = architecture();
  return new Core(await Engine.create({ threads, precision }), planned, checked);
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
