// Small networks and data for the tests of a model's behaviour.

import { expect } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import {
  adam,
  type CompileOptions,
  dense,
  type LayerSpec,
  type Model,
  type NamedArray,
  sequential,
  type SequentialOptions,
} from "../../src/index.js";

export const FEATURES = 4;
export const CLASSES = 3;

/** Numbers in [-1, 1) that look random, the same everywhere. */
export function noise(length: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export interface Samples {
  x: Float32Array;
  y: Int32Array;
}

/** Rows of FEATURES numbers; the label is where the largest of the first three is. */
export function samples(rows: number, seed = 1): Samples {
  const x = noise(rows * FEATURES, seed);
  const y = Int32Array.from({ length: rows }, (_, i) => {
    const [a, b, c] = x.subarray(i * FEATURES) as unknown as [number, number, number];
    return a >= b && a >= c ? 0 : b >= c ? 1 : 2;
  });
  return { x, y };
}

export const LAYERS = (): LayerSpec[] => [
  dense(5, { activation: "tanh", name: "hidden" }),
  dense(CLASSES, { activation: "softmax", name: "output" }),
];

export const CLASSIFIER: CompileOptions = {
  optimizer: adam({ learningRate: 0.01 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
};

/** A classifier of `samples`, compiled. */
export async function classifier(
  compile: Partial<CompileOptions> = {},
  options: Partial<SequentialOptions> = {},
): Promise<Model> {
  const model = await sequential({ inputShape: FEATURES, layers: LAYERS(), seed: 7, ...options });
  model.compile({ ...CLASSIFIER, ...compile });
  return model;
}

/** All that training has made of a model, as bytes: weights, optimizer slots, step, position. */
export function stateOf(model: Model): Uint8Array {
  return model.toBytes({ includeOptimizer: true });
}

/** Weights as plain arrays, for comparisons that say where they differ. */
export function weightsOf(model: Model): Record<string, number[]> {
  return Object.fromEntries([...model.getWeights()].map(([name, { data }]) => [name, [...data]]));
}

/** The same names and bits, without the time that it takes to compare large arrays number by number. */
export function expectSameArrays(a: ReadonlyMap<string, NamedArray>, b: ReadonlyMap<string, NamedArray>): void {
  const bytesOf = (map: ReadonlyMap<string, NamedArray>) =>
    [...map].map(([name, { data, shape }]) => [name, shape, Buffer.from(data.buffer).toString("base64")]);
  expect(bytesOf(a)).toEqual(bytesOf(b));
}

/** The same weights, optimizer slots, step and position. */
export function expectSameBits(a: Model, b: Model): void {
  expect(weightsOf(a)).toEqual(weightsOf(b));
  expect(Buffer.compare(stateOf(a), stateOf(b))).toBe(0);
}

/** The LanewiseError that `action` throws or rejects with. */
export async function failureOf(action: () => unknown): Promise<LanewiseError> {
  try {
    await action();
  } catch (error) {
    expect(error, String((error as Error).stack)).toBeInstanceOf(LanewiseError);
    return error as LanewiseError;
  }
  throw new Error("expected an error, and there was none");
}
