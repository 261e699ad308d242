import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STREAM_SHUFFLE, STREAM_SPLIT } from "../../assembly/shared/random.js";
import { gather, permutation } from "../reference/batch.js";
import { kernels } from "./harness.js";

const GUARD_BYTES = 64;

/** What chi-square with `freedom` degrees exceeds once in 10,000 times (Wilson and Hilferty). */
function chiSquareLimit(freedom: number): number {
  const h = 2 / (9 * freedom);
  return freedom * (1 - h + 3.719 * Math.sqrt(h)) ** 3;
}

function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2 / expected;
  return sum;
}

describe("permute", () => {
  const k = kernels();

  function permute(n: number, seedLo: number, seedHi = 0, epoch = 0, stream = STREAM_SHUFFLE): Uint32Array {
    k.reset();
    const order = k.reserve(n * 4 + GUARD_BYTES, 4);
    k.call.permute!(n, order, seedLo, seedHi, epoch, stream);
    expect(k.readU32(order - 4, 1)[0]).toBe(0xaaaaaaaa);
    expect(k.readU32(order + n * 4, GUARD_BYTES / 4).every((word) => word === 0xaaaaaaaa)).toBe(true);
    return k.readU32(order, n);
  }

  it("gives the twin's order for every small n", () => {
    for (let n = 0; n <= 70; n++) {
      const order = permute(n, n, 3, 5, STREAM_SPLIT);
      expect([...order]).toEqual(permutation(n, n, 3, 5, STREAM_SPLIT).order);
      expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
    }
  });

  it("gives the twin's order where words are rejected", () => {
    const { order, redraws } = permutation(200_000, 1, 0, 0, STREAM_SHUFFLE);
    expect(redraws).toBeGreaterThan(0);
    expect(permute(200_000, 1).every((element, i) => element === order[i])).toBe(true);
  });

  it("repeats with the same seed and differs in epoch, seed and stream", () => {
    const first = [...permute(50, 9, 8, 7, STREAM_SHUFFLE)];
    expect([...permute(50, 9, 8, 7, STREAM_SHUFFLE)]).toEqual(first);
    expect([...permute(50, 10, 8, 7, STREAM_SHUFFLE)]).not.toEqual(first);
    expect([...permute(50, 9, 9, 7, STREAM_SHUFFLE)]).not.toEqual(first);
    expect([...permute(50, 9, 8, 8, STREAM_SHUFFLE)]).not.toEqual(first);
    expect([...permute(50, 9, 8, 7, STREAM_SPLIT)]).not.toEqual(first);
  });

  it.each([
    [4, 24, 24_000],
    [5, 120, 60_000],
  ])("makes all orders of %d elements equally likely", (n, orders, draws) => {
    const order = k.reserve(n * 4);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      k.call.permute!(n, order, seed, 0, 0, STREAM_SHUFFLE);
      const key = k.readU32(order, n).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(orders);
    expect(chiSquare(counts.values(), draws / orders)).toBeLessThan(chiSquareLimit(orders - 1));
  });

  it("puts every element of many at every place equally often", () => {
    const n = 37;
    const epochs = 8000;
    const order = k.reserve(n * 4);
    const counts = new Uint32Array(n * n);
    for (let epoch = 0; epoch < epochs; epoch++) {
      k.call.permute!(n, order, 1, 2, epoch, STREAM_SHUFFLE);
      k.readU32(order, n).forEach((element, place) => counts[element * n + place]!++);
    }
    // The table's rows and columns have fixed sums: (n − 1)² degrees of freedom, each n/(n − 1) as wide as a free one.
    expect(chiSquare(counts, epochs / n) * (1 - 1 / n)).toBeLessThan(chiSquareLimit((n - 1) ** 2));
  });
});

describe.each([
  { kernel: "gatherF32", bytes: 4 },
  { kernel: "gatherU8", bytes: 1 },
])("$kernel", ({ kernel, bytes }) => {
  const k = kernels();
  const source = fc.sample(fc.float({ noNaN: true, min: -1000, max: 1000 }), { numRuns: 12 * 70, seed: 1 });

  function data(width: number): Float32Array | Uint8Array {
    return bytes === 1
      ? Uint8Array.from({ length: 12 * width }, (_, i) => i * 37)
      : Float32Array.from(source.slice(0, 12 * width));
  }

  function run(
    width: number,
    order: number[] | null,
    first: number,
    rows: number,
    scale: number,
    offset: number,
  ): [Float32Array, Float32Array] {
    k.reset();
    const values = data(width);
    const src = values instanceof Uint8Array ? k.u8(values) : k.f32(values, 4);
    const rowIndices = order ? k.u32(order) : 0;
    const out = k.reserve(rows * width * 4 + GUARD_BYTES, 12);
    k.call[kernel]!(rows, width, src, rowIndices, first, out, scale, offset);
    expect(k.readU32(out - 12, 3).every((word) => word === 0xaaaaaaaa)).toBe(true);
    expect(k.readU32(out + rows * width * 4, GUARD_BYTES / 4).every((word) => word === 0xaaaaaaaa)).toBe(true);
    const expected = gather(rows, width, values, order, first, Math.fround(scale), Math.fround(offset));
    return [k.readF32(out, rows * width), Float32Array.from(expected)];
  }

  const unordered = [7, 0, 11, 11, 3, 7, 1, 0];

  it("copies exactly with scale 1 and offset 0, for every width", () => {
    for (let width = 1; width <= 70; width++) {
      for (const order of [unordered, null]) {
        const [actual, expected] = run(width, order, 1, 5, 1, 0);
        expect(actual).toEqual(expected);
      }
    }
  });

  it("scales and shifts, for every width", () => {
    for (let width = 1; width <= 70; width++) {
      for (const order of [unordered, null]) {
        const [actual, expected] = run(width, order, 2, 6, 1 / 255, -0.5);
        // The twin rounds once, the kernel twice.
        actual.forEach((x, i) => {
          expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(2 ** -23 * (Math.abs(expected[i]!) + 1));
        });
      }
    }
  });

  it("writes nothing for no rows", () => {
    expect(run(5, unordered, 0, 0, 2, 1)[0]).toHaveLength(0);
    expect(run(5, null, 0, 0, 2, 1)[0]).toHaveLength(0);
  });
});

describe("the gathers", () => {
  it("widen every byte exactly", () => {
    const k = kernels();
    const src = k.u8(Array.from({ length: 256 }, (_, i) => i));
    const out = k.reserve(256 * 4);
    k.call.gatherU8!(1, 256, src, 0, 0, out, 1, 0);
    expect([...k.readF32(out, 256)]).toEqual(Array.from({ length: 256 }, (_, i) => i));
    k.call.gatherU8!(1, 256, src, 0, 0, out, 1 / 255, 0);
    const scale = Math.fround(1 / 255);
    expect([...k.readF32(out, 256)]).toEqual(Array.from({ length: 256 }, (_, i) => Math.fround(i * scale)));
  });

  it("copy the bits of −0, NaN, infinities and denormals", () => {
    const k = kernels();
    const bits = [0x80000000, 0x7fc12345, 0xffc00001, 0x7f800000, 0xff800000, 1, 0x80000001];
    for (const order of [k.u32([0]), 0]) {
      const out = k.reserve(bits.length * 4);
      k.call.gatherF32!(1, bits.length, k.u32(bits), order, 0, out, 1, 0);
      expect([...k.readU32(out, bits.length)]).toEqual(bits);
    }
  });
});
