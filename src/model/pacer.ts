import type { Run, Status } from "../program/run.js";

/** A slice takes about this long: short enough for a page to stay alive, long enough that stopping costs nothing. */
export const SLICE_MS = 10;

/** How fast the first slice is taken to be, in cost a millisecond; far below what any machine does. */
const FIRST_GUESS = 1e5;

/** Faster than any core multiplies in 128 bits: what a clock that stands still would otherwise let it grow beyond. */
const LARGEST_GUESS = 1e8;

/** Runs slices of some 10 ms, by what the last ones took: WebAssembly has no clock, so cost stands for time. */
export class Pacer {
  #costPerMs = FIRST_GUESS;

  /** Runs one slice of at most `steps` steps (0: any number) that should take at most `ms`. */
  slice(run: Run, steps = 0, ms = SLICE_MS): Status {
    const before = performance.now();
    const status = run.slice(this.#costPerMs * Math.min(ms, SLICE_MS), steps);
    const took = performance.now() - before;
    // A clock that stands still, or is coarse, must not make the next slice endless.
    const measured = took > 0 ? run.sliceCost / took : Infinity;
    if (run.sliceCost > 0) this.#costPerMs = Math.min(measured, this.#costPerMs * 4, LARGEST_GUESS);
    return status;
  }
}
