import { knownOptions } from "../check.js";
import type { WasmSource } from "./compile.js";
import type { Precision } from "./precision.js";
import { WasmFile } from "./wasmFile.js";

export type { WasmSource };

/** The builds of the one source: with threads, memory is shared and comes from outside; the fast ones use relaxed SIMD. */
export type Build = "plain" | "threads" | "fast" | "fastThreads";

const named = (subpath: string, option?: Build) => ({ entry: "lanewise", subpath, ...(option && { option }) });

/** Beside this file, written out for bundlers, which look for such addresses and bring the files along. */
const FILES: Readonly<Record<Build, WasmFile>> = {
  plain: /* @__PURE__ */ new WasmFile(named("wasm"), () => new URL("../../lanewise.wasm", import.meta.url)),
  threads: /* @__PURE__ */ new WasmFile(
    named("wasm-threads", "threads"),
    () => new URL("../../lanewise-threads.wasm", import.meta.url),
  ),
  fast: /* @__PURE__ */ new WasmFile(
    named("wasm-fast", "fast"),
    () => new URL("../../lanewise-fast.wasm", import.meta.url),
  ),
  fastThreads: /* @__PURE__ */ new WasmFile(
    named("wasm-fast-threads", "fastThreads"),
    () => new URL("../../lanewise-fast-threads.wasm", import.meta.url),
  ),
};

/** The script of a thread, where it is not beside this file. */
let threadScript: URL | string | undefined;

export interface InitOptions {
  /** The module of several threads (`lanewise-threads.wasm`), read when the first model with `threads` is made. */
  threads?: WasmSource;
  /** The module of `precision: "fast"` (`lanewise-fast.wasm`), read when the first such model is made. */
  fast?: WasmSource;
  /** The module of several threads with `precision: "fast"` (`lanewise-fast-threads.wasm`), read when the first such model is made. */
  fastThreads?: WasmSource;
  /** The script that a thread runs (`threadWorker.js`). */
  threadWorker?: URL | string;
}

const OTHERS = ["threads", "fast", "fastThreads"] as const satisfies Build[];
const INIT_OPTIONS = { threads: true, fast: true, fastThreads: true, threadWorker: true };

/**
 * Loads the WebAssembly module from `source` rather than from beside this file. Optional: the first model loads it by
 * itself. Later calls have no effect.
 *
 * @param options Where the files are that models with several threads or with `precision: "fast"` need.
 * @throws UnsupportedError `engine/no-simd` where the engine has no WebAssembly SIMD, `engine/compile-forbidden` where a policy
 * forbids to compile it
 * @throws LanewiseError `engine/not-found`, `engine/not-wasm`, `engine/load-failed` where it cannot be read or compiled
 * @example
 * await init(); // now, rather than with the first model; from elsewhere: init("https://example.org/lanewise.wasm")
 */
export async function init(source?: WasmSource, options: InitOptions = {}): Promise<void> {
  const { threadWorker, ...others } = knownOptions<InitOptions>(options, "init()", INIT_OPTIONS);
  for (const build of OTHERS) FILES[build].give(others[build]);
  threadScript ??= threadWorker;
  await FILES.plain.load(source);
}

/** The build that runs so many threads at this precision. */
export function buildFor(threads: number, precision: Precision): Build {
  if (precision === "fast") return threads > 1 ? "fastThreads" : "fast";
  return threads > 1 ? "threads" : "plain";
}

/** The compiled module, one for all models. */
export function loadModule(build: Build): Promise<WebAssembly.Module> {
  return FILES[build].load();
}

/** The script given to `init`, if there is one. */
export function givenThreadScript(): URL | string | undefined {
  return threadScript;
}

/** For entries: where the plain build comes from unless `init` is told otherwise. */
export function bringAlong(source: () => WasmSource): void {
  FILES.plain.bring(source);
}
