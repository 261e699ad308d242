import { sizeOf } from "../shape.js";
import type { Host } from "./dataset.js";

/** Where a run stores the rows of each output. */
export class Sinks {
  readonly addresses: readonly number[];
  readonly #host: Host;
  readonly #widths: readonly number[];

  /** Room for so many rows of each output; for none, nothing is allocated. */
  constructor(host: Host, rows: number) {
    this.#host = host;
    this.#widths = host.architecture.outputs.map(({ shape }) => sizeOf(shape));
    const { heap } = host.engine;
    const allocated: number[] = [];
    try {
      for (const width of rows > 0 ? this.#widths : []) {
        allocated.push(heap.allocate(rows * width * 4, "predictions"));
      }
    } catch (error) {
      for (const address of allocated) heap.free(address);
      throw error;
    }
    this.addresses = allocated;
  }

  /** The first rows of one output, as a view. */
  rows(output: number, count: number): Float32Array {
    return this.#host.engine.f32(this.addresses[output]!, count * this.#widths[output]!);
  }

  release(): void {
    for (const address of this.addresses) this.#host.engine.heap.free(address);
  }
}
