// What becomes of a file by accident or by intent: its bytes, or what it means.

import type { Random } from "./random.js";

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

// ── Of the bytes ────────────────────────────────────────────────────────────────────────────────────────────────────

type ByteEdit = (bytes: Uint8Array, at: number, random: Random, other: Uint8Array) => Uint8Array;

const BYTE_EDITS: readonly ByteEdit[] = [
  // A byte, a bit.
  (bytes, at, random) => bytes.with(at, random.below(256)),
  (bytes, at, random) => bytes.with(at, bytes[at]! ^ (1 << random.below(8))),
  // Cut off; a piece gone; a piece twice; something behind the end.
  (bytes, at) => bytes.slice(0, at),
  (bytes, at, random) => concat(bytes.slice(0, at), bytes.slice(at + random.below(40))),
  (bytes, at, random) => concat(bytes.slice(0, at), bytes.slice(at, at + random.below(200)), bytes.slice(at)),
  (bytes, _, random) => concat(bytes, new Uint8Array(1 + random.below(9))),
  // Spliced with another.
  (bytes, at, random, other) => concat(bytes.slice(0, at), other.slice(random.below(other.length))),
  // A byte more.
  (bytes, at, random) => concat(bytes.slice(0, at), Uint8Array.of(random.below(256)), bytes.slice(at)),
  // Where a length stands it becomes up to 2^64, as a varint and as a word of either order.
  (bytes, at, random) =>
    concat(
      bytes.slice(0, at),
      new Uint8Array(random.below(11)).fill(0xff),
      Uint8Array.of(random.below(128)),
      bytes.slice(at + 1),
    ),
  (bytes, at, random) => {
    const width = random.pick([2, 4, 8]);
    return concat(
      bytes.slice(0, at),
      new Uint8Array(width).fill(random.pick([0, 0x7f, 0x80, 0xff])),
      bytes.slice(at + width),
    );
  },
];

/** With `count` edits of its bytes. */
export function damaged(bytes: Uint8Array, count: number, random: Random, other: Uint8Array): Uint8Array {
  for (let i = 0; i < count && bytes.length > 0; i++) {
    // Heads are where lengths stand.
    const at = random.below(random.oneIn(3) ? Math.min(bytes.length, 64) : bytes.length);
    bytes = random.pick(BYTE_EDITS)(bytes, at, random, other);
  }
  return bytes;
}

// ── Of the meaning ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What may stand in the place of a value of each kind. */
export interface Junk {
  readonly texts: readonly string[];
  readonly bigints?: readonly bigint[];
  readonly numbers?: readonly number[];
  /** Anything, in the place of anything. */
  readonly others?: readonly unknown[];
}

export const NUMBERS = [0, -0, 1, -1, 2, 3, 6, 0.5, 1e-45, 3e38, 1e300, 2 ** 31, 2 ** 32, 2 ** 53, NaN, Infinity];
/** Names that are something in JavaScript, in other scripts, or long. */
export const HOSTILE_TEXTS = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "a/b",
  "\u0000",
  "\ud800",
  "…".repeat(100),
  "x".repeat(50_000),
];
/** What takes a time that grows with the square of their number shows here. */
const MANY = 5000;
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  "",
  "1",
  [],
  {},
  [[]],
  [null],
  { name: {} },
  { length: 1e9 },
  -1,
  0.5,
];

type Holder = Record<string, unknown>;

/** Every place in a value that holds a value: what it is in, and under which key. */
function places(value: unknown): [Holder, string][] {
  const found: [Holder, string][] = [];
  const open = [value];
  for (let inner = open.pop(); inner !== undefined; inner = open.pop()) {
    if (typeof inner !== "object" || inner === null || ArrayBuffer.isView(inner)) continue;
    for (const [key, item] of Object.entries(inner)) {
      if (item === undefined) continue;
      found.push([inner as Holder, key]);
      open.push(item);
    }
  }
  return found;
}

/** A copy with something else in one place, mostly of its kind. */
export function edited<T>(value: T, random: Random, junk: Junk): T {
  const copy = structuredClone(value);
  const all = places(copy);
  if (all.length === 0) return copy;
  const [holder, key] = random.pick(all);
  const old = holder[key];
  if (junk.others && random.oneIn(6)) put(holder, key, structuredClone(random.pick(junk.others)));
  else if (random.oneIn(3)) {
    const alike = all.map(([holder, key]) => holder[key]).filter((other) => typeof other === typeof old);
    put(holder, key, structuredClone(random.pick(alike))); // from another place; maybe of another kind
  } else if (random.oneIn(8) && !Array.isArray(holder)) {
    delete holder[key];
  } else if (Array.isArray(old) && random.oneIn(50)) {
    put(holder, key, new Array<unknown>(MANY).fill(old[0]));
  } else if (Array.isArray(old)) {
    put(holder, key, [...old.slice(random.below(old.length + 1)), ...old.slice(0, random.below(old.length + 1))]);
  } else if (ArrayBuffer.isView(old)) {
    put(holder, key, (old as Uint8Array).slice(0, random.below((old as Uint8Array).length + 1)));
  } else if (typeof old === "bigint") put(holder, key, random.pick(junk.bigints ?? [0n]));
  else if (typeof old === "string") put(holder, key, random.pick(junk.texts));
  else if (typeof old === "number") put(holder, key, random.pick(junk.numbers ?? NUMBERS));
  else if (typeof old === "boolean") put(holder, key, !old);
  else put(old as Holder, random.pick(junk.texts), random.pick(HOSTILE_VALUES)); // a key that nobody asked for
  return copy;
}

/** As JSON.parse does it: "__proto__" is a key like any other. */
function put(holder: Holder | null, key: string, value: unknown): void {
  if (holder === null) return;
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}
