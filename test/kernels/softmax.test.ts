import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logSoftmax, logSoftmaxBackward, rowsOf, softmax, softmaxBackward } from "../reference/softmax.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!;
const EPSILON = 2 ** -24;
/** A rounding or two for each term of a lane's chain, and some for the exponential and the quotient. */
const tolerance = (width: number): number => (16 + width / 4) * EPSILON;

type Kernel = "softmax" | "softmaxBackward" | "logSoftmax" | "logSoftmaxBackward";

function run(kernel: Kernel, width: number, ...operands: ArrayLike<number>[]): Float32Array {
  const { call, f32, reserve, readF32 } = kernels();
  const n = operands[0]!.length;
  const addresses = operands.map((values) => f32(values, 4));
  const out = reserve((n + 2) * 4) + 4;
  call[kernel]!(n / width, width, ...addresses, out);
  const written = readF32(out - 4, n + 2);
  expect([written[0], written[n + 1]]).toEqual([POISON, POISON]);
  call[kernel]!(n / width, width, ...addresses, addresses[0]!);
  expect(readF32(addresses[0]!, n), "in place").toEqual(written.slice(1, -1));
  return written.slice(1, -1);
}

const matrix = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 })).chain(([rows, width]) =>
  fc.record({
    width: fc.constant(width),
    x: fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: rows * width, maxLength: rows * width }),
  }),
);

describe("softmax", () => {
  it("agrees with the twin", () => {
    fc.assert(
      fc.property(matrix, ({ width, x }) => {
        const y = run("softmax", width, x);
        const exact = rowsOf(x, width).flatMap(softmax);
        y.forEach((p, i) => expect(Math.abs(p - exact[i]!)).toBeLessThanOrEqual(tolerance(width)));
      }),
    );
  });

  it("a row of a thousand sums to one", () => {
    const x = Array.from({ length: 3000 }, (_, i) => Math.fround(((i * 7919) % 4001) / 400 - 5));
    for (const row of rowsOf(run("softmax", 1000, x), 1000)) {
      expect(Math.abs(row.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-5);
    }
  });

  it("extreme logits neither overflow nor leave denormals; −∞ has no probability", () => {
    expect([...run("softmax", 3, [1e4, -1e4, -Infinity, -1e4, -1e4, -1e4])]).toEqual([
      ...[1, 0, 0, ...Array.from({ length: 3 }, () => Math.fround(1 / 3))],
    ]);
    expect([...run("softmax", 3, [0, 0, -87.2])]).toEqual([0.5, 0.5, 0]); // e^−87.2 is normal, half of it is not
    expect([...run("softmax", 1, [5, -1e4, 0])]).toEqual([1, 1, 1]);
  });

  it("NaN fills its row, and no other", () => {
    expect([...run("softmax", 2, [NaN, 1, 3, 3, 1, NaN])]).toEqual([NaN, NaN, 0.5, 0.5, NaN, NaN]);
    expect([...run("softmax", 2, [-Infinity, -Infinity])]).toEqual([NaN, NaN]);
  });

  it("a row's bits do not depend on the other rows", () => {
    const x = Array.from({ length: 70 }, (_, i) => Math.fround(Math.sin(i) * 9));
    const whole = run("softmax", 7, x);
    for (let i = 0; i < 10; ++i) {
      expect(run("softmax", 7, x.slice(i * 7, i * 7 + 7))).toEqual(whole.slice(i * 7, i * 7 + 7));
    }
  });
});

describe("softmaxBackward", () => {
  it("agrees with the twin", () => {
    fc.assert(
      fc.property(matrix, ({ width, x }) => {
        const y = run("softmax", width, x);
        const dy = x.map((value, i) => Math.fround(Math.cos(value + i)));
        const dx = run("softmaxBackward", width, dy, y);
        const exact = rowsOf(dy, width).flatMap((row, i) => softmaxBackward(row, rowsOf(y, width)[i]!));
        dx.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(tolerance(width)));
      }),
    );
  });

  it("the twin's gradient is its slope", () => {
    const x = [0.3, -1.2, 2.5, 0];
    const dy = [1, -0.5, 0.25, 2];
    const value = (at: number[]): number => softmax(at).reduce((sum, p, j) => sum + p * dy[j]!, 0);
    const dx = softmaxBackward(dy, softmax(x));
    const h = 1e-5;
    x.forEach((_, j) => {
      const moved = (by: number): number[] => x.map((v, k) => (k === j ? v + by : v));
      expect(dx[j]).toBeCloseTo((value(moved(h)) - value(moved(-h))) / (2 * h), 8);
    });
  });

  it("flushes what is too small", () => {
    expect([...run("softmaxBackward", 2, [1e-35, 0], [0.5, 0.5])].map(Math.abs)).toEqual([0, 0]);
  });
});

describe("logSoftmax", () => {
  it("agrees with the twin, forward and back", () => {
    fc.assert(
      fc.property(matrix, ({ width, x }) => {
        const y = run("logSoftmax", width, x);
        const exact = rowsOf(x, width).flatMap(logSoftmax);
        // Up to 60 in magnitude: roundings of differences of that size.
        y.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(tolerance(width) + 2 ** -17));

        const dy = x.map((value, i) => Math.fround(Math.cos(value + i)));
        const dx = run("logSoftmaxBackward", width, dy, y);
        const exactBack = rowsOf(dy, width).flatMap((row, i) => logSoftmaxBackward(row, rowsOf(y, width)[i]!));
        dx.forEach((value, i) => expect(Math.abs(value - exactBack[i]!)).toBeLessThanOrEqual(tolerance(width) * width));
      }),
    );
  });

  it("the twin's gradient is its slope", () => {
    const x = [0.3, -1.2, 2.5, 0];
    const dy = [1, -0.5, 0.25, 2];
    const value = (at: number[]): number => logSoftmax(at).reduce((sum, y, j) => sum + y * dy[j]!, 0);
    const dx = logSoftmaxBackward(dy, logSoftmax(x));
    const h = 1e-5;
    x.forEach((_, j) => {
      const moved = (by: number): number[] => x.map((v, k) => (k === j ? v + by : v));
      expect(dx[j]).toBeCloseTo((value(moved(h)) - value(moved(-h))) / (2 * h), 8);
    });
  });

  it("keeps what softmax would round to zero; −∞ stays, NaN fills its row and no other", () => {
    expect([...run("logSoftmax", 3, [1e4, -1e4, -Infinity, 1, NaN, 1])]).toEqual([0, -2e4, -Infinity, NaN, NaN, NaN]);
    expect([...run("logSoftmax", 1, [5, -1e4])]).toEqual([0, 0]);
    expect([...run("logSoftmaxBackward", 2, [1e-35, 0], [-1, -1])].map(Math.abs)).toEqual([0, 0]);
  });
});
