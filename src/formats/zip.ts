import type { ErrorCode } from "../errorCodes.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import { inflate } from "./inflate.js";

// A zip archive is read from its end (APPNOTE 6.3.10): the end record says where the directory is, the directory where the entries
// are. All numbers are little-endian; the sizes that count are the directory's.
//
//   ┌─ local header ─ name ─ extra ─ data ─┐ … ┌─ directory: one header an entry ─┐ ┌─ end record, 22 bytes ─ comment ─┐
//
// Nothing may lie outside the archive, two entries may not share a byte, and no name leads out of a folder.

/** A file of the archive. */
export interface ZipEntry {
  readonly name: string;
  /** Of what `unzip` returns. */
  readonly size: number;
  /** As it is stored: a view. */
  readonly packed: Uint8Array;
  readonly deflated: boolean;
  readonly crc: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const HEADER = 0x02014b50;
const HEADER_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
/** In the place of a number that is in a zip64 record. */
const IN_ZIP64_16 = 0xffff;
const IN_ZIP64_32 = 0xffffffff;

/** Whether these bytes start as an archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * The files of an archive by name, none unpacked yet; folders are left out.
 *
 * @param mostBytes All files may take, unpacked. What a header declares is held to again as it unpacks.
 * @throws ModelFormatError `zip/…`; UnsupportedError `zip/unsupported`: encrypted, zip64, several disks, other methods
 */
export function readZip(bytes: Uint8Array, mostBytes: number): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, begin, end } = findDirectory(view);
  const entries = new Map<string, ZipEntry>();
  const names = new Set<string>();
  const spans: Span[] = [];
  let at = begin;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + HEADER_BYTES > end || view.getUint32(at, true) !== HEADER) {
      throw broken("zip/bad-directory", `its directory of ${count} entries breaks off at entry ${i}`);
    }
    const header = headerAt(view, at);
    at += HEADER_BYTES + header.lengths;
    if (at > end) throw broken("zip/bad-directory", `entry ${i} of its directory reaches past the directory's end`);
    const name = nameOf(bytes, header);
    if (names.has(name)) throw broken("zip/duplicate-name", `two entries are called ${shown(name)}`);
    names.add(name);
    const span = spanOf(view, header, name, begin);
    spans.push(span);
    total += header.size;
    if (total > mostBytes) {
      throw broken("zip/too-large", `its files take more than ${mostBytes} bytes unpacked, which is more than is read`);
    }
    if (name.endsWith("/")) continue;
    const packed = bytes.subarray(span.end - header.packedSize, span.end);
    entries.set(name, { name, size: header.size, packed, deflated: header.method === DEFLATED, crc: header.crc });
  }
  if (at !== end) throw broken("zip/bad-directory", `its directory has ${end - at} bytes more than its entries`);
  refuseOverlap(spans);
  return entries;
}

/**
 * A file's bytes: of the declared size and checksum, or not at all. Stored ones are a view of the archive.
 *
 * @throws ModelFormatError `zip/bad-data`
 */
export async function unzip({ name, size, packed, deflated, crc }: ZipEntry): Promise<Uint8Array> {
  if (!deflated) {
    if (crc32(packed) === crc) return packed;
    throw broken("zip/bad-data", `the checksum of ${shown(name)} is not that of its bytes`);
  }
  // Dressed as gzip, which every engine unpacks, and whose trailer has it check checksum and size.
  const gzip = new Uint8Array(GZIP_HEADER.length + packed.length + 8);
  gzip.set(GZIP_HEADER);
  gzip.set(packed, GZIP_HEADER.length);
  const trailer = new DataView(gzip.buffer, gzip.length - 8);
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, size, true);
  const unpacked = await inflate(gzip, "gzip", size);
  if (unpacked instanceof Uint8Array && unpacked.length === size) return unpacked;
  const why =
    "why" in unpacked && unpacked.why === "damaged" ? "cannot be unpacked" : `does not unpack to ${size} bytes`;
  throw broken("zip/bad-data", `${shown(name)} ${why}`, "cause" in unpacked ? unpacked.cause : undefined);
}

/** Magic, deflate, no flags, no time, unknown system. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/** The directory ends where the end record begins, and that ends with the file: so no bytes are hidden between. */
function findDirectory(view: DataView): { count: number; begin: number; end: number } {
  const at = findEnd(view);
  const [disk, directoryDisk, here, count] = [4, 6, 8, 10].map((offset) => view.getUint16(at + offset, true));
  const [size, begin] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  if ([here, count].includes(IN_ZIP64_16) || [size, begin].includes(IN_ZIP64_32)) throw unsupported("it is zip64");
  if (disk !== 0 || directoryDisk !== 0 || here !== count) throw unsupported("it is one of several parts");
  if (begin + size !== at) {
    throw broken("zip/bad-directory", `its directory is said to end at byte ${begin + size}, not at ${at}`);
  }
  return { count: count!, begin, end: at };
}

/** The last place where an end record's comment ends with the file. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw broken("zip/no-directory", "it has no end record: it is cut off, or no archive");
}

interface Header {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly nameBegin: number;
  readonly nameLength: number;
  /** Of name, extra field and comment. */
  readonly lengths: number;
  readonly local: number;
}

function headerAt(view: DataView, at: number): Header {
  const short = (offset: number) => view.getUint16(at + offset, true);
  const long = (offset: number) => view.getUint32(at + offset, true);
  return {
    flags: short(8),
    method: short(10),
    crc: long(16),
    packedSize: long(20),
    size: long(24),
    nameBegin: at + HEADER_BYTES,
    nameLength: short(28),
    lengths: short(28) + short(30) + short(32),
    local: long(42),
  };
}

function nameOf(bytes: Uint8Array, { nameBegin, nameLength }: Header): string {
  let name: string;
  try {
    name = UTF8.decode(bytes.slice(nameBegin, nameBegin + nameLength)); // browsers' decoders refuse shared memory
  } catch (cause) {
    throw broken("zip/bad-name", "an entry's name is no UTF-8", cause);
  }
  const inside = !/[\\\0]|^[A-Za-z]:/.test(name) && name.replace(/\/$/, "").split("/").every(isFolderName);
  if (inside) return name;
  throw broken("zip/bad-name", `an entry is called ${shown(name)}, which is empty or leads out of a folder`);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isFolderName(part: string): boolean {
  return part !== "" && part !== "." && part !== "..";
}

/** From an entry's local header to the end of its data. */
interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** @param limit Where the directory begins. */
function spanOf(view: DataView, header: Header, name: string, limit: number): Span {
  const { flags, method, packedSize, size, local, nameBegin, nameLength } = header;
  if (flags & ENCRYPTED) throw unsupported(`${shown(name)} is encrypted`);
  if ([packedSize, size, local].includes(IN_ZIP64_32)) throw unsupported(`${shown(name)} is zip64`);
  if (method !== STORED && method !== DEFLATED) throw unsupported(`${shown(name)} is packed by method ${method}`);
  if (method === STORED && packedSize !== size) {
    throw broken("zip/bad-entry", `${shown(name)} is stored, but in ${packedSize} bytes instead of ${size}`);
  }
  if (local + LOCAL_BYTES > limit || view.getUint32(local, true) !== LOCAL) {
    throw broken("zip/bad-entry", `${shown(name)} has no header at byte ${local}`);
  }
  const sameName =
    view.getUint16(local + 26, true) === nameLength && sameBytes(view, local + LOCAL_BYTES, nameBegin, nameLength);
  if (!sameName || view.getUint16(local + 8, true) !== method) {
    throw broken("zip/bad-entry", `the header of ${shown(name)} is not the one that the directory says`);
  }
  const end = local + LOCAL_BYTES + nameLength + view.getUint16(local + 28, true) + packedSize;
  if (end > limit) throw broken("zip/bad-entry", `${shown(name)} reaches past the beginning of the directory`);
  return { name, begin: local, end };
}

function sameBytes(view: DataView, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (view.getUint8(a + i) !== view.getUint8(b + i)) return false;
  return true;
}

function refuseOverlap(spans: readonly Span[]): void {
  const sorted = spans.toSorted((a, b) => a.begin - b.begin);
  sorted.slice(1).forEach(({ name, begin }, i) => {
    if (begin >= sorted[i]!.end) return;
    throw broken("zip/overlap", `${shown(name)} and ${shown(sorted[i]!.name)} share bytes`);
  });
}

/** The reflected polynomial 0xedb88320, a byte at a time. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The checksum of zip and gzip. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function broken(code: ErrorCode, why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError(code, `The archive cannot be read: ${why}. Fetch or save the file again.`, { cause });
}

function unsupported(what: string): UnsupportedError {
  return new UnsupportedError(
    "zip/unsupported",
    `The archive is not supported: ${what}. Pack it anew, as one plain zip file.`,
  );
}

function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
