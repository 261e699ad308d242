// What is measured. A new kernel is one row: its name, its work in flops or in bytes (read and written), and a setup
// that lays out its operands and returns one run.

import { ACTIVATION_LINEAR } from "../../assembly/shared/activations.js";
import { GEMM_SCRATCH_BYTES } from "../../assembly/shared/gemm.js";

type Kernel = (...args: number[]) => number;

/** The kernels, and memory to lay operands out in. */
export interface Bench {
  readonly call: Readonly<Record<string, Kernel>>;
  /** `length` random numbers in [-1, 1), at a 64-byte boundary. */
  random(length: number): number;
  /** Room for `bytes`, at a 64-byte boundary. */
  reserve(bytes: number): number;
  /** Whole numbers, then f32, side by side: a segment. */
  write(integers: readonly number[], floats: readonly number[]): number;
}

export type Work = { readonly flops: number } | { readonly bytes: number };

export interface Case {
  readonly name: string;
  readonly work: Work;
  setup(bench: Bench): () => void;
}

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
      return () => gemm(m, n, k, a, b, c, 0, 0, ACTIVATION_LINEAR, 0, scratch);
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

// ── Everything that moves memory: in GB/s, all that is read and written counted once ────────────────────────────────

const IN_CACHE = 4096; // elements: 16 KB an array
const BEYOND = 4 << 20; // 16 MB an array

/** `floats` arrays of n are read or written; `run` is handed their addresses. */
function moving(
  name: string,
  n: number,
  floats: number,
  start: (call: Bench["call"], at: number[]) => () => void,
): Case {
  return {
    name: `${name}, ${n >= 1 << 20 ? `${n >> 20}M` : n}`,
    work: { bytes: 4 * n * floats },
    setup: (bench) =>
      start(
        bench.call,
        Array.from({ length: Math.ceil(floats) + 1 }, () => bench.random(n)),
      ),
  };
}

const activations = Object.entries({ linear: 0, relu: 1, sigmoid: 2, tanh: 3, elu: 4 }).flatMap(([name, code]) => [
  moving(
    `${name}`,
    IN_CACHE,
    2,
    (call, [x, y]) =>
      () =>
        call.activationForward!(code, IN_CACHE, x!, y!, 1),
  ),
  moving(
    `${name} backward`,
    IN_CACHE,
    3,
    (call, [dy, y, dx]) =>
      () =>
        call.activationBackward!(code, IN_CACHE, dy!, y!, dx!, 1),
  ),
]);

const rowwise = [10, 1000].flatMap((width) => {
  const rows = Math.floor(IN_CACHE / width);
  const n = rows * width;
  return [
    moving(
      `softmax, rows of ${width}`,
      n,
      2,
      (call, [x, y]) =>
        () =>
          call.softmax!(rows, width, x!, y!),
    ),
    moving(
      `crossentropy, rows of ${width}`,
      n,
      2,
      (call, [x, dx, labels]) =>
        () =>
          call.sparseSoftmaxCrossentropy!(rows, width, x!, labels!, dx!, 0, 1),
    ),
    moving(
      `columnSum, rows of ${width}`,
      n,
      1,
      (call, [x, sums]) =>
        () =>
          call.columnSum!(rows, width, x!, sums!, 0),
    ),
  ];
});

const elementwise = [IN_CACHE, BEYOND].flatMap((n) => [
  moving(
    "add",
    n,
    3,
    (call, [a, b, c]) =>
      () =>
        call.add!(n, a!, b!, c!),
  ),
  moving(
    "affine",
    n,
    2,
    (call, [x, y]) =>
      () =>
        call.affine!(n, x!, y!, 2, 1),
  ),
  moving(
    "allFinite",
    n,
    1,
    (call, [x]) =>
      () =>
        call.allFinite!(n, x!),
  ),
]);

/** One segment over all: { offset 0, length n, rateScale 1, decay 0 }. */
function optimizer(
  name: string,
  n: number,
  floats: number,
  step: (call: Bench["call"], segment: number, at: number[]) => () => void,
): Case {
  const base = moving(name, n, floats, () => () => undefined);
  return {
    ...base,
    setup(bench) {
      const segment = bench.write([0, n], [1, 0]);
      return step(
        bench.call,
        segment,
        Array.from({ length: 4 }, () => bench.random(n)),
      );
    },
  };
}

const optimizers = [IN_CACHE, BEYOND].flatMap((n) => [
  optimizer(
    "sgd",
    n,
    3,
    (call, s, [p, g]) =>
      () =>
        call.sgd!(s, 1, p!, g!, 0, 1e-9, 0, 0),
  ),
  optimizer(
    "sgd with momentum",
    n,
    5,
    (call, s, [p, g, v]) =>
      () =>
        call.sgd!(s, 1, p!, g!, v!, 1e-9, 0.9, 0),
  ),
  optimizer("adam", n, 7, (call, s, [p, g, m, v]) => {
    call.fillUniform!(n, v!, 1, 2, 3, 0, 1); // second moments are never negative
    return () => call.adam!(s, 1, p!, g!, m!, v!, 0, 1e-9, 0.9, 0.999, 1e-7, 9);
  }),
]);

const batch = [
  moving(
    "gatherF32, 64 rows of 784",
    64 * 784,
    2,
    (call, [x, out]) =>
      () =>
        call.gatherF32!(64, 784, x!, 0, 0, out!, 1, 0),
  ),
  moving(
    "gatherU8, 64 rows of 784",
    64 * 784,
    1.25,
    (call, [x, out]) =>
      () =>
        call.gatherU8!(64, 784, x!, 0, 0, out!, 0.5, 0),
  ),
];

const random = [
  moving(
    "fillUniform",
    IN_CACHE,
    1,
    (call, [out]) =>
      () =>
        call.fillUniform!(IN_CACHE, out!, 1, 2, 3, 0, 1),
  ),
  moving(
    "fillNormal",
    IN_CACHE,
    1,
    (call, [out]) =>
      () =>
        call.fillNormal!(IN_CACHE, out!, 1, 2, 3, 0, 1),
  ),
  moving(
    "permute",
    IN_CACHE,
    1,
    (call, [out]) =>
      () =>
        call.permute!(IN_CACHE, out!, 1, 2, 3, 2),
  ),
];

export const CASES: readonly Case[] = [
  ...cubes,
  ...layers,
  ...inference,
  ...activations,
  ...rowwise,
  ...elementwise,
  ...optimizers,
  ...batch,
  ...random,
];
