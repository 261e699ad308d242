import { DataError, OutOfMemoryError } from "../../errors.js";
import type { Run } from "../../program/run.js";
import { yieldToHost } from "../../runtime/yield.js";
import type { Compiled, Core } from "../core.js";
import type { Rows } from "../data.js";
import { type Feed, OPEN_END } from "../dataset.js";
import { SLICE_MS } from "../pacer.js";
import type { ClassWeight } from "../weights.js";
import { ChunkFormat, rowsOfChunk } from "./chunk.js";
import { ChunkReader } from "./reader.js";
import { ShuffleBuffer } from "./shuffleBuffer.js";
import type { ChunkSource } from "./source.js";

/** Drawn rows that wait to be trained on: several batches where these are small, so that few refills are needed. */
const WINDOW_ROWS = 1024;

export interface StreamOptions {
  readonly source: ChunkSource;
  readonly batchRows: number;
  /** Rows that are drawn from; 1 keeps their order. */
  readonly bufferRows: number;
  readonly readAhead: number;
  readonly signal?: AbortSignal | undefined;
  readonly classWeight?: ClassWeight | undefined;
  /** Epochs of so many rows, read on from one to the next; `from`: the epoch that the first one is. */
  readonly endless?: { readonly rows: number; readonly from: number } | undefined;
  /** Follows "x of chunk 3" in messages. */
  readonly suffix?: string;
}

type Drawn = "enough" | "starved" | "ended";

/**
 * Rows of a stream that a run reads: those of a shuffle buffer and those drawn from it, which a window of the run's order
 * points at. Each row is copied into WebAssembly's memory once and stays where it is until it was trained on.
 *
 *   chunk ──▶ slots of the blocks, bufferRows + windowRows of them ◀── order of the window, as drawn
 *
 * A draw needs the row that follows, so the buffer is never empty but at the end, which is thus known before the last batch.
 */
export class StreamDataset implements Feed {
  readonly weighted: boolean;
  readonly batchRows: number;
  readonly targets = undefined;
  readonly cached = undefined;
  /** Of the epoch, once its end is known. */
  rows: number | undefined;
  readonly #core: Core;
  readonly #options: StreamOptions;
  readonly #open: () => ChunkReader;
  readonly #format: ChunkFormat;
  readonly #windowRows: number;
  readonly #blocks: readonly number[];
  /** Address of the window's order: slots (u32). */
  readonly #order: number;
  /** Slots that hold no row: the first `#freeCount` of them. */
  readonly #free: Uint32Array;
  #freeCount = 0;

  // One way through the source; with `endless`, all of them.
  #reader: ChunkReader;
  /** Nothing was taken of the first chunk yet. */
  #fresh = true;
  #buffer!: ShuffleBuffer;
  #chunk: readonly Rows[] | undefined;
  /** Chunks taken. */
  #chunks = 0;
  /** Rows of the chunk that were taken. */
  #taken = 0;
  #ended = false;
  /** Which row of the epoch is the first of the window. */
  #start = 0;
  /** Rows of the window. */
  #drawn = 0;
  #lastYield = performance.now();

  /** Reads the first chunk, which tells what all are like; nothing is allocated before that. */
  static async open(core: Core, compiled: Compiled, options: StreamOptions): Promise<StreamDataset> {
    const { source, readAhead, signal, classWeight, endless, suffix = "" } = options;
    const open = () =>
      new ChunkReader(source, {
        check: (chunk, i) => rowsOfChunk(core, compiled, chunk, { suffix: ` of chunk ${i}${suffix}`, classWeight }),
        readAhead,
        endless: endless !== undefined,
        signal,
      });
    const reader = open();
    try {
      const first = await reader.next();
      if (!first) throw new DataError("data/no-rows", `The stream${suffix} gave no chunk; at least one row is needed.`);
      return new StreamDataset(core, options, open, { reader, first });
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  private constructor(
    core: Core,
    options: StreamOptions,
    open: () => ChunkReader,
    { reader, first }: { reader: ChunkReader; first: readonly Rows[] },
  ) {
    const { batchRows, bufferRows, endless } = options;
    this.#core = core;
    this.#options = options;
    this.#open = open;
    this.#format = new ChunkFormat(core, first);
    this.weighted = this.#format.weighted;
    this.batchRows = batchRows;
    this.rows = endless?.rows;
    this.#windowRows = batchRows * Math.max(1, Math.floor(WINDOW_ROWS / batchRows));
    [this.#reader, this.#chunk, this.#chunks] = [reader, first, 1];

    const slots = bufferRows + this.#windowRows;
    refuseLarge(core, slots, this.#format, options);
    const { heap } = core.engine;
    const allocated: number[] = [];
    try {
      for (const { width, bytesPerValue } of this.#format.widths) {
        allocated.push(heap.allocate(slots * width * bytesPerValue, "rows of a stream"));
      }
      allocated.push(heap.allocate(this.#windowRows * 4, "the order of a stream's rows"));
    } catch (error) {
      for (const address of allocated) heap.free(address);
      throw error;
    }
    this.#order = allocated.at(-1)!;
    this.#blocks = allocated.slice(0, -1);
    this.#free = new Uint32Array(slots);
  }

  attach(run: Run, epoch = 0): () => Promise<void> {
    if (this.#options.endless && !this.#fresh) this.#goOn();
    else this.#begin(epoch);
    run.sources(this.#format.widths.map(({ bytesPerValue }, i) => ({ address: this.#blocks[i]!, bytesPerValue })));
    run.order({ address: this.#order, shuffle: false, epoch, seed: this.#core.seed });
    run.window({ start: run.position, rows: 0, ordered: true });
    return () => this.#refill(run);
  }

  /** From the source's first row on. */
  #begin(epoch: number): void {
    const { endless, bufferRows } = this.#options;
    const { rows, from } = endless ?? { rows: 0, from: 0 };
    if (!this.#fresh) {
      this.#reader = this.#open();
      [this.#chunk, this.#chunks, this.#taken] = [undefined, 0, 0];
    }
    this.#fresh = false;
    this.#buffer = new ShuffleBuffer(bufferRows, this.#core.seed, epoch - from);
    this.#free.forEach((_, slot, free) => (free[slot] = slot));
    this.#freeCount = this.#free.length;
    [this.#start, this.#drawn, this.#ended] = [-rows * from, 0, false];
    this.rows = endless?.rows;
  }

  /** The next epoch of an endless stream. */
  #goOn(): void {
    this.#retire(this.#drawn);
    this.#start = 0;
  }

  async #refill(run: Run): Promise<void> {
    await this.#goTo(run.position);
    let state = this.#draw();
    while (state === "starved" && this.#ready < this.batchRows) {
      await this.#nextChunk();
      state = this.#draw();
    }
    const end = this.#start + this.#drawn;
    if (end >= OPEN_END) throw tooLong();
    if (state === "ended") {
      if (this.#drawn === 0) throw end === 0 ? oneShot() : differs(end);
      run.totalRows = this.rows = end;
    }
    run.window({ start: this.#start, rows: this.#ready, ordered: true });
  }

  /** Makes the row at `position` the first of the window: those before it have been trained on, some perhaps in another fit. */
  async #goTo(position: number): Promise<void> {
    for (;;) {
      this.#retire(Math.min(position - this.#start, this.#drawn));
      await this.#breathe();
      if (this.#start === position) return;
      const state = this.#draw();
      if (this.#drawn > 0) continue;
      if (state === "ended") throw differs(this.#start);
      await this.#nextChunk();
    }
  }

  /** Draws what the rows at hand allow, and no row beyond the epoch. */
  #draw(): Drawn {
    const order = this.#core.engine.u32(this.#order, this.#windowRows);
    const put = this.#putter();
    const { endless } = this.#options;
    const room = endless ? Math.min(this.#windowRows, endless.rows - this.#start) : this.#windowRows;
    for (;;) {
      if (endless && this.#drawn === room) return "enough";
      if (!this.#topUp(put)) return "starved";
      if (this.#buffer.size === 0) return "ended";
      if (this.#drawn === room) return "enough";
      order[this.#drawn++] = this.#buffer.take();
    }
  }

  /** Rows of the window that may be trained on: the last row of a full batch might be that of the epoch. */
  get #ready(): number {
    const unsure = !this.#ended && !this.#options.endless && this.#buffer.size === 0;
    return unsure ? Math.max(0, this.#drawn - 1) : this.#drawn;
  }

  /** Fills the buffer from the chunk; false where it takes more than that. */
  #topUp(put: (row: number, slot: number) => void): boolean {
    while (!this.#buffer.full) {
      if (this.#taken === (this.#chunk?.[0]!.rows ?? 0)) return this.#ended;
      const slot = this.#free[--this.#freeCount]!;
      put(this.#taken++, slot);
      this.#buffer.put(slot);
    }
    return true;
  }

  /** Copies rows of the chunk; to be used before anything is allocated. */
  #putter(): (row: number, slot: number) => void {
    const { engine } = this.#core;
    const slots = this.#free.length;
    const arrays = (this.#chunk ?? []).map(({ data, width }, i) => {
      const address = this.#blocks[i]!;
      const bytes = data instanceof Uint8Array;
      return { data, width, held: bytes ? engine.u8(address, slots * width) : engine.f32(address, slots * width) };
    });
    return (row, slot) => {
      for (const { data, width, held } of arrays) {
        if (width === 1) held[slot] = data[row]!;
        else held.set(data.subarray(row * width, (row + 1) * width), slot * width);
      }
    };
  }

  async #nextChunk(): Promise<void> {
    const number = this.#chunks++;
    const chunk = await this.#reader!.next();
    if (chunk) this.#format.refuseOther(chunk, number);
    [this.#chunk, this.#taken, this.#ended] = [chunk, 0, chunk === undefined];
  }

  /** The first rows of the window have been trained on. */
  #retire(count: number): void {
    if (count <= 0) return;
    const order = this.#core.engine.u32(this.#order, this.#windowRows);
    this.#free.set(order.subarray(0, count), this.#freeCount);
    this.#freeCount += count;
    order.copyWithin(0, count, this.#drawn);
    this.#drawn -= count;
    this.#start += count;
  }

  /** A source that never waits must not keep the host from its work. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#lastYield < SLICE_MS) return;
    await yieldToHost();
    this.#lastYield = performance.now();
    this.#options.signal?.throwIfAborted();
  }

  async release(): Promise<void> {
    for (const address of [...this.#blocks, this.#order]) this.#core.engine.heap.free(address);
    await this.#reader.close();
  }
}

/** @throws OutOfMemoryError `memory/stream-too-large` */
function refuseLarge(core: Core, slots: number, format: ChunkFormat, { bufferRows, batchRows }: StreamOptions): void {
  const rowBytes = format.widths.reduce((bytes, { width, bytesPerValue }) => bytes + width * bytesPerValue, 0);
  if (slots * rowBytes <= core.windowBytes) return;
  const fit = Math.floor(core.windowBytes / rowBytes) - (slots - bufferRows);
  throw new OutOfMemoryError(
    "memory/stream-too-large",
    `A stream would take ${slots * rowBytes} bytes: ${rowBytes} a row, for a shuffle buffer of ${bufferRows} rows and ${slots - bufferRows} that wait to be trained on; this model keeps up to ${core.windowBytes}. ` +
      (fit > 0
        ? `Fit with shuffleBuffer: ${fit} or less, or make the model with windowBytes: ${slots * rowBytes}.`
        : `Take a smaller batchSize than ${batchRows}, or make the model with windowBytes: ${slots * rowBytes}.`),
  );
}

function oneShot(): DataError {
  return new DataError(
    "data/stream-ended",
    "The stream gave chunks in the first epoch and none when it was iterated again. Pass a function that returns its chunks anew: fit(() => chunks(), …).",
  );
}

function differs(rows: number): DataError {
  return new DataError(
    "data/resume-differs",
    `resume goes on in the middle of an epoch, and the stream ended at row ${rows}, which is not beyond it. Pass a stream of the same rows, or fit without resume.`,
  );
}

function tooLong(): DataError {
  return new DataError(
    "data/stream-too-long",
    `An epoch of this stream has more than ${OPEN_END} rows. Let stepsPerEpoch end it earlier.`,
  );
}
