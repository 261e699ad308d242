import { readFloats } from "../floats.js";
import { inflate } from "../inflate.js";
import { broken, type Cursor, type Hdf5File, unsupported } from "./file.js";
import { leavesOf } from "./links.js";
import { DATASPACE, DATATYPE, EXTERNAL_FILES, FILTERS, LAYOUT, type Message } from "./messages.js";
import { dataspaceOf, datatypeOf, elementsOf } from "./types.js";

/** Numbers as 32-bit floats, row by row; no sizes for a single one. */
export interface Hdf5Array {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Whether the object holds floating-point numbers: F16, BF16, F32 or F64. */
export function holdsFloats(messages: readonly Message[]): boolean {
  const type = messages.find(({ type }) => type === DATATYPE);
  return type !== undefined && datatypeOf(type.body()).kind === "float";
}

/** @throws ModelFormatError where it holds no floats: `holdsFloats` says so */
export async function floatsOf(file: Hdf5File, messages: readonly Message[]): Promise<Hdf5Array> {
  const body = (wanted: number, what: string): Cursor => {
    const message = messages.find(({ type }) => type === wanted);
    if (message) return message.body();
    throw broken("hdf5/damaged", `a dataset has no ${what}`);
  };
  const type = datatypeOf(body(DATATYPE, "datatype"));
  if (type.kind !== "float") throw broken("hdf5/wrong-type", `a dataset holds no floats`);
  if (messages.some(({ type }) => type === EXTERNAL_FILES)) throw unsupported("a dataset is in another file");
  const shape = dataspaceOf(body(DATASPACE, "dataspace"));
  const count = elementsOf(shape);
  // What there was, turned round, and as 32-bit floats.
  file.charge(count * Math.max(4, type.size));
  const filters = messages.filter(({ type }) => type === FILTERS).flatMap(({ body }) => filtersOf(body()));
  const grid = { shape, count, size: type.size };
  const bytes = await bytesOf(file, body(LAYOUT, "layout"), grid, filters);
  const data = readFloats(type.float, type.bigEndian ? turned(bytes, type.size) : bytes);
  return { data, shape };
}

/** Of a dataset. */
interface Grid {
  readonly shape: readonly number[];
  readonly count: number;
  /** Bytes of an element. */
  readonly size: number;
}

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;

/** version 3 · class u8 · of that class. */
async function bytesOf(file: Hdf5File, layout: Cursor, grid: Grid, filters: readonly Filter[]): Promise<Uint8Array> {
  const [version, kind] = [layout.u8(), layout.u8()];
  const bytes = grid.count * grid.size;
  if (version === 3 && kind === CHUNKED) return chunkedBytes(file, layout, grid, filters);
  if ((version !== 3 && version !== 4) || kind > CONTIGUOUS) {
    throw unsupported(`a dataset is laid out as class ${kind} of version ${version}`);
  }
  if (filters.length > 0) throw broken("hdf5/damaged", "a dataset has filters and no chunks");
  if (kind === COMPACT) return exactly(bytes, layout.u16(), (length) => layout.take(length));
  const address = layout.address();
  if (bytes === 0) return new Uint8Array();
  if (address === undefined) throw broken("hdf5/no-data", "a dataset was never written");
  return exactly(bytes, layout.u64(), (length) => file.at(address, length, "a dataset's numbers").take(length));
}

function exactly(expected: number, found: number, take: (length: number) => Uint8Array): Uint8Array {
  if (found === expected) return take(found);
  throw broken("hdf5/damaged", `a dataset of ${expected} bytes lies in ${found}`);
}

// ── Chunks ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a chunk costs beside its bytes: many small ones must not take long. */
const CHUNK_COST_BYTES = 1024;

/**
 * axes + 1 u8 · address of a tree · sizes of a chunk u32 each · bytes of an element u32. A chunk at the edge is as large as the
 * others, and what is outside is dropped.
 */
async function chunkedBytes(
  file: Hdf5File,
  layout: Cursor,
  { shape, count, size }: Grid,
  filters: readonly Filter[],
): Promise<Uint8Array> {
  const rank = layout.u8() - 1;
  const tree = layout.address();
  const chunk = Array.from({ length: Math.max(rank, 0) }, () => layout.u32());
  if (rank !== shape.length || rank === 0 || layout.u32() !== size || chunk.includes(0)) {
    throw broken("hdf5/damaged", "a dataset's chunks do not go with it");
  }
  const all = new Uint8Array(count * size);
  if (count === 0) return all;
  if (tree === undefined) throw broken("hdf5/no-data", "a dataset was never written");
  const chunkBytes = elementsOf(chunk) * size;
  let missing = elementsOf(shape.map((length, axis) => Math.ceil(length / chunk[axis]!)));
  const seen = new Set<string>();
  for (const { key, address } of leavesOf(file, tree, { type: 1, keyBytes: 16 + 8 * rank })) {
    const [packedBytes, skipped] = [key.u32(), key.u32()];
    const begin = chunk.map(() => key.u64());
    if (begin.some((at, axis) => at >= shape[axis]! || at % chunk[axis]! !== 0) || seen.has(begin.join())) {
      throw broken(
        "hdf5/damaged",
        `a chunk is at ${begin.slice(0, 8).join(", ")}, where there can be none or is one already`,
      );
    }
    seen.add(begin.join());
    file.charge(chunkBytes + CHUNK_COST_BYTES);
    const packed = file.at(address, packedBytes, "a dataset's chunk").take(packedBytes);
    const values = await unfiltered(packed, filters, { skipped, bytes: chunkBytes, size });
    place(values, all, { chunk, shape, begin, size });
    missing--;
  }
  if (missing > 0) throw broken("hdf5/no-data", `${missing} chunks of a dataset were never written`);
  return all;
}

interface Place {
  readonly chunk: readonly number[];
  readonly shape: readonly number[];
  readonly begin: readonly number[];
  readonly size: number;
}

/** Copies what of a chunk is inside, a run of the last axis at a time. */
function place(values: Uint8Array, all: Uint8Array, { chunk, shape, begin, size }: Place): void {
  const last = shape.length - 1;
  const inside = chunk.map((length, axis) => Math.min(length, shape[axis]! - begin[axis]!));
  const run = inside[last]! * size;
  const walk = (axis: number, from: number, to: number): void => {
    for (let i = 0; i < (axis === last ? 1 : inside[axis]!); i++) {
      const [source, target] = [from * chunk[axis]! + i, to * shape[axis]! + begin[axis]! + i];
      if (axis < last) walk(axis + 1, source, target);
      else all.set(values.subarray(source * size, source * size + run), target * size);
    }
  };
  walk(0, 0, 0);
}

// ── Filters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Filter = "deflate" | "shuffle";
const FILTER_IDS: ReadonlyMap<number, Filter> = new Map([
  [1, "deflate"],
  [2, "shuffle"],
]);
const OWN_FILTERS = 256;

/** version · count · 6 unused? · (number u16 · length of name u16? · flags u16 · values u16 · name? · values u32, in pairs?) each. */
function filtersOf(body: Cursor): Filter[] {
  const [version, count] = [body.u8(), body.u8()];
  if (version !== 1 && version !== 2) throw unsupported("filters are of a version that is not known");
  if (version === 1) body.skip(6);
  return Array.from({ length: count }, () => {
    const id = body.u16();
    const nameBytes = version === 1 || id >= OWN_FILTERS ? body.u16() : 0;
    body.skip(2);
    const values = body.u16();
    body.skip(version === 1 ? nameBytes + (-nameBytes & 7) : nameBytes);
    body.skip(4 * (version === 1 ? values + (values & 1) : values));
    const filter = FILTER_IDS.get(id);
    if (filter) return filter;
    throw unsupported(`a dataset is packed by filter ${id}; read are deflate and shuffle`);
  });
}

/** As they were applied, from the last to the first. */
async function unfiltered(
  packed: Uint8Array,
  filters: readonly Filter[],
  { skipped, bytes, size }: { readonly skipped: number; readonly bytes: number; readonly size: number },
): Promise<Uint8Array> {
  let values = packed;
  for (let i = filters.length - 1; i >= 0; i--) {
    if (skipped & (1 << i)) continue;
    values = filters[i] === "shuffle" ? gathered(values, size) : await inflated(values, bytes);
  }
  if (values.length === bytes) return values;
  throw broken("hdf5/damaged", `a chunk of ${bytes} bytes unpacks to ${values.length}`);
}

async function inflated(packed: Uint8Array, most: number): Promise<Uint8Array> {
  const values = await inflate(packed, "deflate", most);
  if (values instanceof Uint8Array) return values;
  throw broken("hdf5/damaged", `a chunk cannot be unpacked to ${most} bytes`, values.cause);
}

/** The first bytes of all elements, then the second …: together again. */
function gathered(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const all = bytes.slice(); // what is over stays behind
  for (let i = 0; i < count; i++) for (let b = 0; b < size; b++) all[i * size + b] = bytes[b * count + i]!;
  return all;
}

/** Big-endian elements as little-endian ones. */
function turned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.map((_, i) => bytes[i - (i % size) + size - 1 - (i % size)]!);
}
