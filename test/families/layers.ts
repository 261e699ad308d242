import { readFileSync } from "node:fs";
import { expect } from "vitest";
import {
  add,
  concatenate,
  dense,
  flatten,
  type LayerSpec,
  type Model,
  rescaling,
  sgd,
  type SymbolicValue,
} from "../../src/index.js";
import * as factories from "../../src/layers/index.js";
import { LAYERS } from "../../src/layers/index.js";
import { DENSE, LAYER_NORM, NOISE } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import * as random from "../reference/dropout.js";
import { batchNorm, layerNorm, type Moments } from "../reference/normalization.js";
import { prelu } from "../reference/prelu.js";
import { rowsOf } from "../reference/softmax.js";
import { activated, expectClose } from "./activations.js";
import { type Weights, weightsOf } from "./differences.js";
import { affine, between, modelOf, scatter, type Stack } from "./networks.js";
import type { FamilyUnderTest, Figures, Member, Size } from "./suite.js";

type Options = Readonly<Record<string, unknown>>;
interface Context {
  /** Of the layer's own weights, by role. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly width: number;
  /** Before the last axis. */
  readonly positions: readonly number[];
  readonly training: boolean;
  /** What random numbers are keyed by. */
  readonly draw: random.Draw;
}
interface Output {
  readonly y: number[];
  readonly kinks?: number[];
}

/** A layer of one class, by the name of its factory: how to make one, and what it computes in f64. */
interface LayerCase {
  /** Options to try it with, a width being given. */
  readonly cases: readonly Options[];
  make(options: Options, name: string, width: number): LayerSpec | ((x: SymbolicValue) => SymbolicValue);
  /** In files, where `make` does not return the layer itself. */
  readonly className?: string;
  twin(x: number[], options: Options, context: Context): Output;
  /** A batch has a variance from two rows on. */
  readonly leastRows?: number;
  /** Takes the mean over the rows away: a bias before it has no gradient but what rounding leaves. */
  readonly centers?: true;
}

const momentsOf = (mean: readonly number[], variance: readonly number[]): Moments[] =>
  mean.map((value, j) => ({ mean: value, variance: variance[j]! }));

/** Options go to a factory as they are, `positions` aside. */
const made =
  (factory: (options: object) => LayerSpec) =>
  ({ positions: _, ...options }: Options, name: string): LayerSpec =>
    factory({ ...options, name });
const rated =
  (factory: (rate: number, options: object) => LayerSpec) =>
  ({ rate, stddev, ...options }: Options, name: string): LayerSpec =>
    factory((rate ?? stddev) as number, { ...options, name });
const noisy =
  (twin: (x: number[], strength: number, draw: random.Draw) => number[]) =>
  (x: number[], { rate, stddev, seed }: Options, { training, draw }: Context): Output => ({
    y: training ? twin(x, (rate ?? stddev) as number, { ...draw, seed: (seed as number | undefined) ?? draw.seed }) : x,
  });
/** Another value, made of x, for layers that take several. */
const other = (x: SymbolicValue): SymbolicValue => rescaling({ scale: -0.5, offset: 0.25, name: "other" }).apply(x);
const otherwise = (value: number): number => value * -0.5 + 0.25;
const activatedAs = (name: unknown, x: number[], width: number) =>
  activated({ name: name as string, options: {} }, x, width);

/** `positions` in a case are the axes of a sample before the last one. */
const CASES: Readonly<Record<string, LayerCase>> = {
  dense: {
    cases: [{ activation: "tanh" }, { activation: "elu", useBias: false }, { activation: "softmax", positions: [2] }],
    make: ({ positions: _, units, ...options }, name, width) => dense((units as number) ?? width, { ...options, name }),
    twin(x, { activation = "linear", units }, { weights, width }) {
      const columns = (units as number | undefined) ?? width;
      return activatedAs(activation, affine(x, weights.kernel!, columns, weights.bias), columns);
    },
  },
  activation: {
    cases: [{ activation: "elu" }, { activation: "logSoftmax", positions: [2] }],
    make: ({ activation }, name) => factories.activation(activation as "elu", { name }),
    twin: (x, { activation }, { width }) => activatedAs(activation, x, width),
  },
  batchNorm: {
    cases: [{ epsilon: 0.01 }, { center: false, scale: false, momentum: 0.5, epsilon: 0.01 }, { positions: [3] }],
    leastRows: 2,
    centers: true,
    make: made(factories.batchNorm),
    twin(x, { epsilon = 1e-3 }, { weights, width, training }) {
      const { gamma, beta, movingMean, movingVariance } = weights;
      const given = training ? undefined : momentsOf(movingMean!, movingVariance!);
      return { y: batchNorm(x, width, epsilon as number, { gamma, beta }, given).y };
    },
  },
  layerNorm: {
    cases: [{ epsilon: 0.1 }, { center: false, scale: false, epsilon: 0.1 }, { epsilon: 0.1, positions: [2] }],
    make: made(factories.layerNorm),
    twin: (x, { epsilon = 1e-3 }, { weights: { gamma, beta }, width }) => ({
      y: layerNorm(x, width, epsilon as number, { gamma, beta }),
    }),
  },
  dropout: {
    cases: [{ rate: 0.4 }, { rate: 0.25, seed: 2 ** 45 + 3 }, { rate: 0 }],
    make: rated(factories.dropout),
    twin: noisy(random.dropout),
  },
  alphaDropout: {
    cases: [{ rate: 0.3 }, { rate: 0.25, seed: 7 }],
    make: rated(factories.alphaDropout),
    twin: noisy(random.alphaDropout),
  },
  gaussianNoise: {
    cases: [{ stddev: 0.5 }, { stddev: 0.25, seed: 7 }],
    make: rated(factories.gaussianNoise),
    twin: noisy(random.gaussianNoise),
  },
  flatten: {
    cases: [{ positions: [2, 3] }, {}],
    make: made(factories.flatten),
    twin: (x) => ({ y: x }),
  },
  prelu: {
    cases: [{}, { positions: [2] }, { positions: [2], sharedAxes: [1] }, { positions: [2], sharedAxes: [1, 2] }],
    make: made(factories.prelu),
    twin: (x, _, { weights }) => ({ y: prelu(x, weights.alpha!), kinks: x }),
  },
  normalization: {
    cases: [{}, { positions: [2] }], // its statistics are weights
    make: made(factories.normalization),
    twin: (x, _, { weights: { mean, variance }, width }) => ({
      y: batchNorm(x, width, 0, {}, momentsOf(mean!, variance!)).y,
    }),
  },
  reshape: {
    cases: [{ targetShape: [-1, 2], positions: [2] }, { targetShape: [1, 1, -1] }],
    make: ({ targetShape }, name) => factories.reshape(targetShape as number[], { name }),
    twin: (x) => ({ y: x }),
  },
  // Three values of one, so that their gradients add up.
  add: {
    cases: [{}, { positions: [2] }],
    className: "Add",
    make: (_, name) => (x) => add([x, other(x), x], { name }),
    twin: (x) => ({ y: x.map((value) => 2 * value + otherwise(value)) }),
  },
  concatenate: {
    cases: [{}, { positions: [2] }, { positions: [2], axis: 1 }],
    className: "Concatenate",
    make:
      ({ positions: _, ...options }, name) =>
      (x) =>
        concatenate([x, other(x), x], { ...options, name }),
    twin(x, { axis }, { width, positions }) {
      const block = axis === 1 ? product(positions) * width : width;
      return { y: rowsOf(x, block).flatMap((row) => [...row, ...row.map(otherwise), ...row]) };
    },
  },
  rescaling: {
    cases: [{ scale: 0.125 }, { scale: -1.5, offset: 0.25 }],
    make: made(factories.rescaling as (options: object) => LayerSpec),
    twin: (x, { scale, offset = 0 }) => ({ y: x.map((value) => value * (scale as number) + (offset as number)) }),
  },
};

const positionsOf = ({ positions = [] }: Options) => positions as readonly number[];
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function stackOf(name: string, options: Options, width: number): Stack {
  const layer = CASES[name]!.make(options, "part", width);
  return typeof layer === "function" ? layer : [layer];
}

/** A layer's own weights, by role. */
function rolesOf(weights: Weights, layer: string): Record<string, readonly number[]> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(`${layer}/`));
  return Object.fromEntries(own.map(([name, values]) => [name.slice(layer.length + 1), values]));
}

const SEED = 5; // of all models here

/** The layer by itself, its weights scattered. */
async function alone(name: string, options: Options, width: number, after: readonly LayerSpec[] = []): Promise<Model> {
  const model = await modelOf([...positionsOf(options), width], [stackOf(name, options, width), after], SEED);
  model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
  scatter(model);
  return model;
}

/**
 * What a layer puts out in training, (rows, …): behind it stands a dense layer of zeros with one unit a row, and of the
 * targets row r is one-hot at r; then the gradient of kernel[i][r] is −2 / rows² times what column i of row r is.
 */
async function trainingOutput(name: string, options: Options, x: Float32Array, { rows, width }: Size) {
  const probe = dense(rows, { useBias: false, kernelInitializer: "zeros", name: "probe" });
  const model = await alone(name, options, width, [flatten({ name: "flat" }), probe]);
  const { shape } = model.getWeights().get("probe/kernel")!;
  const columns = shape[0]!;
  const zeros = new Map([["probe/kernel", { data: new Float32Array(columns * rows), shape }]]);
  model.setWeights(zeros, { strict: false });
  const y = Float32Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) === 0 ? 1 : 0));
  const { data } = model.gradients(x, y).get("probe/kernel")!;
  const output = Array.from({ length: rows * columns }, (_, at) => {
    const [r, i] = [Math.floor(at / columns), at % columns];
    return (data[i * rows + r]! * rows * rows) / -2;
  });
  return { model, output };
}

// ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Golden {
  readonly layer: string;
  readonly options: Options;
  readonly shape: number[];
  readonly x: number[];
  readonly targets: number[];
  readonly weights: Readonly<Record<string, number[]>>;
  readonly y: number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly moving: Readonly<Record<string, number[]>>;
}
interface RandomGolden {
  readonly layer: string;
  readonly rate: number;
  readonly scale: number;
  readonly offset: number;
  readonly dropped: number;
}
/** PyTorch's: make_layers.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/layers.json", import.meta.url), "utf8")) as {
  readonly layers: Golden[];
  readonly random: RandomGolden[];
};

/** Evaluation, then a training step's loss, gradients and moving statistics. */
async function checkGolden({ layer, ...figure }: Golden): Promise<void> {
  const [width, positions] = [figure.shape.at(-1)!, figure.shape.slice(1, -1)];
  const model = await alone(layer, { ...figure.options, positions }, width);
  const given = [...model.getWeights()].map(([name, { shape }]) => {
    return [name, { data: Float32Array.from(figure.weights[name.slice("part/".length)]!), shape }] as const;
  });
  model.setWeights(new Map(given));
  const [x, targets] = [Float32Array.from(figure.x), Float32Array.from(figure.targets)];
  expectClose(model.predict(x).data, figure.y);
  if (Object.keys(figure.gradients).length === 0) return;
  const gradients = model.gradients(x, targets);
  expect(gradients.size).toBe(Object.keys(figure.gradients).length);
  for (const [role, expected] of Object.entries(figure.gradients)) {
    expectClose(gradients.get(`part/${role}`)!.data, expected);
  }
  expectClose([model.trainOnBatch(x, targets).loss!], [figure.loss]);
  for (const [role, expected] of Object.entries(figure.moving))
    expectClose(weightsOf(model)[`part/${role}`]!, expected);
}

/** Each element is kept or dropped, and what becomes of it then is PyTorch's. */
async function checkRandom({ layer, rate, scale, offset, dropped }: RandomGolden): Promise<void> {
  const size = { rows: 4, width: 500 };
  const x = noise(size.rows * size.width, 3).map((value) => value + 2); // none is dropped and kept alike
  const { output } = await trainingOutput(layer, { rate }, x, size);
  const close = (a: number, b: number) => Math.abs(a - b) < 2e-6 * (1 + Math.abs(b));
  const isDropped = output.map((y) => close(y, dropped));
  output.forEach((y, i) => expect(isDropped[i] || close(y, scale * x[i]! + offset), `element ${i}: ${y}`).toBe(true));
  const share = isDropped.filter(Boolean).length / output.length;
  expect(Math.abs(share - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / output.length));
}

/** Mean, deviation and largest value of what the layer makes of ones (20, 500) in training. */
async function ofOnes(name: string, options: Options) {
  const size = { rows: 20, width: 500 };
  const { output } = await trainingOutput(name, options, new Float32Array(10_000).fill(1), size);
  const mean = output.reduce((a, b) => a + b, 0) / output.length;
  const stddev = Math.sqrt(output.reduce((sum, y) => sum + (y - mean) ** 2, 0) / output.length);
  return { mean, stddev, largest: Math.max(...output) };
}

async function checkDense(activation: string, useBias: boolean, expected: readonly number[]): Promise<void> {
  const model = await alone("dense", { units: 2, activation, useBias }, 2);
  const weights = new Map([["part/kernel", { data: Float32Array.from(DENSE.kernel), shape: [2, 2] }]]);
  if (useBias) weights.set("part/bias", { data: Float32Array.from(DENSE.bias), shape: [2] });
  model.setWeights(weights);
  expect([...model.predict(Float32Array.from(DENSE.x)).data]).toEqual(expected);
}

const KERAS: Readonly<Record<string, readonly Figures[]>> = {
  dense: [
    {
      source: "Keras's test_dense_correctness",
      async check() {
        await checkDense("relu", true, DENSE.withBiasAndRelu);
        await checkDense("linear", false, DENSE.alone);
      },
    },
  ],
  layerNorm: [
    {
      source: "Keras's test_output",
      async check() {
        const model = await alone("layerNorm", {}, 5);
        const ones = { data: new Float32Array(5).fill(1), shape: [5] };
        model.setWeights(new Map(["part/gamma", "part/beta"].map((name) => [name, ones])));
        model.predict(Float32Array.from(LAYER_NORM.x)).data.forEach((y, i) => {
          expect(y).toBeCloseTo(LAYER_NORM.y[i]!, 5);
        });
      },
    },
  ],
  dropout: [
    {
      source: "Keras's test_dropout_rescaling",
      async check() {
        const { rate, seed, mean, within, largest } = NOISE.dropout;
        const found = await ofOnes("dropout", { rate, seed });
        expect(Math.abs(found.mean - mean)).toBeLessThan(within);
        expect(found.largest).toBeCloseTo(largest, 5);
      },
    },
  ],
  alphaDropout: [
    {
      source: "Keras's test_alpha_dropout_correctness",
      async check() {
        const { rate, seed, stddev, within } = NOISE.alphaDropout;
        const found = await ofOnes("alphaDropout", { rate, seed });
        expect(Math.abs(found.stddev - stddev)).toBeLessThan(within);
      },
    },
  ],
  gaussianNoise: [
    {
      source: "Keras's test_gaussian_noise_correctness",
      async check() {
        const { stddev, seed, within } = NOISE.gaussianNoise;
        const found = await ofOnes("gaussianNoise", { stddev, seed });
        expect(Math.abs(found.stddev - stddev)).toBeLessThan(within);
      },
    },
  ],
};

function figures(name: string): Figures[] {
  return [
    ...golden.layers
      .filter(({ layer }) => layer === name)
      .map((figure) => ({
        source: `PyTorch ${JSON.stringify(figure.options)} (${figure.shape.join(", ")})`,
        check: () => checkGolden(figure),
      })),
    ...golden.random
      .filter(({ layer }) => layer === name)
      .map((figure) => ({ source: `PyTorch, rate ${figure.rate}`, check: () => checkRandom(figure) })),
    ...(KERAS[name] ?? []),
  ];
}

// ── The family ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The class of each factory that has a case. */
function classOf(name: string): string {
  const { make, cases, className } = CASES[name]!;
  const layer = make(cases[0]!, "part", 3);
  return typeof layer === "function" ? className! : layer.kind.className;
}
const CLASSES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(CASES).map((name) => [classOf(name), name]),
);

/** What src/layers exports beside layers, and where it is tested. */
export const NO_LAYERS: Readonly<Record<string, string>> = {
  defineLayer: "test/layers/define.test.ts",
  funnel: "test/layers/funnel.test.ts",
  input: "test/model/graph.test.ts",
  SymbolicValue: "test/model/graph.test.ts",
};

/** Every factory that src/layers exports, and every class of a file: those without a case by their class. */
const NAMES = [
  ...new Set([
    ...Object.entries(factories)
      .filter(([name, value]) => typeof value === "function" && !(name in NO_LAYERS))
      .map(([name]) => name),
    ...Object.keys(LAYERS).map((className) => CLASSES[className] ?? className),
  ]),
];

export const layerFamily: FamilyUnderTest = {
  kind: "layer",
  names: NAMES,
  files: {
    cases: "test/families/layers.ts (CASES)",
    twin: "test/families/layers.ts (CASES), made of test/reference",
    figures: "test/golden/make_layers.py, and run it",
  },
  cases: (name) => CASES[name]?.cases ?? [],
  hasTwin: (name) => name in CASES,
  differentiable: true,
  figures,
  leastRows: ({ name, options }) => (positionsOf(options as Options).length > 0 ? 1 : (CASES[name]!.leastRows ?? 1)),

  async follows(member, size) {
    const { rows, width } = size;
    const [{ name }, options] = [member, member.options as Options];
    const positions = positionsOf(options);
    const x = noise(rows * product(positions) * width, 3).map((value) => value * 3);
    const check = (found: ArrayLike<number>, model: Model, training: boolean) => {
      const weights = rolesOf(weightsOf(model), "part");
      const context = { weights, width, positions, training, draw: { layer: 0, step: 0, seed: SEED } };
      const { y } = CASES[name]!.twin(Array.from(x), options, context);
      expect(found.length).toBe(y.length);
      // Sums of up to 17 terms of size 3; a variance may be as small as epsilon.
      y.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(8e-6 * (1 + Math.abs(value))));
    };
    const model = await alone(name, options, width);
    check(model.predict(x).data, model, false);
    if (rows < this.leastRows!(member)) return;
    const trained = await trainingOutput(name, options, x, size);
    check(trained.output, trained.model, true);
  },

  network(member: Member, size) {
    const { width } = size;
    const options = member.options as Options;
    const positions = positionsOf(options);
    const { twin, centers = false } = CASES[member.name]!;
    return between(
      {
        layers: stackOf(member.name, options, width),
        positions,
        twin: (z, weights) =>
          twin(z, options, {
            weights: rolesOf(weights, "part"),
            width,
            positions,
            training: true,
            draw: { layer: 1, step: 0, seed: SEED },
          }),
      },
      size,
      {},
      { useBias: !centers },
    );
  },
};
