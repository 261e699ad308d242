import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as activations from "../../src/activations/index.js";
import { type Draft, encode, decode } from "../../src/formats/protobuf.js";
import {
  activation,
  adam,
  add,
  batchNorm,
  concatenate,
  defineLayer,
  dense,
  dropout,
  gaussianNoise,
  input,
  type LayerSpec,
  model as graph,
  type Model,
  type Prediction,
  prelu,
  sequential,
} from "../../src/index.js";
import { loadOnnx, toOnnx } from "../../src/onnx/index.js";
import { MODEL } from "../../src/onnx/schema.js";
import { build, CASES, changed, expectClose } from "../interop/networks.js";
import { isInstalled, runOnnx } from "../interop/onnxruntime.js";
import { failureOf, noise } from "../model/helpers.js";
import { constant, floats, type GraphOptions, ints, node, onnxFile } from "./files.js";

const sample = (name: string) => readFileSync(new URL(`samples/${name}`, import.meta.url));
const made = JSON.parse(sample("predictions.json").toString()) as Record<
  string,
  { inputs: number[][]; outputs: number[][] }
>;
const f32 = (values: readonly number[]) => Float32Array.from(values);
const classes = (model: Model<never> | Model) => model.layers.map(({ className }) => className);

describe("networks that PyTorch exported", () => {
  test.each(["mlp", "bends", "fixed", "old"])("%s predicts what it predicts there", async (name) => {
    const model = await loadOnnx(sample(`${name}.onnx`), { seed: 1 });
    expect(model.isChain).toBe(true);
    expectClose(model.predict(f32(made[name]!.inputs[0]!)).data, made[name]!.outputs[0]!);
  });

  test("branches, several inputs and outputs", async () => {
    const model = await loadOnnx<readonly Prediction[]>(sample("branched.onnx"));
    expect(model.isChain).toBe(false);
    expect(model.inputs).toEqual([
      { name: "image", shape: [2, 3] },
      { name: "extra", shape: [2] },
    ]);
    expect(model.outputs.map(({ name }) => name)).toEqual(["mean", "spread"]);
    const { inputs, outputs } = made.branched!;
    const found = model.predict({ image: f32(inputs[0]!), extra: f32(inputs[1]!) });
    found.forEach(({ data }, i) => expectClose(data, outputs[i]!));
  });

  test("layers are called as the nodes, and activations that are written out are found", async () => {
    const model = await loadOnnx(sample("mlp.onnx"));
    const named = model.layers.map(({ name, className, config }) => {
      const { activation } = config as { activation?: { name: string } };
      return `${name} ${className === "Activation" ? activation!.name : className}`;
    });
    expect(named).toEqual([
      "0.Gemm Dense",
      "1.BatchNormalization BatchNormalization",
      "2.Relu relu",
      "3.Gemm Dense",
      "4.LayerNormalization LayerNormalization",
      "5.Mul_1 gelu",
      "6.Gemm Dense",
      "7.Mul silu",
      "8.Gemm Dense",
      "9.Mul mish",
      "10.Gemm Dense",
      "11.Softmax softmax",
    ]);
    expect(model.getLayer("1.BatchNormalization").config).toMatchObject({ epsilon: 1e-5, momentum: 0.9 });
    const bends = await loadOnnx(sample("bends.onnx"));
    expect(bends.layers[0]!.config).toEqual({ activation: { name: "leakyRelu", negativeSlope: 0.07 } });
  });

  test("train on", async () => {
    const model = await loadOnnx(sample("mlp.onnx"), { seed: 3 });
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy" });
    const x = f32(made.mlp!.inputs[0]!);
    const y = Array.from({ length: 12 }, (_, i) => i % 3);
    const before = (await model.evaluate(x, y)).loss!;
    await model.fit(x, y, { epochs: 30, batchSize: 6 });
    expect((await model.evaluate(x, y)).loss!).toBeLessThan(before * 0.8);
  });
});

/** Graphs that are no chain, with inputs of 6 and of 3 numbers. */
const GRAPHS: Record<string, () => Promise<Model<readonly Prediction[]>>> = {
  "a shared layer, a sum of three, two outputs": async () => {
    const [a, b] = [input(6, { name: "a" }), input(3, { name: "b" })];
    const shared = dense(4, { activation: "tanh", name: "shared" });
    const h = shared.apply(a);
    const again = shared.apply(concatenate([b, b]));
    const sum = add([h, again, dense(4, { useBias: false, name: "own" }).apply(b)], { name: "sum" });
    return graph({ inputs: [a, b], outputs: [sum, dense(2, { name: "last" }).apply(concatenate([sum, h]))], seed: 2 });
  },
  "an output that is used again, and one that is an input": async () => {
    const [a, b] = [input(6), input(3)];
    const h = dense(3).apply(a);
    return graph({ inputs: [a, b], outputs: [h, add([h, b]), dropout(0.5).apply(b)], seed: 2 });
  },
};

/** Layers that ONNX has and PyTorch has not. */
const MORE: Record<string, [LayerSpec[], (number | number[])?]> = {
  "norms and slopes of samples of several axes": [
    [batchNorm(), prelu(), prelu({ sharedAxes: [1] })],
    [3, 4],
  ],
};

describe("there and back", () => {
  /** Back from the file they would have several axes again: batchNorm reshapes. */
  const cases = Object.entries(CASES).filter(([name]) => name !== "what PyTorch lacks");

  test.each(cases)("%s", async (_, [layers, inputShape]) => {
    const model = await changed(layers, inputShape);
    const back = (await loadOnnx(toOnnx(model))) as Model;
    const x = noise(5 * model.inputShape.reduce((a, b) => a * b)).map((v) => 2 * v);
    expectClose(back.predict(x).data, model.predict(x).data, 1e-6);
    expect(back.countParams()).toBe(
      model.countParams() + missingScales(layers.map(({ kind, config }) => [kind.className, config])),
    );
    // A second time nothing changes any more.
    expect(toOnnx((await loadOnnx(toOnnx(back))) as Model)).toEqual(toOnnx(back));
  });

  test.each(Object.entries(GRAPHS))("%s", async (_, make) => {
    const model = await make();
    const back = await loadOnnx<readonly Prediction[]>(toOnnx(model));
    expect(back.inputs).toEqual(model.inputs);
    expect(back.outputs).toEqual(model.outputs);
    const x = [noise(12), noise(6, 2)];
    const expected = model.predict(x);
    back.predict(x).forEach(({ data }, i) => expectClose(data, expected[i]!.data, 1e-6));
  });

  test("normalization, and rescaling in one layer", async () => {
    const model = await changed(CASES["what PyTorch lacks"]![0]);
    const back = (await loadOnnx(toOnnx(model))) as Model;
    expect(classes(back)).toEqual(["Rescaling", "Normalization", "Dense", "Activation"]);
    const x = noise(12);
    expectClose(back.predict(x).data, model.predict(x).data, 2e-6);
  });

  /** Gammas and betas that ONNX always has. */
  function missingScales(layers: [string, unknown][]): number {
    return layers.reduce((sum, [className, config]) => {
      const { center, scale } = config as { center?: boolean; scale?: boolean };
      if (className === "BatchNormalization") return sum + 6 * (Number(!center) + Number(!scale));
      return className === "LayerNormalization" && !scale ? sum + 6 : sum;
    }, 0);
  }
});

describe("a file that was written", () => {
  test("is of operator set 17, names its ports and nodes, and has each weight once", async () => {
    const {
      irVersion,
      opsetImport,
      producerName,
      graph: written,
    } = decode(MODEL, toOnnx(await Object.values(GRAPHS)[0]!()));
    expect([irVersion, opsetImport, producerName]).toEqual([8n, [{ domain: "", version: 17n }], "lanewise"]);
    const lines = written!.node.map(
      ({ opType, input, output }) => `${opType}(${input.join(", ")}) ${output.join(", ")}`,
    );
    expect(lines).toEqual([
      "Gemm(a, shared/kernel, shared/bias) shared",
      "Tanh(shared) shared/tanh",
      "Concat(b, b) concatenate",
      "Gemm(concatenate, shared/kernel, shared/bias) shared_1",
      "Tanh(shared_1) shared/tanh_1",
      "Gemm(b, own/kernel) own",
      "Add(shared/tanh, shared/tanh_1) sum_1",
      "Add(sum_1, own) sum_2",
      "Concat(sum_2, shared/tanh) concatenate_1",
      "Gemm(concatenate_1, last/kernel, last/bias) last_1",
      "Identity(sum_2) sum",
      "Identity(last_1) last",
    ]);
    expect(written!.initializer.map(({ name }) => name)).toEqual([
      "shared/kernel",
      "shared/bias",
      "own/kernel",
      "last/kernel",
      "last/bias",
    ]);
    const dims = written!.input.map(({ type }) => type!.tensor!.shape!.dim);
    expect(dims[0]).toEqual([
      { value: undefined, parameter: "batch" },
      { value: 6n, parameter: undefined },
    ]);
  });

  test("a layer of your own is refused by name", async () => {
    const own = defineLayer({ className: "Own", emit: ({ ops }, x) => ops.mul(x, x) });
    const model = await build([own({ name: "square" })]);
    const error = await failureOf(() => toOnnx(model));
    expect(`${error.code} ${error.message}`).toMatch(/^onnx\/unsupported-layer Layer "square" \(Own\)/);
  });

  test("noise is left out, and a network of nothing else still has an output", async () => {
    const model = await sequential({ inputShape: 3, layers: [gaussianNoise(1, { name: "noise" })] });
    const { graph: written } = decode(MODEL, toOnnx(model));
    expect(written!.node.map(({ opType, input, output }) => [opType, input, output])).toEqual([
      ["Identity", ["x"], ["y"]],
    ]);
  });

  test("names that would meet keep apart", async () => {
    const names = ["x", "y", "number", "a", "x_1"];
    const layers = names.map((name) => dense(3, { name, activation: activations.gelu() }));
    const model = await sequential({ inputShape: 3, layers, seed: 1 });
    const back = (await loadOnnx(toOnnx(model))) as Model;
    const x = noise(9);
    expectClose(back.predict(x).data, model.predict(x).data, 1e-6);
  });
});

describe("one op at a time", () => {
  const x = f32([1, -2, 3, 0.5, 0, -1]); // two rows of three
  const run = async (options: GraphOptions) => {
    const model = (await loadOnnx(onnxFile(options), { seed: 1 })) as Model;
    return { y: [...model.predict(x).data], classes: classes(model), model };
  };
  const w = floats("w", [3, 2], [1, 2, 3, 4, 5, 6]);
  const wT = floats("w", [2, 3], [1, 3, 5, 2, 4, 6]);
  const product = [10, 12, 0.5 - 5, 1 - 6]; // x · w

  test("Gemm: transposed, scaled, with a bias that is broadcast", async () => {
    expect((await run({ nodes: [node("Gemm", ["x", "w"], "y")], tensors: [w] })).y).toEqual(product);
    const attributes = { transB: 1n, alpha: 2, beta: 3 };
    const scaled = { nodes: [node("Gemm", ["x", "w", "c"], "y", attributes)], tensors: [wT, floats("c", [1], [1])] };
    expect((await run(scaled)).y).toEqual(product.map((v) => 2 * v + 3));
    const wide = { ...scaled, tensors: [wT, floats("c", [1, 2], [1, -1])] };
    expect((await run(wide)).y).toEqual(product.map((v, i) => 2 * v + (i % 2 ? -3 : 3)));
  });

  test("a bias goes into its product from either side, unless the product is read elsewhere", async () => {
    const b = floats("b", [2], [10, 20]);
    for (const operands of [
      ["b", "h"],
      ["h", "b"],
    ]) {
      const nodes = [node("MatMul", ["x", "w"], "h"), node("Add", operands, "y")];
      const { y, classes } = await run({ nodes, tensors: [w, b] });
      expect([y, classes]).toEqual([product.map((v, i) => v + (i % 2 ? 20 : 10)), ["Dense"]]);
    }
    const nodes = [node("MatMul", ["x", "w"], "h"), node("Add", ["h", "b"], "s"), node("Add", ["s", "h"], "y")];
    const { y, classes } = await run({ nodes, tensors: [w, b] });
    expect(y).toEqual(product.map((v, i) => 2 * v + (i % 2 ? 20 : 10)));
    expect(classes).toEqual(["Dense", "Normalization", "Add"]);
  });

  test.each<[string, string[], number[], (v: number, j: number) => number, string]>([
    ["Add", ["x", "c"], [2], (v) => v + 2, "Rescaling"],
    ["Sub", ["x", "c"], [2], (v) => v - 2, "Rescaling"],
    ["Sub", ["c", "x"], [2], (v) => 2 - v, "Rescaling"],
    ["Mul", ["c", "x"], [4], (v) => v * 4, "Rescaling"],
    ["Div", ["x", "c"], [4], (v) => v / 4, "Rescaling"],
    ["Add", ["c", "x"], [1, 2, 4], (v, j) => v + 2 ** j, "Normalization"],
    ["Sub", ["x", "c"], [1, 2, 4], (v, j) => v - 2 ** j, "Normalization"],
    ["Div", ["x", "c"], [1, 2, 4], (v, j) => v / 2 ** j, "Normalization"],
  ])("%s of %s by %s", async (op, operands, values, expected, className) => {
    const found = await run({ nodes: [node(op, operands, "y")], tensors: [floats("c", [values.length], values)] });
    expect(found.y).toEqual([...x].map((v, i) => expected(v, i % 3)));
    expect(found.classes).toEqual([className]);
  });

  test("a difference and a quotient, a product and a sum: one layer each", async () => {
    const tensors = [
      floats("m", [3], [1, 2, 3]),
      floats("s", [3], [2, 4, 8]),
      floats("a", [], [3]),
      floats("b", [], [1]),
    ];
    const normal = await run({ nodes: [node("Sub", ["x", "m"], "h"), node("Div", ["h", "s"], "y")], tensors });
    expect(normal.classes).toEqual(["Normalization"]);
    expect(normal.y).toEqual([...x].map((v, i) => (v - 1 - (i % 3)) / 2 ** (1 + (i % 3))));
    const affine = await run({ nodes: [node("Mul", ["a", "x"], "h"), node("Add", ["h", "b"], "y")], tensors });
    expect(affine.classes).toEqual(["Rescaling"]);
    expect(affine.y).toEqual([...x].map((v) => 3 * v + 1));
    const across = [floats("m", [3, 1], [1, 2, 3]), floats("s", [3], [2, 4, 8])];
    const nodes = [node("Sub", ["x", "m"], "h"), node("Div", ["h", "s"], "y")];
    expect(await refusal({ nodes, tensors: across, inputShape: [3, 3] })).toMatch(/constant \(3, 1\)/);
    const read = [node("Sub", ["x", "m"], "h"), node("Div", ["h", "s"], "q"), node("Add", ["h", "q"], "y")];
    const twice = await run({ nodes: read, tensors });
    expect(twice.classes).toEqual(["Normalization", "Normalization", "Add"]);
    expect(twice.y).toEqual(normal.y.map((v, i) => v + x[i]! - 1 - (i % 3)));
  });

  test("Reshape and Flatten: 0 copies a size, -1 is what is left, the first is the batch", async () => {
    for (const [sizes, shape] of [
      [
        [0, 3, 1],
        [3, 1],
      ],
      [
        [-1, 1, 3],
        [1, 3],
      ],
      [
        [0, 0, 1],
        [3, 1],
      ],
      [[0, -1], [3]],
    ] as const) {
      const { model } = await run({ nodes: [node("Reshape", ["x", "s"], "y")], tensors: [ints("s", sizes)] });
      expect(model.outputShape).toEqual(shape);
    }
    const named = await refusal({ nodes: [node("Reshape", ["x", "s"], "y")], tensors: [ints("s", [3, 2])] });
    expect(named).toMatch(/^onnx\/unsupported-op Node "y" \(Reshape\) .* 3 rows/);
    expect(await refusal({ nodes: [node("Reshape", ["x", "s"], "y")], tensors: [ints("s", [-1, 2])] })).toMatch(
      /^onnx\/bad-graph/,
    );
    expect(await refusal({ nodes: [node("Flatten", ["x"], "y", { axis: 0n })] })).toMatch(/^onnx\/unsupported-op/);
  });

  test("activations that are written out, however their constants stand", async () => {
    const tensors = [
      floats("half", [], [0.5]),
      floats("one", [], [1]),
      floats("root", [], [Math.SQRT2]),
      floats("inv", [], [Math.SQRT1_2]),
    ];
    const erf = [node("Erf", ["r"], "e"), node("Add", ["one", "e"], "p")];
    const forms = [
      [node("Div", ["x", "root"], "r"), ...erf, node("Mul", ["x", "p"], "d"), node("Mul", ["half", "d"], "y")],
      [node("Mul", ["inv", "x"], "r"), ...erf, node("Mul", ["x", "half"], "d"), node("Mul", ["p", "d"], "y")],
      [node("Mul", ["x", "inv"], "r"), ...erf, node("Mul", ["p", "half"], "d"), node("Mul", ["d", "x"], "y")],
    ];
    const expected = await build([activation("gelu")], 3);
    for (const nodes of forms) {
      const { y, classes } = await run({ nodes, tensors });
      expect([y, classes]).toEqual([[...expected.predict(x).data], ["Activation"]]);
    }
    // What only looks like it: x times the sigmoid of something else; a half that is none.
    const other = [node("Tanh", ["x"], "t"), node("Sigmoid", ["t"], "s"), node("Mul", ["x", "s"], "y")];
    expect(await refusal({ nodes: other })).toMatch(/^onnx\/unsupported-op Node "y" \(Mul\)/);
    const off = [...tensors.slice(1), floats("half", [], [0.51])];
    expect(await refusal({ nodes: forms[0]!, tensors: off })).toMatch(/^onnx\/unsupported-op/);
  });

  test("Clip is an activation from 0 to 6 only, of attributes or of constants", async () => {
    expect((await run({ nodes: [node("Clip", ["x"], "y", { min: 0, max: 6 })], version: 9n })).y).toEqual([
      1, 0, 3, 0.5, 0, 0,
    ]);
    expect(await refusal({ nodes: [node("Clip", ["x"], "y", { min: 0, max: 5 })] })).toMatch(/^onnx\/unsupported-op/);
    expect(await refusal({ nodes: [node("Clip", ["x"], "y", { max: 6 })] })).toMatch(/^onnx\/unsupported-op/);
  });

  test("Softmax goes over the last axis, whose number depends on the operator set", async () => {
    const nodes = [node("Softmax", ["x"], "y")];
    expect((await run({ nodes })).classes).toEqual(["Activation"]);
    expect((await run({ nodes, version: 11n })).classes).toEqual(["Activation"]);
    const deep = { nodes, inputShape: [2, 3] };
    expect(await refusal({ ...deep, version: 11n })).toMatch(/^onnx\/unsupported-op .* axis 1/);
    await loadOnnx(onnxFile(deep));
  });

  test("Dropout trains on with its rate", async () => {
    const { model } = await run({ nodes: [node("Dropout", ["x", "r"], "y")], tensors: [floats("r", [], [0.3])] });
    expect(model.layers[0]!.config).toEqual({ rate: 0.3 });
  });

  test("Constant nodes, names that repeat, and nodes that nobody needs", async () => {
    const nodes = [
      constant("w", w),
      node("NobodyKnows", ["x"], "dead"),
      { ...node("Gemm", ["x", "w"], "h"), name: "/net/fc" },
      { ...node("Relu", ["h"], "r"), name: "net/fc" },
      { ...node("Identity", ["r"], "y"), name: "" },
    ];
    const { model } = await run({ nodes });
    expect(model.layers.map(({ name }) => name)).toEqual(["net.fc", "net.fc_1"]);
  });
});

async function refusal(options: GraphOptions): Promise<string> {
  const error = await failureOf(() => loadOnnx(onnxFile(options)));
  return `${error.code} ${error.message}`;
}

describe("what is refused is named", () => {
  const relu = [node("Relu", ["x"], "y")];
  const w = floats("w", [3, 2], [1, 2, 3, 4, 5, 6]);

  test("ops, domains, attributes and operands", async () => {
    expect(await refusal({ nodes: [{ ...node("Conv", ["x"], "y"), name: "conv1" }] })).toMatch(
      /^onnx\/unsupported-op Node "conv1" \(Conv\) is not supported: lanewise has .*Gemm/,
    );
    for (const op of ["constructor", "__proto__", "toString"]) {
      expect(await refusal({ nodes: [node(op, ["x"], "y")] })).toMatch(/^onnx\/unsupported-op/);
    }
    expect(await refusal({ nodes: [{ ...node("Relu", ["x"], "y"), domain: "com.me" }] })).toMatch(/\(com\.me\.Relu\)/);
    expect(await refusal({ nodes: [node("Relu", ["x"], "y", { slope: 1 })] })).toMatch(
      /its attribute "slope" is not known/,
    );
    expect(await refusal({ nodes: [node("MatMul", ["x", "x"], "y")] })).toMatch(/its operand 1 is computed/);
    expect(await refusal({ nodes: [node("MatMul", ["x"], "y")] })).toMatch(/its operand 1 is missing/);
    expect(await refusal({ nodes: [node("Relu", ["w"], "y")], tensors: [w] })).toMatch(/its operand 0 is a constant/);
    expect(await refusal({ nodes: [node("Gemm", ["x", "w"], "y", { transA: 1n })], tensors: [w] })).toMatch(/transA/);
    expect(await refusal({ nodes: [node("LeakyRelu", ["x"], "y", { alpha: 1n })] })).toMatch(/^onnx\/bad-attribute/);
    expect(await refusal({ nodes: [node("LeakyRelu", ["x"], "y", { alpha: -1 })] })).toMatch(
      /^onnx\/bad-graph .*alpha|negativeSlope/,
    );
    expect(await refusal({ nodes: [node("HardSigmoid", ["x"], "y")] })).toMatch(/alpha 0.2 and beta 0.5 are not 1\/6/);
    expect(await refusal({ nodes: [node("Selu", ["x"], "y", { alpha: 1 })] })).toMatch(/^onnx\/unsupported-op/);
    expect(await refusal({ nodes: [node("Concat", ["x", "x"], "y", { axis: 0n })] })).toMatch(/joins rows/);
    expect(await refusal({ nodes: [node("Mul", ["x", "c"], "y")], tensors: [floats("c", [3], [1, 2, 3])] })).toMatch(
      /one number/,
    );
    expect(await refusal({ nodes: [node("Div", ["x", "c"], "y")], tensors: [floats("c", [3], [1, -2, 3])] })).toMatch(
      /not above 0/,
    );
    expect(await refusal({ nodes: [node("Add", ["x", "c"], "y")], tensors: [floats("c", [1, 1, 1], [1])] })).toMatch(
      /more axes/,
    );
    expect(
      await refusal({
        nodes: [{ ...node("Dropout", ["x"], "h"), output: ["h", "mask"] }, node("Relu", ["mask"], "y")],
      }),
    ).toMatch(/second output of Dropout/);
  });

  test("normalizations of another kind", async () => {
    const vectors = ["g", "b", "m", "v"].map((name) => floats(name, [3], [1, 1, 1]));
    const bn = ["x", "g", "b", "m", "v"];
    await loadOnnx(onnxFile({ nodes: [node("BatchNormalization", bn, "y")], tensors: vectors }));
    const training = node("BatchNormalization", bn, "y", { training_mode: 1n });
    expect(await refusal({ nodes: [training], tensors: vectors })).toMatch(/training mode/);
    const wide = { nodes: [node("BatchNormalization", bn, "y")], tensors: vectors, inputShape: [3, 3] };
    expect(await refusal(wide)).toMatch(/first axis/);
    const short = [...vectors.slice(0, 3), floats("v", [2], [1, 1])];
    expect(await refusal({ nodes: [node("BatchNormalization", bn, "y")], tensors: short })).toMatch(
      /operand 4 .*\(2\)/,
    );
    const ln = node("LayerNormalization", ["x", "g"], "y", { axis: 1n });
    expect(await refusal({ nodes: [ln], tensors: vectors, inputShape: [3, 3] })).toMatch(/axis 1 is not the last/);
    const slopes = floats("s", [3, 1], [1, 2, 3]);
    expect(await refusal({ nodes: [node("PRelu", ["x", "s"], "y")], tensors: [slopes], inputShape: [3, 3] })).toMatch(
      /slopes \(3, 1\)/,
    );
  });

  test("shapes that do not fit", async () => {
    const wide = { nodes: [node("MatMul", ["x", "w"], "y")], tensors: [w], inputShape: [4] };
    expect(await refusal(wide)).toMatch(/it takes 3 features, and its input is \(B, 4\)/);
    expect(await refusal({ ...wide, nodes: [node("Gemm", ["x", "w"], "y")], inputShape: [2, 3] })).toMatch(
      /several axes/,
    );
    const bias = [node("Gemm", ["x", "w", "b"], "y")];
    expect(await refusal({ nodes: bias, tensors: [w, floats("b", [3], [1, 2, 3])] })).toMatch(/bias \(3\)/);
    expect(await refusal({ nodes: bias, tensors: [w, floats("b", [2, 1], [1, 2])] })).toMatch(/bias \(2, 1\)/);
    const sum = [node("MatMul", ["x", "w"], "h"), node("Add", ["h", "x"], "y")];
    expect(await refusal({ nodes: sum, tensors: [w] })).toMatch(/^onnx\/bad-graph Node "y" \(Add\)/);
  });

  test("graphs that do not hold together", async () => {
    expect(await refusal({ nodes: [node("Relu", ["nowhere"], "y")] })).toMatch(/reads "nowhere"/);
    expect(await refusal({ nodes: [node("Relu", ["y"], "h"), node("Relu", ["h"], "y")] })).toMatch(/reads "y"/);
    expect(await refusal({ nodes: [...relu, node("Tanh", ["x"], "y")] })).toMatch(/"y" stands for two values/);
    expect(await refusal({ nodes: [node("Relu", ["x"], "z")] })).toMatch(/output "y" is computed by no node/);
    expect(await refusal({ nodes: [node("Identity", ["x"], "y")] })).toMatch(/^onnx\/bad-graph/);
    expect(await refusal({ nodes: [node("Sum", Array<string>(1025).fill("x"), "y")] })).toMatch(/1025 values/);
  });

  test("inputs", async () => {
    expect(await refusal({ nodes: relu, inputShape: [] })).toMatch(/"x" is to be a tensor .* 1 axes/);
    expect(await refusal({ nodes: relu, elementType: 7n })).toMatch(/type 7/);
    expect(await refusal({ nodes: relu, inputShape: [0] })).toMatch(/^onnx\/bad-tensor .* 0/);
    expect(await refusal({ nodes: relu, inputShape: ["width"] })).toMatch(/no fixed size/);
    expect(await refusal({ nodes: relu, inputShape: [2 ** 31] })).toMatch(/^onnx\/bad-graph .*4 GiB/);
  });

  test("tensors", async () => {
    const of = (
      tensor: Draft<typeof MODEL>["graph"] extends { initializer?: readonly (infer T)[] } | undefined ? T : never,
    ) => refusal({ nodes: [node("MatMul", ["x", "w"], "y")], tensors: [tensor] });
    expect(await of({ ...w, rawData: new Uint8Array(20) })).toMatch(
      /^onnx\/bad-tensor .*20 bytes, .*\(3, 2\) takes 24/,
    );
    expect(await of({ ...w, dataType: 6n })).toMatch(/^onnx\/bad-tensor .*type is 6/);
    expect(await of({ ...w, dataLocation: 1n })).toMatch(/^onnx\/external-data/);
    expect(await of({ ...w, dims: [3n, -2n] })).toMatch(/^onnx\/bad-tensor .*-2/);
    expect(await of({ ...w, dims: [2n ** 62n, 2n] })).toMatch(/^onnx\/bad-tensor .*beyond 2\^53/);
    expect(await of({ ...w, dims: [2n ** 40n, 2n ** 40n] })).toMatch(/^onnx\/bad-tensor/);
    expect(await of({ ...w, dims: Array<bigint>(17).fill(1n) })).toMatch(/^onnx\/bad-tensor/);
    expect(await of({ dims: [3n, 2n], dataType: 1n, name: "w", floatData: f32([1, 2]) })).toMatch(/2 values/);
    expect(await of({ ...w, rawData: new Uint8Array(f32([1, 2, 3, 4, 5, NaN]).buffer) })).toMatch(
      /^onnx\/bad-graph .*NaN/,
    );
    const model = await loadOnnx(
      onnxFile({
        nodes: [node("MatMul", ["x", "w"], "y")],
        tensors: [{ dims: [3n, 2n], dataType: 1n, name: "w", floatData: f32([1, 2, 3, 4, 5, 6]) }],
      }),
    );
    expect([...model.getWeights().values()][0]!.data).toEqual(f32([1, 2, 3, 4, 5, 6]));
  });

  test("versions, functions, and other kinds of files", async () => {
    expect(await refusal({ nodes: relu, version: 6n })).toMatch(/^onnx\/unsupported-version .*set 6; read are 7 to 24/);
    expect(await refusal({ nodes: relu, version: 25n })).toMatch(/^onnx\/unsupported-version/);
    expect(await refusal({ nodes: relu, domain: "com.me" })).toMatch(/^onnx\/unsupported-version .*unknown/);
    expect(await refusal({ nodes: relu, functions: [{ name: "Relu" }] })).toMatch(/^onnx\/unsupported-op .*functions/);
    expect((await failureOf(() => loadOnnx(new Uint8Array(0)))).code).toBe("onnx/not-onnx");
    expect((await failureOf(() => loadOnnx(encode(MODEL, { irVersion: 8n })))).code).toBe("onnx/not-onnx");
    const text = new TextEncoder().encode("<!doctype html><title>Not found</title>");
    expect((await failureOf(() => loadOnnx(text))).code).toMatch(/^(protobuf|onnx)\//);
    expect((await failureOf(() => loadOnnx(onnxFile({ nodes: relu }), { seeds: 1 } as object))).code).toBe(
      "config/unknown-option",
    );
  });

  test("a small file does not ask for a large network", async () => {
    const big = floats("w", [100, 100], Array<number>(10_000).fill(0.01));
    const nodes = Array.from({ length: 40 }, (_, i) =>
      node("MatMul", [i === 0 ? "x" : `h${i}`, "w"], i === 39 ? "y" : `h${i + 1}`),
    );
    expect(await refusal({ nodes, tensors: [big], inputShape: [100] })).toMatch(/^onnx\/bad-graph .*16 times/);
    const doubling = Array.from({ length: 60 }, (_, i) =>
      node("Concat", Array<string>(2).fill(i === 0 ? "x" : `h${i}`), i === 59 ? "y" : `h${i + 1}`, { axis: -1n }),
    );
    expect(await refusal({ nodes: doubling })).toMatch(/^onnx\/bad-graph .*4 GiB/);
  });

  test("a deep graph is read without recursion", async () => {
    const nodes = Array.from({ length: 3000 }, (_, i) =>
      node("Relu", [i === 0 ? "x" : `h${i}`], i === 2999 ? "y" : `h${i + 1}`),
    );
    expect((await loadOnnx(onnxFile({ nodes }))).layers).toHaveLength(3000);
  });

  test("names reach no prototype", async () => {
    const names = ["__proto__", "constructor", "prototype"];
    for (const name of names) {
      const nodes = [
        { ...node("Gemm", ["x", name], "h"), name },
        { ...node("Relu", ["h"], "y"), name },
      ];
      const model = await loadOnnx(onnxFile({ nodes, tensors: [{ ...w, name }] }));
      expect(model.layers.map((layer) => layer.name)).toEqual([name, `${name}_1`]);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe.skipIf(!isInstalled)("onnxruntime computes the same (skipped where it is not installed)", () => {
  test.each(Object.entries({ ...CASES, ...MORE }))("%s", async (_, [layers, inputShape = 6]) => {
    const model = await changed(layers, inputShape);
    const shape = [10, ...model.inputShape];
    const data = noise(shape.reduce((a, b) => a * b)).map((v) => 2 * v);
    const [found] = await runOnnx(toOnnx(model), [{ data, shape }]);
    const own = model.predict(data);
    expect(found!.shape).toEqual(own.shape);
    expectClose(own.data, found!.data, 2e-5); // both in 32 bits, sums in different orders
  });

  test.each(Object.entries(GRAPHS))("%s", async (_, make) => {
    const model = await make();
    const inputs = [
      { data: noise(24), shape: [4, 6] },
      { data: noise(12, 2), shape: [4, 3] },
    ];
    const found = await runOnnx(toOnnx(model), inputs);
    model.predict(inputs.map(({ data }) => data)).forEach(({ data, shape }, i) => {
      expect(found[i]!.shape).toEqual(shape);
      expectClose(data, found[i]!.data, 2e-5);
    });
  });
});
