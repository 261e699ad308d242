import { SLICE_MS } from "../../model/pacer.js";
import { yieldToHost } from "../../runtime/yield.js";

/** Multiplications between two looks at the clock: about a millisecond. */
export const SLICE_WORK = 2e6;

/** Without a clock that moves, the host is let in after so much. */
const MOST_WORK = 1e8;

/** Lets the host in every 10 ms or so, and throws the signal's reason where that has aborted. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();
  #work = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** To be awaited only where it is due: an await costs more than a short sweep. */
  isDue(work: number): boolean {
    this.#work += work;
    return this.#work >= SLICE_WORK && (this.#work >= MOST_WORK || performance.now() - this.#since >= SLICE_MS);
  }

  async rest(): Promise<void> {
    await yieldToHost();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
    this.#work = 0;
  }
}
