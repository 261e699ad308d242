import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as twin from "../reference/normalization.js";
import { rowsOf } from "../reference/softmax.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!;
const U = 2 ** -24;
const EPSILON = Math.fround(1e-3);

/** Runs a kernel over inputs at unaligned addresses; each output, of a given length, must be written and nothing beside. */
function run(kernel: string, args: readonly (number | Float32Array | { out: number } | null)[]): Float32Array[] {
  const { call, f32, reserve, readF32 } = kernels();
  const outputs: { at: number; length: number }[] = [];
  const values = args.map((arg) => {
    if (arg === null) return 0;
    if (typeof arg === "number") return arg;
    if (arg instanceof Float32Array) return f32(arg, 4);
    const at = reserve((arg.out + 2) * 4) + 4;
    outputs.push({ at, length: arg.out });
    return at;
  });
  call[kernel]!(...values);
  return outputs.map(({ at, length }) => {
    const written = readF32(at - 4, length + 2);
    expect([written[0], written[length + 1]], "around an output").toEqual([POISON, POISON]);
    return written.slice(1, -1);
  });
}

const out = (length: number) => ({ out: length });

/** Largest deviation over the largest element, or over `floor`. */
function expectClose(
  what: string,
  actual: Float32Array,
  expected: readonly number[],
  tolerance: number,
  floor = 0,
): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(floor, ...expected.map(Math.abs));
  const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(actual[i]! - value)), 0);
  expect(worst, `${what}, of ${scale}`).toBeLessThanOrEqual(tolerance * scale);
}

const floats = (length: number) =>
  fc
    .array(fc.integer({ min: -3000, max: 3000 }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values, (value) => value / 1000));

interface Example {
  rows: number;
  width: number;
  x: Float32Array;
  dy: Float32Array;
  gamma: Float32Array | null;
  beta: Float32Array | null;
}

const example = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 37 })).chain(([rows, width]) =>
  fc.record<Example>({
    rows: fc.constant(rows),
    width: fc.constant(width),
    x: floats(rows * width),
    dy: floats(rows * width),
    gamma: fc.option(floats(width)),
    beta: fc.option(floats(width)),
  }),
);

/** 1 / √ε, at most: what rounding of a difference may grow by where a variance is next to nothing. */
const GROWTH = 1 / Math.sqrt(EPSILON);

/** A rounding or two a term, grown by the division. */
const tolerance = (terms: number): number => (8 + 2 * terms) * U;

const orNone = (values: Float32Array | null) => values ?? undefined;
const affineOf = ({ gamma, beta }: Example) => ({ gamma: orNone(gamma), beta: orNone(beta) });

/** N(100, 0.01²), as near as f32 gets: 20 bits left of each distance from the mean. */
function farFromZero(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 100 + Math.sqrt(2) * 0.01 * Math.sin(i * i * 1.7 + i));
}

function batchNorm({ rows, width, x, gamma, beta }: Example) {
  const [y, saved] = run("batchNorm", [rows, width, x, gamma, beta, out(rows * width), out(6 * width), EPSILON]);
  return { y: y!, saved: saved!.slice(0, 4 * width) };
}

describe("batchNorm", () => {
  it("agrees with the twin, and saves mean, variance and factors", () => {
    fc.assert(
      fc.property(example, (e) => {
        const { y, saved } = batchNorm(e);
        const exact = twin.batchNorm(e.x, e.width, EPSILON, affineOf(e));
        const [mean, variance, inverse, factor] = rowsOf(saved, e.width).map((row) => Float32Array.from(row));
        const inverses = exact.statistics.map((s) => 1 / Math.sqrt(s.variance + EPSILON));
        expectClose("y", y, exact.y, tolerance(e.rows) * GROWTH, 3);
        expectClose(
          "mean",
          mean!,
          exact.statistics.map((s) => s.mean),
          tolerance(e.rows),
          3,
        );
        expectClose(
          "variance",
          variance!,
          exact.statistics.map((s) => s.variance),
          tolerance(e.rows),
          9,
        );
        expectClose("inverse", inverse!, inverses, tolerance(e.rows) * GROWTH);
        expectClose(
          "factor",
          factor!,
          inverses.map((v, j) => v * (e.gamma?.[j] ?? 1)),
          tolerance(e.rows) * GROWTH,
          3,
        );
      }),
    );
  });

  it("loses nothing of a variance that is small beside the mean", () => {
    const width = 5;
    // Within a block of rows, and of blocks that are merged.
    for (const rows of [257, 1100]) {
      const x = farFromZero(rows * width);
      const { y, saved } = batchNorm({ rows, width, x, dy: x, gamma: null, beta: null });
      const exact = twin.batchNorm(x, width, EPSILON);
      // The mean itself is rounded to 100 · U, and x̂ divides that by the square root of ε + 10⁻⁴.
      expectClose(
        "variance",
        saved.slice(width, 2 * width),
        exact.statistics.map((s) => s.variance),
        1e-5,
      );
      expectClose("y", y, exact.y, (200 * U) / Math.sqrt(1.1e-3) / Math.max(...exact.y));
    }
  });

  it("merges the moments of blocks whose means lie far apart", () => {
    const rows = 1300;
    const x = Float32Array.from({ length: rows }, (_, i) => (i < 512 ? -3 : i < 1024 ? 5 : 40) + Math.sin(i));
    const { y, saved } = batchNorm({ rows, width: 1, x, dy: x, gamma: null, beta: null });
    const exact = twin.batchNorm(x, 1, EPSILON);
    const [{ mean, variance }] = exact.statistics as [twin.Moments];
    expectClose("mean and variance", saved.slice(0, 2), [mean, variance], 4e-6);
    expectClose("y", y, exact.y, 4e-6);
  });

  it("a constant column has exactly its value for mean, and no variance", () => {
    const x = Float32Array.from({ length: 3 * 1100 }, (_, i) => [0.1, 1e-3, 12345.678][i % 3]!);
    const beta = new Float32Array([1, 2, 3]);
    const { y, saved } = batchNorm({ rows: 1100, width: 3, x, dy: x, gamma: null, beta });
    expect(saved.slice(0, 6)).toEqual(new Float32Array([...x.slice(0, 3), 0, 0, 0]));
    expect(rowsOf(y, 3).every((row) => row.every((value, j) => value === beta[j]))).toBe(true);
  });

  it("an infinite variance becomes NaN, which halts a step, in its column alone", () => {
    // Of 1e25 only the squares overflow: y = (x − mean) / ∞ would be a finite 0.
    for (const large of [3e38, 1e25]) {
      const x = new Float32Array([large, 1, -large, 2]);
      const { y } = batchNorm({ rows: 2, width: 2, x, dy: x, gamma: null, beta: null });
      expect([...y].map(Number.isNaN)).toEqual([true, false, true, false]);
    }
  });

  it("a column's bits depend neither on the other columns nor on where it stands", () => {
    const [rows, width] = [6, 21];
    const x = Float32Array.from({ length: rows * width }, (_, i) => Math.fround(Math.sin(i * 3) * 2));
    const whole = rowsOf(batchNorm({ rows, width, x, dy: x, gamma: null, beta: null }).y, width);
    for (let j = 0; j < width; j++) {
      const column = Float32Array.from(rowsOf(x, width), (row) => row[j]!);
      const { y } = batchNorm({ rows, width: 1, x: column, dy: column, gamma: null, beta: null });
      expect([...y]).toEqual(whole.map((row) => row[j]!));
    }
  });
});

it.each([
  [700, 517], // one row at a time
  [1025, 261], // two
])("beyond the second cache, where rows are walked otherwise, the bits are the same: %i × %i", (rows, width) => {
  const x = Float32Array.from({ length: rows * width }, (_, i) => Math.fround(Math.sin(i * 3) * 2 + (i % width)));
  const dy = x.map((value) => Math.fround(value * 0.25 - 1));
  const whole = { rows, width, x, dy, gamma: null, beta: null };
  const { y, saved } = batchNorm(whole);
  const backward = (e: Example, own: Float32Array) =>
    run("batchNormBackward", [
      e.rows,
      e.width,
      e.x,
      e.dy,
      withRoom(own, e.width),
      out(e.x.length),
      out(e.width),
      out(e.width),
    ]);
  const gradients = backward(whole, saved);
  for (const column of [0, 3, 7, 252, 255, width - 5, width - 1]) {
    const of = (values: Float32Array) => Float32Array.from({ length: rows }, (_, i) => values[i * width + column]!);
    const alone = { rows, width: 1, x: of(x), dy: of(dy), gamma: null, beta: null };
    const own = batchNorm(alone);
    expect(own.y).toEqual(of(y));
    const [dx, dgamma, dbeta] = backward(alone, own.saved);
    expect([dx, dgamma![0], dbeta![0]]).toEqual([of(gradients[0]!), gradients[1]![column], gradients[2]![column]]);
  }
});

/** What was saved, and the two rows to work in. */
function withRoom(saved: Float32Array, width: number): Float32Array {
  return Float32Array.of(...saved, ...new Float32Array(2 * width).fill(NaN));
}

describe("batchNormBackward", () => {
  const backward = (e: Example, wanted = [true, true, true]) => {
    const saved = withRoom(batchNorm(e).saved, e.width);
    const outputs = [e.rows * e.width, e.width, e.width].map((length, i) => (wanted[i] ? out(length) : null));
    return run("batchNormBackward", [e.rows, e.width, e.x, e.dy, saved, ...outputs]);
  };

  it("agrees with the twin", () => {
    fc.assert(
      fc.property(example, (e) => {
        const [dx, dgamma, dbeta] = backward(e);
        const exact = twin.batchNormBackward(e.x, e.dy, e.width, EPSILON, orNone(e.gamma));
        // x̂ is off by GROWTH roundings, and is divided by the deviation once more.
        expectClose("dx", dx!, exact.dx, tolerance(e.rows) * GROWTH ** 2, 9);
        expectClose("dgamma", dgamma!, exact.dgamma, tolerance(e.rows) * GROWTH, 3 * e.rows);
        expectClose("dbeta", dbeta!, exact.dbeta, tolerance(e.rows), 3 * e.rows);
      }),
    );
  });

  it("gives each gradient alone, with the same bits, and dx in place of dy", () => {
    fc.assert(
      fc.property(example, (e) => {
        const all = backward(e);
        for (let i = 0; i < 3; i++) expect(backward(e, [i === 0, i === 1, i === 2])).toEqual([all[i]]);
        const { call, f32, readF32 } = kernels();
        const dy = f32(e.dy, 4);
        call["batchNormBackward"]!(e.rows, e.width, f32(e.x), dy, f32(withRoom(batchNorm(e).saved, e.width)), dy, 0, 0);
        expect(readF32(dy, e.dy.length)).toEqual(all[0]);
      }),
      { numRuns: 30 },
    );
  });

  it("flushes what is too small", () => {
    const [x, dy] = [new Float32Array([1, 2, 4]), new Float32Array([1e-35, 0, 0])];
    const [dx] = backward({ rows: 3, width: 1, x, dy, gamma: null, beta: null });
    expect([...dx!].map(Math.abs)).toEqual([0, 0, 0]);
  });
});

describe("inverseDeviation and normalize", () => {
  it("agree with the twin, also in place", () => {
    fc.assert(
      fc.property(example, (e) => {
        const { rows, width, x, gamma, beta } = e;
        const mean = e.dy.slice(0, width);
        const variance = e.dy.slice(0, width).map(Math.abs);
        const [factor] = run("inverseDeviation", [width, variance, gamma, out(width), EPSILON]);
        const [y] = run("normalize", [rows, width, x, mean, factor!, beta, out(rows * width)]);
        const given = Array.from(variance, (value, j) => ({ mean: mean[j]!, variance: value }));
        expectClose("y", y!, twin.batchNorm(x, width, EPSILON, affineOf(e), given).y, 8 * U * GROWTH, 3);
        const { call, f32, readF32 } = kernels();
        const [at, ...rest] = [x, mean, factor!, beta].map((values) => (values ? f32(values, 4) : 0));
        call["normalize"]!(rows, width, at!, ...rest, at!);
        expect(readF32(at!, x.length)).toEqual(y);
      }),
    );
  });
});

describe("movingStatistics", () => {
  it("moves both averages a share of the way, to the last column and no further", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 21 }), (width) => {
        const { call, f32, readF32 } = kernels();
        const saved = Float32Array.from({ length: 4 * width }, (_, i) => Math.sin(i) * 3);
        const [mean, variance] = [1, 2].map((k) => Float32Array.from({ length: width + 1 }, (_, i) => Math.cos(i * k)));
        const [meanAt, varianceAt] = [f32(mean!, 4), f32(variance!, 4)];
        call["movingStatistics"]!(width, f32(saved, 4), meanAt, varianceAt, 0.1);
        for (const [at, before, row] of [
          [meanAt, mean!, 0],
          [varianceAt, variance!, 1],
        ] as const) {
          const after = readF32(at, width + 1);
          const batch = Array.from(saved.slice(row * width, (row + 1) * width));
          expectClose("average", after.slice(0, width), twin.moved(before.slice(0, width), batch, 0.9), 4 * U, 3);
          expect(after[width]).toBe(before[width]);
        }
      }),
    );
  });

  it("ends at zero rather than among denormals", () => {
    const { call, f32, readF32 } = kernels();
    const [saved, mean, variance] = [f32(new Float32Array(4)), f32([1e-29]), f32([1e-30])];
    for (let i = 0; i < 60; i++) call["movingStatistics"]!(1, saved, mean, variance, 0.1);
    expect([readF32(mean, 1)[0], readF32(variance, 1)[0]]).toEqual([0, 0]);
  });
});

function layerNorm({ rows, width, x, gamma, beta }: Example) {
  const [y, saved] = run("layerNorm", [rows, width, x, gamma, beta, out(rows * width), out(2 * rows), EPSILON]);
  return { y: y!, saved: saved! };
}

describe("layerNorm", () => {
  it("agrees with the twin, also in place", () => {
    fc.assert(
      fc.property(example, (e) => {
        const { y, saved } = layerNorm(e);
        expectClose("y", y, twin.layerNorm(e.x, e.width, EPSILON, affineOf(e)), tolerance(e.width) * GROWTH, 3);
        const moments = rowsOf(e.x, e.width).map(twin.moments);
        const expected = moments.flatMap(({ mean, variance }) => [mean, 1 / Math.sqrt(variance + EPSILON)]);
        expectClose("saved", saved, expected, tolerance(e.width) * GROWTH, 3);
        const { call, f32, reserve, readF32 } = kernels();
        const [x, gamma, beta] = [e.x, e.gamma, e.beta].map((values) => (values ? f32(values, 4) : 0));
        call["layerNorm"]!(e.rows, e.width, x!, gamma!, beta!, x!, reserve(8 * e.rows), EPSILON);
        expect(readF32(x!, e.x.length)).toEqual(y);
      }),
    );
  });

  it("loses nothing of a variance that is small beside the mean; a constant row has none", () => {
    const [rows, width] = [3, 701];
    const x = farFromZero(rows * width);
    const { y, saved } = layerNorm({ rows, width, x, dy: x, gamma: null, beta: null });
    const exact = twin.layerNorm(x, width, EPSILON);
    expectClose("y", y, exact, (200 * U) / Math.sqrt(1.1e-3) / Math.max(...exact));
    const inverses = rowsOf(x, width).map((row) => 1 / Math.sqrt(twin.moments(row).variance + EPSILON));
    expectClose(
      "inverse",
      saved.filter((_, i) => i % 2 === 1),
      inverses,
      1e-6,
    );
    const flat = layerNorm({ rows: 1, width, x: new Float32Array(width).fill(0.1), dy: x, gamma: null, beta: null });
    expect(flat.y).toEqual(new Float32Array(width));
  });

  it("one column is always beta", () => {
    const x = new Float32Array([5, -7, 0]);
    expect([...layerNorm({ rows: 3, width: 1, x, dy: x, gamma: null, beta: new Float32Array([0.5]) }).y]).toEqual([
      0.5, 0.5, 0.5,
    ]);
  });

  it("a row's bits do not depend on the other rows, nor on what stands behind", () => {
    const x = Float32Array.from({ length: 70 }, (_, i) => Math.fround(Math.sin(i) * 9));
    const whole = layerNorm({ rows: 10, width: 7, x, dy: x, gamma: null, beta: null }).y;
    for (let i = 0; i < 10; i++) {
      const row = x.slice(i * 7, i * 7 + 7);
      expect(layerNorm({ rows: 1, width: 7, x: row, dy: row, gamma: null, beta: null }).y).toEqual(
        whole.slice(i * 7, i * 7 + 7),
      );
    }
  });
});

describe("layerNormBackward and layerNormBackwardScale", () => {
  it("agree with the twin, dx also in place of dy", () => {
    fc.assert(
      fc.property(example, (e) => {
        const { rows, width, x, dy } = e;
        const { saved } = layerNorm(e);
        const exact = twin.layerNormBackward(x, dy, width, EPSILON, orNone(e.gamma));
        const [dx] = run("layerNormBackward", [rows, width, x, dy, saved, e.gamma, out(rows * width)]);
        expectClose("dx", dx!, exact.dx, tolerance(width) * GROWTH ** 2, 9);
        const scale = [rows, width, x, dy, saved] as const;
        const [dgamma, dbeta] = run("layerNormBackwardScale", [...scale, out(width), out(width)]);
        expectClose("dgamma", dgamma!, exact.dgamma, tolerance(rows + width) * GROWTH, 3 * rows);
        expectClose("dbeta", dbeta!, exact.dbeta, tolerance(rows), 3 * rows);
        expect(run("layerNormBackwardScale", [...scale, out(width), null])).toEqual([dgamma]);
        expect(run("layerNormBackwardScale", [...scale, null, out(width)])).toEqual([dbeta]);
        const { call, f32, readF32 } = kernels();
        const at = f32(dy, 4);
        call["layerNormBackward"]!(rows, width, f32(x), at, f32(saved), e.gamma ? f32(e.gamma) : 0, at);
        expect(readF32(at, dy.length)).toEqual(dx);
      }),
    );
  });

  it("flush what is too small", () => {
    const [x, dy] = [new Float32Array([1, 2, 4]), new Float32Array([1e-35, 0, 0])];
    const { saved } = layerNorm({ rows: 1, width: 3, x, dy, gamma: null, beta: null });
    const [dx] = run("layerNormBackward", [1, 3, x, dy, saved, null, out(3)]);
    expect([...dx!].map(Math.abs)).toEqual([0, 0, 0]);
  });
});

describe("the twins' gradients are their slopes", () => {
  const x = [0.3, -1.2, 2.5, 0, 1.1, 0.7, -0.4, 0.9, 2];
  const dy = [1, -0.5, 0.25, 2, 0.3, -1, 0.6, 0.1, -0.2];
  const gamma = [0.7, -1.3, 1.9];
  const beta = [0.1, 0.2, 0.3];
  const h = 1e-5;

  it.each([
    ["batchNorm", (x: number[], gamma: number[], beta: number[]) => twin.batchNorm(x, 3, 1e-3, { gamma, beta }).y],
    ["layerNorm", (x: number[], gamma: number[], beta: number[]) => twin.layerNorm(x, 3, 1e-3, { gamma, beta })],
  ] as const)("%s", (name, forward) => {
    const backward = name === "batchNorm" ? twin.batchNormBackward : twin.layerNormBackward;
    const { dx, dgamma, dbeta } = backward(x, dy, 3, 1e-3, gamma);
    const inputs = [x, gamma, beta];
    [dx, dgamma, dbeta].forEach((gradient, which) => {
      gradient.forEach((value, i) => {
        const at = (by: number) => {
          const [a, b, c] = inputs.map((values, k) => values.map((v, j) => (k === which && j === i ? v + by : v)));
          return forward(a!, b!, c!).reduce((sum, y, j) => sum + y * dy[j]!, 0);
        };
        expect(value).toBeCloseTo((at(h) - at(-h)) / (2 * h), 7);
      });
    });
  });
});
