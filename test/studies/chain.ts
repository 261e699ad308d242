// Deep chains of equal dense layers, seen layer by layer through the public API.

import { type Activation, dense, type Initializer, type Model, sequential } from "../../src/index.js";
import { units } from "../reference/initializers.js";

export const SEEDS = [1, 2, 3, 4, 5];

/** Standard normal numbers, by Box and Muller. */
export function standardNormal(n: number, seed: number): Float32Array {
  const u = units(2 * n, { seedLo: seed, seedHi: 0xdee9, op: 1 });
  return Float32Array.from({ length: n }, (_, i) => {
    return Math.sqrt(-2 * Math.log(u[2 * i]!)) * Math.cos(2 * Math.PI * u[2 * i + 1]!);
  });
}

interface ChainOptions {
  readonly depth: number;
  readonly width: number;
  readonly activation: Activation;
  readonly kernelInitializer: Initializer;
  readonly seed: number;
}

export function chain({ depth, width, seed, ...options }: ChainOptions): Promise<Model> {
  return sequential({ inputShape: width, layers: Array.from({ length: depth }, () => dense(width, options)), seed });
}

/**
 * What each layer of a chain puts out for x. One layer takes the weights of each in turn; the last output is that of the
 * whole chain, to the bit.
 */
export async function* outputs(model: Model, activation: Activation, x: Float32Array): AsyncGenerator<Float32Array> {
  const width = model.inputShape[0]!;
  const one = await sequential({ inputShape: width, layers: [dense(width, { activation, name: "one" })], seed: 0 });
  const weights = model.getWeights();
  let values = x;
  for (const { name } of model.layers) {
    const own = ["kernel", "bias"].map((role) => [`one/${role}`, weights.get(`${name}/${role}`)!] as const);
    one.setWeights(new Map(own));
    values = one.predict(values).data;
    yield values;
  }
}

export function momentsOf(values: Float32Array): { mean: number; stddev: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, stddev: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}
