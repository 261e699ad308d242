import { describe, expect, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import type { Prediction } from "../../src/index.js";
import { type KerasArray, type KerasLayer, modelFromConfig } from "../../src/keras/topology.js";
import { expectClose } from "../interop/networks.js";
import { noise } from "../model/helpers.js";
import { type Any, floats, load, NAMES, predictions, sample, sourceOf } from "./samples.js";

test.each(NAMES)("a model of Keras 3 predicts what Keras predicts: %s", async (name) => {
  const given = sample(name);
  const found = predictions(await load(given), given.inputs.map(floats));
  expect(found.map(({ shape }) => [...shape])).toEqual(given.outputs.map(({ shape }) => shape));
  found.forEach(({ data }, i) => {
    expectClose(data, given.outputs[i]!.data, 1e-5, `${name} ${i}`);
  });
});

test("what it may be trained on with comes along", async () => {
  const { layers } = await load(sample("sequential"));
  const config = (name: string) => layers.find((layer) => layer.name === name)!.config;
  expect(config("dense")).toMatchObject({
    activation: { name: "relu" },
    kernelInitializer: { name: "heNormal" },
    kernelRegularizer: { name: "l1l2", l1: 1e-4, l2: 1e-3 },
    biasRegularizer: { name: "l1l2", l1: 0, l2: 1e-3 },
    kernelConstraint: { name: "maxNorm", maxValue: 3 },
    biasConstraint: { name: "minMaxNorm", minValue: 0.1, maxValue: 2, rate: 0.5 },
  });
  expect(config("dense_1")).toMatchObject({
    useBias: false,
    kernelInitializer: { name: "varianceScaling", scale: 2, mode: "fanOut", distribution: "uniform" },
  });
  expect(config("dense_2")).toMatchObject({
    kernelConstraint: { name: "unitNorm" },
    biasConstraint: { name: "nonNeg" },
  });
  expect(config("batch_normalization")).toMatchObject({ momentum: 0.9, epsilon: 1e-4 });
  expect(config("dropout")).toEqual({ rate: 0.2 });
  expect(config("gaussian_noise")).toEqual({ stddev: 0.1 });
});

test("chains become chains, graphs keep the names of their ports", async () => {
  const chain = await load(sample("sequential"));
  expect(chain.inputs.map(({ name }) => name)).toEqual(["x"]);
  const graph = await load(sample("record"));
  expect(graph.inputs.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(Object.keys(graph.predict([new Float32Array(4), new Float32Array(4)]))).toEqual(["sum", "both"]);
});

test("models within models are written out: names meet, weights are shared, what is frozen stays so", async () => {
  const asked: KerasLayer[] = [];
  const given = sample("nested");
  const source = sourceOf(given);
  const model = await modelFromConfig<Any>(given.config, (layer) => (asked.push(layer), source(layer)), {
    mostBytes: 1e6,
  });
  expect(asked.map(({ path, weightNames, ordinal }) => [path.join("/"), weightNames.join(" "), ordinal])).toEqual([
    ["block/dense", "kernel bias", 1],
    ["block/out", "kernel bias", 2],
    ["chain/dense", "kernel bias", 1],
    ["chain/batch_normalization", "gamma beta moving_mean moving_variance", 2],
    ["dense", "kernel bias", 4],
  ]);
  expect(model.layers.map(({ name, trainable }) => [name, trainable])).toEqual([
    ["dense", true],
    ["out", true],
    ["dense_1", false],
    ["batch_normalization", false],
    ["concatenate", true],
    ["dense_2", true],
  ]);
});

test("what a frozen model holds is frozen, whatever its layers say", async () => {
  const given = sample("nested");
  const { layers } = given.config.config as { layers: { name: string; config: { layers: object[] } }[] };
  const chain = layers.find(({ name }) => name === "chain")!;
  for (const layer of chain.config.layers as { config: { trainable: boolean } }[]) layer.config.trainable = true;
  const frozen = (await load(given)).layers.filter(({ trainable }) => !trainable);
  expect(frozen.map(({ name }) => name)).toEqual(["dense_1", "batch_normalization"]);
});

// ── One layer at a time ─────────────────────────────────────────────────────────────────────────────────────────────

type Options = Record<string, unknown>;
const kernel = (rows: number, columns: number): KerasArray => ({
  data: noise(rows * columns, 3),
  shape: [rows, columns],
});
const vector = (...values: number[]): KerasArray => ({ data: Float32Array.from(values), shape: [values.length] });

interface Setting {
  readonly keras?: 2 | 3;
  readonly shape?: readonly (number | null)[];
  readonly weights?: readonly KerasArray[];
  readonly module?: string;
  readonly registered?: string;
}

/** A Sequential model of one layer. */
function layer(class_name: string, config: Options, { keras = 3, shape = [3], weights = [], ...of }: Setting = {}) {
  const batch = [null, ...shape];
  const input = {
    class_name: "InputLayer",
    config: { name: "in", [keras === 3 ? "batch_shape" : "batch_input_shape"]: batch },
  };
  const own = {
    class_name,
    config: { name: "it", ...config },
    ...(of.module !== undefined && { module: of.module }),
    ...(of.registered !== undefined && { registered_name: of.registered }),
  };
  const model = { class_name: "Sequential", config: { name: "m", layers: [input, own] } };
  return modelFromConfig<Prediction>(model, () => weights, { seed: 1, mostBytes: 1e6 });
}

/** The code, and what the message names. */
async function refused(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return `${(error as LanewiseError).code}: ${(error as LanewiseError).message}`;
}

const x = Float32Array.of(-4, -1, 0, 1, 2, 4);
const applied = async (class_name: string, config: Options, setting: Setting = {}) => [
  ...(await layer(class_name, config, { shape: [6], ...setting })).predict(x).data,
];
const close = (found: readonly number[], expected: readonly number[]) => {
  expectClose(found, expected, 1e-6);
};

describe("the same name means another function", () => {
  test("hard_sigmoid of Keras 2 and of Keras 3", async () => {
    const old = [...x].map((v) => Math.min(Math.max(0.2 * v + 0.5, 0), 1));
    const present = [...x].map((v) => Math.min(Math.max(v / 6 + 0.5, 0), 1));
    close(await applied("Activation", { activation: "hard_sigmoid" }, { keras: 2 }), old);
    close(await applied("Activation", { activation: "hardSigmoid" }, { keras: 2 }), old);
    close(await applied("Activation", { activation: "hard_sigmoid" }, { keras: 3 }), present);
  });
  test("the slopes and bounds of rectifiers", async () => {
    const leaky = (slope: number) => [...x].map((v) => (v > 0 ? v : slope * v));
    close(await applied("LeakyReLU", {}), leaky(0.3));
    close(await applied("LeakyReLU", { alpha: 0.1 }, { keras: 2 }), leaky(0.1));
    close(await applied("LeakyReLU", { negative_slope: 0.1 }), leaky(0.1));
    close(await applied("Activation", { activation: "leaky_relu" }), leaky(0.2));
    close(await applied("ReLU", { negative_slope: 0.25 }), leaky(0.25));
    close(await applied("ReLU", { max_value: 1.5 }), [0, 0, 0, 1, 1.5, 1.5]);
    close(await applied("ReLU", { max_value: 6 }), [0, 0, 0, 1, 2, 4]);
  });
  test("an activation as an object", async () => {
    const object = { module: "keras.layers", class_name: "ReLU", config: { name: "r", max_value: 2 } };
    close(await applied("Activation", { activation: object }), [0, 0, 0, 1, 2, 2]);
    const named = { module: "builtins", class_name: "function", config: "relu", registered_name: "function" };
    close(await applied("Activation", { activation: named }), [0, 0, 0, 1, 2, 4]);
  });
});

test("axes that are the last may be counted from the batch, and stand in a list", async () => {
  const weights = [vector(1, 2, 3), vector(0, 0, 1), vector(1, 1, 1), vector(1, 4, 9)];
  const expected = (await layer("BatchNormalization", {}, { weights })).predict(Float32Array.of(2, 3, 4)).data;
  for (const axis of [1, [1], [-1]]) {
    const model = await layer("BatchNormalization", { axis }, { weights });
    expect(model.predict(Float32Array.of(2, 3, 4)).data).toEqual(expected);
  }
});

test("a frozen batch normalization of statistics alone, without epsilon, is a normalization", async () => {
  const weights = [vector(1, 2, 3), vector(1, 4, 9)];
  const config = { epsilon: 0, center: false, scale: false, trainable: false };
  const model = await layer("BatchNormalization", config, { weights });
  expect(model.layers[0]!.className).toBe("Normalization");
  expect([...model.predict(Float32Array.of(2, 4, 9)).data]).toEqual([1, 1, 2]);
});

test("normalization: one number for all, count left out, and a variance of 0 as Keras has it", async () => {
  const scalar = (value: number): KerasArray => ({ data: Float32Array.of(value), shape: [] });
  const whole = await layer("Normalization", { axis: null }, { weights: [scalar(1), scalar(4), scalar(9)] });
  expect([...whole.predict(Float32Array.of(1, 3, 5)).data]).toEqual([0, 1, 2]);
  const flat = await layer("Normalization", {}, { weights: [vector(1, 1, 1), vector(0, 1, 1)] });
  expect(flat.predict(Float32Array.of(2, 1, 1)).data[0]).toBeCloseTo(1e7, -2);
});

describe("called with training=false", () => {
  const functional = (layer: object, kwargs: object, weights: KerasArray[] = []) => {
    const tensor = { class_name: "__keras_tensor__", config: { shape: [null, 3], keras_history: ["in", 0, 0] } };
    const layers = [
      { class_name: "InputLayer", name: "in", config: { name: "in", batch_shape: [null, 3] }, inbound_nodes: [] },
      { ...layer, name: "it", inbound_nodes: [{ args: [tensor], kwargs }] },
      {
        class_name: "Activation",
        name: "out",
        config: { name: "out", activation: "linear" },
        inbound_nodes: [
          { args: [{ ...tensor, config: { ...tensor.config, keras_history: ["it", 0, 0] } }], kwargs: {} },
        ],
      },
    ];
    const config = { name: "f", layers, input_layers: ["in", 0, 0], output_layers: ["out", 0, 0] };
    return modelFromConfig({ class_name: "Functional", config }, () => weights, { mostBytes: 1e6 });
  };
  const norm = [vector(1, 1, 1), vector(0, 0, 0), vector(0, 0, 0), vector(1, 1, 1)];

  test("dropout is not there", async () => {
    const model = await functional({ class_name: "Dropout", config: { name: "it", rate: 0.5 } }, { training: false });
    expect(model.layers.map(({ className }) => className)).toEqual(["Activation"]);
    const dropped = await functional({ class_name: "Dropout", config: { name: "it", rate: 0.5 } }, { training: null });
    expect(dropped.layers.map(({ className }) => className)).toEqual(["Dropout", "Activation"]);
  });
  test("a batch normalization must be frozen", async () => {
    const norms = (config: object) =>
      functional({ class_name: "BatchNormalization", config: { name: "it", ...config } }, { training: false }, norm);
    expect((await norms({ trainable: false })).layers[0]!.trainable).toBe(false);
    expect(await refused(norms({}))).toMatch(/^keras\/unsupported-layer: .*"it".*training=false/);
  });
  test("any other option is refused", async () => {
    const masked = functional({ class_name: "Dropout", config: { name: "it", rate: 0.5 } }, { mask: true });
    expect(await refused(masked)).toMatch(/^keras\/unsupported-layer: .*"mask"/);
  });
});

describe("refused by name", () => {
  const dense = { weights: [kernel(3, 2), vector(0, 0)] };
  const norm = { weights: [vector(1, 1, 1), vector(0, 0, 0), vector(0, 0, 0), vector(1, 1, 1)] };
  const UNSUPPORTED: [string, Options, Setting, RegExp][] = [
    ["Conv2D", { filters: 3 }, {}, /"it" \(Conv2D\).*lanewise has Add/],
    ["constructor", {}, {}, /\(constructor\)/],
    ["Dense", { units: 2, novel: 1 }, dense, /its option "novel" is not known/],
    ["Dense", { units: 2, activation: "sparsemax" }, dense, /activation is "sparsemax"/],
    ["Dense", { units: 2, activation: { class_name: "Mine", config: {} } }, dense, /activation is "Mine"/],
    [
      "Dense",
      { units: 2, activation: { class_name: "function", config: "relu", module: "__main__" } },
      dense,
      /activation is "function"/,
    ],
    ["Dense", { units: 2, activity_regularizer: { class_name: "L2", config: {} } }, dense, /activity_regularizer/],
    ["Dense", { units: 2, kernel_regularizer: { class_name: "OrthogonalRegularizer" } }, dense, /OrthogonalReg/],
    ["Dense", { units: 2, kernel_constraint: { class_name: "RadialConstraint" } }, dense, /RadialConstraint/],
    ["Dense", { units: 2, kernel_constraint: { class_name: "MaxNorm", config: { axis: 1 } } }, dense, /axis 1/],
    ["Dense", { units: 2, lora_rank: 4 }, dense, /lora_rank/],
    ["Dense", { units: 2, dtype: "int8" }, dense, /dtype is "int8"/],
    ["Dense", { units: 2, dtype: { class_name: "QuantizedDTypePolicy", config: {} } }, dense, /dtype/],
    ["Dense", { units: 2 }, { ...dense, module: "keras.src.ops.numpy" }, /no layer of Keras's own/],
    ["Dense", { units: 2 }, { ...dense, module: "keras.layers", registered: "mine>Dense" }, /no layer of Keras's own/],
    ["BatchNormalization", { axis: 1 }, { ...norm, shape: [2, 3] }, /axis is \[1\].*sample's 2 only/],
    ["BatchNormalization", { renorm: true }, norm, /renorm/],
    ["BatchNormalization", { gamma_constraint: { class_name: "NonNeg" } }, norm, /gamma_constraint/],
    ["LayerNormalization", { axis: [1, 2] }, { shape: [2, 3] }, /axis is \[1, 2\]/],
    ["LayerNormalization", { rms_scaling: true }, {}, /rms_scaling/],
    ["Softmax", { axis: 1 }, { shape: [2, 3] }, /axis/],
    ["Normalization", { axis: [1] }, { shape: [2, 3] }, /axis/],
    ["Normalization", { invert: true }, {}, /invert/],
    ["ReLU", { threshold: 1 }, {}, /threshold/],
    ["ReLU", { max_value: 6, negative_slope: 0.1 }, {}, /both/],
    ["Dropout", { rate: 0.5, noise_shape: [1, 3] }, {}, /noise_shape/],
    ["Flatten", { data_format: "channels_first" }, { shape: [2, 2] }, /data_format is "channels_first"/],
    ["PReLU", { shared_axes: [2] }, { shape: [2, 3] }, /shared axes are/],
    ["PReLU", { alpha_regularizer: { class_name: "L2" } }, {}, /alpha_regularizer/],
    ["Concatenate", { axis: 0 }, {}, /joins rows/],
    ["Dense", { units: 2 }, { ...dense, shape: [null, 3] }, /fixed sizes/],
    ["Dense", { units: 2 }, { ...dense, shape: [] }, /fixed sizes/],
  ];
  test.each(UNSUPPORTED)("%s %o", async (className, config, setting, message) => {
    const found = await refused(layer(className, config, setting));
    expect(found).toMatch(/^keras\/unsupported-layer: /);
    expect(found).toMatch(message);
  });

  const BAD: [string, Options, Setting, RegExp][] = [
    ["Dense", { units: "2" }, dense, /units is "2"/],
    ["Dense", { units: 0 }, dense, /units/],
    ["Dense", {}, dense, /units/],
    ["Dense", { units: 2, use_bias: 1 }, dense, /use_bias is 1/],
    ["Dense", { units: 2, activation: 3 }, dense, /activation is 3/],
    ["Dense", { units: 2, kernel_initializer: 3 }, dense, /kernel_initializer is 3/],
    ["Dense", { units: 2, kernel_initializer: { class_name: "Constant", config: { value: "a" } } }, dense, /value/],
    ["Dense", { units: 2, kernel_initializer: { class_name: "Zeros", config: 3 } }, dense, /options 3/],
    ["Dense", { units: 2, kernel_regularizer: { class_name: "L2", config: { l2: -1 } } }, dense, /l2/],
    ["Dense", { units: 2, kernel_constraint: { class_name: "MaxNorm", config: { max_value: -1 } } }, dense, /maxValue/],
    ["Dense", { units: 2, trainable: "no" }, dense, /trainable is "no"/],
    ["Dropout", { rate: 1 }, {}, /rate/],
    ["GaussianNoise", {}, {}, /stddev/],
    ["BatchNormalization", { epsilon: 0 }, norm, /epsilon/],
    ["BatchNormalization", { axis: 0.5 }, norm, /axis/],
    ["ELU", { alpha: -1 }, {}, /alpha/],
    ["ReLU", { max_value: -1 }, {}, /max_value/],
    ["Reshape", { target_shape: [2, 2] }, {}, /reshape/],
    ["Reshape", {}, {}, /targetShape/],
    ["Normalization", { mean: [1, 2], variance: [1, 1] }, {}, /mean has 2 numbers/],
    ["Normalization", { mean: 1 }, {}, /only one of/],
    ["Normalization", { mean: ["a"], variance: 1 }, {}, /not made of numbers/],
    ["Normalization", { mean: 1, variance: -1 }, {}, /below 0/],
    ["PReLU", { shared_axes: [1, 2] }, {}, /axes that a sample has not/],
    ["Subtract", {}, {}, /has 1 inputs/],
    ["Rescaling", {}, {}, /scale/],
    ["Dense", { units: 2 ** 40 }, { ...dense, shape: [2 ** 40] }, /4 GiB/],
  ];
  test.each(BAD)("%s %o is bad", async (className, config, setting, message) => {
    const found = await refused(layer(className, config, setting));
    expect(found).toMatch(/^keras\/bad-(config|topology): /);
    expect(found).toMatch(message);
  });

  const WEIGHTS: [string, Options, Setting, RegExp][] = [
    ["Dense", { units: 2 }, { weights: [kernel(3, 2)] }, /2 weights \(kernel, bias\), and the file 1/],
    ["Dense", { units: 2 }, { weights: [] }, /the file 0/],
    ["Dense", { units: 2 }, { weights: [kernel(2, 3), vector(0, 0)] }, /kernel is \(2, 3\).*expected \(3, 2\)/],
    ["Dense", { units: 2 }, { weights: [{ ...kernel(3, 2), data: noise(5, 1) }, vector(0, 0)] }, /of 5 values/],
    ["Dense", { units: 2 }, { weights: [kernel(3, 2), vector(0, NaN)] }, /holds NaN/],
    ["Dense", { units: 2, use_bias: false }, dense, /1 weights \(kernel\), and the file 2/],
    [
      "Dense",
      { units: 500_000 },
      { weights: [kernel(3, 500_000), { data: new Float32Array(500_000), shape: [500_000] }] },
      /more bytes/,
    ],
    ["BatchNormalization", {}, { weights: [...norm.weights.slice(0, 3), vector(1, 1, -1)] }, /take a root/],
    ["Normalization", {}, { weights: [vector(0, 0, 0), vector(1, 1, -1)] }, /take a root/],
  ];
  test.each(WEIGHTS)("%s %o with weights that do not fit", async (className, config, setting, message) => {
    const found = await refused(layer(className, config, setting));
    expect(found).toMatch(/^keras\/bad-weights: /);
    expect(found).toMatch(message);
  });
});

describe("a topology that does not hold together", () => {
  type Edit = (config: Record<string, never>) => void;
  const edited = (edit: Edit, name = "graph") => {
    const given = sample(name);
    edit(given.config as Record<string, never>);
    return refused(load(given));
  };
  /* eslint-disable @typescript-eslint/no-explicit-any -- plain JSON, reached into */
  const inside = (config: any) => config.config;
  const layerOf = (config: any, name: string) => inside(config).layers.find((layer: any) => layer.name === name);
  const historyOf = (config: any, name: string, node = 0) => {
    const [first] = layerOf(config, name).inbound_nodes[node].args;
    return (Array.isArray(first) ? first[0] : first).config.keras_history;
  };
  const CASES: [string, (config: any) => void, RegExp][] = [
    ["a call that there is not", (c) => (historyOf(c, "add")[1] = 7), /no call 7/],
    ["a layer that there is not", (c) => (historyOf(c, "add")[0] = "none"), /no call 0 of a layer "none"/],
    ["a prototype's name", (c) => (historyOf(c, "add")[0] = "constructor"), /"constructor"/],
    ["an output that there is not", (c) => (historyOf(c, "add")[2] = 1), /has no output 1/],
    ["half a call", (c) => (historyOf(c, "add")[1] = 0.5), /names the value/],
    ["a cycle", (c) => historyOf(c, "add").splice(0, 3, "concatenate", 0, 0), /computed from/],
    ["a layer of itself", (c) => historyOf(c, "dense").splice(0, 3, "dense", 0, 0), /computed from/],
    ["two of a name", (c) => inside(c).layers.push(layerOf(c, "add")), /two layers are called "add"/],
    ["no outputs", (c) => (inside(c).output_layers = []), /output_layers are none/],
    ["no layers", (c) => delete inside(c).layers, /layers of the model is undefined/],
    ["an entry that is none", (c) => (inside(c).input_layers[0][0] = "add"), /no InputLayer/],
    ["an input left out", (c) => inside(c).input_layers.pop(), /no call 0 of a layer "b"/],
    ["a layer of no class", (c) => delete layerOf(c, "add").class_name, /class_name of a layer is undefined/],
    ["a layer of no config", (c) => (layerOf(c, "add").config = null), /config of a layer is null/],
    ["nodes that are none", (c) => (layerOf(c, "add").inbound_nodes = 3), /inbound_nodes of layer "add" is 3/],
    ["a call of nothing", (c) => (layerOf(c, "add").inbound_nodes[0].args = [[]]), /called with 0 values/],
    [
      "two values for one",
      (c) => (layerOf(c, "first").inbound_nodes[0] = layerOf(c, "add").inbound_nodes[0]),
      /one value/,
    ],
  ];
  test.each(CASES)("%s", async (_, edit, message) => {
    const found = await edited(edit as Edit);
    expect(found).toMatch(/^keras\/bad-(topology|config): /);
    expect(found).toMatch(message);
  });
  test("no model", async () => {
    for (const [config, code] of [
      [undefined, "keras/bad-topology"],
      [[], "keras/bad-topology"],
      [{}, "keras/bad-topology"],
      [{ class_name: "Sequential", config: { layers: [] } }, "keras/bad-topology"],
      [{ class_name: "Sequential", config: { layers: [3] } }, "keras/bad-topology"],
      [{ class_name: "Sequential", config: 3 }, "keras/bad-topology"],
      [{ class_name: "MyModel", config: {} }, "keras/unsupported-layer"],
      [
        { class_name: "Sequential", config: { layers: [{ class_name: "Dense", config: { units: 3 } }] } },
        "keras/bad-topology",
      ],
    ] as const) {
      expect(await refused(modelFromConfig(config, () => [], { mostBytes: 1e6 }))).toMatch(new RegExp(`^${code}: `));
    }
  });
  test("values of an op, and constants", async () => {
    const constant = await edited((c) => {
      layerOf(c, "add").inbound_nodes[0].args.push(2);
    });
    expect(constant).toMatch(/^keras\/unsupported-layer: .*more than one argument/);
    const number = await edited((c) => {
      layerOf(c, "add").inbound_nodes[0].args = [3];
    });
    expect(number).toMatch(/^keras\/unsupported-layer: .*no value of the graph/);
  });
  test("models that call one another again and again come to an end", async () => {
    let model: any = { class_name: "Activation", config: { name: "l", activation: "relu" } };
    for (let depth = 0; depth < 12; depth++) {
      const name = `m${depth}`;
      const layers = [
        {
          class_name: "InputLayer",
          name: "in",
          config: { name: "in", batch_input_shape: [null, 2] },
          inbound_nodes: [],
        },
        { ...model, name: "inner", config: { ...model.config, name: "inner" }, inbound_nodes: [] as unknown[] },
      ];
      const first = depth === 0 ? 0 : 1;
      layers[1]!.inbound_nodes = Array.from({ length: 8 }, (_, i) => [
        [i === 0 ? "in" : "inner", i === 0 ? 0 : first + i - 1, 0, {}],
      ]);
      const config = { name, layers, input_layers: [["in", 0, 0]], output_layers: [["inner", first + 7, 0]] };
      model = { class_name: "Functional", config };
    }
    const found = await refused(modelFromConfig(model, () => [], { mostBytes: 1e6 }));
    expect(found).toMatch(/^keras\/bad-topology: .*more than \d+ times/);
  });
  test("models that lie too deep in one another", async () => {
    let model: any = { class_name: "Dense", config: { name: "d", units: 2, batch_input_shape: [null, 2] } };
    for (let depth = 0; depth < 30; depth++)
      model = { class_name: "Sequential", config: { name: `m${depth}`, layers: [model] } };
    expect(await refused(modelFromConfig(model, () => [], { mostBytes: 1e6 }))).toMatch(/^keras\/bad-topology: .*deep/);
  });
  /* eslint-enable @typescript-eslint/no-explicit-any */
});
