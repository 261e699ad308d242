// The rows of a fit in WebAssembly memory, and the kernels that work on them.

import type { Rows } from "../../model/data.js";
import { Engine } from "../../runtime/engine.js";
import { type Pace, SLICE_WORK } from "./pace.js";

/** assembly/kernels: addresses are bytes, sizes elements; what is not said to be f32 is f64. */
interface Kernels {
  linearScores(rows: number, classes: number, width: number, x: number, w: number, z: number): void;
  linearGradient(rows: number, classes: number, width: number, x: number, r: number, g: number): void;
  linearCurvature(rows: number, width: number, x: number, d: number, v: number, h: number): void;
  squaredHingeRows(rows: number, z: number, signs: number, costs: number, d: number): number;
  logisticRows(rows: number, z: number, signs: number, costs: number, d: number): number;
  // prettier-ignore
  softmaxRows(rows: number, classes: number, z: number, labels: number, costs: number, p: number, d: number): number;
  // prettier-ignore
  hingeSweep(count: number, list: number, order: number, width: number, x: number, signs: number, costs: number, squares: number, alpha: number, w: number, limits: number, kept: number): number;
  // prettier-ignore
  crammerSingerSweep(count: number, list: number, order: number, classes: number, width: number, x: number, labels: number, costs: number, squares: number, alpha: number, asleep: number, w: number, scores: number, worst: number, kept: number): number;
  permute(n: number, order: number, seedLo: number, seedHi: number, epoch: number, stream: number): void;
  // prettier-ignore
  gatherF32(rows: number, width: number, src: number, order: number, first: number, out: number, scale: number, offset: number): void;
  sumOfSquares(n: number, x: number): number;
  softmax(rows: number, width: number, x: number, y: number): void;
  softmaxBackward(rows: number, width: number, dy: number, y: number, dx: number): void;
  combine(code: number, n: number, a: number, b: number, c: number): void;
  // prettier-ignore
  gemmNT(m: number, n: number, k: number, a: number, b: number, c: number, bias: number, accumulate: number, activation: number, alpha: number, scratch: number): void;
  // prettier-ignore
  gemmTN(m: number, n: number, k: number, a: number, b: number, c: number, bias: number, accumulate: number, activation: number, alpha: number, scratch: number): void;
}

export function kernelsOf(engine: Engine): Kernels {
  return engine.exports as unknown as Kernels;
}

const PITCH_UNIT = 8;

/** Columns that rows of so many take: the kernels walk eight at a time. */
export function pitchOf(columns: number): number {
  return Math.ceil(columns / PITCH_UNIT) * PITCH_UNIT;
}

/** Rows first … first + count, each at the beginning of `pitch` columns of which the others are left alone. */
export function copyRows(
  target: Float32Array,
  { data, width }: Rows,
  first: number,
  count: number,
  pitch: number,
): void {
  for (let row = 0; row < count; row++) {
    target.set(data.subarray((first + row) * width, (first + row + 1) * width), row * pitch);
  }
}

export class Table {
  readonly engine: Engine;
  readonly call: Kernels;
  readonly rows: number;
  /** Features; a column for the intercept may follow. */
  readonly width: number;
  readonly pitch: number;
  /** (rows, pitch) f32, columns without a meaning 0 */
  readonly x: number;
  readonly pace: Pace;

  /** @param intercept what stands in the intercept's column, or nothing where there is none */
  static async create(x: Rows, intercept: number | undefined, pace: Pace): Promise<Table> {
    return new Table(await Engine.create(), x, intercept, pace);
  }

  private constructor(engine: Engine, x: Rows, intercept: number | undefined, pace: Pace) {
    this.engine = engine;
    this.call = kernelsOf(engine);
    this.pace = pace;
    this.rows = x.rows;
    this.width = x.width;
    this.pitch = pitchOf(x.width + (intercept === undefined ? 0 : 1));
    this.x = engine.heap.allocate(4 * x.rows * this.pitch, "the features");
    const copy = engine.f32(this.x, x.rows * this.pitch).fill(0);
    copyRows(copy, x, 0, x.rows, this.pitch);
    if (intercept === undefined) return;
    for (let at = x.width; at < copy.length; at += this.pitch) copy[at] = intercept;
  }

  /** Room for n numbers of 64 bits, all 0. */
  reserve(n: number): number {
    const address = this.engine.heap.allocate(8 * n, "a classifier's fit");
    this.f64(address, n).fill(0);
    return address;
  }

  /** A view; fetch it anew after anything that allocates. */
  f64(address: number, n: number): Float64Array {
    return this.engine.f64(address, n);
  }

  /** Row `first`. */
  row(first: number): number {
    return this.x + 4 * first * this.pitch;
  }

  /** So many rows are a slice, where a row takes `classes` products. */
  sliceRows(classes = 1): number {
    return Math.max(1, Math.min(this.rows, Math.floor(SLICE_WORK / (this.pitch * classes))));
  }

  /** Calls `visit` for one slice of the rows after the other. */
  async slices(classes: number, visit: (first: number, count: number) => void): Promise<void> {
    const slice = this.sliceRows(classes);
    for (let first = 0; first < this.rows; first += slice) {
      const count = Math.min(slice, this.rows - first);
      visit(first, count);
      if (this.pace.isDue(count * this.pitch * classes)) await this.pace.rest();
    }
  }

  /** (rows) x · x, of each row. */
  squares(): number {
    const address = this.reserve(this.rows);
    const view = this.f64(address, this.rows);
    for (let row = 0; row < this.rows; row++) view[row] = this.call.sumOfSquares(this.pitch, this.row(row));
    return address;
  }

  /** (pitch) the sum of squares of each column. */
  columnSquares(): Float64Array {
    const sums = new Float64Array(this.pitch);
    const x = this.engine.f32(this.x, this.rows * this.pitch);
    for (let first = 0; first < x.length; first += this.pitch) {
      for (let j = 0; j < this.pitch; j++) sums[j]! += x[first + j]! * x[first + j]!;
    }
    return sums;
  }
}
