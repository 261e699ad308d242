import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minMaxScaler, type Rows, type Scaler, type ScalerFitOptions, standardScaler } from "../../src/data/index.js";
import { LanewiseError } from "../../src/errors.js";
import { dense, loadModel, sequential } from "../../src/index.js";

interface Figures {
  mean: number[];
  scale: number[];
  min: number[];
  max: number[];
  featureRange: [number, number];
  transformed: number[][];
  inverse: number[][];
}

const { scalers: golden } = JSON.parse(readFileSync(new URL("../golden/data.json", import.meta.url), "utf8")) as {
  scalers: { x: number[][]; fresh: number[][]; standard: Figures; minMax: Figures[] };
};

/** The unit roundoffs of f64 and f32. */
const U64 = 2 ** -53;
const U = 2 ** -24;
const ROWS = golden.x.length;

/** Column by column, deviations in terms of the column's largest. */
function expectClose(actual: number[][], expected: number[][], tolerances: (column: number) => number): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  expected[0]!.forEach((_, j) => {
    const scale = Math.max(...expected.map((row) => Math.abs(row[j]!)));
    const worst = Math.max(...expected.map((row, i) => Math.abs(actual[i]![j]! - row[j]!)));
    expect(worst, `column ${j}`).toBeLessThanOrEqual(tolerances(j) * scale);
  });
}

// Means and variances are sums of ROWS terms in another order than scikit-learn's; a mean that is far from zero is rounded
// as such, and divided by a small scale.
const sums = () => 2 * ROWS * U64;
const scaled = (mean: number[], scale: number[]) => (j: number) => ROWS * U64 * (4 + Math.abs(mean[j]! / scale[j]!));

describe("standardScaler", () => {
  const scaler = standardScaler().fit(golden.x);

  test("has scikit-learn's statistics, constants among them", () => {
    expectClose([[...scaler.mean]], [golden.standard.mean], sums);
    expectClose([[...scaler.scale]], [golden.standard.scale], sums);
    expect(scaler.scale.slice(2, 4)).toEqual([1, 1]);
    expect(scaler.variance.slice(2, 4)).toEqual([0, 0]);
    expect(scaler.mean.slice(2, 4)).toEqual([7, 0.1]);
  });

  test("transforms as scikit-learn does, and back", () => {
    const { mean, scale, transformed, inverse } = golden.standard;
    expectClose(scaler.transform(golden.fresh), transformed, scaled(mean, scale));
    expectClose(scaler.inverseTransform(golden.fresh), inverse, scaled(mean, scale));
  });

  test("makes mean 0 and variance 1 also far from zero, where E[x²] − E[x]² would have nothing left", () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => 1e9 + (i % 2));
    const { variance, transform } = standardScaler().fit(x, { shape: 1 });
    expect(variance).toEqual([0.25]);
    expect(new Set(transform(x))).toEqual(new Set([-1, 1]));
  });

  test("takes what only rounding tells apart for constant", () => {
    expect(standardScaler().fit([[0.3], [0.1 + 0.2], [0.3]]).scale).toEqual([1]);
  });
});

describe("minMaxScaler", () => {
  test.each(golden.minMax)("does as scikit-learn's to $featureRange", ({ featureRange, ...expected }) => {
    const scaler = minMaxScaler({ featureRange }).fit(golden.x);
    expect(scaler.min).toEqual(expected.min);
    expect(scaler.max).toEqual(expected.max);
    const tolerance = scaled(
      expected.min,
      expected.max.map((max, j) => max - expected.min[j]! || 1),
    );
    expectClose(scaler.transform(golden.fresh), expected.transformed, tolerance);
    expectClose(scaler.inverseTransform(golden.fresh), expected.inverse, tolerance);
  });

  test("goes to [0, 1] by default, its ends exactly", () => {
    const values = minMaxScaler().fit(golden.x).transform(golden.x);
    const column = (j: number) => values.map((row) => row[j]!);
    expect([0, 1, 4, 5].map((j) => [Math.min(...column(j)), Math.max(...column(j))])).toEqual(Array(4).fill([0, 1]));
    expect([2, 3].map((j) => new Set(column(j)))).toEqual(Array(2).fill(new Set([0])));
  });
});

describe("every scaler", () => {
  const kinds = [() => standardScaler(), () => minMaxScaler(), () => minMaxScaler({ featureRange: [-3, 0.5] })];

  test("undoes what it did, in the form in which rows came, and leaves them alone", () => {
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => (i * 97) % 256);
    const forms: Rows[] = [
      bytes,
      Float32Array.from(bytes),
      Float64Array.from(bytes),
      [...bytes],
      { data: bytes, shape: [10, 2, 3] },
      { data: [...bytes], shape: [10, 2, 3] },
      Array.from({ length: 10 }, (_, i) => [
        [...bytes.slice(6 * i, 6 * i + 3)],
        [...bytes.slice(6 * i + 3, 6 * i + 6)],
      ]),
    ];
    for (const kind of kinds) {
      const [expected] = forms.slice(2).map((x) =>
        kind()
          .fit(x, { shape: [2, 3] })
          .transform(x),
      ) as [Float64Array];
      for (const x of forms) {
        const before = structuredClone(x);
        const scaler = kind().fit(x, { shape: [2, 3] });
        expect(scaler.shape).toEqual([2, 3]);
        expect(scaler.scale).toHaveLength(3);
        const scaled = scaler.transform(x);
        expect(x).toEqual(before);
        const [flat, flatBack] = [scaled, scaler.inverseTransform(scaled)].map(numbersOf) as [number[], number[]];
        flat.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
        flatBack.forEach((value, i) => expect(Math.abs(value - bytes[i]!)).toBeLessThanOrEqual(8 * 256 * U));
        expect(structureOf(scaled)).toBe(structureOf(x));
      }
    }
  });

  test("cannot be changed, nor its statistics", () => {
    for (const kind of kinds) {
      const scaler = kind().fit(golden.x);
      expect(Object.isFrozen(scaler)).toBe(true);
      for (const value of Object.values(scaler))
        expect(typeof value === "function" || Object.isFrozen(value)).toBe(true);
    }
  });

  test("as a layer: on rows as they are, the network predicts what it does on scaled rows without it", async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(1000),
      fc.boolean(),
      async (kind, features, seed, bytes) => {
        let state = seed;
        const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
        const x = bytes
          ? Uint8Array.from({ length: 20 * features }, () => 256 * next())
          : Float32Array.from(
              { length: 20 * features },
              (_, i) => (next() - 0.5 + (i % features)) * 10 ** (i % features),
            );
        const scaler = kind().fit(x, { shape: features });
        const layers = () => [dense(5, { name: "first" }), dense(2, { name: "second" })];
        const plain = await sequential({ inputShape: features, layers: layers(), seed });
        const scaling = await sequential({ inputShape: features, layers: [scaler.layer({ name: "s" }), ...layers()] });
        scaling.setWeights(plain.getWeights(), { strict: false });
        const scaled = scaler.transform(x);
        const expected = plain.predict(scaled).data;
        const actual = scaling.predict(x).data;
        // Means of up to 20 scales and roots are rounded to 32 bits; sums of up to 9 terms of weights below 1 follow.
        const largest = scaled.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
        const tolerance = 2 * features * 5 * (largest + offsetOf(scaler)) * 8 * U;
        expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance));
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test("as a layer is saved with the model, bit for bit, and is not written into its description", async () => {
    for (const kind of kinds) {
      const scaler = kind().fit(golden.x);
      const model = await sequential({ inputShape: 6, layers: [scaler.layer(), dense(3)], seed: 1 });
      const [layer] = model.layers;
      expect([layer!.className, layer!.config, layer!.name]).toEqual(["Normalization", {}, "normalization"]);
      const bytes = model.toBytes();
      const loaded = await loadModel(bytes);
      expect(loaded.getWeights()).toEqual(model.getWeights());
      expect(loaded.toBytes()).toEqual(bytes);
      expect(loaded.predict(golden.x)).toEqual(model.predict(golden.x));
      const variance = scaler.scale.map((value) => Math.fround(value * value));
      expect([...model.getWeights().get("normalization/variance")!.data]).toEqual(variance);
    }
  });
});

function numbersOf(x: unknown): number[] {
  const values = x as { data?: ArrayLike<number> } & ArrayLike<number>;
  return Array.from(values.data ?? values).flat(9) as number[];
}

/** Nesting, shape, and whether numbers are typed: "typed", "[][]" … */
function structureOf(x: unknown): string {
  if (ArrayBuffer.isView(x)) return `typed ${x instanceof Float64Array ? 64 : 32}`;
  if (Array.isArray(x)) return `[${structureOf(x[0])}] × ${x.length}`;
  if (typeof x === "object" && x !== null)
    return JSON.stringify([structureOf((x as { data: unknown }).data), { ...x, data: 0 }]);
  return typeof x;
}

/** How many scales the farthest mean is from zero. */
function offsetOf(scaler: Scaler & { mean?: readonly number[]; min?: readonly number[] }): number {
  const offsets = scaler.mean ?? scaler.min!;
  return Math.max(...offsets.map((offset, j) => Math.abs(offset) / scaler.scale[j]!), 4);
}

describe("refuses", () => {
  const fit = (x: unknown, options?: ScalerFitOptions) => () => standardScaler().fit(x as Rows, options);
  const fitted = standardScaler().fit([
    [1, 2],
    [3, 5],
  ]);

  test.each<[string, () => unknown, string, RegExp]>([
    ["flat rows of unknown width", fit([1, 2, 3]), "data/no-shape", /3 values.*shape: 13/],
    ["values that are no whole rows", fit([1, 2, 3], { shape: 2 }), "shape/row-width", /3 values.*rows of 2/],
    ["a ragged row", fit([[1, 2], [3], [4, 5]]), "shape/row-width", /Row 1 of x has 1 values; expected 2/],
    ["a row that is none", fit([[1, 2], 3]), "shape/row-width", /Row 1 of x has no values \(3\)/],
    ["a shape that does not fit", fit({ data: [1, 2, 3], shape: [2, 2] }), "data/size-mismatch", /3 values.*takes 4/],
    [
      "NaN",
      fit([
        [1, 2],
        [3, NaN],
      ]),
      "data/not-finite",
      /NaN at row 1, column 1/,
    ],
    ["infinite bytes' kin", fit(Float32Array.of(1, -Infinity), { shape: 1 }), "data/not-finite", /row 1, column 0/],
    ["a word", fit([[1, "2"]]), "data/not-a-number", /"2" at row 0, column 1/],
    ["a hole", fit([[1, undefined]]), "data/not-a-number", /undefined at row 0, column 1/],
    ["no rows", fit([], { shape: 2 }), "data/no-rows", /no rows/],
    ["nothing", fit(undefined), "data/bad-type", /undefined/],
    ["a misspelt option", fit([1], { shap: 1 } as object), "config/unknown-option", /shape/],
    ["a shape that is none", fit([1], { shape: 0 }), "shape/bad-shape", /0/],
    ["rows of another width", () => fitted.transform([[1, 2, 3]]), "shape/row-width", /3 values; expected 2/],
    ["rows of another shape", () => fitted.transform({ data: [1, 2], shape: [2, 1] }), "shape/row-shape", /\(n, 2\)/],
    [
      "scaled values that are not finite",
      () => fitted.inverseTransform([[1, Infinity]]),
      "data/not-finite",
      /column 1/,
    ],
    ["a range of nothing", () => minMaxScaler({ featureRange: [1, 1] }), "config/bad-range", /\[1, 1\]/],
    ["a range of one end", () => minMaxScaler({ featureRange: [1] as never }), "config/bad-range", /\[low, high\]/],
    ["a misspelt range", () => minMaxScaler({ range: [0, 1] } as object), "config/unknown-option", /featureRange/],
    [
      "a mean beyond 32 bits",
      () =>
        standardScaler()
          .fit([[1e39], [2e39]])
          .layer(),
      "config/not-finite",
      /feature 0/,
    ],
    [
      "a variance beyond 32 bits",
      () =>
        standardScaler()
          .fit([[0], [1e-30]])
          .layer(),
      "config/not-positive",
      /feature 0/,
    ],
  ])("%s", (_, action, code, message) => {
    expect(action).toThrow(LanewiseError);
    expect(action).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));
  });
});
