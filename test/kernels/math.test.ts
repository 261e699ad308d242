import { describe, expect, it } from "vitest";
import { MIN_NORMAL, sigmoid, ulpsOff } from "../reference/math.js";
import { kernels } from "./harness.js";

// LANEWISE_SWEEP=full visits all 2³² inputs (most of an hour), otherwise one in 1009 and every neighbour of a threshold.
const STRIDE = process.env.LANEWISE_SWEEP === "full" ? 1 : 1009;

interface Case {
  kernel: string;
  exact: (x: number) => number;
  /** Worst error allowed, in ULP: what the full sweep found, rounded up. */
  bound: number;
  /** The inputs, as ranges of bits, ends included. */
  bits: (readonly [number, number])[];
  /** Whether results that would be denormal are zero. */
  flushes?: boolean;
}

const POSITIVE = [0x00000000, 0x7f800000] as const;
const NEGATIVE = [0x80000000, 0xff800000] as const;
const NANS = [0x7f800001, 0x7fffffff] as const;
const NEGATIVE_NANS = [0xff800001, 0xffffffff] as const;
const EVERYTHING = [POSITIVE, NANS, NEGATIVE, NEGATIVE_NANS];

const cases: Case[] = [
  { kernel: "expArray", exact: Math.exp, bound: 1.03, bits: EVERYTHING, flushes: true },
  { kernel: "expNonPositiveArray", exact: Math.exp, bound: 1.03, bits: [[0, 0], NANS, NEGATIVE], flushes: true },
  { kernel: "expm1NonPositiveArray", exact: Math.expm1, bound: 1.1, bits: [[0, 0], NANS, NEGATIVE] },
  { kernel: "logArray", exact: Math.log, bound: 0.84, bits: EVERYTHING },
  { kernel: "log1pOfUnitArray", exact: Math.log1p, bound: 1.98, bits: [[0, 0x3f800000], NANS] },
  { kernel: "tanhArray", exact: Math.tanh, bound: 2.5, bits: EVERYTHING },
  { kernel: "sigmoidArray", exact: sigmoid, bound: 2.41, bits: EVERYTHING, flushes: true },
];

// Where a formula changes its branch, its exponent or its end.
const THRESHOLDS = [
  ...[0, MIN_NORMAL, 1, Math.SQRT1_2, Math.SQRT2, Infinity, 3.4e38, 87.33654, 88.72283, 25, 12.5, 9.01, 16.64, 17.33],
  ...Array.from({ length: 258 }, (_, i) => (i - 129.5) * Math.LN2),
];

describe("errors", () => {
  const { call, memory, reserve } = kernels();
  const capacity = 1 << 18;
  const x = reserve(capacity * 4);
  const y = reserve(capacity * 4);
  const inputs = new Float32Array(memory.buffer, x, capacity);
  const inputBits = new Uint32Array(memory.buffer, x, capacity);
  const outputs = new Float32Array(memory.buffer, y, capacity);

  /** The worst error over the first `count` inputs, and where. */
  function worstOf({ kernel, exact, flushes = false }: Case, count: number): { ulps: number; at: number } {
    call[kernel]!(count, x, y);
    const worst = { ulps: 0, at: NaN };
    for (let i = 0; i < count; ++i) {
      const truth = exact(inputs[i]!);
      const result = outputs[i]!;
      if (flushes) {
        const denormal = result !== 0 && Math.abs(result) < MIN_NORMAL;
        if (denormal) return { ulps: Infinity, at: inputs[i]! };
        if (truth < MIN_NORMAL && result === 0) continue;
      }
      const ulps = ulpsOff(result, truth);
      if (ulps > worst.ulps) Object.assign(worst, { ulps, at: inputs[i]! });
    }
    return worst;
  }

  it.each(cases)(
    "$kernel is within $bound ULP over its inputs",
    (test) => {
      const worst = { ulps: 0, at: NaN };
      let points = 0;
      let count = 0;
      function visit(bits: number): void {
        inputBits[count++] = bits;
        if (count === capacity) flush();
      }
      function flush(): void {
        const found = worstOf(test, count);
        if (found.ulps > worst.ulps) Object.assign(worst, found);
        points += count;
        count = 0;
      }
      for (const [first, last] of test.bits) {
        for (let bits = first; bits <= last; bits += STRIDE) visit(bits);
        visit(last);
        for (const threshold of THRESHOLDS) {
          const middle = new Uint32Array(Float32Array.of(threshold).buffer)[0]!;
          for (let bits = Math.max(first, middle - 500); bits <= Math.min(last, middle + 500); ++bits) visit(bits);
        }
      }
      flush();
      console.log(`${test.kernel}: ${worst.ulps.toFixed(3)} ULP at ${worst.at}, ${points} points`);
      expect(worst.ulps).toBeLessThanOrEqual(test.bound);
    },
    3_600_000,
  );
});

describe("special values", () => {
  function apply(kernel: string, values: number[]): number[] {
    const { call, f32, reserve, readF32 } = kernels();
    const y = reserve(values.length * 4);
    call[kernel]!(values.length, f32(values), y);
    return [...readF32(y, values.length)];
  }

  it("exp: 0 below the normal numbers, ∞ above the greatest", () => {
    expect(apply("expArray", [-Infinity, -1e30, -87.34, 0, -0, 88.73, 1e30, Infinity, NaN])).toEqual([
      ...[0, 0, 0, 1, 1, Infinity, Infinity, Infinity, NaN],
    ]);
  });
  it("log: −∞ at zero, NaN below", () => {
    expect(apply("logArray", [0, -0, -1e-45, -1, -Infinity, 1, Infinity, NaN])).toEqual([
      ...[-Infinity, -Infinity, NaN, NaN, NaN, 0, Infinity, NaN],
    ]);
  });
  it("tanh: odd, the sign of zero kept, ±1 at the ends", () => {
    expect(apply("tanhArray", [-Infinity, -20, -0, 0, 1e-42, 20, Infinity, NaN])).toEqual([
      ...[-1, -1, -0, 0, Math.fround(1e-42), 1, 1, NaN],
    ]);
  });
  it("sigmoid: 0, ½ and 1", () => {
    expect(apply("sigmoidArray", [-Infinity, -100, -0, 0, 100, Infinity, NaN])).toEqual([0, 0, 0.5, 0.5, 1, 1, NaN]);
  });
  it("expNonPositive has exp's bits", () => {
    const values = Array.from({ length: 4001 }, (_, i) => -i * 0.0231);
    expect(apply("expNonPositiveArray", values)).toEqual(apply("expArray", values));
  });
});
