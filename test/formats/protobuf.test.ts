import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import { decode, encode, type Message, type Schema } from "../../src/formats/protobuf.js";

const INNER = { id: [1, "int"], label: [2, "text"] } as const satisfies Schema;
const SCHEMA = {
  a: [1, "int"],
  b: [2, "text"],
  c: [3, INNER],
  list: [4, "ints"],
  inners: [5, [INNER]],
  f: [6, "float"],
  floats: [7, "floats"],
  raw: [8, "bytes"],
  texts: [16, "texts"],
} as const satisfies Schema;

const empty = {
  a: undefined,
  b: undefined,
  c: undefined,
  list: [],
  inners: [],
  f: undefined,
  floats: new Float32Array(0),
  raw: undefined,
  texts: [],
};
const read = (...bytes: number[]): Message<typeof SCHEMA> => decode(SCHEMA, Uint8Array.from(bytes));

function failure(...bytes: number[]): string {
  try {
    read(...bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(LanewiseError);
    return `${(error as LanewiseError).code} ${(error as LanewiseError).message}`;
  }
  return "no error";
}

describe("the format's own examples (protobuf.dev/programming-guides/encoding)", () => {
  test("150 as a varint, a text, and a message within", () => {
    expect(read(0x08, 0x96, 0x01)).toEqual({ ...empty, a: 150n });
    expect(read(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67)).toEqual({ ...empty, b: "testing" });
    expect(read(0x1a, 0x03, 0x08, 0x96, 0x01)).toEqual({ ...empty, c: { id: 150n, label: undefined } });
  });

  test("numbers packed, one by one, and both", () => {
    expect(read(0x22, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05).list).toEqual([3n, 270n, 86942n]);
    expect(read(0x20, 0x03, 0x22, 0x02, 0x8e, 0x02, 0x20, 0x01).list).toEqual([3n, 270n, 1n]);
    expect([...read(0x3d, 0, 0, 0x80, 0x3f, 0x3a, 4, 0, 0, 0, 0x40).floats]).toEqual([1, 2]);
  });
});

test("whole numbers are exact in 64 bits, and negative ones take ten bytes", () => {
  const values = [0n, 1n, 127n, 128n, 2n ** 53n + 1n, 2n ** 63n - 1n, -1n, -(2n ** 63n)];
  for (const a of values) expect(decode(SCHEMA, encode(SCHEMA, { a })).a).toBe(a);
  expect(encode(SCHEMA, { a: -1n })).toEqual(Uint8Array.of(8, ...Array<number>(9).fill(0xff), 1));
  expect(read(8, ...Array<number>(9).fill(0x80), 1).a).toBe(-(2n ** 63n));
  expect(read(8, 0x80, 0x80, 0x00).a).toBe(0n); // longer than it need be, as the format allows
});

test("fields that are not known are passed over, whatever their type", () => {
  const unknown = [
    0x98, 0x06, 0x96, 0x01, 0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0x9a, 0x06, 2, 9, 9, 0x9d, 0x06, 1, 2, 3, 4,
  ];
  expect(read(...unknown, 0x08, 5)).toEqual({ ...empty, a: 5n });
});

test("a message at any place in a buffer, and shared memory", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(12)).subarray(3);
  shared.set([0x12, 0x03, 0x61, 0x62, 0x63, 0x08, 1]);
  expect(decode(SCHEMA, shared.subarray(0, 7))).toEqual({ ...empty, a: 1n, b: "abc" });
});

describe("what is refused", () => {
  test.each<[string, number[], RegExp]>([
    ["a number that does not end", [8, 0x80], /^protobuf\/cut-off The field a .*does not end/],
    ["a tag that does not end", [0x80], /^protobuf\/cut-off The message/],
    ["a number of more than 64 bits", [8, ...Array<number>(9).fill(0xff), 2], /^protobuf\/bad-varint/],
    ["a number of eleven bytes", [8, ...Array<number>(10).fill(0x80), 0], /^protobuf\/bad-varint/],
    ["a length beyond the end", [0x12, 3, 0x61, 0x62], /^protobuf\/cut-off The field b .*3 bytes are announced, and 2/],
    [
      "a length of 2^64 - 1",
      [0x12, ...Array<number>(9).fill(0xff), 1],
      /^protobuf\/cut-off .*18446744073709551615 bytes/,
    ],
    [
      "a length beyond what it is in",
      [0x1a, 3, 0x12, 5, 0x61, 0x61, 0x61, 0x61, 0x61],
      /^protobuf\/cut-off The field c\.label/,
    ],
    ["an unknown field beyond the end", [0x9a, 0x06, 5, 1], /^protobuf\/cut-off/],
    ["eight bytes of which there are seven", [0x99, 0x06, 1, 2, 3, 4, 5, 6, 7], /^protobuf\/cut-off/],
    ["four bytes of which there are three", [0x35, 1, 2, 3], /^protobuf\/cut-off/],
    ["field 0", [0, 1], /^protobuf\/bad-tag/],
    ["a tag of more than 32 bits", [0x88, 0x80, 0x80, 0x80, 0x10, 1], /^protobuf\/bad-tag/],
    ["a group, which is no longer written", [0x9b, 0x06], /^protobuf\/bad-tag .*wire type 3/],
    ["a wire type that is none", [0x9e, 0x06], /^protobuf\/bad-tag .*wire type 6/],
    ["a number as text", [0x0a, 1, 1], /^protobuf\/wrong-type The field a .*wire type 2, expected 0/],
    ["a text as a number", [0x10, 1], /^protobuf\/wrong-type The field b/],
    ["a message as a number", [0x28, 1], /^protobuf\/wrong-type The field inners/],
    ["floats of odd length", [0x3a, 3, 0, 0, 0], /^protobuf\/wrong-type/],
    ["floats as a varint", [0x38, 1], /^protobuf\/wrong-type/],
    ["a field that stands twice", [8, 1, 8, 2], /^protobuf\/duplicate-field The field a/],
    ["a message that stands twice", [0x1a, 0, 0x1a, 0], /^protobuf\/duplicate-field The field c/],
    ["text that is no UTF-8", [0x12, 1, 0xff], /^protobuf\/invalid-utf8/],
  ])("%s", (_, bytes, message) => {
    expect(failure(...bytes)).toMatch(message);
  });

  test("more items than are read, packed or not, before they fill the memory", () => {
    const many = new Uint8Array(2 ** 20 + 10).fill(1);
    const packed = encode({ list: [4, "bytes"] }, { list: many });
    expect(() => decode(SCHEMA, packed)).toThrow(/more than 1048576 items/);
    const messages = new Uint8Array(2 ** 21 + 10);
    for (let i = 0; i < messages.length; i += 2) messages[i] = 0x2a;
    expect(() => decode(SCHEMA, messages)).toThrow(/more than 1048576 items/);
    const pieces = Uint8Array.from({ length: 2 ** 21 + 20 }, (_, i) => (i % 2 === 0 ? 0x3a : 0)); // floats, 0 of them
    expect(() => decode(SCHEMA, pieces)).toThrow(/more than 1048576 items/);
  });

  test("empty messages take little", () => {
    const messages = Uint8Array.from({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 0x0a : 0));
    const lists = { a: [2, "ints"], b: [3, "floats"], c: [4, "texts"] } as const satisfies Schema;
    const { inners } = decode({ inners: [1, [lists]] } as const satisfies Schema, messages);
    expect(new Set(inners.flatMap(({ a, b, c }) => [a, b, c])).size).toBe(2); // those that are not there are one
  });
});

const inner = fc.record(
  { id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), label: fc.string({ unit: "grapheme" }) },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    a: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    b: fc.string({ unit: "grapheme" }),
    c: inner,
    list: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    inners: fc.array(inner, { maxLength: 4 }),
    f: fc.float(),
    floats: fc.float32Array(),
    raw: fc.uint8Array(),
    texts: fc.array(fc.string({ unit: "grapheme" })),
  },
  { requiredKeys: [] },
);
const whole = ({ id, label }: { id?: bigint; label?: string }) => ({ id, label });

describe("properties", () => {
  test("what is written is read back", () => {
    fc.assert(
      fc.property(message, (given) => {
        const { c, inners = [], ...rest } = given;
        const expected = { ...empty, ...rest, c: c && whole(c), inners: inners.map(whole) };
        const bytes = encode(SCHEMA, given);
        expect(decode(SCHEMA, bytes)).toEqual(expected);
        expect(encode(SCHEMA, given)).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("any bytes at all: a message, or an error of ours", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(failure(...bytes)).toMatch(/^protobuf\/|^no error$/);
      }),
      { numRuns: 5000 },
    );
  });
});
