import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMBINE_COUNT } from "../../assembly/shared/combine.js";
import { COMBINED } from "../reference/combine.js";
import { kernels } from "./harness.js";

const { fround } = Math;
const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!; // what the harness fills memory with

const matrices = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 19 }),
  shift: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

function numbers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => fround((((i + seed) * 7919) % 17) / 4 - 2));
}

describe.each(Array.from({ length: COMBINE_COUNT }, (_, code) => code))("function %i", (code) => {
  const exact = COMBINED[code]!;

  it("is the twin's, rounded once, at every size, in place too; nothing else is written", () => {
    fc.assert(
      fc.property(matrices, ({ rows, width, shift, seed }) => {
        const { call, f32, reserve, readF32 } = kernels();
        const [a, b] = [numbers(rows * width, seed), numbers(rows * width, seed * 3 + 1)];
        const expected = Float32Array.from(a, (x, i) => exact(x, b[i]!));
        const [at, bt] = [f32(a, shift * 4), f32(b)];
        const c = reserve((a.length + 2) * 4) + 4;
        call.combine!(code, a.length, at, bt, c);
        expect(readF32(c - 4, a.length + 2)).toEqual(Float32Array.of(POISON, ...expected, POISON));
        call.combine!(code, a.length, at, bt, at);
        expect(readF32(at, a.length + 1)).toEqual(Float32Array.of(...expected, POISON));

        const perRow = Float32Array.from(a, (x, i) => exact(x, b[i % width]!));
        call.combineRows!(code, rows, width, f32(a), bt, c);
        expect(readF32(c - 4, a.length + 2)).toEqual(Float32Array.of(POISON, ...perRow, POISON));
      }),
    );
  });

  it("takes infinities and NaN as IEEE does", () => {
    const ends = [0, 1, -1, Infinity, -Infinity, NaN];
    const a = ends.flatMap((x) => ends.map(() => x));
    const b = ends.flatMap(() => ends);
    const { call, f32, reserve, readF32 } = kernels();
    const c = reserve(a.length * 4);
    call.combine!(code, a.length, f32(a), f32(b), c);
    expect(readF32(c, a.length)).toEqual(Float32Array.from(a, (x, i) => exact(x, b[i]!)));
  });
});

it("columns are placed and taken back, and nothing beside them is touched", () => {
  fc.assert(
    fc.property(matrices, fc.nat(5), fc.nat(5), ({ rows, width, seed }, before, behind) => {
      const { call, f32, reserve, readF32 } = kernels();
      const pitch = before + width + behind;
      const x = numbers(rows * width, seed);
      const y = reserve(rows * pitch * 4);
      call.placeColumns!(rows, width, pitch, f32(x), y, before);
      const placed = readF32(y, rows * pitch + 1);
      expect([...placed].filter((value) => value !== POISON)).toEqual([...x]);
      for (let row = 0; row < rows; row++) expect(placed[row * pitch + before]).toBe(x[row * width]);
      const back = reserve((x.length + 1) * 4);
      call.sliceColumns!(rows, width, pitch, y, back, before);
      expect(readF32(back, x.length + 1)).toEqual(Float32Array.of(...x, POISON));
    }),
  );
});

it("rows: a number along each, their sums and maxima", () => {
  fc.assert(
    fc.property(matrices, ({ rows, width, shift, seed }) => {
      const { call, f32, reserve, readF32 } = kernels();
      const x = numbers(rows * width, seed);
      const at = f32(x, shift * 4);
      const [sums, maxima] = [reserve((rows + 1) * 4), reserve((rows + 1) * 4)];
      call.rowSum!(rows, width, at, sums);
      call.rowMaxima!(rows, width, at, maxima);
      const rowOf = (i: number) => Array.from(x.subarray(i * width, (i + 1) * width));
      const all = Array.from({ length: rows }, (_, i) => rowOf(i));
      // Quarters below 2, nineteen of them at most: every sum is exact.
      expect(readF32(sums, rows + 1)).toEqual(
        Float32Array.of(...all.map((row) => row.reduce((a, b) => a + b, 0)), POISON),
      );
      expect(readF32(maxima, rows + 1)).toEqual(Float32Array.of(...all.map((row) => Math.max(...row)), POISON));

      const y = reserve((x.length + 1) * 4);
      call.spread!(rows, width, at, y);
      expect(readF32(y, x.length + 1)).toEqual(Float32Array.of(...x.map((_, i) => x[Math.floor(i / width)]!), POISON));
    }),
  );
});

it("a row's sum keeps to the bound of a chain in f32", () => {
  const { call, f32, reserve, readF32 } = kernels();
  const x = Float32Array.from({ length: 1003 }, (_, i) => fround(((i * 7919) % 2003) / 1000 - 1 + 1e-5 * i));
  const sum = reserve(4);
  call.rowSum!(1, x.length, f32(x), sum);
  const exact = x.reduce((a, b) => a + b, 0);
  const magnitudes = x.reduce((a, b) => a + Math.abs(b), 0);
  expect(Math.abs(readF32(sum, 1)[0]! - exact)).toBeLessThanOrEqual((x.length + 2) * 2 ** -24 * magnitudes);
});
