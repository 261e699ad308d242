// Layers and losses of one's own: what they compute, their gradients, files, and what is refused.

import { describe, expect, it, test } from "vitest";
import {
  activations,
  add,
  type CompileOptions,
  defineLayer,
  defineLoss,
  dense,
  input,
  type LayerDefinition,
  type LayerSpec,
  loadModel,
  losses,
  maxNorm,
  model,
  type Model,
  type Operand,
  type Ops,
  type OpValue,
  sequential,
  sgd,
} from "../../src/index.js";
import { ACTIVATIONS } from "../../src/activations/table.js";
import { expectSameBits, failureOf, noise } from "../model/helpers.js";

const ROWS = 7;
const WIDTH = 6;
/** ±1 … ±3 in some order: away from kinks and poles. */
const DATA = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => (i % 2 ? -1 : 1) * (1 + ((i * 7) % 13) / 6.5));

/** One layer of one's own, made of one op on x and a weight w (width) or s (1) between 0.5 and 1.5. */
const CASES: Record<string, { emit: (ops: Ops, x: OpValue, w: OpValue, s: OpValue) => OpValue; twin: Twin }> = {
  "x + w": { emit: (ops, x, w) => ops.add(x, w), twin: (x, w) => x.map((v, j) => v + w[j]!) },
  "w + x": { emit: (ops, x, w) => ops.add(w, x), twin: (x, w) => x.map((v, j) => v + w[j]!) },
  "x + 2": { emit: (ops, x) => ops.add(x, 2), twin: (x) => x.map((v) => v + 2) },
  "x − s": { emit: (ops, x, _, s) => ops.sub(x, s), twin: (x, _, s) => x.map((v) => v - s) },
  "w − x": { emit: (ops, x, w) => ops.sub(w, x), twin: (x, w) => x.map((v, j) => w[j]! - v) },
  "3 − x": { emit: (ops, x) => ops.sub(3, x), twin: (x) => x.map((v) => 3 - v) },
  "x · w": { emit: (ops, x, w) => ops.mul(x, w), twin: (x, w) => x.map((v, j) => v * w[j]!) },
  "0.5 · x": { emit: (ops, x) => ops.mul(0.5, x), twin: (x) => x.map((v) => v / 2) },
  "x / w": { emit: (ops, x, w) => ops.div(x, w), twin: (x, w) => x.map((v, j) => v / w[j]!) },
  "w / x": { emit: (ops, x, w) => ops.div(w, x), twin: (x, w) => x.map((v, j) => w[j]! / v) },
  "x / s": { emit: (ops, x, _, s) => ops.div(x, s), twin: (x, _, s) => x.map((v) => v / s) },
  "1 / x": { emit: (ops, x) => ops.div(1, x), twin: (x) => x.map((v) => 1 / v) },
  "max(x, w)": { emit: (ops, x, w) => ops.maximum(x, w), twin: (x, w) => x.map((v, j) => Math.max(v, w[j]!)) },
  "min(w, x)": { emit: (ops, x, w) => ops.minimum(w, x), twin: (x, w) => x.map((v, j) => Math.min(v, w[j]!)) },
  "x − mean x": {
    emit: (ops, x) => ops.sub(x, ops.mean(x)),
    twin: (x) => x.map((v) => v - sum(x) / x.length),
  },
  "Σ x − x": { emit: (ops, x) => ops.sub(ops.sum(x), x), twin: (x) => x.map((v) => sum(x) - v) },
  "x · max x": { emit: (ops, x) => ops.mul(x, ops.max(x)), twin: (x) => x.map((v) => v * Math.max(...x)) },
  "√|x|": { emit: (ops, x) => ops.sqrt(ops.abs(x)), twin: (x) => x.map((v) => Math.sqrt(Math.abs(v))) },
  "log x²": { emit: (ops, x) => ops.log(ops.square(x)), twin: (x) => x.map((v) => Math.log(v * v)) },
  "exp(−x)": { emit: (ops, x) => ops.exp(ops.neg(x)), twin: (x) => x.map((v) => Math.exp(-v)) },
  "joined and reshaped": {
    emit: (ops, x, w) => ops.reshape(ops.concatenate([x, ops.mul(x, w)]), [3, 4]),
    twin: (x, w) => [...x, ...x.map((v, j) => v * w[j]!)],
  },
  "a norm by hand": {
    emit(ops, x, w, s) {
      const centered = ops.sub(x, ops.mean(x));
      const spread = ops.sqrt(ops.add(ops.mean(ops.square(centered)), 1e-3));
      return ops.add(ops.mul(ops.div(centered, spread), w), s);
    },
    twin(x, w, s) {
      const mean = sum(x) / x.length;
      const variance = sum(x.map((v) => (v - mean) ** 2)) / x.length;
      return x.map((v, j) => ((v - mean) / Math.sqrt(variance + 1e-3)) * w[j]! + s);
    },
  },
};
type Twin = (x: number[], w: number[], s: number) => number[];
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const rowsOf = (data: ArrayLike<number>, width: number) =>
  Array.from({ length: data.length / width }, (_, i) => Array.from(data).slice(i * width, (i + 1) * width));

function positive(shape: readonly number[]): Float32Array {
  return noise(
    shape.reduce((a, b) => a * b, 1),
    9,
  ).map((value) => 1 + value / 2);
}

async function withOwn(emit: (ops: Ops, x: OpValue, w: OpValue, s: OpValue) => OpValue): Promise<Model> {
  const own = defineLayer({
    className: "Own",
    build: (_, [width = 1]) => ({ w: { shape: width, initializer: positive }, s: { shape: 1, initializer: positive } }),
    emit: ({ ops, weights }, x) => {
      // Both weights are used, so that each has a gradient: here with no effect on the value.
      const nothing = ops.mul(ops.add(weights.w!, weights.s!), 0);
      return emit(ops, ops.add(x, nothing), weights.w!, weights.s!);
    },
  });
  return sequential({
    inputShape: WIDTH,
    layers: [dense(WIDTH, { kernelInitializer: "identity", name: "in" }), own({ name: "own" })],
  });
}

describe.each(Object.entries(CASES))("%s", (_, { emit, twin }) => {
  it("is what it says", async () => {
    const net = await withOwn(emit);
    const [w, s] = [net.getWeights().get("own/w")!.data, net.getWeights().get("own/s")!.data[0]!];
    const expected = rowsOf(DATA, WIDTH).flatMap((row) => twin(row, Array.from(w), s));
    const { data } = net.predict(DATA);
    expected.forEach((value, i) => expect(Math.abs(data[i]! - value)).toBeLessThan(2e-6 * (1 + Math.abs(value))));
  });

  it("has the gradient that central differences of its twin have", async () => {
    const net = await withOwn(emit);
    net.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const width = net.predict(DATA).data.length / ROWS;
    const y = noise(ROWS * width, 3);
    const gradients = net.gradients(DATA, y);
    const weights = net.getWeights();
    const lossAt = (bias: number[], w: number[], s: number) => {
      const outputs = rowsOf(DATA, WIDTH).flatMap((row) =>
        twin(
          row.map((v, j) => v + bias[j]!),
          w,
          s,
        ),
      );
      return sum(outputs.map((value, i) => (value - y[i]!) ** 2)) / outputs.length;
    };
    const [bias, w, s] = ["in/bias", "own/w", "own/s"].map((name) => Array.from(weights.get(name)!.data));
    const h = 1e-6;
    const moved = (values: number[], i: number, by: number) => values.with(i, values[i]! + by);
    const slopes = {
      "in/bias": bias!.map(
        (_, i) => (lossAt(moved(bias!, i, h), w!, s![0]!) - lossAt(moved(bias!, i, -h), w!, s![0]!)) / (2 * h),
      ),
      "own/w": w!.map(
        (_, i) => (lossAt(bias!, moved(w!, i, h), s![0]!) - lossAt(bias!, moved(w!, i, -h), s![0]!)) / (2 * h),
      ),
      "own/s": [(lossAt(bias!, w!, s![0]! + h) - lossAt(bias!, w!, s![0]! - h)) / (2 * h)],
    };
    for (const [name, slope] of Object.entries(slopes)) {
      const scale = Math.max(...slope.map(Math.abs), 0.1);
      slope.forEach((value, i) =>
        expect(Math.abs(gradients.get(name)!.data[i]! - value) / scale, name).toBeLessThan(1e-5),
      );
    }
  });
});

test.each(Object.keys(ACTIVATIONS.rows) as (keyof typeof activations)[])(
  "ops.activation(x, %s) is the layer's",
  async (name) => {
    const own = defineLayer({ className: "Own", emit: ({ ops }, x) => ops.activation(x, name) });
    const chains = [own(), dense(3, { activation: name, kernelInitializer: "identity" })].map((layer) =>
      sequential({ inputShape: 3, layers: [layer] }),
    );
    const [mine, theirs] = await Promise.all(chains);
    expect(mine!.predict(noise(12)).data).toEqual(theirs!.predict(noise(12)).data);
  },
);

test("of several greatest elements each gets an equal part of the gradient", async () => {
  const own = defineLayer({ className: "Own", emit: ({ ops }, x) => ops.max(x) });
  const net = await sequential({
    inputShape: 3,
    layers: [dense(3, { kernelInitializer: "zeros", name: "in" }), own(), dense(1, { kernelInitializer: "ones" })],
  });
  net.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { data } = net.gradients(Float32Array.of(1, 1, 1), Float32Array.of(-1.5)).get("in/bias")!;
  expect([...data]).toEqual([1, 1, 1]); // 2 · 1.5, a third each
});

// ── As a part of models ─────────────────────────────────────────────────────────────────────────────────────────────

const gate = defineLayer({
  className: "Gate",
  config: { sharpness: 1, mode: "soft", widths: [1, 2] },
  build: ({ sharpness }, [width = 1]) => ({
    slope: { shape: width, initializer: "ones", constraint: maxNorm(sharpness * 10) },
    count: { shape: [1], initializer: "zeros", trainable: false },
  }),
  emit: ({ ops, config, weights }, x) =>
    ops.mul(x, ops.activation(ops.mul(ops.mul(x, weights.slope!), config.sharpness), "sigmoid")),
});

const quartic = defineLoss({
  name: "quartic",
  config: { factor: 1 },
  emit: ({ ops, config }, p, t) => ops.mul(ops.square(ops.square(ops.sub(p, t))), config.factor),
});

async function gated(): Promise<Model> {
  const net = await sequential({
    inputShape: 3,
    layers: [dense(4), gate({ sharpness: 2, name: "g" }), gate({ trainable: false }), dense(2)],
    seed: 4,
  });
  net.compile({ optimizer: "adam", loss: quartic({ factor: 0.5 }), metrics: ["meanAbsoluteError"] });
  return net;
}

describe("own parts in a model", () => {
  it("are named, configured, frozen and counted like others", async () => {
    const net = await gated();
    expect(net.layers.map(({ name, className }) => [name, className])).toEqual([
      ["dense", "Dense"],
      ["g", "Gate"],
      ["gate", "Gate"],
      ["dense_1", "Dense"],
    ]);
    expect(net.getLayer("g").config).toEqual({ sharpness: 2, mode: "soft", widths: [1, 2] });
    expect(net.getLayer("g").countParams()).toBe(5);
    expect([...net.gradients(noise(6), noise(4)).keys()]).toEqual([
      ...["dense/kernel", "dense/bias", "g/slope", "dense_1/kernel", "dense_1/bias"],
    ]);
  });

  it("are saved with their options and loaded with customObjects, trained on with the same bits", async () => {
    const net = await gated();
    const [x, y] = [noise(60), noise(40, 2)];
    await net.fit(x, y, { batchSize: 8, maxSteps: 2 });
    const loaded = await loadModel(net.toBytes({ includeOptimizer: true }), {
      customObjects: { Gate: gate, quartic },
    });
    for (const each of [net, loaded]) await each.fit(x, y, { batchSize: 8, epochs: 2, resume: true });
    expectSameBits(loaded, net);
    expect(await loaded.evaluate(x, y)).toEqual(await net.evaluate(x, y));
  });

  it("in a graph, with several inputs", async () => {
    const blend = defineLayer({
      className: "Blend",
      build: () => ({ share: { shape: 1, initializer: "zeros" } }),
      emit({ ops, weights }, a, b) {
        const share = ops.activation(weights.share!, "sigmoid");
        return ops.add(ops.mul(a, share), ops.mul(b!, ops.sub(1, share)));
      },
    });
    const x = input(3);
    const net = await model({
      inputs: x,
      outputs: blend().apply([add([x, x]), dense(3, { kernelInitializer: "zeros" }).apply(x)]),
    });
    expect([...net.predict(Float32Array.of(1, 2, 3)).data]).toEqual([1, 2, 3]);
    net.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = net.trainOnBatch(Float32Array.of(1, 2, 3), Float32Array.of(0, 0, 0)).loss!;
    expect(net.trainOnBatch(Float32Array.of(1, 2, 3), Float32Array.of(0, 0, 0)).loss!).toBeLessThan(before);
  });

  it("training and inference may differ", async () => {
    const own = defineLayer({ className: "Own", emit: ({ ops, training }, x) => (training ? ops.mul(x, 3) : x) });
    const net = await sequential({ inputShape: 2, layers: [own(), dense(1, { kernelInitializer: "ones" })] });
    net.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
    expect([...net.predict(Float32Array.of(1, 1)).data]).toEqual([2]);
    expect(net.trainOnBatch(Float32Array.of(1, 1), Float32Array.of(0)).loss).toBe(36);
  });
});

describe("a loss of one's own", () => {
  it("that spells out the mean squared error is the library's", async () => {
    const mse = defineLoss({ name: "mine", emit: ({ ops }, p, t) => ops.square(ops.sub(p, t)) });
    const nets = await Promise.all(
      [mse(), losses.meanSquaredError()].map(async (loss) => {
        const net = await sequential({ inputShape: 3, layers: [dense(5, { activation: "tanh" }), dense(2)], seed: 6 });
        net.compile({ optimizer: "sgd", loss, metrics: ["meanSquaredError"] });
        return net;
      }),
    );
    const [x, y] = [noise(60), noise(40, 2)];
    const weights = Array.from({ length: 20 }, (_, i) => i % 3);
    const [mine, theirs] = nets.map((net) => net.gradients(x, y));
    for (const [name, { data }] of theirs!) {
      data.forEach((value, i) => expect(Math.abs(mine!.get(name)!.data[i]! - value)).toBeLessThan(1e-6));
    }
    const [a, b] = await Promise.all(
      nets.map((net) => net.fit(x, y, { sampleWeight: weights, batchSize: 6, epochs: 3 })),
    );
    a!.history.loss!.forEach((loss, i) => expect(Math.abs(loss - b!.history.loss![i]!)).toBeLessThan(1e-6));
  });

  it("that tells classes has accuracy and class weights", async () => {
    const brier = defineLoss({
      name: "brier",
      classes: "oneHot",
      emit: ({ ops }, p, t) => ops.sum(ops.square(ops.sub(p, t))),
    });
    const net = await sequential({ inputShape: 3, layers: [dense(4, { activation: "softmax" })], seed: 1 });
    net.compile({ optimizer: "sgd", loss: brier(), metrics: ["accuracy", "f1Score"] });
    const y = Float32Array.from({ length: 40 }, (_, i) => (i % 4 === (i >> 2) % 4 ? 1 : 0));
    const logs = await net.evaluate(noise(30), y);
    const { data } = net.predict(noise(30));
    const expected = data.reduce((total, p, i) => total + (p - y[i]!) ** 2 / 10, 0);
    expect(Math.abs(logs.loss! - expected)).toBeLessThan(1e-6);
    expect(logs.accuracy).toBeGreaterThanOrEqual(0);
    await net.fit(noise(30), y, { classWeight: { 1: 2 } });
  });
});

// ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────

describe("bad definitions", () => {
  const fine = { className: "Own", emit: ({ ops }: { ops: Ops }, x: OpValue) => ops.neg(x) };
  const emitting =
    (emit: LayerDefinition<Record<never, never>>["emit"], build?: LayerDefinition<Record<never, never>>["build"]) =>
    () =>
      sequential({ inputShape: 3, layers: [defineLayer({ className: "Own", emit, ...(build && { build }) })()] });
  let leaked: OpValue | undefined;
  const strange = (value: unknown) => value as never;
  test.each<[string, () => unknown, string, string]>([
    ["no class name", () => defineLayer({ ...fine, className: "" }), "config/bad-name", "className"],
    ["no emit", () => defineLayer(strange({ className: "Own" })), "config/bad-layer", "emit"],
    ["an unknown part", () => defineLayer(strange({ ...fine, call: 1 })), "config/unknown-option", "call"],
    [
      "a config that is no JSON",
      () => defineLayer({ ...fine, config: { at: new Date() } }),
      "config/bad-config",
      "at of Own",
    ],
    ["a config that is not finite", () => defineLayer({ ...fine, config: { rate: NaN } }), "config/bad-config", "rate"],
    ["a reserved option", () => defineLayer({ ...fine, config: { name: "x" } }), "config/bad-config", '"name"'],
    [
      "an option of another type",
      () => gate(strange({ sharpness: "2" })),
      "config/bad-config",
      "sharpness of Gate must be a number",
    ],
    ["an unknown option", () => gate(strange({ sharpnes: 2 })), "config/unknown-option", "sharpness"],
    [
      "shapes that do not fit",
      emitting(({ ops }, x) => ops.add(x, ops.reshape(x, [3, 1]))),
      "shape/mismatch",
      "Own: add",
    ],
    [
      "a weight of a wrong shape",
      emitting(
        ({ ops, weights }, x) => ops.matmul(x, weights.w!),
        () => ({ w: { shape: [4, 2] } }),
      ),
      "shape/mismatch",
      "Own: matmul",
    ],
    [
      "a weight without a shape",
      emitting(
        ({ ops }, x) => ops.neg(x),
        () => ({ w: strange({}) }),
      ),
      "shape/bad-shape",
      'Weight "w" of Own',
    ],
    [
      "weights that are none",
      emitting(
        ({ ops }, x) => ops.neg(x),
        () => strange([1]),
      ),
      "config/bad-layer",
      "build of Own",
    ],
    ["nothing returned", emitting(() => strange(undefined)), "config/not-a-value", "emit returns"],
    ["a number returned", emitting(() => strange(3)), "config/not-a-value", "got 3"],
    [
      "weights returned",
      emitting(
        (_, __) => _.weights.w!,
        () => ({ w: { shape: 3 } }),
      ),
      "config/bad-layer",
      "weights alone",
    ],
    [
      "a value of another emit",
      emitting((context, x) => ((leaked ??= x), context.ops.neg(leaked))),
      "config/not-a-value",
      "this very emit",
    ],
    [
      "another shape in training",
      emitting(({ ops, training }, x) => (training ? ops.sum(x) : x)),
      "shape/custom-layer",
      "(B, 1) in training",
    ],
    [
      "a number that is none",
      emitting(({ ops }, x) => ops.add(x, NaN as Operand)),
      "config/not-finite",
      "Own: a number in add",
    ],
    ["two numbers", emitting(({ ops }) => ops.add(1, 2)), "config/not-a-value", "add"],
    ["division by 0", emitting(({ ops }, x) => ops.div(x, 0)), "config/out-of-range", "by the number 0"],
    [
      "a loss of a name that there is",
      () => defineLoss({ name: "huber", emit: (_, p) => p }),
      "config/bad-name",
      "huber",
    ],
    ["a loss without emit", () => defineLoss(strange({ name: "own" })), "config/bad-loss", "emit"],
    [
      "a loss with unknown classes",
      () => defineLoss({ name: "own", classes: strange("many"), emit: (_, p) => p }),
      "config/bad-loss",
      "oneHot",
    ],
    ["an unknown option of a loss", () => quartic(strange({ fator: 1 })), "config/unknown-option", "factor"],
  ])("%s", async (_, action, code, text) => {
    const error = await failureOf(action);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  test("an error of emit's own comes out as it is", async () => {
    await expect(emitting(() => { throw new RangeError("mine"); })()).rejects.toThrow(RangeError); // prettier-ignore
  });

  const compileWith = async (loss: CompileOptions["loss"], layers: LayerSpec[] = [dense(2)]) => {
    const net = await sequential({ inputShape: [3, 4], layers });
    net.compile({ optimizer: "sgd", loss });
  };

  test("a loss that sums over more than a row, or over none", async () => {
    const total = defineLoss({ name: "total", emit: ({ ops }, p) => ops.sum(ops.reshape(p, [6])) });
    const error = await failureOf(() => compileWith(total()));
    expect(error.code).toBe("config/bad-loss");
    expect(error.message).toContain("a loss for each row");
    const nothing = defineLoss({ name: "nothing", emit: () => undefined as never });
    expect((await failureOf(() => compileWith(nothing()))).code).toBe("config/not-a-value");
  });

  test("a weight that emit does not use", async () => {
    const idle = defineLayer({
      className: "Idle",
      build: () => ({ w: { shape: 2 } }),
      emit: ({ ops }, x) => ops.neg(x),
    });
    const error = await failureOf(() => compileWith("meanSquaredError", [idle({ name: "i" }), dense(1)]));
    expect(error.code).toBe("config/unreached-weight");
    expect(error.message).toContain('"i/w"');
    await compileWith("meanSquaredError", [idle({ trainable: false }), dense(1)]);
  });

  test("a file without its customObjects, or with others", async () => {
    const bytes = (await gated()).toBytes();
    const codeOf = async (customObjects: object) =>
      (await failureOf(() => loadModel(bytes, { customObjects: customObjects as never }))).code;
    expect(await codeOf({})).toBe("model/unknown-layer");
    expect(await codeOf({ Gate: gate })).toBe("model/unknown-loss");
    expect(await codeOf({ Gate: gate, quartic: 3 })).toBe("config/bad-custom-object");
    expect(await codeOf({ Gate: dense, quartic })).toBe("model/bad-architecture");
    expect(await codeOf({ Gate: defineLayer(fine), quartic })).toBe("model/bad-architecture");
    expect(await codeOf({ Gate: gate, quartic, Dense: gate })).toBe("config/bad-custom-object");
  });
});
