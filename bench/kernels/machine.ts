// The machine's own limits: peak arithmetic and copy bandwidth, through the same engine and the same vectors.

import { readFileSync } from "node:fs";
import { best } from "./measure.js";

const BASE = 65536;
const PEAK_TURNS = 10_000;
const OPERATIONS_PER_TURN = 48 * 4;
const FUSED_PER_TURN = 40 * 4;
const MOST_BYTES = 128 << 20; // of both arrays of a copy

interface Limits {
  readonly memory: WebAssembly.Memory;
  peak(turns: number, state: number): void;
  copy(n: number, from: number, to: number): void;
}

interface FusedLimit {
  readonly memory: WebAssembly.Memory;
  fusedPeak(turns: number, state: number): void;
}

function instantiate(file: string, bytes: number): unknown {
  const module = new WebAssembly.Module(readFileSync(new URL(`../../../${file}`, import.meta.url)));
  const { exports } = new WebAssembly.Instance(module, {});
  (exports.memory as WebAssembly.Memory).grow((BASE + bytes) / 65536);
  return exports;
}

const limits = instantiate("peak.wasm", MOST_BYTES) as Limits;
let fused: FusedLimit | undefined; // an engine without relaxed SIMD refuses it

/** GFLOP/s of independent multiplications and additions in registers; throws if they were not all carried out. */
export function peakGflops(seconds: number): number {
  const state = new Float32Array(limits.memory.buffer, BASE, 56);
  const seconds1 = best(() => limits.peak(PEAK_TURNS, BASE), seconds);

  // × −1 and + 1, an even number of times each: the products come back, the sums count the additions.
  state.fill(-1, 0, 4).fill(1, 4, 8).fill(3, 8, 32).fill(0, 32, 56);
  limits.peak(PEAK_TURNS, BASE);
  const products = state.subarray(8, 32).every((x) => x === 3);
  const sums = state.subarray(32, 56).every((x) => x === 4 * PEAK_TURNS);
  if (!products || !sums) throw new Error("The loop that measures the peak did not do its work.");
  return (PEAK_TURNS * OPERATIONS_PER_TURN) / seconds1 / 1e9;
}

/** GFLOP/s of independent fused multiply-adds in registers, two flops each; throws if they were not all carried out. */
export function fusedPeakGflops(seconds: number): number {
  const { memory, fusedPeak } = (fused ??= instantiate("fusedPeak.wasm", 65536) as FusedLimit);
  const state = new Float32Array(memory.buffer, BASE, 48);
  const fastest = best(() => fusedPeak(PEAK_TURNS, BASE), seconds);
  state.fill(1, 0, 4).fill(2, 4, 8).fill(0, 8);
  fusedPeak(PEAK_TURNS, BASE);
  if (!state.subarray(8).every((sum) => sum === 8 * PEAK_TURNS)) {
    throw new Error("The loop that measures the fused peak did not do its work.");
  }
  return (2 * PEAK_TURNS * FUSED_PER_TURN) / fastest / 1e9;
}

/** GB/s, read and written together, of a copy from one half of so many bytes to the other. */
export function copyGigabytes(bytes: number, seconds: number): number {
  const n = bytes / 8;
  const runs = Math.ceil((4 << 20) / bytes);
  const perRun = best(() => {
    for (let i = 0; i < runs; i++) limits.copy(n, BASE, BASE + n * 4);
  }, seconds);
  return (runs * n * 8) / perRun / 1e9;
}
