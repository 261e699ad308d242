// What workers read: rows of each task, and one trained network in the formats that its readers take.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LabelledRows, loadDigits, loadIdxFolder } from "../../src/data/index.js";
import { dense, init, type Model, sequential } from "../../src/index.js";
import { toOnnx } from "../../src/onnx/index.js";
import { randomRows } from "../training/rows.js";
import type { Network, Task } from "./tasks.js";

/** Files of rows, as a job names them; bytes are multiplied by `scale` into floats. */
export interface Part {
  readonly x: string;
  readonly y: string;
  readonly bytes: boolean;
  readonly scale: number;
}

export interface TaskData {
  readonly train?: Part;
  readonly test?: Part;
  readonly weights?: string;
}

/** Writes a task's files to a folder; a string says why there are none. */
export async function writeData(task: Task, folder: string, mnist: string): Promise<TaskData | string> {
  const { name, kind, network, batches } = task;
  if (kind === "step") {
    return { train: writePart(join(folder, name), randomRows({ ...network, steps: batches! }), 1 / 255) };
  }
  if (kind === "learn")
    return task.data === "digits" ? writeSets(folder, await loadDigits(), 1 / 16) : writeMnist(folder, mnist);
  return { weights: await writeNetwork(network, folder) };
}

async function writeMnist(folder: string, mnist: string): Promise<TaskData | string> {
  try {
    return writeSets(folder, await loadIdxFolder(mnist), 1 / 255);
  } catch (error) {
    return `needs MNIST (--mnist DIR): ${(error as Error).message}`;
  }
}

function writeSets(folder: string, sets: { train: LabelledRows; test: LabelledRows }, scale: number): TaskData {
  return {
    train: writePart(join(folder, "train"), sets.train, scale),
    test: writePart(join(folder, "test"), sets.test, scale),
  };
}

function writePart(path: string, { x, y }: ReturnType<typeof randomRows>, scale: number): Part {
  const bytes = x instanceof Uint8Array;
  writeFileSync(`${path}.x`, x);
  writeFileSync(`${path}.y`, y);
  return { x: `${path}.x`, y: `${path}.y`, bytes, scale: bytes ? scale : 1 };
}

/** model.safetensors, model.onnx, and its weights alone in order. */
async function writeNetwork(network: Network, folder: string): Promise<string> {
  await init(readFileSync(new URL("../../../lanewise.wasm", import.meta.url)));
  const model = await classicModel(network);
  await model.save(join(folder, "model.safetensors"));
  writeFileSync(join(folder, "model.onnx"), toOnnx(model));
  const weights = join(folder, "weights.f32");
  writeFileSync(weights, Buffer.concat([...model.getWeights().values()].map(({ data }) => bytesOf(data))));
  return weights;
}

function classicModel({ inputs, hidden, classes, activation }: Network): Promise<Model> {
  return sequential({
    inputShape: inputs,
    layers: [...hidden.map((units) => dense(units, { activation })), dense(classes, { activation: "softmax" })],
    seed: 1,
  });
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
