import type { ErrorCode } from "../../errorCodes.js";
import { ModelFormatError, UnsupportedError } from "../../errors.js";

/** The bytes of a file, and how much may be made of them. Nothing is read past the end, and every walk comes to one. */
export class Hdf5File {
  readonly bytes: Uint8Array;
  /** Heaps of texts by address, each read once. */
  readonly heaps = new Map<number, ReadonlyMap<number, Uint8Array>>();
  readonly #most: number;
  #bytesLeft: number;
  #itemsLeft: number;

  /** @param mostBytes All texts and numbers that are read may take. */
  constructor(bytes: Uint8Array, mostBytes: number) {
    this.bytes = bytes;
    this.#most = mostBytes;
    this.#bytesLeft = mostBytes;
    this.#itemsLeft = bytes.length; // a part takes some dozens of bytes, and is read a few times
  }

  /** A range to be read from front to back. */
  at(begin: number, length: number, what: string): Cursor {
    if (begin + length <= this.bytes.length) return new Cursor(this.bytes, begin, begin + length, what);
    const place = `${length} bytes at byte ${begin}, of ${this.bytes.length}`;
    throw broken("hdf5/cut-off", `${what} should take ${place}`);
  }

  /** From an address to the end of the file. */
  from(begin: number, what: string): Cursor {
    return this.at(begin, Math.max(0, this.bytes.length - begin), what);
  }

  /** Before each item of a list or a tree: this bounds every loop. */
  count(items = 1): void {
    this.#itemsLeft -= items;
    if (this.#itemsLeft >= 0) return;
    throw broken("hdf5/too-much", `it goes in circles, or has more than ${this.bytes.length} parts`);
  }

  /** Before bytes are taken. */
  charge(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft >= 0) return;
    throw broken("hdf5/too-much", `what it holds would take more than ${this.#most} bytes, which is more than is read`);
  }
}

/** The address of what is not there: 2⁶⁴ − 1. */
const NOWHERE = 0xffffffff;

/** Reads on from where it stands, and never past its end. All numbers of the format are little-endian. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  readonly #end: number;
  /** Of the file. */
  at: number;

  constructor(bytes: Uint8Array, begin: number, end: number, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#end = end;
    this.at = begin;
  }

  get left(): number {
    return this.#end - this.at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u24(): number {
    return this.u8() + 0x100 * this.u16();
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Exact up to 2⁵³; what is larger is larger than any file. */
  u64(): number {
    return this.u32() + 2 ** 32 * this.u32();
  }

  /** Of a width that the file chooses: 1, 2, 4 or 8 bytes. */
  uint(width: number): number {
    return width === 1 ? this.u8() : width === 2 ? this.u16() : width === 4 ? this.u32() : this.u64();
  }

  /** Undefined where it leads nowhere. */
  address(): number | undefined {
    const [low, high] = [this.u32(), this.u32()];
    return low === NOWHERE && high === NOWHERE ? undefined : low + 2 ** 32 * high;
  }

  /** A view. */
  take(length: number): Uint8Array {
    const begin = this.#take(length);
    return this.#bytes.subarray(begin, begin + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** The next bytes as a range of their own. */
  inner(length: number): Cursor {
    const begin = this.#take(length);
    return new Cursor(this.#bytes, begin, begin + length, this.#what);
  }

  /** Four letters, such as "TREE". */
  expect(signature: string): void {
    const found = String.fromCharCode(...this.take(signature.length));
    if (found !== signature) throw broken("hdf5/damaged", `${this.#what} should begin with ${signature}`);
  }

  #take(length: number): number {
    if (length > this.left) {
      throw broken("hdf5/cut-off", `${this.#what} ends at byte ${this.#end}, ${length - this.left} too early`);
    }
    this.at += length;
    return this.at - length;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes.slice()); // browsers' decoders refuse shared memory
  } catch (cause) {
    throw broken("hdf5/damaged", "a text in it is no UTF-8", cause);
  }
}

export function broken(code: ErrorCode, why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError(
    code,
    `The HDF5 file cannot be read: ${why}. Fetch or save the file again.`,
    cause === undefined ? undefined : { cause },
  );
}

export function unsupported(what: string): UnsupportedError {
  return new UnsupportedError(
    "hdf5/unsupported",
    `The HDF5 file is not supported: ${what}. Save it anew with h5py's defaults, as Keras does.`,
  );
}

export function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
