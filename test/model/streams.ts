// Streams for tests, and what a shuffle buffer is to draw, written anew in the plainest way.

import type { Chunk } from "../../src/index.js";
import { philox4x32 } from "../../src/data/philox.js";
import { FEATURES, type Samples } from "./helpers.js";

/** The rows cut into chunks of these sizes, over and over. */
export function* cut({ x, y }: Samples, sizes: readonly number[], weights?: Float32Array): Generator<Chunk> {
  for (let first = 0, i = 0; first < y.length; i++) {
    const end = Math.min(y.length, first + sizes[i % sizes.length]!);
    const rows = { x: x.subarray(first * FEATURES, end * FEATURES), y: y.subarray(first, end) };
    yield weights ? { ...rows, sampleWeight: weights.subarray(first, end) } : rows;
    first = end;
  }
}

/** The rows in this order, as arrays. */
export function inOrder({ x, y }: Samples, order: readonly number[]): Samples {
  return {
    x: Float32Array.from(order.flatMap((row) => [...x.subarray(row * FEATURES, (row + 1) * FEATURES)])),
    y: Int32Array.from(order, (row) => y[row]!),
  };
}

/** In which order rows 0 … n − 1 leave a buffer: a list of row numbers, drawn from one by one. */
export function drawnOrder(rows: number, buffer: number, seed: number, epoch: number): number[] {
  const held: number[] = [];
  const order: number[] = [];
  let [next, words] = [0, 0];
  const word = () => {
    const four = philox4x32([words >> 2, 0, epoch, 9], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
    return four[words++ & 3]!;
  };
  const below = (bound: number) => {
    for (;;) {
      const drawn = word();
      if (drawn < 2 ** 32 - (2 ** 32 % bound)) return drawn % bound;
    }
  };
  while (order.length < rows) {
    while (held.length < buffer && next < rows) held.push(next++);
    const place = held.length > 1 ? below(held.length) : 0;
    order.push(held[place]!);
    held[place] = held.at(-1)!;
    held.pop();
  }
  return order;
}
