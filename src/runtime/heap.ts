import { ALIGNMENT_BYTES, SLACK_BYTES } from "../../assembly/shared/layout.js";
import { OutOfMemoryError } from "../errors.js";

const PAGE_BYTES = 65536;
const LOWEST_ADDRESS = 1024; // the compiler assumes that nothing useful lies below

interface Gap {
  address: number;
  bytes: number;
}

/** Hands out blocks of one model's WebAssembly memory. Blocks are aligned, with readable slack
 * behind; what is in them is left over from before. */
export class Heap {
  readonly #memory: WebAssembly.Memory;
  readonly #gaps: Gap[] = []; // by address, never touching one another
  readonly #sizes = new Map<number, number>();
  #top: number;
  /** Above it, nothing has ever been handed out: it is zero, and takes up no memory until it is written. */
  #untouched: number;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#top = this.#untouched = aligned(Math.max(base, LOWEST_ADDRESS));
  }

  /** A block of zeros, of which what is new from the engine stays untouched. */
  allocateZeroed(bytes: number, what: string): number {
    const untouched = this.#untouched;
    const address = this.allocate(bytes, what);
    const used = Math.min(bytes, untouched - address);
    if (used > 0) new Uint8Array(this.#memory.buffer, address, used).fill(0);
    return address;
  }

  /** @throws OutOfMemoryError `memory/cannot-grow`; then nothing has changed */
  allocate(bytes: number, what: string): number {
    const size = aligned(bytes + SLACK_BYTES);
    const gap = this.#gaps.find((candidate) => candidate.bytes >= size);
    const address = gap ? gap.address : this.#top;
    if (gap) {
      gap.address += size;
      gap.bytes -= size;
      if (gap.bytes === 0) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    } else {
      this.#grow(address + size, bytes, what);
      this.#top += size;
      this.#untouched = Math.max(this.#untouched, this.#top);
    }
    this.#sizes.set(address, size);
    return address;
  }

  free(address: number): void {
    const bytes = this.#sizes.get(address);
    if (bytes === undefined) return;
    this.#sizes.delete(address);
    const next = this.#gaps.findIndex((gap) => gap.address > address);
    const index = next === -1 ? this.#gaps.length : next;
    this.#gaps.splice(index, 0, { address, bytes });
    this.#mergeWithNext(index);
    if (index > 0) this.#mergeWithNext(index - 1);
    const last = this.#gaps.at(-1);
    if (last && last.address + last.bytes === this.#top) {
      this.#top = last.address;
      this.#gaps.pop();
    }
  }

  #mergeWithNext(index: number): void {
    const [gap, next] = [this.#gaps[index], this.#gaps[index + 1]];
    if (!gap || !next || gap.address + gap.bytes !== next.address) return;
    gap.bytes += next.bytes;
    this.#gaps.splice(index + 1, 1);
  }

  #grow(end: number, wanted: number, what: string): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch (error) {
      throw new OutOfMemoryError(
        "memory/cannot-grow",
        `${mebibytes(wanted)} for ${what} do not fit: the model's WebAssembly memory holds ` +
          `${mebibytes(this.#memory.buffer.byteLength)} and cannot grow that far (4096 MiB at most). ` +
          "Use smaller layers or batches, or keep data of bytes in a Uint8Array.",
        { cause: error },
      );
    }
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MiB`;
}
