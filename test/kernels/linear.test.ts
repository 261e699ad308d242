import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crammerSingerRow, hingeSweep, inner, logistic, softmaxLoss, squaredHinge } from "../reference/linear.js";
import { kernels } from "./harness.js";

/** f64 against f64: some roundings a term, on sums of a few dozen of them. */
const CLOSE = 1e-12;

const value = fc.float({ min: -4, max: 4, noNaN: true });
const list = (length: number, arbitrary: fc.Arbitrary<number> = value) =>
  fc.array(arbitrary, { minLength: length, maxLength: length });
const sign = fc.constantFrom(-1, 1);
const cost = fc.constantFrom(0.25, 1, 3);

/** Rows of x and weights, of every width that the kernels take: multiples of 8. */
const problem = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    classes: fc.integer({ min: 1, max: 5 }),
    eights: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ rows, classes, eights }) =>
    fc.record({
      x: fc.array(list(8 * eights), { minLength: rows, maxLength: rows }),
      w: fc.array(list(8 * eights), { minLength: classes, maxLength: classes }),
      r: list(rows * classes, fc.oneof(fc.constant(0), value)),
      signs: list(rows, sign),
      costs: list(rows, cost),
      labels: list(rows, fc.integer({ min: 0, max: classes - 1 })),
    }),
  );

function memory() {
  const built = kernels();
  const write = (address: number, values: ArrayLike<number>) =>
    new Float64Array(built.memory.buffer, address, values.length).set(values);
  const f64 = (values: ArrayLike<number>) => {
    const address = built.reserve(8 * values.length);
    write(address, values);
    return address;
  };
  const read = (address: number, length: number) => [...new Float64Array(built.memory.buffer, address, length)];
  return { ...built, f64, read, write };
}

function expectClose(found: ArrayLike<number>, wanted: readonly number[], scale = 1): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(found[i]! - value), `${i}: ${found[i]}, not ${value}`).toBeLessThanOrEqual(
      CLOSE * scale * (1 + Math.abs(value)),
    );
  });
}

describe("products", () => {
  it("linearScores agrees with the twin", () => {
    fc.assert(
      fc.property(problem, ({ x, w }) => {
        const { call, f32, f64, read } = memory();
        const z = f64(new Array<number>(x.length * w.length + 1).fill(7));
        call.linearScores!(x.length, w.length, x[0]!.length, f32(x.flat()), f64(w.flat()), z);
        const exact = x.flatMap((row) => w.map((weights) => inner(row, weights)));
        expectClose(read(z, x.length * w.length + 1), [...exact, 7], 100);
      }),
    );
  });

  it("linearGradient adds rᵀ · x to what is there", () => {
    fc.assert(
      fc.property(problem, ({ x, w, r }) => {
        const { call, f32, f64, read } = memory();
        const [width, classes] = [x[0]!.length, w.length];
        const g = f64([...w.flat(), 7]);
        call.linearGradient!(x.length, classes, width, f32(x.flat()), f64(r), g);
        const exact = w.flatMap((weights, k) =>
          weights.map((start, j) => x.reduce((sum, row, i) => sum + r[i * classes + k]! * row[j]!, start)),
        );
        expectClose(read(g, exact.length + 1), [...exact, 7], 100);
      }),
    );
  });

  it("linearCurvature adds Xᵀ D X v", () => {
    fc.assert(
      fc.property(problem, ({ x, w, r }) => {
        const { call, f32, f64, read } = memory();
        const [v] = w as [number[]];
        const h = f64([...v, 7]);
        call.linearCurvature!(x.length, v.length, f32(x.flat()), f64(r.slice(0, x.length)), f64(v), h);
        const exact = v.map((start, j) => x.reduce((sum, row, i) => sum + r[i]! * inner(row, v) * row[j]!, start));
        expectClose(read(h, v.length + 1), [...exact, 7], 1000);
      }),
    );
  });
});

describe("losses by the row", () => {
  const rowwise = fc.array(fc.tuple(fc.double({ min: -40, max: 40, noNaN: true }), sign, cost), {
    minLength: 1,
    maxLength: 9,
  });

  it.each([
    ["squaredHingeRows", squaredHinge],
    ["logisticRows", logistic],
  ] as const)("%s agrees with the twin", (kernel, twin) => {
    fc.assert(
      fc.property(rowwise, (rows) => {
        const { call, f64, read } = memory();
        const [z, d] = [f64([...rows.map(([score]) => score), 7]), f64([...rows.map(() => 0), 7])];
        const total = call[kernel]!(rows.length, z, f64(rows.map((row) => row[1])), f64(rows.map((row) => row[2])), d);
        const exact = rows.map((row) => twin(...row));
        expectClose([total], [exact.reduce((sum, row) => sum + row.value, 0)]);
        expectClose(read(z, rows.length + 1), [...exact.map(({ slope }) => slope), 7]);
        expectClose(read(d, rows.length + 1), [...exact.map(({ curvature }) => curvature), 7]);
      }),
    );
  });

  it("logisticRows neither overflows nor loses what is small", () => {
    const { call, f64, read } = memory();
    const z = f64([800, -800, 30]);
    const total = call.logisticRows!(3, z, f64([1, 1, 1]), f64([1, 1, 1]), f64([0, 0, 0]));
    expect(total).toBe(800 + Math.log1p(Math.exp(-30)));
    const [right, wrong, small] = read(z, 3) as [number, number, number];
    expect([right === 0, wrong]).toEqual([true, -1]);
    expect(small / -Math.exp(-30)).toBeCloseTo(1, 12);
  });

  it("softmaxRows agrees with the twin", () => {
    fc.assert(
      fc.property(problem, ({ w, r, labels, costs }) => {
        const { call, f64, u32, f32, read, readF32 } = memory();
        const [rows, classes] = [labels.length, w.length];
        const scores = r.map((score) => 30 * score);
        const z = f64([...scores, 7]);
        const [p, d] = [f32(scores.map(() => 0)), f32(scores.map(() => 0))];
        const total = call.softmaxRows!(rows, classes, z, u32(labels), f64(costs), p, d);
        const exact = labels.map((label, i) =>
          softmaxLoss(scores.slice(i * classes, (i + 1) * classes), label, costs[i]!),
        );
        expectClose([total], [exact.reduce((sum, row) => sum + row.value, 0)], 10);
        expectClose(read(z, scores.length + 1), [...exact.flatMap(({ slopes }) => slopes), 7]);
        exact.flatMap((row) => row.p).forEach((share, i) => expect(readF32(p, scores.length)[i]).toBeCloseTo(share, 6));
        expect([...readF32(d, scores.length)]).toEqual(costs.flatMap((own) => w.map(() => own)));
      }),
    );
  });
});

describe("sweeps of coordinate descent", () => {
  const rows = 9;
  const [width, classes] = [8, 4];
  const x = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: width }, (_, j) => (((i * 37 + j * 11) % 23) - 11) / 8),
  );
  const order = [4, 0, 7, 2, 8, 5, 1, 3, 6];

  it("hingeSweep agrees with the twin, sweep by sweep, rows at their bounds left out", () => {
    const { call, f32, f64, u32, reserve, read, readU32, write } = memory();
    const signs = x.map((_, i) => (i % 3 === 0 ? 1 : -1));
    const costs = x.map((_, i) => (i % 2 === 0 ? 0.125 : 1));
    const twin = { x, signs, costs, alpha: x.map(() => 0), w: new Array<number>(width).fill(0) };
    const squares = f64(x.map((row) => inner(row, row)));
    const [alpha, w, limits] = [f64(twin.alpha), f64(twin.w), f64([Infinity, -Infinity, 0, 0])];
    const [xAt, signsAt, costsAt] = [f32(x.flat()), f64(signs), f64(costs)];
    let list = order.map((_, i) => i);
    let before: [number, number] = [Infinity, -Infinity];
    let dropped = 0;
    for (let sweep = 0; sweep < 12; sweep++) {
      const places = order.filter((place) => place < list.length);
      const expected = hingeSweep(
        twin,
        places.map((place) => list[place]!),
        before,
      );
      const kept = reserve(4 * rows);
      write(limits, [...before, -Infinity, Infinity]);
      // prettier-ignore
      const count = call.hingeSweep!(places.length, u32(list), u32(places), width, xAt, signsAt, costsAt, squares, alpha, w, limits, kept);
      dropped += list.length - count;
      list = [...readU32(kept, count)];
      expect(list).toEqual(expected.kept);
      expectClose(read(limits + 16, 2), [expected.greatest, expected.least], 100);
      expectClose(read(alpha, rows), twin.alpha, 100);
      expectClose(read(w, width), twin.w, 100);
      before = [expected.greatest > 0 ? expected.greatest : Infinity, expected.least < 0 ? expected.least : -Infinity];
    }
    expect(dropped).toBeGreaterThan(0);
  });

  it("crammerSingerSweep solves each row as the twin does, and knows the violations", () => {
    const { call, f32, f64, u32, u8, reserve, read, memory: grown } = memory();
    const labels = x.map((_, i) => i % classes);
    const costs = x.map((_, i) => (i % 2 === 0 ? 0.25 : 2));
    const squares = x.map((row) => inner(row, row));
    const alphas = x.map(() => new Array<number>(classes).fill(0));
    const weights = Array.from({ length: classes }, () => new Array<number>(width).fill(0));
    const [alpha, w, scores] = [f64(alphas.flat()), f64(weights.flat()), reserve(8 * classes)];
    const asleep = u8(new Array<number>(rows * classes).fill(0));
    const addresses = [f32(x.flat()), u32(labels), f64(costs), f64(squares)] as const;
    for (let sweep = 0; sweep < 8; sweep++) {
      let worst = 0;
      for (const row of order) {
        const [label, own] = [labels[row]!, alphas[row]!];
        const gradients = weights.map((weight, k) => inner(x[row]!, weight) + (k === label ? 0 : 1));
        const mayGrow = gradients.filter((_, k) => own[k]! < (k === label ? costs[row]! : 0) - 1e-13);
        const violation = Math.max(...gradients) - Math.min(...mayGrow);
        worst = Math.max(worst, violation);
        if (violation <= 1e-12) continue;
        const after = crammerSingerRow(gradients, own, { square: squares[row]!, cost: costs[row]!, label });
        after.forEach((value, k) => x[row]!.forEach((feature, j) => (weights[k]![j]! += (value - own[k]!) * feature)));
        alphas[row] = after;
      }
      const [worstAt, kept] = [f64([0]), reserve(4 * rows)];
      new Uint8Array(grown.buffer, asleep, rows * classes).fill(0); // all awake: what sleeps is left to the fit's tests
      // prettier-ignore
      call.crammerSingerSweep!(rows, u32(order.map((_, i) => i)), u32(order), classes, width, ...addresses, alpha, asleep, w, scores, worstAt, kept);
      expectClose(read(worstAt, 1), [worst], 1000);
      expectClose(read(alpha, rows * classes), alphas.flat(), 1000);
      expectClose(read(w, classes * width), weights.flat(), 1000);
      for (let row = 0; row < rows; row++) {
        const own = read(alpha + 8 * row * classes, classes);
        expect(Math.abs(own.reduce((a, b) => a + b, 0))).toBeLessThan(1e-12);
        own.forEach((value, k) => expect(value).toBeLessThanOrEqual(k === labels[row] ? costs[row]! : 0));
      }
    }
  });
});
