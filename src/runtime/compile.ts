// From whatever an application has of the WebAssembly file to a compiled module, or to an error that says how to mend it.

import { LanewiseError, UnsupportedError } from "../errors.js";
import { type ByteSource, readBytes, shown } from "./files.js";

/** What `init` accepts: the compiled module, its bytes, where to fetch it, or a response under way. */
export type WasmSource =
  WebAssembly.Module | ArrayBuffer | ArrayBufferView | Response | Promise<Response> | URL | string;

/** The smallest module that uses SIMD: () => v128.const 0, dropped. */
// prettier-ignore
const SIMD_PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 26, 11,
);

/** What every WebAssembly file begins with: a zero, then "asm". */
const MAGIC = [0, 97, 115, 109];

/** What messages call one of the package's files by. */
export interface FileNames {
  /** Of the package: where `init` is imported from. */
  readonly entry: string;
  /** Behind the entry: where the file is imported from. */
  readonly subpath: string;
  /** Of `init`'s options; none: its first argument, and `inline` holds the file. */
  readonly option?: string;
}

/** The cure of a file that is not where it is looked for. */
const elsewhere = ({ entry, option }: FileNames) =>
  'Have the bundler copy the file (for Vite\'s dev server: optimizeDeps: { exclude: ["lanewise"] }), ' +
  (option === undefined
    ? `call init() with its URL, bytes or module first, or import from "${entry}/inline", which holds it.`
    : `or call init(undefined, { ${option} }) with its URL, bytes or module first.`);

/** How engines say that a policy forbids to compile: V8 and Workers, Firefox, Safari. */
const FORBIDDEN = /disallowed|blocked by CSP|unsafe-eval|Content Security Policy/i;

/**
 * @param source Made in here, so that where it is an address that cannot be made, the error is typed too.
 */
export async function compile(source: () => WasmSource, names: FileNames): Promise<WebAssembly.Module> {
  refuseWithoutSimd();
  try {
    const given = await source();
    // By tag and not by instanceof, which fails for a module of another frame or worker.
    if (tagOf(given) === "[object WebAssembly.Module]") return given as WebAssembly.Module;
    const bytes = await readBytes(given as ByteSource); // never by streaming, which insists on the MIME type
    refuseOtherFiles(bytes, whereFrom(given), names);
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (error) {
    throw explained(error, names);
  }
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
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

function whereFrom(source: unknown): string {
  if (typeof source === "string" || tagOf(source) === "[object URL]") return shown(source as string | URL);
  return (source as { url?: string }).url ? shown((source as Response).url) : "what init() was given";
}

/** A server that answers every address, and one with the page of an application, says 200 to a file that is not there. */
function refuseOtherFiles(bytes: Uint8Array, where: string, names: FileNames): void {
  if (MAGIC.every((byte, i) => bytes[i] === byte)) return;
  const text = String.fromCharCode(...bytes.subarray(0, 100)).trimStart();
  const found = bytes.length === 0 ? "is empty" : text.startsWith("<") ? "is a page of HTML" : "is something else";
  throw new LanewiseError(
    "engine/not-wasm",
    `The WebAssembly module could not be loaded: ${where} ${found}, expected a file that begins with "\\0asm". ` +
      (found.endsWith("HTML") ? "The server has no file there and answers with its page instead. " : "") +
      elsewhere(names),
  );
}

function explained(error: unknown, names: FileNames): LanewiseError {
  const { entry, subpath, option } = names;
  const why = error instanceof Error ? error.message : String(error);
  if (FORBIDDEN.test(why)) {
    return new UnsupportedError(
      "engine/compile-forbidden",
      `WebAssembly may not be compiled here: ${why}. On a page, add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy. ` +
        `In a Worker, import the file as a module and hand it over: import wasm from "${entry}/${subpath}"; await init(${option === undefined ? "wasm" : `undefined, { ${option}: wasm }`}).`,
      { cause: error },
    );
  }
  if (error instanceof LanewiseError && error.code.startsWith("engine/")) return error;
  const missing = error instanceof LanewiseError && error.code === "files/not-found";
  return new LanewiseError(
    missing ? "engine/not-found" : "engine/load-failed",
    `The WebAssembly module could not be loaded: ${why.replace(/\.$/, "")}. ${elsewhere(names)}`,
    { cause: error },
  );
}
