import { readdirSync, readFileSync } from "node:fs";
import type { Prediction } from "../../src/index.js";
import type { TfjsArtifacts } from "../../src/tfjs/index.js";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

/** What make_tfjs.mjs wrote: a model as TensorFlow.js saved it, and what it predicted. */
export interface Sample extends Required<TfjsArtifacts> {
  readonly modelTopology: { class_name: string; config: Record<string, unknown> };
  readonly weightSpecs: { name: string; shape: number[]; dtype: string; group?: string; quantization?: object }[];
  readonly weightData: ArrayBuffer;
  readonly inputs: Prediction[];
  readonly outputs: Numbers[];
}

const folder = "test/tfjs/samples/";
export const NAMES = readdirSync(folder).map((name) => name.replace(".json", ""));

export function sample(name: string): Sample {
  const text = readFileSync(`${folder}${name}.json`, "utf8");
  const read = JSON.parse(text) as Omit<Sample, "weightData" | "inputs"> & { weightData: string; inputs: Numbers[] };
  const weightData = new Uint8Array(Buffer.from(read.weightData, "base64")).buffer;
  const inputs = read.inputs.map(({ shape, data }) => ({ shape, data: Float32Array.from(data) }));
  return { ...read, weightData, inputs };
}

export type Files = Record<string, Uint8Array>;

/** The same as files: model.json, and the weights in so many of them. */
export function filesOf({ modelTopology, weightSpecs, weightData, format }: Sample, shards = 1): Files {
  const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
  const json = { format, modelTopology, weightsManifest: [{ paths, weights: weightSpecs }] };
  const size = Math.ceil(weightData.byteLength / shards);
  const pieces = paths.map((path, i) => [path, new Uint8Array(weightData.slice(i * size, (i + 1) * size))] as const);
  return { "model.json": new TextEncoder().encode(JSON.stringify(json)), ...Object.fromEntries(pieces) };
}
