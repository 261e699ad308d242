import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadIdxFolder, readIdx } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";

function idx(type: number, sizes: readonly number[], values: ArrayLike<number> = []): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (type << 8) | sizes.length);
  sizes.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(values, 4 + 4 * sizes.length);
  return bytes;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  return (error as DataError).code;
}

describe("readIdx", () => {
  test.each([
    [0x08, [0, 127, 128, 255], Uint8Array.of(0, 127, 128, 255)],
    [0x09, [0, 127, 128, 255], Int8Array.of(0, 127, -128, -1)],
    [0x0b, [0x01, 0x02, 0xff, 0xfe], Int16Array.of(0x0102, -2)],
    [0x0c, [1, 2, 3, 4, 0x80, 0, 0, 0], Int32Array.of(0x01020304, -(2 ** 31))],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xff, 0x80, 0, 0], Float32Array.of(1.5, -Infinity)],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1.5, -0)],
  ])("type 0x%s, big-endian", async (type, bytes, expected) => {
    const { data, shape } = await readIdx(idx(type, [expected.length], bytes));
    expect(data).toEqual(expected);
    expect(shape).toEqual([expected.length]);
  });

  test("several dimensions, none of a kind, and a part of a larger buffer", async () => {
    const file = idx(8, [2, 1, 3], [1, 2, 3, 4, 5, 6]);
    const buffer = new Uint8Array(file.length + 9).fill(99);
    buffer.set(file, 5);
    const part = buffer.subarray(5, 5 + file.length);
    const { data, shape } = await readIdx(part);
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await readIdx(idx(0x0c, [0, 28, 28]))).toEqual({ data: new Int32Array(0), shape: [0, 28, 28] });
    const wide = idx(0x0b, [1], [1, 2]);
    const odd = new Uint8Array(wide.length + 1);
    odd.set(wide, 1);
    expect((await readIdx(odd.subarray(1))).data).toEqual(Int16Array.of(0x0102));
  });

  test("the values are a copy, of a Node Buffer too", async () => {
    const file = Buffer.from(idx(8, [2], [1, 2]));
    const { data } = await readIdx(file);
    data[0] = 9;
    expect(file[8]).toBe(1);
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
  });

  test("gzip, of more than one chunk", async () => {
    const values = Uint8Array.from({ length: 90_000 }, (_, i) => (i * i) >> 7);
    const { data, shape } = await readIdx(gzipSync(idx(8, [90, 1000], values)));
    expect(shape).toEqual([90, 1000]);
    expect(data).toEqual(values);
  });

  const whole = gzipSync(idx(8, [3], [1, 2, 3]));
  const damaged = Uint8Array.from(whole);
  damaged[damaged.length - 6]! ^= 1;

  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "too-short"],
    ["a magic cut off", Uint8Array.of(0, 0, 8), "too-short"],
    ["a head cut off", Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0), "too-short"],
    ["text", new TextEncoder().encode("<!doctype html>"), "bad-magic"],
    ["a byte before the type", Uint8Array.of(0, 1, 8, 1, 0, 0, 0, 0), "bad-magic"],
    ["type 0x0a", idx(0x0a, [0]), "unknown-type"],
    ["type 0", idx(0, [0]), "unknown-type"],
    ["no dimension", Uint8Array.of(0, 0, 8, 0, 7), "bad-dimensions"],
    ["a shape above 2^53", idx(8, [0xffffffff, 0xffffffff, 2]), "shape-overflow"],
    ["a shape that is 0 modulo 2^32", idx(8, [0x10000, 0x10000]), "length-mismatch"],
    ["a value too few", idx(8, [3], [1, 2]), "length-mismatch"],
    ["a value too many", idx(8, [1], [1, 2]), "length-mismatch"],
    ["half a value", idx(0x0c, [1], [1, 2]), "length-mismatch"],
    ["255 dimensions of 1 and no value", idx(8, new Array<number>(255).fill(1)), "length-mismatch"],
    ["gzip cut off in the data", whole.subarray(0, whole.length - 10), "bad-gzip"],
    ["gzip cut off in the checksum", whole.subarray(0, whole.length - 2), "bad-gzip"],
    ["gzip's magic alone", whole.subarray(0, 2), "bad-gzip"],
    ["gzip with a wrong checksum", damaged, "bad-gzip"],
    ["gzip and more", Uint8Array.from([...whole, 1, 2, 3]), "bad-gzip"],
    ["gzip of nothing", gzipSync(new Uint8Array(0)), "too-short"],
  ])("refuses %s", async (_, bytes, code) => {
    expect(await codeOf(readIdx(bytes))).toBe(`idx/${code}`);
  });

  test("a gzip bomb is stopped at maxBytes", async () => {
    const file = idx(8, [2_000_000], new Uint8Array(2_000_000));
    const packed = gzipSync(file);
    expect(packed.length).toBeLessThan(5000);
    expect(await codeOf(readIdx(packed, { maxBytes: file.length - 1 }))).toBe("idx/too-large");
    expect((await readIdx(packed, { maxBytes: file.length })).shape).toEqual([2_000_000]);
    expect((await readIdx(file, { maxBytes: 1 })).shape).toEqual([2_000_000]);
  });

  test("a message says what was found and what was expected", async () => {
    await expect(readIdx(idx(8, [2, 3], [1]))).rejects.toThrow(
      "This IDX file announces the shape [2, 3] and so 18 bytes, but has 13. It was cut off: fetch or copy it again.",
    );
  });
});

describe("loadIdxFolder", () => {
  let folder: string;
  const files = {
    "train-images-idx3-ubyte": idx(8, [3, 1, 2], [1, 2, 3, 4, 5, 6]),
    "train-labels-idx1-ubyte.gz": gzipSync(idx(8, [3], [0, 4, 2])),
    "t10k-images.idx3-ubyte.gz": gzipSync(idx(8, [1, 1, 2], [7, 8])),
    "t10k-labels.idx1-ubyte": idx(8, [1], [1]),
  };
  const loaded = {
    train: { x: Uint8Array.of(1, 2, 3, 4, 5, 6), y: Uint8Array.of(0, 4, 2) },
    test: { x: Uint8Array.of(7, 8), y: Uint8Array.of(1) },
    shape: [1, 2],
    classes: 5,
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lanewise idx#"));
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("all the usual names; a path, a path with a slash, a URL", async () => {
    expect(await loadIdxFolder(folder)).toEqual(loaded);
    expect(await loadIdxFolder(`${folder}/`)).toEqual(loaded);
    expect(await loadIdxFolder(pathToFileURL(folder))).toEqual(loaded);
    expect(await loadIdxFolder(new URL(`${pathToFileURL(folder).href}/`))).toEqual(loaded);
  });

  test("an http address", async () => {
    const server = createServer((request, response) => {
      const bytes = files[request.url!.replace("/set/", "") as keyof typeof files];
      response.statusCode = bytes === undefined ? 404 : 200;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await loadIdxFolder(`${origin}/set`)).toEqual(loaded);
      await expect(loadIdxFolder(`${origin}/other`)).rejects.toMatchObject({ code: "idx/missing-files" });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("one error names all missing files", async () => {
    await rm(join(folder, "train-labels-idx1-ubyte.gz"));
    await rm(join(folder, "t10k-images.idx3-ubyte.gz"));
    await expect(loadIdxFolder(folder)).rejects.toMatchObject({ code: "idx/missing-files" });
    await expect(loadIdxFolder(folder)).rejects.toThrow("lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte (with");
    await expect(loadIdxFolder(join(folder, "none"))).rejects.toThrow(
      /train-images.*train-labels.*t10k-images.*t10k-labels/,
    );
  });

  test.each<[string, keyof typeof files, Uint8Array, string]>([
    ["labels for images", "train-images-idx3-ubyte", idx(8, [3], [0, 1, 2]), "not-images"],
    ["images of floats", "train-images-idx3-ubyte", idx(0x0d, [1, 1, 1], [0, 0, 0, 0]), "not-images"],
    ["images for labels", "t10k-labels.idx1-ubyte", idx(8, [1, 1], [0]), "not-labels"],
    ["a label too few", "train-labels-idx1-ubyte.gz", idx(8, [2], [0, 1]), "counts-differ"],
    ["images of two sizes", "t10k-images.idx3-ubyte.gz", idx(8, [1, 2, 1], [0, 1]), "shapes-differ"],
    ["a damaged file", "t10k-images.idx3-ubyte.gz", idx(8, [1, 2, 1], [0]), "length-mismatch"],
  ])("refuses %s", async (_, name, bytes, code) => {
    await writeFile(join(folder, name), bytes);
    expect(await codeOf(loadIdxFolder(folder))).toBe(`idx/${code}`);
  });
});

const mnist = process.env["LANEWISE_MNIST"] ?? fileURLToPath(new URL("../../../shared/data/mnist", import.meta.url));

describe.skipIf(!existsSync(mnist))("MNIST (skipped unless LANEWISE_MNIST or ../shared/data/mnist is there)", () => {
  test("60,000 and 10,000 images, every class as often as published", async () => {
    const { train, test, shape, classes } = await loadIdxFolder(mnist);
    expect([train.x.length, test.x.length]).toEqual([60_000 * 784, 10_000 * 784]);
    expect(shape).toEqual([28, 28]);
    expect(classes).toBe(10);
    const counts = (labels: Uint8Array) =>
      labels.reduce((all, label) => ((all[label] = all[label]! + 1), all), new Array<number>(10).fill(0));
    expect(counts(train.y)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(counts(test.y)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([...train.y.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    // The mean and the deviation that everyone scales MNIST with.
    const mean = train.x.reduce((sum, value) => sum + value, 0) / train.x.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
  });
});
