import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { standardScaler } from "../../src/data/index.js";
import { LanewiseError } from "../../src/errors.js";
import {
  activation,
  add,
  batchNorm,
  defineLayer,
  dense,
  dropout,
  flatten,
  foldBatchNorm,
  input,
  l2,
  type LayerSpec,
  loadModel,
  maxNorm,
  model,
  type Model,
  prelu,
  sequential,
  sgd,
} from "../../src/index.js";
import { noise, samples, stateOf } from "../model/helpers.js";

const U = 2 ** -24;

/** A network whose statistics, gammas, betas and biases are no longer those of the start. */
async function trained(layers: LayerSpec[], inputShape: number | number[] = 4, seed = 3): Promise<Model> {
  const model = await sequential({ inputShape, layers, seed });
  const weights = [...model.getWeights()].map(([name, { data, shape }], i) => {
    const values = noise(data.length, seed + i);
    const changed = name.endsWith("movingVariance")
      ? values.map((v) => 0.05 + 2 * v * v)
      : values.map((v, j) => v + data[j]!);
    return [name, { data: changed, shape }] as const;
  });
  model.setWeights(new Map(weights));
  return model;
}

/** A weight in f64; what is not there is `missing` everywhere. */
const reader = (model: Model) => {
  const weights = model.getWeights();
  return (name: string, missing = 0) =>
    (i: number) =>
      weights.get(name)?.data[i] ?? missing;
};

/** s and t of a batchNorm, from the formulas. */
function affine(model: Model, name: string, epsilon = 1e-3) {
  const read = reader(model);
  const [gamma, beta, mean, variance] = [
    read(`${name}/gamma`, 1),
    read(`${name}/beta`),
    read(`${name}/movingMean`),
    read(`${name}/movingVariance`),
  ];
  const s = (j: number) => gamma(j) / Math.sqrt(variance(j) + Math.fround(epsilon));
  return { s, t: (j: number) => beta(j) - mean(j) * s(j), mean, beta };
}

const names = (model: Model) => model.layers.map(({ name }) => name);

describe("a batchNorm behind a linear dense layer", () => {
  test.each([
    { useBias: true, center: true, scale: true },
    { useBias: false, center: true, scale: false },
    { useBias: true, center: false, scale: true },
    { useBias: false, center: false, scale: false },
  ])("goes into its kernel and bias, rounded once: %o", async ({ useBias, ...options }) => {
    const model = await trained([
      dense(3, { useBias, name: "d" }),
      batchNorm({ ...options, epsilon: 0.01, name: "bn" }),
    ]);
    const { model: folded, folded: which } = await foldBatchNorm(model);
    expect(which).toEqual([{ batchNorm: "bn", into: "d" }]);
    expect(names(folded)).toEqual(["d"]);
    const { s, t } = affine(model, "bn", 0.01);
    const [kernel, bias] = [reader(model)("d/kernel"), reader(model)("d/bias")];
    const weights = folded.getWeights();
    expect([...weights.get("d/kernel")!.data]).toEqual(
      Array.from({ length: 12 }, (_, i) => Math.fround(kernel(i) * s(i % 3))),
    );
    expect([...weights.get("d/bias")!.data]).toEqual([0, 1, 2].map((j) => Math.fround(bias(j) * s(j) + t(j))));
  });

  test("so do several in a row, and on samples of several rows", async () => {
    const layers = [dense(3, { name: "d" }), batchNorm({ name: "a" }), batchNorm({ name: "b" }), flatten(), dense(2)];
    const model = await trained(layers, [2, 4]);
    const { model: folded, folded: which } = await foldBatchNorm(model);
    expect(which).toEqual([
      { batchNorm: "a", into: "d" },
      { batchNorm: "b", into: "d" },
    ]);
    const x = noise(80);
    const expected = model.predict(x).data;
    folded.predict(x).data.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
  });
});

test("a batchNorm before a dense layer goes into that one, whatever its activation", async () => {
  const layers = [batchNorm({ name: "bn" }), dense(3, { activation: "softmax", useBias: false, name: "d" })];
  const model = await trained(layers);
  const { model: folded, folded: which } = await foldBatchNorm(model);
  expect(which).toEqual([{ batchNorm: "bn", into: "d" }]);
  const { s, t } = affine(model, "bn");
  const kernel = reader(model)("d/kernel");
  const weights = folded.getWeights();
  expect([...weights.get("d/kernel")!.data]).toEqual(
    Array.from({ length: 12 }, (_, i) => Math.fround(kernel(i) * s(Math.floor(i / 3)))),
  );
  const bias = [0, 1, 2].map((j) => Math.fround([0, 1, 2, 3].reduce((sum, k) => sum + t(k) * kernel(3 * k + j), 0)));
  expect([...weights.get("d/bias")!.data]).toEqual(bias);
  expect(folded.getLayer("d").config).toMatchObject({ useBias: true, activation: { name: "softmax" } });
});

test("only what is next to a dense layer is folded, and all else is copied", async () => {
  const model = await trained([
    standardScaler().fit(noise(40), { shape: 4 }).layer({ name: "scale" }),
    batchNorm({ name: "bn0" }),
    dense(5, { name: "d1", kernelConstraint: maxNorm(2), kernelRegularizer: l2(0.1), trainable: false }),
    batchNorm({ name: "bn1" }),
    activation("elu", { name: "elu" }),
    dropout(0.3, { name: "drop" }),
    dense(5, { activation: "relu", name: "d2", learningRateMultiplier: 0.5, kernelConstraint: maxNorm(3) }),
    batchNorm({ name: "bn2" }),
    prelu({ name: "p" }),
    batchNorm({ name: "bn3" }),
    dense(3, { name: "d3" }),
  ]);
  const state = model.toBytes();
  const { model: folded, folded: which } = await foldBatchNorm(model);
  expect(which).toEqual([
    { batchNorm: "bn0", into: "d1" },
    { batchNorm: "bn1", into: "d1" },
    { batchNorm: "bn3", into: "d3" },
  ]);
  expect(names(folded)).toEqual(["scale", "d1", "elu", "drop", "d2", "bn2", "p", "d3"]);
  expect(folded.seed).toBe(model.seed);
  expect(folded.getLayer("d1").config).not.toHaveProperty("kernelConstraint");
  expect(folded.getLayer("d1").config).not.toHaveProperty("kernelRegularizer");
  expect(folded.getLayer("d1").trainable).toBe(false);
  for (const name of ["scale", "elu", "drop", "d2", "bn2", "p"]) {
    const [copy, original] = [folded.getLayer(name), model.getLayer(name)];
    expect(copy.config).toEqual(original.config);
    expect(copy.learningRateMultiplier).toBe(original.learningRateMultiplier);
    for (const [weight, { data }] of model.getWeights()) {
      if (weight.startsWith(`${name}/`)) expect(folded.getWeights().get(weight)!.data).toEqual(data);
    }
  }
  expect(model.toBytes()).toEqual(state);
  // With nothing to fold, the same network.
  const { model: again, folded: none } = await foldBatchNorm(folded);
  expect(none).toEqual([]);
  expect(again.toBytes()).toEqual(folded.toBytes());
});

it("differs by rounding only: within the bound that it states", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 40 }),
    fc.nat(1000),
    fc.boolean(),
    async (width, seed, first) => {
      const bn = batchNorm({ name: "bn" });
      const layers = first ? [bn, dense(6, { name: "d" })] : [dense(6, { name: "d" }), bn];
      const model = await trained(layers, width, seed);
      const x = noise(7 * width, seed + 99);
      const { model: folded, maxDifference } = await foldBatchNorm(model, { x });
      const { s, mean, beta } = affine(model, "bn");
      const [kernel, bias] = [reader(model)("d/kernel"), reader(model)("d/bias")];
      const [a, b] = [model.predict(x).data, folded.predict(x).data];
      let largest = 0;
      a.forEach((value, at) => {
        const [row, j] = [Math.floor(at / 6), at % 6];
        let magnitudes = first
          ? Math.abs(bias(j))
          : Math.abs(s(j)) * (Math.abs(bias(j)) + Math.abs(mean(j))) + Math.abs(beta(j));
        for (let k = 0; k < width; k++) {
          const input = Math.abs(x[row * width + k]!);
          const weight = Math.abs(kernel(k * 6 + j));
          magnitudes += first
            ? weight * (Math.abs(s(k)) * (input + Math.abs(mean(k))) + Math.abs(beta(k)))
            : input * weight * Math.abs(s(j));
        }
        expect(Math.abs(value - b[at]!)).toBeLessThanOrEqual(2 * (width + 5) * U * magnitudes);
        largest = Math.max(largest, Math.abs(value - b[at]!));
      });
      expect(maxDifference).toBe(largest);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

it("of a trained network predicts the same classes, is saved like any other, and leaves that one as it was", async () => {
  const { x, y } = samples(200);
  const model = await sequential({
    inputShape: 4,
    layers: [dense(16, { useBias: false }), batchNorm(), activation("relu"), dense(3, { activation: "softmax" })],
    seed: 5,
  });
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(x, y, { epochs: 20, batchSize: 20 });
  const state = stateOf(model);
  const { model: folded, maxDifference } = await foldBatchNorm(model, { x });
  expect(stateOf(model)).toEqual(state);
  expect(maxDifference).toBeGreaterThan(0);
  expect(maxDifference).toBeLessThan(1e-5);
  folded.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  expect((await folded.evaluate(x, y)).accuracy).toBe((await model.evaluate(x, y)).accuracy);
  expect((await loadModel(folded.toBytes())).predict(x)).toEqual(folded.predict(x));
});

it("folds a loaded network whose initializer was a function", async () => {
  const kernelInitializer = ([rows, columns]: readonly number[]) => noise(rows! * columns!, 8);
  const model = await trained([dense(3, { kernelInitializer }), batchNorm()]);
  const loaded = await loadModel(model.toBytes());
  expect((await foldBatchNorm(loaded)).model.predict(noise(8))).toEqual(
    (await foldBatchNorm(model)).model.predict(noise(8)),
  );
});

it("copies layers of one's own as they are", async () => {
  const shift = defineLayer({
    className: "Shift",
    config: { by: 1 },
    emit: ({ ops, config }, x) => ops.add(x, config.by),
  });
  const model = await trained([shift({ by: 2 }), dense(3, { name: "d" }), batchNorm({ name: "bn" })]);
  const { model: folded, maxDifference } = await foldBatchNorm(model, { x: noise(40) });
  expect(folded.layers.map(({ className }) => className)).toEqual(["Shift", "Dense"]);
  expect(maxDifference).toBeLessThan(1e-4);
});

describe("refuses", () => {
  it("a graph", async () => {
    const x = input(3);
    const graph = await model({ inputs: x, outputs: add([x, batchNorm().apply(dense(3).apply(x))]) });
    await expect(foldBatchNorm(graph)).rejects.toMatchObject({ code: "model/not-a-chain" });
  });

  const build = () => trained([dense(2, { name: "d" }), batchNorm({ name: "bn" })]);

  test.each<[string, (model: Model) => Promise<unknown>, string]>([
    ["rows of another width", (model) => foldBatchNorm(model, { x: new Float32Array(5) }), "shape/row-width"],
    ["a misspelt option", (model) => foldBatchNorm(model, { rows: noise(4) } as object), "config/unknown-option"],
    [
      "weights that leave 32 bits",
      (model) => {
        const huge = { data: Float32Array.of(3e38, 1), shape: [2] };
        const tiny = { data: Float32Array.of(0, 1), shape: [2] };
        model.setWeights(
          new Map([
            ["bn/gamma", huge],
            ["bn/movingVariance", tiny],
          ]),
          { strict: false },
        );
        return foldBatchNorm(model);
      },
      "data/not-finite",
    ],
  ])("%s", async (_, action, code) => {
    const model = await build();
    const error = await action(model).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LanewiseError);
    expect(error).toMatchObject({ code });
  });
});
