// Hinge losses have no curvature: their duals are solved by coordinate descent, row by row in an order drawn anew for each
// sweep. Rows that stay at a bound are left out until all else has converged.

import { STREAM_CLASSIFIER } from "../../../assembly/shared/random.js";
import { type Dual, Face } from "./face.js";
import type { Limits, Minimum } from "./newton.js";
import type { Table } from "./table.js";

export interface DescentLimits extends Limits {
  readonly seed: number;
}

/** Sweeps between two steps among the rows that are at no bound … */
const FACE_EVERY = 10;
/** … and how far gradients may be apart for one: before, the bounds are the wrong ones. */
const FACE_WITHIN = 1;

/** Solves one problem of two sides after the other; rows whose loss costs nothing take no part. */
export class HingeDescent {
  readonly #table: Table;
  readonly #sweeps: Sweeps;
  readonly #dual: Dual;
  readonly #face: Face;
  readonly #bounds: number;

  constructor(table: Table, limits: DescentLimits) {
    this.#table = table;
    this.#sweeps = new Sweeps(table, limits);
    const [signs, costs, alpha] = [1, 2, 3].map(() => table.reserve(table.rows)) as [number, number, number];
    this.#dual = { signs, costs, alpha, squares: table.squares(), w: table.reserve(table.pitch) };
    this.#face = new Face(table, this.#dual);
    this.#bounds = table.reserve(4);
  }

  async solve(isPositive: (row: number) => boolean, cost: (row: number) => number): Promise<Minimum> {
    const { rows, pitch } = this.#table;
    const signs = this.#table.f64(this.#dual.signs, rows);
    const costs = this.#table.f64(this.#dual.costs, rows);
    for (let row = 0; row < rows; row++) {
      signs[row] = isPositive(row) ? 1 : -1;
      costs[row] = cost(row);
    }
    this.#table.f64(this.#dual.alpha, rows).fill(0);
    const w = this.#table.f64(this.#dual.w, pitch).fill(0);
    const done = await this.#descend(costs);
    return { w: w.slice(), ...done };
  }

  async #descend(costs: Float64Array): Promise<Omit<Minimum, "w">> {
    const { tolerance, maxIterations } = this.#sweeps.limits;
    const bounds = this.#table.f64(this.#bounds, 4);
    this.#sweeps.start((row) => costs[row]! > 0);
    bounds.set([Infinity, -Infinity]);
    for (let iterations = 1; iterations <= maxIterations; iterations++) {
      bounds.set([-Infinity, Infinity], 2);
      await this.#sweep(iterations);
      const [greatest, least] = [bounds[2]!, bounds[3]!];
      const isNear = greatest - least < FACE_WITHIN;
      const done = !(greatest - least > tolerance); // also where no row was left
      if (done && this.#sweeps.isWhole) return { iterations, converged: true };
      if (done) this.#sweeps.takeAll();
      else if (isNear && iterations % FACE_EVERY === 0) await this.#face.descend(this.#sweeps.list());
      bounds.set(done ? [Infinity, -Infinity] : [greatest > 0 ? greatest : Infinity, least < 0 ? least : -Infinity]);
    }
    return { iterations: maxIterations, converged: false };
  }

  #sweep(iteration: number): Promise<void> {
    const { call, pitch, x } = this.#table;
    const { signs, costs, squares, alpha, w } = this.#dual;
    // prettier-ignore
    return this.#sweeps.run(iteration, 2, (count, list, order, kept) =>
      call.hingeSweep(count, list, order, pitch, x, signs, costs, squares, alpha, w, this.#bounds, kept),
    );
  }
}

/** All classes at once: Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector machines" (2001). */
export async function crammerSinger(
  table: Table,
  classes: number,
  places: Uint32Array,
  cost: (row: number) => number,
  limits: DescentLimits,
): Promise<Minimum> {
  const { rows, pitch, call, x, engine } = table;
  const sweeps = new Sweeps(table, limits);
  const [labels, costs, squares] = [table.reserve(Math.ceil(rows / 2)), table.reserve(rows), table.squares()];
  const [alpha, w, scores, worst] = [rows * classes, classes * pitch, classes, 1].map((n) => table.reserve(n)) as Four;
  const asleep = table.reserve(Math.ceil((rows * classes) / 8));
  engine.u32(labels, rows).set(places);
  const [own, lengths] = [table.f64(costs, rows), table.f64(squares, rows)];
  for (let row = 0; row < rows; row++) own[row] = cost(row);
  sweeps.start((row) => own[row]! > 0 && lengths[row]! > 0); // a row of zeros moves nothing

  // What is at a bound sleeps until the rest has come close enough: within `wanted`, which is halved each time that all wake.
  let wanted = Math.max(10 * limits.tolerance, 1);
  let allAwake = true;
  for (let iterations = 1; iterations <= limits.maxIterations; iterations++) {
    table.f64(worst, 1)[0] = 0;
    // prettier-ignore
    await sweeps.run(iterations, 2 * classes, (count, list, order, kept) =>
      call.crammerSingerSweep(count, list, order, classes, pitch, x, labels, costs, squares, alpha, asleep, w, scores, worst, kept),
    );
    const violation = table.f64(worst, 1)[0]!;
    if (allAwake && violation <= limits.tolerance) return { w: solution(), iterations, converged: true };
    allAwake = violation <= wanted;
    if (!allAwake) continue;
    wanted = Math.max(wanted / 2, limits.tolerance);
    engine.u8(asleep, rows * classes).fill(0);
    sweeps.takeAll();
  }
  return { w: solution(), iterations: limits.maxIterations, converged: false };

  function solution(): Float64Array {
    return table.f64(w, classes * pitch).slice();
  }
}

type Four = [number, number, number, number];

/** Which rows a sweep visits, and in what order. */
class Sweeps {
  readonly limits: DescentLimits;
  readonly #table: Table;
  #list: number; // u32: the rows of this sweep
  #kept: number; // and of the next
  readonly #order: number;
  #count = 0;
  #all = new Uint32Array();

  constructor(table: Table, limits: DescentLimits) {
    this.#table = table;
    this.limits = limits;
    const u32 = () => table.reserve(Math.ceil(table.rows / 2));
    [this.#list, this.#kept, this.#order] = [u32(), u32(), u32()];
  }

  /** Whether the next sweep leaves out no row. */
  get isWhole(): boolean {
    return this.#count === this.#all.length;
  }

  /** From now on of these rows alone. */
  start(takesPart: (row: number) => boolean): void {
    this.#all = Uint32Array.from({ length: this.#table.rows }, (_, row) => row).filter(takesPart);
    this.takeAll();
  }

  /** The rows of the next sweep: a view. */
  list(): Uint32Array {
    return this.#table.engine.u32(this.#list, this.#count);
  }

  takeAll(): void {
    this.#count = this.#all.length;
    this.#table.engine.u32(this.#list, this.#count).set(this.#all);
  }

  /** One sweep, in slices; `sweep` returns how many rows it has kept. */
  async run(
    iteration: number,
    classes: number,
    sweep: (count: number, list: number, order: number, kept: number) => number,
  ): Promise<void> {
    const { call, pitch, pace } = this.#table;
    const { seed } = this.limits;
    call.permute(this.#count, this.#order, seed >>> 0, Math.floor(seed / 2 ** 32), iteration, STREAM_CLASSIFIER);
    const slice = this.#table.sliceRows(classes);
    let kept = 0;
    for (let first = 0; first < this.#count; first += slice) {
      const count = Math.min(slice, this.#count - first);
      kept += sweep(count, this.#list, this.#order + 4 * first, this.#kept + 4 * kept);
      if (pace.isDue(count * pitch * classes)) await pace.rest();
    }
    this.#count = kept;
    [this.#list, this.#kept] = [this.#kept, this.#list];
  }
}
