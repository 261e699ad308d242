// Products: in GFLOP/s, 2mnk flops each.

import { ACTIVATION_LINEAR } from "../../assembly/shared/activations.js";
import { GEMM_SCRATCH_BYTES } from "../../assembly/shared/gemm.js";
import { type Case, repeated } from "./bench.js";

type Kind = "NN" | "TN" | "NT";

/** c (M, N) = a · b over K. */
function product(kind: Kind, m: number, n: number, k: number): Case {
  return {
    name: `gemm${kind} ${m}×${n}×${k}`,
    work: { flops: 2 * m * n * k },
    setup(bench) {
      const a = bench.random(m * k);
      const b = bench.random(k * n);
      const c = bench.random(m * n);
      const scratch = bench.reserve(GEMM_SCRATCH_BYTES);
      const gemm = bench.call[`gemm${kind}`]!;
      return repeated(() => gemm(m, n, k, a, b, c, 0, 0, ACTIVATION_LINEAR, 0, scratch));
    },
  };
}

/** The three products of a dense layer: forward, gradient of its weights, gradient of its input. */
function denseLayer(rows: number, inputs: number, outputs: number): Case[] {
  return [
    product("NN", rows, outputs, inputs),
    product("TN", inputs, outputs, rows),
    product("NT", rows, inputs, outputs),
  ];
}

const cubes = [16, 17, 31, 32, 64, 128, 256, 512, 1024, 2048].flatMap((size) =>
  (["NN", "TN", "NT"] as const).map((kind) => product(kind, size, size, size)),
);

const layers = [
  [50, 784, 300],
  [50, 300, 100],
  [50, 100, 10],
  [50, 100, 1],
  [128, 784, 256],
  [128, 784, 1024],
  [128, 1024, 1024],
  [64, 784, 100],
  [64, 100, 100],
  [16, 4, 16],
].flatMap(([rows, inputs, outputs]) => denseLayer(rows!, inputs!, outputs!));

const inference = [
  [1, 300, 784],
  [1, 100, 300],
  [1, 10, 100],
  [1, 1024, 1024],
].map(([m, n, k]) => product("NN", m!, n!, k!));

export const PRODUCTS: readonly Case[] = [...cubes, ...layers, ...inference];
