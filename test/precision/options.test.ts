import { afterEach, describe, expect, it, vi } from "vitest";
import { dense, input, loadModel, model, sequential } from "../../src/index.js";
import { weightsHash } from "../platform/conformance.js";
import { hasRelaxedSimd } from "./relaxed.js";

const layers = () => [dense(40, { activation: "relu" }), dense(4)];
const [x, y] = [new Float32Array(64 * 20).fill(0.3), new Float32Array(64 * 4).fill(1)];
const there = hasRelaxedSimd ? "fast" : "deterministic";

afterEach(() => void vi.restoreAllMocks());

/** An engine that has SIMD and no relaxed SIMD. */
function withoutRelaxedSimd(): void {
  const { validate } = WebAssembly;
  const isRelaxed = (bytes: Uint8Array) => bytes.some((byte, i) => byte === 0x85 && bytes[i + 1] === 2);
  vi.spyOn(WebAssembly, "validate").mockImplementation(
    (bytes) => !isRelaxed(bytes as Uint8Array) && validate(bytes as BufferSource),
  );
}

async function trained(precision: "fast" | "deterministic") {
  const net = await sequential({ inputShape: 20, layers: layers(), seed: 1, precision });
  net.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await net.fit(x, y, { batchSize: 16, epochs: 3 });
  return net;
}

describe("precision", () => {
  it.each(["exact", "Fast", "", 1, null, true, ["fast"]])("refuses %j", async (precision) => {
    const refused = {
      name: "ConfigError",
      code: "config/bad-precision",
      message: expect.stringMatching(/"deterministic" or "fast"; got .*/) as string,
    };
    const wrong = precision as "fast";
    await expect(sequential({ inputShape: 3, layers: layers(), precision: wrong })).rejects.toMatchObject(refused);
    const a = input(3);
    await expect(model({ inputs: a, outputs: dense(2).apply(a), precision: wrong })).rejects.toMatchObject(refused);
    const bytes = (await sequential({ inputShape: 3, layers: layers() })).toBytes();
    await expect(loadModel(bytes, { precision: wrong })).rejects.toMatchObject(refused);
  });

  it("is deterministic by default, and what runs where fast was asked for", async () => {
    expect((await sequential({ inputShape: 3, layers: layers() })).precision).toBe("deterministic");
    const a = input(3);
    const graph = await model({ inputs: a, outputs: dense(2).apply(a), precision: "fast" });
    expect(graph.precision).toBe(there);
    expect((await sequential({ inputShape: 3, layers: layers(), precision: "fast" })).precision).toBe(there);
  });

  it("is not in a file, and goes with copies", async () => {
    const make = (precision: "fast" | "deterministic") =>
      sequential({ inputShape: 3, layers: layers(), seed: 1, precision });
    const [fast, plain] = [await make("fast"), await make("deterministic")];
    expect(fast.toBytes()).toEqual(plain.toBytes()); // initial weights are no products
    expect((await loadModel(fast.toBytes())).precision).toBe("deterministic");
    expect((await loadModel(plain.toBytes(), { precision: "fast" })).precision).toBe(there);
    expect((await fast.featureExtractor(fast.layers[0]!.name)).precision).toBe(there);
  });

  it("is deterministic where the engine has no relaxed SIMD, with the bits of that", async () => {
    const plain = await trained("deterministic");
    withoutRelaxedSimd();
    const net = await trained("fast");
    expect(net.precision).toBe("deterministic");
    expect(await weightsHash(net)).toBe(await weightsHash(plain));
  });

  it.skipIf(!hasRelaxedSimd)("says how to bring a file along that is not there (needs relaxed SIMD)", async () => {
    vi.resetModules(); // the library as it is before anything was loaded, from sources that no build lies beside
    const { sequential: make, dense: layer, init } = await import("../../src/index.js");
    const options = { inputShape: 3, layers: [layer(2)], precision: "fast" } as const;
    await expect(make(options)).rejects.toMatchObject({
      code: "engine/not-found",
      message: expect.stringContaining("init(undefined, { fast })") as string,
    });
    await expect(make({ ...options, threads: 2 })).rejects.toMatchObject({
      message: expect.stringContaining("init(undefined, { fastThreads })") as string,
    });
    const { readFileSync } = await import("node:fs");
    const at = (name: string) => readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url));
    await init(at("lanewise"), { fast: at("lanewise-fast") });
    expect((await make(options)).precision).toBe("fast");

    vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("disallowed by embedder"));
    vi.resetModules();
    const workers = await import("../../src/index.js");
    const failure = workers.init(at("lanewise-fast"), {}).catch((error: unknown) => error);
    expect(await failure).toMatchObject({ code: "engine/compile-forbidden" });
  });
});
