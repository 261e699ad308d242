import { GEMM_SCRATCH_BYTES } from "../../assembly/shared/gemm.js";
import { CREW_BYTES, CREW_DONE, CREW_FAILED } from "../../assembly/shared/layout.js";
import { LanewiseError } from "../errors.js";
import type { Heap } from "./heap.js";
import { Helpers, type Hire } from "./helpers.js";
import { maySleep } from "./threads.js";

/** What one engine's helpers work on. */
export interface Workplace {
  readonly threads: number;
  readonly hire: Hire;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  /** Thread 0's own joining. */
  join(crew: number, thread: number, scratch: number, maySleep: boolean): void;
}

/** A model that nobody holds any longer lets its helpers go. Made with the first helpers: some edge runtimes have none of it. */
let departures: FinalizationRegistry<Helpers> | undefined;

/**
 * The threads of one engine, as thread 0 sees them (assembly/program/crew.ts: how they meet). Helpers are hired when a program
 * first has something to share, and sleep between slices.
 */
export class Crew {
  readonly #place: Workplace;
  #scratches: readonly number[] = [];
  #address = 0;
  #helpers: Helpers | undefined;
  /**
   * As large as the shared memory, and never touched, so that it takes up none. Collectors do not count shared memory: to them a
   * model would be a few bytes, not worth looking for, and hundreds would pile up.
   */
  #ballast = new ArrayBuffer(0);

  constructor(place: Workplace) {
    this.#place = place;
  }

  get threads(): number {
    return this.#place.threads;
  }

  /** How many parts of records helpers have done since they were hired. */
  get helped(): number {
    if (this.#address === 0) return 0;
    return Atomics.load(new Int32Array(this.#place.memory.buffer, this.#address + CREW_DONE, 1), 0);
  }

  /** Before a run: whoever died while nothing ran is replaced, and nothing said. */
  refresh(): void {
    if (this.#helpers?.state === "dead") this.#helpers = undefined;
  }

  /**
   * Before a slice: helpers are hired unless they are there. Nobody waits for them: they take parts once they have come.
   *
   * @throws LanewiseError `threads/worker-died`; the next call hires new ones
   */
  muster(): void {
    if (this.#helpers?.state === "dead") throw this.lost(this.#helpers.death);
    const { byteLength } = this.#place.memory.buffer;
    if (this.#ballast.byteLength !== byteLength) this.#ballast = new ArrayBuffer(byteLength);
    if (this.#helpers === undefined || this.#helpers.state === "dismissed") this.#hire();
    this.#helpers!.use();
  }

  /** The error of a helper that is gone, and with it those that are left. */
  lost(why = "it failed in the midst of its work"): LanewiseError {
    this.#helpers?.dismiss();
    this.#helpers = undefined;
    return new LanewiseError(
      "threads/worker-died",
      `A worker thread of this model died: ${why}. The step under way was dropped, and the weights are those of the last whole step. ` +
        "Call again (fit with resume: true goes on where it was): new threads are started.",
    );
  }

  #hire(): void {
    const { threads, hire, module, memory, heap, join } = this.#place;
    if (this.#scratches.length === 0) {
      this.#scratches = Array.from({ length: threads - 1 }, () =>
        heap.allocate(GEMM_SCRATCH_BYTES, "a thread's scratch"),
      );
    }
    // Each time another one, never freed: a worker that is ended may still look at its own for some microseconds.
    this.#address = heap.allocate(CREW_BYTES, "what threads tell one another");
    new Uint8Array(memory.buffer, this.#address, CREW_BYTES).fill(0);
    join(this.#address, 0, 0, maySleep());
    const crew = this.#address;
    const common = { module, memory, crew, failed: crew + CREW_FAILED, done: crew + CREW_DONE };
    const hirings = this.#scratches.map((scratch, i) => ({ ...common, thread: i + 1, scratch }));
    this.#helpers = new Helpers(hire, hirings);
    departures ??= new FinalizationRegistry((helpers) => helpers.dismiss());
    departures.register(this, this.#helpers);
  }
}
