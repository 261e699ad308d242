// A predictor has the bits of model.predict, reads what models write, and refuses what it cannot do.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  activation, activations, add, alphaDropout, batchNorm, concatenate, defineLayer, dense, dropout, flatten, gaussianNoise,
  input, layerNorm, loadModel, type LayerSpec, model, normalization, prelu, rescaling, reshape, sequential,
} from "../../src/index.js"; // prettier-ignore
import { FORWARD } from "../../src/layers/forward.js";
import { LAYERS } from "../../src/layers/index.js";
import { OPS } from "../../src/program/ops.js";
import { init, loadPredictor } from "../../src/predict/index.js";
import { FORWARD_OPS } from "../../src/predict/wasm.js";
import { build, MIX } from "../platform/conformance.js";

const WASM = new URL("../../build/lanewise-predict.wasm", import.meta.url);
const SAMPLES = new URL("../io/samples/", import.meta.url);

beforeAll(() => init(readFileSync(WASM)));

/** n numbers in [−1, 1): a linear congruential generator's. */
function numbers(n: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: n }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1);
}

/** Weights as training leaves them, statistics among them: not those of a start. */
function disturb(weights: Map<string, { data: Float32Array; shape: readonly number[] }>) {
  let seed = 1;
  for (const [name, { data }] of weights) {
    const noise = numbers(data.length, seed++);
    data.forEach((value, i) => (data[i] = name.endsWith("ariance") ? 0.5 + Math.abs(noise[i]!) : value + noise[i]!));
  }
  return weights;
}

async function expectSameBits(made: Awaited<ReturnType<typeof sequential>>, x: Float32Array | Uint8Array) {
  made.setWeights(disturb(made.getWeights()));
  const predictor = await loadPredictor(made.toBytes());
  expect(predictor.inputs).toEqual(made.inputs);
  expect(predictor.outputs).toEqual(made.outputs);
  for (const batchSize of [1, 5, 256]) {
    const [expected, found] = [made.predict(x, { batchSize }), predictor.predict(x, { batchSize })];
    expect(found.shape).toEqual(expected.shape);
    expect(Buffer.from(found.data.buffer)).toEqual(Buffer.from(expected.data.buffer));
  }
}

const everyActivation = Object.keys(activations) as (keyof typeof activations)[];

const CHAINS: Record<string, readonly LayerSpec[]> = {
  "normalizations and noise": [
    normalization({ mean: 0.2, variance: 1.3 }),
    gaussianNoise(0.1),
    dense(19, { activation: "relu" }),
    batchNorm(),
    dropout(0.3),
    dense(9, { useBias: false }),
    batchNorm({ scale: false }),
    layerNorm({ center: false }),
    prelu({ alphaInitializer: "ones" }),
    alphaDropout(0.1),
    dense(5, { activation: "softmax" }),
  ],
  shapes: [reshape([4, 3]), dense(7, { activation: "gelu" }), prelu({ sharedAxes: [1] }), flatten(), dense(2)],
  "a rescaling alone": [rescaling({ scale: 1 / 255, offset: -0.5 })],
  ...Object.fromEntries(everyActivation.map((name) => [name, [dense(6, { activation: name }), activation(name)]])),
};

describe("the same bits as model.predict", () => {
  test.each(Object.entries(CHAINS))("%s", async (_, layers) => {
    await expectSameBits(await sequential({ inputShape: 12, layers, seed: 3 }), numbers(12 * 11, 4));
  });

  const ofTheLibrary = Object.keys(MIX).filter((name) => name !== "graphOfOwnParts");
  test.each(ofTheLibrary)("%s of the conformance", async (name) => {
    const part = MIX[name]!();
    await expectSameBits(await build(part), part.x as Float32Array);
  });

  test("bytes", async () => {
    const made = await sequential({ inputShape: 6, layers: [rescaling({ scale: 1 / 255 }), dense(3)], seed: 1 });
    await expectSameBits(
      made,
      Uint8Array.from({ length: 6 * 9 }, (_, i) => (i * 37) & 255),
    );
  });

  test("a graph with a shared layer, several inputs and outputs", async () => {
    const [left, right] = [input(5, { name: "left" }), input(5, { name: "right" })];
    const shared = dense(5, { activation: "tanh", name: "shared" });
    const joined = concatenate([add([shared.apply(left), shared.apply(right)]), left]);
    const made = await model({
      inputs: [left, right],
      outputs: {
        digit: dense(3, { activation: "logSoftmax" }).apply(joined),
        size: dense(1).apply(shared.apply(left)),
      },
      seed: 2,
    });
    const x = { left: numbers(35, 1), right: numbers(35, 2) };
    const predictor = await loadPredictor<ReturnType<typeof made.predict>>(made.toBytes());
    expect(predictor.predict(x)).toEqual(made.predict(x));
    expect(predictor.outputs).toEqual([
      { name: "digit", shape: [3] },
      { name: "size", shape: [1] },
    ]);
  });

  const files = readdirSync(SAMPLES).filter((name) => name.endsWith(".safetensors"));
  test.each(files)("the file of a former version: %s", async (name) => {
    const bytes = readFileSync(new URL(name, SAMPLES));
    const made = await loadModel(bytes);
    const width = made.inputShape.reduce((product, size) => product * size, 1);
    const x = numbers(width * 7, 9);
    expect((await loadPredictor(bytes)).predict(x)).toEqual(made.predict(x));
  });
});

describe("what is refused", () => {
  const code = (of: string) => expect.objectContaining({ code: of }) as Error;

  test("layers of one's own, by name", async () => {
    const own = defineLayer({ className: "Own", emit: ({ ops }, x) => ops.mul(x, 2) });
    const made = await sequential({ inputShape: 2, layers: [own()] });
    const failure = loadPredictor(made.toBytes());
    await expect(failure).rejects.toThrow(/"Own".*loadModel\(source, \{ customObjects: \{ Own/);
    await expect(failure).rejects.toThrow(code("model/unknown-layer"));
  });

  test("data that a model would refuse, and unknown options", async () => {
    const made = await sequential({ inputShape: 2, layers: [dense(1)] });
    const predictor = await loadPredictor(made.toBytes());
    expect(() => predictor.predict([1, 2, 3])).toThrow(code("shape/row-width"));
    expect(() => predictor.predict([1, NaN])).toThrow(code("data/not-finite"));
    expect(() => predictor.predict([1, 2], { batchsize: 1 } as object)).toThrow(/Did you mean "batchSize"/);
    expect(predictor.predict([1, 2])).toEqual(made.predict([1, 2]));
  });

  /** The file with its metadata's architecture changed. */
  async function damaged(change: (architecture: Record<string, never>) => void): Promise<Uint8Array> {
    const bytes = (await sequential({ inputShape: 3, layers: [dense(2), dense(2)] })).toBytes();
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
      __metadata__: { architecture: string };
    };
    const architecture = JSON.parse(header.__metadata__.architecture) as Record<string, never>;
    change(architecture);
    header.__metadata__.architecture = JSON.stringify(architecture);
    const text = new TextEncoder().encode(JSON.stringify(header));
    const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32);
    padded.set(text);
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigUint64(0, BigInt(padded.length), true);
    return Uint8Array.from([...size, ...padded, ...bytes.subarray(8 + length)]);
  }

  test.each<[string, (architecture: never) => void, string]>([
    ["no layers", (a: { layers: unknown[] }) => void (a.layers = []), "model/bad-architecture"],
    ["other units than weights", (a: { layers: { config: { units: number } }[] }) => void (a.layers[1]!.config.units = 3), "model/bad-weights"],
    ["units that are no number", (a: { layers: { config: { units: unknown } }[] }) => void (a.layers[1]!.config.units = "2"), "model/bad-architecture"],
    ["an unknown activation", (a: { layers: { config: { activation: unknown } }[] }) => void (a.layers[0]!.config.activation = "rleu"), "model/bad-architecture"],
    ["a huge sample", (a: { inputShape: unknown }) => void (a.inputShape = [2 ** 31]), "model/bad-architecture"],
    ["an input of no shape", (a: { inputShape: unknown }) => void (a.inputShape = undefined), "model/bad-architecture"],
  ] as [string, (architecture: never) => void, string][])("%s", async (_, change, expected) => {
    await expect(loadPredictor(await damaged(change as never))).rejects.toThrow(code(expected));
  }); // prettier-ignore

  test("a file of another kind", async () => {
    await expect(loadPredictor(new Uint8Array(16))).rejects.toThrow();
    await expect(loadPredictor("missing.safetensors")).rejects.toThrow(code("files/not-found"));
  });
});

describe("the build for inference", () => {
  test("knows every layer of the library, and no op that training alone needs", async () => {
    expect(Object.keys(FORWARD).sort()).toEqual(Object.keys(LAYERS).sort());
    const { instance } = await WebAssembly.instantiate(readFileSync(WASM));
    const supports = instance.exports.supports as (op: number) => number;
    const supported = Object.entries(OPS).filter(([, { code }]) => supports(code));
    expect(Object.fromEntries(supported.map(([name, { code }]) => [name, code]))).toEqual(FORWARD_OPS);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(WASM)))).toEqual([]);
  });
});
