// A model's gradients beside central differences of the same network in f64, through the public API alone.

import { expect } from "vitest";
import type { Model } from "../../src/index.js";

/** By name, flat. */
export type Weights = Readonly<Record<string, readonly number[]>>;

export interface TwinResult {
  /** The training loss of the batch. */
  readonly loss: number;
  /** Numbers that change their sign where a slope jumps. */
  readonly kinks: readonly number[];
}
export type Twin = (weights: Weights) => TwinResult;

/** The unit roundoff of f32. */
const U = 2 ** -24;
/**
 * Sums of some twenty terms, functions good to 4 ULP, three layers deep, and an error of the output that is a difference;
 * in terms of the variable's largest element.
 */
const F32 = 128 * U;
/** What cancels in a variable leaves roundings of the others' size: below this share of the largest of all it is lost. */
const LOST = 1 / 64;
/** Central differences err by its square, some 1e-10, and by f64's rounding over it, 1e-11. */
const STEP = 1e-5;

export function weightsOf(model: Model): Record<string, number[]> {
  return Object.fromEntries([...model.getWeights()].map(([name, { data }]) => [name, Array.from(data)]));
}

/** The last thing to do with a model: it takes a step. */
export function expectDifferences(
  { model, x, y }: { model: Model; x: Float32Array; y: Float32Array },
  twin: Twin,
): void {
  const weights = weightsOf(model);
  const home = twin(weights);
  const pairs = [...model.gradients(x, y)].map(([name, { data }]) => ({
    name,
    found: data,
    expected: weights[name]!.map((_, i) => slopeOf(twin, weights, name, i, home)),
  }));
  expect(pairs.length).toBeGreaterThan(0);
  // Where all slopes vanish, as those of a softmax over one column, roundings of numbers near 1 may be left.
  const largest = Math.max(...pairs.flatMap(({ expected }) => expected.map(Math.abs))) || 2;
  for (const { name, found, expected } of pairs) {
    expect(found.length, name).toBe(expected.length);
    const scale = Math.max(...expected.map(Math.abs), LOST * largest);
    const worst = Math.max(...expected.map((slope, i) => Math.abs(found[i]! - slope)));
    expect(worst / scale, `gradient of ${name}: deviation in terms of the largest`).toBeLessThanOrEqual(F32);
  }
  const { loss } = model.trainOnBatch(x, y);
  expect(Math.abs(loss! - home.loss), "loss").toBeLessThanOrEqual(F32 * Math.max(1, Math.abs(home.loss)));
}

/** (loss(w + h) − loss(w − h)) / 2h, neither end beyond a kink. */
function slopeOf(twin: Twin, weights: Weights, name: string, i: number, home: TwinResult): number {
  const lossAt = (by: number) => {
    const moved = weights[name]!.map((w, k) => (k === i ? w + by : w));
    const { loss, kinks } = twin({ ...weights, [name]: moved });
    const crossed = kinks.some((value, k) => Math.sign(value) !== Math.sign(home.kinks[k]!));
    expect(crossed, `moving ${name}[${i}] crosses a kink: choose other data`).toBe(false);
    return loss;
  };
  return (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
}
