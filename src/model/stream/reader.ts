import { DataError } from "../../errors.js";
import type { Rows } from "../data.js";
import { type ChunkSource, openSource } from "./source.js";

export interface ReaderOptions {
  /** A chunk as rows of its own: the source may use its arrays again. */
  readonly check: (chunk: unknown, number: number) => readonly Rows[];
  /** Chunks that are asked for before they are needed. */
  readonly readAhead: number;
  /** A source that has ended is opened anew. */
  readonly endless: boolean;
  readonly signal: AbortSignal | undefined;
}

/** One way through a source. Chunks are asked for one by one, ahead of their use; errors come when their chunk would. */
export class ChunkReader {
  readonly #source: ChunkSource;
  readonly #options: ReaderOptions;
  readonly #ahead: Promise<readonly Rows[] | undefined>[] = [];
  #iterator: Awaited<ReturnType<typeof openSource>> | undefined;
  #count = 0;
  /** The source has ended. */
  #over = false;
  #closed = false;

  constructor(source: ChunkSource, options: ReaderOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The next chunk, undefined at the end. Those after it are asked for. */
  async next(): Promise<readonly Rows[] | undefined> {
    this.#ask(1);
    const rows = await unlessAborted(this.#ahead[0]!, this.#options.signal);
    this.#ahead.shift();
    this.#ask(this.#options.readAhead);
    return rows;
  }

  #ask(count: number): void {
    while (this.#ahead.length < count) {
      const before = this.#ahead.at(-1) ?? Promise.resolve();
      const pulled = before.then(() => this.#pull());
      pulled.catch(() => undefined); // whoever waits for it is told
      this.#ahead.push(pulled);
    }
  }

  async #pull(): Promise<readonly Rows[] | undefined> {
    if (this.#closed || this.#over) return undefined;
    let given = await this.#read();
    if (given.done && this.#options.endless && !this.#closed) {
      given = await this.#read();
      if (given.done) throw ended(this.#count);
    }
    if (!given.done) return this.#options.check(given.value, this.#count++);
    this.#over = true;
    return undefined;
  }

  /** A source that has ended or thrown is not to be closed. */
  async #read(): Promise<IteratorResult<unknown, unknown>> {
    const iterator = (this.#iterator ??= await openSource(this.#source));
    this.#iterator = undefined;
    const given = await iterator.next();
    if (!given.done) this.#iterator = iterator;
    return given;
  }

  /** Lets the source free what it holds. Its end is awaited, unless training was aborted: a source may be stuck. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closing = this.#finish().catch(() => undefined);
    if (!this.#options.signal?.aborted) await closing;
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#ahead);
    await this.#iterator?.return?.();
  }
}

function ended(chunks: number): DataError {
  return new DataError(
    "data/stream-ended",
    `The stream ended after ${chunks} chunks, before the epochs did. With stepsPerEpoch rows are read on from epoch to epoch: ` +
      "pass a function that returns the chunks anew, an endless stream, or fewer epochs or steps.",
  );
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
