import type { Random } from "./random.js";

/** One file that is read, and the options that it is read with. */
export interface Case {
  readonly file: Uint8Array;
  readonly options?: unknown;
  /** Codes beside the reader's own, where the options are at fault. */
  readonly alsoRefused?: RegExp;
}

/** A source of a reader, but for the functions and classes that write rather than read. */
export type Source = string | { readonly file: string; readonly without: readonly string[] };

/** What reads files that anybody may have made. */
export interface Reader {
  readonly name: string;
  /** Whose branches count. */
  readonly sources: readonly Source[];
  /** The codes that it may refuse a file with. */
  readonly refusals: RegExp;
  readonly prepare: () => Promise<Prepared>;
}

/** A reader with its corpus at hand. */
export interface Prepared {
  /** A file that is good, bad, or hostile. */
  make(random: Random): Case;
  /** Reads it, and uses what was read; its result is what the table counts, such as "a model". */
  read(chosen: Case): Promise<string>;
  /** Reads a good file anew: bytes that must be the same behind the run as before it. */
  good(): Promise<Uint8Array>;
}
