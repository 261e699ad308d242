import { knownOptions } from "../check.js";
import { LanewiseError, UnsupportedError } from "../errors.js";

/** What `init` accepts: the compiled module, its bytes, where to fetch it, or a response under way. */
export type WasmSource =
  WebAssembly.Module | ArrayBuffer | ArrayBufferView | Response | Promise<Response> | URL | string;

/** The smallest module that uses SIMD: () => v128.const 0, dropped. */
const SIMD_PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 26, 11,
); // prettier-ignore

/** The builds of the one source: with threads, memory is shared and comes from outside. */
export type Build = "plain" | "threads";

const FILES: Readonly<Record<Build, string>> = {
  plain: "../../lanewise.wasm",
  threads: "../../lanewise-threads.wasm",
};

const compiled: Partial<Record<Build, Promise<WebAssembly.Module>>> = {};
/** Where builds come from that are not beside this file. */
const sources: Partial<Record<Build, WasmSource>> = {};
/** The script of a thread, where it is not beside this file. */
let threadScript: URL | string | undefined;

export interface InitOptions {
  /** The module of several threads (`lanewise-threads.wasm`), read when the first model with `threads` is made. */
  threads?: WasmSource;
  /** The script that a thread runs (`threadWorker.js`). */
  threadWorker?: URL | string;
}

/**
 * Loads the WebAssembly module from `source` rather than from beside this file. Optional: the first model loads it by
 * itself. Later calls have no effect.
 *
 * @param options Where the files are that models with several threads need.
 * @throws UnsupportedError `engine/no-simd` where the engine has no WebAssembly SIMD
 * @throws LanewiseError `engine/load-failed` where the module cannot be read or compiled
 * @example
 * await init(); // now, rather than with the first model; from elsewhere: init("https://example.org/lanewise.wasm")
 */
export async function init(source?: WasmSource, options: InitOptions = {}): Promise<void> {
  const { threads, threadWorker } = knownOptions<InitOptions>(options, "init()", { threads: true, threadWorker: true });
  if (threads !== undefined) sources.threads = threads;
  threadScript ??= threadWorker;
  await loadModule("plain", source);
}

/** The compiled module, one for all models. A failed load is forgotten, so that the next one may succeed. */
export function loadModule(build: Build = "plain", source = sources[build]): Promise<WebAssembly.Module> {
  return (compiled[build] ??= compile(build, source).catch((error: unknown) => {
    delete compiled[build];
    throw error;
  }));
}

/** The script given to `init`, if there is one. */
export function givenThreadScript(): URL | string | undefined {
  return threadScript;
}

async function compile(build: Build, source: WasmSource | undefined): Promise<WebAssembly.Module> {
  refuseWithoutSimd();
  if (source instanceof WebAssembly.Module) return source;
  try {
    return await WebAssembly.compile(await bytesOf(source ?? new URL(FILES[build], import.meta.url)));
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw new LanewiseError(
      "engine/load-failed",
      `The WebAssembly module could not be loaded: ${error instanceof Error ? error.message : String(error)}. ` +
        "Where the file lies elsewhere, call init() with its URL, bytes or module first.",
      { cause: error },
    );
  }
}

function refuseWithoutSimd(): void {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(SIMD_PROBE)) {
    throw new UnsupportedError(
      "engine/no-simd",
      "This JavaScript engine has no WebAssembly SIMD, which lanewise needs. " +
        "Node 16.4, Chrome 91, Firefox 89, Safari 16.4 and later have it.",
    );
  }
}

async function bytesOf(source: WasmSource): Promise<BufferSource> {
  if (source instanceof ArrayBuffer) return source;
  if (ArrayBuffer.isView(source)) return source as BufferSource;
  if (source instanceof URL || typeof source === "string") return readUrl(new URL(source, import.meta.url));
  return responseBytes(await (source as Response | Promise<Response>));
}

async function readUrl(url: URL): Promise<BufferSource> {
  if (url.protocol === "file:" && typeof process === "object") {
    const { readFile } = await import(/* webpackIgnore: true */ "node:fs/promises");
    return readFile(url);
  }
  return responseBytes(await fetch(url));
}

async function responseBytes(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status} ${response.statusText}`.trim());
  return response.arrayBuffer();
}
