import type { ErrorCode } from "../errorCodes.js";
import { ConfigError, ModelFormatError, ShapeError } from "../errors.js";

/** One tensor of a file: `data` is a view of the file's bytes, little-endian, row-major; its length is shape × dtype. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a file holds; `tensors` in the order of its header, `metadata` without a prototype. */
export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** What `writeSafetensors` takes for one tensor: the bytes under `data`, whatever kind of view it is. */
export interface TensorSource {
  readonly dtype: "F32" | "F64" | "I32" | "I64" | "U32" | "U8";
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

//   ┌────────────┬─────────────────────────────┬──────────────────────────────┐
//   │ u64, LE: H │ JSON, H bytes: { … }␠␠␠     │ data, no hole and no overlap │
//   └────────────┴─────────────────────────────┴──────────────────────────────┘
//   0            8                             8 + H: where data_offsets count from, a multiple of 8
//
// The format: https://huggingface.co/docs/safetensors

const LENGTH_BYTES = 8;
const ALIGNMENT_BYTES = 8;
/** The format's own bound. */
const MAX_HEADER_BYTES = 100_000_000;
/** Ours: far above any model known, low enough that a hostile header cannot exhaust the memory. */
const MAX_ENTRIES = 1 << 18;
const MAX_RANK = 64;
const METADATA = "__metadata__";
const SPACE = 0x20;

/** But for F4, F6_E2M3 and F6_E3M2, whose elements are no whole bytes. */
const BYTES_OF_DTYPE: ReadonlyMap<string, number> = new Map([
  ["BOOL", 1],
  ["U8", 1],
  ["I8", 1],
  ["F8_E5M2", 1],
  ["F8_E4M3", 1],
  ["F8_E8M0", 1],
  ["F8_E4M3FNUZ", 1],
  ["F8_E5M2FNUZ", 1],
  ["I16", 2],
  ["U16", 2],
  ["F16", 2],
  ["BF16", 2],
  ["I32", 4],
  ["U32", 4],
  ["F32", 4],
  ["F64", 8],
  ["I64", 8],
  ["U64", 8],
  ["C64", 8],
]);
const WRITABLE: ReadonlySet<string> = new Set<TensorSource["dtype"]>(["F32", "F64", "I32", "I64", "U32", "U8"]);

/**
 * Reads a safetensors file and trusts nothing in it: every length, offset and name is checked before it is used.
 *
 * The data of a tensor are a view of `bytes`, not a copy, and may start at any address: copy them before you look at them
 * as 32-bit numbers.
 *
 * @param bytes the whole file
 * @throws ModelFormatError, before anything is returned. About the header: `safetensors/too-short`, `header-too-long`,
 * `header-past-end`, `bad-header-start`, `invalid-utf8`, `invalid-json`, `duplicate-key`, `bad-metadata`,
 * `too-many-entries`. About a tensor: `bad-entry`, `missing-field`, `unknown-field`, `unknown-dtype`, `bad-shape`,
 * `shape-overflow`, `bad-offsets`, `reversed-offsets`, `offsets-past-end`, `size-mismatch`. About the data: `overlap`, `hole`,
 * `trailing-data`. Each code starts with `safetensors/`.
 *
 * @example
 * const bytes = writeSafetensors([["w", { dtype: "F32", shape: [2], data: new Float32Array([1, 2]) }]], {});
 * readSafetensors(bytes).tensors.get("w"); // { dtype: "F32", shape: [2], data: Uint8Array(8) }
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const dataStart = LENGTH_BYTES + headerLength(bytes);
  const header = new HeaderReader(headerText(bytes, dataStart)).read();
  checkLayout(header.tensors, bytes.length - dataStart);

  const tensors = new Map<string, TensorEntry>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    // Not subarray: of a Node Buffer that is a Buffer again, whose slice does not copy.
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { dtype, shape, data });
  }
  return { metadata: header.metadata, tensors };
}

/**
 * Writes a safetensors file: the same tensors and metadata in the same order give the same bytes, everywhere.
 *
 * The header keeps the given order. The data of wide types come first (as in the reference implementation), so that every
 * tensor starts at a multiple of its own element size although the format allows no hole.
 *
 * @param tensors names and tensors; `data` must hold exactly shape × dtype bytes
 * @param metadata strings by name, kept in order; `{}` writes none
 * @throws ConfigError `safetensors/bad-name`, `safetensors/duplicate-key`, `safetensors/unknown-dtype`,
 * `safetensors/bad-metadata`, `safetensors/too-many-entries`, `safetensors/header-too-long`
 * @throws ShapeError `safetensors/bad-shape`, `safetensors/shape-overflow`, `safetensors/size-mismatch`
 *
 * @example
 * writeSafetensors([["w", { dtype: "F32", shape: [1, 2], data: new Float32Array([1, 2]) }]], { format: "lanewise" });
 */
export function writeSafetensors(
  tensors: Iterable<[name: string, TensorSource]>,
  metadata: Record<string, string>,
): Uint8Array {
  const sources = [...tensors];
  checkSources(sources, metadata);

  const begins = new Map<string, number>();
  let dataLength = 0;
  const wideFirst = [...sources].sort(([, a], [, b]) => bytesOf(b.dtype) - bytesOf(a.dtype));
  for (const [name, { data }] of wideFirst) {
    begins.set(name, dataLength);
    dataLength += data.byteLength;
  }

  const header = new TextEncoder().encode(headerJson(sources, metadata, begins));
  const dataStart = Math.ceil((LENGTH_BYTES + header.length) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  if (dataStart - LENGTH_BYTES > MAX_HEADER_BYTES) {
    throw new ConfigError(
      "safetensors/header-too-long",
      `The header of this safetensors file would take ${header.length} bytes; the format allows ${MAX_HEADER_BYTES}. Shorten names and metadata.`,
    );
  }

  const file = new Uint8Array(dataStart + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - LENGTH_BYTES), true);
  file.fill(SPACE, LENGTH_BYTES, dataStart);
  file.set(header, LENGTH_BYTES);
  for (const [name, { data }] of sources) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart + begins.get(name)!);
  }
  return file;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A tensor as the header tells of it; begin and end count from the start of the data. */
interface Placed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly metadata: Record<string, string>;
  readonly tensors: Map<string, Placed>;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) {
    throw broken(
      "safetensors/too-short",
      `A safetensors file starts with a length of ${LENGTH_BYTES} bytes, but this one has ${bytes.length} bytes in all. Was it cut off while it was copied?`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw broken(
      "safetensors/header-too-long",
      `The first 8 bytes announce a header of ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed. This is most likely another kind of file.`,
    );
  }
  const available = bytes.length - LENGTH_BYTES;
  if (length > available) {
    throw broken(
      "safetensors/header-past-end",
      `The header should have ${length} bytes, but only ${available} follow. Was the file cut off? Fetch or copy it again.`,
    );
  }
  return Number(length);
}

function headerText(bytes: Uint8Array, dataStart: number): string {
  // Copied, since browsers' decoders refuse shared memory.
  const header = new Uint8Array(bytes.subarray(LENGTH_BYTES, dataStart));
  if (header[0] !== 0x7b) {
    const found = header.length === 0 ? "is empty" : `starts with byte 0x${header[0]!.toString(16).padStart(2, "0")}`;
    throw broken(
      "safetensors/bad-header-start",
      `The header ${found}; it must start with "{". This is most likely another kind of file.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(header);
  } catch (cause) {
    throw broken(
      "safetensors/invalid-utf8",
      "The header is not valid UTF-8: the file is damaged. Fetch or copy it again.",
      {
        cause,
      },
    );
  }
}

/**
 * Reads the header's JSON by its fixed grammar, { name: { dtype, shape, data_offsets } }, and not with JSON.parse: that one
 * hides duplicate keys, moves names such as "7" to the front and rounds large integers. There is no recursion: nothing nests
 * deeper than the grammar does.
 */
class HeaderReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(): Header {
    let metadata = emptyRecord();
    const tensors = new Map<string, Placed>();
    this.object("The header", "safetensors/invalid-json", (name) => {
      if (name === METADATA) metadata = this.metadata();
      else tensors.set(name, this.tensor(name));
    });
    for (; this.at < this.text.length; this.at++) {
      if (this.text.charCodeAt(this.at) !== SPACE)
        throw this.invalid("nothing but spaces after the header's last brace");
    }
    return { metadata, tensors };
  }

  private metadata(): Record<string, string> {
    const metadata = emptyRecord();
    this.object(METADATA, "safetensors/bad-metadata", (key) => {
      metadata[key] = this.string(`${METADATA} ${shown(key)}`, "safetensors/bad-metadata");
    });
    return metadata;
  }

  private tensor(name: string): Placed {
    const what = `Tensor ${shown(name)}`;
    let dtype: string | undefined;
    let shape: readonly number[] | undefined;
    let offsets: readonly number[] | undefined;
    this.object(what, "safetensors/bad-entry", (field) => {
      if (field === "dtype") dtype = this.string(`${what}: dtype`, "safetensors/unknown-dtype");
      else if (field === "shape") shape = this.sizes(`${what}: shape`, "safetensors/bad-shape", MAX_RANK);
      else if (field === "data_offsets") offsets = this.sizes(`${what}: data_offsets`, "safetensors/bad-offsets", 2);
      else
        throw broken(
          "safetensors/unknown-field",
          `${what} has a field ${shown(field)}; a tensor has dtype, shape and data_offsets only.`,
        );
    });
    if (dtype === undefined || shape === undefined || offsets === undefined) {
      const missing = Object.entries({ dtype, shape, data_offsets: offsets }).filter(
        ([, value]) => value === undefined,
      );
      throw broken(
        "safetensors/missing-field",
        `${what} lacks ${missing.map(([field]) => field).join(" and ")}. The file is damaged: write it again.`,
      );
    }
    return place(what, dtype, shape, offsets);
  }

  /** Calls `onMember` with each key, the reader standing before its value. */
  private object(what: string, code: ErrorCode, onMember: (key: string) => void): void {
    this.open("{", what, code, "an object");
    const seen = new Set<string>();
    if (this.taken("}")) return;
    do {
      const key = this.string(`A key of ${what}`, "safetensors/invalid-json");
      if (seen.has(key)) {
        throw broken(
          "safetensors/duplicate-key",
          `${what}: the key ${shown(key)} stands twice; each may stand once. Write the file again.`,
        );
      }
      if (seen.add(key).size > MAX_ENTRIES) {
        throw broken(
          "safetensors/too-many-entries",
          `${what} has more than ${MAX_ENTRIES} entries, which is more than lanewise reads. Split the file.`,
        );
      }
      if (!this.taken(":")) throw this.invalid(`":" after the key ${shown(key)}`);
      onMember(key);
    } while (this.taken(","));
    if (!this.taken("}")) throw this.invalid('"," or "}"');
  }

  private sizes(what: string, code: ErrorCode, limit: number): number[] {
    const sizes: number[] = [];
    this.open("[", what, code, "an array of sizes");
    if (this.taken("]")) return sizes;
    do {
      if (sizes.length === limit)
        throw broken(code, `${what} has more than ${limit} numbers, which is the most allowed here.`);
      sizes.push(this.size(what, code));
    } while (this.taken(","));
    if (!this.taken("]")) throw this.invalid('"," or "]"');
    return sizes;
  }

  private size(what: string, code: ErrorCode): number {
    this.skipSpace();
    const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
    number.lastIndex = this.at;
    const token = number.exec(this.text)?.[0];
    if (token === undefined) throw this.unexpected(what, code, "an integer");
    const value = /^[0-9]+$/.test(token) ? Number(token) : NaN;
    // An integer above 2^53 - 1 rounds to 2^53 or more, so that it never passes for a safe one.
    if (!Number.isSafeInteger(value)) {
      throw broken(code, `${what} holds ${clipped(token)}; expected integers from 0 to 2^53 - 1, in plain digits.`);
    }
    this.at += token.length;
    return value;
  }

  private string(what: string, code: ErrorCode): string {
    this.open('"', what, code, "a string");
    const start = this.at - 1;
    let escaped = false;
    for (; ; this.at++) {
      const char = this.text.charCodeAt(this.at);
      if (char === 0x22) break;
      if (Number.isNaN(char) || char < SPACE) throw this.invalid("a string that ends, without control characters");
      if (char !== 0x5c) continue;
      escaped = true;
      this.at++;
    }
    this.at++;
    return escaped ? this.unescaped(start) : this.text.slice(start + 1, this.at - 1);
  }

  private unescaped(start: number): string {
    try {
      const value = JSON.parse(this.text.slice(start, this.at)) as string;
      if (!LONE_SURROGATE.test(value)) return value;
    } catch {
      // Falls through: a bad escape and half a surrogate pair are the same fault.
    }
    this.at = start;
    throw this.invalid("a string with valid escapes");
  }

  private open(char: string, what: string, code: ErrorCode, expected: string): void {
    if (!this.taken(char)) throw this.unexpected(what, code, expected);
  }

  private taken(char: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "end")) this.at++;
  }

  /** Another kind of JSON value is the caller's error; anything else is no JSON. */
  private unexpected(what: string, code: ErrorCode, expected: string): ModelFormatError {
    const kind = KIND_OF_VALUE.get(this.text[this.at] ?? "");
    if (kind === undefined) return this.invalid(expected);
    return broken(code, `${what} must be ${expected}, but ${kind} stands there. The file is damaged: write it again.`);
  }

  private invalid(expected: string): ModelFormatError {
    const found = this.at < this.text.length ? shown(this.text.slice(this.at, this.at + 20)) : "the end";
    return broken(
      "safetensors/invalid-json",
      `The header is not valid JSON: expected ${expected} at character ${this.at}, found ${found}. The file is damaged: write it again.`,
    );
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

const KIND_OF_VALUE: ReadonlyMap<string, string> = new Map([
  ["{", "an object"],
  ["[", "an array"],
  ['"', "a string"],
  ["t", "a boolean"],
  ["f", "a boolean"],
  ["n", "null"],
  ...[..."-0123456789"].map((digit) => [digit, "a number"] as const),
]);

function place(what: string, dtype: string, shape: readonly number[], offsets: readonly number[]): Placed {
  const width = BYTES_OF_DTYPE.get(dtype);
  if (width === undefined) {
    throw broken(
      "safetensors/unknown-dtype",
      `${what} has the dtype ${shown(dtype)}; known are ${[...BYTES_OF_DTYPE.keys()].join(", ")}.`,
    );
  }
  const size = byteSize(shape, width);
  if (size === undefined) {
    throw broken(
      "safetensors/shape-overflow",
      `${what}: the shape [${listed(shape)}] of ${dtype} takes more than 2^53 - 1 bytes. The file is damaged or hostile.`,
    );
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined) {
    throw broken(
      "safetensors/bad-offsets",
      `${what}: data_offsets has ${offsets.length} numbers; expected two, begin and end.`,
    );
  }
  if (begin > end) {
    throw broken(
      "safetensors/reversed-offsets",
      `${what}: data_offsets [${begin}, ${end}] end before they begin. The file is damaged: write it again.`,
    );
  }
  if (end - begin !== size) {
    throw broken(
      "safetensors/size-mismatch",
      `${what}: data_offsets [${begin}, ${end}] span ${end - begin} bytes, but shape [${listed(shape)}] of ${dtype} takes ${size}. The file is damaged: write it again.`,
    );
  }
  return { dtype, shape, begin, end };
}

/** The tensors must cover the data exactly: then no byte is read twice and none can hide something. */
function checkLayout(tensors: ReadonlyMap<string, Placed>, dataLength: number): void {
  let covered = 0;
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of inOrder) {
    const found = `Tensor ${shown(name)} lies at bytes ${begin} to ${end} of the data`;
    if (end > dataLength) {
      throw broken(
        "safetensors/offsets-past-end",
        `${found}, but the file has only ${dataLength} bytes of data. Was it cut off? Fetch or copy it again.`,
      );
    }
    if (begin < covered) {
      throw broken(
        "safetensors/overlap",
        `${found}, but another tensor reaches to byte ${covered}. The file is damaged or hostile: write it again.`,
      );
    }
    if (begin > covered) {
      throw broken(
        "safetensors/hole",
        `${found}, but the bytes from ${covered} to ${begin} belong to no tensor; holes are not allowed. Write the file again.`,
      );
    }
    covered = end;
  }
  if (covered < dataLength) {
    throw broken(
      "safetensors/trailing-data",
      `The tensors end at byte ${covered} of the data, but the file goes on to byte ${dataLength}. Cut the rest off or write the file again.`,
    );
  }
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkSources(sources: readonly [string, TensorSource][], metadata: Readonly<Record<string, string>>): void {
  if (sources.length >= MAX_ENTRIES || Object.keys(metadata).length > MAX_ENTRIES) {
    throw new ConfigError(
      "safetensors/too-many-entries",
      `${sources.length} tensors and ${Object.keys(metadata).length} metadata were given; a file may hold fewer than ${MAX_ENTRIES} of each. Write several files.`,
    );
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string" || LONE_SURROGATE.test(key) || LONE_SURROGATE.test(value)) {
      throw new ConfigError(
        "safetensors/bad-metadata",
        `Metadata ${shown(key)} is ${typeof value === "string" ? "not valid Unicode" : typeof value}; both key and value must be strings. Use JSON.stringify for other values.`,
      );
    }
  }
  const seen = new Set<string>();
  for (const [name, { dtype, shape, data }] of sources) {
    checkName(name, seen);
    if (!WRITABLE.has(dtype)) {
      throw new ConfigError(
        "safetensors/unknown-dtype",
        `Tensor ${shown(name)} has the dtype ${shown(dtype)}; written are ${[...WRITABLE].join(", ")}.`,
      );
    }
    if (shape.length > MAX_RANK || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new ShapeError(
        "safetensors/bad-shape",
        `Tensor ${shown(name)} has the shape [${listed(shape)}]; expected at most ${MAX_RANK} integers from 0 to 2^53 - 1.`,
      );
    }
    const size = byteSize(shape, bytesOf(dtype));
    if (size === undefined) {
      throw new ShapeError(
        "safetensors/shape-overflow",
        `Tensor ${shown(name)}: the shape [${listed(shape)}] of ${dtype} takes more than 2^53 - 1 bytes.`,
      );
    }
    if (size !== data.byteLength) {
      throw new ShapeError(
        "safetensors/size-mismatch",
        `Tensor ${shown(name)} holds ${data.byteLength} bytes, but the shape [${listed(shape)}] of ${dtype} takes ${size}. Make shape and data agree.`,
      );
    }
  }
}

function checkName(name: string, seen: Set<string>): void {
  if (name === METADATA || LONE_SURROGATE.test(name)) {
    const reason = name === METADATA ? "is reserved for the metadata" : "is not valid Unicode";
    throw new ConfigError("safetensors/bad-name", `The tensor name ${shown(name)} ${reason}. Choose another.`);
  }
  if (seen.has(name)) {
    throw new ConfigError(
      "safetensors/duplicate-key",
      `Two tensors are called ${shown(name)}; every name must be given once. Rename one.`,
    );
  }
  seen.add(name);
}

/** Put together by hand: an object would move names such as "7" to the front. */
function headerJson(
  sources: readonly [string, TensorSource][],
  metadata: Readonly<Record<string, string>>,
  begins: ReadonlyMap<string, number>,
): string {
  const members: string[] = [];
  const notes = Object.entries(metadata).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (notes.length > 0) members.push(`"${METADATA}":{${notes.join(",")}}`);
  for (const [name, { dtype, shape, data }] of sources) {
    const begin = begins.get(name)!;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${begin + data.byteLength}]}`,
    );
  }
  return `{${members.join(",")}}`;
}

// ── Shared ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function bytesOf(dtype: TensorSource["dtype"]): number {
  return BYTES_OF_DTYPE.get(dtype)!;
}

/** shape × width, or nothing when it leaves the exact integers: a product above 2^53 - 1 rounds to 2^53 or more. */
function byteSize(shape: readonly number[], width: number): number | undefined {
  let size = width;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

function emptyRecord(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function broken(code: ErrorCode, message: string, options?: ErrorOptions): ModelFormatError {
  return new ModelFormatError(code, message, options);
}

/** Names from a file may be long, or hold anything. */
function shown(text: string): string {
  return JSON.stringify(clipped(text));
}

function listed(shape: readonly number[]): string {
  return clipped(shape.join(", "));
}

function clipped(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
