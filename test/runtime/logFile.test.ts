import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LogFile } from "../../src/runtime/logFile.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-log-"));
  path = join(folder, "sub", "log");
});
afterEach(async () => {
  vi.doUnmock("node:fs/promises");
  await rm(folder, { recursive: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);
const text = () => readFile(path, "utf8");

test("records one behind the other, in a folder that it makes", async () => {
  const log = new LogFile(path);
  expect(await log.size()).toBeUndefined();
  await log.trim(); // makes no file
  expect(await log.size()).toBeUndefined();
  for (const record of ["one\n", "two\n", ""]) await log.append(bytes(record));
  expect(await text()).toBe("one\ntwo\n");
  expect([log.length, await log.size()]).toEqual([8, 8]);
});

test("what stands behind its length is cut off, by a record or by trimming", async () => {
  await new LogFile(path).append(bytes("one\ntwo\nthr"));
  await new LogFile(path, 4).append(bytes("2\n"));
  expect(await text()).toBe("one\n2\n");
  await new LogFile(path, 4).trim();
  expect(await text()).toBe("one\n");
});

test("a file that has become shorter goes on at its end", async () => {
  const log = new LogFile(path);
  await log.append(bytes("one\ntwo\n"));
  await writeFile(path, "one\n");
  await log.append(bytes("three\n"));
  expect(await text()).toBe("one\nthree\n");
  expect(log.length).toBe(10);
});

test("a record that finds no room is not there, and says why", async () => {
  await new LogFile(path).append(bytes("one\n"));
  vi.resetModules();
  const real = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
  vi.doMock("node:fs/promises", () => ({
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args);
      const write = file.write.bind(file);
      const short = (data: Uint8Array, from: number, _length: number, at: number) => write(data, from, 2, at);
      return Object.assign(file, { write: short });
    },
  }));
  const { LogFile: Full } = await import("../../src/runtime/logFile.js");
  const log = new Full(path, 4);
  await expect(log.append(bytes("two\n"))).rejects.toMatchObject({ code: "files/write-failed" });
  expect(await text()).toBe("one\n");
  expect(log.length).toBe(4);
});
