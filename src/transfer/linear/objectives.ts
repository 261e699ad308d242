// What linear classifiers minimize: ½ Σ ridge · w² + Σ cost · loss, on the rows of a table.

import { COMBINE_MULTIPLY } from "../../../assembly/shared/combine.js";
import { GEMM_SCRATCH_BYTES } from "../../../assembly/shared/gemm.js";
import type { Objective } from "./newton.js";
import type { Table } from "./table.js";

/** One weight vector; a row's loss is a function of its margin, sign · w · x. */
export class MarginObjective implements Objective {
  readonly size: number;
  readonly #table: Table;
  readonly #loss: "squaredHingeRows" | "logisticRows";
  readonly #ridge: Float64Array;
  readonly #squares: Float64Array;
  readonly #signs: number;
  readonly #costs: number;
  readonly #z: number; // (rows) scores, then first derivatives
  readonly #d: number; // (rows) second derivatives
  readonly #w: number; // (pitch)
  readonly #sum: number; // (pitch)

  /** @param ridge (pitch) */
  constructor(table: Table, loss: "squaredHingeRows" | "logisticRows", ridge: Float64Array) {
    this.#table = table;
    this.#loss = loss;
    this.#ridge = ridge;
    this.#squares = table.columnSquares();
    this.size = table.pitch;
    [this.#signs, this.#costs, this.#z, this.#d] = [1, 2, 3, 4].map(() => table.reserve(table.rows)) as Four;
    [this.#w, this.#sum] = [table.reserve(table.pitch), table.reserve(table.pitch)];
  }

  /** Which rows are on the positive side, and what each row's loss costs. */
  set(isPositive: (row: number) => boolean, cost: (row: number) => number): void {
    const { rows } = this.#table;
    const [signs, costs] = [this.#table.f64(this.#signs, rows), this.#table.f64(this.#costs, rows)];
    for (let row = 0; row < rows; row++) {
      signs[row] = isPositive(row) ? 1 : -1;
      costs[row] = cost(row);
    }
  }

  async evaluate(w: Float64Array, gradient: Float64Array): Promise<number> {
    const { call, pitch } = this.#table;
    this.#table.f64(this.#w, pitch).set(w);
    const sum = this.#table.f64(this.#sum, pitch).fill(0);
    let value = 0;
    await this.#table.slices(2, (first, count) => {
      const [x, at] = [this.#table.row(first), 8 * first];
      call.linearScores(count, 1, pitch, x, this.#w, this.#z + at);
      value += call[this.#loss](count, this.#z + at, this.#signs + at, this.#costs + at, this.#d + at);
      call.linearGradient(count, 1, pitch, x, this.#z + at, this.#sum);
    });
    return value + regularize(this.#ridge, w, sum, gradient);
  }

  async curvature(v: Float64Array, product: Float64Array): Promise<void> {
    const { call, pitch } = this.#table;
    this.#table.f64(this.#w, pitch).set(v);
    const sum = this.#table.f64(this.#sum, pitch).fill(0);
    await this.#table.slices(2, (first, count) =>
      call.linearCurvature(count, pitch, this.#table.row(first), this.#d + 8 * first, this.#w, this.#sum),
    );
    regularize(this.#ridge, v, sum, product);
  }

  diagonal(diagonal: Float64Array): void {
    const { rows } = this.#table;
    const d = this.#table.f64(this.#d, rows);
    const mean = d.reduce((sum, value) => sum + value, 0) / rows;
    diagonal.set(diagonalOf(this.#ridge, mean, this.#squares));
  }
}

type Four = [number, number, number, number];

/**
 * A weight vector for each class, all in one; the loss is −ln softmax at the label. Values and gradients are of 64 bits. The
 * Hessian's products are of 32, through the matrix products of dense layers: they only point the way, and cost a tenth.
 */
export class SoftmaxObjective implements Objective {
  readonly size: number;
  readonly #table: Table;
  readonly #classes: number;
  readonly #ridge: Float64Array; // (pitch)
  readonly #squares: Float64Array; // (pitch)
  readonly #labels: number; // (rows) u32
  readonly #costs: number; // (rows)
  readonly #z: number; // (slice, classes)
  readonly #w: number; // (classes, pitch)
  readonly #sum: number; // (classes, pitch)
  readonly #p: number; // (rows, classes) f32
  readonly #d: number; // (rows, classes) f32
  readonly #u: number; // (slice, classes) f32
  readonly #scratch: number;

  constructor(table: Table, classes: number, ridge: Float64Array, places: Uint32Array, cost: (row: number) => number) {
    const { rows, pitch, engine } = table;
    this.#table = table;
    this.#classes = classes;
    this.#ridge = ridge;
    this.#squares = table.columnSquares();
    this.size = classes * pitch;
    const slice = table.sliceRows(2 * classes) * classes;
    const f32 = (n: number) => table.reserve(Math.ceil(n / 2));
    [this.#labels, this.#costs] = [f32(rows), table.reserve(rows)];
    [this.#z, this.#u] = [table.reserve(slice), f32(slice)];
    [this.#w, this.#sum] = [table.reserve(this.size), table.reserve(this.size)];
    [this.#p, this.#d] = [f32(rows * classes), f32(rows * classes)];
    this.#scratch = engine.heap.allocate(GEMM_SCRATCH_BYTES, "a classifier's fit");
    engine.u32(this.#labels, rows).set(places);
    const costs = table.f64(this.#costs, rows);
    for (let row = 0; row < rows; row++) costs[row] = cost(row);
  }

  async evaluate(w: Float64Array, gradient: Float64Array): Promise<number> {
    const { call, pitch } = this.#table;
    const classes = this.#classes;
    this.#table.f64(this.#w, this.size).set(w);
    const sum = this.#table.f64(this.#sum, this.size).fill(0);
    let value = 0;
    await this.#table.slices(2 * classes, (first, count) => {
      const [x, at] = [this.#table.row(first), 4 * first * classes];
      call.linearScores(count, classes, pitch, x, this.#w, this.#z);
      // prettier-ignore
      value += call.softmaxRows(count, classes, this.#z, this.#labels + 4 * first, this.#costs + 8 * first, this.#p + at, this.#d + at);
      call.linearGradient(count, classes, pitch, x, this.#z, this.#sum);
    });
    return value + regularize(this.#ridge, w, sum, gradient);
  }

  /** Xᵀ (d ∘ (p ∘ (u − Σ p ∘ u))) with u = X v */
  async curvature(v: Float64Array, product: Float64Array): Promise<void> {
    const { call, pitch, engine } = this.#table;
    const [classes, u, scratch] = [this.#classes, this.#u, this.#scratch];
    engine.f32(this.#w, this.size).set(v);
    const sum = engine.f32(this.#sum, this.size).fill(0);
    await this.#table.slices(2 * classes, (first, count) => {
      const [x, at] = [this.#table.row(first), 4 * first * classes];
      call.gemmNT(count, classes, pitch, x, this.#w, u, 0, 0, 0, 0, scratch);
      call.softmaxBackward(count, classes, u, this.#p + at, u);
      call.combine(COMBINE_MULTIPLY, count * classes, u, this.#d + at, u);
      call.gemmTN(classes, pitch, count, u, x, this.#sum, 0, 1, 0, 0, scratch);
    });
    regularize(this.#ridge, v, sum, product);
  }

  diagonal(diagonal: Float64Array): void {
    const { rows, pitch, engine } = this.#table;
    const classes = this.#classes;
    const [p, d] = [this.#p, this.#d].map((address) => engine.f32(address, rows * classes)) as [
      Float32Array,
      Float32Array,
    ];
    const means = new Float64Array(classes);
    for (let i = 0; i < p.length; i++) means[i % classes]! += (d[i]! * p[i]! * (1 - p[i]!)) / rows;
    means.forEach((mean, k) => diagonal.set(diagonalOf(this.#ridge, mean, this.#squares), k * pitch));
  }
}

/** ½ Σ ridge · w²; its gradient and `sum` are the result. The ridge (pitch) is that of each class. */
function regularize(ridge: Float64Array, w: Float64Array, sum: ArrayLike<number>, result: Float64Array): number {
  let value = 0;
  for (let i = 0; i < w.length; i++) {
    const pull = ridge[i % ridge.length]! * w[i]!;
    result[i] = sum[i]! + pull;
    value += 0.5 * pull * w[i]!;
  }
  return value;
}

/** ridge + Σ d · x², as if d were the same for all rows; 1 where that is 0. */
function diagonalOf(ridge: Float64Array, mean: number, squares: Float64Array): Float64Array {
  return ridge.map((value, j) => value + mean * squares[j]! || 1);
}
