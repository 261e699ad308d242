import type { ErrorCode } from "../errorCodes.js";
import { ModelFormatError } from "../errors.js";

/** The fields of a kind of message: their numbers in the file and what they hold. A plural is a list, and so is [schema]. */
export interface Schema {
  readonly [field: string]: readonly [number: number, type: FieldType];
}

export type FieldType = "int" | "ints" | "float" | "floats" | "text" | "texts" | "bytes" | Schema | readonly [Schema];

type ValueOf<T> = T extends "int"
  ? bigint | undefined
  : T extends "ints"
    ? readonly bigint[]
    : T extends "float"
      ? number | undefined
      : T extends "floats"
        ? Float32Array
        : T extends "text"
          ? string | undefined
          : T extends "texts"
            ? readonly string[]
            : T extends "bytes"
              ? Uint8Array | undefined
              : T extends readonly [infer Inner]
                ? readonly Message<Inner>[]
                : Message<T> | undefined;

/** A message as it was read: what is not there is undefined, or an empty list. */
export type Message<S> = { readonly [F in keyof S]: S[F] extends readonly [number, infer T] ? ValueOf<T> : never };

/** A message to be written: what is left out is not written. */
export type Draft<S> = { readonly [F in keyof S]?: S[F] extends readonly [number, infer T] ? DraftOf<T> : never };
type DraftOf<T> = T extends readonly [infer Inner]
  ? readonly Draft<Inner>[]
  : T extends string
    ? NonNullable<ValueOf<T>>
    : Draft<T>;

// A message is a row of fields, in any order; a message within another is its bytes, so that nothing nests deeper than the
// schema does. The format: https://protobuf.dev/programming-guides/encoding
//
//   ┌───────────────────────────┬─────────────────────────────────────────────────────────┐
//   │ varint: number · 8 + wire │ 0: varint   1: 8 bytes   2: varint n, n bytes   5: 4 bytes │
//   └───────────────────────────┴─────────────────────────────────────────────────────────┘

const VARINT = 0;
const EIGHT_BYTES = 1;
const COUNTED = 2;
const FOUR_BYTES = 5;
/**
 * Most messages, texts, integers and pieces of floats in lists of one file: far above any network's, and a bound on what
 * they are kept in.
 */
const MAX_ITEMS = 1 << 20;

/** The wire type of each kind of value. */
const WIRES = {
  int: VARINT,
  ints: VARINT,
  float: FOUR_BYTES,
  floats: FOUR_BYTES,
  text: COUNTED,
  texts: COUNTED,
  bytes: COUNTED,
} as const;

/**
 * Reads a message of the schema's kind and trusts nothing in it. Fields that the schema does not name are passed over; bytes are
 * views. Names from the file are never keys of an object.
 *
 * @throws ModelFormatError `protobuf/…`, naming the field
 */
export function decode<S extends Schema>(schema: S, bytes: Uint8Array): Message<S> {
  return new Decoder().message(schema, bytes) as Message<S>;
}

/** Writes a message; the same message gives the same bytes. */
export function encode<S extends Schema>(schema: S, message: Draft<S>): Uint8Array {
  const pieces = piecesOf(schema, message as Record<string, unknown>);
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

class Decoder {
  /** From the outermost message to the field under way. */
  readonly #path: string[] = [];
  readonly #brokenHere: Broken = (code, why) => this.#broken(code, why);
  #items = 0;

  message(schema: Schema, bytes: Uint8Array): Record<string, unknown> {
    const { byNumber, lists, floats } = fieldsOf(schema);
    const values: Record<string, unknown> = {};
    for (const name of lists) values[name] = NONE;
    const reader = new Reader(bytes, this.#brokenHere);
    while (!reader.done) {
      const { number, wire } = reader.tag();
      const field = byNumber.get(number);
      if (!field) reader.skip(wire);
      else {
        this.#path.push(field.name);
        this.#field(field, wire, reader, values);
        this.#path.pop();
      }
    }
    for (const name of floats) values[name] = joined(values[name] as readonly Float32Array[]);
    return values;
  }

  #field({ name, type }: Field, wire: number, reader: Reader, values: Record<string, unknown>): void {
    if (isList(type)) {
      const list = values[name] === NONE ? [] : (values[name] as unknown[]);
      values[name] = list;
      return this.#list(type, wire, reader, list);
    }
    if (values[name] !== undefined) throw this.#broken("protobuf/duplicate-field", "it stands twice");
    values[name] = this.#value(type as Exclude<FieldType, readonly [Schema]>, wire, reader);
  }

  #list(type: FieldType, wire: number, reader: Reader, list: unknown[]): void {
    if (type === "floats") this.#add(list, reader.floats(wire));
    else if (type === "ints" && wire === COUNTED) {
      const packed = reader.inner();
      while (!packed.done) this.#add(list, packed.int());
    } else if (Array.isArray(type)) this.#add(list, this.#value((type as readonly [Schema])[0], wire, reader));
    else this.#add(list, this.#value(type === "ints" ? "int" : "text", wire, reader));
  }

  #add(list: unknown[], value: unknown): void {
    if (++this.#items > MAX_ITEMS) {
      throw this.#broken("protobuf/too-many", `the file has more than ${MAX_ITEMS} items, which is more than is read`);
    }
    list.push(value);
  }

  #value(type: FieldType, wire: number, reader: Reader): unknown {
    const expected = typeof type === "string" ? WIRES[type] : COUNTED;
    if (wire !== expected) {
      throw this.#broken("protobuf/wrong-type", `it is of wire type ${wire}, expected ${expected}`);
    }
    if (type === "int") return reader.int();
    if (type === "float") return reader.floats(wire)[0];
    const bytes = reader.counted();
    if (type === "bytes") return bytes;
    if (type === "text") return this.#text(bytes);
    return this.message(type as Schema, bytes);
  }

  #text(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes.slice()); // browsers' decoders refuse shared memory
    } catch (cause) {
      throw this.#broken("protobuf/invalid-utf8", "it is no valid UTF-8", cause);
    }
  }

  #broken(code: ErrorCode, why: string, cause?: unknown): ModelFormatError {
    const place = this.#path.length === 0 ? "The message" : `The field ${this.#path.join(".")}`;
    return new ModelFormatError(code, `${place} cannot be read: ${why}. Is the file damaged, or of another kind?`, {
      cause,
    });
  }
}

/** Of a list that is not there: a file of empty messages takes no memory for what they lack. */
const NONE: readonly never[] = Object.freeze([]);
const NO_FLOATS = new Float32Array(0);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Broken = (code: ErrorCode, why: string) => ModelFormatError;

/** Walks over the fields of one message; it never leaves its bytes. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #broken: Broken;
  #at = 0;

  constructor(bytes: Uint8Array, broken: Broken) {
    this.#bytes = bytes;
    this.#broken = broken;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  tag(): { number: number; wire: number } {
    const tag = this.#varint();
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    if (number < 1 || tag >= 1n << 32n) throw this.#broken("protobuf/bad-tag", `${tag} is no field's tag`);
    return { number, wire };
  }

  skip(wire: number): void {
    if (wire === VARINT) this.#varint();
    else if (wire === COUNTED) this.counted();
    else if (wire === EIGHT_BYTES || wire === FOUR_BYTES) this.#take(wire === EIGHT_BYTES ? 8n : 4n);
    else throw this.#broken("protobuf/bad-tag", `wire type ${wire} is none that is read`);
  }

  /** Signed, in 64 bits. */
  int(): bigint {
    return BigInt.asIntN(64, this.#varint());
  }

  counted(): Uint8Array {
    return this.#take(this.#varint());
  }

  inner(): Reader {
    return new Reader(this.counted(), this.#broken);
  }

  /** One number, or a packed list. */
  floats(wire: number): Float32Array {
    if (wire !== FOUR_BYTES && wire !== COUNTED) {
      throw this.#broken("protobuf/wrong-type", `it is of wire type ${wire}, expected ${FOUR_BYTES} or ${COUNTED}`);
    }
    const bytes = wire === COUNTED ? this.counted() : this.#take(4n);
    if (bytes.length % 4 !== 0) {
      throw this.#broken("protobuf/wrong-type", `${bytes.length} bytes are no whole number of floats`);
    }
    return new Float32Array(new Uint8Array(bytes).buffer); // its own buffer: the file's may be unaligned
  }

  /** Sizes are compared as they stand, before they become numbers or anything is allocated. */
  #take(size: bigint): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (size > BigInt(left)) {
      throw this.#broken("protobuf/cut-off", `${size} bytes are announced, and ${left} follow`);
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + Number(size));
    this.#at += taken.length;
    return taken;
  }

  /** Up to ten bytes of seven bits, the lowest first: exact in 64 bits. */
  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) {
        this.#at--;
        throw this.#broken("protobuf/cut-off", "a number does not end");
      }
      if (shift === 63n && byte > 1) throw this.#broken("protobuf/bad-varint", "a number has more than 64 bits");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
}

interface Field {
  readonly name: string;
  readonly type: FieldType;
}

/** A schema as it is read by, made once: a file may hold a million messages. */
interface Fields {
  readonly byNumber: ReadonlyMap<number, Field>;
  /** Names of those that are lists. */
  readonly lists: readonly string[];
  readonly floats: readonly string[];
}

const fieldsOfSchemas = new WeakMap<Schema, Fields>();

function fieldsOf(schema: Schema): Fields {
  const known = fieldsOfSchemas.get(schema);
  if (known) return known;
  const all = Object.entries(schema).map(([name, [number, type]]) => ({ number, name, type }));
  const fields: Fields = {
    byNumber: new Map(all.map((field) => [field.number, field])),
    lists: all.filter(({ type }) => isList(type)).map(({ name }) => name),
    floats: all.filter(({ type }) => type === "floats").map(({ name }) => name),
  };
  fieldsOfSchemas.set(schema, fields);
  return fields;
}

function isList(type: FieldType): boolean {
  return Array.isArray(type) || type === "ints" || type === "floats" || type === "texts";
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length <= 1) return parts[0] ?? NO_FLOATS;
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** In pieces, so that large tensors are copied once. */
function piecesOf(schema: Schema, message: Readonly<Record<string, unknown>>): Uint8Array[] {
  return Object.entries(schema).flatMap(([name, [number, type]]) => {
    const value = message[name];
    if (value === undefined) return [];
    const inner = Array.isArray(type) ? (type as readonly [Schema])[0] : type;
    if (type === "floats") return counted(number, [bytesOf(value as Float32Array)]);
    const one = inner === "ints" ? "int" : inner === "texts" ? "text" : inner;
    const values = isList(type) ? (value as readonly unknown[]) : [value];
    return values.flatMap((item) => fieldOf(number, one as FieldType, item));
  });
}

function fieldOf(number: number, type: FieldType, value: unknown): Uint8Array[] {
  if (type === "int") return [tagOf(number, VARINT), varintOf(BigInt.asUintN(64, value as bigint))];
  if (type === "float") return [tagOf(number, FOUR_BYTES), bytesOf(Float32Array.of(value as number))];
  if (type === "text") return counted(number, [new TextEncoder().encode(value as string)]);
  if (type === "bytes") return counted(number, [value as Uint8Array]);
  return counted(number, piecesOf(type as Schema, value as Record<string, unknown>));
}

function counted(number: number, pieces: Uint8Array[]): Uint8Array[] {
  return [tagOf(number, COUNTED), varintOf(BigInt(lengthOf(pieces))), ...pieces];
}

function tagOf(number: number, wire: number): Uint8Array {
  return varintOf(BigInt(number * 8 + wire));
}

function varintOf(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Uint8Array.from([...bytes, Number(value)]);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
