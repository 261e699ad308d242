import { describe, expect, it } from "vitest";
import * as twin from "../reference/constraints.js";
import { normal } from "../reference/initializers.js";
import { kernels } from "./harness.js";

const k = kernels();
/** One rounding of the factor, one of the product. */
const ROUNDINGS = 2.1 * 2 ** -24;
const random = (n: number) => Float32Array.from(normal(n, { seedLo: 1, seedHi: 2, op: 3 }, 0, 1));

describe("constrainNorms", () => {
  it.each([
    { minimum: 0, maximum: 0.5, rate: 1 },
    { minimum: 1, maximum: 1, rate: 1 },
    { minimum: 3, maximum: 4, rate: 0.25 },
    { minimum: 0, maximum: 100, rate: 1 },
    { minimum: 0.5, maximum: 2, rate: 0 },
  ])("%o: as in f64 at every width, and writes nothing else", (norms) => {
    for (const rows of [1, 2, 13]) {
      for (let width = 1; width <= 19; width++) {
        k.reset();
        const w = random(rows * width);
        const address = k.f32([...w, NaN, Infinity, NaN, NaN], 4);
        const behind = k.readU32(address + w.length * 4, 8);
        k.call.constrainNorms!(rows, width, address, norms.minimum, norms.maximum, norms.rate);
        const expected = twin.constrainNorms(w, width, norms);
        k.readF32(address, w.length).forEach((value, i) => {
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(Math.abs(expected[i]!) * ROUNDINGS);
        });
        expect(k.readU32(address + w.length * 4, 8)).toEqual(behind);
      }
    }
  });

  it("leaves a column of zeros at zero, and overflows nowhere", () => {
    for (const [minimum, maximum] of [
      [0, 2],
      [1, 1],
    ] as const) {
      k.reset();
      const w = k.f32([0, 3e38, 1, 0, -3e38, 1]); // (2, 3)
      k.call.constrainNorms!(2, 3, w, minimum, maximum, 1);
      const [a, b, c, d, e, f] = k.readF32(w, 6);
      expect([a, d]).toEqual([0, 0]);
      expect(b).toBeCloseTo(maximum * Math.SQRT1_2, 5);
      expect(e).toBeCloseTo(-maximum * Math.SQRT1_2, 5);
      expect(c).toBe(f);
    }
  });
});

describe("constrainNonNegative", () => {
  it("zeroes what is below zero, at any length, and writes nothing else", () => {
    for (let n = 1; n <= 18; n++) {
      k.reset();
      const w = random(n);
      const address = k.f32([...w, -1, -2, -3, -4], 12);
      k.call.constrainNonNegative!(n, address);
      expect([...k.readF32(address, n)]).toEqual(twin.nonNegative(w));
      expect([...k.readF32(address + n * 4, 4)]).toEqual([-1, -2, -3, -4]);
    }
  });
});
