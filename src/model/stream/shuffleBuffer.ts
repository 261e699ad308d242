import { STREAM_BUFFER } from "../../../assembly/shared/random.js";
import { PhiloxStream } from "../../data/philox.js";

/**
 * What rows are drawn from: a draw takes one of those that are in it, all equally likely, and makes room for the next row.
 * With room for one it keeps the order. What is drawn depends on seed, epoch, and how many rows there were.
 */
export class ShuffleBuffer {
  readonly #slots: Uint32Array;
  readonly #random: PhiloxStream;
  #size = 0;

  constructor(capacity: number, seed: number, epoch: number) {
    this.#slots = new Uint32Array(capacity);
    this.#random = new PhiloxStream(seed, STREAM_BUFFER, epoch);
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.#slots.length;
  }

  /** `slot` is where the row lies. */
  put(slot: number): void {
    this.#slots[this.#size++] = slot;
  }

  take(): number {
    const place = this.#size > 1 ? this.#random.below(this.#size) : 0;
    const slot = this.#slots[place]!;
    this.#slots[place] = this.#slots[--this.#size]!;
    return slot;
  }
}
