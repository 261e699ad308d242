import { describe, expect, it } from "vitest";
import { normal } from "../reference/initializers.js";
import * as twin from "../reference/regularizers.js";
import { kernels } from "./harness.js";

const k = kernels();

describe("penalty", () => {
  it.each([
    { l1: 0.5, l2: 0 },
    { l1: 0, l2: 0.25 },
    { l1: 0.125, l2: 2 },
  ])("%o: as in f64 at every length, and writes nothing else", (factors) => {
    for (let n = 1; n <= 37; n++) {
      k.reset();
      const w = Float32Array.from(normal(n, { seedLo: 1, seedHi: 2, op: 3 }, 0, 1));
      w[n >> 1] = n % 2 ? 0 : -0;
      const weights = k.f32([...w, NaN, Infinity, NaN, NaN], 4);
      const gradient = k.f32([...w.map((x) => 3 - x), 7, 8, 9, 10], 12);
      const sum = k.call.penalty!(n, weights, gradient, factors.l1, factors.l2);
      const expected = twin.penalty(w, factors);
      expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-14 * expected);
      expect(k.call.penalty!(n, weights, 0, factors.l1, factors.l2)).toBe(sum);
      const slope = twin.penaltyGradient(w, factors);
      k.readF32(gradient, n).forEach((g, i) => {
        const value = Math.fround(3 - w[i]!) + slope[i]!;
        expect(Math.abs(g - value)).toBeLessThanOrEqual(3 * 2 ** -24 * (Math.abs(slope[i]!) + 8));
      });
      expect([...k.readF32(gradient + n * 4, 4)]).toEqual([7, 8, 9, 10]);
      expect(k.readF32(weights, n)).toEqual(w);
    }
  });

  it("does not overflow where squares do in f32", () => {
    k.reset();
    expect(k.call.penalty!(3, k.f32([1e30, -1e30, 0]), 0, 0, 1)).toBe(2 * Math.fround(1e30) ** 2);
  });
});
