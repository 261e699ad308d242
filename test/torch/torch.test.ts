import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readFloats } from "../../src/formats/floats.js";
import { readSafetensors, type TensorSource, writeSafetensors } from "../../src/formats/safetensors.js";
import {
  add,
  batchNorm,
  defineLayer,
  dense,
  input,
  layerNorm,
  model as graph,
  normalization,
  prelu,
  rescaling,
  sparseCategoricalCrossentropy,
} from "../../src/index.js";
import { loadTorchWeights, torchSource, toTorch } from "../../src/torch/index.js";
import { failureOf, noise } from "../model/helpers.js";
import { build, CASES, changed, expectClose, network } from "../interop/networks.js";
import { python, runPython } from "./python.js";

const sample = (name: string) => readFileSync(new URL(`samples/${name}`, import.meta.url));
const made = JSON.parse(sample("predictions.json").toString()) as {
  x: number[];
  y: number[];
  sequential: number[];
  named: number[];
  typed: Record<string, number[]>;
};
const x = Float32Array.from(made.x);

describe("a network that PyTorch trained", () => {
  test("predicts what it predicts there, its modules in the order of their numbers", async () => {
    const model = await build(network());
    const matches = await loadTorchWeights(model, sample("sequential.safetensors"));
    expect(matches.map(({ module, layer }) => `${module} ${layer}`)).toEqual([
      "0 first",
      "1 bn",
      "4 second",
      "5 ln",
      "8 third",
      "10 bend",
      "11 output",
    ]);
    expectClose(model.predict(x).data, made.sequential);
  });

  test("trains on", async () => {
    const model = await build(network());
    await loadTorchWeights(model, sample("sequential.safetensors"));
    model.compile({ optimizer: "adam", loss: sparseCategoricalCrossentropy({ fromLogits: true }) });
    const before = (await model.evaluate(x, made.y)).loss!;
    await model.fit(x, made.y, { epochs: 20, batchSize: 8 });
    expect((await model.evaluate(x, made.y)).loss!).toBeLessThan(before * 0.9);
  });

  test("whose modules have names takes their order, and may leave some", async () => {
    const layers = [dense(5), prelu(), dense(3)];
    const model = await build(layers);
    const file = sample("named.safetensors");
    const unordered = await failureOf(() => loadTorchWeights(model, file));
    expect(unordered.code).toBe("torch/unknown-order");
    expect(unordered.message).toContain('{ modules: ["answer", "bend", "encode"] }');
    await loadTorchWeights(model, file, { modules: ["encode", "bend", "answer"] });
    expectClose(model.predict(x).data, made.named);

    const trunk = await build(layers.slice(0, 2));
    await loadTorchWeights(trunk, file, { modules: ["encode", "bend"] });
    expect([...trunk.getWeights().get("dense/kernel")!.data]).toEqual([
      ...model.getWeights().get("dense/kernel")!.data,
    ]);
  });

  test.each([
    ["F16", 1e-5],
    ["BF16", 1e-5],
    ["F64", 1e-5],
  ])("in %s", async (dtype, tolerance) => {
    const model = await build([dense(4, { activation: "tanh" }), dense(3)]);
    await loadTorchWeights(model, sample(`${dtype.toLowerCase()}.safetensors`));
    expectClose(model.predict(x.slice(0, 48)).data, made.typed[dtype]!, tolerance);
  });
});

describe("floating types", () => {
  const half = (...bits: number[]) => [...readFloats("F16", new Uint8Array(Uint16Array.from(bits).buffer))];
  const brain = (...bits: number[]) => [...readFloats("BF16", new Uint8Array(Uint16Array.from(bits).buffer))];

  test("half precision: normal, denormal, the largest, and what is no number", () => {
    expect(half(0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400)).toEqual([1, -2, 0.333251953125, 65504, 2 ** -14]);
    expect(half(0x0001, 0x8001, 0x03ff)).toEqual([2 ** -24, -(2 ** -24), 1023 * 2 ** -24]);
    expect(half(0x0000, 0x8000, 0x7c00, 0xfc00, 0x7e00)).toEqual([0, -0, Infinity, -Infinity, NaN]);
  });

  test("bfloat16 is the upper half of an f32", () => {
    expect(brain(0x3f80, 0xbf80, 0x4049, 0x7f80, 0x0001)).toEqual([1, -1, 3.140625, Infinity, 2 ** -133]);
  });

  test("double precision is rounded to the nearest", () => {
    const bytes = new Uint8Array(Float64Array.of(0.1, 1 + 2 ** -24, 1 + 2 ** -24 + 2 ** -40, 1e300).buffer);
    expect([...readFloats("F64", bytes)]).toEqual([Math.fround(0.1), 1, 1 + 2 ** -23, Infinity]);
  });
});

describe("what does not fit is named, and the model stays as it was", () => {
  const f32 = (shape: number[], fill = 0.5): TensorSource => {
    return { dtype: "F32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill) };
  };
  const linear = (path: string, outputs: number, inputs: number): [string, TensorSource][] => [
    [`${path}.weight`, f32([outputs, inputs])],
    [`${path}.bias`, f32([outputs])],
  ];
  const layers = () => [dense(4, { name: "hidden" }), dense(3, { name: "output" })];
  const good = [...linear("0", 4, 6), ...linear("2", 3, 4)];

  async function refusal(tensors: [string, TensorSource][], of = layers(), options = {}) {
    const model = await build(of);
    const before = model.toBytes();
    const error = await failureOf(() => loadTorchWeights(model, writeSafetensors(tensors, {}), options));
    expect(model.toBytes()).toEqual(before);
    return `${error.code} ${error.message}`;
  }

  test("as many modules as layers", async () => {
    expect(await refusal(good.slice(0, 2))).toMatch(
      /^torch\/wrong-count .* 1 modules with weights, 0 \(weight, bias\); the model has 2 .* hidden \(Dense\), output \(Dense\)/,
    );
    expect(await refusal([])).toMatch(/^torch\/wrong-count/);
  });

  test("shapes, of every tensor", async () => {
    const wrong = [...linear("0", 4, 6), ...linear("2", 3, 5)];
    expect(await refusal(wrong)).toMatch(
      /^torch\/wrong-shape Tensor "weight" of module "2" is \(3, 5\), but layer "output" \(Dense\) takes \(3, 4\)/,
    );
    expect(await refusal([...good.slice(0, 3), ["2.bias", f32([4])]])).toMatch(/^torch\/wrong-shape .*"bias".*"2"/);
    expect(await refusal([...good.slice(0, 3), ["2.bias", f32([3, 1])]])).toMatch(/^torch\/wrong-shape/);
  });

  test("tensors: none too few and none too many", async () => {
    expect(await refusal(good.slice(0, 3))).toMatch(
      /^torch\/wrong-tensors Module "2" holds weight, but layer "output" \(Dense\) takes weight, bias/,
    );
    expect(await refusal([...good, ["2.running_mean", f32([3])]])).toMatch(/^torch\/wrong-tensors/);
    const bare = [dense(4, { useBias: false }), dense(3)];
    expect(await refusal(good, bare)).toMatch(/^torch\/wrong-tensors Module "0" holds weight, bias/);
    const other = [dense(4), dense(3, { useBias: false })];
    expect(await refusal([...good.slice(0, 3), ["2.gain", f32([3])]], other)).toMatch(/^torch\/wrong-tensors/);
  });

  test("types", async () => {
    const ints: TensorSource = { dtype: "I32", shape: [3], data: new Int32Array(3) };
    expect(await refusal([...good.slice(0, 3), ["2.bias", ints]])).toMatch(/^torch\/wrong-dtype .*"bias".*"2" is I32/);
  });

  test("values that are not finite", async () => {
    expect(await refusal([...good.slice(0, 3), ["2.bias", f32([3], NaN)]])).toMatch(/^data\/not-finite .*output\/bias/);
    const huge: TensorSource = { dtype: "F64", shape: [3], data: new Float64Array(3).fill(1e300) };
    expect(await refusal([...good.slice(0, 3), ["2.bias", huge]])).toMatch(/^data\/not-finite/);
  });

  test("an epsilon that is not PyTorch's, unless it is meant", async () => {
    const tensors = [...linear("0", 4, 6), ["1.weight", f32([4])], ["1.bias", f32([4])]] as [string, TensorSource][];
    const of = (epsilon?: number) => [dense(4), layerNorm({ name: "ln", ...(epsilon !== undefined && { epsilon }) })];
    expect(await refusal(tensors, of())).toMatch(/^torch\/epsilon Layer "ln" has epsilon 0.001/);
    await loadTorchWeights(await build(of(1e-5)), writeSafetensors(tensors, {}));
    await loadTorchWeights(await build(of()), writeSafetensors(tensors, {}), { checkEpsilon: false });
  });

  test("orders that the file does not give", async () => {
    const named = (...paths: string[]) => paths.flatMap((path) => linear(path, 6, 6));
    const of = [dense(6), dense(6)];
    for (const paths of [
      ["fc1", "fc2"],
      ["0", "0.1"],
      ["a.0", "b.0"],
      ["0", "00"],
      ["1", "01"],
      ["0", "x"],
    ]) {
      expect(await refusal(named(...paths), of), String(paths)).toMatch(/^torch\/unknown-order/);
    }
    for (const paths of [
      ["net.10", "net.9"],
      ["net.1.0", "net.0.7"],
    ]) {
      const model = await build(of);
      const matches = await loadTorchWeights(model, writeSafetensors(named(...paths), {}));
      expect(matches.map(({ module }) => module)).toEqual([paths[1], paths[0]]);
    }
  });

  test("a message does not repeat long paths", async () => {
    const long = (at: number) => linear(`${"1.".repeat(5000)}${at}`, 6, 6);
    expect((await refusal([...long(1), ...long(2)], [dense(6)])).length).toBeLessThan(1500);
    expect((await refusal([...long(1), ...linear("x", 6, 6)], [dense(6)])).length).toBeLessThan(1500);
  });

  test("modules that are not there", async () => {
    expect(await refusal(good, layers(), { modules: ["0", "3"] })).toMatch(/^torch\/unknown-module .*no module "3"/);
    expect(await refusal(good, layers(), { modules: ["0", "0"] })).toMatch(/^torch\/unknown-module/);
    expect(await refusal(good, layers(), { modules: "0" })).toMatch(/^torch\/unknown-module/);
    expect(await refusal(good, layers(), { module: ["0"] })).toMatch(/^config\/unknown-option/);
    expect(await refusal(good, layers(), { checkEpsilon: 1 })).toMatch(/^config\/not-a-boolean/);
  });

  test("layers that PyTorch does not have", async () => {
    const own = defineLayer({
      className: "Own",
      build: () => ({ w: { shape: 6 } }),
      emit: ({ ops, weights }, x) => ops.mul(x, weights.w!),
    });
    expect(await refusal(good, [own(), dense(3)])).toMatch(/^torch\/unsupported-layer Layer "own" \(Own\)/);
    expect((await failureOf(async () => toTorch(await build([own()])))).code).toBe("torch/unsupported-layer");
    const wide = await build([batchNorm()], [2, 3]);
    expect((await failureOf(async () => toTorch(wide))).code).toBe("torch/unsupported-layer");
    const slopes = await build([prelu()], [2, 3]);
    expect((await failureOf(async () => torchSource(slopes))).code).toBe("torch/unsupported-layer");
    const a = input(4);
    const branched = await graph({ inputs: a, outputs: add([a, dense(4).apply(a)]) });
    expect((await failureOf(async () => toTorch(branched))).code).toBe("model/not-a-chain");
  });
});

describe("a network for PyTorch", () => {
  test("is the file that PyTorch's own state_dict is, transposed and numbered", async () => {
    const model = await changed(network());
    const { tensors, metadata } = readSafetensors(toTorch(model));
    expect(metadata.format).toBe("pt");
    const shapes = [...tensors].map(([name, { shape }]) => `${name} (${shape.join(", ")})`);
    expect(shapes).toEqual([
      "0.weight (12, 6)",
      "0.bias (12)",
      "1.weight (12)",
      "1.bias (12)",
      "1.running_mean (12)",
      "1.running_var (12)",
      "1.num_batches_tracked ()",
      "4.weight (10, 12)",
      "5.weight (10)",
      "5.bias (10)",
      "7.weight (7, 10)",
      "7.bias (7)",
      "8.weight (1)",
      "9.weight (3, 7)",
      "9.bias (3)",
    ]);
    const kernel = model.getWeights().get("first/kernel")!.data;
    const weight = readFloats("F32", tensors.get("0.weight")!.data);
    expect([weight[1], weight[6]]).toEqual([kernel[12], kernel[1]]); // (out 0, in 1), (out 1, in 0)
  });

  test("comes back bit for bit", async () => {
    const layers = [normalization({ mean: 2, variance: 3, name: "scale" }), ...network()];
    const model = await changed(layers);
    const back = await build(layers);
    await loadTorchWeights(back, toTorch(model));
    expect(back.getWeights()).toEqual(model.getWeights());
    // What the file says nothing of stays.
    const scaled = await build(layers);
    await loadTorchWeights(scaled, toTorch(await build(network())));
    expect([...scaled.getWeights().get("scale/variance")!.data]).toEqual(Array(6).fill(3));
  });

  test("its Python", async () => {
    const model = await build([
      rescaling({ scale: 0.5 }),
      dense(4, { activation: "relu", name: 'a\nimport os # "' }),
      batchNorm({ center: false, scale: false }),
      dense(3, { useBias: false, name: "b" }),
    ]);
    const source = torchSource(model, { file: 'my "net".safetensors' });
    expect(source).toMatch(
      /^import torch\nfrom safetensors.torch import load_file\nfrom torch import nn\n\n\nclass Res/,
    );
    expect(source.slice(source.indexOf("model ="))).toBe(
      [
        "model = nn.Sequential(",
        "    Rescaling(0.5, 0),",
        '    nn.Linear(6, 4),  # a\\nimport os # \\"',
        "    nn.ReLU(),",
        "    nn.BatchNorm1d(4, eps=0.001, momentum=0.01, affine=False),  # batch_normalization",
        "    nn.Linear(4, 3, bias=False),  # b",
        ")",
        'model.load_state_dict(load_file("my \\"net\\".safetensors"))',
        "model.eval()",
        "",
      ].join("\n"),
    );
  });
});

describe.skipIf(python === undefined)("PyTorch reads it back and predicts the same (skipped without PyTorch)", () => {
  test("for every layer and activation", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "lanewise-torch-"));
    try {
      const cases = await Promise.all(
        Object.values(CASES).map(async ([layers, inputShape = 6], i) => {
          const model = await changed(layers, inputShape);
          const file = join(folder, `${i}.safetensors`);
          writeFileSync(file, toTorch(model));
          const shape = [10, ...model.inputShape];
          const data = noise(shape.reduce((a, b) => a * b)).map((v) => 2 * v);
          return { source: torchSource(model, { file }), shape, data: [...data], own: model.predict(data) };
        }),
      );
      writeFileSync(join(folder, "cases.json"), JSON.stringify(cases.map(({ own: _, ...given }) => given)));
      const found = JSON.parse(runPython(new URL("read_torch.py", import.meta.url), join(folder, "cases.json"))) as {
        shape: number[];
        data: number[];
      }[];
      Object.keys(CASES).forEach((name, i) => {
        expect(found[i]!.shape, name).toEqual(cases[i]!.own.shape);
        // Both in 32 bits, sums in different orders.
        expectClose(cases[i]!.own.data, found[i]!.data, 2e-5, name);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
