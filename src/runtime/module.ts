import { knownOptions } from "../check.js";
import { compile as compileFrom, type WasmSource } from "./compile.js";

export type { WasmSource };

/** The builds of the one source: with threads, memory is shared and comes from outside. */
export type Build = "plain" | "threads";

/** Beside this file, written out for bundlers, which look for such addresses and bring the files along. */
const FILES: Readonly<Record<Build, () => WasmSource>> = {
  plain: () => new URL("../../lanewise.wasm", import.meta.url),
  threads: () => new URL("../../lanewise-threads.wasm", import.meta.url),
};

const compiled: Partial<Record<Build, Promise<WebAssembly.Module>>> = {};
/** Where builds come from that are not beside this file. */
const sources: Partial<Record<Build, WasmSource>> = {};
/** The plain build of an entry that brings it along: entries of runtimes that compile no bytes, and those with the bytes in them. */
let brought: (() => WasmSource) | undefined;
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
 * @throws UnsupportedError `engine/no-simd` where the engine has no WebAssembly SIMD, `engine/compile-forbidden` where a policy
 * forbids to compile it
 * @throws LanewiseError `engine/not-found`, `engine/not-wasm`, `engine/load-failed` where it cannot be read or compiled
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

/** For entries: where the plain build comes from unless `init` is told otherwise. */
export function bringAlong(source: () => WasmSource): void {
  brought = source;
}

function compile(build: Build, source: WasmSource | undefined): Promise<WebAssembly.Module> {
  const file = build === "plain" && brought ? brought : FILES[build];
  return compileFrom(source === undefined ? file : () => source);
}
