// What a fit's frozen lower part makes of each row, kept over its epochs.

import { OutOfMemoryError } from "../errors.js";
import type { Source } from "../program/run.js";
import { yieldToHost } from "../runtime/yield.js";
import { sizeOf } from "../shape.js";
import type { Core, Mode } from "./core.js";
import type { Rows } from "./data.js";
import type { Dataset } from "./dataset.js";
import type { FrozenPart } from "./frozenPart.js";
import { Pacer } from "./pacer.js";

type FrozenMode = Extract<Mode, "frozenTrain" | "frozenEvaluate">;

/** Rows at a time; it changes no bit. */
const BATCH_ROWS = 256;

const MIB = 1024 * 1024;

/**
 * The part that cacheFrozen keeps the outputs of. They take rows × width × 4 bytes, beside the data: a layer may be
 * thawed, and then they are made anew from those.
 *
 * @throws ConfigError as `frozenPartOf`; OutOfMemoryError `memory/cache-too-large` beyond the model's `windowBytes`
 */
export function cacheablePart(core: Core, sets: readonly (readonly Rows[])[]): FrozenPart {
  const part = core.frozenPart({ refuse: true })!;
  const data = sets.flat().reduce((bytes, { data }) => bytes + data.byteLength, 0);
  const rows = sets.reduce((sum, [first]) => sum + first!.rows, 0);
  const bytes = cacheBytes(core, part, rows);
  if (data + bytes <= core.windowBytes) return part;
  throw new OutOfMemoryError(
    "memory/cache-too-large",
    `cacheFrozen would keep ${rows} rows × ${widthOf(core, part)} outputs of the frozen layers × 4 bytes = ${mib(bytes)} beside ${mib(data)} of data, and this model keeps up to ${mib(core.windowBytes)}. ` +
      `Make it with windowBytes: ${data + bytes} or more, pass fewer rows, or leave cacheFrozen out.`,
  );
}

function cacheBytes(core: Core, part: FrozenPart, rows: number): number {
  return rows * widthOf(core, part) * 4;
}

function widthOf(core: Core, part: FrozenPart): number {
  return core.madeBy(part).reduce((sum, tensor) => sum + sizeOf(core.tensorShape(tensor)), 0);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** The outputs of a frozen part over all rows of one set: a block a tensor that it makes. */
class Outputs {
  readonly #core: Core;
  readonly #part: FrozenPart;
  readonly #blocks: readonly number[];

  constructor(core: Core, part: FrozenPart, rows: number) {
    const { heap } = core.engine;
    const allocated: number[] = [];
    this.#core = core;
    this.#part = part;
    try {
      for (const tensor of core.madeBy(part)) {
        allocated.push(heap.allocate(rows * sizeOf(core.tensorShape(tensor)) * 4, "outputs of frozen layers"));
      }
    } catch (error) {
      for (const address of allocated) heap.free(address);
      throw error;
    }
    this.#blocks = allocated;
  }

  /** Slice by slice, so that the host stays alive. */
  async compute(mode: FrozenMode, data: Dataset, signal: AbortSignal | undefined): Promise<void> {
    const batchRows = Math.min(BATCH_ROWS, data.rows);
    const { run } = this.#core.prepare(mode, batchRows, { part: this.#part });
    const refill = data.attach(run);
    run.begin({ totalRows: data.rows, batchRows });
    run.sinks(this.#blocks);
    const pacer = new Pacer();
    for (;;) {
      const status = pacer.slice(run);
      if (status === "epochDone") return;
      if (status === "needsRows") refill();
      else await yieldToHost();
      signal?.throwIfAborted();
    }
  }

  /** In the order of the part's tensors; inputs that go around it are those of the data. */
  sources(inputs: readonly Source[]): readonly Source[] {
    const made = this.#blocks.map((address): Source => ({ address, bytesPerValue: 4 }));
    const around = this.#part.tensors.filter((tensor) => tensor < inputs.length).map((tensor) => inputs[tensor]!);
    return [...around, ...made];
  }

  release(): void {
    for (const address of this.#blocks) this.#core.engine.heap.free(address);
  }
}

/** The outputs over the sets of one fit, and when they are to be made anew. */
export class FrozenCache {
  readonly #core: Core;
  readonly #sets: readonly { readonly data: Dataset; readonly mode: FrozenMode }[];
  #part: FrozenPart | undefined;
  #outputs: Outputs[] = [];
  #freezes: number;
  #made = false;

  /** Takes its memory now, and fills it when it is first brought up to date. */
  constructor(core: Core, part: FrozenPart, train: Dataset, validation: Dataset | undefined) {
    this.#core = core;
    this.#freezes = core.freezes;
    // Training reads the weights that it goes on from, validation those that are seen: with an optimizer's `ema` others.
    this.#sets = [
      { data: train, mode: "frozenTrain" },
      ...(validation ? [{ data: validation, mode: "frozenEvaluate" } as const] : []),
    ];
    this.#allocate(part);
  }

  /** Layers have been frozen or thawed, or weights written. */
  get outdated(): boolean {
    return !this.#made || this.#freezes !== this.#core.freezes;
  }

  /** Weights have been written: perhaps those of the frozen part. */
  invalidate(): void {
    this.#made = this.#part === undefined;
  }

  /** Between two steps: makes the outputs that the layers as they are now have; none, where none is frozen or they are too large. */
  async update(signal: AbortSignal | undefined): Promise<void> {
    while (this.outdated) {
      if (this.#freezes !== this.#core.freezes) this.#choose();
      if (this.#made) continue;
      this.#made = true; // unless it is outdated again while others work
      for (const { data } of this.#sets) data.cached = undefined;
      const [part, outputs] = [this.#part, this.#outputs];
      for (const [i, made] of outputs.entries()) {
        const { data, mode } = this.#sets[i]!;
        await made.compute(mode, data, signal);
        data.cached = { part: part!, sources: (inputs) => made.sources(inputs) };
      }
    }
  }

  /** Another part, where freezing or thawing has made it another one. */
  #choose(): void {
    this.#freezes = this.#core.freezes;
    const part = this.#core.frozenPart({ refuse: false });
    if (sameApplications(part, this.#part)) return;
    this.release();
    const rows = this.#sets.reduce((sum, { data }) => sum + data.rows, 0);
    const bytes = this.#sets.reduce((sum, { data }) => sum + data.bytes, 0);
    const fits = part && bytes + cacheBytes(this.#core, part, rows) <= this.#core.windowBytes;
    this.#allocate(fits ? part : undefined);
  }

  #allocate(part: FrozenPart | undefined): void {
    this.#part = part;
    this.#made = false;
    try {
      for (const { data } of part ? this.#sets : []) this.#outputs.push(new Outputs(this.#core, part!, data.rows));
    } catch (error) {
      this.release();
      throw error;
    }
  }

  release(): void {
    for (const outputs of this.#outputs) outputs.release();
    for (const { data } of this.#sets) data.cached = undefined;
    this.#outputs = [];
  }
}

function sameApplications(a: FrozenPart | undefined, b: FrozenPart | undefined): boolean {
  return [...(a?.applications ?? [])].join() === [...(b?.applications ?? [])].join();
}
