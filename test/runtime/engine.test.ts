import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LanewiseError } from "../../src/errors.js";

const WASM = new URL("../../build/lanewise.wasm", import.meta.url);
const bytes = readFileSync(WASM);
const compiled = await WebAssembly.compile(bytes);
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** The library as it is just after it was imported: no module loaded yet. */
async function fresh() {
  vi.resetModules();
  const [{ init, loadModule }, { Engine }, { sequential }, { dense }] = await Promise.all([
    import("../../src/runtime/module.js"),
    import("../../src/runtime/engine.js"),
    import("../../src/model/sequential.js"),
    import("../../src/layers/index.js"),
  ]);
  const build = () => sequential({ inputShape: 2, layers: [dense(1)] });
  return { init, loadModule, Engine, build };
}

/** By name and code: after a reset the classes are others. */
async function failureOf(action: () => Promise<unknown>): Promise<LanewiseError> {
  return action().then(
    () => expect.unreachable("expected an error"),
    (error: unknown) => error as LanewiseError,
  );
}

let library: Awaited<ReturnType<typeof fresh>>;
beforeEach(async () => void (library = await fresh()));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("an engine that cannot do it", () => {
  test("no SIMD", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    for (const act of [() => library.init(bytes), library.build]) {
      const error = await failureOf(act);
      expect([error.name, error.code]).toEqual(["UnsupportedError", "engine/no-simd"]);
      expect(error.message).toMatch(/Safari 16\.4/);
    }
    vi.restoreAllMocks();
    await library.init(bytes); // a failed load is forgotten
    await library.build();
  });

  test("no WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect((await failureOf(() => library.init(bytes))).code).toBe("engine/no-simd");
  });

  test("no memory for another instance", async () => {
    await library.init(bytes);
    vi.spyOn(WebAssembly, "instantiate").mockRejectedValue(new RangeError("could not allocate memory"));
    const error = await failureOf(library.build);
    expect([error.name, error.code]).toEqual(["OutOfMemoryError", "memory/no-instance"]);
    vi.restoreAllMocks();
    await library.build();
  });
});

/** As an engine under a policy says it. */
const FORBIDDEN = {
  Chromium:
    "WebAssembly.compile(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script",
  Firefox: "call to WebAssembly.compile() blocked by CSP",
  Safari: "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source",
  Workers: "WebAssembly.compile(): Wasm code generation disallowed by embedder",
};

test.each(Object.entries(FORBIDDEN))("a policy that forbids to compile, as %s says it", async (_, message) => {
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError(message));
  const error = await failureOf(() => library.init(bytes));
  expect([error.name, error.code]).toEqual(["UnsupportedError", "engine/compile-forbidden"]);
  expect(error.message).toMatch(/wasm-unsafe-eval.*import wasm from/);
  expect((error.cause as Error).message).toBe(message);
  await library.init(compiled); // what is compiled already is none of the policy's concern
  await library.build();
});

describe("a module that is none of ours", () => {
  test.each([
    ["a missing file", new URL("missing.wasm", WASM), "engine/not-found"],
    ["an answer of 404", new Response("", { status: 404, statusText: "Not Found" }), "engine/not-found"],
    ["a page", new TextEncoder().encode("\n<!doctype html>"), "engine/not-wasm"],
    [
      "a page as an answer",
      new Response("<html></html>", { headers: { "Content-Type": "text/html" } }),
      "engine/not-wasm",
    ],
    ["nothing", new Uint8Array(0), "engine/not-wasm"],
    ["half of it", bytes.subarray(0, bytes.length >> 1), "engine/load-failed"],
    ["an answer of 500", new Response("", { status: 500 }), "engine/load-failed"],
    ["an object", {} as Response, "engine/load-failed"],
  ])("%s", async (_, source, code) => {
    const error = await failureOf(() => library.init(source));
    expect([error.name, error.code]).toEqual(["LanewiseError", code]);
    expect(error.message).toMatch(/could not be loaded: .*init\(\)/);
    if (code !== "engine/not-wasm") expect(error.cause).toBeInstanceOf(Error);
    await library.init(bytes);
    await library.build();
  });

  test("another module", async () => {
    await library.init(EMPTY_MODULE);
    const error = await failureOf(library.build);
    expect(error.code).toBe("engine/stale-build");
    expect(error.message).toMatch(/none, none, none, none/);
  });

  test("one that wants imports", async () => {
    // (import "env" "f" (func))
    const importing = [1, 4, 1, 96, 0, 0, 2, 9, 1, 3, 101, 110, 118, 1, 102, 0, 0];
    await library.init(Uint8Array.of(...EMPTY_MODULE, ...importing));
    expect((await failureOf(library.build)).code).toBe("engine/load-failed");
  });

  test.each(["abiVersion", "opCount", "recordWords", "headerBytes"])("a build with another %s", async (figure) => {
    await library.init(bytes);
    const { exports } = await library.Engine.create();
    const found = exports[figure] as () => number;
    const stale = { ...exports, [figure]: () => found() + 1 };
    expect(() => new library.Engine(stale, "deterministic")).toThrow(
      expect.objectContaining({
        code: "engine/stale-build",
        message: expect.stringMatching(/npm run build/) as string,
      }) as Error,
    );
  });
});

describe("a module from wherever it comes", () => {
  test.each([
    ["bytes", bytes],
    ["a part of a larger buffer", new Uint8Array([0, ...bytes, 0]).subarray(1, -1)],
    ["an ArrayBuffer", Uint8Array.from(bytes).buffer],
    ["a compiled module", compiled],
    ["a file's URL", WASM],
    ["a file's URL as a text", WASM.href],
    ["a response", new Response(bytes)],
    ["a response under way", Promise.resolve(new Response(bytes))],
    ["a response of another type", new Response(bytes, { headers: { "Content-Type": "text/plain" } })],
    ["a module of another realm", runInNewContext("new WebAssembly.Module(bytes)", { bytes }) as WebAssembly.Module],
    ["bytes of another realm", runInNewContext("Uint8Array.from(bytes)", { bytes }) as Uint8Array],
  ])("%s", async (_, source) => {
    await library.init(source);
    expect((await library.build()).predict([1, 2]).shape).toEqual([1, 1]);
  });

  test("is compiled once, however many models ask", async () => {
    const compile = vi.spyOn(WebAssembly, "compile");
    await Promise.all([library.init(bytes), library.init(bytes), library.build(), library.build()]);
    await library.build();
    expect(compile).toHaveBeenCalledOnce();
  });

  test("asks the engine for nothing: it has no imports", () => {
    expect(WebAssembly.Module.imports(compiled)).toEqual([]);
  });
});

test("views follow the memory when it has grown", async () => {
  await library.init(bytes);
  const engine = await library.Engine.create();
  const { view } = engine;
  expect(engine.view).toBe(view);
  const address = engine.heap.allocate(64, "a");
  engine.f32(address, 2).set([1.5, -2]);
  engine.heap.allocate(10 * 65536, "much");
  expect(view.buffer.byteLength).toBe(0); // detached
  expect(engine.view.getFloat32(address, true)).toBe(1.5);
  expect([...engine.f32(address, 2)]).toEqual([1.5, -2]);
  expect([...engine.u8(address, 4)]).toEqual([0, 0, 192, 63]);
  expect(engine.u32(address, 1)[0]).toBe(0x3fc00000);
});
