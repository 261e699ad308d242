// The products of the fast build. Whether an engine fuses is its own affair, so bits are held to no reference; the bound and what
// they may depend on are the same.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GEMM_BLOCK_ELEMS, GEMM_BLOCK_K, GEMM_BLOCK_M } from "../../assembly/shared/gemm.js";
import { type Kernels, kernels } from "../kernels/harness.js";
import {
  BLOCK_N,
  corner,
  firstDifference,
  KINDS,
  matrix,
  productsOf,
  randomProduct,
  startLength,
  STARTS,
  uniform,
} from "../kernels/products.js";
import { hasRelaxedSimd } from "./relaxed.js";

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 31, 32, 33];

/** (x, y, sum) => relaxed_madd of the three: what this engine and processor make of it. */
function maddHere(x: number, y: number, sum: number): number {
  const code = [0, 32, 0, 253, 19, 32, 1, 253, 19, 32, 2, 253, 19, 253, 133, 2, 253, 31, 0, 11];
  const type = [1, 8, 1, 96, 3, 125, 125, 125, 1, 125];
  const body = [10, code.length + 2, 1, code.length, ...code];
  const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...type, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, ...body);
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  return (f as (x: number, y: number, sum: number) => number)(x, y, sum);
}

const [X, SUM] = [1 + 2 ** -12, -(1 + 2 ** -11)]; // x² + sum is 2⁻²⁴, which x² rounded has lost

/** What x · x + sum comes to in a product of this shape, each value once. */
const sumsOf = (wasm: Kernels) => {
  const { run } = productsOf(wasm);
  return (kind: (typeof KINDS)[number], m: number, n: number, k: number) => {
    const [a, b] = [m * k, k * n].map((length) => new Float32Array(length).fill(0)) as [Float32Array, Float32Array];
    for (let i = 0; i < m; i++) a[kind === "TN" ? i : i * k] = X; // k = 0 alone
    for (let j = 0; j < n; j++) b[kind === "NT" ? j * k : j] = X;
    return [...new Set(run({ kind, m, n, k, a, b }, "bias", new Float32Array(n).fill(SUM)))];
  };
};

describe.skipIf(!hasRelaxedSimd).each(["lanewise-fast.wasm"])("products of %s (needs relaxed SIMD)", (file) => {
  const { run, checkBound } = productsOf(kernels(file));

  describe.each(KINDS)("gemm%s", (kind) => {
    test("stays within (K + 2)·ε·Σ|a||b| of the twin for odd sizes, and an output's bits are those in a larger product", () => {
      const most = 33;
      const draw = uniform(5);
      for (const k of [...SIZES, 100]) {
        const whole = randomProduct(kind, most, most, k, draw);
        const starts = { bias: matrix(most, draw), accumulate: matrix(most * most, draw), zero: new Float32Array(0) };
        for (const start of STARTS) {
          checkBound(whole, start, starts[start]);
          const expected = run(whole, start, starts[start]).slice();
          for (const n of SIZES) {
            for (const m of SIZES) {
              const a = kind === "TN" ? corner(whole.a, most, k, m) : whole.a.subarray(0, m * k);
              const b = kind === "NT" ? whole.b.subarray(0, n * k) : corner(whole.b, most, k, n);
              const values = start === "accumulate" ? corner(starts[start], most, m, n) : starts[start].subarray(0, n);
              const actual = run({ kind, m, n, k, a, b }, start, values);
              const at = firstDifference(actual, corner(expected, most, m, n));
              if (at >= 0) expect.fail(`${kind} ${m}×${n}×${k} from ${start}: element ${at} is ${actual[at]}`);
            }
          }
        }
      }
    });

    test.each([
      [1, 525, 600],
      [1, 1024, 37],
      [5, 7, 3 * GEMM_BLOCK_K + 1],
      [GEMM_BLOCK_M + 1, 35, GEMM_BLOCK_K + 1],
      [37, BLOCK_N + 1, GEMM_BLOCK_K + 1],
      [17, GEMM_BLOCK_ELEMS / 32 + 9, 30],
      [50, 10, 784],
      [66, 64, 1024],
    ])("stays within the bound beyond every block: %i×%i×%i", (m, n, k) => {
      const draw = uniform(m * 31 + n * 7 + k);
      const start = STARTS[(m + n + k) % 3]!;
      checkBound(randomProduct(kind, m, n, k, draw), start, matrix(startLength(start, m, n), draw));
    });

    test.each([1e-4, 1e4, 1e-30])("stays within the bound for inputs near %d", (scale) => {
      const draw = uniform(7);
      const scaled = () => Math.fround(draw() * scale);
      checkBound(randomProduct(kind, 35, 70, 129, scaled), "bias", matrix(70, scaled));
    });

    test("multiplies and adds by the one instruction, whatever the shape", () => {
      const sums = sumsOf(kernels(file));
      const found = maddHere(X, X, SUM);
      for (const [m, n, k] of [
        [1, 1, 1],
        [4, 8, 4],
        [1, 40, 9],
        [1, 700, 40],
        [3, 3, 3],
        [50, 10, 100],
        [130, 70, 400],
      ] as const) {
        expect(sums(kind, m, n, k), `${m}×${n}×${k}`).toEqual([found]);
      }
      expect(sumsOf(kernels("lanewise.wasm"))(kind, 4, 8, 4)).toEqual([0]);
    });
  });
});

test.skipIf(!hasRelaxedSimd)("the fast builds export what the others do (needs relaxed SIMD)", async () => {
  const exportsOf = async (file: string) => {
    const module = await WebAssembly.compile(readFileSync(new URL(`../../build/${file}`, import.meta.url)));
    return [WebAssembly.Module.exports(module), WebAssembly.Module.imports(module)];
  };
  expect(await exportsOf("lanewise-fast.wasm")).toEqual(await exportsOf("lanewise.wasm"));
  expect(await exportsOf("lanewise-fast-threads.wasm")).toEqual(await exportsOf("lanewise-threads.wasm"));
});
