import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalQuantile } from "../reference/initializers.js";
import { philox } from "../reference/philox.js";
import { kernels } from "./harness.js";

const word = fc.integer({ min: 0, max: 0xffffffff });

describe("philox", () => {
  const k = kernels();
  const out = k.reserve(16, 4);
  function kernel(counter: number[], key: number[]): number[] {
    k.call.philox!(...counter, ...key, out);
    return [...k.readU32(out, 4)];
  }

  // Random123's kat_vectors, philox4x32 with 10 rounds.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as [number[], number[], number[]][])("gives the published words for counter %j", (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected);
    expect(kernel(counter, key)).toEqual(expected);
  });

  it("agrees with its twin on any counter and key", () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(kernel(counter, key)).toEqual(philox(counter, key));
      }),
      { numRuns: 500 },
    );
  });
});

describe("normalQuantile", () => {
  const { call } = kernels();
  const quantile = call.normalQuantile!;

  // p = k / 2³³ is exact in f64; the quantiles come from arithmetic with 50 digits.
  it.each([
    [1, -6.3379577545537892525],
    [3, -6.166429517819750247],
    [7, -6.030967019118252128],
    [41, -5.7386032407317862607],
    [1001, -5.1708244203391255219],
    [100001, -4.2308277005090273505],
    [10000001, -3.0448057102763748862],
    [300000001, -1.8128873783493858087],
    [644245093, -1.4395314720898173254], // the two sides of p = 0.075, where the formula changes
    [644245095, -1.4395314704450153116],
    [2147483649, -0.67448974982973843215],
    [4294967295, -2.9180993729166226723e-10],
  ])("is right to 1e-15 at p = %d / 2³³", (k, expected) => {
    const p = k / 2 ** 33;
    expect(Math.abs(quantile(p) / expected - 1)).toBeLessThan(1e-15);
    expect(Math.abs(normalQuantile(p) / expected - 1)).toBeLessThan(3e-15); // the twin
    expect(quantile(1 - p)).toBe(-quantile(p));
  });

  it("agrees with its twin on any uniform number, and is odd about one half", () => {
    expect(quantile(0.5)).toBe(0);
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 31 }), (bits, shift) => {
        const p = ((bits >>> shift) + 0.5) / 2 ** 32;
        const expected = normalQuantile(p);
        expect(Math.abs(quantile(p) - expected)).toBeLessThan(5e-15 * Math.max(0.1, Math.abs(expected)));
        expect(quantile(1 - p)).toBe(-quantile(p));
      }),
      { numRuns: 2000 },
    );
  });
});
