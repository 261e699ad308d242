import { knownOptions } from "../check.js";
import type { WasmSource } from "./compile.js";
import { WasmFile } from "./wasmFile.js";

export type { WasmSource };

/** The builds of the one source: with threads, memory is shared and comes from outside. */
export type Build = "plain" | "threads";

/** Beside this file, written out for bundlers, which look for such addresses and bring the files along. */
const FILES = {
  plain: /* @__PURE__ */ new WasmFile("lanewise", () => new URL("../../lanewise.wasm", import.meta.url)),
  threads: /* @__PURE__ */ new WasmFile("lanewise", () => new URL("../../lanewise-threads.wasm", import.meta.url)),
};

/** The threaded build of `init`. */
let threadsSource: WasmSource | undefined;
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
  threadsSource ??= threads;
  threadScript ??= threadWorker;
  await FILES.plain.load(source);
}

/** The compiled module, one for all models. */
export function loadModule(build: Build): Promise<WebAssembly.Module> {
  return build === "plain" ? FILES.plain.load() : FILES.threads.load(threadsSource);
}

/** The script given to `init`, if there is one. */
export function givenThreadScript(): URL | string | undefined {
  return threadScript;
}

/** For entries: where the plain build comes from unless `init` is told otherwise. */
export function bringAlong(source: () => WasmSource): void {
  FILES.plain.bring(source);
}
