import { describe, expect, it } from "vitest";
import {
  SEGMENT_BYTES,
  SEGMENT_DECAY,
  SEGMENT_LENGTH,
  SEGMENT_OFFSET,
  SEGMENT_RATE_SCALE,
} from "../../assembly/shared/layout.js";
import { normal } from "../reference/initializers.js";
import { adam, type Segment, sgd } from "../reference/optimizers.js";
import { type Kernels, kernels } from "./harness.js";

const EPSILON32 = 2 ** -24; // the largest relative error of one rounding
const TINY = 1e-30;

function random(n: number, op: number, stddev: number): Float32Array {
  return Float32Array.from(normal(n, { seedLo: 11, seedHi: 13, op }, 0, stddev));
}

function writeSegments(k: Kernels, segments: readonly Segment[]): number {
  const address = k.reserve(segments.length * SEGMENT_BYTES);
  const view = new DataView(k.memory.buffer, address);
  segments.forEach((segment, i) => {
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_OFFSET, segment.offset, true);
    view.setUint32(i * SEGMENT_BYTES + SEGMENT_LENGTH, segment.length, true);
    view.setFloat32(i * SEGMENT_BYTES + SEGMENT_RATE_SCALE, segment.rateScale, true);
    view.setFloat32(i * SEGMENT_BYTES + SEGMENT_DECAY, segment.decay, true);
  });
  return address;
}

/** Segments of 0 to 70 elements at every remainder of 4, with gaps of one to three elements and different settings. */
const segments: Segment[] = [];
let regionLength = 1;
for (let length = 0; length <= 70; length++) {
  segments.push({
    offset: regionLength,
    length,
    rateScale: [1, 0.5, 0, 3][length % 4]!,
    decay: [0, 0.25, 0.125][length % 3]!,
  });
  regionLength += length + 1 + (length % 3);
}
const inside = new Uint8Array(regionLength);
for (const { offset, length } of segments) inside.fill(1, offset, offset + length);

interface Optimizer {
  readonly name: string;
  readonly slots: number;
  readonly learningRate: number;
  /** The addresses are those of segments, params, grads and slots. */
  readonly kernel: (k: Kernels, count: number, at: number[], step: number) => void;
  readonly twin: (params: Float64Array, grads: Float32Array, slots: Float64Array[], step: number) => void;
}

const optimizers: Optimizer[] = [
  {
    name: "sgd",
    slots: 0,
    learningRate: 0.1,
    kernel: (k, count, [s, p, g]) => k.call.sgd!(s!, count, p!, g!, 0, 0.1, 0, 0),
    twin: (p, g) => sgd(segments, p, g, null, 0.1, 0, false),
  },
  ...[false, true].map((nesterov) => ({
    name: nesterov ? "sgd with Nesterov's momentum" : "sgd with momentum",
    slots: 1,
    learningRate: 0.1,
    kernel: (k: Kernels, count: number, [s, p, g, v]: number[]) =>
      void k.call.sgd!(s!, count, p!, g!, v!, 0.1, 0.9, nesterov ? 1 : 0),
    twin: (p: Float64Array, g: Float32Array, [v]: Float64Array[]) => sgd(segments, p, g, v!, 0.1, 0.9, nesterov),
  })),
  {
    name: "adam",
    slots: 2,
    learningRate: 0.01,
    kernel: (k, count, [s, p, g, m, v], step) => k.call.adam!(s!, count, p!, g!, m!, v!, 0.01, 0.9, 0.999, 1e-7, step),
    twin: (p, g, [m, v], step) => adam(segments, p, g, m!, v!, 0.01, 0.9, 0.999, 1e-7, step),
  },
];

describe.each(optimizers)("$name", ({ slots, learningRate, kernel, twin }) => {
  const STEPS = 12;

  /** Each region has a gap full of 0xAA words in front and behind; gaps between the segments hold them too. */
  function region(k: Kernels, values: Float32Array): number {
    const address = k.reserve(regionLength * 4, 4);
    inside.forEach((segment, i) => {
      if (segment) new Float32Array(k.memory.buffer, address, regionLength)[i] = values[i]!;
    });
    return address;
  }

  it("follows its twin over twelve steps, and touches nothing between the segments", () => {
    const k = kernels();
    const start = random(regionLength, 1, 1);
    const params = region(k, start);
    const grads = region(k, new Float32Array(regionLength));
    const slotAddresses = Array.from({ length: slots }, () => region(k, new Float32Array(regionLength)));
    const at = [writeSegments(k, segments), params, grads, ...slotAddresses];
    const twinParams = Float64Array.from(start);
    const twinSlots = Array.from({ length: slots }, () => new Float64Array(regionLength));

    let largest = 1;
    for (let step = 1; step <= STEPS; step++) {
      const g = random(regionLength, 100 + step, 2);
      inside.forEach((segment, i) => {
        if (segment) new Float32Array(k.memory.buffer, grads, regionLength)[i] = g[i]!;
      });
      kernel(k, segments.length, at, step);
      twin(twinParams, g, twinSlots, step);
      largest = Math.max(largest, ...twinParams.map(Math.abs), ...twinSlots.flatMap((slot) => [...slot.map(Math.abs)]));
      expect(k.readF32(grads, regionLength).filter((_, i) => inside[i])).toEqual(g.filter((_, i) => inside[i]));
    }

    // Each step adds a few roundings of numbers no larger than `largest`.
    const tolerance = STEPS * 4 * EPSILON32 * largest;
    [params, ...slotAddresses].forEach((address, which) => {
      const actual = k.readF32(address, regionLength);
      const expected = which === 0 ? twinParams : twinSlots[which - 1]!;
      let error = 0;
      actual.forEach((x, i) => {
        if (inside[i]) error = Math.max(error, Math.abs(x - expected[i]!));
      });
      expect(error).toBeLessThan(tolerance);
      expect(k.readU32(address, regionLength).every((word, i) => inside[i] || word === 0xaaaaaaaa)).toBe(true);
      expect(k.readU32(address - 4, 1)[0]).toBe(0xaaaaaaaa);
      expect(k.readU32(address + regionLength * 4, 8).every((word) => word === 0xaaaaaaaa)).toBe(true);
    });
    expect(k.readF32(params, regionLength).some((x, i) => inside[i] && x !== start[i])).toBe(true);
  });

  it("leaves a segment alone whose rate is zero", () => {
    const k = kernels();
    const params = k.f32(random(9, 1, 1));
    const before = k.readU32(params, 9);
    const addresses = [params, k.f32(random(9, 2, 1)), k.f32(new Float32Array(9)), k.f32(new Float32Array(9))];
    kernel(k, 1, [writeSegments(k, [{ offset: 0, length: 9, rateScale: 0, decay: 0.5 }]), ...addresses], 1);
    expect(k.readU32(params, 9)).toEqual(before);
  });

  it("gives an element the same bits at any place in a segment", () => {
    const n = 21;
    const runAt = (offset: number): Uint32Array[] => {
      const k = kernels();
      const shifted = (values: Float32Array): number => k.f32([...new Float32Array(offset), ...values]);
      const addresses = [random(n, 1, 1), random(n, 2, 1), ...Array(2).fill(new Float32Array(n))].map(shifted);
      const segment = { offset: 0, length: n + offset, rateScale: 0.7, decay: 0.01 };
      const table = writeSegments(k, [segment]);
      for (let step = 1; step <= 5; step++) kernel(k, 1, [table, ...addresses], step);
      return addresses.map((address) => k.readU32(address + offset * 4, n));
    };
    for (const offset of [1, 2, 3]) expect(runAt(offset)).toEqual(runAt(0));
  });

  it("keeps no denormal, however long the gradients are zero", () => {
    const k = kernels();
    const n = 67;
    const magnitudes = Float32Array.from({ length: n }, (_, i) => (i % 2 ? -1 : 1) * 10 ** (3 - i / 1.5)); // to 1e-41
    const start = random(n, 1, 1);
    const params = k.f32(start);
    const grads = k.f32(magnitudes);
    const slotAddresses = Array.from({ length: slots }, () => k.f32(new Float32Array(n)));
    const at = [writeSegments(k, [{ offset: 0, length: n, rateScale: 1, decay: 0 }]), params, grads, ...slotAddresses];
    const isClean = (): boolean =>
      slotAddresses.every((address) => k.readF32(address, n).every((x) => x === 0 || Math.abs(x) >= Math.fround(TINY)));

    let step = 1;
    for (; step <= 5; step++) kernel(k, 1, at, step);
    expect(isClean()).toBe(true);
    if (slots > 0) expect(k.readF32(slotAddresses[0]!, n).some((x) => x !== 0)).toBe(true);
    new Float32Array(k.memory.buffer, grads, n).fill(0);
    for (; step <= 10_005; step++) {
      kernel(k, 1, at, step);
      if (step % 10 === 0) expect(isClean()).toBe(true);
    }
    if (slots > 0) expect(k.readF32(slotAddresses[0]!, n).every((x) => x === 0)).toBe(true); // 0.9^10000 is nothing
    expect(k.readF32(params, n).every(Number.isFinite)).toBe(true);
    expect(Math.abs(k.readF32(params, n)[0]! - start[0]!)).toBeGreaterThan(learningRate);
  });

  it("never flushes a parameter", () => {
    const k = kernels();
    const small = [1e-35, -1e-35, 2 ** -149, -(2 ** -149), 1e-31];
    const params = k.f32(small);
    const addresses = [params, ...Array.from({ length: 3 }, () => k.f32(new Float32Array(5)))];
    kernel(k, 1, [writeSegments(k, [{ offset: 0, length: 5, rateScale: 1, decay: 0 }]), ...addresses], 1);
    expect(k.readF32(params, 5)).toEqual(Float32Array.from(small));
  });
});

describe("adam", () => {
  it("takes a first step of −lr · sign(g)", () => {
    const k = kernels();
    const g = Float32Array.from({ length: 49 }, (_, i) => (i % 3 ? 1 : -1) * 10 ** (i / 4 - 9));
    const params = k.f32(new Float32Array(g.length));
    const zeros = [0, 1].map(() => k.f32(new Float32Array(g.length)));
    const table = writeSegments(k, [{ offset: 0, length: g.length, rateScale: 1, decay: 0 }]);
    k.call.adam!(table, 1, params, k.f32(g), zeros[0]!, zeros[1]!, 0.001, 0.9, 0.999, 0, 1);
    k.readF32(params, g.length).forEach((x, i) => {
      expect(Math.abs(x / (-0.001 * Math.sign(g[i]!)) - 1)).toBeLessThan(8 * EPSILON32);
    });
  });

  it("corrects the bias of any step", () => {
    const k = kernels();
    const table = writeSegments(k, [{ offset: 0, length: 1, rateScale: 1, decay: 0 }]);
    for (const step of [1, 2, 3, 10, 999, 1000, 65_537, 4_000_000_000]) {
      const [p, g, m, v] = [0, 0.25, 0.5, 4].map((x) => k.f32([x])) as [number, number, number, number];
      k.call.adam!(table, 1, p, g, m, v, 0.01, 0.9, 0.999, 1e-7, step);
      const expected = [0, 0.5, 4].map((x) => Float64Array.of(x)) as [Float64Array, Float64Array, Float64Array];
      const segment = { offset: 0, length: 1, rateScale: 1, decay: 0 };
      adam([segment], expected[0], [0.25], expected[1], expected[2], 0.01, 0.9, 0.999, 1e-7, step);
      expect(Math.abs(k.readF32(p, 1)[0]! / expected[0][0]! - 1)).toBeLessThan(8 * EPSILON32);
    }
  });
});
