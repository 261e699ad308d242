import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError, ModelFormatError, ShapeError } from "../../src/errors.js";
import { readSafetensors, writeSafetensors, type TensorSource } from "../../src/formats/safetensors.js";

/** A file put together by hand; `header` is text or bytes, `length` may lie. */
function file(header: string | Uint8Array, data: ArrayLike<number> = [], length?: bigint): Uint8Array {
  const head = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + head.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(head.length), true);
  bytes.set(head, 8);
  bytes.set(data, 8 + head.length);
  return bytes;
}

function entry(dtype: string, shape: string, offsets: string): string {
  return `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ModelFormatError || error instanceof ConfigError || error instanceof ShapeError)
      return error.code;
    throw error;
  }
  return "no error";
}

const good = entry("U8", "[2]", "[0,2]");

/** One that has the reference implementation. */
const python = [process.env.LANEWISE_PYTHON, "python3"]
  .filter((path) => path !== undefined)
  .find((path) => spawnSync(path, ["-c", "import safetensors"]).status === 0);
if (python === undefined) {
  console.warn("SKIPPED: no Python with safetensors found (LANEWISE_PYTHON names one): it was not asked again.");
}

describe("reading", () => {
  test("a file as the format's own documentation lays it out", () => {
    const header = `{"__metadata__":{"format":"pt"},"b":${entry("F16", "[1,2]", "[4,8]")},"a":${entry("F32", "[]", "[0,4]")}}   `;
    const bytes = file(header, [1, 2, 3, 4, 5, 6, 7, 8]);
    const { metadata, tensors } = readSafetensors(bytes);
    expect({ ...metadata }).toEqual({ format: "pt" });
    expect([...tensors.keys()]).toEqual(["b", "a"]);
    expect(tensors.get("a")).toEqual({ dtype: "F32", shape: [], data: Uint8Array.of(1, 2, 3, 4) });
    expect(tensors.get("b")).toEqual({ dtype: "F16", shape: [1, 2], data: Uint8Array.of(5, 6, 7, 8) });
  });

  test("a file written by the reference implementation (Python, safetensors 0.8.0)", () => {
    const base64 =
      "+AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidiJ9LCJ6Ijp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlswLDRdLCJkYXRhX29m" +
      "ZnNldHMiOlswLDBdfSwicyI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImEiOnsiZHR5" +
      "cGUiOiJGMTYiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMTZdfSwiYiI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsz" +
      "XSwiZGF0YV9vZmZzZXRzIjpbMTYsMTldfX0gICAgIAAAAAAAAAxAADwAPAA8ADwAAQI=";
    const { metadata, tensors } = readSafetensors(Buffer.from(base64, "base64"));
    expect({ ...metadata }).toEqual({ k: "v" });
    expect(Object.fromEntries(tensors)).toEqual({
      a: { dtype: "F16", shape: [2, 2], data: Uint8Array.of(0, 0x3c, 0, 0x3c, 0, 0x3c, 0, 0x3c) },
      b: { dtype: "U8", shape: [3], data: Uint8Array.of(0, 1, 2) },
      s: { dtype: "F64", shape: [], data: Uint8Array.of(0, 0, 0, 0, 0, 0, 0x0c, 0x40) },
      z: { dtype: "I64", shape: [0, 4], data: new Uint8Array(0) },
    });
  });

  test("data are views of the given bytes, also when those are a part of a larger buffer", () => {
    const inner = file(`{"a":${good}}`, [7, 9]);
    const outer = new Uint8Array(inner.length + 10);
    outer.set(inner, 3);
    const { data } = readSafetensors(outer.subarray(3, 3 + inner.length)).tensors.get("a")!;
    expect(data.buffer).toBe(outer.buffer);
    expect([...data]).toEqual([7, 9]);
  });

  test("shared memory", () => {
    const inner = file(`{"a":${good}}`, [7, 9]);
    const shared = new Uint8Array(new SharedArrayBuffer(inner.length));
    shared.set(inner);
    expect([...readSafetensors(shared).tensors.get("a")!.data]).toEqual([7, 9]);
  });

  test("an empty file, empty tensors, and white space and escapes as JSON allows them", () => {
    expect(readSafetensors(file("{}")).tensors.size).toBe(0);
    expect(
      readSafetensors(file(`{"a":${entry("I64", "[0, 3]", "[0,0]")},"b":${good}}`, [1, 2])).tensors.get("a")!.shape,
    ).toEqual([0, 3]);
    const spaced = `{ "\\u0061\\n\\ud83d\\ude00" :\t{\n"shape" : [ 2 ] ,\r"dtype": "U\\u0038", "data_offsets":[0 , 2 ] } }`;
    expect([...readSafetensors(file(spaced, [1, 2])).tensors.keys()]).toEqual(["a\n😀"]);
  });

  test.each([
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
  ])("%s takes %i bytes", (dtype, width) => {
    const header = `{"a":${entry(dtype, "[3]", `[0,${3 * width}]`)}}`;
    expect(readSafetensors(file(header, new Uint8Array(3 * width))).tensors.get("a")!.data.length).toBe(3 * width);
    const wrong = `{"a":${entry(dtype, "[3]", `[0,${3 * width + 1}]`)}}`;
    expect(codeOf(() => readSafetensors(file(wrong, new Uint8Array(3 * width + 1))))).toBe("safetensors/size-mismatch");
  });

  test("names of Object.prototype are names like any other", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "7", "1"];
    const notes = names.map((name) => `"${name}":"note"`).join(",");
    const entries = names.map((name, i) => `"${name}":${entry("U8", "[1]", `[${i},${i + 1}]`)}`).join(",");
    const { metadata, tensors } = readSafetensors(file(`{"__metadata__":{${notes}},${entries}}`, [1, 2, 3, 4, 5, 6]));
    expect([...tensors.keys()]).toEqual(names);
    expect(Object.getPrototypeOf(metadata)).toBe(null);
    expect(Object.keys(metadata).sort()).toEqual([...names].sort());
    expect(metadata["__proto__"]).toBe("note");
    expect(metadata["valueOf"]).toBe(undefined);
    expect(({} as Record<string, unknown>)["note"]).toBe(undefined);
  });

  const malformed: [what: string, bytes: Uint8Array, code: string][] = [
    ["nothing", new Uint8Array(0), "too-short"],
    ["seven bytes", new Uint8Array(7), "too-short"],
    ["a header above the limit", file("{}", [], 100_000_001n), "header-too-long"],
    ["a header above 2^53", file("{}", [], (1n << 53n) + 2n), "header-too-long"],
    ["a header of 2^64 - 1", file("{}", [], (1n << 64n) - 1n), "header-too-long"],
    ["a header longer than the file", file("{}", [], 3n), "header-past-end"],
    ["an empty header", file(""), "bad-header-start"],
    ["a header that starts with a space", file(" {}"), "bad-header-start"],
    ["a header that is an array", file("[]"), "bad-header-start"],
    ["a zip file", file(new TextEncoder().encode("PK"), [], 2n), "bad-header-start"],
    ["an overlong UTF-8 sequence", file(Uint8Array.of(0x7b, 0x22, 0xc0, 0x80, 0x22, 0x7d)), "invalid-utf8"],
    ["a surrogate in UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d)), "invalid-utf8"],
    ["an open brace alone", file("{"), "invalid-json"],
    ["a key without quotes", file(`{a:${good}}`, [1, 2]), "invalid-json"],
    ["a comma before the end", file(`{"a":${good},}`, [1, 2]), "invalid-json"],
    ["no comma", file(`{"a":${good}"b":${good}}`, [1, 2]), "invalid-json"],
    ["no colon", file(`{"a"${good}}`, [1, 2]), "invalid-json"],
    ["no value", file(`{"a":}`), "invalid-json"],
    ["a string without end", file(`{"a`), "invalid-json"],
    ["a string that ends in a backslash", file(`{"a\\`), "invalid-json"],
    ["a line feed in a string", file(`{"a\n":${good}}`, [1, 2]), "invalid-json"],
    ["an escaped line feed", file(`{"a\\\n":${good}}`, [1, 2]), "invalid-json"],
    ["an unknown escape", file(`{"\\x41":${good}}`, [1, 2]), "invalid-json"],
    ["half a surrogate pair", file(`{"\\ud800":${good}}`, [1, 2]), "invalid-json"],
    ["a leading zero", file(`{"a":${entry("U8", "[02]", "[0,2]")}}`, [1, 2]), "invalid-json"],
    ["a leading plus", file(`{"a":${entry("U8", "[+2]", "[0,2]")}}`, [1, 2]), "invalid-json"],
    ["a shape without end", file(`{"a":{"shape":[2`, [1, 2]), "invalid-json"],
    ["text behind the header", file(`{"a":${good}}x`, [1, 2]), "invalid-json"],
    ["a line feed as padding", file(`{"a":${good}}\n`, [1, 2]), "invalid-json"],
    ["a zero byte as padding", file(`{"a":${good}}\0`, [1, 2]), "invalid-json"],
    ["deep nesting", file(`{"a":${"[".repeat(200_000)}`), "bad-entry"],
    ["deep nesting in a shape", file(`{"a":{"shape":${"[".repeat(200_000)}`), "bad-shape"],
    ["two tensors of one name", file(`{"a":${good},"a":${good}}`, [1, 2]), "duplicate-key"],
    ["two names equal but for an escape", file(`{"a":${good},"\\u0061":${good}}`, [1, 2]), "duplicate-key"],
    ["__proto__ twice", file(`{"__proto__":${good},"__proto__":${good}}`, [1, 2]), "duplicate-key"],
    [
      "two dtypes in a tensor",
      file(`{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, [1, 2]),
      "duplicate-key",
    ],
    ["metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`), "duplicate-key"],
    ["a metadata key twice", file(`{"__metadata__":{"a":"","a":""}}`), "duplicate-key"],
    ["metadata that is a string", file(`{"__metadata__":"pt"}`), "bad-metadata"],
    ["a metadata value that is a number", file(`{"__metadata__":{"a":1}}`), "bad-metadata"],
    [
      "too many metadata",
      file(`{"__metadata__":{${[...Array(262_145).keys()].map((i) => `"${i}":""`).join(",")}}}`),
      "too-many-entries",
    ],
    [
      "too many tensors",
      file(`{${[...Array(262_145).keys()].map((i) => `"${i}":${entry("U8", "[0]", "[0,0]")}`).join(",")}}`),
      "too-many-entries",
    ],
    ["a tensor that is null", file(`{"a":null}`), "bad-entry"],
    ["a tensor that is an array", file(`{"a":[]}`), "bad-entry"],
    ["a tensor without dtype", file(`{"a":{"shape":[2],"data_offsets":[0,2]}}`, [1, 2]), "missing-field"],
    ["a tensor without anything", file(`{"a":{}}`), "missing-field"],
    ["a tensor with a field of its own", file(`{"a":{"strides":[1]}}`), "unknown-field"],
    ["a tensor with the field __proto__", file(`{"a":{"__proto__":{"dtype":"U8"}}}`), "unknown-field"],
    ["an unknown dtype", file(`{"a":${entry("F7", "[2]", "[0,2]")}}`, [1, 2]), "unknown-dtype"],
    ["a dtype of Object.prototype", file(`{"a":${entry("constructor", "[2]", "[0,2]")}}`, [1, 2]), "unknown-dtype"],
    ["a dtype that is a number", file(`{"a":{"dtype":8}}`), "unknown-dtype"],
    ["a shape that is a number", file(`{"a":{"shape":2}}`), "bad-shape"],
    ["a negative size", file(`{"a":${entry("U8", "[-2]", "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a size of minus zero", file(`{"a":${entry("U8", "[-0]", "[0,0]")}}`), "bad-shape"],
    ["a fractional size", file(`{"a":${entry("U8", "[2.0]", "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a size with an exponent", file(`{"a":${entry("U8", "[2e0]", "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a size that is a string", file(`{"a":${entry("U8", '["2"]', "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a size that is null", file(`{"a":${entry("U8", "[null]", "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a size of 2^53", file(`{"a":${entry("U8", "[9007199254740992]", "[0,2]")}}`, [1, 2]), "bad-shape"],
    [
      "a size of 2^53 + 1, which would round",
      file(`{"a":${entry("U8", "[9007199254740993]", "[0,2]")}}`, [1, 2]),
      "bad-shape",
    ],
    ["a size of 400 digits", file(`{"a":${entry("U8", `[${"9".repeat(400)}]`, "[0,2]")}}`, [1, 2]), "bad-shape"],
    ["a shape of 65 sizes", file(`{"a":${entry("U8", `[${Array(65).fill(1).join()}]`, "[0,1]")}}`, [1]), "bad-shape"],
    ["a product of 2^54", file(`{"a":${entry("U8", "[134217728,134217728]", "[0,2]")}}`, [1, 2]), "shape-overflow"],
    [
      "a product that is 0 modulo 2^64",
      file(`{"a":${entry("U8", "[4294967296,4294967296]", "[0,0]")}}`),
      "shape-overflow",
    ],
    [
      "a product above 2^53 with the width alone",
      file(`{"a":${entry("F64", "[2251799813685248]", "[0,2]")}}`, [1, 2]),
      "shape-overflow",
    ],
    ["offsets that are an object", file(`{"a":{"data_offsets":{}}}`), "bad-offsets"],
    ["one offset", file(`{"a":${entry("U8", "[2]", "[2]")}}`, [1, 2]), "bad-offsets"],
    ["three offsets", file(`{"a":${entry("U8", "[2]", "[0,1,2]")}}`, [1, 2]), "bad-offsets"],
    ["a negative offset", file(`{"a":${entry("U8", "[2]", "[-2,0]")}}`, [1, 2]), "bad-offsets"],
    ["a fractional offset", file(`{"a":${entry("U8", "[2]", "[0.5,2.5]")}}`, [1, 2]), "bad-offsets"],
    [
      "an offset above 2^53",
      file(`{"a":${entry("U8", "[2]", "[9007199254740993,9007199254740995]")}}`, [1, 2]),
      "bad-offsets",
    ],
    ["reversed offsets", file(`{"a":${entry("U8", "[2]", "[2,0]")}}`, [1, 2]), "reversed-offsets"],
    ["more bytes than the shape", file(`{"a":${entry("F32", "[1]", "[0,8]")}}`, new Uint8Array(8)), "size-mismatch"],
    ["fewer bytes than the shape", file(`{"a":${entry("F32", "[2]", "[0,4]")}}`, new Uint8Array(4)), "size-mismatch"],
    ["data cut off", file(`{"a":${entry("U8", "[2]", "[0,2]")}}`, [1]), "offsets-past-end"],
    [
      "data far outside",
      file(`{"a":${entry("U8", "[2]", "[9007199254740989,9007199254740991]")}}`, [1]),
      "offsets-past-end",
    ],
    ["the same data twice", file(`{"a":${good},"b":${good}}`, [1, 2]), "overlap"],
    ["data that overlap by a byte", file(`{"a":${good},"b":${entry("U8", "[2]", "[1,3]")}}`, [1, 2, 3]), "overlap"],
    ["an empty tensor inside another", file(`{"a":${good},"b":${entry("U8", "[0]", "[1,1]")}}`, [1, 2]), "overlap"],
    ["a hole at the start", file(`{"a":${entry("U8", "[2]", "[1,3]")}}`, [1, 2, 3]), "hole"],
    ["a hole in the middle", file(`{"a":${good},"b":${entry("U8", "[1]", "[3,4]")}}`, [1, 2, 3, 4]), "hole"],
    ["data behind the last tensor", file(`{"a":${good}}`, [1, 2, 3]), "trailing-data"],
    ["data without a tensor", file("{}", [1]), "trailing-data"],
  ];

  test.each(malformed)("refuses %s", (_, bytes, code) => {
    expect(codeOf(() => readSafetensors(bytes))).toBe(`safetensors/${code}`);
  });

  test("a message names the tensor, what was found and what was expected", () => {
    const bytes = file(`{"dense/kernel":${entry("F32", "[2,3]", "[0,20]")}}`, new Uint8Array(20));
    expect(() => readSafetensors(bytes)).toThrow(
      'Tensor "dense/kernel": data_offsets [0, 20] span 20 bytes, but shape [2, 3] of F32 takes 24. The file is damaged: write it again.',
    );
  });

  test("a message does not repeat a hostile name at full length", () => {
    const bytes = file(`{"${"x".repeat(1_000_000)}":1}`);
    expect(() => readSafetensors(bytes)).toThrow(/^.{1,300}$/s);
  });
});

describe("writing", () => {
  const kernel = new Float32Array([1.5, -2, 3, 4, 5, 6]);

  test("the bytes are those of the format, to the letter", () => {
    const bytes = writeSafetensors(
      [
        ["flag", { dtype: "U8", shape: [1], data: Uint8Array.of(9) }],
        ["step", { dtype: "F64", shape: [], data: new Float64Array([2]) }],
      ],
      { format: "lanewise" },
    );
    const json =
      '{"__metadata__":{"format":"lanewise"},' +
      '"flag":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},"step":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}';
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(length - json.length).toBeLessThan(8);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toBe(json.padEnd(length, " "));
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0x40, 9]);
  });

  test("an empty file", () => {
    const bytes = writeSafetensors([], {});
    expect(new TextDecoder().decode(bytes.subarray(8))).toBe("{}      ");
    expect(readSafetensors(bytes).tensors.size).toBe(0);
  });

  test("a view's own part of its buffer is written, and no more", () => {
    const bytes = writeSafetensors([["k", { dtype: "F32", shape: [2], data: kernel.subarray(1, 3) }]], {});
    expect(readSafetensors(bytes).tensors.get("k")!.data).toEqual(new Uint8Array(new Float32Array([-2, 3]).buffer));
  });

  const source: TensorSource = { dtype: "F32", shape: [2, 3], data: kernel };
  const refused: [what: string, tensors: [string, TensorSource][], metadata: Record<string, string>, code: string][] = [
    [
      "one name twice",
      [
        ["a", source],
        ["a", source],
      ],
      {},
      "duplicate-key",
    ],
    ["the metadata's name", [["__metadata__", source]], {}, "bad-name"],
    ["half a surrogate pair", [["\ud800", source]], {}, "bad-name"],
    ["a dtype it cannot write", [["a", { ...source, dtype: "F16" as "F32" }]], {}, "unknown-dtype"],
    ["a negative size", [["a", { ...source, shape: [-2, -3] }]], {}, "bad-shape"],
    ["a fractional size", [["a", { ...source, shape: [1.5, 4] }]], {}, "bad-shape"],
    ["a huge shape", [["a", { ...source, shape: [2 ** 40, 2 ** 40] }]], {}, "shape-overflow"],
    ["data that do not fill the shape", [["a", { ...source, shape: [2, 4] }]], {}, "size-mismatch"],
    ["metadata that are no string", [["a", source]], { epoch: 3 as unknown as string }, "bad-metadata"],
    ["metadata that are no Unicode", [["a", source]], { note: "\udc00" }, "bad-metadata"],
    ["a header above the limit", [], { note: "\u0001".repeat(17_000_000) }, "header-too-long"],
  ];
  test.each(refused)("refuses %s", (_, tensors, metadata, code) => {
    expect(codeOf(() => writeSafetensors(tensors, metadata))).toBe(`safetensors/${code}`);
  });
});

// ── Properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

const widths = { F32: 4, F64: 8, I32: 4, U32: 4, U8: 1 };

const tensor: fc.Arbitrary<TensorSource> = fc
  .record({
    dtype: fc.constantFrom("F32" as const, "F64" as const, "I32" as const, "U32" as const, "U8" as const),
    shape: fc.array(fc.nat(5), { maxLength: 4 }),
    fill: fc.nat(255),
  })
  .map(({ dtype, shape, fill }) => {
    const data = new Uint8Array(shape.reduce((a, b) => a * b, widths[dtype]));
    for (let i = 0; i < data.length; i++) data[i] = (fill + 37 * i) & 255;
    return { dtype, shape, data };
  });

const name = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("__proto__", "constructor", "7", "0", "dense/kernel", '"', "\\", "\u0000", "\u2028"),
);

const contents = fc.record({
  tensors: fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 }),
  metadata: fc.dictionary(name, fc.string({ unit: "grapheme" }), { maxKeys: 4 }),
});

describe("properties", () => {
  test("what is written is read back, in order, and every tensor is aligned to its own elements", () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const bytes = writeSafetensors(tensors, metadata);
        expect(writeSafetensors(new Map(tensors), metadata)).toEqual(bytes);
        const read = readSafetensors(bytes);
        expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata));
        expect([...read.tensors]).toEqual(tensors);
        for (const { dtype, data } of read.tensors.values()) {
          expect(data.byteOffset % widths[dtype as keyof typeof widths]).toBe(0);
        }
        const back = [...read.tensors] as [string, TensorSource][];
        expect(writeSafetensors(back, { ...read.metadata })).toEqual(bytes);
      }),
      { numRuns: 150 },
    );
  });

  test("the header of a written file is JSON with exactly the tensors and metadata given", () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const bytes = writeSafetensors(tensors, metadata);
        const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
        expect((8 + length) % 8).toBe(0);
        const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, unknown>;
        const names = tensors.map(([key]) => key);
        if (Object.keys(metadata).length > 0) names.push("__metadata__");
        expect(Object.keys(header).sort()).toEqual(names.sort());
      }),
      { numRuns: 100 },
    );
  });
});

// ── What the format's documentation and the reference implementation's tests know of bad files ──────────────────────────

/** What the reference does of a case, as it says it in its error, and where we do otherwise, why. */
type Documented = readonly [what: string, bytes: Uint8Array, ours: string, reference: string, why?: string];

const bigEndian = file(`{"a":${good}}`, [1, 2]);
bigEndian.subarray(0, 8).reverse();
const READS = "reads";
const INVALID_JSON = "invalid JSON in header";
const MANY_OFFSETS = "invalid offset for tensor";
const UNSEEN = "a header is to be seen as it is by every reader";

// prettier-ignore
const DOCUMENTED: readonly Documented[] = [
  // The length
  ["an empty file", new Uint8Array(0), "too-short", "header too small"],
  ["seven bytes", new Uint8Array(7), "too-short", "header too small"],
  ["a header above 100 MB", file("{}", [], 100_000_001n), "header-too-long", "header too large"],
  ["a length of 2^64 - 1", file("{}", [], (1n << 64n) - 1n), "header-too-long", "header too large"],
  ["a big-endian length", bigEndian, "header-too-long", "header too large"],
  ["a header longer than the file", file("{}", [], 3n), "header-past-end", "invalid header length"],
  ["no header", file(""), "bad-header-start", INVALID_JSON],
  // The text
  ["bytes that are no UTF-8", file(Uint8Array.of(0x7b, 0xff)), "invalid-utf8", "invalid UTF-8 in header"],
  ["an overlong NUL", file(Uint8Array.of(0x7b, 0x22, 0xc0, 0x80, 0x22, 0x7d)), "invalid-utf8", "invalid UTF-8 in header"],
  ["a brace alone", file("{"), "invalid-json", INVALID_JSON],
  ["an array", file("[]"), "bad-header-start", INVALID_JSON],
  ["half a surrogate pair", file(`{"\\ud800":${good}}`, [1, 2]), "invalid-json", INVALID_JSON],
  ["nesting of 200", file(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`), "bad-entry", INVALID_JSON],
  ["a space before the brace", file(` {"a":${good}}`, [1, 2]), "bad-header-start", READS, "the format wants { first: it tells this kind of file"],
  ["padding of spaces", file(`{"a":${good}}   `, [1, 2]), READS, READS],
  ["padding of other white space", file(`{"a":${good}}\r \t\n`, [1, 2]), "invalid-json", READS, "the format names 0x20 alone"],
  ["padding of zero bytes", file(`{"a":${good}}\0`, [1, 2]), "invalid-json", INVALID_JSON],
  ["no padding, so that data are unaligned", file(`{"a":${entry("F32", "[1]", "[0,4]")}} `, [1, 2, 3, 4]), READS, READS],
  // Keys
  ["one name twice", file(`{"a":${good},"a":${good}}`, [1, 2]), "duplicate-key", READS, "the format forbids it, and two readers may see two tensors"],
  ["one field twice", file(`{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, [1, 2]), "duplicate-key", INVALID_JSON],
  ["a field too many", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}`, [1, 2]), "unknown-field", READS, UNSEEN],
  ["a field too few", file(`{"a":{"shape":[2],"data_offsets":[0,2]}}`, [1, 2]), "missing-field", INVALID_JSON],
  ["a tensor that is null", file(`{"a":null}`), "bad-entry", INVALID_JSON],
  // Metadata
  ["a note that is a number", file(`{"__metadata__":{"a":1}}`), "bad-metadata", INVALID_JSON],
  ["a note that is an object", file(`{"__metadata__":{"a":{}}}`), "bad-metadata", INVALID_JSON],
  ["a note twice", file(`{"__metadata__":{"a":"","a":""}}`), "duplicate-key", READS, UNSEEN],
  ["metadata that are null", file(`{"__metadata__":null}`), "bad-metadata", READS, "the format has a map of texts there"],
  // Types
  ["an unknown dtype", file(`{"a":${entry("F7", "[2]", "[0,2]")}}`, [1, 2]), "unknown-dtype", INVALID_JSON],
  ["a dtype that is a number", file(`{"a":{"dtype":8,"shape":[2],"data_offsets":[0,2]}}`, [1, 2]), "unknown-dtype", INVALID_JSON],
  ["four bits an element", file(`{"a":${entry("F4", "[4]", "[0,2]")}}`, [1, 2]), "unknown-dtype", READS, "nothing here has elements of less than a byte"],
  ["four bits that end within a byte", file(`{"a":${entry("F4", "[3]", "[0,2]")}}`, [1, 2]), "unknown-dtype", "slice does not end up at a byte boundary"],
  ["complex numbers", file(`{"a":${entry("C64", "[1]", "[0,8]")}}`, new Uint8Array(8)), READS, READS],
  // Shapes
  ["a scalar", file(`{"a":${entry("I32", "[]", "[0,4]")}}`, [1, 2, 3, 4]), READS, READS],
  ["a tensor of nothing", file(`{"a":${entry("I32", "[2,0]", "[0,0]")}}`), READS, READS],
  ["nothing between two others", file(`{"a":${good},"b":${entry("U8", "[0]", "[2,2]")},"c":${entry("U8", "[1]", "[2,3]")}}`, [1, 2, 3]), READS, READS],
  ["nothing within another", file(`{"a":${good},"b":${entry("U8", "[0]", "[1,1]")}}`, [1, 2]), "overlap", MANY_OFFSETS],
  ["a negative size", file(`{"a":${entry("U8", "[-2]", "[0,2]")}}`, [1, 2]), "bad-shape", INVALID_JSON],
  ["a size of minus zero", file(`{"a":${entry("U8", "[-0]", "[0,0]")}}`), "bad-shape", INVALID_JSON],
  ["a size of 2.0", file(`{"a":${entry("U8", "[2.0]", "[0,2]")}}`, [1, 2]), "bad-shape", INVALID_JSON],
  ["a size of 2e0", file(`{"a":${entry("U8", "[2e0]", "[0,2]")}}`, [1, 2]), "bad-shape", INVALID_JSON],
  ["a product above 2^64", file(`{"a":${entry("I32", "[2,18446744073709551614]", "[0,16]")}}`, new Uint8Array(16)), "bad-shape", "overflow"],
  ["a product above 2^64 in bytes", file(`{"a":${entry("I32", "[4294967296,4294967295]", "[0,16]")}}`, new Uint8Array(16)), "shape-overflow", "overflow"],
  ["nothing, times more than 2^64", file(`{"a":${entry("U8", "[9007199254740991,4096,0]", "[0,0]")}}`), "shape-overflow", "overflow"],
  ["a size above 2^53, times nothing", file(`{"a":${entry("U8", "[0,9223372036854775807]", "[0,0]")}}`), "bad-shape", READS, "sizes are numbers of JavaScript"],
  ["65 axes", file(`{"a":${entry("U8", `[${Array(65).fill(1).join()}]`, "[0,1]")}}`, [1]), "bad-shape", READS, "no model has so many, and a header of nothing else would grow"],
  // Offsets
  ["one offset", file(`{"a":${entry("U8", "[2]", "[2]")}}`, [1, 2]), "bad-offsets", INVALID_JSON],
  ["three offsets", file(`{"a":${entry("U8", "[2]", "[0,1,2]")}}`, [1, 2]), "bad-offsets", INVALID_JSON],
  ["an end before the beginning", file(`{"a":${entry("U8", "[2]", "[2,0]")}}`, [1, 2]), "reversed-offsets", MANY_OFFSETS],
  ["bytes that the shape does not take", file(`{"a":${entry("F32", "[1]", "[0,8]")}}`, new Uint8Array(8)), "size-mismatch", "invalid shape, data type, or offset"],
  ["data twice, as if they were more than the file", file(`{"a":${good},"b":${good}}`, [1, 2]), "overlap", MANY_OFFSETS],
  ["an overlap of a byte", file(`{"a":${good},"b":${entry("U8", "[2]", "[1,3]")}}`, [1, 2, 3]), "overlap", MANY_OFFSETS],
  ["a hole at the start", file(`{"a":${entry("U8", "[2]", "[1,3]")}}`, [1, 2, 3]), "hole", MANY_OFFSETS],
  ["a hole in the middle", file(`{"a":${good},"b":${entry("U8", "[1]", "[3,4]")}}`, [1, 2, 3, 4]), "hole", MANY_OFFSETS],
  ["data behind the last tensor", file(`{"a":${good}}`, [1, 2, 3]), "trailing-data", "file not fully covered"],
  ["data that are not there", file(`{"a":${good}}`, [1]), "offsets-past-end", "file not fully covered"],
  ["data far outside", file(`{"a":${entry("U8", "[2]", "[100,102]")}}`, [1, 2]), "offsets-past-end", MANY_OFFSETS],
];

describe("documented cases", () => {
  test.each(DOCUMENTED.map((row) => [row[0], row] as const))("%s", (_, [, bytes, ours, reference, why]) => {
    expect(codeOf(() => readSafetensors(bytes))).toBe(ours === READS ? "no error" : `safetensors/${ours}`);
    // Nothing is read here that the reference refuses; what is refused here alone has a reason.
    if (ours === READS) expect(reference).toBe(READS);
    expect(why !== undefined).toBe(ours !== READS && reference === READS);
  });

  test.skipIf(python === undefined)("what the reference does is what it does", () => {
    const input = JSON.stringify(DOCUMENTED.map(([, bytes]) => Buffer.from(bytes).toString("base64")));
    const script = fileURLToPath(new URL("read_safetensors.py", import.meta.url));
    const { stdout, stderr } = spawnSync(python!, [script], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const found = JSON.parse(stdout) as string[];
    DOCUMENTED.forEach(([what, , , reference], i) => expect(found[i], what).toContain(reference));
  });
});
