// The networks whose steps are timed: one dimension grows, the others stay.

import type { Step } from "../../training/steps.js";

export type Network = Pick<Step, "inputs" | "hidden" | "classes" | "batch">;

export interface Sweep {
  readonly name: string;
  readonly what: string;
  /** For the title of a plot. */
  readonly network: string;
  readonly steps: readonly { readonly size: number; readonly step: Network }[];
}

/** 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, … up to `most` and its neighbours. */
function aroundPowersOfTwo(most: number): number[] {
  const sizes = new Set<number>();
  for (let power = 1; power <= most; power *= 2) for (const size of [power - 1, power, power + 1]) sizes.add(size);
  sizes.delete(0);
  return [...sizes].sort((a, b) => a - b);
}

function sweep(name: string, what: string, network: string, sizes: readonly number[], of: (size: number) => Network) {
  return { name, what, network, steps: sizes.map((size) => ({ size, step: of(size) })) };
}

export const SWEEPS: readonly Sweep[] = [
  sweep(
    "width",
    "64 inputs, two hidden layers of this width, 10 classes, batch 64",
    "64-w-w-10, batch 64",
    aroundPowersOfTwo(4096),
    (width) => ({ inputs: 64, hidden: [width, width], classes: 10, batch: 64 }),
  ),
  sweep(
    "depth",
    "64 inputs, so many hidden layers of 64 units, 10 classes, batch 64",
    "64-(64 × d)-10, batch 64",
    aroundPowersOfTwo(128),
    (depth) => ({ inputs: 64, hidden: Array<number>(depth).fill(64), classes: 10, batch: 64 }),
  ),
  sweep(
    "batch",
    "784 inputs, hidden layers of 300 and 100 units, 10 classes, so many rows",
    "784-300-100-10, batch b",
    aroundPowersOfTwo(4096),
    (batch) => ({ inputs: 784, hidden: [300, 100], classes: 10, batch }),
  ),
];
