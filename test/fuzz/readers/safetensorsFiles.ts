// Files of safetensors as an enemy writes them: a header in any JSON, or in what is none, before any data.

import { readSafetensors } from "../../../src/formats/safetensors.js";
import { concat, damaged, HOSTILE_TEXTS, textBytes } from "../edits.js";
import type { Random } from "../random.js";

/** A file taken apart. Fields are JSON as it will stand there, so that they may be no JSON, or stand twice. */
export interface Parts {
  readonly metadata: [key: string, value: string][];
  readonly tensors: [name: string, fields: [field: string, value: string][]][];
  readonly data: Uint8Array;
}

export function partsOf(file: Uint8Array): Parts {
  const { metadata, tensors } = readSafetensors(file);
  const start = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const quoted = JSON.stringify;
  return {
    metadata: Object.entries(metadata).map(([key, value]) => [quoted(key), quoted(value)]),
    tensors: [...tensors].map(([name, { dtype, shape, data }]) => {
      const begin = data.byteOffset - file.byteOffset - start;
      const fields: [string, string][] = [
        ['"dtype"', quoted(dtype)],
        ['"shape"', quoted(shape)],
        ['"data_offsets"', quoted([begin, begin + data.length])],
      ];
      return [quoted(name), fields];
    }),
    data: file.slice(start),
  };
}

/** The file of such parts; `space` stands where JSON allows white space. */
export function joined({ metadata, tensors, data }: Parts, space = "", padding = ""): Uint8Array {
  const object = (members: readonly (readonly [string, string])[]) =>
    `{${members.map(([key, value]) => `${space}${key}${space}:${space}${value}${space}`).join(",")}}`;
  const notes: [string, string][] = metadata.length > 0 ? [['"__metadata__"', object(metadata)]] : [];
  return framed(
    textBytes(object([...notes, ...tensors.map(([name, fields]) => [name, object(fields)] as const)]) + padding),
    data,
  );
}

/** A header with its length before it, which may lie. */
export function framed(header: Uint8Array, data: Uint8Array, length = BigInt(header.length)): Uint8Array {
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, length, true);
  return concat(start, header, data);
}

const DTYPES = [
  "BOOL",
  "U8",
  "I8",
  "F8_E5M2",
  "F8_E4M3",
  "F8_E8M0",
  "F8_E4M3FNUZ",
  "F8_E5M2FNUZ",
  "C64",
  "F4",
  "I16",
  "U16",
  "F16",
  "BF16",
  "I32",
  "U32",
  "F32",
  "F64",
  "I64",
  "U64",
];
const NAMES = [...HOSTILE_TEXTS, "__metadata__", "0.weight", "dtype", "7"].map((text) => JSON.stringify(text));
/** Sizes and offsets, whole and not. */
const NUMBERS = ["0", "1", "2", "3", "4", "8", "24", "-1", "-0", "1.0", "1e3", "01", "+1", "9007199254740991", "9007199254740993", "18446744073709551616", "9".repeat(400), "NaN", '"1"', "null"]; // prettier-ignore
const VALUES = ['""', "null", "true", "false", "{}", "[]", "[[]]", '"F32"', "[1,2]", "[0,8]", "[0]", "0", "x", "", '"\\ud800"', '"\\u0041"', '"\\x"', '"', `[${"1,".repeat(70)}1]`, "[".repeat(5000)]; // prettier-ignore
const TOKENS = ['"', "\\", "{", "}", "[", "]", ",", ":", "-", "1e9", "0", "\\ud800", '"__proto__":', "null", " ", "\n", "9007199254740993", '"shape":[', '"dtype":"U8",', "\u00e9"]; // prettier-ignore

type Edit = (parts: Parts, random: Random) => void;

const EDITS: readonly Edit[] = [
  // Tensors: one gone, one twice, another order, another name.
  ({ tensors }, random) => tensors.splice(random.below(tensors.length), 1),
  ({ tensors }, random) => tensors.splice(random.below(tensors.length), 0, structuredClone(random.pick(tensors))),
  ({ tensors }) => tensors.reverse(),
  ({ tensors }, random) => (random.pick(tensors)[0] = random.pick(NAMES)),
  // Fields: one gone, one more, one twice, another value.
  ({ tensors }, random) => fieldsOf(tensors, random).pop(),
  ({ tensors }, random) => fieldsOf(tensors, random).reverse(),
  ({ tensors }, random) =>
    fieldsOf(tensors, random).push([random.pick([...NAMES, '"dtype"', '"shape"', '"strides"']), random.pick(VALUES)]),
  ({ tensors }, random) => (random.pick(fieldsOf(tensors, random))[1] = random.pick(VALUES)),
  ({ tensors }, random) => set(tensors, random, 0, JSON.stringify(random.pick(DTYPES))),
  ({ tensors }, random) => set(tensors, random, 1, numbers(random, random.few(4))),
  ({ tensors }, random) => set(tensors, random, 2, numbers(random, random.oneIn(4) ? random.below(4) : 2)),
  // Offsets that are numbers at least.
  ({ tensors, data }, random) =>
    set(tensors, random, 2, `[${random.below(data.length + 9)},${random.below(data.length + 9)}]`),
  ({ tensors }, random) => shift(tensors, random),
  ({ data }, random) => void (data.length > 0 && data.fill(random.below(256), random.below(data.length))),
  // Metadata.
  ({ metadata }, random) => metadata.push([random.pick(NAMES), random.oneIn(3) ? random.pick(VALUES) : '"note"']),
  ({ metadata }, random) => metadata.splice(random.below(metadata.length), 1),
];

type Tensors = Parts["tensors"];

function fieldsOf(tensors: Tensors, random: Random): [string, string][] {
  return random.pick(tensors)[1];
}

function set(tensors: Tensors, random: Random, field: number, value: string): void {
  const chosen = fieldsOf(tensors, random)[field];
  if (chosen) chosen[1] = value;
}

function numbers(random: Random, count: number): string {
  return `[${Array.from({ length: count }, () => random.pick(NUMBERS)).join(",")}]`;
}

/** Both offsets by so many bytes, so that the tensor keeps its size: a hole here, an overlap there. */
function shift(tensors: Tensors, random: Random): void {
  const by = random.pick([-8, -4, -1, 1, 4, 8, 2 ** 40]);
  const offsets = fieldsOf(tensors, random)[2];
  if (offsets) offsets[1] = offsets[1].replaceAll(/\d+/g, (digits) => String(Number(digits) + by));
}

/** More tensors, or notes, than are read. */
function crowd(random: Random): Uint8Array {
  const names = [...Array(262_145).keys()];
  const empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
  const header = random.oneIn(2)
    ? `{"__metadata__":{${names.map((i) => `"${i}":""`).join(",")}}}`
    : `{${names.map((i) => `"${i}":${empty}`).join(",")}}`;
  return framed(textBytes(header), new Uint8Array(0));
}

/** A file of such parts, good or bad. */
export function hostileFile(original: Parts, other: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(20_000)) return crowd(random);
  const parts = structuredClone(original);
  const edits = random.few(4);
  for (
    let i = 0;
    i < edits && parts.tensors.length > 0 && parts.tensors.every(([, fields]) => fields.length > 0);
    i++
  ) {
    random.pick(EDITS)(parts, random);
  }
  const space = random.oneIn(4) ? random.pick([" ", "\n", "\t\r", "\u00a0"]) : "";
  const padding = random.oneIn(4) ? random.pick([" ", "      ", "\n", "\0", "x"]) : "";
  const file = joined(parts, space, padding);
  switch (random.below(6)) {
    case 0:
      return damaged(file, 1 + random.few(2), random, other);
    case 1:
      return withHeader(file, random, tokens);
    case 2:
      return withLength(file, random);
    case 3:
      return withHeader(file, random, (header, random) => damaged(header, 1, random, header));
    default:
      return file;
  }
}

/** With other text in the header, whose length stays true: so the damage reaches the reader of JSON. */
function withHeader(
  file: Uint8Array,
  random: Random,
  edit: (header: Uint8Array, random: Random) => Uint8Array,
): Uint8Array {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  return framed(edit(file.slice(8, 8 + length), random), file.slice(8 + length));
}

function tokens(header: Uint8Array, random: Random): Uint8Array {
  const at = random.below(header.length);
  return concat(header.slice(0, at), textBytes(random.pick(TOKENS)), header.slice(at + random.below(6)));
}

function withLength(file: Uint8Array, random: Random): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  const lies = [0n, 1n, BigInt(file.length), BigInt(file.length - 8), 100_000_001n, 1n << 53n, (1n << 64n) - 1n];
  const near = BigInt.asUintN(64, view.getBigUint64(0, true) + BigInt(random.below(9)) - 4n);
  view.setBigUint64(0, random.oneIn(2) ? random.pick(lies) : near, true);
  return copy;
}
