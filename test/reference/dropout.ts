// Random masks and noise, element by element in f64.

import { STREAM_DROPOUT, STREAM_NOISE } from "../../assembly/shared/random.js";
import { normalQuantile } from "./initializers.js";
import { philox } from "./philox.js";

export interface Draw {
  readonly layer: number;
  readonly step: number;
  readonly seed: number;
}

/** The k-th word of Philox's sequence for this draw. */
function word(k: number, stream: number, { layer, step, seed }: Draw): number {
  return philox([k >> 2, layer, step, stream], [seed >>> 0, Math.floor(seed / 2 ** 32)])[k & 3]!;
}

/** Whether element i stays: its 16 bits are the lower half of a word, or the upper. */
export function isKept(i: number, rate: number, draw: Draw): boolean {
  const bits = (word(i >> 1, STREAM_DROPOUT, draw) >>> (i & 1 ? 16 : 0)) & 0xffff;
  return bits >= Math.min(Math.round(rate * 2 ** 16), 65535);
}

export const dropout = (x: ArrayLike<number>, rate: number, draw: Draw): number[] =>
  Array.from(x, (value, i) => (isKept(i, rate, draw) ? value / (1 - rate) : 0));

/** SELU's scale · alpha, negated. */
export const SELU_FLOOR = -1.0507009873554805 * 1.6732632423543772;

export function alphaScale(rate: number): number {
  return ((1 - rate) * (1 + rate * SELU_FLOOR ** 2)) ** -0.5;
}

export function alphaDropout(x: ArrayLike<number>, rate: number, draw: Draw): number[] {
  const a = alphaScale(rate);
  return Array.from(x, (value, i) => a * (isKept(i, rate, draw) ? value : SELU_FLOOR) - a * SELU_FLOOR * rate);
}

export const alphaDropoutBackward = (dy: ArrayLike<number>, rate: number, draw: Draw): number[] =>
  Array.from(dy, (value, i) => (isKept(i, rate, draw) ? value * alphaScale(rate) : 0));

export const gaussianNoise = (x: ArrayLike<number>, stddev: number, draw: Draw): number[] =>
  Array.from(x, (value, i) => value + stddev * normalQuantile((word(i, STREAM_NOISE, draw) + 0.5) / 2 ** 32));
