// Products with what each build must hold them to: the bits of the chain, the bound of its error, and that nothing is written
// beside c and its scratch.

import { expect } from "vitest";
import { ACTIVATION_LINEAR } from "../../assembly/shared/activations.js";
import {
  GEMM_BLOCK_ELEMS,
  GEMM_BLOCK_K,
  GEMM_BLOCK_M,
  GEMM_TILE_COLUMNS,
  GEMM_TILE_ROWS,
} from "../../assembly/shared/gemm.js";
import { gemm, gemmChain, type Product, type ProductKind } from "../reference/gemm.js";
import type { Kernels } from "./harness.js";

export const KINDS: readonly ProductKind[] = ["NN", "NT", "TN"];
export type Start = "zero" | "bias" | "accumulate";
export const STARTS: readonly Start[] = ["zero", "bias", "accumulate"];

const EPSILON = 2 ** -24;
const LEAST_NORMAL = 2 ** -126;
const NAN_BITS = 0x7fc00000;
const GUARD_ELEMS = 24; // what lies before and behind every array: NaN, and to stay so

const roundUp = (size: number, multiple: number) => Math.ceil(size / multiple) * multiple;

/** Columns of a block where K is cut into the deepest ones. */
export const BLOCK_N = GEMM_BLOCK_ELEMS / GEMM_BLOCK_K;

/** The rule of assembly/shared/gemm.ts. */
export function scratchBytes(m: number, n: number, k: number): number {
  const depth = roundUp(Math.min(k, GEMM_BLOCK_K), 4);
  const left = depth * roundUp(Math.min(m, GEMM_BLOCK_M), GEMM_TILE_ROWS);
  return 4 * (left + Math.min(depth * roundUp(n, GEMM_TILE_COLUMNS), GEMM_BLOCK_ELEMS));
}

/** Deterministic numbers in [-1, 1), so that a failure can be met again. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state >>> 8) * 2 ** -23 - 1);
  };
}

export function matrix(length: number, draw: () => number): Float32Array {
  return Float32Array.from({ length }, draw);
}

/** The start of every sum, (M, N). */
export function spread(start: Start, startValues: Float32Array, m: number, n: number): Float32Array {
  return Float32Array.from({ length: m * n }, (_, i) =>
    start === "zero" ? 0 : startValues[start === "bias" ? i % n : i]!,
  );
}

/** Index of the first element whose bits differ (NaN equals NaN), or -1. */
export function firstDifference(actual: Float32Array, expected: Float32Array): number {
  const actualBits = new Int32Array(actual.buffer, actual.byteOffset, actual.length);
  const expectedBits = new Int32Array(expected.buffer, expected.byteOffset, expected.length);
  for (let i = 0; i < expectedBits.length; i++) {
    if (actualBits[i] !== expectedBits[i] && !(Number.isNaN(actual[i]) && Number.isNaN(expected[i]))) return i;
  }
  return -1;
}

export function startLength(start: Start, m: number, n: number): number {
  return start === "bias" ? n : m * n;
}

export function randomProduct(kind: ProductKind, m: number, n: number, k: number, draw: () => number) {
  return { kind, m, n, k, a: matrix(m * k, draw), b: matrix(k * n, draw) };
}

/** The first `rows` × `columns` of x (height, width). */
export function corner(x: Float32Array, width: number, rows: number, columns: number): Float32Array {
  const part = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) part.set(x.subarray(i * width, i * width + columns), i * columns);
  return part;
}

/** The products of a build, run between guards. */
export function productsOf(wasm: Kernels) {
  const arena = wasm.reserve(48 << 20);
  let top = arena;

  /** Room for `length` elements between two guards, 4-byte aligned or, for scratch, 64; all of it NaN. */
  function room(length: number, alignedTo64 = false): number {
    const address = alignedTo64
      ? Math.ceil((top + GUARD_ELEMS * 4) / 64) * 64
      : top + GUARD_ELEMS * 4 + 4 * (length % 16); // an odd multiple of 4 as often as not
    const end = address + (length + GUARD_ELEMS) * 4;
    new Uint32Array(wasm.memory.buffer, top, (end - top) / 4).fill(NAN_BITS);
    top = end;
    return address;
  }

  function place(values: ArrayLike<number>): number {
    const address = room(values.length);
    new Float32Array(wasm.memory.buffer, address, values.length).set(values);
    return address;
  }

  function guardsHold(address: number, length: number): boolean {
    const before = new Uint32Array(wasm.memory.buffer, address - GUARD_ELEMS * 4, GUARD_ELEMS);
    const behind = new Uint32Array(wasm.memory.buffer, address + length * 4, GUARD_ELEMS);
    for (let i = 0; i < GUARD_ELEMS; i++) if (before[i] !== NAN_BITS || behind[i] !== NAN_BITS) return false;
    return true;
  }

  /** Runs the kernel on fresh copies of everything; fails if it wrote anywhere but in c and in its scratch. */
  function run(
    product: Omit<Product, "start">,
    start: Start,
    startValues: Float32Array,
    activation = ACTIVATION_LINEAR,
  ) {
    const { kind, m, n, k } = product;
    top = arena;
    const a = place(product.a);
    const b = place(product.b);
    const bias = start === "bias" ? place(startValues) : 0;
    const c = start === "accumulate" ? place(startValues) : room(m * n);
    const scratch = room(scratchBytes(m, n, k) / 4, true);
    wasm.call[`gemm${kind}`]!(m, n, k, a, b, c, bias, start === "accumulate" ? 1 : 0, activation, 0, scratch);
    if (!guardsHold(c, m * n)) expect.fail(`${kind} ${m}×${n}×${k} wrote beside c`);
    if (!guardsHold(scratch, scratchBytes(m, n, k) / 4)) expect.fail(`${kind} ${m}×${n}×${k} wrote beside its scratch`);
    return new Float32Array(wasm.memory.buffer, c, m * n);
  }

  function checkChain(product: Omit<Product, "start">, start: Start, startValues: Float32Array): void {
    const actual = run(product, start, startValues);
    const expected = gemmChain({ ...product, start: spread(start, startValues, product.m, product.n) });
    const at = firstDifference(actual, expected);
    if (at >= 0) {
      const { kind, m, n, k } = product;
      expect.fail(`${kind} ${m}×${n}×${k} from ${start}, element ${at}: ${actual[at]} instead of ${expected[at]}`);
    }
  }

  /** |error| ≤ (K + 2)·ε·Σ|aᵢₖ||bₖⱼ| + least normal, element by element. */
  function checkBound(product: Omit<Product, "start">, start: Start, startValues: Float32Array): void {
    const { kind, m, n, k } = product;
    const actual = run(product, start, startValues);
    const { value, magnitude } = gemm({ ...product, start: spread(start, startValues, m, n) });
    for (let i = 0; i < m * n; i++) {
      const error = Math.abs(actual[i]! - value[i]!);
      if (!(error <= (k + 2) * EPSILON * magnitude[i]! + LEAST_NORMAL)) {
        expect.fail(`${kind} ${m}×${n}×${k}, element ${i}: ${actual[i]} instead of ${value[i]}`);
      }
    }
  }
  return { run, checkChain, checkBound };
}
