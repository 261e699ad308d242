// Everything that moves memory: in GB/s. Bytes follow from the op table: each operand counts once for being read and once
// for being written, however often the kernel passes over it. So a kernel that must pass twice cannot reach the copy's rate
// beyond the caches.
//
// An op is measured as its own record, run by the executor: what a training step runs.

import { COMBINE_MULTIPLY } from "../../assembly/shared/combine.js";
import { elementwise, ACTIVATIONS, resolveActivation } from "../../src/activations/table.js";
import { LOSSES, resolveLoss } from "../../src/losses/table.js";
import { hyperOf, OPTIMIZERS, type OptimizerName, resolveOptimizer, slotsOf } from "../../src/optimizers/index.js";
import { GraphBuilder } from "../../src/program/builder.js";
import { type Dim, fixed, type Node, usesOf, type Value } from "../../src/program/graph.js";
import { type OpName, operandBytes, opRow } from "../../src/program/ops.js";
import { Program } from "../../src/program/program.js";
import { type Bench, type Case, repeated } from "./bench.js";

/** One way to run an op. */
interface Variant {
  /** Behind the op's name. */
  readonly name?: string;
  /** Columns, of an op that has rows. */
  readonly width?: number;
  /** Optional operands that are there. */
  readonly given?: readonly string[];
  readonly numbers?: Readonly<Record<string, number>>;
  readonly integers?: Readonly<Record<string, number>>;
  /** The header's hyperparameters. */
  readonly hyper?: readonly (number | undefined)[];
  /** Slots of the metric. */
  readonly slots?: number;
  /** Batches of one optimizer step. */
  readonly groupSize?: number;
  /** How often an operand's bytes are moved, where that is not what the op table says. */
  readonly moves?: Readonly<Record<string, number>>;
}

const KNOWN_SEED = { seedHigh: 0 }; // the layer's own: 0

// ── Variants that follow from a table ───────────────────────────────────────────────────────────────────────────────

const activations: Variant[] = [
  ...Object.keys(ACTIVATIONS.rows),
  { name: "gelu" as const, approximate: true }, // another kernel
].flatMap((given) => {
  const kernel = elementwise(resolveActivation(given as Parameters<typeof resolveActivation>[0]));
  if (!kernel) return [];
  const name = typeof given === "string" ? given : "gelu, approximate";
  return [{ name, numbers: { alpha: kernel.alpha }, integers: { activation: kernel.code } }];
});

const WITH_OPTIONS: Partial<Record<OptimizerName, readonly object[]>> = {
  sgd: [{ momentum: 0.9 }, { momentum: 0.9, nesterov: true }],
  rmsprop: [{ momentum: 0.9 }, { centered: true }],
  adam: [{ amsgrad: true }],
};

/** The rows of the table that run `op`; those that differ in defaults only are one. */
function optimizer(op: OpName): Variant[] {
  const names = Object.keys(OPTIMIZERS.rows) as OptimizerName[];
  const name = names.find((candidate) => OPTIMIZERS.rows[candidate].op === op)!;
  return [{}, ...(WITH_OPTIONS[name] ?? [])].map((options) => {
    const description = resolveOptimizer({ name, ...options, learningRate: 1e-9 });
    const { integers = [] } = OPTIMIZERS.rows[name];
    return {
      name: Object.keys(options).join(", "),
      given: Object.keys(slotsOf(description)),
      hyper: hyperOf(description),
      integers: Object.fromEntries(integers.map((option) => [option, description[option] ? 1 : 0])),
    };
  });
}

const losses: Variant[] = Object.entries(LOSSES.rows).flatMap(([name, row]) => {
  const { code, parameter } = row as { code?: number; parameter?: string };
  if (code === undefined) return [];
  const description = resolveLoss(name as keyof typeof LOSSES.rows);
  const numbers = { parameter: parameter === undefined ? 0 : (description[parameter] as number), weight: 1 };
  return [{ name, width: 100, given: ["gradient"], numbers, integers: { loss: code } }];
});

/** At the width of a classifier's output and at a wide one. */
const rowwise = (variant: Variant = {}): Variant[] => [10, 1000].map((width) => ({ ...variant, width }));
const crossentropy = rowwise({ given: ["gradient"], numbers: { weight: 1 } });
const counted = (slotsOfWidth: (width: number) => number, more: Variant = {}) =>
  rowwise(more).map((variant) => ({ ...variant, slots: slotsOfWidth(variant.width!) }));
const scaled = { width: 256, given: ["gamma", "beta", "mean", "dx", "dgamma", "dbeta"], numbers: { epsilon: 1e-3 } };

/** Every op and how it is measured; the compiler names one that is missing. Below the products: "product". */
const VARIANTS: { readonly [K in OpName]: readonly Variant[] | "product" | "apart" | "moves nothing" } = {
  gather: "apart",
  store: "apart", // the copy itself
  gemmNN: "product",
  gemmNT: "product",
  gemmTN: "product",
  columnSum: rowwise(),
  activation: activations,
  activationBackward: activations,
  softmax: rowwise(),
  softmaxBackward: rowwise(),
  logSoftmax: rowwise(),
  logSoftmaxBackward: rowwise(),
  prelu: [{ width: 256 }],
  preluBackward: [{ width: 256 }],
  preluAlphaBackward: [{ width: 256 }],
  affine: [{ numbers: { scale: 2, offset: 1 } }],
  add: [{}],
  sparseSoftmaxCrossentropy: crossentropy,
  softmaxCrossentropy: crossentropy,
  sigmoidCrossentropy: crossentropy,
  loss: losses,
  sparseAccuracy: rowwise(),
  categoricalAccuracy: rowwise(),
  binaryAccuracy: [{ width: 10, numbers: { threshold: 0.5 } }],
  guard: [{}],
  accumulate: [{ groupSize: 65535, moves: { gradients: 1 } }], // written only by the last batch of a group
  schedule: "moves nothing",
  sgd: optimizer("sgd"),
  adagrad: optimizer("adagrad"),
  adadelta: optimizer("adadelta"),
  rmsprop: optimizer("rmsprop"),
  adam: optimizer("adam"),
  nadam: optimizer("nadam"),
  adamax: optimizer("adamax"),
  lion: optimizer("lion"),
  ema: [{ numbers: { share: 0.01 } }],
  clipByValue: [{ numbers: { limit: 0.5 } }],
  clipByNorm: "apart",
  clipByGlobalNorm: "apart",
  dropout: [{ numbers: { rate: 0.5, ...KNOWN_SEED } }],
  alphaDropout: [{ numbers: { rate: 0.5, ...KNOWN_SEED } }],
  alphaDropoutBackward: [{ numbers: { rate: 0.5, ...KNOWN_SEED } }],
  gaussianNoise: [{ numbers: { stddev: 0.5, ...KNOWN_SEED } }],
  penalty: [
    { name: "l1", given: ["gradient"], numbers: { l1: 1e-9, l2: 0 } },
    { name: "l2", given: ["gradient"], numbers: { l1: 0, l2: 1e-9 } },
  ],
  constrainNorms: [{ width: 256, numbers: { minimum: 0, maximum: 1 }, integers: { rateBits: 0x3f800000 } }],
  constrainNonNegative: [{}],
  batchNorm: [scaled],
  batchNormBackward: [scaled],
  inverseDeviation: [{ given: ["gamma"], numbers: { epsilon: 1e-3 } }],
  normalize: [{ ...scaled, numbers: {} }],
  movingStatistics: [{ numbers: { share: 0.01 }, moves: { saved: 0.5 } }], // its other half is for the backward pass
  layerNorm: [scaled],
  layerNormBackward: [scaled],
  layerNormBackwardScale: [scaled],
  argmax: rowwise(),
  topK: rowwise({ integers: { k: 5 } }),
  lossMetric: [{ width: 10 }],
  binaryCounts: [{ width: 10, numbers: { threshold: 0.5 }, slots: 3 }],
  classCounts: counted((width) => 3 * width),
  confusion: counted((width) => width * width).slice(0, 1),
  aucCounts: [{ width: 10, integers: { bins: 199 }, slots: 398 }],
  moments: counted((width) => 1 + 3 * width),
  combine: [{ name: "product", integers: { function: COMBINE_MULTIPLY } }],
  combineRows: [{ name: "product", width: 256, integers: { function: COMBINE_MULTIPLY } }],
  placeColumns: [{ width: 256, moves: { y: 0.5 } }], // half of the columns
  sliceColumns: [{ width: 256, moves: { x: 0.5 } }],
  spread: [{ width: 256 }],
  rowSum: rowwise(),
  rowMax: rowwise(),
  tensorStatistics: [{}],
  slopeStatistics: [{ width: 256, numbers: { threshold: 0.01 } }],
};

// ── From a variant to a case ────────────────────────────────────────────────────────────────────────────────────────

/** A kernel at any size: n is the length of its longest arrays. */
export interface Moving {
  readonly name: string;
  /** How many arrays of n it works on, for a footprint that is wanted. */
  readonly arrays: number;
  at(n: number): Case;
}

function record(op: OpName, variant: Variant): Moving {
  const { name, width = 1 } = variant;
  const hasRows = opRow(op).dims.includes("rows");
  const title = [op, ...(name ? [name] : []), ...(variant.width && hasRows ? [`rows of ${width}`] : [])].join(", ");
  const large = operandsOf(op, variant, 1 << 20).filter(({ bytes }) => bytes >= 1 << 20);
  return {
    name: title,
    arrays: large.reduce((sum, { bytes }) => sum + bytes, 0) / (4 << 20),
    at(n) {
      const whole = Math.floor(n / width) * width;
      return {
        name: title,
        work: { bytes: trafficOf(op, variant, whole) },
        setup: (bench) => setUp(bench, op, variant, whole),
      };
    },
  };
}

function sizesOf(op: OpName, { width = 1 }: Variant, n: number): Record<string, number> {
  const { dims } = opRow(op);
  const columns = dims.includes("rows") ? width : n;
  return { n, segments: 1, rows: n / columns, width: columns, pitch: 2 * columns };
}

function operandsOf(op: OpName, variant: Variant, n: number) {
  const { given = [] } = variant;
  return Object.entries(opRow(op).operands)
    .filter(([operand, { optional }]) => !optional || given.includes(operand))
    .map(([operand, row]) => ({ operand, row, bytes: operandBytes(row, sizesOf(op, variant, n)) }));
}

/** The op on these values. */
function emit(op: OpName, variant: Variant, n: number, valueOf: (operand: string, bytes: number) => Value): Node[] {
  const b = new GraphBuilder();
  const sizes = sizesOf(op, variant, n);
  const dims = Object.fromEntries(opRow(op).dims.map((dim) => [dim, fixed(sizes[dim]!)])) as Record<string, Dim>;
  const operands = operandsOf(op, variant, n).map(({ operand, bytes }) => [operand, valueOf(operand, bytes)]);
  b.emit(op, dims as never, Object.fromEntries(operands), variant.numbers, variant.integers);
  return b.nodes;
}

/** Bytes read and bytes written. */
function trafficOf(op: OpName, variant: Variant, n: number): number {
  const b = new GraphBuilder();
  const nodes = emit(op, variant, n, (name, bytes) => b.value({ name, shape: [bytes / 4], perRow: false }));
  return usesOf(nodes[0]!).reduce((sum, { operand, value, access }) => {
    const moves = variant.moves?.[operand] ?? (access === "update" ? 2 : 1);
    return sum + value.shape[0]! * 4 * moves;
  }, 0);
}

function setUp(bench: Bench, op: OpName, variant: Variant, n: number): (runs: number) => void {
  const { engine, run } = bench;
  const { width = 1, slots = 1, hyper = [], groupSize = 0 } = variant;
  run.reserveMetrics(slots);
  const b = new GraphBuilder();
  const nodes = emit(op, variant, n, (name, bytes) =>
    b.value({ name, shape: [bytes / 4], perRow: false, address: fill(bench, op, name, bytes / 4, { n, width }) }),
  );
  const everything = { name: "memory", address: 0, bytes: engine.exports.memory.buffer.byteLength, writable: true };
  const program = new Program(engine, nodes, [everything], (unchanged) => [...unchanged]);
  program.ensure(1);
  bench.onReset(() => program.release());
  run.bind(program);
  run.hyper(hyper);
  run.step = 9;
  run.order({ address: 0, shuffle: false, epoch: 0, seed: 0 });
  run.window();
  run.begin({ totalRows: 2 ** 31 - 1, batchRows: 1, groupSize }); // more steps than any measurement takes
  return (runs) => void run.slice(Infinity, runs);
}

/** What is squared, a scale or a variance is never negative, nor are the numbers that a loss takes the logarithm of. */
const POSITIVE = /^(v|vMax|u|accumul.*|variance|saved|gamma)$/;

function fill(bench: Bench, op: OpName, operand: string, length: number, { n, width }: { n: number; width: number }) {
  if (operand === "segments") return bench.segment(n);
  const isLabels = operand === "targets" && length < n;
  if (isLabels) return bench.labels(length, width);
  return POSITIVE.test(operand) || op === "loss" ? bench.random(length, 0.5, 1.5) : bench.random(length);
}

// ── What is called by itself ────────────────────────────────────────────────────────────────────────────────────────

/** `arrays` of n f32, n a multiple of `unit`, and as many moved unless `traffic` says otherwise. */
function direct(
  name: string,
  { arrays, traffic = arrays, unit = 1 }: { arrays: number; traffic?: number; unit?: number },
  start: (bench: Bench, n: number) => () => void,
): Moving {
  const at = (length: number): Case => {
    const n = Math.floor(length / unit) * unit;
    return { name, work: { bytes: 4 * traffic * n }, setup: (bench) => repeated(start(bench, n)) };
  };
  return { name, arrays, at };
}

/** Gradients that are within the limit stay: each run has a slightly smaller one. */
const clips = ["clipByNorm", "clipByGlobalNorm"].map((name) =>
  direct(name, { arrays: 1, traffic: 2 }, (bench, n) => {
    const [segment, gradients] = [bench.segment(n), bench.random(n)];
    let limit = Math.sqrt(n / 3) / 2;
    return () => bench.call[name]!(segment, 1, gradients, (limit *= 0.99999));
  }),
);

const IMAGE = 784;
const gathers = [
  direct("gatherF32, rows of 784 in order", { arrays: 2, unit: IMAGE }, (bench, n) => {
    const [x, out] = [bench.random(n), bench.reserve(n * 4)];
    return () => bench.call.gatherF32!(n / IMAGE, IMAGE, x, 0, 0, out, 1, 0);
  }),
  direct("gatherF32, rows of 784 shuffled", { arrays: 2, unit: IMAGE }, (bench, n) => {
    const [x, out, order] = [bench.random(n), bench.reserve(n * 4), bench.order(n / IMAGE)];
    return () => bench.call.gatherF32!(n / IMAGE, IMAGE, x, order, 0, out, 1, 0);
  }),
  direct("gatherU8, rows of 784 shuffled, scaled", { arrays: 1.25, unit: IMAGE }, (bench, n) => {
    const [x, out, order] = [bench.reserve(n), bench.reserve(n * 4), bench.order(n / IMAGE)];
    return () => bench.call.gatherU8!(n / IMAGE, IMAGE, x, order, 0, out, 0.5, 0);
  }),
];

const draws = [
  direct("fillUniform", { arrays: 1 }, (bench, n) => {
    const out = bench.reserve(n * 4);
    return () => bench.call.fillUniform!(n, out, 1, 2, 3, 0, 1);
  }),
  direct("fillNormal", { arrays: 1 }, (bench, n) => {
    const out = bench.reserve(n * 4);
    return () => bench.call.fillNormal!(n, out, 1, 2, 3, 0, 1);
  }),
  direct("permute", { arrays: 1 }, (bench, n) => {
    const out = bench.reserve(n * 4);
    return () => bench.call.permute!(n, out, 1, 2, 3, 2);
  }),
];

const records = (Object.keys(VARIANTS) as OpName[]).flatMap((op) => {
  const variants = VARIANTS[op];
  return typeof variants === "string" ? [] : variants.map((variant) => record(op, variant));
});

export const MOVING: readonly Moving[] = [...records, ...clips, ...gathers, ...draws];
