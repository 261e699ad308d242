import fc from "fast-check";
import { expect, it } from "vitest";
import * as S from "../../assembly/shared/statistics.js";
import { openTensor, readTensor, type TensorStatistics } from "../../src/diagnostics/observation.js";
import { kernels } from "./harness.js";

const { fround } = Math;
const number = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: fround(-1e30), max: fround(1e30) }),
  fc.constantFrom(0, -0, 1, -1, 1.5, -0.75, NaN, Infinity, -Infinity, 1e-42),
);
const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: fround(-1e30), max: fround(1e30) });
const batches = fc.array(fc.array(number, { minLength: 1, maxLength: 37 }), { minLength: 1, maxLength: 4 });

function empty(memory: WebAssembly.Memory, block: number): void {
  new Uint8Array(memory.buffer, block, S.TENSOR_BLOCK_WORDS * 4).fill(0);
  openTensor(new DataView(memory.buffer), block);
}

/** What the block says after these batches. */
function gathered(all: readonly (readonly number[])[]): TensorStatistics {
  const { call, memory, f32, reserve } = kernels();
  const block = reserve(S.TENSOR_BLOCK_WORDS * 4);
  empty(memory, block);
  all.forEach((batch, i) => call.tensorStatistics!(batch.length, f32(batch, (i % 4) * 4), block));
  return readTensor(new DataView(memory.buffer), block)!;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

it("count, mean, deviation and ends are those of all finite numbers", () => {
  fc.assert(
    fc.property(batches, (all) => {
      const numbers = all.flat().map(fround);
      const finite = numbers.filter(Number.isFinite);
      const found = gathered(all);
      expect(found.count).toBe(numbers.length);
      expect(found.nonFinite).toBe(numbers.length - finite.length);
      expect(found.zeros).toBe(numbers.filter((x) => x === 0).length);
      if (finite.length === 0) {
        expect(found.min).toBeNaN();
        return;
      }
      const scale = Math.max(...finite.map(Math.abs));
      const mean = sum(finite) / finite.length;
      const squares = sum(finite.map((x) => x * x)) / finite.length;
      expect(Math.abs(found.mean - mean)).toBeLessThanOrEqual(1e-13 * scale);
      expect(Math.abs(found.rms ** 2 - squares)).toBeLessThanOrEqual(1e-13 * squares);
      expect(Math.abs(found.std ** 2 - Math.max(0, squares - mean * mean))).toBeLessThanOrEqual(1e-12 * scale * scale);
      expect([found.min + 0, found.max + 0]).toEqual([Math.min(...finite) + 0, Math.max(...finite) + 0]);
      expect(sum(found.histogram.map(({ count }) => count))).toBe(finite.length);
    }),
  );
});

it("what stands behind the last element is not looked at", () => {
  const { call, memory, f32, reserve } = kernels();
  for (let n = 1; n <= 9; n++) {
    const block = reserve(S.TENSOR_BLOCK_WORDS * 4);
    empty(memory, block);
    call.tensorStatistics!(n, f32([...new Array<number>(n).fill(2), 0, 0, 0, NaN, 7, 7]), block);
    const { count, zeros, nonFinite, mean, max } = readTensor(new DataView(memory.buffer), block)!;
    expect([count, zeros, nonFinite, mean, max]).toEqual([n, 0, 0, 2, 2]);
  }
});

it("bins hold what lies between their bounds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 }),
      (given) => {
        const numbers = given.map(fround);
        for (const { low, high, count } of gathered([given]).histogram) {
          const last = Math.abs(low) >= 2 ** 24 || Math.abs(high) >= 2 ** 24; // holds all beyond
          const inside = numbers.filter((x) => {
            if (low < 0 && high > 0) return x > low && x < high;
            if (low >= 0) return x >= low && (x < high || last);
            return x <= high && (x > low || last);
          });
          expect(inside.length, `${low} … ${high}`).toBe(count);
        }
      },
    ),
    { numRuns: 300 },
  );
});

it("the squared distance of two arrays is theirs up to the last element", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 13 }), (pairs) => {
      const { call, f32 } = kernels();
      const [a, b] = [0, 1].map((side) => pairs.map((pair) => pair[side]!));
      const exact = sum(pairs.map(([x, y]) => fround(x - y) ** 2));
      const found = call.squaredDistance!(
        pairs.length,
        f32([...a!, 7, 7, 7]),
        f32([...b!, 0, NaN, 0]),
      ) as unknown as number;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(1e-14 * exact);
    }),
  );
});

it("slopes: units that are never active, and outputs below the threshold", () => {
  const matrices = fc.record({
    rows: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 13 }),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(matrices, ({ rows, width, seed }) => {
      const { call, memory, f32, reserve } = kernels();
      const slopes = Float32Array.from({ length: rows * width }, (_, i) => {
        const k = (i * 7919 + seed * 104729) % 11;
        return k < 5 ? 0 : (k % 2 ? -1 : 1) * k * 0.01;
      });
      const words = S.SLOPE_BLOCK_WORDS + width;
      const block = reserve((words + 1) * 4);
      const view = new DataView(memory.buffer);
      for (let i = 0; i < words; i++) view.setUint32(block + i * 4, 0, true);
      const poison = view.getUint32(block + words * 4, true);
      for (let time = 0; time < 2; time++) call.slopeStatistics!(rows, width, f32(slopes), block, 0.07);
      const after = new DataView(memory.buffer);
      for (let unit = 0; unit < width; unit++) {
        const active = slopes.filter((slope, i) => i % width === unit && slope !== 0).length;
        expect(after.getUint32(block + S.SLOPES_ACTIVE + unit * 4, true)).toBe(2 * active);
      }
      expect(after.getFloat64(block + S.SLOPES_ROWS, true)).toBe(2 * rows);
      expect(after.getFloat64(block + S.SLOPES_ELEMENTS, true)).toBe(2 * slopes.length);
      const flat = slopes.filter((slope) => Math.abs(slope) < fround(0.07)).length;
      expect(after.getFloat64(block + S.SLOPES_SATURATED, true)).toBe(2 * flat);
      expect(after.getUint32(block + words * 4, true)).toBe(poison);
    }),
  );
});
