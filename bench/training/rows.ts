import type { Step } from "./steps.js";

export type RowCounts = Pick<Step, "inputs" | "classes" | "batch" | "steps">;

/** Inputs and labels from a small generator of our own: every run times the same data. Images are bytes, as MNIST's are. */
export function randomRows({ inputs, classes, batch, steps }: RowCounts): {
  x: Float32Array | Uint8Array;
  y: Uint8Array;
} {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 0x100000000;
  const length = batch * steps * inputs;
  return {
    x: inputs === 784 ? Uint8Array.from({ length }, () => 256 * next()) : Float32Array.from({ length }, next),
    y: Uint8Array.from({ length: batch * steps }, () => Math.floor(next() * classes)),
  };
}
