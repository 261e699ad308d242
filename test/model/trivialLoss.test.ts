// What a network must get below: the least loss that one answer for all rows can have, found here by trying.

import { describe, expect, it, test } from "vitest";
import * as lanewise from "../../src/index.js";
import type { Loss } from "../../src/index.js";
import type { Rows } from "../../src/model/data.js";
import { type LossDescription, resolveLoss } from "../../src/losses/table.js";
import { trivialLossOf } from "../../src/model/trivialLoss.js";
import * as twins from "../reference/losses.js";
import { noise } from "./helpers.js";

interface Case {
  readonly loss: Loss;
  readonly y: Float32Array;
  /** Of a row of targets, and of the output. */
  readonly width: number;
  readonly outputs: number;
}

const signs = noise(60, 3).map((value) => (value > 0.4 ? 1 : -1));
const shares = noise(60, 4).map((value) => Math.fround((value + 1) / 2));
const oneHot = Float32Array.from({ length: 90 }, (_, i) => (i % 3 === [0, 0, 1, 0, 2][Math.floor(i / 3) % 5]! ? 1 : 0));
const labels = Float32Array.from({ length: 30 }, (_, i) => [0, 0, 1, 0, 2][i % 5]!);

const CASES: Readonly<Record<string, Case>> = {
  meanSquaredError: { loss: "meanSquaredError", y: noise(60, 1), width: 2, outputs: 2 },
  meanAbsoluteError: { loss: "meanAbsoluteError", y: noise(60, 2), width: 2, outputs: 2 },
  hinge: { loss: "hinge", y: signs, width: 2, outputs: 2 },
  squaredHinge: { loss: "squaredHinge", y: signs, width: 2, outputs: 2 },
  "binaryCrossentropy, two columns": { loss: "binaryCrossentropy", y: shares, width: 2, outputs: 2 },
  "binaryCrossentropy, smoothed": {
    loss: lanewise.losses.binaryCrossentropy({ labelSmoothing: 0.1 }),
    y: shares.map((value) => Math.round(value)),
    width: 2,
    outputs: 2,
  },
  categoricalCrossentropy: { loss: "categoricalCrossentropy", y: oneHot, width: 3, outputs: 3 },
  "categoricalCrossentropy, smoothed": {
    loss: lanewise.losses.categoricalCrossentropy({ labelSmoothing: 0.2 }),
    y: oneHot,
    width: 3,
    outputs: 3,
  },
  sparseCategoricalCrossentropy: { loss: "sparseCategoricalCrossentropy", y: labels, width: 1, outputs: 3 },
  "sparseCategoricalCrossentropy, smoothed": {
    loss: lanewise.sparseCategoricalCrossentropy({ labelSmoothing: 0.2 }),
    y: labels,
    width: 1,
    outputs: 3,
  },
};

/** The mean loss of one row's outputs for all rows; those of crossentropies are logits. */
function lossOf(loss: LossDescription, outputs: readonly number[], { y, width }: Case): number {
  const smoothing = (loss.labelSmoothing as number | undefined) ?? 0;
  let sum = 0;
  for (let row = 0; row < y.length; row += width) {
    const targets = [...y.subarray(row, row + width)];
    const classes = width === 1 ? outputs.map((_, j) => (j === targets[0] ? 1 : 0)) : targets;
    if (/ategoricalCross/.test(loss.name)) sum += twins.softmaxCrossentropy(outputs, classes, smoothing).loss;
    else if (loss.name === "binaryCrossentropy") sum += twins.sigmoidCrossentropy(outputs, targets, smoothing).loss;
    else sum += twins[loss.name as "hinge"](outputs, targets).loss;
  }
  return sum / (y.length / width);
}

/** Convex in each output: thirds are cut off the range of one after the other. */
function leastLoss(loss: LossDescription, given: Case): number {
  const outputs = new Array<number>(given.outputs).fill(0);
  for (let round = 0; round < 40; round++) {
    for (let j = 0; j < outputs.length; j++) {
      let [low, high] = [-8, 8];
      while (high - low > 1e-7) {
        const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
        const at = (value: number) => lossOf(loss, outputs.with(j, value), given);
        if (at(a) < at(b)) high = b;
        else low = a;
      }
      outputs[j] = (low + high) / 2;
    }
  }
  return lossOf(loss, outputs, given);
}

const rowsOf = ({ y, width }: Case): Rows => ({ data: y, rows: y.length / width, width });
const compiled = (...parts: [Loss, number][]) => ({
  outputs: parts.map(([loss, lossWeight]) => ({ loss: resolveLoss(loss), lossWeight, metrics: [] })),
  optimizer: lanewise.adam(),
  clip: undefined,
});

describe("the least loss of one answer for all rows", () => {
  test.each(Object.entries(CASES))("%s", (_, given) => {
    const found = trivialLossOf(compiled([given.loss, 1]), [{ shape: [given.outputs] }], [rowsOf(given)]);
    // Thirds of flat bottoms leave some 1e-7.
    expect(found).toBeCloseTo(leastLoss(resolveLoss(given.loss), given), 6);
  });

  it("of several outputs is their weighted sum, where each is known", () => {
    const [a, b] = [CASES.meanSquaredError!, CASES.sparseCategoricalCrossentropy!];
    const ports = [{ shape: [2] }, { shape: [3] }];
    const targets = [rowsOf(a), rowsOf(b)];
    const own = targets.map((y, i) => trivialLossOf(compiled([[a, b][i]!.loss, 1]), [ports[i]!], [y])!);
    expect(trivialLossOf(compiled([a.loss, 0.5], [b.loss, 3]), ports, targets)).toBeCloseTo(
      0.5 * own[0]! + 3 * own[1]!,
      12,
    );
    expect(trivialLossOf(compiled(["huber", 1], [b.loss, 3]), ports, targets)).toBeUndefined();
    expect(trivialLossOf(compiled(["huber", 0], [b.loss, 1]), ports, targets)).toBe(own[1]);
  });

  it.each(["huber", "logCosh", "poisson", "categoricalHinge"] as const)("is not known of %s", (loss) => {
    expect(trivialLossOf(compiled([loss, 1]), [{ shape: [3] }], [rowsOf(CASES.categoricalCrossentropy!)])).toBe(
      undefined,
    );
  });
});
