import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ACTIVATION_LINEAR, ACTIVATION_RELU } from "../../assembly/shared/activations.js";
import {
  GEMM_BLOCK_ELEMS,
  GEMM_BLOCK_K,
  GEMM_BLOCK_M,
  GEMM_PACK_ELEMS,
  GEMM_PACK_USES,
  GEMM_SCRATCH_BYTES,
  GEMM_TILE_COLUMNS,
  GEMM_TILE_ROWS,
} from "../../assembly/shared/gemm.js";
import { gemm, gemmChain, type Product, type ProductKind } from "../reference/gemm.js";
import { kernels } from "./harness.js";

const KINDS: readonly ProductKind[] = ["NN", "NT", "TN"];
type Start = "zero" | "bias" | "accumulate";
const STARTS: readonly Start[] = ["zero", "bias", "accumulate"];

const EPSILON = 2 ** -24;
const LEAST_NORMAL = 2 ** -126;
const NAN_BITS = 0x7fc00000;
const GUARD_ELEMS = 24; // what lies before and behind every array: NaN, and to stay so

const wasm = kernels();
const arena = wasm.reserve(48 << 20);
let top = arena;

beforeEach(() => {
  top = arena;
});

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

const roundUp = (size: number, multiple: number) => Math.ceil(size / multiple) * multiple;

/** Columns of a block where K is cut into the deepest ones. */
const BLOCK_N = GEMM_BLOCK_ELEMS / GEMM_BLOCK_K;

/** The rule of assembly/shared/gemm.ts. */
function scratchBytes(m: number, n: number, k: number): number {
  const depth = roundUp(Math.min(k, GEMM_BLOCK_K), 4);
  const left = depth * roundUp(Math.min(m, GEMM_BLOCK_M), GEMM_TILE_ROWS);
  return 4 * (left + Math.min(depth * roundUp(n, GEMM_TILE_COLUMNS), GEMM_BLOCK_ELEMS));
}

/** Deterministic numbers in [-1, 1), so that a failure can be met again. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state >>> 8) * 2 ** -23 - 1);
  };
}

function matrix(length: number, draw: () => number): Float32Array {
  return Float32Array.from({ length }, draw);
}

/** Runs the kernel on fresh copies of everything; fails if it wrote anywhere but in c and in its scratch. */
function run(product: Omit<Product, "start">, start: Start, startValues: Float32Array, activation = ACTIVATION_LINEAR) {
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

/** The start of every sum, (M, N). */
function spread(start: Start, startValues: Float32Array, m: number, n: number): Float32Array {
  return Float32Array.from({ length: m * n }, (_, i) =>
    start === "zero" ? 0 : startValues[start === "bias" ? i % n : i]!,
  );
}

/** Index of the first element whose bits differ (NaN equals NaN), or -1. */
function firstDifference(actual: Float32Array, expected: Float32Array): number {
  const actualBits = new Int32Array(actual.buffer, actual.byteOffset, actual.length);
  const expectedBits = new Int32Array(expected.buffer, expected.byteOffset, expected.length);
  for (let i = 0; i < expectedBits.length; i++) {
    if (actualBits[i] !== expectedBits[i] && !(Number.isNaN(actual[i]) && Number.isNaN(expected[i]))) return i;
  }
  return -1;
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

function startLength(start: Start, m: number, n: number): number {
  return start === "bias" ? n : m * n;
}

function randomProduct(kind: ProductKind, m: number, n: number, k: number, draw: () => number) {
  return { kind, m, n, k, a: matrix(m * k, draw), b: matrix(k * n, draw) };
}

/** The first `rows` × `columns` of x (height, width). */
function corner(x: Float32Array, width: number, rows: number, columns: number): Float32Array {
  const part = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) part.set(x.subarray(i * width, i * width + columns), i * columns);
  return part;
}

describe.each(KINDS)("gemm%s", (kind) => {
  // The chain of an output does not know how large its matrix is. So for each K one slow product of 33 × 33 holds what
  // every smaller one must come to, bit for bit.
  test("gives the bits of the chain for every M, N, K from 1 to 33", () => {
    const most = 33;
    const draw = uniform(1);
    for (let k = 1; k <= most; k++) {
      const whole = randomProduct(kind, most, most, k, draw);
      const biasValues = matrix(most, draw);
      const oldValues = matrix(most * most, draw);
      const expected = {
        zero: gemmChain({ ...whole, start: new Float32Array(most * most) }),
        bias: gemmChain({ ...whole, start: spread("bias", biasValues, most, most) }),
        accumulate: gemmChain({ ...whole, start: oldValues }),
      };
      for (const start of STARTS) checkBound(whole, start, start === "bias" ? biasValues : oldValues);

      const left = Array.from({ length: most + 1 }, (_, m) =>
        kind === "TN" ? corner(whole.a, most, k, m) : whole.a.subarray(0, m * k),
      );
      for (let n = 1; n <= most; n++) {
        const b = kind === "NT" ? whole.b.subarray(0, n * k) : corner(whole.b, most, k, n);
        for (let m = 1; m <= most; m++) {
          const start = STARTS[(m + n + k) % 3]!;
          const startValues = start === "bias" ? biasValues.subarray(0, n) : corner(oldValues, most, m, n);
          const actual = run({ kind, m, n, k, a: left[m]!, b }, start, startValues);
          const at = firstDifference(actual, corner(expected[start], most, m, n));
          if (at >= 0) expect.fail(`${kind} ${m}×${n}×${k} from ${start}: element ${at} is ${actual[at]}`);
        }
      }
    }
  });

  test.each([
    [1, 525, 600],
    [1, 1024, 37],
    [2, BLOCK_N + 1, 3],
    [5, 7, 3 * GEMM_BLOCK_K + 1],
    [GEMM_BLOCK_M - 1, BLOCK_N - 1, 31],
    [GEMM_BLOCK_M, 16, GEMM_BLOCK_K],
    [12, BLOCK_N, GEMM_BLOCK_K],
    [GEMM_BLOCK_M + 1, 35, GEMM_BLOCK_K + 1],
    [37, BLOCK_N + 1, GEMM_BLOCK_K + 1],
    [GEMM_BLOCK_M + 1, BLOCK_N + 1, 11],
    [2 * GEMM_BLOCK_M + 3, 9, 2 * GEMM_BLOCK_K + 2],
    [GEMM_BLOCK_M + 2, BLOCK_N + 3, GEMM_BLOCK_K], // several blocks of rows meet each block of columns
    [33, 2 * BLOCK_N + 9, 19],
    [17, GEMM_BLOCK_ELEMS / 32 + 9, 30],
    [GEMM_PACK_USES - 1, GEMM_PACK_USES, 300],
    [GEMM_PACK_USES, GEMM_PACK_USES - 1, 300],
    [GEMM_PACK_USES, GEMM_PACK_USES, GEMM_PACK_ELEMS / GEMM_PACK_USES],
    [GEMM_PACK_USES, GEMM_PACK_USES + 1, GEMM_PACK_ELEMS / GEMM_PACK_USES],
    [GEMM_PACK_USES + 1, GEMM_PACK_USES, GEMM_PACK_ELEMS / GEMM_PACK_USES],
    [50, 10, 784],
    [300, 100, 50],
    [100, 1, 50],
    [66, 64, 1024],
  ])("gives the bits of the chain beyond every block: %i×%i×%i", (m, n, k) => {
    const draw = uniform(m * 31 + n * 7 + k);
    const product = randomProduct(kind, m, n, k, draw);
    const start = STARTS[(m + n + k) % 3]!;
    const startValues = matrix(startLength(start, m, n), draw);
    checkChain(product, start, startValues);
    checkBound(product, start, startValues);
  });

  test.each([1e-4, 1e4, 1e-30])("stays within the bound for inputs near %d", (scale) => {
    const draw = uniform(7);
    const scaled = () => Math.fround(draw() * scale);
    for (const [m, n, k] of [
      [9, 13, 300],
      [4, 8, 33],
      [35, 70, 129],
    ] as const) {
      const product = randomProduct(kind, m, n, k, scaled);
      checkBound(product, "bias", matrix(n, scaled));
      checkChain(product, "accumulate", matrix(m * n, scaled));
    }
  });

  test("carries zeros, infinities and NaN as IEEE arithmetic does, and keeps them in their place", () => {
    const special = [0, -0, Infinity, -Infinity, NaN, 1e-40, 3e38, 1];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 21 }),
        fc.integer({ min: 1, max: 21 }),
        fc.integer({ min: 1, max: 21 }),
        fc.constantFrom(...STARTS),
        fc.infiniteStream(fc.oneof({ weight: 30, arbitrary: fc.constant(2) }, fc.constantFrom(...special))),
        (m, n, k, start, stream) => {
          const draw = () => stream.next().value as number;
          checkChain(randomProduct(kind, m, n, k, draw), start, matrix(startLength(start, m, n), draw));
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  test.each([
    [1, 40, 9],
    [7, 11, 13],
    [50, 30, GEMM_BLOCK_K + 4],
    [GEMM_BLOCK_M + 5, BLOCK_N + 6, 9],
  ])("applies the activation to every finished output, once: %i×%i×%i", (m, n, k) => {
    const draw = uniform(3);
    const product = randomProduct(kind, m, n, k, draw);
    const bias = matrix(n, draw);
    const actual = run(product, "bias", bias, ACTIVATION_RELU);
    const sums = gemmChain({ ...product, start: spread("bias", bias, m, n) });
    expect(
      firstDifference(
        actual,
        sums.map((sum) => (sum > 0 ? sum : 0)),
      ),
    ).toBe(-1);
  });
});

test("a tile divides every block, and the scratch is the most that the rule comes to", () => {
  expect(GEMM_BLOCK_M % GEMM_TILE_ROWS).toBe(0);
  expect(BLOCK_N % GEMM_TILE_COLUMNS).toBe(0);
  expect(GEMM_BLOCK_K % 4).toBe(0);
  expect(GEMM_SCRATCH_BYTES).toBe(scratchBytes(4096, 4096, 4096));
});
