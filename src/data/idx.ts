import { DataError } from "../errors.js";
import { gunzip, isGzip } from "./gunzip.js";

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What an IDX file holds: `data` row-major, in the order of the file. */
export interface IdxArray {
  readonly data: IdxData;
  readonly shape: number[];
}

//   00 00   type   rank   size 1 (u32) … size of rank   values, row-major
//   0       2      3      4                             4 + 4 × rank        all big-endian
//
// The format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", https://yann.lecun.com/exdb/mnist/

const MAX_BYTES = 2 ** 31;

interface ElementType {
  readonly bytes: number;
  readonly read: (values: DataView, count: number) => IdxData;
}

const TYPES: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [0x08, { bytes: 1, read: (v, n) => new Uint8Array(copyOf(v, n)) }],
  [0x09, { bytes: 1, read: (v, n) => new Int8Array(copyOf(v, n)) }],
  [0x0b, { bytes: 2, read: (v, n) => fill(new Int16Array(n), (i) => v.getInt16(2 * i)) }],
  [0x0c, { bytes: 4, read: (v, n) => fill(new Int32Array(n), (i) => v.getInt32(4 * i)) }],
  [0x0d, { bytes: 4, read: (v, n) => fill(new Float32Array(n), (i) => v.getFloat32(4 * i)) }],
  [0x0e, { bytes: 8, read: (v, n) => fill(new Float64Array(n), (i) => v.getFloat64(8 * i)) }],
]);

/**
 * Reads an IDX file, the format of MNIST and its kin, packed with gzip or not.
 *
 * @param bytes the whole file
 * @param options.maxBytes the most that a gzip file may unpack to, in bytes; 2 GiB
 * @returns a copy of the values, never a view of `bytes`, in the typed array that fits them, and their shape
 * @throws DataError `idx/too-short`, `idx/bad-magic`, `idx/unknown-type`, `idx/bad-dimensions`, `idx/shape-overflow`,
 * `idx/length-mismatch`, `idx/bad-gzip`, `idx/too-large`
 *
 * @example
 * const { data, shape } = await readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4)); // [5, 0, 4], shape [3]
 */
export async function readIdx(
  bytes: Uint8Array,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<IdxArray> {
  const file = isGzip(bytes) ? await gunzip(bytes, maxBytes) : bytes;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { type, rank } = readMagic(view);
  const start = 4 + 4 * rank;
  if (view.byteLength < start) throw tooShort(view.byteLength, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));

  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count * type.bytes)) {
    throw new DataError(
      "idx/shape-overflow",
      `This IDX file announces the shape [${shape.join(", ")}], more than 2^53 bytes. It is damaged or of another kind.`,
    );
  }
  const expected = start + count * type.bytes;
  if (view.byteLength !== expected) {
    throw new DataError(
      "idx/length-mismatch",
      `This IDX file announces the shape [${shape.join(", ")}] and so ${expected} bytes, but has ${view.byteLength}. ` +
        (view.byteLength < expected ? "It was cut off: fetch or copy it again." : "Something was appended to it."),
    );
  }
  return { data: type.read(new DataView(file.buffer, file.byteOffset + start), count), shape };
}

function readMagic(view: DataView): { type: ElementType; rank: number } {
  if (view.byteLength < 4) throw tooShort(view.byteLength, 4);
  const magic = view.getUint32(0);
  const shown = `0x${magic.toString(16).padStart(8, "0")}`;
  if (magic >>> 16 !== 0) {
    throw new DataError(
      "idx/bad-magic",
      `An IDX file starts with two zero bytes, but this one starts with ${shown}. Is it another kind of file?`,
    );
  }
  const type = TYPES.get(magic >>> 8);
  if (type === undefined) {
    throw new DataError(
      "idx/unknown-type",
      `This file starts with ${shown}: its third byte should name a type, 08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or 0e (f64). Is it another kind of file?`,
    );
  }
  const rank = magic & 0xff;
  if (rank === 0) {
    throw new DataError(
      "idx/bad-dimensions",
      `This file starts with ${shown}: its fourth byte, the number of dimensions, should be 1 or more.`,
    );
  }
  return { type, rank };
}

function tooShort(found: number, expected: number): DataError {
  return new DataError(
    "idx/too-short",
    `The head of this IDX file takes ${expected} bytes, but the file has ${found}. Fetch or copy it again.`,
  );
}

function copyOf({ buffer, byteOffset }: DataView, bytes: number): ArrayBuffer {
  return new Uint8Array(buffer, byteOffset, bytes).slice().buffer;
}

function fill<T extends IdxData>(array: T, valueAt: (index: number) => number): T {
  for (let i = 0; i < array.length; i++) array[i] = valueAt(i);
  return array;
}
