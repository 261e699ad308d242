import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Fold, kFold, oneHot, stratifiedKFold, takeRows } from "../../src/data/index.js";
import { LanewiseError } from "../../src/errors.js";

const golden = JSON.parse(readFileSync(new URL("../golden/data.json", import.meta.url), "utf8")) as {
  shuffled: { rows: number; folds: number; seed: number; validation: number[][] };
  kFold: { rows: number; folds: number; validation: number[][] }[];
  stratifiedKFold: { y: number[]; folds: number; validation: number[][] }[];
};

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const validations = (folds: readonly Fold[]) => folds.map(({ validation }) => [...validation]);
const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

/** Each row once for validation, and for training in all other folds; all ascending. */
function expectPartition(folds: readonly Fold[], rows: number): void {
  expect(
    validations(folds)
      .flat()
      .sort((a, b) => a - b),
  ).toEqual(range(rows));
  for (const { train, validation } of folds) {
    expect(validation).toEqual(validation.slice().sort());
    const held = new Set(validation);
    expect([...train]).toEqual(range(rows).filter((row) => !held.has(row)));
  }
  expect(spread(folds.map(({ validation }) => validation.length))).toBeLessThanOrEqual(1);
}

describe("kFold", () => {
  test("every row validates once, and folds differ in size by one at most", () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.nat(90),
      fc.boolean(),
      fc.nat(),
      (folds, more, shuffle, seed) => {
        const rows = folds + more;
        const made = kFold(rows, { folds, shuffle, seed });
        expect(made).toHaveLength(folds);
        expectPartition(made, rows);
        expect(kFold(new Float32Array(rows), { folds, shuffle, seed })).toEqual(made);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  test.each(golden.kFold)(
    "has scikit-learn's folds of $rows rows where nothing is shuffled",
    ({ rows, ...expected }) => {
      expect(validations(kFold(rows, { folds: expected.folds, shuffle: false }))).toEqual(expected.validation);
    },
  );

  test("shuffles by the seed, 0 by default, into 5 folds", () => {
    expect(kFold(40)).toEqual(kFold(40, { folds: 5, shuffle: true, seed: 0 }));
    expect(kFold(40)).not.toEqual(kFold(40, { seed: 1 }));
    expect(kFold(40)).not.toEqual(kFold(40, { shuffle: false }));
  });

  test("the folds of a seed are fixed for ever", () => {
    const { rows, folds, seed, validation } = golden.shuffled;
    expect(validations(kFold(rows, { folds, seed }))).toEqual(validation);
  });
});

describe("stratifiedKFold", () => {
  const classed = fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), fc.nat(), fc.boolean())
    .map(([folds, extras, seed, shuffle]) => {
      const y = extras.flatMap((extra, label) => Array<number>(folds + extra).fill(label));
      // some order, other for every seed
      const mixed = y.map((label, i) => [(i * 7919 + seed) % 104729, label] as const).sort((a, b) => a[0] - b[0]);
      return { folds, y: mixed.map(([, label]) => label), seed, shuffle };
    });

  test("each class differs by one at most between folds, and so do the folds", () => {
    const property = fc.property(classed, ({ folds, y, seed, shuffle }) => {
      const made = stratifiedKFold(y, { folds, seed, shuffle });
      expectPartition(made, y.length);
      for (const label of new Set(y)) {
        const counts = made.map(({ validation }) => validation.filter((row) => y[row] === label).length);
        expect(spread(counts), `class ${label}: ${counts}`).toBeLessThanOrEqual(1);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  test.each(golden.stratifiedKFold)("has scikit-learn's $folds folds where nothing is shuffled", (expected) => {
    const { y, folds } = expected;
    expect(validations(stratifiedKFold(y, { folds, shuffle: false }))).toEqual(expected.validation);
  });

  test("shuffles by the seed", () => {
    const y = range(60).map((i) => i % 3);
    expect(stratifiedKFold(y)).toEqual(stratifiedKFold(y, { folds: 5, shuffle: true, seed: 0 }));
    expect(stratifiedKFold(y)).not.toEqual(stratifiedKFold(y, { seed: 1 }));
  });

  test("takes labels in any form, and one-hot rows", () => {
    const y = range(30).map((i) => (i * i) % 3);
    const folds = stratifiedKFold(y);
    const rows = oneHot(y, 4);
    expect(stratifiedKFold(Uint8Array.from(y))).toEqual(folds);
    expect(stratifiedKFold({ data: Float32Array.from(y), shape: [30, 1] })).toEqual(folds);
    expect(stratifiedKFold(y.map((label) => [label]))).toEqual(folds);
    expect(stratifiedKFold(rows)).toEqual(folds);
    expect(stratifiedKFold(y.map((_, i) => [...rows.data.subarray(4 * i, 4 * i + 4)]))).toEqual(folds);
  });
});

describe("takeRows", () => {
  test("picks rows in each form, in the order asked for, as copies", () => {
    const x = Uint8Array.of(0, 1, 10, 11, 20, 21);
    const taken = takeRows(x, Uint32Array.of(2, 0, 2), { shape: 2 });
    expect(taken).toEqual(Uint8Array.of(20, 21, 0, 1, 20, 21));
    expect(takeRows(x, [5, 0])).toEqual(Uint8Array.of(21, 0));
    expect(takeRows([...x], [1], { shape: [2, 1] })).toEqual([10, 11]);
    expect(takeRows([[[1, 2]], [[3, 4]]], [1])).toEqual([[[3, 4]]]);
    expect(takeRows({ data: Float64Array.from(x), shape: [3, 2] }, [1])).toEqual({
      data: Float64Array.of(10, 11),
      shape: [1, 2],
    });
    expect(takeRows({ data: [...x], shape: [3, 2] }, [0])).toEqual({ data: [0, 1], shape: [1, 2] });
    const buffer = Buffer.from(x);
    takeRows(buffer, [0], { shape: 2 }).fill(99);
    expect(takeRows(buffer, [], { shape: 2 })).toHaveLength(0);
    expect([...x, ...buffer]).toEqual([0, 1, 10, 11, 20, 21, 0, 1, 10, 11, 20, 21]);
  });
});

test.each<[string, () => unknown, string]>([
  ["one fold", () => kFold(10, { folds: 1 }), "data/bad-folds"],
  ["half a fold", () => stratifiedKFold([0, 0, 1, 1], { folds: 2.5 }), "data/bad-folds"],
  ["more folds than rows", () => kFold(4), "data/too-few-rows"],
  ["no rows", () => kFold(0), "data/bad-rows"],
  ["a negative seed", () => kFold(10, { seed: -1 }), "data/bad-seed"],
  ["shuffle as a word", () => kFold(10, { shuffle: "no" as never }), "config/not-a-boolean"],
  ["a misspelt option", () => kFold(10, { fold: 3 } as object), "config/unknown-option"],
  ["a shape that does not fit", () => kFold({ data: [1, 2], shape: [3] }), "data/size-mismatch"],
  ["a class with fewer rows than folds", () => stratifiedKFold([0, 0, 0, 1], { folds: 2 }), "data/class-too-small"],
  ["labels that are none", () => stratifiedKFold([0, 0, 0.5, 0.5], { folds: 2 }), "data/bad-label"],
  ["a nested label that is none", () => stratifiedKFold([[0], [0], [-1], [0]], { folds: 2 }), "data/bad-label"],
  [
    "rows with two ones",
    () =>
      stratifiedKFold(
        [
          [1, 0],
          [0, 1],
          [1, 1],
          [0, 1],
        ],
        { folds: 2 },
      ),
    "data/bad-label",
  ],
  [
    "rows without a one",
    () =>
      stratifiedKFold(
        [
          [1, 0],
          [0, 0],
          [1, 0],
          [0, 0],
        ],
        { folds: 2 },
      ),
    "data/bad-label",
  ],
  ["ragged one-hot rows", () => stratifiedKFold([[1, 0], [1], [1, 0]], { folds: 2 }), "data/bad-label"],
  ["y that is none", () => stratifiedKFold("0011" as never), "data/bad-type"],
  ["no rows at all", () => kFold(undefined as never), "data/bad-type"],
  ["x that is none", () => takeRows(null as never, [0]), "data/bad-type"],
  ["indices that are none", () => takeRows([1, 2], 1 as never), "data/bad-index"],
  ["a misspelt shape", () => takeRows([1, 2], [0], { size: 2 } as object), "config/unknown-option"],
  ["an index beyond the rows", () => takeRows([1, 2, 3], [3]), "data/bad-index"],
  ["an index that is no whole number", () => takeRows([1, 2, 3], [0.5]), "data/bad-index"],
  ["flat values that are no whole rows", () => takeRows([1, 2, 3], [0], { shape: 2 }), "data/size-mismatch"],
])("refuses %s", (_, action, code) => {
  expect(action).toThrow(LanewiseError);
  expect(action).toThrow(expect.objectContaining({ code }));
});
