import { LanewiseError, UnsupportedError } from "../errors.js";
import { builtin } from "./builtin.js";

/** Where bytes may come from; a string is a path (in a browser: an address, relative to the page), `file:`, `http(s):`, `data:` or `blob:` URL. */
export type ByteSource = string | URL | Uint8Array | ArrayBuffer | Response | Blob;

/**
 * Writes a file whole or not at all: at every moment, and after a crash, `path` holds the old bytes or the new ones.
 *
 * The bytes go to a temporary file beside it, to the disk, and then take the place of the old file in one step. The old
 * file's permissions and a symbolic link to it are kept. Of writes at the same time, the last to finish stays.
 *
 * A process that is killed in the midst of a write leaves its temporary file, `.lanewise-….tmp`; the first write of the same
 * file by a later process removes it.
 *
 * @param path a path or a `file:` URL; its folder must exist
 * @param bytes what the file shall hold; do not change them before the promise settles
 * @throws UnsupportedError `files/no-file-system` outside Node, Deno and Bun; `files/not-a-path` for another kind of URL
 * @throws LanewiseError `files/not-a-file` where a folder or device stands at `path`; `files/write-failed` with the cause
 *
 * @example
 * await writeFileAtomic("model.safetensors", model.toBytes());
 */
export async function writeFileAtomic(path: string | URL, bytes: Uint8Array): Promise<void> {
  const { fs, path: given } = await writablePath(path);
  let temporary: string | undefined;
  try {
    const target = await fs.realpath(given).catch(() => given);
    const { basename, dirname, join } = await builtin("path");
    const { pid } = (await builtin("process")).default;
    const old = await fs.stat(target).catch(() => undefined);
    if (old !== undefined && !old.isFile()) {
      throw new LanewiseError(
        "files/not-a-file",
        `Cannot write ${shown(path)}: a folder or a device stands there. Name a file.`,
      );
    }
    const folder = dirname(target);
    const prefix = `.lanewise-${tagOf(basename(target))}-`;
    temporary = join(folder, `${prefix}${pid}-${crypto.randomUUID()}.tmp`);
    await writeDurably(fs, temporary, bytes, old?.mode);
    await fs.rename(temporary, target);
    temporary = undefined;
    await syncFolder(fs, folder);
    await sweep(fs, folder, prefix);
  } catch (cause) {
    if (temporary !== undefined) await fs.rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof LanewiseError) throw cause;
    throw new LanewiseError(
      "files/write-failed",
      `Could not write ${bytes.length} bytes to ${shown(path)}: ${reason(cause)}. What stood there is untouched. Check the folder, its permissions and the free space.`,
      { cause },
    );
  }
}

/**
 * Reads all bytes of a file, an address or an object that holds bytes.
 *
 * Bytes in memory are returned as a view, not a copy.
 *
 * @param source a path, a URL, bytes, a `Response` (its body must be unread) or a `Blob`
 * @throws LanewiseError `files/not-found` (no such file, or status 404), `files/bad-status`, `files/body-used`, `files/read-failed`
 * @throws UnsupportedError `files/no-file-system` for a path where there is neither a file system nor a page,
 * `files/bad-source` for anything else than the sources above
 *
 * @example
 * await readBytes("model.safetensors"); // or "https://example.org/model.safetensors", or a URL
 * await readBytes(new Response(Uint8Array.of(1, 2, 3)));
 */
export async function readBytes(source: ByteSource): Promise<Uint8Array> {
  if (typeof source === "string" || source instanceof URL) return readAddress(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  // By tag and not by instanceof, which fails for objects of another frame.
  switch (Object.prototype.toString.call(source)) {
    case "[object ArrayBuffer]":
      return new Uint8Array(source as ArrayBuffer);
    case "[object Response]":
      return readResponse(source as Response);
    case "[object Blob]":
    case "[object File]":
      return readBody(source as Blob, "the Blob");
  }
  throw new UnsupportedError(
    "files/bad-source",
    `Cannot read bytes from ${Object.prototype.toString.call(source)}: expected a path, a URL, a Uint8Array, an ArrayBuffer, a Response or a Blob.`,
  );
}

/**
 * A reader of files beside a file, or in folders below: for what a file from anybody names. It never leaves the folder: no
 * path up, none from the root, no address, no link that leads out.
 *
 * @param address The path or address of the file.
 * @returns Gives the bytes of one, at most so many.
 * @throws LanewiseError as `readBytes`; its reader `files/outside` for a name that leads out, `files/too-large`
 */
export async function besideOf(
  address: string | URL,
): Promise<(name: string, mostBytes: number) => Promise<Uint8Array>> {
  const fs = FETCHED.has(scheme(address)) ? undefined : await fileSystem();
  if (fs === undefined) return (name, mostBytes) => readBelow(address, partsOf(name), mostBytes);
  const { dirname, join, sep } = await builtin("path");
  const path = await pathOf(address);
  return async (name, mostBytes) => {
    const parts = partsOf(name);
    try {
      const folder = await fs.realpath(dirname(path!));
      const file = await fs.realpath(join(folder, ...parts));
      if (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) throw outside(name);
      const { size, isFile } = await fs.stat(file).then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
      if (!isFile) throw outside(name); // a pipe or a device may never end
      if (size > mostBytes) throw tooLarge(name, size, mostBytes);
      const { buffer, byteOffset, byteLength } = await fs.readFile(file);
      return new Uint8Array(buffer, byteOffset, byteLength);
    } catch (cause) {
      if (cause instanceof LanewiseError) throw cause;
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw readFailed(shown(name), cause);
      throw new LanewiseError("files/not-found", `There is no file ${shown(name)} beside ${shown(address)}.`, {
        cause,
      });
    }
  };
}

/** Of an address: of the same origin, in its folder, with its query, which may hold the right to read it. */
async function readBelow(address: string | URL, parts: readonly string[], mostBytes: number): Promise<Uint8Array> {
  const name = parts.join("/");
  const base = new URL(address, typeof location === "object" ? location.href : undefined);
  if (base.protocol !== "http:" && base.protocol !== "https:") throw outside(name);
  const target = new URL(parts.map(encodeURIComponent).join("/"), base);
  target.search = base.search;
  const folder = new URL(".", base);
  if (target.origin !== base.origin || !target.pathname.startsWith(folder.pathname)) throw outside(name);
  const bytes = await readFetched(target);
  if (bytes.length > mostBytes) throw tooLarge(name, bytes.length, mostBytes);
  return bytes;
}

/** The folders and the name. */
function partsOf(name: string): string[] {
  const parts = name.split("/");
  const plain = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part));
  if (plain && name.length <= 1024) return parts;
  throw outside(name);
}

function outside(name: string): LanewiseError {
  return new LanewiseError(
    "files/outside",
    `Will not read ${shown(name)}: a file may name others in its own folder only, by names such as "weights.bin".`,
  );
}

function tooLarge(name: string, size: number, mostBytes: number): LanewiseError {
  return new LanewiseError("files/too-large", `${shown(name)} has ${size} bytes, expected at most ${mostBytes}.`);
}

export type FileSystem = typeof import("node:fs/promises");

/**
 * The file system and the path in it that an address to write to names.
 *
 * @throws UnsupportedError `files/no-file-system` outside Node, Deno and Bun; `files/not-a-path` for another kind of URL
 */
export async function writablePath(address: string | URL): Promise<{ fs: FileSystem; path: string }> {
  const fs = await fileSystem();
  if (fs === undefined) {
    throw new UnsupportedError(
      "files/no-file-system",
      `There is no file system here to write ${shown(address)} to. In a browser, offer the bytes as a download: new Blob([bytes]).`,
    );
  }
  const path = await pathOf(address);
  if (path === undefined) {
    throw new UnsupportedError(
      "files/not-a-path",
      `Cannot write to ${shown(address)}: expected a path or a file: URL. To send the bytes elsewhere, use fetch.`,
    );
  }
  return { fs, path };
}

/**
 * Makes the folder that a file shall stand in, where there is none.
 *
 * @throws UnsupportedError as `writablePath`; LanewiseError `files/write-failed`
 */
export async function makeFolderOf(file: string | URL): Promise<void> {
  const { fs, path } = await writablePath(file);
  const { dirname } = await builtin("path");
  try {
    await fs.mkdir(dirname(path), { recursive: true });
  } catch (cause) {
    throw new LanewiseError(
      "files/write-failed",
      `Could not make the folder for ${shown(file)}: ${reason(cause)}. Check the path and its permissions.`,
      { cause },
    );
  }
}

/** Loaded when asked for, so that this module loads where there is none. */
async function fileSystem(): Promise<FileSystem | undefined> {
  try {
    const fs = await builtin("fs/promises");
    // Bundlers put an empty module in its place.
    return typeof fs.rename === "function" ? fs : undefined;
  } catch {
    return undefined;
  }
}

/** The scheme of an address, or nothing for a path; a single letter is a Windows drive. */
function scheme(address: string | URL): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(String(address))?.[1]?.toLowerCase();
}

const FETCHED: ReadonlySet<string | undefined> = new Set(["http", "https", "data", "blob"]);

/** The path that an address names, or nothing for an address of another kind; only where there is a file system. */
async function pathOf(address: string | URL): Promise<string | undefined> {
  if (typeof address === "string" && !/^file:\/\//i.test(address)) {
    return FETCHED.has(scheme(address)) ? undefined : address;
  }
  const { fileURLToPath } = await builtin("url");
  try {
    return fileURLToPath(address);
  } catch {
    return undefined;
  }
}

async function writeDurably(fs: FileSystem, path: string, bytes: Uint8Array, mode: number | undefined): Promise<void> {
  const file = await fs.open(path, "wx", mode);
  try {
    // Once more, since the process's mask narrowed it.
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name survive a power cut. Not every platform can; without it, the cut may bring the old file back, whole. */
async function syncFolder(fs: FileSystem, path: string): Promise<void> {
  const folder = await fs.open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Folder and prefix of the temporary files that have been looked for: once is enough, for this process tidies up. */
const swept = new Set<string>();

/** Removes the temporary files of the same target that killed processes left. */
async function sweep(fs: FileSystem, folder: string, prefix: string): Promise<void> {
  const key = `${folder}\0${prefix}`;
  if (swept.has(key)) return;
  swept.add(key);
  const { join } = await builtin("path");
  const { default: process } = await builtin("process"); // Deno's has little else by name
  const began = Date.now() - process.uptime() * 1000;
  const names = await fs.readdir(folder).catch(() => []);
  for (const name of names.filter((name) => name.startsWith(prefix) && name.endsWith(".tmp"))) {
    const path = join(folder, name);
    const written = await fs.stat(path).catch(() => undefined);
    // A container's next process may have the same id as the last: what is older than this process is not its own.
    const old = written !== undefined && written.mtimeMs < began;
    const id = Number(name.slice(prefix.length).split("-")[0]);
    if (old && (id === process.pid || !runs(process, id))) {
      await fs.rm(path, { force: true }).catch(() => undefined);
    }
  }
}

function runs(process: Pick<NodeJS.Process, "kill">, id: number): boolean {
  try {
    return process.kill(id, 0); // sends nothing
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // there, and another user's
  }
}

/** Eight digits that tell the temporary files of one target from those of another; a name may be too long to stand in another. */
function tagOf(name: string): string {
  let hash = 2166136261; // FNV-1a
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

async function readAddress(address: string | URL): Promise<Uint8Array> {
  if (FETCHED.has(scheme(address))) return readFetched(address);
  const fs = await fileSystem();
  if (fs === undefined) {
    if (typeof location === "object") return readFetched(address);
    throw new UnsupportedError(
      "files/no-file-system",
      `There is no file system here to read ${shown(address)} from. Pass an http(s) URL, a Response or the bytes themselves.`,
    );
  }
  const path = await pathOf(address);
  if (path === undefined) {
    throw new UnsupportedError(
      "files/bad-source",
      `Cannot read from ${shown(address)}: expected a path or a file:, http:, https:, data: or blob: URL.`,
    );
  }
  try {
    const { buffer, byteOffset, byteLength } = await fs.readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw readFailed(shown(address), cause);
    throw new LanewiseError(
      "files/not-found",
      `There is no file ${shown(address)}. Check the path and the working folder.`,
      { cause },
    );
  }
}

async function readFetched(address: string | URL): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw readFailed(shown(address), cause);
  }
  return readResponse(response, shown(address));
}

async function readResponse(
  response: Response,
  what = response.url === "" ? "the Response" : shown(response.url),
): Promise<Uint8Array> {
  if (!response.ok) {
    const status = `${response.status} ${response.statusText}`.trim();
    throw new LanewiseError(
      response.status === 404 ? "files/not-found" : "files/bad-status",
      `Could not read ${what}: the server answered with status ${status}, expected 200. Check the address and the right to read it.`,
    );
  }
  if (response.bodyUsed) {
    throw new LanewiseError(
      "files/body-used",
      `The body of ${what} has been read already. Pass a fresh Response, or response.clone().`,
    );
  }
  return readBody(response, what);
}

async function readBody(body: Blob | Response, what: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await body.arrayBuffer());
  } catch (cause) {
    throw readFailed(what, cause);
  }
}

function readFailed(what: string, cause: unknown): LanewiseError {
  return new LanewiseError("files/read-failed", `Could not read ${what}: ${reason(cause)}.`, { cause });
}

/** What went wrong, in words. `fetch` says only "fetch failed" and keeps the reason in its cause. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** An address as it may stand in a message. */
export function shown(address: string | URL): string {
  const text = String(address);
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
