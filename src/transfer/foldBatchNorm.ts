import { knownOptions } from "../check.js";
import { UnsupportedError } from "../errors.js";
import { dense, type DenseOptions, type LayerSpec } from "../layers/index.js";
import type { Rowlike } from "../model/data.js";
import type { Layer } from "../model/layer.js";
import { Model } from "../model/model.js";
import { sequentialCore } from "../model/sequential.js";
import type { NamedArray } from "../model/variables.js";

export interface FoldOptions {
  /** Rows to measure the difference on, such as those of the test. */
  x?: Rowlike;
}

export interface Folded {
  /** For inference; the model that was given is as it was. Not compiled. */
  readonly model: Model;
  /** Which batchNorm went into which dense layer, by name, from the input on. */
  readonly folded: readonly { readonly batchNorm: string; readonly into: string }[];
  /** The largest difference between an output of the two models, where `x` was given. */
  readonly maxDifference?: number;
}

/** A layer on the way: its weights by role, in f64 until all is folded. */
interface Part {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly layer: Layer;
  readonly weights: ReadonlyMap<string, Weight>;
}

interface Weight {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/**
 * Folds batch normalizations into dense layers, for inference: with s = γ / √(movingVariance + ε) and t = β − movingMean · s, a
 * batchNorm directly behind a dense layer without an activation becomes part of it, kernel · diag(s) and bias · s + t; else one
 * directly before a dense layer becomes part of that, diag(s) · kernel and bias + t · kernel. All other layers are copied,
 * and so is a batchNorm that has neither. It saves a pass over each activation, little beside large products (2 % of
 * 784-300-100-10), and statistics to keep. Jacob et al. 2018, arXiv:1712.05877, § 3.2
 *
 * What differs is rounding alone: folded weights are computed in f64 and rounded once, and the products round elsewhere. What a
 * folded dense layer puts into its activation differs by at most 2 (in + 5) · 2⁻²⁴ of the magnitudes that it is the sum of:
 * those of x · kernel, bias, movingMean and β, each scaled as it is there. Trained on, the folded model is another network: it has
 * no statistics that move or are of the batch, and its folded layers have neither constraints nor regularizers, which were meant
 * for the kernels as they were.
 *
 * @param options `x`: rows on which the difference is measured
 * @throws UnsupportedError `model/not-a-chain` for a graph; ShapeError, DataError for rows that do not fit, or where a folded weight is beyond 32 bits
 * @example
 * const layers = [dense(8, { useBias: false, name: "hidden1" }), batchNorm({ name: "bn1" }), activation("elu"), dense(3)];
 * const slow = await sequential({ inputShape: 4, layers });
 * const { model: fast, folded, maxDifference } = await foldBatchNorm(slow, { x: xTest });
 * folded; // [{ batchNorm: "bn1", into: "hidden1" }]
 */
export async function foldBatchNorm(model: Model, options: FoldOptions = {}): Promise<Folded> {
  const { x } = knownOptions<FoldOptions>(options, "foldBatchNorm(model, options)", { x: true });
  if (!model.isChain) {
    throw new UnsupportedError(
      "model/not-a-chain",
      "foldBatchNorm takes a chain of layers, as sequential makes it; in a graph a layer's output may be wanted elsewhere too.",
    );
  }
  const before = x === undefined ? undefined : model.predict(x);
  const { parts, folded } = fold(partsOf(model));
  const result = await rebuild(parts, model);
  const after = x === undefined ? undefined : result.predict(x);
  return {
    model: result,
    folded,
    ...(before && after && { maxDifference: largestDifference(before.data, after.data) }),
  };
}

/** The one place that reads how layers are joined: one after the other. */
function partsOf(model: Model): Part[] {
  const weights = model.getWeights();
  return model.layers.map((layer) => ({
    name: layer.name,
    className: layer.className,
    config: layer.config as Part["config"],
    layer,
    weights: ownWeights(layer.name, weights),
  }));
}

function ownWeights(layer: string, weights: ReadonlyMap<string, NamedArray>): Map<string, Weight> {
  const own = [...weights].filter(([name]) => name.startsWith(`${layer}/`));
  return new Map(
    own.map(([name, { data, shape }]) => [name.slice(layer.length + 1), { data: Float64Array.from(data), shape }]),
  );
}

/** First what stands behind a linear dense layer, also several in a row; then what is left before a dense layer. */
function fold(parts: readonly Part[]): { parts: Part[]; folded: Folded["folded"] } {
  const into = new Map<Part["layer"], string>();
  const kept: Part[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    if (last && isBatchNorm(part) && isLinear(last)) {
      kept[kept.length - 1] = withOutputScaled(last, affineOf(part));
      into.set(part.layer, last.name);
    } else kept.push(part);
  }
  for (let i = kept.length - 2; i >= 0; i--) {
    const [part, next] = [kept[i]!, kept[i + 1]!];
    if (!isBatchNorm(part) || next.className !== "Dense") continue;
    kept.splice(i, 2, withInputScaled(next, affineOf(part)));
    into.set(part.layer, next.name);
  }
  const folded = parts.flatMap(({ layer, name }) => {
    const dense = into.get(layer);
    return dense === undefined ? [] : [{ batchNorm: name, into: dense }];
  });
  return { parts: kept, folded };
}

function isBatchNorm({ className }: Part): boolean {
  return className === "BatchNormalization";
}

function isLinear({ className, config }: Part): boolean {
  return className === "Dense" && (config.activation as { name: string }).name === "linear";
}

/** What a batchNorm does to a feature in inference: y = scale · x + shift. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

function affineOf({ config, weights }: Part): Affine {
  const [mean, variance] = [weights.get("movingMean")!.data, weights.get("movingVariance")!.data];
  const [gamma, beta] = [weights.get("gamma")?.data, weights.get("beta")?.data];
  const epsilon = Math.fround(config.epsilon as number); // as the kernel has it
  const scale = variance.map((value, j) => (gamma?.[j] ?? 1) / Math.sqrt(value + epsilon));
  return { scale, shift: scale.map((factor, j) => (beta?.[j] ?? 0) - mean[j]! * factor) };
}

/** kernel (in, units) · diag(scale), bias ∘ scale + shift */
function withOutputScaled(dense: Part, { scale, shift }: Affine): Part {
  const units = scale.length;
  return withWeights(
    dense,
    kernelOf(dense).data.map((value, at) => value * scale[at % units]!),
    shift.map((value, j) => (dense.weights.get("bias")?.data[j] ?? 0) * scale[j]! + value),
  );
}

/** diag(scale) · kernel (in, units), bias + shift · kernel */
function withInputScaled(dense: Part, { scale, shift }: Affine): Part {
  const { data: kernel, shape } = kernelOf(dense);
  const units = shape[1]!;
  const bias = dense.weights.get("bias")?.data.slice() ?? new Float64Array(units);
  kernel.forEach((value, at) => (bias[at % units]! += shift[Math.floor(at / units)]! * value));
  return withWeights(
    dense,
    kernel.map((value, at) => value * scale[Math.floor(at / units)]!),
    bias,
  );
}

function kernelOf({ weights }: Part): Weight {
  return weights.get("kernel")!;
}

function withWeights(dense: Part, kernel: Float64Array, bias: Float64Array): Part {
  const {
    kernelConstraint: _1,
    biasConstraint: _2,
    kernelRegularizer: _3,
    biasRegularizer: _4,
    ...rest
  } = dense.config;
  return {
    ...dense,
    config: { ...rest, useBias: true },
    weights: new Map([
      ["kernel", { data: kernel, shape: kernelOf(dense).shape }],
      ["bias", { data: bias, shape: [bias.length] }],
    ]),
  };
}

async function rebuild(parts: readonly Part[], { inputShape, seed }: Model): Promise<Model> {
  const model = new Model(await sequentialCore({ inputShape, layers: parts.map(specOf), seed }));
  const weights = parts.flatMap(({ name, weights }) =>
    [...weights].map(
      ([role, { data, shape }]) => [`${name}/${role}`, { data: Float32Array.from(data), shape }] as const,
    ),
  );
  model.setWeights(new Map(weights));
  return model;
}

function specOf({ config, layer }: Part): LayerSpec {
  if (config === layer.config) return layer.toSpec();
  const { name, trainable, learningRateMultiplier } = layer;
  const { units, ...options } = config as unknown as DenseOptions & { units: number };
  return dense(units, { ...options, name, trainable, learningRateMultiplier });
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
