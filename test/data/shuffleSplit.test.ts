import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oneHot, shuffleSplit } from "../../src/data/index.js";
import { LanewiseError } from "../../src/errors.js";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("shuffleSplit", () => {
  test("every row lands in exactly one part, with its label, and the input stays as it was", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 80 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1000),
        fc.boolean(),
        (rows, size, seed, stratify) => {
          const x = Float32Array.from({ length: rows * size }, (_, i) => i);
          const y = Int32Array.from({ length: rows }, (_, i) => i % 3);
          const { train, test } = shuffleSplit(x, y, { testFraction: 0.5, seed, stratify });
          expect(test.y.length).toBe(Math.round(rows / 2));
          const seen: number[] = [];
          for (const part of [train, test]) {
            expect(part.x.length).toBe(part.y.length * size);
            part.y.forEach((label, at) => {
              const row = part.x[at * size]! / size;
              seen.push(row);
              expect(label).toBe(row % 3);
              expect([...part.x.subarray(at * size, (at + 1) * size)]).toEqual([
                ...x.subarray(row * size, (row + 1) * size),
              ]);
            });
          }
          expect(seen.sort((a, b) => a - b)).toEqual(range(rows));
          expect([...x]).toEqual(range(rows * size));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("the order of a seed is fixed for ever", () => {
    // From the same generator and shuffle written in Python.
    const [inTest, inTrain] = [
      [3, 2, 0],
      [4, 8, 1, 7, 6, 5, 9],
    ];
    const { train, test } = shuffleSplit(Uint8Array.from(range(10)), range(10), { testFraction: 0.3, seed: 1 });
    expect([[...test.x], [...train.x]]).toEqual([inTest, inTrain]);
    expect([test.y, train.y]).toEqual([inTest, inTrain]);
    expect(shuffleSplit(range(10), range(10), { testFraction: 0.3, seed: 2 }).test.y).not.toEqual(inTest);
    expect(shuffleSplit(range(10), range(10), { testFraction: 0.3, seed: 1 + 2 ** 32 }).test.y).not.toEqual(inTest);
  });

  test("the defaults are a fifth and seed 0", () => {
    const split = shuffleSplit(range(50), range(50));
    expect(split.test.y.length).toBe(10);
    expect(split).toEqual(shuffleSplit(range(50), range(50), { testFraction: 0.2, seed: 0, stratify: false }));
  });

  test("all orders are about equally likely", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const { train, test } = shuffleSplit([0, 1, 2], [0, 1, 2], { testFraction: 0.4, seed });
      const order = [...test.y, ...train.y].join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("what goes in flat, nested or shaped comes out so", () => {
    const nested = range(4).map((i) => [i, i]);
    const shaped = { data: Float64Array.from(range(24)), shape: [4, 2, 3] };
    const { train, test } = shuffleSplit(shaped, nested, { testFraction: 0.25, seed: 3 });
    expect(test.x.shape).toEqual([1, 2, 3]);
    expect(train.x.shape).toEqual([3, 2, 3]);
    expect(train.x.data).toBeInstanceOf(Float64Array);
    train.y.forEach((row, at) => expect(train.x.data[6 * at]).toBe(6 * row[0]!));

    const targets = shuffleSplit(Uint8Array.from(range(8)), { data: Float32Array.from(range(12)), shape: [4, 3] });
    expect(targets.test.y.shape).toEqual([1, 3]);
    expect(targets.test.x.length).toBe(2);
  });

  test("a Node Buffer is copied too", () => {
    const x = Buffer.from(range(8));
    const { train } = shuffleSplit(x, range(4), { testFraction: 0.5, seed: 1 });
    train.x.fill(99);
    expect([...x]).toEqual(range(8));
  });

  test("stratify gives every class its share, and the test its exact size", () => {
    // 70, 20 and 7 of 97 rows; a fifth is 19: shares 13.7, 3.9 and 1.4.
    const y = range(97).map((i) => (i < 70 ? 5 : i < 90 ? 0 : 2));
    for (let seed = 0; seed < 20; seed++) {
      const { test, train } = shuffleSplit(range(97), y, { testFraction: 0.2, seed, stratify: true });
      const count = (label: number) => test.y.filter((other) => other === label).length;
      expect([count(5), count(0), count(2)]).toEqual([14, 4, 1]);
      expect(train.y.length).toBe(78);
      // Still shuffled, not sorted by class.
      expect(test.y).not.toEqual([...test.y].sort((a, b) => a - b));
    }
  });

  test("a validation part leaves the test as it is, and is of the rest", () => {
    const property = fc.property(
      fc.integer({ min: 12, max: 80 }),
      fc.nat(1000),
      fc.boolean(),
      (rows, seed, stratify) => {
        const y = range(rows).map((i) => i % 3);
        const options = { testFraction: 0.25, seed, stratify };
        const parts = shuffleSplit(range(rows), y, { ...options, validationFraction: 0.25 });
        expect(parts.test).toEqual(shuffleSplit(range(rows), y, options).test);
        expect([...parts.train.x, ...parts.validation.x, ...parts.test.x].sort((a, b) => a - b)).toEqual(range(rows));
        for (const { x, y } of [parts.train, parts.validation, parts.test]) expect(y).toEqual(x.map((row) => row % 3));
        expect(parts.validation.y.length).toBe(Math.round(rows / 4));
        if (!stratify) return;
        for (const part of [parts.validation, parts.test]) {
          const counts = [0, 1, 2].map((label) => part.y.filter((other) => other === label).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2); // whole parts of shares that differ by 1
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
    expect(shuffleSplit(range(10), range(10))).not.toHaveProperty("validation");
  });

  test("one-hot rows are stratified like their labels", () => {
    const y = range(40).map((i) => (i * i) % 5);
    const labels = shuffleSplit(range(40), y, { seed: 4, stratify: true });
    const rows = shuffleSplit(range(40), oneHot(y), { seed: 4, stratify: true });
    expect(rows.test.x).toEqual(labels.test.x);
    expect(rows.test.y).toEqual({ ...oneHot(labels.test.y, 5) });
  });

  test.each<[string, () => unknown, string]>([
    [
      "a class of one row",
      () => shuffleSplit(range(9), [0, 0, 0, 0, 1, 1, 1, 1, 2], { stratify: true }),
      "data/class-too-small",
    ],
    [
      "a class of two rows for three parts",
      () => shuffleSplit(range(8), [0, 0, 0, 0, 0, 0, 1, 1], { validationFraction: 0.2, stratify: true }),
      "data/class-too-small",
    ],
    ["a validation fraction of 1", () => shuffleSplit([1, 2], [1, 2], { validationFraction: 1 }), "data/bad-fraction"],
    ["an empty validation", () => shuffleSplit(range(5), range(5), { validationFraction: 0.01 }), "data/empty-part"],
    [
      "fractions that leave nothing to train on",
      () => shuffleSplit(range(10), range(10), { testFraction: 0.5, validationFraction: 0.5 }),
      "data/empty-part",
    ],
    ["a misspelt option", () => shuffleSplit([1, 2], [1, 2], { testFractoin: 0.5 } as object), "config/unknown-option"],
    ["a fraction of 0", () => shuffleSplit([1, 2], [1, 2], { testFraction: 0 }), "data/bad-fraction"],
    ["a fraction of 1", () => shuffleSplit([1, 2], [1, 2], { testFraction: 1 }), "data/bad-fraction"],
    ["a fraction that is no number", () => shuffleSplit([1, 2], [1, 2], { testFraction: NaN }), "data/bad-fraction"],
    ["a negative seed", () => shuffleSplit([1, 2], [1, 2], { seed: -1 }), "data/bad-seed"],
    ["a fractional seed", () => shuffleSplit([1, 2], [1, 2], { seed: 0.5 }), "data/bad-seed"],
    ["a seed of 2^53", () => shuffleSplit([1, 2], [1, 2], { seed: 2 ** 53 }), "data/bad-seed"],
    ["no rows", () => shuffleSplit([], []), "data/empty-part"],
    ["an empty test", () => shuffleSplit([1, 2], [1, 2]), "data/empty-part"],
    ["an empty training part", () => shuffleSplit([1], [1], { testFraction: 0.9 }), "data/empty-part"],
    ["rows that do not divide", () => shuffleSplit(new Float32Array(7), [1, 2]), "data/rows-differ"],
    ["features without labels", () => shuffleSplit([1], []), "data/rows-differ"],
    [
      "shapes of different rows",
      () => shuffleSplit({ data: new Float32Array(6), shape: [3, 2] }, [1, 2]),
      "data/rows-differ",
    ],
    [
      "a shape that does not fit",
      () => shuffleSplit({ data: new Float32Array(6), shape: [2, 2] }, [1, 2]),
      "data/size-mismatch",
    ],
    [
      "a shape of no dimension",
      () => shuffleSplit({ data: new Float32Array(1), shape: [] }, [1]),
      "data/size-mismatch",
    ],
    [
      "stratified targets",
      () => shuffleSplit(range(4), { data: new Float32Array(8), shape: [4, 2] }, { stratify: true }),
      "data/bad-label",
    ],
    [
      "stratified fractions",
      () =>
        shuffleSplit(
          range(10),
          range(10).map((i) => i / 2),
          { stratify: true },
        ),
      "data/bad-label",
    ],
    [
      "stratified rows",
      () =>
        shuffleSplit(
          range(10),
          range(10).map((i) => [i, i]),
          { stratify: true },
        ),
      "data/bad-label",
    ],
  ])("refuses %s", (_, action, code) => {
    expect(action).toThrow(LanewiseError);
    expect(action).toThrow(expect.objectContaining({ code }));
  });
});
