// Coordinate descent soon finds which rows are at a bound, and then takes long for the others. Among those alone the dual is a
// quadratic function without bounds: conjugate gradients go to its minimum, or as far as the bounds let them. Moré and Toraldo,
// "On the solution of large quadratic programming problems with bound constraints" (SIAM J. Optimization 1, 1991).

import type { Table } from "./table.js";
import { conjugateGradients, dot } from "./vectors.js";

/** Addresses of the hinge's dual, all f64: (rows) each, and w (pitch) = Σ alpha · sign · x. */
export interface Dual {
  readonly signs: number;
  readonly costs: number;
  readonly squares: number;
  readonly alpha: number;
  readonly w: number;
}

/** The exact minimum is not worth its products: the bounds will cut it. */
const LIMITS = { share: 1e-6, products: 20 };
const FEW = 256;

export class Face {
  readonly #table: Table;
  readonly #dual: Dual;
  /** Twice as many rows as columns: of more than there are columns some will meet a bound. Of few columns, more cost little. */
  readonly #most: number;
  readonly #list: number; // (most) u32
  readonly #x: number; // (most, pitch) f32
  readonly #factors: number; // (most)
  readonly #sum: number; // (pitch)

  constructor(table: Table, dual: Dual) {
    this.#table = table;
    this.#dual = dual;
    this.#most = Math.min(table.rows, Math.max(2 * table.pitch, FEW));
    const { heap } = table.engine;
    this.#list = heap.allocate(4 * this.#most, "rows between bounds");
    this.#x = heap.allocate(4 * this.#most * table.pitch, "rows between bounds");
    [this.#factors, this.#sum] = [table.reserve(this.#most), table.reserve(table.pitch)];
  }

  /** Lowers the dual among those of `rows` that are between their bounds; alpha and w move together. */
  async descend(rows: Uint32Array): Promise<void> {
    const [alpha, costs, signs, squares] = [
      this.#dual.alpha,
      this.#dual.costs,
      this.#dual.signs,
      this.#dual.squares,
    ].map((address) => this.#table.f64(address, this.#table.rows)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const free = rows.filter((row) => alpha[row]! > 0 && alpha[row]! < costs[row]!);
    if (free.length === 0 || free.length > this.#most) return;
    const of = (values: Float64Array) => Float64Array.from(free, (row) => values[row]!);
    const [sign, from, bound] = [of(signs), of(alpha), of(costs)];
    this.#gather(free);

    const gradient = this.#margins(this.#dual.w, sign).map((margin) => margin - 1);
    const step = await conjugateGradients(
      gradient.map((value) => -value),
      of(squares),
      LIMITS,
      (v, product) => {
        this.#add(v, sign);
        product.set(this.#margins(this.#sum, sign));
      },
    );
    for (const change of [bent(step, from, bound), cut(step, from, bound)]) {
      const sum = this.#add(change, sign);
      if (!(dot(gradient, change) + 0.5 * dot(sum, sum) < 0)) continue;
      free.forEach((row, i) => (alpha[row] = Math.min(from[i]! + change[i]!, bound[i]!)));
      const w = this.#table.f64(this.#dual.w, sum.length);
      sum.forEach((value, j) => (w[j]! += value));
      return;
    }
  }

  #gather(free: Uint32Array): void {
    const { call, pitch, x, engine } = this.#table;
    engine.u32(this.#list, free.length).set(free);
    call.gatherF32(free.length, pitch, x, this.#list, 0, this.#x, 1, 0);
  }

  /** Σ v · sign · x, (pitch) */
  #add(v: Float64Array, sign: Float64Array): Float64Array {
    const { call, pitch } = this.#table;
    this.#table.f64(this.#factors, v.length).set(v.map((value, i) => value * sign[i]!));
    const sum = this.#table.f64(this.#sum, pitch).fill(0);
    call.linearGradient(v.length, 1, pitch, this.#x, this.#factors, this.#sum);
    return sum;
  }

  /** sign · w · x, of each row */
  #margins(w: number, sign: Float64Array): Float64Array {
    const { call, pitch } = this.#table;
    call.linearScores(sign.length, 1, pitch, this.#x, w, this.#factors);
    return this.#table.f64(this.#factors, sign.length).map((score, i) => score * sign[i]!);
  }
}

/** The step, each component as far as its bounds let it: many meet theirs at once, if it helps. */
function bent(step: Float64Array, from: Float64Array, bound: Float64Array): Float64Array {
  return step.map((value, i) => Math.min(Math.max(value, -from[i]!), bound[i]! - from[i]!));
}

/**
 * As much of the step as fits, to the first bound: surely downhill, also where the minimum lies at infinity, as it may with more
 * rows than columns.
 */
function cut(step: Float64Array, from: Float64Array, bound: Float64Array): Float64Array {
  const room = step.map((value, i) => (value < 0 ? -from[i]! : bound[i]! - from[i]!));
  const share = step.reduce((least, value, i) => (value === 0 ? least : Math.min(least, room[i]! / value)), 1);
  return step.map((value, i) => (room[i]! / value === share ? room[i]! : share * value));
}
