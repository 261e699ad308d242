import { spawnSync } from "node:child_process";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LanewiseError, UnsupportedError } from "../../src/errors.js";
import { readBytes, writeFileAtomic } from "../../src/runtime/files.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-files-"));
});

afterEach(async () => {
  vi.doUnmock("node:fs/promises");
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true, force: true });
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return (error as LanewiseError).code;
}

/** A fresh copy of the module, for which `node:fs/promises` is what `change` makes of it. */
async function withFileSystem(change: (real: typeof import("node:fs/promises")) => object) {
  vi.resetModules();
  const real = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
  const changed = change(real);
  vi.doMock("node:fs/promises", () => ({ ...changed, default: changed }));
  return import("../../src/runtime/files.js");
}

describe("writeFileAtomic", () => {
  test("writes a new file, by path and by URL, and leaves nothing else", async () => {
    const path = join(folder, "a ü.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(pathToFileURL(path), Uint8Array.of(4));
    expect([...(await readFile(path))]).toEqual([4]);
    await writeFileAtomic(pathToFileURL(path).href, new Uint8Array(0));
    expect((await readFile(path)).length).toBe(0);
    expect(await readdir(folder)).toEqual(["a ü.bin"]);
  });

  test("writes a view's own part of its buffer", async () => {
    const path = join(folder, "a");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect([...(await readFile(path))]).toEqual([2, 3]);
  });

  test("keeps the old file's permissions and the link that leads to it", async () => {
    if (process.platform === "win32") return;
    const path = join(folder, "real");
    await writeFile(path, "old");
    await chmod(path, 0o606);
    await symlink(path, join(folder, "link"));
    await writeFileAtomic(join(folder, "link"), Uint8Array.of(7));
    expect([...(await readFile(path))]).toEqual([7]);
    expect((await stat(path)).mode & 0o777).toBe(0o606);
    expect(await readlink(join(folder, "link"))).toBe(path);
  });

  test("a name as long as the file system allows", async () => {
    const path = join(folder, "n".repeat(255));
    await writeFileAtomic(path, Uint8Array.of(1));
    expect((await readFile(path)).length).toBe(1);
  });

  test("refuses a folder, a missing folder and other addresses", async () => {
    await mkdir(join(folder, "sub"));
    expect(await codeOf(writeFileAtomic(join(folder, "sub"), Uint8Array.of(1)))).toBe("files/not-a-file");
    expect(await codeOf(writeFileAtomic(join(folder, "none", "a"), Uint8Array.of(1)))).toBe("files/write-failed");
    expect(await codeOf(writeFileAtomic("https://example.org/a", Uint8Array.of(1)))).toBe("files/not-a-path");
    expect(await codeOf(writeFileAtomic(new URL("https://example.org/a"), Uint8Array.of(1)))).toBe("files/not-a-path");
    expect(await readdir(folder)).toEqual(["sub"]);
  });

  test.each(["write", "sync", "rename"])("a failing %s leaves the old file untouched and no other", async (step) => {
    const path = join(folder, "a");
    await writeFile(path, "old");
    const full = () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
    const files = await withFileSystem((real) => ({
      ...real,
      rename: step === "rename" ? full : real.rename,
      open: async (...args: Parameters<typeof real.open>) => {
        const handle = await real.open(...args);
        if (step === "write") {
          // Half of it reaches the disk.
          handle.writeFile = async (data) => {
            await handle.write(data as Uint8Array, 0, 2);
            return full();
          };
        }
        if (step === "sync") handle.sync = full;
        return handle;
      },
    }));
    const error = await files.writeFileAtomic(path, Uint8Array.of(1, 2, 3, 4)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "files/write-failed", cause: { code: "ENOSPC" } });
    expect((error as Error).message).toContain("no space left");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  test("what killed processes left of the same file is removed by the next one's first write, and nothing else", async () => {
    const path = join(folder, "a");
    // A process that is killed between its last byte and the rename.
    const killed = await withFileSystem((real) => ({
      ...real,
      rename: () => Promise.reject(new Error("killed")),
      rm: () => Promise.resolve(),
    }));
    for (const target of [path, join(folder, "b")]) {
      await killed.writeFileAtomic(target, Uint8Array.of(1)).catch(() => undefined);
    }
    vi.doUnmock("node:fs/promises");
    const before = await readdir(folder);
    expect(before).toHaveLength(2);
    const mine = before.find((name) => name.startsWith(`.lanewise-${"e40c292c"}-`))!; // FNV-1a of "a"
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    const others = { dead: String(dead), alive: String(process.ppid), fresh: String(dead) };
    const named = Object.entries(others).map(([what, pid]) => [
      what,
      mine.replace(`-${process.pid}-`, `-${pid}-${what}`),
    ]);
    for (const [what, name] of named as [string, string][]) {
      await writeFile(join(folder, name), "");
      if (what !== "fresh") await utimes(join(folder, name), 1, 1);
    }
    for (const name of before) await utimes(join(folder, name), 1, 1);

    const files = await withFileSystem((real) => real);
    await files.writeFileAtomic(path, Uint8Array.of(2));
    const left = await readdir(folder);
    const stays = named.filter(([what]) => what !== "dead").map(([, name]) => name!);
    // One that is alive may be writing, one that is new may be another machine's; "b" is another file.
    expect(left.sort()).toEqual([...stays, "a", before.find((name) => name !== mine)!].sort());
    expect([...(await readFile(path))]).toEqual([2]);
  });

  test("the bytes are on the disk before the file takes its name, the name after", async () => {
    const events: string[] = [];
    const files = await withFileSystem((real) => ({
      ...real,
      rename: async (...args: Parameters<typeof real.rename>) => {
        events.push("rename");
        return real.rename(...args);
      },
      open: async (...args: Parameters<typeof real.open>) => {
        const handle = await real.open(...args);
        const sync = handle.sync.bind(handle);
        handle.sync = () => {
          events.push(args[0] === folder ? "sync folder" : "sync file");
          return sync();
        };
        return handle;
      },
    }));
    await files.writeFileAtomic(join(folder, "a"), Uint8Array.of(1));
    expect(events.slice(0, 2)).toEqual(["sync file", "rename"]);
    if (process.platform !== "win32") expect(events[2]).toBe("sync folder");
  });

  test("writes and reads at the same time never meet a torn file", async () => {
    const path = join(folder, "a");
    const size = 300_000;
    await writeFileAtomic(path, new Uint8Array(size));
    let writing = true;
    const writes = Promise.all(
      Array.from({ length: 24 }, (_, i) => writeFileAtomic(path, new Uint8Array(size).fill(i + 1))),
    ).finally(() => (writing = false));
    let reads = 0;
    while (writing) {
      const bytes = await readFile(path);
      expect(bytes.length).toBe(size);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      reads++;
    }
    await writes;
    expect(reads).toBeGreaterThan(0);
    expect((await readFile(path))[0]).toBeGreaterThan(0);
    expect(await readdir(folder)).toEqual(["a"]);
  });
});

describe("readBytes", () => {
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/cut") {
        response.writeHead(200, { "content-length": "10" });
        response.write("abc");
        setImmediate(() => response.destroy());
        return;
      }
      response.statusCode = request.url === "/model" ? 200 : request.url === "/broken" ? 503 : 404;
      response.end(Uint8Array.of(1, 2, 3));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("a path, a file: URL and its text", async () => {
    const path = join(folder, "a#b?c");
    await writeFile(path, Uint8Array.of(1, 2, 3));
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const bytes = await readBytes(source);
      expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    }
  });

  test("bytes in memory are a view", async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    expect(await readBytes(bytes.buffer)).toEqual(bytes);
    const part = await readBytes(Buffer.from(bytes.buffer, 1, 2));
    expect(part).toEqual(Uint8Array.of(2, 3));
    expect(part.buffer).toBe(bytes.buffer);
    expect(Object.getPrototypeOf(part)).toBe(Uint8Array.prototype);
  });

  test("a Blob, a File, a Response, and data: and http: URLs", async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(await readBytes(new Blob([bytes]))).toEqual(bytes);
    expect(await readBytes(new Response(bytes))).toEqual(bytes);
    expect(await readBytes("data:application/octet-stream;base64,AQID")).toEqual(bytes);
    expect(await readBytes(`${origin}/model`)).toEqual(bytes);
    expect(await readBytes(new URL(`${origin}/model`))).toEqual(bytes);
    if (typeof File === "function") expect(await readBytes(new File([bytes], "a"))).toEqual(bytes);
  });

  test("what cannot be read says so", async () => {
    expect(await codeOf(readBytes(join(folder, "none")))).toBe("files/not-found");
    expect(await codeOf(readBytes(folder))).toBe("files/read-failed");
    expect(await codeOf(readBytes(`${origin}/none`))).toBe("files/not-found");
    expect(await codeOf(readBytes(`${origin}/broken`))).toBe("files/bad-status");
    await expect(readBytes(`${origin}/broken`)).rejects.toThrow(/status 503 .*expected 200/);
    expect(await codeOf(readBytes(`${origin}/cut`))).toBe("files/read-failed");
    expect(await codeOf(readBytes("http://127.0.0.1:1/"))).toBe("files/read-failed");
    expect(await codeOf(readBytes(new Response("", { status: 500 })))).toBe("files/bad-status");
    expect(await codeOf(readBytes(new URL("ftp://example.org/a")))).toBe("files/bad-source");
    expect(await codeOf(readBytes(5 as unknown as string))).toBe("files/bad-source");
    const used = new Response("abc");
    await used.text();
    expect(await codeOf(readBytes(used))).toBe("files/body-used");
  });
});

describe("without a file system", () => {
  test.each([
    ["where the import fails", () => Promise.reject(new Error("no such module"))],
    ["where a bundler put an empty module", () => ({})],
  ])("%s, memory and addresses can be read, and writing says why not", async (_, module) => {
    vi.resetModules();
    vi.doMock("node:fs/promises", async () => {
      const empty = await module();
      return { rename: undefined, ...empty };
    });
    const files = await import("../../src/runtime/files.js");
    const write = files.writeFileAtomic("a", Uint8Array.of(1));
    await expect(write).rejects.toMatchObject({ name: UnsupportedError.name, code: "files/no-file-system" });
    await expect(files.readBytes("a")).rejects.toMatchObject({ code: "files/no-file-system" });
    expect(await files.readBytes("data:,a")).toEqual(Uint8Array.of(97));

    // On a page, a path is an address relative to the page.
    vi.stubGlobal("location", { href: "https://example.org/" });
    vi.stubGlobal("fetch", (address: string) => Promise.resolve(new Response(address)));
    expect(await files.readBytes("ab")).toEqual(Uint8Array.of(97, 98));
  });
});
