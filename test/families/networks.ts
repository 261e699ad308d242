// Small networks around a part that is tried, in the library and in f64.

import {
  type CompileOptions,
  dense,
  flatten,
  input,
  type LayerSpec,
  model as graph,
  type Model,
  sequential,
  sgd,
  type SymbolicValue,
} from "../../src/index.js";
import { noise } from "../model/helpers.js";
import type { TwinResult, Weights } from "./differences.js";
import type { Network, Size } from "./suite.js";

const INPUTS = 3;
const OUTPUTS = 2;

/** Layers one behind the other, or what takes values apart and together again. */
export type Stack = readonly LayerSpec[] | ((x: SymbolicValue) => SymbolicValue);

/** A model of stacks in a row: a chain where it can be. */
export async function modelOf(inputShape: number[], stacks: readonly Stack[], seed: number): Promise<Model> {
  if (stacks.every((stack) => typeof stack !== "function")) {
    return sequential({ inputShape, layers: stacks.flat(), seed });
  }
  const inputs = input(inputShape);
  const outputs = stacks.reduce<SymbolicValue>(
    (x, stack) => (typeof stack === "function" ? stack(x) : stack.reduce((value, layer) => layer.apply(value), x)),
    inputs,
  );
  return graph({ inputs, outputs, seed });
}

/** What stands between two dense layers: a part of the network that is tried. */
export interface Part {
  readonly layers: Stack;
  /** The axes of a sample before the last one; default none. */
  readonly positions?: readonly number[];
  /** Its output from values (rows, …positions, width), and numbers that change their sign where a slope jumps. */
  twin(z: number[], weights: Weights, size: Size): { y: number[]; kinks?: number[] };
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** x · kernel + bias, x (…, in), kernel (in, width) */
export function affine(
  x: readonly number[],
  kernel: readonly number[],
  width: number,
  bias?: readonly number[],
): number[] {
  const inputs = kernel.length / width;
  return Array.from({ length: (x.length / inputs) * width }, (_, at) => {
    const [row, j] = [Math.floor(at / width), at % width];
    let sum = bias?.[j] ?? 0;
    for (let k = 0; k < inputs; k++) sum += x[row * inputs + k]! * kernel[k * width + j]!;
    return sum;
  });
}

export function meanSquared(y: readonly number[], targets: ArrayLike<number>): number {
  return y.reduce((sum, value, i) => sum + (value - targets[i]!) ** 2, 0) / y.length;
}

/** Gives every weight a value of its own: what begins as zeros or ones could hide a fault. Variances stay above 0. */
export function scatter(model: Model, scale = 0.9): void {
  const scattered = [...model.getWeights()].map(([name, { data, shape }], i) => {
    const values = noise(data.length, 40 + i).map((value) => value * scale);
    if (/variance$/i.test(name)) values.forEach((value, j) => (values[j] = Math.abs(value) + 0.5));
    return [name, { data: values, shape }] as const;
  });
  model.setWeights(new Map(scattered));
}

/** x – dense `before` – the part – flatten – dense `after`, regressed. */
export async function between(
  part: Part,
  size: Size,
  compile: Partial<CompileOptions> = {},
  before: object = {},
): Promise<Network> {
  const { rows, width } = size;
  const { layers, positions = [] } = part;
  const model = await modelOf(
    [...positions, INPUTS],
    [
      [dense(width, { ...before, name: "before" })],
      layers,
      [flatten({ name: "flat" }), dense(OUTPUTS, { name: "after" })],
    ],
    5,
  );
  model.compile({ optimizer: sgd({ learningRate: 0.02 }), loss: "meanSquaredError", ...compile });
  scatter(model);
  const x = noise(rows * product(positions) * INPUTS, 31);
  const y = noise(rows * OUTPUTS, 32);
  const inputs = Array.from(x);
  const twin = (weights: Weights): TwinResult => {
    const z = affine(inputs, weights["before/kernel"]!, width, weights["before/bias"]);
    const out = part.twin(z, weights, size);
    const outputs = affine(out.y, weights["after/kernel"]!, OUTPUTS, weights["after/bias"]);
    return { loss: meanSquared(outputs, y), kinks: out.kinks ?? [] };
  };
  return { model, x, y, twin };
}

/** A network of one dense layer with mean squared error, for what has no gradient of its own. */
export async function plain(
  { rows, width }: Size,
  compile: Partial<CompileOptions> = {},
  options: object = {},
): Promise<Network> {
  const layers = [dense(width, { activation: "tanh", ...options, name: "hidden" }), dense(2, { name: "output" })];
  const model = await sequential({ inputShape: INPUTS, layers, seed: 5 });
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: "meanSquaredError", ...compile });
  return { model, x: noise(rows * INPUTS, 31), y: noise(rows * 2, 32) };
}
