import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Code from "../../assembly/shared/losses.js";
import * as Op from "../../assembly/shared/ops.js";
import * as twins from "../reference/losses.js";
import { rowsOf } from "../reference/softmax.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!;
const EPSILON = 2 ** -24;
const { fround } = Math;

interface Loss {
  kernel: string;
  /** Of those that share one kernel. */
  code?: number;
  parameter?: number;
  smooths: boolean;
  /** The row loss; `second` is the row's targets, or its label alone. */
  twin: (first: number[], second: number[], smoothing: number) => twins.RowLoss;
  /** Σ t of a row's targets: what the logarithm of a sum, and its absolute error, counts for. */
  weight: (second: number[]) => number;
  /** A row's targets from numbers in [0, 1]. */
  targets: (chances: number[]) => number[];
  /** Moves predictions to where the loss is defined (or its slope moderate). */
  domain?: (p: number) => number;
  /** How large the gradient's terms are before they cancel. */
  slope?: number;
}

const chances = (values: number[]): number[] => values;
const signs = (values: number[]): number[] => values.map((chance) => (chance < 0.5 ? -1 : 1));
const oneHot = (values: number[]): number[] => {
  const label = Math.min(values.length - 1, Math.floor(values[0]! * values.length));
  return values.map((_, j) => (j === label ? 1 : 0));
};

/** A loss of the shared kernel. */
function coded(kernel: string, code: number, targets: Loss["targets"], rest: Partial<Loss> = {}): Loss {
  const twin = twins.LOSSES_BY_CODE[code]!;
  const { parameter = 0 } = rest;
  return { kernel, code, smooths: false, twin: (p, t) => twin(p, t, parameter), weight: () => 1, targets, ...rest };
}

const losses: Loss[] = [
  {
    kernel: "sparseSoftmaxCrossentropy",
    smooths: true,
    twin: (z, [label], smoothing) => twins.sparseSoftmaxCrossentropy(z, label!, smoothing),
    weight: () => 1,
    targets: (chances) => [Math.min(chances.length - 1, Math.floor(chances[0]! * chances.length))],
  },
  {
    kernel: "softmaxCrossentropy",
    smooths: true,
    twin: (z, t, smoothing) => twins.softmaxCrossentropy(z, t, smoothing),
    weight: (t) => 1 + t.reduce((a, b) => a + b),
    targets: (chances) => chances,
  },
  {
    kernel: "sigmoidCrossentropy",
    smooths: true,
    twin: (z, t, smoothing) => twins.sigmoidCrossentropy(z, t, smoothing),
    weight: () => 1,
    targets: (chances) => chances,
  },
  coded("meanSquaredError", Code.LOSS_MEAN_SQUARED_ERROR, (values) => values.map((value) => fround(value * 20 - 10))),
  coded("meanAbsoluteError", Code.LOSS_MEAN_ABSOLUTE_ERROR, (values) => values.map((value) => fround(value * 9 - 4))),
  coded("huber", Code.LOSS_HUBER, (values) => values.map((value) => fround(value * 9 - 4)), { parameter: 1.5 }),
  coded("logCosh", Code.LOSS_LOG_COSH, (values) => values.map((value) => fround(value * 9 - 4))),
  coded("kullbackLeiblerDivergence", Code.LOSS_KULLBACK_LEIBLER_DIVERGENCE, chances, {
    weight: (t) => 17 * t.length, // the logarithm of 1e-7
    domain: (p) => fround(p / 20),
  }),
  coded("poisson", Code.LOSS_POISSON, (values) => values.map((value) => Math.floor(value * 9)), {
    weight: () => 30,
    domain: (p) => fround(Math.abs(p) + 0.25),
    slope: 40,
  }),
  coded("hinge", Code.LOSS_HINGE, signs),
  coded("squaredHinge", Code.LOSS_SQUARED_HINGE, signs),
  coded("categoricalHinge", Code.LOSS_CATEGORICAL_HINGE, oneHot, { weight: () => 40 }),
  coded("cosineSimilarity", Code.LOSS_COSINE_SIMILARITY, (values) => values.map((value) => fround(value - 0.5)), {
    domain: (p) => Math.sign(p) * Math.max(fround(Math.abs(p)), 1 / 64),
    slope: 64,
  }),
  coded("value", Code.LOSS_VALUE, (values) => values.map((value) => fround(value * 9 - 4))),
];

it("every code has its tests", () => {
  const codes = losses.flatMap(({ code }) => code ?? []);
  expect(codes).toEqual(Array.from({ length: Code.LOSS_COUNT }, (_, i) => i));
  expect(twins.LOSSES_BY_CODE).toHaveLength(Code.LOSS_COUNT);
});

interface Result {
  loss: number;
  gradient: Float32Array;
}

/** Runs the kernel without gradient, with it, and in place; the three must agree and write nothing else. */
function run(loss: Loss, width: number, given: number[], second: number[], smoothing = 0, scale = 1): Result {
  const { call, f32, reserve, readF32 } = kernels();
  const first = given.map(loss.domain ?? ((p) => p));
  const rows = first.length / width;
  const { code, parameter = 0 } = loss;
  const kernel = (...args: number[]): number =>
    code === undefined
      ? call[loss.kernel]!(...args, smoothing, scale)
      : call.lossByCode!(code, ...args, parameter, scale);
  const [a, b] = [f32(first, 4), f32(second, 8)];
  const out = reserve((first.length + 2) * 4) + 4;
  const value = kernel(rows, width, a, b, 0);
  expect([...readF32(out - 4, first.length + 2)]).toEqual(Array.from({ length: first.length + 2 }, () => POISON));
  expect([...readF32(a, first.length + 1)]).toEqual([...first.map(fround), POISON]);
  expect([...readF32(b, second.length + 1)]).toEqual([...second.map(fround), POISON]);

  expect(kernel(rows, width, a, b, out)).toBe(value);
  const written = readF32(out - 4, first.length + 2);
  expect([written[0], written[first.length + 1]]).toEqual([POISON, POISON]);
  expect(kernel(rows, width, a, b, a)).toBe(value);
  expect(readF32(a, first.length + 1)).toEqual(written.slice(1));
  return { loss: value, gradient: written.slice(1, -1) };
}

function check(loss: Loss, width: number, given: number[], second: number[], smoothing: number, scale: number): void {
  const first = given.map(loss.domain ?? ((p) => p));
  const actual = run(loss, width, given, second, smoothing, scale);
  const secondRows = rowsOf(second, (second.length * width) / first.length);
  const exact = rowsOf(first, width).map((row, i) => loss.twin(row, secondRows[i]!, fround(smoothing)));
  // A few roundings an element and a chain of width / 4 additions. Where terms of different sign are added up, the
  // loss says how large they may be; otherwise the size of the logits does not enter.
  const tolerance = (16 + width / 4) * EPSILON;
  const sum = exact.reduce((total, row) => total + row.loss, 0);
  const weight = secondRows.reduce((total, row) => total + loss.weight(row), 0);
  expect(Math.abs(actual.loss - sum)).toBeLessThanOrEqual(tolerance * (weight + Math.abs(sum)));
  exact
    .flatMap((row) => row.gradient)
    .forEach((value, i) => {
      const error = Math.abs(actual.gradient[i]! - value * fround(scale));
      expect(error, `element ${i}`).toBeLessThanOrEqual(tolerance * scale * ((loss.slope ?? 1) + Math.abs(value)));
    });
}

const problem = fc
  .record({ rows: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 1, max: 23 }) })
  .chain(({ rows, width }) => {
    const sized = { minLength: rows * width, maxLength: rows * width };
    return fc.record({
      width: fc.constant(width),
      first: fc.array(fc.float({ min: -20, max: 20, noNaN: true }), sized),
      chances: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), sized),
      smoothing: fc.constantFrom(0, 0.1, 0.25),
    });
  });

describe.each(losses)("$kernel", (loss) => {
  it("agrees with the twin in loss and gradient", () => {
    fc.assert(
      fc.property(problem, ({ width, first, chances, smoothing }) => {
        const rows = first.length / width;
        check(loss, width, first, rowsOf(chances, width).flatMap(loss.targets), smoothing, 1 / rows);
      }),
    );
  });

  it("the twin's gradient is the slope of its loss", () => {
    const first = [0.4, -1.3, 2.2, 0.1, -0.6].map(loss.domain ?? ((p) => p));
    const second = loss.targets([0.7, 0.2, 0, 0.1, 1]);
    for (const smoothing of [0, 0.1]) {
      const { gradient } = loss.twin(first, second, smoothing);
      const h = 1e-5;
      first.forEach((_, j) => {
        const at = (by: number): number[] => first.map((value, k) => (k === j ? value + by : value));
        const rise = (by: number): number =>
          loss.twin(at(by), second, smoothing).loss - loss.twin(at(-by), second, smoothing).loss;
        const slope = (8 * rise(h) - rise(2 * h)) / (12 * h); // of the fourth order
        expect(gradient[j]).toBeCloseTo(slope, 7);
      });
    }
  });

  it("a thousand columns, two rows", () => {
    const first = Array.from({ length: 2000 }, (_, i) => fround(Math.sin(i * 1.7) * 6));
    const chances = Array.from({ length: 2000 }, (_, i) => fround(((i * 7919) % 1009) / 1009));
    check(loss, 1000, first, rowsOf(chances, 1000).flatMap(loss.targets), 0, 0.5);
    check(loss, 1000, first, rowsOf(chances, 1000).flatMap(loss.targets), 0.1, 0.5);
  });

  it("logits of ±10⁴", () => {
    const first = [1e4, -1e4, 0, -1e4, 1e4, 1];
    check(loss, 3, first, rowsOf([0.1, 0.9, 0.5, 0.9, 1, 0], 3).flatMap(loss.targets), 0, 1);
  });

  it("NaN is seen in the loss and the gradient", () => {
    for (let j = 0; j < 6; ++j) {
      const first = [0.5, 1, 2, 3, 4, 5].map((value, k) => (k === j ? NaN : value));
      const { loss: sum, gradient } = run(loss, 6, first, loss.targets([0.3, 0, 1, 0, 0, 0.5]));
      expect(sum).toBeNaN();
      expect(gradient[j]).toBeNaN();
    }
  });

  it("no gradient is denormal", () => {
    const first = [0, -85, -70, -20, -86];
    const { gradient } = run(loss, 5, first, loss.targets([0, 0, 0, 0, 0]), 0, 1e-4);
    for (const value of gradient) expect(value === 0 || Math.abs(value) >= 1e-30).toBe(true);
  });
});

const [sparse, dense, binary] = losses as [Loss, Loss, Loss];
const named = (kernel: string): Loss => losses.find((loss) => loss.kernel === kernel)!;

describe("what only one loss knows", () => {
  it("labels at both ends, and in a single column", () => {
    check(sparse, 5, [1, 2, 3, 4, 5, 5, 4, 3, 2, 1], [0, 4], 0, 0.5);
    check(sparse, 4, [1, 2, 3, 4, 5, 4, 3, 2], [3, 0], 0.1, 0.5);
    expect(run(sparse, 1, [7, -3], [0, 0])).toEqual({ loss: 0, gradient: new Float32Array(2) });
  });

  it("a label that is no class makes the loss NaN and touches no other memory", () => {
    for (const label of [-1, 3, 1e9, NaN, Infinity, -Infinity])
      expect(run(sparse, 3, [1, 2, 3], [label]).loss).toBeNaN();
  });

  it("a logit of −∞ has no probability: it costs nothing, or everything where it is the target", () => {
    const z = [1, -Infinity, 2];
    const exact = twins.softmaxCrossentropy(z, [0, 0, 1]);
    for (const result of [run(sparse, 3, z, [2]), run(dense, 3, z, [0, 0, 1])]) {
      expect(result.loss).toBeCloseTo(exact.loss, 6);
      expect(result.gradient[1]! + 0).toBe(0);
    }
    expect(run(sparse, 3, z, [1]).loss).toBe(Infinity);
    expect(run(dense, 3, z, [0, 1, 0]).loss).toBe(Infinity);
    expect(run(sparse, 3, z, [2], 0.1).loss).toBe(Infinity);
  });

  it("infinite logits of the right sign cost a sigmoid nothing", () => {
    expect(run(binary, 2, [-Infinity, Infinity], [0, 1])).toEqual({ loss: 0, gradient: new Float32Array(2) });
    expect(run(binary, 1, [-Infinity], [1]).loss).toBe(Infinity);
  });

  it("a sigmoid's small losses keep their digits", () => {
    const { loss } = run(binary, 1, [20], [1]);
    expect(Math.abs(loss / Math.log1p(Math.exp(-20)) - 1)).toBeLessThan(1e-6);
  });

  it.each([
    ["meanAbsoluteError", 5, [1, -2, 0, 3, 0.5], [1, -2, 0, 3, 0.5]],
    ["hinge", 5, [1, -1, 1, -1, 1], [1, -1, 1, -1, 1]],
    ["squaredHinge", 5, [1, -1, 1, -1, 1], [1, -1, 1, -1, 1]],
    ["categoricalHinge", 3, [1, 2, 0, 0, -3, 1], [0, 1, 0, 0, 0, 1]],
  ])("%s pushes nothing that is right, nor what is just right", (kernel, width, p, t) => {
    const { loss, gradient } = run(named(kernel), width, p, t);
    expect(loss).toBe(0);
    for (const value of gradient) expect(value + 0).toBe(0);
  });

  it("of equal wrong classes a categorical hinge pushes the first", () => {
    const { gradient } = run(named("categoricalHinge"), 5, [2, 7, 7, 0, 7], [0, 0, 0, 1, 0]);
    expect([...gradient].map((value) => value + 0)).toEqual([0, 1, 0, -1, 0]);
  });

  it("a cosine of zeros is 0, and pulls towards the target", () => {
    const { domain: _, ...cosine } = named("cosineSimilarity");
    const { loss, gradient } = run(cosine, 3, [0, 0, 0], [3, 0, 4]);
    expect(loss + 0).toBe(0);
    [-0.6e7, 0, -0.8e7].forEach((slope, i) => expect(gradient[i]! + 0).toBeCloseTo(slope, 0));
    expect(run(cosine, 2, [1, 2], [0, 0]).loss + 0).toBe(0);
  });

  it("sparse and dense agree on one-hot targets", () => {
    const z = [0.3, -2, 1.7, 0.9, 4, -1, 0, 2];
    const a = run(sparse, 4, z, [2, 0], 0.1, 0.5);
    const b = run(dense, 4, z, [0, 0, 1, 0, 1, 0, 0, 0], 0.1, 0.5);
    expect(a.loss).toBeCloseTo(b.loss, 6);
    a.gradient.forEach((value, i) => expect(value).toBeCloseTo(b.gradient[i]!, 7));
  });
});

describe("batchLoss", () => {
  it.each([
    ["sparse labels", Op.OP_SPARSE_SOFTMAX_CROSSENTROPY, [2, 0, 1]],
    ["rows of targets", Op.OP_SOFTMAX_CROSSENTROPY, [0, 0, 1, 1, 0, 0, 0, 1, 0]],
  ])(
    "a row of weight 0 counts nothing, be it NaN, and its gradient is 0, whatever stood there: %s",
    (_, op, targets) => {
      const { call, f32, reserve, readF32 } = kernels();
      const z = [0.3, -2, 1.7, NaN, NaN, NaN, 4, -1, 0];
      const gradient = reserve(9 * 4); // full of poison
      const loss = call.batchLoss!(op, 0, 3, 3, f32(z), f32(targets), gradient, f32([1, 0, 2]), 0, 1);
      const [first, last] = [
        twins.sparseSoftmaxCrossentropy(z.slice(0, 3), 2, 0),
        twins.sparseSoftmaxCrossentropy([4, -1, 0], 1, 0),
      ];
      expect(loss).toBeCloseTo(first.loss + 2 * last.loss, 5);
      const expected = [...first.gradient.map((g) => g / 3), 0, 0, 0, ...last.gradient.map((g) => (2 * g) / 3)];
      readF32(gradient, 9).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
      expect([...readF32(gradient + 12, 3)]).toEqual([0, 0, 0]); // poison is as good as 0 to the line above
    },
  );
});
