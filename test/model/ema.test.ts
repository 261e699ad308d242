import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/formats/safetensors.js";
import {
  adam,
  batchNorm,
  cosineDecay,
  dense,
  type LayerSpec,
  loadModel,
  maxNorm,
  type Model,
  type Optimizer,
  sequential,
  sgd,
  l2,
} from "../../src/index.js";
import { OPTIMIZERS } from "../../src/optimizers/index.js";
import { moveMean } from "../reference/average.js";
import { CLASSES, classifier, expectSameBits, failureOf, FEATURES, samples, stateOf, weightsOf } from "./helpers.js";

const { x, y } = samples(40);
const batch = (i: number) =>
  [x.subarray(i * 8 * FEATURES, (i + 1) * 8 * FEATURES), y.subarray(i * 8, (i + 1) * 8)] as const;

const LAYERS = (): LayerSpec[] => [
  dense(5, { activation: "tanh", name: "hidden", kernelConstraint: maxNorm(0.9), kernelRegularizer: l2(0.01) }),
  batchNorm({ name: "bn", momentum: 0.5 }),
  dense(CLASSES, { activation: "softmax", name: "output" }),
];
/** The same network with an average and without one: their raw weights are the same. */
const pair = async (ema: number, optimizer: object = { name: "adam", learningRate: 0.05 }) =>
  Promise.all(
    [{ ...optimizer, ema }, optimizer].map((each) =>
      classifier({ optimizer: each as Optimizer }, { layers: LAYERS() }),
    ),
  ) as Promise<[averaged: Model, plain: Model]>;

const STATE = ["bn/movingMean", "bn/movingVariance"];

/** What the averages must be after each of the plain model's steps, in f64. */
class Averages {
  readonly #share: number;
  #step = 0;
  #means = new Map<string, Float64Array>();

  constructor(ema: number) {
    this.#share = 1 - ema;
  }

  follow(plain: Model): void {
    const share = this.#step++ === 0 ? 1 : this.#share;
    for (const [name, { data }] of plain.getWeights()) {
      const isState = STATE.includes(name);
      this.#means.set(name, moveMean(data, this.#means.get(name) ?? data, isState ? 1 : share));
    }
  }

  expectIn(model: Model): void {
    for (const [name, { data }] of model.getWeights()) {
      const expected = this.#means.get(name)!;
      data.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(this.#step * 4 * 2 ** -24));
    }
  }
}

/** A model of the same network with these weights, and no average. */
async function holding(weights: Model): Promise<Model> {
  const model = await classifier({}, { layers: LAYERS(), seed: 99 });
  model.setWeights(weights.getWeights());
  return model;
}

describe("the weights that are seen", () => {
  test.each(Object.keys(OPTIMIZERS.rows))(
    "are averages of those of %s, the first step's being the weights",
    async (name) => {
      const ema = 0.75;
      const [averaged, plain] = await pair(ema, { name });
      const averages = new Averages(ema);
      for (let step = 0; step < 12; step++) {
        expect(averaged.trainOnBatch(...batch(step % 5))).toEqual(plain.trainOnBatch(...batch(step % 5)));
        averages.follow(plain);
        averages.expectIn(averaged);
        if (step === 0) expect(weightsOf(averaged)).toEqual(weightsOf(plain));
      }
      expect(weightsOf(averaged)["hidden/kernel"]).not.toEqual(weightsOf(plain)["hidden/kernel"]);
      for (const state of STATE) expect(weightsOf(averaged)[state]).toEqual(weightsOf(plain)[state]);
    },
  );

  test("are the initial ones before the first step", async () => {
    const [averaged, plain] = await pair(0.9);
    expect(averaged.getWeights()).toEqual(plain.getWeights());
    expect(averaged.predict(x)).toEqual(plain.predict(x));
  });

  test("are those of predict, evaluate, validation and files", async () => {
    const [averaged] = await pair(0.9);
    averaged.predict(x); // its program was built before the averages moved
    const validationData = [x, y] as const;
    const { history } = await averaged.fit(x, y, { epochs: 3, batchSize: 8, validationData });
    const twin = await holding(averaged);
    expect(averaged.predict(x)).toEqual(twin.predict(x));
    const figures = await averaged.evaluate(x, y, { sampleWeight: new Array<number>(40).fill(1) });
    expect(figures).toEqual(await twin.evaluate(x, y, { sampleWeight: new Array<number>(40).fill(1) }));
    expect(await averaged.evaluate(x, y)).toEqual(await twin.evaluate(x, y));
    expect({ loss: history.val_loss!.at(-1), accuracy: history.val_accuracy!.at(-1) }).toEqual(
      await twin.evaluate(x, y),
    );
    const loaded = await loadModel(averaged.toBytes());
    expect(loaded.getWeights()).toEqual(averaged.getWeights());
    expect(loaded.predict(x)).toEqual(averaged.predict(x));
  });

  test("are not those of a training step: fit reports the same losses as without", async () => {
    const [averaged, plain] = await pair(0.9);
    const options = { epochs: 4, batchSize: 8 };
    expect(await averaged.fit(x, y, options)).toEqual(await plain.fit(x, y, options));
    expect(averaged.gradients(x, y)).toEqual(plain.gradients(x, y));
  });

  test("also those of applyGradients, under a schedule", async () => {
    const [averaged, plain] = await pair(
      0.5,
      sgd({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
    );
    const averages = new Averages(0.5);
    for (let step = 0; step < 6; step++) {
      const gradients = plain.gradients(...batch(step % 5));
      averaged.applyGradients(gradients);
      plain.applyGradients(gradients);
      averages.follow(plain);
      averages.expectIn(averaged);
    }
  });

  test("are those of frozen layers too, which stand still, and go on when they are thawed", async () => {
    const [averaged, plain] = await pair(0.75);
    const averages = new Averages(0.75);
    for (const model of [averaged, plain]) model.getLayer("hidden").trainable = false;
    const before = weightsOf(averaged)["hidden/kernel"];
    for (let step = 0; step < 8; step++) {
      for (const model of [averaged, plain]) {
        if (step === 4) model.getLayer("hidden").trainable = true;
        model.trainOnBatch(...batch(step % 5));
      }
      averages.follow(plain);
      averages.expectIn(averaged);
      if (step === 3) expect(weightsOf(averaged)["hidden/kernel"]).toEqual(before);
    }
    expect(weightsOf(averaged)["hidden/kernel"]).not.toEqual(before);
  });
});

describe("training state", () => {
  const options = { epochs: 4, batchSize: 8 };

  test("stop, save, load and resume end with the bits of an uninterrupted run", async () => {
    const [whole] = await pair(0.9);
    const [cut] = await pair(0.9);
    await whole.fit(x, y, options);
    await cut.fit(x, y, { ...options, maxSteps: 7 });
    const loaded = await loadModel(cut.toBytes({ includeOptimizer: true }));
    expectSameBits(loaded, cut);
    await loaded.fit(x, y, { ...options, resume: true });
    expectSameBits(loaded, whole);
  });

  test("holds the raw weights, which a file without it leaves out", async () => {
    const [averaged, plain] = await pair(0.9);
    for (const model of [averaged, plain]) await model.fit(x, y, options);
    const { tensors } = readSafetensors(stateOf(averaged));
    for (const [name, { data }] of plain.getWeights()) {
      const raw = tensors.get(`optimizer/raw/${name}`);
      if (STATE.includes(name)) expect(raw).toBeUndefined();
      else expect(Buffer.compare(raw!.data, new Uint8Array(data.buffer))).toBe(0);
    }
    const names = [...readSafetensors(averaged.toBytes()).tensors.keys()];
    expect(names.filter((name) => name.startsWith("optimizer/"))).toEqual([]);
    expect([...readSafetensors(stateOf(plain)).tensors.keys()].filter((name) => name.includes("/raw/"))).toEqual([]);
  });

  test("setWeights sets both, also in part", async () => {
    const [averaged, plain] = await pair(0.9);
    await averaged.fit(x, y, options);
    averaged.setWeights(plain.getWeights());
    expect(averaged.getWeights()).toEqual(plain.getWeights());
    expect(averaged.gradients(x, y)).toEqual(plain.gradients(x, y));

    const bias = { data: Float32Array.of(1, 2, 3), shape: [3] };
    averaged.setWeights(new Map([["output/bias", bias]]), { strict: false });
    plain.setWeights(new Map([["output/bias", bias]]), { strict: false });
    expect(averaged.getWeights()).toEqual(plain.getWeights());
    expect(averaged.gradients(x, y)).toEqual(plain.gradients(x, y));
  });

  test("begins anew with compile, from the weights that were seen; what is seen does not change", async () => {
    for (const optimizer of [adam({ learningRate: 0.05, ema: 0.5 }), adam({ learningRate: 0.05 })]) {
      const [averaged] = await pair(0.9);
      await averaged.fit(x, y, options);
      const [seen, predicted] = [averaged.getWeights(), averaged.predict(x)];
      averaged.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
      expect(averaged.getWeights()).toEqual(seen);
      expect(averaged.predict(x)).toEqual(predicted);
      const twin = await classifier({ optimizer }, { layers: LAYERS() });
      twin.setWeights(seen);
      for (const model of [averaged, twin]) await model.fit(x, y, options);
      expectSameBits(averaged, twin);
    }
  });
});

test("stands behind the constraints, before the moving statistics, and only where it is asked for", async () => {
  const [averaged, plain] = await pair(0.9);
  expect(averaged.program({ training: true })).toMatch(
    /adam[^]*constrainNorms[^]*ema[^]*share 0.1\b[^]*movingStatistics/,
  );
  expect(averaged.program()).not.toContain("ema ");
  expect(plain.program({ training: true })).not.toContain("ema ");
});

test.each([0, 1, -0.5, 1.5, NaN, Infinity, "0.9", null, true])("an average that keeps %s is refused", async (ema) => {
  for (const name of Object.keys(OPTIMIZERS.rows)) {
    const error = await failureOf(() => classifier({ optimizer: { name, ema } as unknown as Optimizer }));
    expect(error.code).toBe("config/out-of-range");
    expect(error.message).toContain(`ema of optimizer "${name}" must be above 0 and below 1`);
  }
});

test("an average smooths what a large rate makes swing", async () => {
  const build = async (ema?: number) => {
    const model = await sequential({ inputShape: FEATURES, layers: [dense(CLASSES)], seed: 3 });
    model.compile({ optimizer: sgd({ learningRate: 0.9, ...(ema && { ema }) }), loss: "meanSquaredError" });
    return model;
  };
  const targets = Array.from(y, (label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
  const losses = await Promise.all(
    [undefined, 0.95].map(async (ema) => {
      const model = await build(ema);
      await model.fit(x, targets, { epochs: 60, batchSize: 2 });
      return (await model.evaluate(x, targets)).loss!;
    }),
  );
  expect(losses[1]!).toBeLessThan(losses[0]! * 0.9);
});
