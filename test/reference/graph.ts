// A program's nodes in f64, one after the other: what executor and kernels should compute, and nothing of how. What comes
// after the gradients is left out: see optimizers.ts, clipping.ts, constraints.ts and network.ts.

import { type Node, rootOf, sizesOf, usesOf, type Value } from "../../src/program/graph.js";
import type { OpName } from "../../src/program/ops.js";
import { activations } from "./activations.js";
import { gather } from "./batch.js";
import { COMBINED } from "./combine.js";
import * as twin from "./dropout.js";
import { gemm, type ProductKind } from "./gemm.js";
import {
  LOSSES_BY_CODE,
  type RowLoss,
  sigmoidCrossentropy,
  softmaxCrossentropy,
  sparseSoftmaxCrossentropy,
} from "./losses.js";
import {
  argmax,
  aucCounts,
  binaryAccuracy,
  binaryCounts,
  categoricalAccuracy,
  classCounts,
  confusion,
  moments as regressionMoments,
  sparseAccuracy,
  topK,
} from "./metrics.js";
import { batchNorm, batchNormBackward, layerNorm, layerNormBackward, moments, moved } from "./normalization.js";
import { penalty, penaltyGradient } from "./regularizers.js";
import { prelu, preluAlphaBackward, preluBackward } from "./prelu.js";
import { logSoftmax, logSoftmaxBackward, rowsOf, softmax, softmaxBackward } from "./softmax.js";

/** A record on its way: sizes and options, and its operands' values by name. */
interface Call {
  readonly sizes: Readonly<Record<string, number>>;
  readonly numbers: Readonly<Record<string, number>>;
  readonly integers: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, Float64Array | undefined>>;
  readonly graph: GraphTwin;
}

type Rows = readonly (readonly number[])[];

function product(kind: ProductKind) {
  return ({ sizes, numbers, integers, values }: Call): Outputs => {
    const [m, n, k] = [sizes.m!, sizes.n!, sizes.k!];
    const { a, b, c, bias } = values;
    const start = integers.accumulate ? c! : Float64Array.from({ length: m * n }, (_, i) => bias?.[i % n] ?? 0);
    const sum = gemm({ kind, m, n, k, a: a!, b: b!, start }).value;
    return { c: sum.map((value) => activationOf(integers).forward(value, numbers.alpha ?? 0)) };
  };
}

function activationOf(integers: Readonly<Record<string, number>>) {
  return activations.find(({ code }) => code === (integers.activation ?? 0))!;
}

type Options = Readonly<Record<string, number>>;

/** Rows of `predictions` with those of `targets`; the gradient is that of the weighted losses' mean over all rows. */
function loss(ofRow: (row: number[], targets: number[], options: Options) => RowLoss) {
  return ({ sizes, numbers, integers, values, graph }: Call): Outputs => {
    const targets = rowsOf(values.targets!, values.targets!.length / sizes.rows!);
    const options = { smoothing: 0, parameter: 0, weight: 1, loss: 0, ownSlot: 0, ...numbers, ...integers };
    const rows = rowsOf(values.predictions!, sizes.width!).map((row, i) => ofRow(row, targets[i]!, options));
    const weight = (i: number) => values.weights?.[i] ?? 1;
    const own = mean(rows.map(({ loss }, i) => weight(i) * loss));
    graph.loss += options.weight * own;
    if (options.ownSlot > 0) graph.metrics[options.ownSlot - 1] = own;
    const share = options.weight / rows.length;
    return { gradient: rows.flatMap(({ gradient }, i) => gradient.map((g) => share * weight(i) * g)) };
  };
}

/** The mean over the rows, in one slot. */
function metric(ofRow: (scores: number[], targets: number[], options: Options) => number) {
  return counts((rows, targets, options) => [mean(rows.map((row, i) => ofRow(row, targets[i]!, options)))]);
}

/** What all rows together add to the slots from `slot` on. */
function counts(ofRows: (rows: number[][], targets: number[][], options: Options) => number[]) {
  return ({ sizes, numbers, integers, values, graph }: Call): Outputs => {
    const targets = rowsOf(values.targets!, values.targets!.length / sizes.rows!);
    const options = { threshold: 0, parameter: 0, loss: 0, ...numbers, ...integers };
    const found = ofRows(rowsOf(values.scores!, sizes.width!), targets, options);
    found.forEach((count, i) => (graph.metrics[integers.slot! + i] = count));
    return {};
  };
}

/** At step 0, the model's seed being 0. */
function random(of: (call: { x: Float64Array; rate: number; stddev: number; draw: twin.Draw }) => number[]) {
  return ({ numbers, integers, values }: Call): Outputs => {
    const seed = numbers.seedHigh! < 0 ? 0 : numbers.seedHigh! * 2 ** 31 + integers.seedLow!;
    const draw = { layer: integers.layer!, step: 0, seed };
    return { y: of({ x: values.x!, rate: numbers.rate ?? 0, stddev: numbers.stddev ?? 0, draw }) };
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** What changes weights, rather than computing values: test/reference/optimizers.ts. */
type OptimizerOp = "sgd" | "adam" | "adagrad" | "adadelta" | "rmsprop" | "nadam" | "adamax" | "lion";
/** What was added to the variance of the first row. */
function epsilonOf(x: Float64Array, saved: Float64Array, width: number): number {
  return 1 / saved[1]! ** 2 - moments(Array.from(x.subarray(0, width))).variance;
}

type Outputs = Readonly<Record<string, ArrayLike<number>>>;

type Update =
  | "guard"
  | "accumulate"
  | "schedule"
  | OptimizerOp
  | "ema"
  | "clipByValue"
  | "clipByNorm"
  | "clipByGlobalNorm"
  | "constrainNorms"
  | "constrainNonNegative"
  | "tensorStatistics"
  | "slopeStatistics";

const OPS: { readonly [K in Exclude<OpName, Update>]: (call: Call) => Outputs } = {
  gather: ({ sizes, numbers, integers, graph }) => ({
    out: gather(sizes.rows!, sizes.width!, graph.sources[integers.source!]!, null, 0, numbers.scale!, numbers.offset!),
  }),
  store({ values, graph }) {
    graph.stored = Float64Array.from(values.x!);
    return {};
  },
  gemmNN: product("NN"),
  gemmNT: product("NT"),
  gemmTN: product("TN"),
  columnSum({ sizes, integers, values: { x, sums } }) {
    const start = integers.accumulate ? Array.from(sums!) : new Array<number>(sizes.width!).fill(0);
    return { sums: (rowsOf(x!, sizes.width!) as Rows).reduce((sum, row) => sum.map((s, j) => s + row[j]!), start) };
  },
  activation: ({ numbers, integers, values }) => ({
    y: values.x!.map((x) => activationOf(integers).forward(x, numbers.alpha ?? 0)),
  }),
  activationBackward: ({ numbers, integers, values: { dy, saved } }) => ({
    dx: dy!.map((d, i) => d * activationOf(integers).derivative(saved![i]!, numbers.alpha ?? 0)),
  }),
  dropout: random(({ x, rate, draw }) => twin.dropout(x, rate, draw)),
  alphaDropout: random(({ x, rate, draw }) => twin.alphaDropout(x, rate, draw)),
  alphaDropoutBackward: random(({ x, rate, draw }) => twin.alphaDropoutBackward(x, rate, draw)),
  gaussianNoise: random(({ x, stddev, draw }) => twin.gaussianNoise(x, stddev, draw)),
  penalty({ numbers, values: { weights, gradient }, graph }) {
    const factors = { l1: numbers.l1!, l2: numbers.l2! };
    graph.loss += penalty(weights!, factors);
    return gradient ? { gradient: penaltyGradient(weights!, factors).map((g, i) => g + gradient[i]!) } : {};
  },
  softmax: ({ sizes, values }) => ({ y: rowsOf(values.x!, sizes.width!).flatMap(softmax) }),
  softmaxBackward({ sizes, values: { dy, y } }) {
    const outputs = rowsOf(y!, sizes.width!);
    return { dx: rowsOf(dy!, sizes.width!).flatMap((row, i) => softmaxBackward(row, outputs[i]!)) };
  },
  logSoftmax: ({ sizes, values }) => ({ y: rowsOf(values.x!, sizes.width!).flatMap(logSoftmax) }),
  logSoftmaxBackward({ sizes, values: { dy, y } }) {
    const outputs = rowsOf(y!, sizes.width!);
    return { dx: rowsOf(dy!, sizes.width!).flatMap((row, i) => logSoftmaxBackward(row, outputs[i]!)) };
  },
  prelu: ({ values: { x, alpha } }) => ({ y: prelu(Array.from(x!), Array.from(alpha!)) }),
  preluBackward: ({ values: { dy, x, alpha } }) => ({
    dx: preluBackward(Array.from(dy!), Array.from(x!), Array.from(alpha!)),
  }),
  preluAlphaBackward({ sizes, integers, values: { dy, x, sums } }) {
    const added = preluAlphaBackward(Array.from(dy!), Array.from(x!), sizes.width!);
    return { sums: integers.accumulate ? added.map((value, j) => value + sums![j]!) : added };
  },
  affine: ({ numbers, values }) => ({ y: values.x!.map((x) => x * numbers.scale! + numbers.offset!) }),
  add: ({ values: { a, b } }) => ({ c: a!.map((x, i) => x + b![i]!) }),
  sparseSoftmaxCrossentropy: loss((row, [label], { smoothing }) => sparseSoftmaxCrossentropy(row, label!, smoothing)),
  softmaxCrossentropy: loss((row, targets, { smoothing }) => softmaxCrossentropy(row, targets, smoothing)),
  sigmoidCrossentropy: loss((row, targets, { smoothing }) => sigmoidCrossentropy(row, targets, smoothing)),
  loss: loss((row, targets, { loss, parameter }) => LOSSES_BY_CODE[loss!]!(row, targets, parameter)),
  sparseAccuracy: metric((scores, [label]) => sparseAccuracy(scores, label!)),
  categoricalAccuracy: metric(categoricalAccuracy),
  // What a normalization saves, its gradients compute anew here: epsilon goes with it.
  batchNorm({ sizes: { width }, numbers: { epsilon }, values: { x, gamma, beta } }) {
    const { y, statistics } = batchNorm(x!, width!, epsilon!, { gamma, beta });
    const inverse = statistics.map(({ variance }) => 1 / Math.sqrt(variance + epsilon!));
    const factor = inverse.map((value, j) => value * (gamma?.[j] ?? 1));
    return {
      y,
      saved: [
        ...statistics.map((s) => s.mean),
        ...statistics.map((s) => s.variance),
        ...inverse,
        ...factor,
        ...new Array<number>(2 * width!).fill(0),
      ],
    };
  },
  batchNormBackward({ sizes: { width }, values: { x, dy, saved } }) {
    const row = (i: number) => saved!.slice(i * width!, (i + 1) * width!);
    const [variance, inverse, factor] = [row(1), row(2), row(3)];
    const epsilon = 1 / inverse[0]! ** 2 - variance[0]!;
    const gamma = factor.map((value, j) => value / inverse[j]!);
    return { ...batchNormBackward(x!, dy!, width!, epsilon, gamma), saved: saved! };
  },
  inverseDeviation: ({ numbers: { epsilon }, values: { variance, gamma } }) => ({
    factor: Array.from(variance!, (value, j) => (gamma?.[j] ?? 1) / Math.sqrt(value + epsilon!)),
  }),
  normalize: ({ sizes: { width }, values: { x, mean, factor, beta } }) => ({
    y: Array.from(x!, (value, i) => {
      const j = i % width!;
      return (value - mean![j]!) * factor![j]! + (beta?.[j] ?? 0);
    }),
  }),
  movingStatistics({ sizes: { width }, numbers: { share }, values: { saved, mean, variance } }) {
    const batch = Array.from(saved!);
    return {
      mean: moved(mean!, batch.slice(0, width), 1 - share!),
      variance: moved(variance!, batch.slice(width, 2 * width!), 1 - share!),
    };
  },
  layerNorm({ sizes: { width }, numbers: { epsilon }, values: { x, gamma, beta } }) {
    const saved = rowsOf(x!, width!).flatMap((row) => {
      const { mean, variance } = moments(row);
      return [mean, 1 / Math.sqrt(variance + epsilon!)];
    });
    return { y: layerNorm(x!, width!, epsilon!, { gamma, beta }), saved };
  },
  layerNormBackward: ({ sizes: { width }, values: { x, dy, saved, gamma } }) => ({
    dx: layerNormBackward(x!, dy!, width!, epsilonOf(x!, saved!, width!), gamma).dx,
  }),
  layerNormBackwardScale: ({ sizes: { width }, values: { x, dy, saved } }) =>
    layerNormBackward(x!, dy!, width!, epsilonOf(x!, saved!, width!)),
  binaryAccuracy: metric((scores, targets, { threshold }) => binaryAccuracy(scores, targets, threshold!)),
  argmax: ({ sizes, values }) => ({ labels: rowsOf(values.x!, sizes.width!).map(argmax) }),
  topK: metric((scores, [label], { k }) => topK(scores, label!, k!)),
  lossMetric: metric((scores, targets, { loss, parameter }) => LOSSES_BY_CODE[loss!]!(scores, targets, parameter).loss),
  binaryCounts: counts((rows, targets, { threshold }) => binaryCounts(rows.flat(), targets.flat(), threshold!)),
  classCounts: counts((rows, labels) => classCounts(rows, labels.flat())),
  confusion: counts((rows, labels) => confusion(rows, labels.flat())),
  aucCounts: counts((rows, targets, { bins }) => aucCounts(rows.flat(), targets.flat(), bins!)),
  moments: counts(regressionMoments),
  combine: ({ integers, values: { a, b } }) => ({ c: a!.map((x, i) => COMBINED[integers.function!]!(x, b![i]!)) }),
  combineRows: ({ sizes: { width }, integers, values: { a, b } }) => ({
    c: a!.map((x, i) => COMBINED[integers.function!]!(x, b![i % width!]!)),
  }),
  placeColumns({ sizes: { rows, width, pitch }, integers: { offset }, values: { x, y } }) {
    const placed = y?.slice() ?? new Float64Array(rows! * pitch!);
    x!.forEach((value, i) => (placed[Math.floor(i / width!) * pitch! + offset! + (i % width!)] = value));
    return { y: placed };
  },
  sliceColumns: ({ sizes: { rows, width, pitch }, integers: { offset }, values: { x } }) => ({
    y: Float64Array.from(
      { length: rows! * width! },
      (_, i) => x![Math.floor(i / width!) * pitch! + offset! + (i % width!)]!,
    ),
  }),
  spread: ({ sizes: { rows, width }, values: { x } }) => ({
    y: Float64Array.from({ length: rows! * width! }, (_, i) => x![Math.floor(i / width!)]!),
  }),
  rowSum: ({ sizes, values }) => ({
    sums: rowsOf(values.x!, sizes.width!).map((row) => row.reduce((a, b) => a + b, 0)),
  }),
  rowMax: ({ sizes, values }) => ({ maxima: rowsOf(values.x!, sizes.width!).map((row) => Math.max(...row)) }),
};

export class GraphTwin {
  readonly rows: number;
  readonly sources: readonly ArrayLike<number>[];
  /** The mean loss, of all losses together. */
  loss = 0;
  readonly metrics: number[] = [];
  stored = new Float64Array(0);
  readonly #values = new Map<number, Float64Array>();

  /** @param sources the rows of one batch, of each data source */
  constructor(rows: number, sources: readonly ArrayLike<number>[]) {
    this.rows = rows;
    this.sources = sources;
  }

  get(value: Value): Float64Array | undefined {
    return this.#values.get(rootOf(value).id);
  }

  set(value: Value, data: ArrayLike<number>): void {
    this.#values.set(rootOf(value).id, Float64Array.from(data));
  }

  run(nodes: readonly Node[]): this {
    for (const node of nodes) {
      const operands = Object.entries(node.operands as Record<string, Value>);
      const outputs = OPS[node.op as keyof typeof OPS]({
        sizes: sizesOf(node, this.rows),
        numbers: node.numbers,
        integers: node.integers,
        values: Object.fromEntries(operands.map(([name, value]) => [name, this.get(value)])),
        graph: this,
      });
      for (const { operand, value, access } of usesOf(node)) {
        if (access !== "read" && operand !== "scratch") this.set(value, outputs[operand]!);
      }
    }
    return this;
  }
}
