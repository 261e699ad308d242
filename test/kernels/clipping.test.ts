import { describe, expect, it } from "vitest";
import { SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_OFFSET } from "../../assembly/shared/layout.js";
import * as twin from "../reference/clipping.js";
import { normal } from "../reference/initializers.js";
import { type Kernels, kernels } from "./harness.js";

/** One rounding of the scale, one of the product. */
const ROUNDINGS = 2.1 * 2 ** -24;

/** Segments of 0 to 40 elements at every remainder of 8, with gaps of one to three elements. */
const segments: { offset: number; length: number }[] = [];
let regionLength = 1;
for (let length = 0; length <= 40; length++) {
  segments.push({ offset: regionLength, length });
  regionLength += length + 1 + (length % 3);
}

function tableOf(k: Kernels, list: typeof segments): number {
  const address = k.reserve(list.length * SEGMENT_BYTES);
  const view = new DataView(k.memory.buffer, address);
  list.forEach(({ offset, length }, i) => {
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_OFFSET, offset, true);
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_LENGTH, length, true);
  });
  return address;
}

function clipped(name: keyof typeof twin & string, region: Float32Array, list: typeof segments, limit: number) {
  const k = kernels();
  const table = tableOf(k, list);
  const address = k.f32(region, 4);
  k.call[name]!(table, list.length, address, limit);
  return k.readF32(address, region.length);
}

const random = (stddev: number) => Float32Array.from(normal(regionLength, { seedLo: 3, seedHi: 5, op: 7 }, 0, stddev));
const parts = (region: Float32Array) =>
  segments.map(({ offset, length }) => [...region.subarray(offset, offset + length)]);

describe.each(["clipByValue", "clipByNorm", "clipByGlobalNorm"] as const)("%s", (name) => {
  it.each([1e-3, 0.75, 4, 30, 1000])("limit %d: as in f64, and nothing between the segments changes", (limit) => {
    const region = random(1);
    const rounded = Math.fround(limit);
    const actual = clipped(name, region, segments, rounded);
    twin[name](parts(region), rounded).forEach((expected, i) => {
      const { offset, length } = segments[i]!;
      expected.forEach((value, j) => {
        expect(Math.abs(actual[offset + j]! - value)).toBeLessThanOrEqual(Math.abs(value) * ROUNDINGS);
      });
      actual.set(region.subarray(offset, offset + length), offset);
    });
    expect(actual).toEqual(region);
  });

  it("leaves zeros and what is within the limit as it is, to the bit", () => {
    const zeros = new Float32Array(regionLength);
    expect(clipped(name, zeros, segments, 1)).toEqual(zeros);
    const small = random(1e-3);
    expect(clipped(name, small, segments, 1)).toEqual(small);
  });

  it("does not overflow where the squares do in f32, and does not lose squares that are denormal", () => {
    const whole = [{ offset: 0, length: 9 }];
    for (const [size, limit] of [
      [3e38, 1],
      [1e-30, 1e-31],
    ] as const) {
      const region = Float32Array.from({ length: 9 }, (_, i) => (i % 2 ? -size : size));
      const [expected] = twin[name]([[...region]], Math.fround(limit));
      const actual = clipped(name, region, whole, limit);
      expected!.forEach((value, i) => expect(actual[i]! / value).toBeCloseTo(1, 5));
    }
  });
});

describe("sumOfSquares", () => {
  it("is one fixed order of additions, wherever the array stands and whatever lies behind it", () => {
    const values = random(1);
    for (let n = 0; n <= 40; n++) {
      const chains = new Array<number>(8).fill(0);
      for (let i = 0; i < n; i++) chains[i % 8]! += values[i]! * values[i]!;
      const [a, b, c, d, e, f, g, h] = chains as [number, number, number, number, number, number, number, number];
      const expected = a + c + (e + g) + (b + d + (f + h));
      const k = kernels();
      const region = values.slice(0, n + 8).fill(NaN, n);
      expect(k.call.sumOfSquares!(n, k.f32(region, 4))).toBe(expected);
      expect(k.call.sumOfSquares!(n, k.f32(region, 12))).toBe(expected);
    }
  });
});
