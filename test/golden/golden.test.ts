// The same networks in PyTorch (golden.json, written by make_golden.py in float64), in the f64 twin, and in lanewise.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as lanewise from "../../src/index.js";
import type { Model, NamedArray, Optimizer } from "../../src/index.js";
import * as twin from "../reference/network.js";

type Loss = "sparseCategoricalCrossentropy" | "categoricalCrossentropy" | "binaryCrossentropy" | "meanSquaredError";
type OptimizerName = "sgd" | "momentum" | "nesterov" | "adam";

interface Training {
  readonly losses: number[];
  readonly weights: number[][];
}

interface Case {
  readonly name: string;
  readonly input: number[];
  readonly rows: number;
  readonly link: "softmax" | "sigmoid" | "linear";
  readonly smoothing: number;
  readonly loss: Loss;
  readonly layers: [units: number, activation: "linear" | "relu" | "tanh" | "sigmoid" | "elu", alpha: number][];
  readonly x: number[];
  readonly y: number[];
  readonly weights: number[][];
  readonly predictions: number[];
  readonly lossOfAll: number;
  readonly accuracy: number | null;
  readonly gradients: number[][];
  readonly training: Record<OptimizerName, Training>;
  readonly batches: Record<OptimizerName, Training>;
}

const { cases } = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as { cases: Case[] };

const RULES: Record<OptimizerName, twin.Rule> = {
  sgd: { name: "sgd", learningRate: 0.1, momentum: 0, nesterov: false },
  momentum: { name: "sgd", learningRate: 0.05, momentum: 0.9, nesterov: false },
  nesterov: { name: "sgd", learningRate: 0.05, momentum: 0.9, nesterov: true },
  adam: { name: "adam", learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
};
const OPTIMIZERS = Object.keys(RULES) as OptimizerName[];

/** The unit roundoff of f32: what one operation may be off by, relatively. */
const U = 2 ** -24;

// The longest sum here has 13 terms and the elementary functions are good to 4 ULP. An element passes at most four such
// layers, so 16 U of the largest element of its array is what rounding may add up to; ten steps may each add as much
// of one step's change, and lay it on weights that were rounded ten times.
const FORWARD = 16 * U;
const GRADIENT = 16 * U;
const TRAINED = 32 * U;
/** PyTorch's float64 and ours: only the thirteen digits of the file. */
const TWIN = 1e-11;

/** The largest deviation, in terms of the largest element. */
function deviation(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / scale;
}

function expectClose(what: string, actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(deviation(actual, expected), `${what}: deviation in terms of the largest`).toBeLessThanOrEqual(tolerance);
}

function describeOptimizer(name: OptimizerName): Optimizer {
  const { name: family, ...options } = RULES[name];
  return family === "sgd" ? lanewise.sgd(options) : lanewise.adam(options);
}

function describeLoss({ loss, smoothing }: Case) {
  return loss === "meanSquaredError" ? loss : lanewise.losses[loss]({ labelSmoothing: smoothing });
}

async function build(c: Case, optimizer: OptimizerName = "sgd"): Promise<Model> {
  const layers = c.layers.map(([units, activation, alpha], i) => {
    const hidden = activation === "elu" ? lanewise.elu({ alpha }) : activation;
    return lanewise.dense(units, { activation: i === c.layers.length - 1 ? c.link : hidden });
  });
  const model = await lanewise.sequential({ inputShape: c.input, layers, seed: 1 });
  const metrics = c.loss === "meanSquaredError" ? [] : (["accuracy"] as const);
  model.compile({ optimizer: describeOptimizer(optimizer), loss: describeLoss(c), metrics });
  model.setWeights(named(model, c.weights));
  return model;
}

/** Arrays in layer order, with the names and shapes of the model's weights. */
function named(model: Model, arrays: readonly number[][]): Map<string, NamedArray> {
  const entries = [...model.getWeights()];
  return new Map(entries.map(([name, { shape }], i) => [name, { data: Float32Array.from(arrays[i]!), shape }]));
}

function expectWeights(what: string, model: Model, expected: readonly number[][], tolerance: number): void {
  [...model.getWeights().values()].forEach(({ data }, i) => expectClose(what, data, expected[i]!, tolerance));
}

const inputsOf = ({ x }: Case) => Float32Array.from(x);
const targetsOf = ({ y }: Case) => Float32Array.from(y);

describe.each(cases)("$name", (c) => {
  test("predicts as PyTorch does", async () => {
    const model = await build(c);
    expectClose("predictions", model.predict(inputsOf(c)).data, c.predictions, FORWARD);
    expect([...model.predict(inputsOf(c), { batchSize: 2 }).data]).toEqual([...model.predict(inputsOf(c)).data]);
  });

  test("evaluates to PyTorch's loss and accuracy, whatever the batches", async () => {
    const model = await build(c);
    for (const batchSize of [1, 4, 256]) {
      const { loss, accuracy } = await model.evaluate(inputsOf(c), targetsOf(c), { batchSize });
      expectClose("loss", [loss!], [c.lossOfAll], FORWARD);
      if (c.loss !== "meanSquaredError") expect(accuracy).toBeCloseTo(c.accuracy!, 12);
    }
  });

  test("has PyTorch's gradients, and asking for them changes nothing", async () => {
    const model = await build(c);
    const before = model.toBytes({ includeOptimizer: true });
    const gradients = [...model.gradients(inputsOf(c), targetsOf(c))];
    expect(gradients.map(([name]) => name)).toEqual([...model.getWeights().keys()]);
    gradients.forEach(([, { data }], i) => expectClose("gradients", data, c.gradients[i]!, GRADIENT));
    expect(model.toBytes({ includeOptimizer: true })).toEqual(before);
  });

  test.each(OPTIMIZERS)("takes PyTorch's ten steps of %s", async (optimizer) => {
    const model = await build(c, optimizer);
    const golden = c.training[optimizer];
    golden.losses.forEach((expected) => {
      expectClose("losses", [model.trainOnBatch(inputsOf(c), targetsOf(c)).loss!], [expected], TRAINED);
    });
    expectWeights("weights", model, golden.weights, TRAINED);
  });

  test.each(OPTIMIZERS)("fits as PyTorch does in batches of 4, the last one partial, by %s", async (optimizer) => {
    const model = await build(c, optimizer);
    const golden = c.batches[optimizer];
    const { history } = await model.fit(inputsOf(c), targetsOf(c), { epochs: 2, batchSize: 4, shuffle: false });
    const steps = golden.losses.length / 2;
    const epochs = [golden.losses.slice(0, steps), golden.losses.slice(steps)].map((losses) =>
      losses.reduce((sum, loss, i) => sum + loss * (Math.min(4, c.rows - 4 * i) / c.rows), 0),
    );
    expectClose("epochs", history.loss!, epochs, TRAINED);
    expectWeights("weights", model, golden.weights, TRAINED);
  });

  test.each(OPTIMIZERS)("applies gradients as a step of %s does, and goes on training", async (optimizer) => {
    const [x, y] = [inputsOf(c), targetsOf(c)];
    const [stepped, applied] = [await build(c, optimizer), await build(c, optimizer)];
    for (let round = 0; round < 3; round++) {
      stepped.trainOnBatch(x, y);
      applied.applyGradients(applied.gradients(x, y));
      expect(applied.getWeights()).toEqual(stepped.getWeights());
      expect(applied.trainOnBatch(x, y)).toEqual(stepped.trainOnBatch(x, y));
      expect(applied.getWeights()).toEqual(stepped.getWeights());
    }
    applied.applyGradients(applied.gradients(x, y));
    stepped.trainOnBatch(x, y);
    const { history } = await applied.fit(x, y, { epochs: 1, batchSize: c.rows, shuffle: false });
    expect(history.loss).toEqual([stepped.trainOnBatch(x, y).loss]);
  });

  test("the f64 twin agrees with PyTorch", () => {
    const network = twinOf(c);
    const [x, targets] = [Float64Array.from(c.x), twinTargets(c)];
    const { loss, gradients } = twin.lossAndGradients(network, x, targets);
    expectClose("twin", twin.predict(network, x), c.predictions, TWIN);
    expectClose("twin", [loss], [c.lossOfAll], TWIN);
    gradients.forEach((gradient, i) => expectClose("twin", gradient, c.gradients[i]!, TWIN));
    for (const optimizer of OPTIMIZERS) {
      const weights = twin.weightsOf(twinOf(c));
      const step = twin.optimizer(RULES[optimizer]);
      const losses = c.training[optimizer].losses.map(() => {
        const before = twin.lossAndGradients(twin.withWeights(network, weights), x, targets);
        step(weights, before.gradients);
        return before.loss;
      });
      expectClose("twin", losses, c.training[optimizer].losses, TWIN);
      weights.forEach((w, i) => expectClose("twin", w, c.training[optimizer].weights[i]!, TWIN));
    }
  });
});

test.each(OPTIMIZERS)("freezing and thawing layers keeps the memory of %s, as in the f64 twin", async (optimizer) => {
  const c = cases[0]!;
  const model = await build(c, optimizer);
  const [network, x, targets] = [twinOf(c), Float64Array.from(c.x), twinTargets(c)];
  const weights = twin.weightsOf(network);
  const step = twin.optimizer(RULES[optimizer]);
  for (const frozen of [[], [0], [0], [1], [0, 1], [1, 2], [2], []]) {
    model.layers.forEach((layer, i) => (layer.trainable = !frozen.includes(i)));
    const still = [...model.getWeights().values()].map(({ data }) => data);
    const { loss, gradients } = twin.lossAndGradients(twin.withWeights(network, weights), x, targets);
    const frozenWeights = frozen.flatMap((layer) => [2 * layer, 2 * layer + 1]);
    step(weights, gradients, frozenWeights);
    expectClose("loss", [model.trainOnBatch(inputsOf(c), targetsOf(c)).loss!], [loss], TRAINED);
    const moved = [...model.getWeights().values()].map(({ data }) => data);
    for (const i of frozenWeights) expect(moved[i]).toEqual(still[i]);
    expectWeights(
      "weights",
      model,
      weights.map((w) => [...w]),
      TRAINED,
    );
  }
});

function twinOf({ layers, weights, link, smoothing }: Case): twin.Network {
  return {
    head: { link, smoothing },
    layers: layers.map(([, activation, alpha], i) => ({
      activation,
      alpha,
      kernel: Float64Array.from(weights[2 * i]!),
      bias: Float64Array.from(weights[2 * i + 1]!),
    })),
  };
}

/** Labels as one-hot rows. */
function twinTargets({ y, loss, layers }: Case): Float64Array {
  const classes = layers.at(-1)![0];
  if (loss !== "sparseCategoricalCrossentropy") return Float64Array.from(y);
  return Float64Array.from(y.flatMap((label) => Array.from({ length: classes }, (_, j) => (j === label ? 1 : 0))));
}
