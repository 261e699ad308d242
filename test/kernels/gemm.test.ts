import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACTIVATION_RELU } from "../../assembly/shared/activations.js";
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
import { gemmChain } from "../reference/gemm.js";
import { kernels } from "./harness.js";
import {
  BLOCK_N,
  corner,
  firstDifference,
  KINDS,
  matrix,
  productsOf,
  randomProduct,
  scratchBytes,
  spread,
  startLength,
  STARTS,
  uniform,
} from "./products.js";

const { run, checkChain, checkBound } = productsOf(kernels());

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
