import { describe, expect, it } from "vitest";
import { kernels } from "./harness.js";

describe("allFinite", () => {
  const k = kernels();
  const { allFinite } = k.call;
  const largest = (2 - 2 ** -23) * 2 ** 127;
  const finite = [0, -0, 1, -1, largest, -largest, 2 ** -149, -(2 ** -149), 2 ** -126];

  it("finds a value that is not finite at any place, and none where there is none", () => {
    for (let n = 0; n <= 40; n++) {
      k.reset();
      const values = Float32Array.from({ length: n + 1 }, (_, i) => finite[i % finite.length]!);
      values[n] = NaN; // behind the end: not asked about
      const x = k.f32(values, 4);
      expect(allFinite!(n, x)).toBe(1);
      for (let i = 0; i < n; i++) {
        for (const odd of [NaN, -NaN, Infinity, -Infinity]) {
          new Float32Array(k.memory.buffer, x, n)[i] = odd;
          expect(allFinite!(n, x)).toBe(0);
        }
        new Float32Array(k.memory.buffer, x, n)[i] = values[i]!;
      }
    }
  });

  it("knows every kind of NaN", () => {
    for (const bits of [0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff, 0x7fc00000]) {
      expect(allFinite!(9, k.u32([0, 0, 0, 0, 0, 0, bits, 0, 0]))).toBe(0);
      expect(allFinite!(3, k.u32([0, bits, 0]))).toBe(0);
    }
  });
});
