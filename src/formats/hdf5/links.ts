import { broken, type Cursor, type Hdf5File, shown, textOf, unsupported } from "./file.js";
import { LINK, LINK_INFO, type Message, SYMBOL_TABLE } from "./messages.js";

/** Most bytes of a link's name. */
const MOST_NAME_BYTES = 1024;

/** Addresses of a group's members by name; undefined where the object is no group. Soft and external links lead nowhere. */
export function linksOf(file: Hdf5File, messages: readonly Message[]): ReadonlyMap<string, number> | undefined {
  const links = new Map<string, number>();
  const add = (name: string, address: number) => {
    if (links.has(name)) throw broken("hdf5/damaged", `a group has two members called ${shown(name)}`);
    links.set(name, address);
  };
  const table = messages.find(({ type }) => type === SYMBOL_TABLE);
  const info = messages.find(({ type }) => type === LINK_INFO);
  if (!table && !info) return undefined;
  if (table) fromTable(file, table.body(), add);
  if (info) refuseDense(info.body());
  for (const { type, body } of messages) if (type === LINK) fromMessage(file, body(), add);
  return links;
}

type Add = (name: string, address: number) => void;

// ── As of HDF5 1.0: a tree of nodes of 40-byte entries, whose names are in a heap ───────────────────────────────────

const SOFT = 2;

function fromTable(file: Hdf5File, body: Cursor, add: Add): void {
  const [tree, heap] = [body.u64(), body.u64()];
  const names = heapAt(file, heap);
  for (const child of leavesOf(file, tree, { type: 0, keyBytes: 8 })) {
    const node = file.from(child.address, "a group's node");
    node.expect("SNOD");
    node.skip(2);
    const count = node.u16();
    for (let i = 0; i < count; i++) {
      file.count();
      const [offset, address, cache] = [node.u64(), node.u64(), node.u32()];
      node.skip(20);
      if (cache !== SOFT) add(nameAt(file, names, offset), address);
    }
  }
}

/** "HEAP" · version · 3 unused · size u64 · free list u64 · address: where the names are. */
function heapAt(file: Hdf5File, address: number): Uint8Array {
  const heap = file.from(address, "a group's heap");
  heap.expect("HEAP");
  heap.skip(4);
  const size = heap.u64();
  heap.skip(8);
  return file.at(heap.u64(), size, "a group's names").take(size);
}

function nameAt(file: Hdf5File, heap: Uint8Array, begin: number): string {
  const name = heap.subarray(begin, begin + MOST_NAME_BYTES + 1);
  const length = name.indexOf(0);
  if (length < 1) throw broken("hdf5/damaged", `a member's name is empty, too long, or not where it should be`);
  file.charge(length);
  return textOf(name.subarray(0, length));
}

export interface Leaf {
  /** What the tree says of the child. */
  readonly key: Cursor;
  readonly address: number;
}

/**
 * What a B-tree's lowest nodes lead to.
 *
 * "TREE" · type u8 · level u8 · count u16 · siblings 2 · u64 · key · (child u64 · key) for each.
 */
export function* leavesOf(
  file: Hdf5File,
  root: number,
  { type, keyBytes }: { readonly type: 0 | 1; readonly keyBytes: number },
): Generator<Leaf> {
  const stack: { address: number; level: number | undefined }[] = [{ address: root, level: undefined }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    file.count();
    const node = file.from(next.address, "a tree's node");
    node.expect("TREE");
    const [found, level, count] = [node.u8(), node.u8(), node.u16()];
    if (found !== type || level !== (next.level ?? level)) {
      throw broken("hdf5/damaged", "a tree's node is of another kind or level than its parent says");
    }
    node.skip(16);
    const children: Leaf[] = [];
    for (let i = 0; i < count; i++) {
      file.count();
      children.push({ key: node.inner(keyBytes), address: node.u64() });
    }
    if (level === 0) yield* children;
    else for (const { address } of children.toReversed()) stack.push({ address, level: level - 1 });
  }
}

// ── As of HDF5 1.8: a message for each, where they are few ──────────────────────────────────────────────────────────

const HARD = 0;

/** version 0 · flags · largest index? · the heap of links that are not in messages, if any. */
function refuseDense(info: Cursor): void {
  info.skip(1);
  if (info.u8() & 1) info.skip(8);
  if (info.address() !== undefined) throw unsupported("a group keeps its links in a heap of HDF5 1.8");
}

/** version 1 · flags · type? · order? · charset? · length of name · name · address. */
function fromMessage(file: Hdf5File, link: Cursor, add: Add): void {
  if (link.u8() !== 1) throw unsupported("a link is of a version that is not known");
  const flags = link.u8();
  const type = flags & 8 ? link.u8() : HARD;
  if (flags & 4) link.skip(8);
  if (flags & 16) link.skip(1);
  const length = link.uint(1 << (flags & 3));
  if (length < 1 || length > MOST_NAME_BYTES) throw broken("hdf5/damaged", `a link's name has ${length} bytes`);
  file.charge(length);
  const name = textOf(link.take(length));
  if (type === HARD) add(name, link.u64());
}
