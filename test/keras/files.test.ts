import { describe, expect, test } from "vitest";
import { readZip, unzip } from "../../src/formats/zip.js";
import {
  adam,
  defineLayer,
  dense,
  type Model,
  normalization,
  type Prediction,
  type Predictions,
  sequential,
} from "../../src/index.js";
import { loadKeras, loadKerasWeights } from "../../src/keras/index.js";
import { zipOf } from "../formats/zipFile.js";
import { expectClose } from "../interop/networks.js";
import { FIGURES, KERAS_FILES, kerasFile } from "./files.js";

/** Of weights that Keras rounds, and itself computes with, in half precision: its own sums are off by so much. */
const COMPUTED_IN_HALVES: Readonly<Record<string, number>> = {
  "float16.keras": 2e-3,
  "mixed_float16.keras": 2e-3,
  "bfloat16.keras": 2e-2,
};

const floats = ({ shape, data }: { shape: number[]; data: number[] }) => ({ shape, data: Float32Array.from(data) });

function predict(model: Awaited<ReturnType<typeof load>>, name: string): Prediction[] {
  const inputs = FIGURES[name]!.inputs.map(floats);
  const found = model.predict(inputs.length === 1 ? inputs[0]! : inputs);
  return "data" in found ? [found as Prediction] : Object.values(found as Record<string, Prediction>);
}

const load = (name: string) => loadKeras<Predictions>(kerasFile(name), { seed: 1 });

test.each(KERAS_FILES)("%s predicts what Keras predicts", async (name) => {
  const model = await load(name);
  const expected = FIGURES[name]!.outputs;
  const found = predict(model, name);
  expect(found.map(({ shape }) => [...shape])).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ data }, i) => {
    expectClose(data, expected[i]!.data, COMPUTED_IN_HALVES[name] ?? 1e-5, `${name} ${i}`);
  });
});

type Inputs = ReturnType<typeof floats>;

const MOST = 1e7;

async function weightsOf(name: string): Promise<Uint8Array> {
  return unzip(readZip(kerasFile(name), MOST).get("model.weights.h5")!);
}

/** The archive with some of its files changed, or left out. */
async function repacked(bytes: Uint8Array, changes: Readonly<Record<string, string | Uint8Array | undefined>>) {
  const parts = await Promise.all(
    [...readZip(bytes, MOST).values()].map(async (entry) => ({ name: entry.name, bytes: await unzip(entry) })),
  );
  const drafts = parts.flatMap(({ name, bytes }) => {
    const changed = name in changes ? changes[name] : bytes;
    if (changed === undefined) return [];
    return { name, bytes: typeof changed === "string" ? new TextEncoder().encode(changed) : changed, deflate: true };
  });
  return zipOf(drafts);
}

/** A file with a text in it changed, wherever it stands. */
function renamed(name: string, from: string, to: string): Uint8Array {
  const text = Buffer.from(kerasFile(name)).toString("latin1");
  expect(text).toContain(from);
  return new Uint8Array(Buffer.from(text.replace(from, to), "latin1"));
}

function nested(depth: number): string {
  const open = '{"class_name":"Sequential","config":{"name":"deep","layers":[';
  return open.repeat(depth) + "]}}".repeat(depth);
}

const own = defineLayer({
  className: "Own",
  config: {},
  build: (_, [width = 1]) => ({ gain: { shape: width, initializer: "ones" } }),
  emit: ({ ops, weights }, x) => ops.mul(x, weights.gain!),
});

test("layers are called as in Keras, and what was trained can be trained on", async () => {
  const model = await loadKeras(kerasFile("small.keras"), { seed: 1 });
  expect(model.layers.map(({ name }) => name)).toEqual(["dense", "dense_1"]);
  const y = Array.from({ length: 90 }, (_, i) => i % 3);
  const x = Float32Array.from({ length: 360 }, (_, i) => (i % 4 === y[i >> 2] ? 1 : 0) + ((i * 7) % 11) / 20);
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "sparseCategoricalCrossentropy" });
  const { history } = await model.fit(x, y, { epochs: 30 });
  expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]! / 3);
});

test("moving statistics and frozen parts train on as they should", async () => {
  const model = await load("functional.keras");
  const frozen = model.layers.filter(({ trainable }) => !trainable);
  expect(frozen.map(({ className }) => className)).toEqual([
    "Dense",
    "BatchNormalization",
    "Dense",
    "BatchNormalization",
  ]);
  const before = model.getWeights();
  model.compile({ optimizer: "sgd", loss: ["meanSquaredError", "meanSquaredError"] } as never);
  const [a, b] = FIGURES["functional.keras"]!.inputs.map(floats) as [Inputs, Inputs];
  const [u, v] = FIGURES["functional.keras"]!.outputs.map((output) => floats(output).data.map((x) => x / 2 + 1));
  const { history } = await model.fit([a, b] as never, [u, v] as never, { epochs: 20 });
  expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]! * 0.8);
  const after = model.getWeights();
  const changed = [...before].filter(([name, { data }]) => data.join() !== after.get(name)!.data.join());
  const names = new Set(changed.map(([name]) => name.split("/")[0]));
  for (const { name } of frozen) expect(names).not.toContain(name);
  expect(names.size).toBeGreaterThan(8);
});

test("the same seed, the same model; another source of bytes, the same too", async () => {
  const bytes = kerasFile("sequential.keras");
  const models = [bytes, bytes.buffer as ArrayBuffer, new Blob([bytes as Uint8Array<ArrayBuffer>])].map((source) =>
    loadKeras(source, { seed: 3 }),
  );
  const [first, ...others] = (await Promise.all(models)).map((model) => model.toBytes());
  for (const other of others) expect(Buffer.compare(first!, other)).toBe(0);
});

describe("weights alone", () => {
  const network = () =>
    sequential({
      inputShape: 4,
      layers: [dense(8, { activation: "relu", name: "first" }), dense(3, { activation: "softmax" })],
      seed: 1,
    });

  test("fill a network that is written here", async () => {
    const model = await network();
    expect(await loadKerasWeights(model, kerasFile("small.weights.h5"))).toEqual([
      { group: "dense", layer: "first" },
      { group: "dense_1", layer: "dense" },
    ]);
    const [input] = FIGURES["small.keras"]!.inputs;
    expectClose(model.predict(floats(input!)).data, FIGURES["small.keras"]!.outputs[0]!.data, 1e-5);
  });

  test.each<[string, string, Promise<Model>, Uint8Array]>([
    [
      "a layer too few",
      "keras/wrong-count",
      sequential({ inputShape: 4, layers: [dense(8)] }),
      kerasFile("small.weights.h5"),
    ],
    [
      "a layer too many",
      "keras/wrong-count",
      sequential({ inputShape: 4, layers: [dense(8), dense(3), dense(3)] }),
      kerasFile("small.weights.h5"),
    ],
    [
      "no bias",
      "keras/wrong-count",
      sequential({ inputShape: 4, layers: [dense(8, { useBias: false }), dense(3)] }),
      kerasFile("small.weights.h5"),
    ],
    [
      "another width",
      "keras/wrong-shape",
      sequential({ inputShape: 4, layers: [dense(7), dense(3)] }),
      kerasFile("small.weights.h5"),
    ],
    ["no file of weights", "keras/not-keras", network(), kerasFile("small.h5")],
    ["no HDF5", "hdf5/not-hdf5", network(), kerasFile("small.keras")],
    [
      "weights that no layer of Keras has",
      "keras/unsupported-layer",
      sequential({ inputShape: 4, layers: [dense(8), own(), dense(3)] }),
      kerasFile("small.weights.h5"),
    ],
  ])("%s: refused, and the model is as it was", async (_, code, made, bytes) => {
    const model = await made;
    const before = model.toBytes();
    await expect(loadKerasWeights(model, bytes)).rejects.toMatchObject({ code });
    expect(Buffer.compare(model.toBytes(), before)).toBe(0);
  });

  test("a model within the model is refused", async () => {
    const weights = await weightsOf("functional.keras");
    await expect(loadKerasWeights(await network(), weights)).rejects.toMatchObject({ code: "keras/unsupported-layer" });
  });

  test("a normalization that was given its statistics keeps them", async () => {
    const statistics = { mean: [1, 2, 3, 4], variance: [1, 2, 3, 4] };
    const model = await sequential({ inputShape: 4, layers: [normalization(statistics), dense(8), dense(3)] });
    expect(await loadKerasWeights(model, kerasFile("small.weights.h5"))).toHaveLength(2);
    expect([...model.getWeights().get("normalization/mean")!.data]).toEqual([1, 2, 3, 4]);
  });
});

describe("refused, each with its code", () => {
  const small = kerasFile("small.keras");
  const parts = (changes: Readonly<Record<string, string | Uint8Array | undefined>>) => repacked(small, changes);

  test.each<[string, string, Uint8Array | Promise<Uint8Array>]>([
    ["nothing", "keras/not-keras", new Uint8Array()],
    ["another kind of file", "keras/not-keras", new TextEncoder().encode("safetensors")],
    ["an archive that is cut off", "zip/no-directory", small.slice(0, -1)],
    ["an archive of something else", "keras/not-keras", zipOf([{ name: "a", bytes: small }])],
    ["no config", "keras/not-keras", parts({ "config.json": undefined })],
    ["no weights", "keras/not-keras", parts({ "model.weights.h5": undefined })],
    ["weights that are no HDF5", "hdf5/not-hdf5", parts({ "model.weights.h5": "{}" })],
    ["weights of another network", "keras/bad-weights", parts({ "model.weights.h5": kerasFile("layouts.h5") })],
    ["a config that is no JSON", "keras/bad-json", parts({ "config.json": "{" })],
    ["a config that is no UTF-8", "keras/bad-json", parts({ "config.json": Uint8Array.of(0xff) })],
    ["a config of no model", "keras/bad-topology", parts({ "config.json": "[]" })],
    ["a config as deep as can be", "keras/bad-topology", parts({ "config.json": "[".repeat(1e5) + "]".repeat(1e5) })],
    ["models within models without end", "keras/bad-topology", parts({ "config.json": nested(40) })],
    ["no version", "keras/unsupported-version", parts({ "metadata.json": "{}" })],
    ["metadata that are no object", "keras/unsupported-version", parts({ "metadata.json": "3" })],
    ["Keras 4", "keras/unsupported-version", parts({ "metadata.json": '{"keras_version":"4.0.0"}' })],
    ["weights without a network", "keras/no-network", kerasFile("small.weights.h5")],
    ["HDF5 of something else", "keras/no-network", kerasFile("layouts.h5")],
    ["a list of layers that are not there", "keras/bad-weights", renamed("keras2-sequential.h5", "norm\0", "nurm\0")],
    ["a weight that is not there", "keras/bad-weights", renamed("keras2-sequential.h5", "gamma:0", "gamme:0")],
    ["no list of weights", "keras/bad-weights", renamed("keras2-sequential.h5", "weight_names", "weight_nomes")],
    ["Keras 1", "keras/unsupported-version", renamed("keras2-sequential.h5", "2.13.1", "1.13.1")],
  ])("%s", async (_, code, bytes) => {
    await expect(loadKeras(await bytes, { seed: 1 })).rejects.toMatchObject({ code });
  });

  test("an archive that unpacks to far more than its size", async () => {
    const bytes = await parts({ "config.json": " ".repeat(2e6) });
    await expect(loadKeras(bytes)).rejects.toMatchObject({ code: "zip/too-large" });
  });

  test("options that there are not", async () => {
    await expect(loadKeras(small, { sead: 1 } as never)).rejects.toMatchObject({ code: "config/unknown-option" });
  });

  test("a file that is refused changes nothing for the next", async () => {
    await loadKeras(small.with(1500, 255)).catch(() => undefined);
    await loadKeras(await parts({ "config.json": "{" })).catch(() => undefined);
    expect((await loadKeras(small)).layers).toHaveLength(2);
  });
});
