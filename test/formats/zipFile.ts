// Archives as tests need them: right, or wrong in one field.

import { deflateRawSync } from "node:zlib";
import { crc32 } from "../../src/formats/zip.js";

export interface ZipDraft {
  readonly name: string | Uint8Array;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** Fields of the directory's header that are to be other than they should. */
  readonly header?: Partial<Record<HeaderField, number>>;
  /** Fields of the local header. */
  readonly local?: Partial<Record<LocalField, number>>;
  readonly extra?: Uint8Array;
}

/** Where the fields of the records are, and how wide. */
const HEADER = {
  signature: [0, 4], flags: [8, 2], method: [10, 2], crc: [16, 4], packedSize: [20, 4], size: [24, 4], nameLength: [28, 2],
  extraLength: [30, 2], commentLength: [32, 2], local: [42, 4],
} as const; // prettier-ignore
const LOCAL = {
  signature: [0, 4], flags: [6, 2], method: [8, 2], crc: [14, 4], packedSize: [18, 4], size: [22, 4], nameLength: [26, 2],
  extraLength: [28, 2],
} as const; // prettier-ignore
const END = {
  signature: [0, 4], disk: [4, 2], directoryDisk: [6, 2], here: [8, 2], count: [10, 2], directoryBytes: [12, 4], begin: [16, 4],
  commentLength: [20, 2],
} as const; // prettier-ignore
export type HeaderField = keyof typeof HEADER;
export type LocalField = keyof typeof LOCAL;
export type EndField = keyof typeof END;
export const HEADER_FIELDS = Object.keys(HEADER) as HeaderField[];
export const LOCAL_FIELDS = Object.keys(LOCAL) as LocalField[];
export const END_FIELDS = Object.keys(END) as EndField[];

type Layout = Readonly<Record<string, readonly [at: number, width: number]>>;

function record(bytes: number, layout: Layout, values: Readonly<Record<string, number>>): Uint8Array {
  const made = Buffer.alloc(bytes);
  for (const [field, value] of Object.entries(values)) {
    const [at, width] = layout[field]!;
    made.writeUIntLE(value % 2 ** (8 * width), at, width);
  }
  return new Uint8Array(made);
}

export function zipOf(
  drafts: readonly ZipDraft[],
  end: Partial<Record<EndField, number>> = {},
  comment = new Uint8Array(),
): Uint8Array {
  const parts: Uint8Array[] = [];
  const headers: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, deflate = false, header = {}, local = {}, extra = new Uint8Array() } of drafts) {
    const letters = typeof name === "string" ? new TextEncoder().encode(name) : name;
    const packed = deflate ? new Uint8Array(deflateRawSync(bytes)) : bytes;
    const common = {
      method: deflate ? 8 : 0,
      crc: crc32(bytes),
      packedSize: packed.length,
      size: bytes.length,
      nameLength: letters.length,
      extraLength: extra.length,
    };
    const head = record(30, LOCAL, { signature: 0x04034b50, ...common, ...local });
    headers.push(record(46, HEADER, { signature: 0x02014b50, ...common, local: at, ...header }), letters, extra);
    parts.push(head, letters, extra, packed);
    at += head.length + letters.length + extra.length + packed.length;
  }
  const directoryBytes = headers.reduce((sum, { length }) => sum + length, 0);
  const usual = { signature: 0x06054b50, here: drafts.length, count: drafts.length, directoryBytes, begin: at };
  const last = record(22, END, { ...usual, commentLength: comment.length, ...end });
  return new Uint8Array(Buffer.concat([...parts, ...headers, last, comment]));
}
