import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isZip, readZip, unzip } from "../../src/formats/zip.js";
import { zipOf, type ZipDraft } from "./zipFile.js";

const MOST = 1e6;
const text = (value: string) => new TextEncoder().encode(value);
const one: ZipDraft = { name: "a.txt", bytes: text("what is in it, what is in it") };
const two: ZipDraft = { name: "b/c.txt", bytes: text("more"), deflate: true };

const code = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};
const codeOf = (bytes: Uint8Array, most = MOST) => code(() => readZip(bytes, most));
const unpackCode = (draft: ZipDraft) =>
  unzip([...readZip(zipOf([draft]), MOST).values()][0]!).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );

test("files come out as they went in, stored and deflated, whatever they are called and hold", async () => {
  const name = fc
    .array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("/"))
    .filter((path) => !/[\\\0]|^[A-Za-z]:|(^|\/)(\.{0,2})(\/|$)/.test(path));
  const draft = fc.record({
    name,
    bytes: fc.uint8Array({ maxLength: 300 }),
    deflate: fc.boolean(),
    extra: fc.uint8Array({ maxLength: 9 }),
  });
  const drafts = fc.uniqueArray(draft, { maxLength: 6, selector: ({ name }) => name });
  await fc.assert(
    fc.asyncProperty(drafts, fc.uint8Array({ maxLength: 40 }), async (drafts, comment) => {
      const bytes = zipOf(drafts, {}, comment);
      const entries = readZip(bytes, MOST);
      expect([...entries.keys()]).toEqual(drafts.map(({ name }) => name));
      for (const { name, bytes } of drafts) expect(await unzip(entries.get(name)!)).toEqual(bytes);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("an end record in the comment is none: the comment must end with the file", () => {
  const bytes = zipOf([one], {}, zipOf([two]).slice(-22, -1));
  expect([...readZip(bytes, MOST).keys()]).toEqual(["a.txt"]);
});

test("folders are left out, and other bytes are no archive", () => {
  expect([...readZip(zipOf([{ name: "b/", bytes: text("") }, two]), MOST).keys()]).toEqual(["b/c.txt"]);
  expect([zipOf([one]), zipOf([]), text("PK"), text("")].map(isZip)).toEqual([true, false, false, false]);
});

describe("refused, each with its code", () => {
  test.each<[string, string, Uint8Array]>([
    ["nothing", "zip/no-directory", new Uint8Array()],
    ["the end is cut off", "zip/no-directory", zipOf([one]).slice(0, -1)],
    ["something behind the end", "zip/no-directory", new Uint8Array([...zipOf([one]), 1])],
    ["something before it", "zip/bad-directory", new Uint8Array([1, ...zipOf([one])])],
    ["a directory that is elsewhere", "zip/bad-directory", zipOf([one], { begin: 3 })],
    ["more entries than there are", "zip/bad-directory", zipOf([one], { count: 2, here: 2 })],
    ["fewer entries than there are", "zip/bad-directory", zipOf([one, two], { count: 1, here: 1 })],
    ["a header that is none", "zip/bad-directory", zipOf([{ ...one, header: { signature: 7 } }])],
    ["a name past the directory", "zip/bad-directory", zipOf([{ ...one, header: { nameLength: 60000 } }])],
    ["a comment past the directory", "zip/bad-directory", zipOf([{ ...one, header: { commentLength: 9 } }])],
    ["zip64: too many entries", "zip/unsupported", zipOf([one], { count: 0xffff, here: 0xffff })],
    ["zip64: a directory beyond 4 GiB", "zip/unsupported", zipOf([one], { begin: 0xffffffff })],
    ["zip64: a file of 4 GiB", "zip/unsupported", zipOf([{ ...one, header: { size: 0xffffffff } }])],
    ["one of two disks", "zip/unsupported", zipOf([one], { disk: 1 })],
    ["entries on other disks", "zip/unsupported", zipOf([one], { count: 2 })],
    ["encrypted", "zip/unsupported", zipOf([{ ...one, header: { flags: 1 } }])],
    ["another method", "zip/unsupported", zipOf([{ ...one, header: { method: 12 } }])],
    ["two of one name", "zip/duplicate-name", zipOf([one, one])],
    ["two folders of one name", "zip/duplicate-name", zipOf([{ name: "a/", bytes: text("") }, { name: "a/", bytes: text("") }])], // prettier-ignore
    [
      "a file within another's bytes",
      "zip/overlap",
      zipOf([
        { name: "b.txt", bytes: zipOf([one]) },
        { ...one, header: { local: 35 } },
      ]),
    ],
    ["a way out", "zip/bad-name", zipOf([{ ...one, name: "../a" }])],
    ["a way out in the middle", "zip/bad-name", zipOf([{ ...one, name: "a/../../b" }])],
    ["from the root", "zip/bad-name", zipOf([{ ...one, name: "/etc" }])],
    ["a backslash", "zip/bad-name", zipOf([{ ...one, name: "..\\a" }])],
    ["a drive", "zip/bad-name", zipOf([{ ...one, name: "C:a" }])],
    ["a zero", "zip/bad-name", zipOf([{ ...one, name: "a\0" }])],
    ["no name", "zip/bad-name", zipOf([{ ...one, name: "" }])],
    ["no UTF-8", "zip/bad-name", zipOf([{ ...one, name: Uint8Array.of(0xff, 0xfe) }])],
    ["stored, and smaller than it is", "zip/bad-entry", zipOf([{ ...one, header: { size: 3 } }])],
    ["no local header", "zip/bad-entry", zipOf([{ ...one, local: { signature: 7 } }])],
    ["a local header behind the directory", "zip/bad-entry", zipOf([{ ...one, header: { local: 70 } }])],
    ["another method in the local header", "zip/bad-entry", zipOf([{ ...one, local: { method: 8 } }])],
    ["another name in the local header", "zip/bad-entry", zipOf([one]).with(31, 7)],
    ["a longer name in the local header", "zip/bad-entry", zipOf([{ ...one, local: { nameLength: 6 } }])],
    ["data that reach into the directory", "zip/bad-entry", zipOf([{ ...one, local: { extraLength: 9 } }])],
  ])("%s", (_, expected, bytes) => {
    expect(codeOf(bytes)).toBe(expected);
  });

  test("more unpacked than may be: before anything is", () => {
    const zeros = { name: "zeros", bytes: new Uint8Array(100_000), deflate: true };
    const bytes = zipOf([one, zeros]);
    expect(bytes.length).toBeLessThan(400);
    expect(codeOf(bytes, 100_027)).toBe("zip/too-large");
    expect(codeOf(bytes, 100_028)).toBeUndefined();
  });

  test.each<[string, ZipDraft]>([
    ["a stored file of another checksum", { ...one, header: { crc: 7 } }],
    ["a deflated one of another checksum", { ...two, header: { crc: 7 } }],
    ["one that unpacks to more than it says", { ...two, header: { size: 3 } }],
    ["one that unpacks to less", { ...two, header: { size: 5 } }],
    ["one that is no deflate", { ...one, header: { method: 8 }, local: { method: 8 } }],
  ])("%s", async (_, draft) => {
    expect(await unpackCode(draft)).toBe("zip/bad-data");
  });

  test("a bomb that lies about its size is stopped as it unpacks", async () => {
    const bomb = { name: "bomb", bytes: new Uint8Array(2 ** 26), deflate: true, header: { size: 1000 } };
    const began = performance.now();
    expect(await unpackCode(bomb)).toBe("zip/bad-data");
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
