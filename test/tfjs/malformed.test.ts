// Everything that can be wrong with the list of weights, one by one; topologies are in test/keras.

import { expect, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import { loadTfjs, type TfjsSource } from "../../src/tfjs/index.js";
import { filesOf, sample, type Sample } from "./samples.js";

async function refused(source: TfjsSource): Promise<string> {
  const error = await loadTfjs(source).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return `${(error as LanewiseError).code}: ${(error as LanewiseError).message}`;
}

type Spec = Record<string, unknown>;
type Edit = (specs: Spec[], given: { weightData: ArrayBuffer }) => void;

const CASES: [string, Edit, RegExp][] = [
  ["a byte too few", (_, given) => (given.weightData = given.weightData.slice(1)), /^tfjs\/bad-weights/],
  [
    "a byte too many",
    (_, given) => (given.weightData = new ArrayBuffer(given.weightData.byteLength + 1)),
    /^tfjs\/bad-w/,
  ],
  ["no such shape", (specs) => (specs[0]!.shape = "4,6"), /^tfjs\/bad-json.*dense_Dense1\/kernel.*shape/],
  ["half a size", (specs) => (specs[0]!.shape = [4, 0.5]), /^tfjs\/bad-json.*shape/],
  ["less than nothing", (specs) => (specs[0]!.shape = [-4, -6]), /^tfjs\/bad-json.*shape/],
  ["too many axes", (specs) => (specs[0]!.shape = new Array(17).fill(1)), /^tfjs\/bad-json.*shape/],
  ["sizes that overflow", (specs) => (specs[0]!.shape = [2 ** 40, 2 ** 40]), /^tfjs\/bad-weights.*4 GiB/],
  ["bytes that overflow", (specs) => (specs[0]!.shape = [2 ** 31]), /^tfjs\/bad-weights.*4 GiB/],
  ["the shape of another", (specs) => (specs[0]!.shape = [6, 4]), /^keras\/bad-weights.*\(6, 4\).*expected \(4, 6\)/],
  ["no name", (specs) => delete specs[0]!.name, /^tfjs\/bad-json.*called undefined/],
  ["one name twice", (specs) => (specs[1]!.name = specs[0]!.name), /^tfjs\/bad-weights.*two are called/],
  ["the name of none", (specs) => (specs[0]!.name = "other/kernel"), /^keras\/bad-weights.*the file 0/],
  ["one too many", (specs) => (specs[12]!.group = "model"), /^tfjs\/bad-weights.*no layer has "iter"/],
  ["one that is none", (specs) => (specs[0] = 3 as never), /^tfjs\/bad-json.*is 3/],
  ["text", (specs) => (specs[0]!.dtype = "string"), /^tfjs\/bad-weights.*"string"/],
  ["complex numbers", (specs) => (specs[0]!.dtype = "complex64"), /^tfjs\/bad-weights.*"complex64"/],
  ["no quantization", (specs) => (specs[0]!.quantization = 3), /^tfjs\/bad-json.*quantization 3/],
  ["an unknown quantization", (specs) => (specs[0]!.quantization = { dtype: "int4" }), /^tfjs\/bad-weights.*"int4"/],
  ["no scale", (specs) => (specs[0]!.quantization = { dtype: "uint8", min: 0 }), /^tfjs\/bad-json.*scale undefined/],
  [
    "halves of integers",
    (specs) => Object.assign(specs[0]!, { dtype: "int32", quantization: { dtype: "float16" } }),
    /^tfjs\/bad-weights.*float16/,
  ],
];

test.each(CASES)("%s", async (_, edit, expected) => {
  const given = structuredClone(sample("trained")) as { weightSpecs: Spec[]; weightData: ArrayBuffer } & Sample;
  edit(given.weightSpecs, given);
  expect(await refused(given)).toMatch(expected);
  const found = await refused(filesOf(given));
  expect(found.slice(0, 8)).toBe((await refused(given)).slice(0, 8));
});

const encoded = (json: unknown) => new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
const topology = sample("trained").modelTopology;

const FILES: [string, unknown, RegExp][] = [
  ["no JSON", "{", /^tfjs\/bad-json.*no JSON/],
  ["a number", 3, /^tfjs\/bad-json.*it is 3/],
  ["a list", [], /^tfjs\/bad-json/],
  ["nothing", {}, /^tfjs\/not-tfjs/],
  ["no class", { modelTopology: { a: 1 } }, /^tfjs\/not-tfjs/],
  ["a prototype's class", '{"modelTopology":{"__proto__":{"class_name":"Sequential","config":[]}}}', /^tfjs\/not-tfjs/],
  ["nesting without end", "[".repeat(100_000), /^tfjs\/bad-json.*nests/],
  ["a graph model", { format: "graph-model", modelTopology: {} }, /^tfjs\/graph-model.*tfjs_layers_model/],
  ["a graph model by its nodes", { modelTopology: { node: [], versions: {} } }, /^tfjs\/graph-model/],
  ["a manifest that is none", { modelTopology: topology, weightsManifest: 3 }, /^tfjs\/bad-json.*weightsManifest is 3/],
  ["a group that is none", { modelTopology: topology, weightsManifest: [3] }, /^tfjs\/bad-json.*group/],
  ["no paths", { modelTopology: topology, weightsManifest: [{ weights: [] }] }, /^tfjs\/bad-json.*paths/],
  [
    "a path that is none",
    { modelTopology: topology, weightsManifest: [{ weights: [], paths: [3] }] },
    /^tfjs\/bad-json/,
  ],
  [
    "one file again and again",
    { modelTopology: topology, weightsManifest: [{ weights: [], paths: ["a", "a"] }] },
    /^tfjs\/bad-json.*twice/,
  ],
  ["no weights at all", { modelTopology: topology }, /^keras\/bad-weights/],
];

test.each(FILES)("model.json is %s", async (_, json, expected) => {
  expect(await refused({ "model.json": encoded(json) })).toMatch(expected);
});

test("model.json is no text, or too large", async () => {
  expect(await refused({ "model.json": Uint8Array.of(0x22, 0xff, 0x22) })).toMatch(/^tfjs\/bad-json/);
  expect(await refused({ "model.json": new Uint8Array(2 ** 26 + 1) })).toMatch(/^tfjs\/bad-json.*bytes long/);
});

test("weightData that is none, and weights for two layers of one name", async () => {
  expect(await refused({ ...sample("trained"), weightData: "abc" as never })).toMatch(/^tfjs\/bad-weights.*weightData/);
  const twins = structuredClone(sample("trained"));
  const layers = twins.modelTopology.config.layers as { class_name: string; config: { name: string } }[];
  layers[7] = { ...layers[0]!, config: { ...layers[0]!.config } };
  expect(await refused(twins)).toMatch(/^(tfjs|keras)\/bad-weights/);
});

test("the same number in each type of the file", async () => {
  const dense = { class_name: "Dense", config: { name: "d", units: 1, use_bias: false, batch_input_shape: [null, 3] } };
  const load = async (dtype: string, bytes: ArrayBufferLike, quantization?: object) => {
    const model = await loadTfjs({
      modelTopology: { class_name: "Sequential", config: [dense] },
      weightSpecs: [{ name: "d/kernel", shape: [3, 1], dtype, ...(quantization && { quantization }) }],
      weightData: bytes as ArrayBuffer,
    });
    return [...model.getWeights().get("d/kernel")!.data];
  };
  expect(await load("float32", Float32Array.of(1, -2, 3.5).buffer)).toEqual([1, -2, 3.5]);
  expect(await load("int32", Int32Array.of(1, -2, 3).buffer)).toEqual([1, -2, 3]);
  expect(await load("bool", Uint8Array.of(1, 0, 1).buffer)).toEqual([1, 0, 1]);
  expect(await load("uint8", Uint8Array.of(1, 2, 255).buffer)).toEqual([1, 2, 255]);
  const quantized = (dtype: string) => ({ dtype, scale: 1 / 3, min: -1 });
  const value = (v: number) => Math.fround(v * (1 / 3) - 1);
  expect(await load("float32", Uint8Array.of(0, 4, 255).buffer, quantized("uint8"))).toEqual([0, 4, 255].map(value));
  expect(await load("float32", Uint16Array.of(0, 7, 65535).buffer, quantized("uint16"))).toEqual(
    [0, 7, 65535].map(value),
  );
  expect(await load("int32", Uint8Array.of(0, 5, 255).buffer, quantized("uint8"))).toEqual([-1, 1, 84]);
  // 1, the smallest denormal, the largest
  expect(await load("float32", Uint16Array.of(0x3c00, 1, 0x7bff).buffer, { dtype: "float16" })).toEqual([
    1,
    2 ** -24,
    65504,
  ]);
  await expect(load("float32", Float32Array.of(1, NaN, 1).buffer)).rejects.toMatchObject({ code: "keras/bad-weights" });
});
