// A chain of dense layers in f64, whole: forward, backward, one optimizer step. What a model should compute.

import { activations } from "./activations.js";
import { gemm } from "./gemm.js";
import { meanSquaredError, type RowLoss, sigmoidCrossentropy, softmaxCrossentropy } from "./losses.js";
import { sigmoid } from "./math.js";
import { step } from "./optimizers.js";
import { rowsOf, softmax } from "./softmax.js";

export interface DenseLayer {
  readonly kernel: Float64Array; // (inputs, units)
  readonly bias: Float64Array; // (units)
  readonly activation: string;
  readonly alpha: number;
}

/** How the last layer's values become predictions, and the loss that is computed from those values themselves. */
export interface Head {
  readonly link: "softmax" | "sigmoid" | "linear";
  readonly smoothing: number;
}

export interface Network {
  readonly layers: readonly DenseLayer[];
  readonly head: Head;
}

/** The network with other weights: kernel, bias, kernel, bias … */
export function withWeights({ layers, head }: Network, weights: readonly Float64Array[]): Network {
  return { head, layers: layers.map((l, i) => ({ ...l, kernel: weights[2 * i]!, bias: weights[2 * i + 1]! })) };
}

export function weightsOf({ layers }: Network): Float64Array[] {
  return layers.flatMap(({ kernel, bias }) => [kernel, bias]);
}

/** y (rows, units) = f(x (rows, inputs) · kernel + bias) */
function forwardLayer({ kernel, bias, activation, alpha }: DenseLayer, x: Float64Array): Float64Array {
  const [n, k] = [bias.length, kernel.length / bias.length];
  const m = x.length / k;
  const start = Float64Array.from({ length: m * n }, (_, i) => bias[i % n]!);
  const z = gemm({ kind: "NN", m, n, k, a: x, b: kernel, start }).value;
  return z.map((value) => functionOf(activation).forward(value, alpha));
}

/** The gradients of a layer's weights and of its input, from that of its output. */
function backwardLayer(
  { kernel, bias, activation, alpha }: DenseLayer,
  x: Float64Array,
  y: Float64Array,
  dy: Float64Array,
) {
  const [n, k] = [bias.length, kernel.length / bias.length];
  const m = x.length / k;
  const dz = dy.map((value, i) => value * functionOf(activation).derivative(y[i]!, alpha));
  return {
    dKernel: gemm({ kind: "TN", m: k, n, k: m, a: x, b: dz, start: new Float64Array(k * n) }).value,
    dBias: bias.map((_, j) => rowsOf(dz, n).reduce((sum, row) => sum + row[j]!, 0)),
    dx: gemm({ kind: "NT", m, n: k, k: n, a: dz, b: kernel, start: new Float64Array(m * k) }).value,
  };
}

function functionOf(name: string) {
  return activations.find((activation) => activation.name === name)!;
}

/** The values that each layer gets, and last what the network puts out: logits, where the head has a link. */
function forward({ layers }: Network, x: Float64Array): Float64Array[] {
  return layers.reduce((values, layer) => [...values, forwardLayer(layer, values.at(-1)!)], [x]);
}

export function predict(network: Network, x: Float64Array): Float64Array {
  const { link } = network.head;
  const output = forward(network, x).at(-1)!;
  if (link === "linear") return output;
  if (link === "sigmoid") return output.map(sigmoid);
  return Float64Array.from(rowsOf(output, widthOf(network)).flatMap(softmax));
}

/** Loss, as the mean over the rows, and its gradient by each weight; targets are rows as wide as the output. */
export function lossAndGradients(network: Network, x: Float64Array, targets: Float64Array) {
  const width = widthOf(network);
  const values = forward(network, x);
  const rows = rowsOf(values.at(-1)!, width).map((row, i) =>
    rowLoss(network.head, row, Array.from(targets.subarray(i * width, (i + 1) * width))),
  );
  let dy: Float64Array = Float64Array.from(rows.flatMap(({ gradient }) => gradient.map((g) => g / rows.length)));
  const gradients: Float64Array[] = [];
  for (let i = network.layers.length - 1; i >= 0; i--) {
    const { dKernel, dBias, dx } = backwardLayer(network.layers[i]!, values[i]!, values[i + 1]!, dy);
    gradients.unshift(dKernel, dBias);
    dy = dx;
  }
  return { loss: rows.reduce((sum, { loss }) => sum + loss, 0) / rows.length, gradients };
}

function rowLoss({ link, smoothing }: Head, output: number[], targets: number[]): RowLoss {
  if (link === "softmax") return softmaxCrossentropy(output, targets, smoothing);
  if (link === "sigmoid") return sigmoidCrossentropy(output, targets, smoothing);
  return meanSquaredError(output, targets);
}

function widthOf({ layers }: Network): number {
  return layers.at(-1)!.bias.length;
}

export type Rule =
  | { readonly name: "sgd"; readonly learningRate: number; readonly momentum: number; readonly nesterov: boolean }
  | {
      readonly name: "adam";
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
    };

/**
 * An optimizer with what it remembers: `step` moves the weights in place, all but the frozen ones. Steps are counted for
 * all weights together.
 */
export function optimizer(rule: Rule) {
  const slots: Record<string, number>[][] = [];
  let t = 0;
  return (
    weights: readonly Float64Array[],
    gradients: readonly Float64Array[],
    frozen: readonly number[] = [],
  ): void => {
    t++;
    weights.forEach((w, i) => {
      if (frozen.includes(i)) return;
      const own = (slots[i] ??= Array.from(w, () => ({ velocity: 0, m: 0, v: 0 })));
      step(rule.name, rule, [{ offset: 0, length: w.length, rateScale: 1, decay: 0 }], w, gradients[i]!, own, t);
    });
  };
}
