import { describe, expect, it } from "vitest";
import { SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_OFFSET } from "../../assembly/shared/layout.js";
import { moveMean } from "../reference/average.js";
import { normal } from "../reference/initializers.js";
import { type Kernels, kernels } from "./harness.js";

/** Segments of 0 to 40 elements at every remainder of 8, with gaps of one to three elements. */
const segments: { offset: number; length: number }[] = [];
let size = 1;
for (let length = 0; length <= 40; length++) {
  segments.push({ offset: size, length });
  size += length + 1 + (length % 3);
}
const inside = new Uint8Array(size);
for (const { offset, length } of segments) inside.fill(1, offset, offset + length);

const random = (op: number) => Float32Array.from(normal(size, { seedLo: 3, seedHi: 5, op }, 0, 1));
const [x, mean, other] = [random(1), random(2), random(3)];

function tableOf(k: Kernels): number {
  const address = k.reserve(segments.length * SEGMENT_BYTES);
  const view = new DataView(k.memory.buffer, address);
  segments.forEach(({ offset, length }, i) => {
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_OFFSET, offset, true);
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_LENGTH, length, true);
  });
  return address;
}

/** x, mean and out after the call; `into` says where the result goes. */
function moved(share: number, into: "x" | "mean" | "elsewhere", from = x, to = mean) {
  const k = kernels();
  const table = tableOf(k);
  const at = { x: k.f32(from, 4), mean: k.f32(to, 8), elsewhere: k.f32(other, 12) };
  k.call.moveMean!(table, segments.length, at.x, at.mean, at[into], share);
  return { x: k.readF32(at.x, size), mean: k.readF32(at.mean, size), elsewhere: k.readF32(at.elsewhere, size) };
}

describe.each(["x", "mean", "elsewhere"] as const)("into %s", (into) => {
  const others = (["x", "mean", "elsewhere"] as const).filter((name) => name !== into);
  const before = { x, mean, elsewhere: other };

  it.each([1e-3, 0.1, 0.5, 0.75].map(Math.fround))("a share of %d: as in f64, and nothing else changes", (share) => {
    const after = moved(share, into);
    const expected = moveMean(x, mean, share);
    after[into].forEach((value, i) => {
      if (!inside[i]) return expect(value).toBe(before[into][i]);
      // Three roundings, of numbers no larger than these.
      expect(Math.abs(value - expected[i]!)).toBeLessThan(3 * 2 ** -24 * (Math.abs(x[i]!) + Math.abs(mean[i]!)));
    });
    for (const name of others) expect(after[name]).toEqual(before[name]);
  });

  it("a share of 1 copies, whatever the mean holds", () => {
    const after = moved(
      1,
      into,
      x,
      mean.map(() => NaN),
    );
    after[into].forEach((value, i) => expect(value).toBe(inside[i] ? x[i] : into === "mean" ? NaN : before[into][i]));
  });
});

it("a mean of what stays is what stays, to the bit", () => {
  const small = x.map((value, i) => (i % 3 ? value : value * 1e-38));
  expect(moved(Math.fround(0.3), "mean", small, small).mean).toEqual(small);
});

it("a mean of what became zero never gets to the denormals", () => {
  const k = kernels();
  const table = tableOf(k);
  const at = { x: k.f32(new Float32Array(size)), mean: k.f32(mean) };
  for (let step = 0; step < 3000; step++) k.call.moveMean!(table, segments.length, at.x, at.mean, at.mean, 0.25);
  const magnitudes = k
    .readF32(at.mean, size)
    .filter((_, i) => inside[i])
    .map(Math.abs);
  expect(Math.max(...magnitudes)).toBeLessThan(2e-30);
  expect(Math.min(...magnitudes)).toBeGreaterThan(1e-31);
});
