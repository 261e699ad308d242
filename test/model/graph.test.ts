// Networks that are no chain: branches, shared layers, several inputs and outputs, and their way through a file.

import { describe, expect, it, test } from "vitest";
import {
  add,
  batchNorm,
  concatenate,
  dense,
  dropout,
  flatten,
  input,
  type LayerSpec,
  loadModel,
  model,
  type Model,
  type NamedArray,
  type Prediction,
  reshape,
  sequential,
  sgd,
} from "../../src/index.js";
import { expectSameBits, failureOf, noise, weightsOf } from "./helpers.js";

const ROWS = 13;
const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-6) => {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((value, i) => expect(Math.abs(value - b[i]!), `at ${i}`).toBeLessThanOrEqual(tolerance));
};
/** x (rows, K) · kernel (K, N) + bias, in f64. */
function affine(x: ArrayLike<number>, kernel: NamedArray, bias?: NamedArray): number[] {
  const [k, n] = kernel.shape as [number, number];
  const rows = x.length / k;
  return Array.from({ length: rows * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    let sum = bias?.data[column] ?? 0;
    for (let j = 0; j < k; j++) sum += x[row * k + j]! * kernel.data[j * n + column]!;
    return sum;
  });
}

describe("what a graph computes", () => {
  it("a residual connection adds", async () => {
    const x = input(4);
    const net = await model({ inputs: x, outputs: add([x, dense(4, { name: "h" }).apply(x)]), seed: 1 });
    const data = noise(ROWS * 4);
    const weights = net.getWeights();
    const h = affine(data, weights.get("h/kernel")!, weights.get("h/bias")!);
    close(
      net.predict(data).data,
      h.map((value, i) => value + data[i]!),
    );
  });

  it("a shared layer has its weights once, and both uses add up in its gradient", async () => {
    const x = input(3);
    const shared = dense(3, { name: "shared", useBias: false });
    const net = await model({ inputs: x, outputs: shared.apply(shared.apply(x)), seed: 2 });
    expect(net.countParams()).toBe(9);
    net.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [data, y] = [noise(ROWS * 3), noise(ROWS * 3, 2)];
    const kernel = net.getWeights().get("shared/kernel")!;
    const lossAt = (values: Float32Array) => {
      const w = { data: values, shape: [3, 3] };
      return affine(affine(data, w), w).reduce((sum, p, i) => sum + (p - y[i]!) ** 2 / (3 * ROWS), 0);
    };
    const gradient = net.gradients(data, y).get("shared/kernel")!.data;
    kernel.data.forEach((value, i) => {
      const [above, below] = [1e-3, -1e-3].map((h) => {
        const moved = Float64Array.from(kernel.data);
        moved[i] = value + h;
        return lossAt(moved as unknown as Float32Array);
      });
      expect(Math.abs((above! - below!) / 2e-3 - gradient[i]!)).toBeLessThan(1e-5);
    });
  });

  it.each([1, 2, -1, -2])("concatenate along axis %i", async (axis) => {
    const x = input([2, 3]);
    const net = await model({ inputs: x, outputs: concatenate([x, x], { axis }) });
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const { data: joined, shape } = net.predict(data);
    if (axis === 1 || axis === -2) {
      expect(shape).toEqual([2, 4, 3]);
      expect([...joined]).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11]);
    } else {
      expect(shape).toEqual([2, 2, 6]);
      expect([...joined]).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 6, 7, 8, 9, 10, 11, 9, 10, 11]);
    }
  });

  it("a chain written as a graph is the same network, bit for bit, and the same file", async () => {
    const layers = () => [dense(7, { activation: "tanh" }), batchNorm(), dropout(0.25), dense(2)];
    const x = input(5);
    const last = layers().reduce((value, layer) => layer.apply(value), x);
    const graph = await model({ inputs: x, outputs: last, seed: 3 });
    const chain = await sequential({ inputShape: 5, layers: layers(), seed: 3 });
    for (const net of [graph, chain]) {
      net.compile({ optimizer: "adam", loss: "meanSquaredError" });
      await net.fit(noise(5 * 40), noise(2 * 40, 2), { epochs: 3, batchSize: 16 });
    }
    expectSameBits(graph, chain);
    expect(graph.summary()).toBe(chain.summary());
  });

  it("two uses of one dropout layer draw masks of their own", async () => {
    const x = input(64);
    const drop = dropout(0.5);
    const net = await model({ inputs: x, outputs: concatenate([drop.apply(x), drop.apply(x), dense(1).apply(x)]) });
    net.compile({ optimizer: sgd({ learningRate: 0 + 1e-30 }), loss: "meanSquaredError" });
    // With targets 0 the loss tells how many are kept: were the masks one, every element would be kept twice or not at all.
    const weights = net.getWeights();
    weights.get("dense/kernel")!.data.fill(0);
    net.setWeights(weights);
    const one = new Float32Array(64).fill(1);
    const targets = new Float32Array(129);
    const losses = new Set(Array.from({ length: 8 }, () => net.trainOnBatch(one, targets).loss! * 129));
    expect([...losses].some((sum) => Math.round(sum / 4) % 2 === 1)).toBe(true);
  });

  it("a network of a thousand layers is built without recursion", async () => {
    let value = input(2);
    for (let i = 0; i < 1000; i++) value = add([value, value]);
    const net = await model({ inputs: value.origin ? inputOf(value) : value, outputs: value });
    expect(net.layers).toHaveLength(1000);
  });
});

function inputOf(value: ReturnType<typeof input>): ReturnType<typeof input> {
  let at = value;
  while (at.origin) at = at.origin.inputs[0]!;
  return at;
}

// ── Several inputs and outputs ──────────────────────────────────────────────────────────────────────────────────────

/** Two inputs; a class and a number as outputs. */
async function twoByTwo(extra: LayerSpec[] = []) {
  const [left, right] = [input(3, { name: "left" }), input([2, 2], { name: "right" })];
  const h = concatenate([dense(4, { activation: "relu", name: "a" }).apply(left), flatten().apply(right)]);
  const body = extra.reduce((value, layer) => layer.apply(value), h);
  const kind = dense(3, { activation: "softmax", name: "kind" }).apply(body);
  const size = dense(1, { name: "size" }).apply(body);
  return model({ inputs: { left, right }, outputs: { kind, size }, seed: 5 });
}

const LEFT = noise(ROWS * 3, 3);
const RIGHT = noise(ROWS * 4, 4);
const KIND = Int32Array.from({ length: ROWS }, (_, i) => i % 3);
const SIZE = noise(ROWS, 5);
const x = { left: LEFT, right: RIGHT };
const y = { kind: KIND, size: SIZE };
const losses = { kind: "sparseCategoricalCrossentropy", size: "meanSquaredError" } as const;

describe("several inputs and outputs", () => {
  it("take and return records or lists", async () => {
    const net = await twoByTwo();
    const byName = net.predict(x);
    expect(byName.kind.shape).toEqual([ROWS, 3]);
    expect(byName.size.shape).toEqual([ROWS, 1]);
    const { data } = net.predict([LEFT, { data: RIGHT, shape: [ROWS, 2, 2] }]).kind;
    expect(data).toEqual(byName.kind.data);

    const [a, b] = [input(2), input(2)];
    const listed = await model({ inputs: [a, b], outputs: [add([a, b]), a] });
    const [sum, first] = listed.predict([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [10, 20],
        [30, 40],
      ],
    ]) as [Prediction, Prediction];
    expect([...sum.data]).toEqual([11, 22, 33, 44]);
    expect([...first.data]).toEqual([1, 2, 3, 4]);
    expect(listed.inputs.map(({ name }) => name)).toEqual(["input", "input_1"]);
  });

  it("report the loss and metrics of each output, and their weighted sum", async () => {
    const net = await twoByTwo();
    net.compile({ optimizer: "sgd", loss: losses, lossWeights: { size: 0.25 }, metrics: { kind: ["accuracy"] } });
    const logs = await net.evaluate(x, y);
    expect(Object.keys(logs)).toEqual(["loss", "kind_loss", "kind_accuracy", "size_loss"]);
    const { kind, size } = net.predict(x);
    const crossentropy = KIND.reduce((sum, label, i) => sum - Math.log(kind.data[i * 3 + label]!) / ROWS, 0);
    const squares = SIZE.reduce((sum, value, i) => sum + (size.data[i]! - value) ** 2 / ROWS, 0);
    close([logs.kind_loss!, logs.size_loss!, logs.loss!], [crossentropy, squares, crossentropy + 0.25 * squares]);
    const { history } = await net.fit(x, y, { epochs: 2, validationSplit: 0.2 });
    expect(Object.keys(history)).toEqual([
      ...["loss", "kind_loss", "kind_accuracy", "size_loss"],
      ...["val_loss", "val_kind_loss", "val_kind_accuracy", "val_size_loss"],
    ]);
  });

  it("an output's gradient counts by its weight", async () => {
    const gradientsWith = async (lossWeights: Record<string, number>) => {
      const net = await twoByTwo();
      net.compile({ optimizer: "sgd", loss: losses, lossWeights });
      return net.gradients(x, y).get("a/kernel")!.data;
    };
    const [both, kind, size] = [
      await gradientsWith({ kind: 0.5, size: 2 }),
      await gradientsWith({ kind: 1, size: 0 }),
      await gradientsWith({ kind: 0, size: 1 }),
    ];
    close(
      both,
      kind.map((value, i) => 0.5 * value + 2 * size[i]!),
    );
    expect(kind.some((value) => value !== 0)).toBe(true);
  });

  it("rows weigh for all outputs, or by output", async () => {
    const net = await twoByTwo();
    net.compile({ optimizer: "sgd", loss: losses });
    const weights = Array.from({ length: ROWS }, (_, i) => (i === 4 ? 2 : 0));
    const all = await net.evaluate(x, y, { sampleWeight: weights });
    const one = await net.evaluate(x, y, { sampleWeight: { size: weights } });
    const none = await net.evaluate(x, y);
    expect(one.size_loss).toBe(all.size_loss);
    expect(one.kind_loss).toBe(none.kind_loss);
    const { size } = net.predict(x);
    close([all.size_loss!], [(2 * (size.data[4]! - SIZE[4]!) ** 2) / ROWS]);
  });

  it("one loss goes for all outputs; a metric may be a function", async () => {
    const [a, b] = [input(2), input(2)];
    const h = dense(2).apply(concatenate([a, b]));
    const net = await model({ inputs: [a, b], outputs: { first: h, second: dense(1).apply(h) } });
    const count = (targets: readonly unknown[]) => targets.length;
    net.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: [["meanAbsoluteError"], [count]] });
    const logs = await net.evaluate([noise(8), noise(8, 2)], [noise(8, 3), noise(4, 4)]);
    expect(Object.keys(logs)).toEqual(["loss", "first_loss", "first_meanAbsoluteError", "second_loss", "second_count"]);
    expect(logs.second_count).toBe(4);
  });

  it("survive a file: the same bits, trained on, and again the same file", async () => {
    const net = await twoByTwo([dense(5, { activation: "tanh" }), dropout(0.2)]);
    const compile = {
      optimizer: "adam",
      loss: losses,
      lossWeights: { kind: 2 },
      metrics: { kind: ["accuracy"] },
    } as const;
    net.compile({ ...compile, metrics: { kind: ["accuracy"] } });
    await net.fit(x, y, { epochs: 3, batchSize: 4, maxSteps: 6 });
    const bytes = net.toBytes({ includeOptimizer: true });
    const loaded = await loadModel<Awaited<ReturnType<typeof twoByTwo>> extends Model<infer P> ? P : never>(bytes);
    expect(loaded.inputs).toEqual(net.inputs);
    expect(loaded.outputs).toEqual(net.outputs);
    expect(loaded.predict(x).size).toEqual(net.predict(x).size);
    expect(loaded.summary()).toBe(net.summary());
    for (const each of [net, loaded]) await each.fit(x, y, { epochs: 3, batchSize: 4, resume: true });
    expect(weightsOf(loaded as unknown as Model)).toEqual(weightsOf(net as unknown as Model));
    expect(await loaded.evaluate(x, y)).toEqual(await net.evaluate(x, y));
    expect(Buffer.compare(loaded.toBytes(), net.toBytes())).toBe(0);
  });

  it("go through a window as they go through memory", async () => {
    const nets = [undefined, 1].map(async (windowBytes) => {
      const [left, right] = [input(3), input(2)];
      const h = dense(4).apply(concatenate([left, right]));
      const net = await model({
        inputs: [left, right],
        outputs: [h, dense(1).apply(h)],
        seed: 1,
        ...(windowBytes && { windowBytes }),
      });
      net.compile({ optimizer: "adam", loss: "meanSquaredError" });
      await net.fit([noise(60), noise(40, 2)], [noise(80, 3), noise(20, 4)], { epochs: 2, batchSize: 8 });
      return net.getWeights();
    });
    const [resident, windowed] = await Promise.all(nets);
    expect(windowed).toEqual(resident);
  });

  it("summary says what each layer is applied to", async () => {
    const net = await twoByTwo();
    expect(`\n${net.summary()}\n`).toMatchSnapshot();
  });
});

// ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────

describe("what does not make a graph", () => {
  const a = input(3);
  const z = input(3, { name: "z" });
  const strange = (value: unknown) => value as never;
  test.each<[string, () => unknown, string, string]>([
    ["an input left unused", () => model({ inputs: [a, z], outputs: dense(1).apply(a) }), "config/unused-input", '"z"'],
    [
      "the first input left unused",
      () => model({ inputs: [z, a], outputs: dense(1).apply(a) }),
      "config/unused-input",
      '"z"',
    ],
    ["an input not named", () => model({ inputs: a, outputs: add([a, z]) }), "config/missing-input", "input z (B, 3)"],
    ["no layer", () => model({ inputs: a, outputs: a }), "config/no-layers", "at least one layer"],
    ["outputs that are none", () => model({ inputs: a, outputs: strange({ y: 3 }) }), "config/not-symbolic", "outputs"],
    ["no inputs", () => model({ inputs: [], outputs: dense(1).apply(a) }), "config/not-symbolic", "inputs"],
    ["a layer as output", () => model({ inputs: a, outputs: strange(dense(1)) }), "config/not-symbolic", "outputs"],
    [
      "an input that a layer made",
      () => model({ inputs: dense(2).apply(a), outputs: dense(1).apply(a) }),
      "config/bad-graph",
      "input(shape)",
    ],
    ["one input twice", () => model({ inputs: [a, a], outputs: dense(1).apply(a) }), "config/duplicate-name", "twice"],
    [
      "two outputs of one name",
      () => model({ inputs: a, outputs: [dense(1, { name: "o" }).apply(a), dense(1, { name: "o" }).apply(a)] }),
      "config/duplicate-name",
      '"o"',
    ],
    ["shapes that do not add", () => add([a, input(4)]), "shape/mismatch", "(B, 3) and (B, 4)"],
    ["one value to add", () => add([a]), "config/not-several", "two or more"],
    ["shapes that do not join", () => concatenate([input([2, 3]), input([3, 2])]), "shape/mismatch", "axis -1"],
    ["the batch's axis", () => concatenate([a, a], { axis: 0 }), "config/bad-axis", "axis"],
    ["an axis that there is not", () => concatenate([a, a], { axis: 3 }), "shape/bad-axis", "no axis 3"],
    ["apply on data", () => dense(1).apply(strange(new Float32Array(3))), "config/not-symbolic", "input(shape)"],
    ["apply on several", () => dense(1).apply([a, a]), "config/one-input", "add([…])"],
    ["apply on nothing", () => dense(1).apply([]), "config/not-symbolic", "dense"],
    ["reshape to another size", () => reshape([2, 2]).apply(a), "shape/reshape", "3 values"],
    ["reshape with two unknown sizes", () => reshape([-1, -1]), "config/bad-shape", "at most one"],
    ["an input without a shape", () => input(strange("x")), "shape/bad-shape", "shape of an input"],
    ["a shared layer of two widths", () => sharedOfTwoWidths(), "shape/shared-layer", '"d"'],
    [
      "too many outputs",
      () => model({ inputs: a, outputs: Array.from({ length: 17 }, () => dense(1).apply(a)) }),
      "config/too-many-ports",
      "17 outputs",
    ],
  ])("%s", async (_, action, code, text) => {
    const error = await failureOf(action);
    expect(error.code).toBe(code);
    expect(error.message.toLowerCase()).toContain(text.toLowerCase());
  });

  function sharedOfTwoWidths() {
    const d = dense(3, { name: "d" });
    return model({ inputs: [a, z], outputs: { one: d.apply(a), two: d.apply(concatenate([a, z])) } });
  }

  test("data and settings for other inputs or outputs", async () => {
    const net = await twoByTwo();
    const codeOf = async (action: () => unknown) => (await failureOf(action)).code;
    expect(await codeOf(() => net.compile({ optimizer: "sgd", loss: { kind: "poisson" } as never }))).toBe(
      "config/bad-ports",
    );
    expect(await codeOf(() => net.compile({ optimizer: "sgd", loss: ["poisson"] }))).toBe("config/bad-ports");
    expect(await codeOf(() => net.compile({ optimizer: "sgd", loss: losses, lossWeights: { size: -1 } }))).toBe(
      "config/bad-loss-weight",
    );
    expect(await codeOf(() => net.compile({ optimizer: "sgd", loss: losses, metrics: ["accuracy"] }))).toBe(
      "config/bad-ports",
    );
    expect(await codeOf(() => net.compile({ optimizer: "sgd", loss: losses, metrics: { kidn: ["accuracy"] } }))).toBe(
      "config/bad-ports",
    );
    net.compile({ optimizer: "sgd", loss: losses });
    expect(await codeOf(() => net.predict(LEFT))).toBe("config/bad-ports");
    expect(await codeOf(() => net.predict({ left: LEFT }))).toBe("config/bad-ports");
    expect(await codeOf(() => net.predict({ left: LEFT, rigth: RIGHT }))).toBe("config/bad-ports");
    expect(await codeOf(() => net.predict({ left: LEFT, right: RIGHT.slice(4) }))).toBe("shape/rows-differ");
    expect(await codeOf(() => net.fit(x, { kind: KIND, size: SIZE.slice(1) }))).toBe("shape/rows-differ");
    expect(await codeOf(() => net.fit(x, y, { classWeight: { 0: 2 } }))).toBe("config/class-weight-does-not-fit");
    expect(
      (
        await failureOf(() =>
          net.predict({
            left: LEFT,
            right: [
              [1, 2],
              [3, NaN],
            ] as never,
          }),
        )
      ).message,
    ).toContain('"right"');
    await net.fit(x, y); // it is as usable as before
  });

  test("a file with a cycle, or with tensors that there are not", async () => {
    const bytes = (await twoByTwo()).toBytes();
    const text = new TextDecoder("latin1").decode(bytes);
    for (const [from, to] of [
      ['\\"layer\\":1,\\"inputs\\":[1]', '\\"layer\\":1,\\"inputs\\":[9]'],
      ['\\"layer\\":1,\\"inputs\\":[1]', '\\"layer\\":8,\\"inputs\\":[1]'],
    ] as const) {
      expect(text).toContain(from);
      const broken = Uint8Array.from(text.replace(from, to), (character) => character.charCodeAt(0));
      expect((await failureOf(() => loadModel(broken))).code).toBe("model/bad-architecture");
    }
  });
});
