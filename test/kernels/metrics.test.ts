import fc from "fast-check";
import { expect, it } from "vitest";
import * as twins from "../reference/metrics.js";
import { rowsOf } from "../reference/softmax.js";
import { kernels } from "./harness.js";

const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 0.5, 1];
const score = fc.oneof(fc.constantFrom(...SPECIAL), fc.integer({ min: -3, max: 3 })); // small integers: many equals

const problem = fc
  .record({ rows: fc.integer({ min: 1, max: 7 }), width: fc.integer({ min: 1, max: 19 }) })
  .chain(({ rows, width }) => {
    const sized = { minLength: rows * width, maxLength: rows * width };
    return fc.record({
      width: fc.constant(width),
      scores: fc.array(score, sized),
      targets: fc.array(score, sized),
      labels: fc.array(fc.integer({ min: 0, max: width - 1 }), { minLength: rows, maxLength: rows }),
    });
  });
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

it("the accuracies agree with their twins, with equals, NaN and infinities", () => {
  const { call, f32, reset } = kernels();
  fc.assert(
    fc.property(problem, ({ width, scores, targets, labels }) => {
      reset();
      const [s, t, l] = [f32(scores, 4), f32(targets, 8), f32(labels, 12)];
      f32([9, 9, 9]); // greater than any score, right behind the labels
      const rows = rowsOf(scores, width);
      const targetRows = rowsOf(targets, width);
      expect(call.sparseAccuracy!(rows.length, width, s, l)).toBe(
        sum(rows.map((row, i) => twins.sparseAccuracy(row, labels[i]!))),
      );
      expect(call.categoricalAccuracy!(rows.length, width, s, t)).toBe(
        sum(rows.map((row, i) => twins.categoricalAccuracy(row, targetRows[i]!))),
      );
      expect(call.binaryAccuracy!(rows.length, width, s, t, 0.25)).toBeCloseTo(
        sum(rows.map((row, i) => twins.binaryAccuracy(row, targetRows[i]!, 0.25))),
        10,
      );
    }),
    { numRuns: 400 },
  );
});

it("what stands behind a row never counts", () => {
  const { call, f32 } = kernels();
  const scores = f32([1, 3, 2, 99, 3, 3]);
  expect(call.sparseAccuracy!(1, 3, scores, f32([1]))).toBe(1);
  expect(call.sparseAccuracy!(2, 1, scores, f32([0, 0]))).toBe(2);
  expect(call.sparseAccuracy!(1, 3, f32([NaN, NaN, NaN, -Infinity]), f32([3]))).toBe(0);
  expect(call.binaryAccuracy!(1, 3, scores, f32([1, 1, 0, 1]), 2)).toBe(2 / 3);
});
