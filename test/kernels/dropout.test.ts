import { describe, expect, it } from "vitest";
import { isKept } from "../reference/dropout.js";
import * as twin from "../reference/dropout.js";
import { kernels } from "./harness.js";

const k = kernels();
const key = ({ layer, step, seed }: twin.Draw) => [layer, step, seed >>> 0, Math.floor(seed / 2 ** 32)];
const draws: twin.Draw[] = [
  { layer: 0, step: 0, seed: 0 },
  { layer: 3, step: 70000, seed: 2 ** 40 + 5 },
  { layer: 7, step: 2 ** 32 - 1, seed: 2 ** 53 - 1 },
];

describe("mask", () => {
  it.each(draws)("keeps the twin's elements, at any length and address, and writes nothing else", (draw) => {
    for (let n = 1; n <= 35; n++) {
      k.reset();
      const values = Float32Array.from({ length: n }, (_, i) => (i % 5 === 0 ? Infinity : i - 7.5));
      const x = k.f32(values, 4);
      const y = k.reserve((n + 4) * 4, 8);
      const behind = k.readU32(y + n * 4, 4);
      k.call.mask!(n, x, y, 26214, 1.5, 0.25, -3, ...key(draw));
      const expected = values.map((value, i) => (isKept(i, 0.4, draw) ? value * 1.5 + 0.25 : -3));
      expect(k.readF32(y, n)).toEqual(expected);
      expect(k.readU32(y + n * 4, 4)).toEqual(behind);
      k.call.mask!(n, x, x, 26214, 1.5, 0.25, -3, ...key(draw)); // in place
      expect(k.readF32(x, n)).toEqual(expected);
    }
  });

  it("keeps an element whose bits are the threshold, and drops it one above", () => {
    for (const draw of draws) {
      let bits = 0; // of element 0: the greatest threshold that keeps it
      while (bits < 65535 && isKept(0, (bits + 1) / 65536, draw)) bits++;
      for (const [threshold, kept] of [
        [bits, 1],
        [bits + 1, 0],
      ] as const) {
        k.reset();
        const x = k.f32([1]);
        k.call.mask!(1, x, x, threshold, 1, 0, 0, ...key(draw));
        expect(k.readF32(x, 1)[0]).toBe(kept);
      }
    }
  });

  it("drops the share that it says, evenly over the bits of a block", () => {
    k.reset();
    const n = 2 ** 18;
    const x = k.f32(new Float32Array(n).fill(1));
    for (const share of [0.05, 0.5, 0.9]) {
      const y = k.reserve(n * 4);
      k.call.mask!(n, x, y, Math.round(share * 65536), 1, 0, 0, 1, 2, 3, 4);
      const kept = k.readF32(y, n);
      const deviation = Math.sqrt((share * (1 - share)) / (n / 8));
      for (let lane = 0; lane < 8; lane++) {
        let dropped = 0;
        for (let i = lane; i < n; i += 8) dropped += 1 - kept[i]!;
        expect(Math.abs(dropped / (n / 8) - share)).toBeLessThan(4 * deviation);
      }
    }
  });
});

describe("addNoise", () => {
  it.each(draws)("adds the twin's noise, at any length, and writes nothing else", (draw) => {
    for (let n = 1; n <= 13; n++) {
      k.reset();
      const values = Float32Array.from({ length: n }, (_, i) => i / 4 - 1);
      const x = k.f32(values, 4);
      const y = k.reserve((n + 4) * 4, 12);
      const behind = k.readU32(y + n * 4, 4);
      k.call.addNoise!(n, x, y, 0.5, ...key(draw));
      const expected = twin.gaussianNoise(values, 0.5, draw);
      k.readF32(y, n).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(4 * 2 ** -24));
      expect(k.readU32(y + n * 4, 4)).toEqual(behind);
    }
  });

  it("has the mean and deviation that it says", () => {
    k.reset();
    const n = 2 ** 16;
    const x = k.f32(new Float32Array(n));
    k.call.addNoise!(n, x, x, 2, 1, 2, 3, 4);
    const noise = k.readF32(x, n);
    const mean = noise.reduce((a, b) => a + b, 0) / n;
    const variance = noise.reduce((a, b) => a + b * b, 0) / n;
    expect(Math.abs(mean)).toBeLessThan((4 * 2) / Math.sqrt(n));
    expect(Math.abs(variance / 4 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });
});
