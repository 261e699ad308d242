// Trained layers in other networks: what comes along, what stays behind, and what is refused.

import { describe, expect, it } from "vitest";
import {
  add,
  adam,
  batchNorm,
  concatenate,
  defineLayer,
  dense,
  dropout,
  input,
  loadModel,
  model,
  type Model,
  normalization,
  prelu,
  sequential,
  sgd,
} from "../../src/index.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { classifier, failureOf, noise, samples, stateOf, weightsOf } from "./helpers.js";

const { x, y } = samples(40);

/** Every kind of weight: statistics that are given, moving ones, slopes; trained for a while. */
async function trained({ ema }: { ema?: number } = {}): Promise<Model> {
  const base = await sequential({
    inputShape: 4,
    layers: [
      normalization({ mean: [1, 2, 3, 4], variance: 2, name: "scaled" }),
      dense(6, { kernelInitializer: "heNormal", learningRateMultiplier: 0.5, name: "hidden1" }),
      batchNorm({ momentum: 0.9, name: "bn1" }),
      prelu({ name: "slopes" }),
      dense(5, { activation: "elu", name: "hidden2" }),
      dense(3, { activation: "softmax", name: "output" }),
    ],
    seed: 3,
  });
  const optimizer = adam({ learningRate: 0.02, ...(ema !== undefined && { ema }) });
  base.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
  await base.fit(x, y, { epochs: 3, batchSize: 8 });
  return base;
}

const head = () => dense(2, { name: "head" });

/** What layers up to hidden2 make of x, in f64 from the weights alone. */
function hidden2(weights: Record<string, number[]>, x: Float32Array): number[] {
  const w = (name: string) => weights[name]!;
  const affine = (rows: number[][], name: string) =>
    rows.map((row) =>
      w(`${name}/bias`).map((bias, j, { length }) =>
        row.reduce((sum, value, i) => sum + value * w(`${name}/kernel`)[i * length + j]!, bias),
      ),
    );
  const normal = (rows: number[][], mean: number[], variance: number[], epsilon: number) =>
    rows.map((row) => row.map((value, i) => (value - mean[i]!) / Math.sqrt(variance[i]! + epsilon)));
  let rows = Array.from({ length: x.length / 4 }, (_, i) => [...x.subarray(i * 4, i * 4 + 4)]);
  rows = affine(normal(rows, w("scaled/mean"), w("scaled/variance"), 0), "hidden1");
  rows = normal(rows, w("bn1/movingMean"), w("bn1/movingVariance"), 1e-3);
  rows = rows.map((row) => row.map((value, i) => value * w("bn1/gamma")[i]! + w("bn1/beta")[i]!));
  rows = rows.map((row) => row.map((value, i) => (value > 0 ? value : value * w("slopes/alpha")[i]!)));
  return affine(rows, "hidden2").flatMap((row) => row.map((value) => (value > 0 ? value : Math.exp(value) - 1)));
}

function expectClose(a: ArrayLike<number>, b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  b.forEach((value, i) => expect(Math.abs(a[i]! - value), `at ${i}`).toBeLessThan(2e-5)); // sums of six terms in f32
}

describe("reuse", () => {
  it("brings weights of every kind, names and options, and the new model's seed changes none of them", async () => {
    const base = await trained();
    const layers = base.reuse({ upTo: "hidden2", trainable: false });
    const models = await Promise.all(
      [1, 2].map((seed) => sequential({ inputShape: 4, layers: [...layers, head()], seed })),
    );
    const before = weightsOf(base);
    for (const target of models) {
      const { "head/kernel": kernel, "head/bias": bias, ...learned } = weightsOf(target);
      expect(kernel!.length + bias!.length).toBe(12);
      const { "output/kernel": _1, "output/bias": _2, ...expected } = before;
      expect(learned).toEqual(expected);
      expect(target.layers.map(({ name }) => name)).toEqual([...base.layers.slice(0, 5).map((l) => l.name), "head"]);
      expect(target.layers.slice(0, 5).map(({ config }) => config)).toEqual(
        base.layers.slice(0, 5).map(({ config }) => config),
      );
      expect(target.layers.map(({ trainable }) => trainable)).toEqual([false, false, false, false, false, true]);
      expect(target.getLayer("hidden1").learningRateMultiplier).toBe(0.5);
    }
    expect(weightsOf(models[0]!)["head/kernel"]).not.toEqual(weightsOf(models[1]!)["head/kernel"]);
  });

  it("copies when it is called: neither model touches the other, now or later", async () => {
    const base = await trained();
    const before = weightsOf(base);
    const state = stateOf(base);
    const layers = base.reuse({ upTo: "hidden2" });
    await base.fit(x, y, { epochs: 2 });
    const later = stateOf(base);
    const target = await sequential({ inputShape: 4, layers: [...layers, head()], seed: 1 });
    expect(weightsOf(target)["hidden1/kernel"]).toEqual(before["hidden1/kernel"]);
    expect(weightsOf(target)["bn1/movingMean"]).toEqual(before["bn1/movingMean"]);
    expect(Buffer.compare(state, later)).not.toBe(0);
    target.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await target.fit(x, noise(80), { epochs: 2 });
    expect(weightsOf(target)["hidden1/kernel"]).not.toEqual(before["hidden1/kernel"]);
    expect(Buffer.compare(stateOf(base), later)).toBe(0);
    const again = await sequential({ inputShape: 4, layers: [...layers, head()], seed: 1 });
    expect(weightsOf(again)["hidden1/kernel"]).toEqual(before["hidden1/kernel"]);
  });

  it("frozen layers stay bit for bit, and thawed ones learn", async () => {
    const base = await trained();
    const target = await sequential({
      inputShape: 4,
      layers: [...base.reuse({ upTo: "hidden2", trainable: false }), head()],
      seed: 1,
    });
    target.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const before = weightsOf(target);
    await target.fit(x, noise(80), { epochs: 2 });
    const { "head/kernel": kernel, "head/bias": _, ...frozen } = weightsOf(target);
    expect(kernel).not.toEqual(before["head/kernel"]);
    expect(frozen).toEqual(Object.fromEntries(Object.keys(frozen).map((name) => [name, before[name]])));
    expect(target.setTrainable("hidden2", true)).toEqual(["hidden2"]);
    target.trainOnBatch(x, noise(80));
    expect(weightsOf(target)["hidden2/kernel"]).not.toEqual(before["hidden2/kernel"]);
    expect(weightsOf(target)["hidden1/kernel"]).toEqual(before["hidden1/kernel"]);
  });

  it("without upTo takes what is below the last layer that learns", async () => {
    const layers = [
      dense(4, { name: "a" }),
      dropout(0.2, { name: "b" }),
      dense(3, { name: "c" }),
      prelu({ name: "d" }),
    ];
    const base = await sequential({ inputShape: 4, layers, seed: 1 });
    expect(base.reuse().map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect((await trained()).reuse().map(({ name }) => name)).toEqual([
      "scaled",
      "hidden1",
      "bn1",
      "slopes",
      "hidden2",
    ]);
    const single = await sequential({ inputShape: 4, layers: [dense(2, { name: "only" })], seed: 1 });
    expect((await failureOf(() => single.reuse())).code).toBe("config/nothing-to-reuse");
    expect(single.reuse({ upTo: "only" })).toHaveLength(1);
  });

  it("all layers are trainable unless it says otherwise, also those that were frozen", async () => {
    const base = await trained();
    base.setTrainable(() => true, false);
    expect(base.reuse().every(({ trainable }) => trainable)).toBe(true);
  });

  it("takes the averaged weights, where an optimizer averages", async () => {
    const base = await trained({ ema: 0.9 });
    const target = await sequential({ inputShape: 4, layers: base.reuse(), seed: 1 });
    expect(weightsOf(target)["hidden1/kernel"]).toEqual([...base.getWeights().get("hidden1/kernel")!.data]);
  });

  it("goes through a file before and after", async () => {
    const base = await loadModel((await trained()).toBytes());
    const target = await sequential({ inputShape: 4, layers: [...base.reuse(), head()], seed: 1 });
    const loaded = await loadModel(target.toBytes());
    expect(weightsOf(loaded)).toEqual(weightsOf(target));
    expect(loaded.predict(x)).toEqual(target.predict(x));
  });

  it("takes layers of one's own, by the class that they were made of", async () => {
    const scale = defineLayer({
      className: "ReusedScale",
      config: { factor: 2 },
      build: (_, [width = 1]) => ({ slope: { shape: width, initializer: "ones" } }),
      emit: ({ ops, config, weights }, x) => ops.mul(ops.mul(x, weights.slope!), config.factor),
    });
    const base = await sequential({ inputShape: 4, layers: [scale({ factor: 3, name: "own" }), dense(2)], seed: 1 });
    base.setWeights(new Map([["own/slope", { data: Float32Array.of(1, 2, 3, 4), shape: [4] }]]), { strict: false });
    const part = await sequential({ inputShape: 4, layers: base.reuse(), seed: 9 });
    expect([...part.predict([[1, 1, 1, 1]]).data]).toEqual([3, 6, 9, 12]);
  });

  it("within a graph, and once for a layer that is applied twice", async () => {
    const base = await sequential({ inputShape: 4, layers: [dense(4, { name: "shared" }), dense(2)], seed: 5 });
    const [shared] = base.reuse({ upTo: "shared" });
    const entry = input(4);
    const net = await model({ inputs: entry, outputs: shared!.apply(shared!.apply(entry)), seed: 1 });
    expect(net.getWeights()).toEqual(new Map([...base.getWeights()].slice(0, 2)));
  });

  it("takes a chain out of a graph, and refuses what is none", async () => {
    const entry = input(4);
    const a = dense(4, { name: "a" }).apply(entry);
    const b = dense(4, { name: "b" }).apply(a);
    const sum = dense(3, { name: "top" }).apply(add([a, b], { name: "sum" }));
    const base = await model({ inputs: entry, outputs: sum, seed: 1 });
    expect(base.reuse({ upTo: "b" }).map(({ name }) => name)).toEqual(["a", "b"]);
    const failure = await failureOf(() => base.reuse({ upTo: "top" }));
    expect(failure.code).toBe("model/not-a-chain");
    expect(failure.message).toContain('"sum" merges several values');
    expect(failure.message).toContain("featureExtractor");
  });

  it("refuses what does not go together, before anything is made", async () => {
    const base = await trained();
    const layers = base.reuse({ upTo: "hidden2" });
    const wrong = await failureOf(() => sequential({ inputShape: 5, layers: layers.slice(1) }));
    expect(wrong.code).toBe("shape/reused-weights");
    expect(wrong.message).toContain('"hidden1"');
    expect(wrong.message).toContain("(4, 6)");
    expect(wrong.message).toContain("(5, 6)");
    const clash = [...layers, dense(2, { name: "hidden1" })];
    expect((await failureOf(() => sequential({ inputShape: 4, layers: clash }))).code).toBe("config/duplicate-name");
    expect((await failureOf(() => base.reuse({ upTo: "hiden2" }))).message).toContain('Did you mean "hidden2"?');
    expect((await failureOf(() => base.reuse({ upTo: "x" }))).code).toBe("config/unknown-layer");
    expect((await failureOf(() => base.reuse({ frozen: true } as object))).code).toBe("config/unknown-option");
    expect((await failureOf(() => base.reuse({ trainable: 1 } as object))).code).toBe("config/not-a-boolean");
  });
});

describe("featureExtractor", () => {
  it("computes what a layer does, uncompiled, and keeps its own copy", async () => {
    const base = await trained();
    const before = weightsOf(base);
    const features = await base.featureExtractor("hidden2");
    const test = noise(7 * 4, 9);
    const { data, shape } = features.predict(test);
    expect(shape).toEqual([7, 5]);
    expectClose(data, hidden2(before, test));
    await base.fit(x, y, { epochs: 2 });
    expect(features.predict(test).data).toEqual(data);
    expect(features.isChain).toBe(true);
    expect((await loadModel(features.toBytes())).predict(test).data).toEqual(data);
  });

  it("takes the weights as they are when it is called", async () => {
    const base = await trained();
    const before = weightsOf(base);
    const coming = base.featureExtractor("hidden1");
    base.trainOnBatch(x, y);
    expect(weightsOf(await coming)["hidden1/kernel"]).toEqual(before["hidden1/kernel"]);
  });

  it("keeps what is frozen, and a network that is trained on from there", async () => {
    const base = await trained();
    base.getLayer("hidden1").trainable = false;
    const features = await base.featureExtractor("hidden2");
    expect(features.layers.map(({ trainable }) => trainable)).toEqual([true, false, true, true, true]);
    expect(features.getLayer("hidden1").learningRateMultiplier).toBe(0.5);
    features.compile({ optimizer: "adam", loss: "meanSquaredError" });
    expect((await features.fit(x, noise(40 * 5))).stopReason).toBe("completed");
  });

  it("of a graph takes the inputs that the layer depends on, and no more", async () => {
    const [left, right] = [input(2, { name: "left" }), input(3, { name: "right" })];
    const a = dense(3, { name: "a" }).apply(left);
    const b = dense(3, { name: "b", activation: "tanh" }).apply(right);
    const joined = concatenate([a, b], { name: "joined" });
    const base = await model({ inputs: [left, right], outputs: dense(1, { name: "top" }).apply(joined), seed: 4 });
    const [l, r] = [noise(10), noise(15, 2)];
    const onB = await base.featureExtractor("b");
    expect(onB.inputs.map(({ name }) => name)).toEqual(["right"]);
    expect(onB.layers.map(({ name }) => name)).toEqual(["b"]);
    const onJoined = await base.featureExtractor("joined");
    const { data, shape } = onJoined.predict({ left: l, right: r });
    expect(shape).toEqual([5, 6]);
    expect(onJoined.outputs.map(({ name }) => name)).toEqual(["joined"]);
    const rows = Array.from({ length: 5 }, (_, i) => [...data.subarray(i * 6 + 3, i * 6 + 6)]).flat();
    expect(rows).toEqual([...onB.predict(r).data]);
    const onTop = await base.featureExtractor("top");
    expect(onTop.predict([l, r]).data).toEqual(base.predict([l, r]).data);
  });

  it("refuses a name that is none, or that stands for several outputs", async () => {
    const entry = input(4);
    const shared = dense(4, { name: "shared" });
    const outputs = dense(1, { name: "top" }).apply(shared.apply(shared.apply(entry)));
    const base = await model({ inputs: entry, outputs, seed: 1 });
    expect((await failureOf(() => base.featureExtractor("shared"))).code).toBe("config/ambiguous-layer");
    expect((await failureOf(() => base.reuse({ upTo: "top" }))).message).toContain("used twice");
    expect((await failureOf(() => base.featureExtractor("tip"))).code).toBe("config/unknown-layer");
    expect((await base.featureExtractor("top")).predict(x).data).toEqual(base.predict(x).data);
  });
});

describe("setTrainable", () => {
  it("takes a name, a RegExp or a function, and returns what it changed", async () => {
    const base = await trained();
    expect(base.setTrainable(/^hidden/g, false)).toEqual(["hidden1", "hidden2"]);
    expect(base.setTrainable(/^hidden/g, false)).toEqual([]);
    expect(base.setTrainable("bn1", false)).toEqual(["bn1"]);
    expect(base.setTrainable(({ className }) => className === "Dense", true)).toEqual(["hidden1", "hidden2"]);
    expect(base.layers.map(({ trainable }) => trainable)).toEqual([true, true, false, true, true, true]);
    expect(base.setTrainable(/^[a-z]/g, false)).toHaveLength(5); // neighbours too
  });

  it("refuses what matches nothing", async () => {
    const base = await trained();
    const state = stateOf(base);
    for (const pattern of ["hiden1", /hiden/, () => false]) {
      const failure = await failureOf(() => base.setTrainable(pattern, false));
      expect(failure.code).toBe("config/unknown-layer");
      expect(failure.message).toContain("scaled, hidden1");
    }
    expect((await failureOf(() => base.setTrainable(3 as never, false))).code).toBe("config/bad-pattern");
    expect((await failureOf(() => base.setTrainable("bn1", 0 as never))).code).toBe("config/not-a-boolean");
    expect(Buffer.compare(stateOf(base), state)).toBe(0);
  });

  it("keeps the optimizer's slots: a frozen layer's momentum waits, and goes on as it was", async () => {
    const net = await classifier({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) });
    net.trainOnBatch(x, y);
    const slot = () => {
      const { tensors } = readSafetensors(stateOf(net));
      const [name] = [...tensors.keys()].filter((key) => /^optimizer\/.*hidden\/kernel$/.test(key));
      return [...new Float32Array(tensors.get(name!)!.data.slice().buffer)];
    };
    const velocity = slot();
    expect(velocity.some((value) => value !== 0)).toBe(true);
    net.setTrainable("hidden", false);
    net.trainOnBatch(x, y);
    expect(slot()).toEqual(velocity);
    net.setTrainable("hidden", true);
    const gradient = net.gradients(x, y).get("hidden/kernel")!.data;
    const before = weightsOf(net)["hidden/kernel"]!;
    net.trainOnBatch(x, y);
    // Keras's: v ← 0.9 v − 0.1 g, θ ← θ + v
    const expected = before.map((value, i) => value + 0.9 * velocity[i]! - 0.1 * gradient[i]!);
    weightsOf(net)["hidden/kernel"]!.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
});

describe("frozen layers cost no backward work", () => {
  it("no record of the backward pass works on what is below the lowest layer that learns", async () => {
    const layers = [1, 2, 3, 4].map((i) => dense(5, { activation: "elu", name: `h${i}` }));
    const net = await sequential({ inputShape: 4, layers: [...layers, dense(3, { activation: "softmax" })], seed: 1 });
    net.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const gradients = () =>
      net
        .program({ training: true })
        .split("\n")
        .filter((line) => /\bd h\d/.test(line));
    const touched = () => [...new Set(gradients().flatMap((line) => line.match(/\bd (h\d)/g) ?? []))].sort();
    expect(touched()).toEqual(["d h1", "d h2", "d h3", "d h4"]);
    net.setTrainable(/h[12]/, false);
    expect(touched()).toEqual(["d h3", "d h4"]);
    // Nor the product that would carry the gradient through h3's kernel on to h2.
    expect(
      gradients().map((line) =>
        line
          .match(/\d+ +(\w+) +(d [\w/]+)/)!
          .slice(1)
          .join(" "),
      ),
    ).toEqual([
      "gemmNT d h4/elu",
      "activationBackward d h4/z",
      "gemmNT d h3/elu",
      "gemmTN d h4/kernel",
      "columnSum d h4/bias",
      "activationBackward d h3/z",
      "gemmTN d h3/kernel",
      "columnSum d h3/bias",
    ]);
    net.setTrainable(/h/, false);
    expect(touched()).toEqual([]);
  });
});
