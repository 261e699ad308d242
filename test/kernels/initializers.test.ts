import { describe, expect, it } from "vitest";
import { type Draw, normal, normalCdf, truncatedNormal, uniform } from "../reference/initializers.js";
import { kernels } from "./harness.js";

interface Family {
  readonly kernel: string;
  readonly twin: (n: number, draw: Draw, a: number, b: number) => number[];
  readonly a: number;
  readonly b: number;
  readonly mean: number;
  readonly variance: number;
  readonly kurtosis: number; // fourth moment over the variance squared
  readonly cdf: (x: number) => number;
  readonly lowest: number;
  readonly highest: number;
}

const INSIDE = normalCdf(2) - normalCdf(-2);
const EDGE = (2 * 2 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / INSIDE; // 2·2·φ(2) / (Φ(2) − Φ(−2))
const TRUNCATED_VARIANCE = 1 - EDGE;

const families: Family[] = [
  {
    kernel: "fillUniform",
    twin: uniform,
    a: -0.75,
    b: 0.5,
    mean: -0.125,
    variance: 1.25 ** 2 / 12,
    kurtosis: 1.8,
    cdf: (x) => (x + 0.75) / 1.25,
    lowest: -0.75,
    highest: 0.5,
  },
  {
    kernel: "fillNormal",
    twin: normal,
    a: 0.5,
    b: 2,
    mean: 0.5,
    variance: 4,
    kurtosis: 3,
    cdf: (x) => normalCdf((x - 0.5) / 2),
    lowest: 0.5 - 2 * 6.34,
    highest: 0.5 + 2 * 6.34,
  },
  {
    kernel: "fillTruncatedNormal",
    twin: truncatedNormal,
    a: -1,
    b: 0.5,
    mean: -1,
    variance: 0.25 * TRUNCATED_VARIANCE,
    kurtosis: (3 * TRUNCATED_VARIANCE - 4 * EDGE) / TRUNCATED_VARIANCE ** 2,
    cdf: (x) => (normalCdf((x + 1) / 0.5) - normalCdf(-2)) / INSIDE,
    lowest: -2,
    highest: 0,
  },
];

const GUARD_BYTES = 64;

describe.each(families)("$kernel", ({ kernel, twin, a, b, mean, variance, kurtosis, cdf, lowest, highest }) => {
  const k = kernels();
  const fill = k.call[kernel]!;
  const draw = { seedLo: 0xdeadbeef, seedHi: 7, op: 3 };

  function values(n: number, { seedLo, seedHi, op }: Draw): Float32Array {
    k.reset();
    const out = k.reserve(n * 4, 4);
    fill(n, out, seedLo, seedHi, op, a, b);
    return k.readF32(out, n);
  }

  it("gives the twin's values, rounded", () => {
    expect(values(3001, draw)).toEqual(Float32Array.from(twin(3001, draw, a, b)));
  });

  it("gives element i the same bits whatever n is, and writes nothing else", () => {
    const long = values(80, draw);
    for (let n = 0; n <= 70; n++) {
      k.reset();
      const out = k.reserve(n * 4 + GUARD_BYTES, 4);
      fill(n, out, draw.seedLo, draw.seedHi, draw.op, a, b);
      expect(k.readF32(out, n)).toEqual(long.slice(0, n));
      expect(k.readU32(out - 4, 1)[0]).toBe(0xaaaaaaaa);
      expect(k.readU32(out + n * 4, GUARD_BYTES / 4).every((word) => word === 0xaaaaaaaa)).toBe(true);
    }
  });

  it("depends on every word of seed and op", () => {
    const first = values(16, draw);
    for (const other of [{ seedLo: 1 }, { seedHi: 8 }, { op: 4 }]) {
      expect(values(16, { ...draw, ...other }).some((x, i) => x === first[i])).toBe(false);
    }
    expect(values(16, draw)).toEqual(first);
  });

  it("has the distribution it is named for (10⁶ draws)", () => {
    const n = 1_000_000;
    const sorted = values(n, { seedLo: 42, seedHi: 0, op: 0 }).sort();
    expect(sorted[0]).toBeGreaterThanOrEqual(lowest);
    expect(sorted[n - 1]).toBeLessThanOrEqual(highest);

    let sum = 0;
    for (const x of sorted) sum += x - mean;
    let squares = 0;
    for (const x of sorted) squares += (x - mean - sum / n) ** 2;
    // Both within four standard errors: 6 in 100,000 sound generators would fail.
    expect(Math.abs(sum / n)).toBeLessThan(4 * Math.sqrt(variance / n));
    expect(Math.abs(squares / n - variance)).toBeLessThan(4 * variance * Math.sqrt((kurtosis - 1) / n));

    // Kolmogorov and Smirnov: √n·D < 1.95 for 999 of 1,000. Looking at every 50th value misses at most 50/n of D.
    let distance = 0;
    for (let i = 0; i < n; i += 50) distance = Math.max(distance, Math.abs(cdf(sorted[i]!) - (i + 0.5) / n));
    expect(Math.sqrt(n) * distance).toBeLessThan(1.95 - 50 / Math.sqrt(n));
  });
});

describe("fillUniform", () => {
  const k = kernels();

  it("never reaches the upper bound, where rounding would", () => {
    const ulp = 2 ** -23;
    for (const [low, high] of [
      [1, 1 + ulp],
      [1, 1 + 2 * ulp],
      [-1 - 2 * ulp, -1],
      [-1, 0],
      [0, 1],
    ] as const) {
      k.reset();
      const n = 20_000;
      const out = k.reserve(n * 4);
      k.call.fillUniform!(n, out, 5, 6, 7, low, high);
      const values = k.readF32(out, n);
      expect(values.every((x) => x >= low && x < high)).toBe(true);
      if (low !== 1 || high !== 1 + ulp) expect(new Set(values).size).toBeGreaterThan(1);
    }
  });

  it("gives the one value there is when the bounds are equal", () => {
    const out = k.reserve(12);
    k.call.fillUniform!(3, out, 5, 6, 7, 0.5, 0.5);
    expect([...k.readF32(out, 3)]).toEqual([0.5, 0.5, 0.5]);
  });
});
