// What examples find in scope beside the library's exports, and in their working folder.

import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Model } from "../../src/index.js";
import { dense, sequential } from "../../src/index.js";
import { kerasFile } from "../keras/files.js";

/** As text: examples are type-checked against it. */
export const PREPARED_TYPES = {
  /** 4 → 8 (relu, "hidden") → 3 (softmax, "output"), compiled for class labels. */
  model: "Model",
  /** 4 → 1, "output", compiled for numbers. */
  regression: "Model",
  /** 120 rows of 4. */
  x: "Float32Array",
  /** Their labels, 0 … 2. */
  y: "number[]",
  /** 30 rows of the same kind. */
  xTest: "Float32Array",
  yTest: "number[]",
} as const;

export async function prepare(): Promise<Record<keyof typeof PREPARED_TYPES, unknown>> {
  const model = await classifier();
  const regression = await sequential({ inputShape: 4, layers: [dense(1, { name: "output" })], seed: 1 });
  regression.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const [train, test] = [samples(120), samples(30)];
  return { model, regression, ...train, xTest: test.x, yTest: test.y };
}

async function classifier(): Promise<Model> {
  const hidden = dense(8, { activation: "relu", name: "hidden" });
  const output = dense(3, { activation: "softmax", name: "output" });
  const model = await sequential({ inputShape: 4, layers: [hidden, output], seed: 1 });
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** Row i is of class i mod 3, and the column of its number stands out. */
function samples(rows: number): { x: Float32Array; y: number[] } {
  const y = Array.from({ length: rows }, (_, i) => i % 3);
  const x = Float32Array.from({ length: rows * 4 }, (_, i) => (i % 4 === y[i >> 2] ? 1 : 0) + ((i * 7) % 11) / 20);
  return { x, y };
}

/** The files that examples read, where the README and the docstrings say that they are. */
export async function prepareFiles(folder: string): Promise<void> {
  const bytes = (await classifier()).toBytes();
  for (const name of ["model.safetensors", "digits.safetensors"]) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, "net.keras"), kerasFile("small.keras"));
  writeFileSync(join(folder, "net.weights.h5"), kerasFile("small.weights.h5"));
  mkdirSync(join(folder, "mnist"));
  for (const part of ["train", "t10k"]) {
    const labels = Array.from({ length: 20 }, (_, i) => i % 10);
    const pixels = labels.flatMap((label) => Array.from({ length: 784 }, (_, i) => (i % 10 === label ? 255 : 0)));
    writeFileSync(join(folder, "mnist", `${part}-images-idx3-ubyte`), idx([20, 28, 28], pixels));
    writeFileSync(join(folder, "mnist", `${part}-labels-idx1-ubyte`), idx([20], labels));
  }
}

/** An IDX file of bytes: two zeros, the type, the number of sizes, the sizes, the data. */
function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size].map((byte) => byte & 255));
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...data]);
}
