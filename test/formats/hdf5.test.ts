import { describe, expect, test } from "vitest";
import { isHdf5, openHdf5 } from "../../src/formats/hdf5/index.js";
import { kerasFile } from "../keras/files.js";

const open = (bytes: Uint8Array, most = bytes.length * 16) => openHdf5(bytes, most);
const file = kerasFile("layouts.h5");
const latest = kerasFile("layouts-latest.h5");

const code = async (action: () => unknown) => {
  try {
    await action();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return undefined;
};

/** The 35 numbers of make_files.py. */
const NUMBERS = Array.from({ length: 35 }, (_, i) => (i - 11) / 8);

describe.each([
  ["the default", file],
  ["the newest", latest],
])("what h5py writes with %s settings", (_, bytes) => {
  test("floats of 16, 32 and 64 bits, either way round", async () => {
    const root = open(bytes);
    const plain = root.names.filter((name) => name.startsWith("plain"));
    expect(plain).toHaveLength(6);
    for (const name of plain) {
      const { data, shape } = await root.member(name)!.floats();
      expect({ shape, data: [...data] }).toEqual({ shape: [5, 7], data: NUMBERS });
    }
  });

  test("attributes: texts and lists of them, of fixed and of any length", () => {
    const root = open(bytes);
    const texts = (name: string) => root.texts(name);
    expect(texts("text")).toEqual(["naïve"]);
    expect(texts("bytes")).toEqual(["fixed"]);
    expect(texts("texts")).toEqual(["a", "", "longer than eight"]);
    expect(texts("list of bytes")).toEqual(["one", "three"]);
    expect(texts("empty")).toEqual([]);
    expect(texts("long")).toEqual(["x".repeat(3000)]);
    expect(texts("none such")).toBeUndefined();
  });
});

test("chunks, packed or not, at edges and in three axes; a dataset in the header itself", async () => {
  const root = open(file);
  for (const name of ["chunks", "packed", "shuffled", "grown"]) {
    const { data, shape } = await root.member(`more/${name}`)!.floats();
    expect({ name, shape, data: [...data] }).toEqual({ name, shape: [5, 7], data: NUMBERS });
  }
  const cube = await root.member("more/cube")!.floats();
  expect([...cube.data]).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(await root.member("more/compact")!.floats()).toEqual({ shape: [3], data: Float32Array.of(1, 2, 3) });
  expect(await root.member("more/none")!.floats()).toEqual({ shape: [0, 3], data: new Float32Array() });
});

test("groups of many members, and names that are not there", async () => {
  const root = open(file);
  const wide = root.member("wide")!;
  expect(wide.names).toHaveLength(40);
  expect(await root.member("wide/member 27")!.floats()).toEqual({ shape: [], data: Float32Array.of(27) });
  expect(["", "soft", "wide/none", "wide/member 1/deeper", "__proto__"].map((path) => root.member(path))).toEqual(
    new Array(5).fill(undefined),
  );
  expect(root.member("more/whole")!.holdsFloats).toBe(false);
  expect(wide.holdsFloats).toBe(false);
});

test("what is not there, or of another kind, is refused", async () => {
  const root = open(file);
  const floats = (path: string) => code(() => root.member(path)!.floats());
  expect(await floats("more/unwritten")).toBe("hdf5/no-data");
  expect(await floats("more/whole")).toBe("hdf5/wrong-type");
  expect(await floats("more/checksums")).toBe("hdf5/unsupported");
  expect(await code(() => root.texts("number"))).toBe("hdf5/wrong-type");
  expect(isHdf5(file)).toBe(true);
  expect(await code(() => open(Uint8Array.of(1, 2, 3)))).toBe("hdf5/not-hdf5");
});

test("no byte more than may be is made of a file", async () => {
  const read = (most: number) => code(() => open(file, most).member("more/cube")!.floats());
  expect(await read(200)).toBe("hdf5/too-much");
  expect(await read(1e5)).toBeUndefined();
  expect(await code(() => open(file, 1000).texts("long"))).toBe("hdf5/too-much");
});

// ── Hostile files: a right one, with fields that are not ────────────────────────────────────────────────────────────

/** Addresses of what begins with these letters. */
function placesOf(bytes: Uint8Array, letters: string): number[] {
  const text = Buffer.from(bytes).toString("latin1");
  const places: number[] = [];
  for (let at = text.indexOf(letters); at >= 0; at = text.indexOf(letters, at + 1)) places.push(at);
  return places;
}

const ROOT = 64; // where the superblock of version 0 has the address of the root's header
const root = new DataView(file.buffer).getUint32(ROOT, true);

type Change = readonly [at: number, width: 1 | 2 | 4 | 8, value: number | bigint];

function changed(bytes: Uint8Array, ...changes: readonly Change[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [at, width, value] of changes) {
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, Number(value), true);
    else if (width === 2) view.setUint16(at, Number(value), true);
    else view.setUint8(at, Number(value));
  }
  return copy;
}

/** Reads all there is. */
async function readAll(bytes: Uint8Array): Promise<number> {
  let count = 0;
  const walk = async (object: ReturnType<typeof open>): Promise<void> => {
    for (const name of object.names) {
      const member = object.member(name)!;
      count++;
      if (!member.holdsFloats) await walk(member);
      else if (!["unwritten", "checksums"].includes(name)) await member.floats();
    }
  };
  const object = open(bytes);
  object.texts("none such");
  await walk(object);
  return count;
}

const [tree, chunkTree] = [
  placesOf(file, "TREE").find((at) => file[at + 4] === 0)!,
  placesOf(file, "TREE").find((at) => file[at + 4] === 1)!,
];
const [node] = placesOf(file, "SNOD") as [number];
const [heap] = placesOf(file, "HEAP") as [number];
const [texts] = placesOf(file, "GCOL") as [number];
const [header] = placesOf(latest, "OHDR") as [number];
const NOWHERE = 2n ** 64n - 1n;

describe("refused, each with its code", () => {
  test.each<[string, string, Uint8Array]>([
    ["cut off", "hdf5/cut-off", file.slice(0, -1)],
    ["cut off in the first block", "hdf5/cut-off", file.slice(0, 30)],
    ["a version that is not known", "hdf5/unsupported", changed(file, [8, 1, 4])],
    ["addresses of 32 bits", "hdf5/unsupported", changed(file, [13, 1, 4])],
    ["a block of somebody else's in front", "hdf5/unsupported", changed(file, [24, 8, 512])],
    ["a root past the end", "hdf5/cut-off", changed(file, [ROOT, 8, 1e9])],
    ["a root nowhere", "hdf5/cut-off", changed(file, [ROOT, 8, NOWHERE])],
    ["a root that is no object", "hdf5/damaged", changed(file, [ROOT, 8, 0])],
    ["a header that is too long", "hdf5/cut-off", changed(file, [root + 8, 4, 1e9])],
    ["a tree that is its own child", "hdf5/damaged", changed(file, [tree + 5, 1, 1], [tree + 32, 8, tree])],
    ["a node of another kind", "hdf5/damaged", changed(file, [tree + 4, 1, 1])],
    ["a tree's node that is a heap", "hdf5/damaged", changed(file, [tree, 4, 0x50414548])],
    ["a node of more members than it has", "hdf5/damaged", changed(file, [node + 6, 2, 65535])],
    ["a name past its heap", "hdf5/damaged", changed(file, [node + 8, 8, 1e6])],
    ["an empty name", "hdf5/damaged", changed(file, [node + 8, 8, 0])],
    ["two of one name", "hdf5/damaged", changed(file, [node + 48, 8, file[node + 8]!])],
    ["a heap past the end", "hdf5/cut-off", changed(file, [heap + 8, 8, 1e9])],
    ["a chunk where there is none", "hdf5/damaged", changed(file, [chunkTree + 32, 8, 1])],
    ["a chunk beyond the dataset", "hdf5/damaged", changed(file, [chunkTree + 32, 8, 1000])],
    ["a chunk twice", "hdf5/damaged", changed(file, [chunkTree + 80, 8, 0])],
    ["a chunk past the end", "hdf5/cut-off", changed(file, [chunkTree + 24, 4, 1e9])],
    ["chunks that are missing", "hdf5/no-data", changed(file, [chunkTree + 6, 2, 3])],
    ["a new header of another version", "hdf5/unsupported", changed(latest, [header + 4, 1, 3])],
    ["a new header that is none", "hdf5/damaged", changed(latest, [header, 1, 2])],
  ])("%s", async (_, expected, bytes) => {
    expect(await code(() => readAll(bytes))).toBe(expected);
  });

  test("texts elsewhere: past the end, of no such number, in no heap", async () => {
    const text = (...changes: Change[]) => code(() => open(changed(file, ...changes)).texts("text"));
    expect(await text()).toBeUndefined();
    expect(await text([texts + 8, 8, 1e9])).toBe("hdf5/cut-off");
    expect(await text([texts, 1, 0])).toBe("hdf5/damaged");
    expect(await text([texts + 16, 2, 77])).toBe("hdf5/damaged");
  });

  test("a group that is its own member ends at a limit, and soon", async () => {
    const address = new DataView(file.buffer).getUint32(node + 16, true);
    expect(address).not.toBe(root);
    const group = changed(file, [node + 16, 8, root]);
    const began = performance.now();
    const [name] = open(group).names as [string];
    let object = open(group);
    const descend = () => {
      for (;;) object = object.member(name)!;
    };
    expect(await code(descend)).toBe("hdf5/too-much");
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test("a header that goes on in itself ends at a limit", async () => {
    // The first message of the first new header becomes one that leads to the header's own messages.
    const bytes = new Uint8Array(latest.length + 64);
    bytes.set(latest);
    const block = latest.length;
    const again: Change[] = [[block, 4, 0x4b48434f], [block + 4, 1, 0x10], [block + 5, 2, 16], [block + 7, 1, 0], [block + 8, 8, block], [block + 16, 8, 28]]; // prettier-ignore
    const begin = header + 7 + (latest[header + 5]! & 0x20 ? 16 : 0); // its size is of one byte
    const first: Change[] = [[begin, 1, 0x10], [begin + 1, 2, 16], [begin + 3, 1, 0], [begin + 4, 8, block], [begin + 12, 8, 28]]; // prettier-ignore
    expect(latest[header + 5]! & 3).toBe(0);
    const began = performance.now();
    expect(await code(() => open(changed(bytes, ...again, ...first)))).toBe("hdf5/too-much");
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
