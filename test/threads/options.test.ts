import { afterEach, describe, expect, it, vi } from "vitest";
import { dense, input, loadModel, model, sequential } from "../../src/index.js";
import { weightsHash } from "../platform/conformance.js";

const layers = () => [dense(300, { activation: "relu" }), dense(4)];
const [x, y] = [new Float32Array(64 * 200).fill(0.25), new Float32Array(64 * 4).fill(1)];

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("threads", () => {
  it.each([0, -1, 1.5, 33, NaN, Infinity, "2", "all", null, true, [2]])("refuses %j", async (threads) => {
    const refused = { code: "config/bad-threads", message: expect.stringContaining('"auto"') as string };
    const wrong = threads as number;
    await expect(sequential({ inputShape: 3, layers: layers(), threads: wrong })).rejects.toMatchObject(refused);
    const a = input(3);
    await expect(model({ inputs: a, outputs: dense(2).apply(a), threads: wrong })).rejects.toMatchObject(refused);
    const bytes = (await sequential({ inputShape: 3, layers: layers() })).toBytes();
    await expect(loadModel(bytes, { threads: wrong })).rejects.toMatchObject(refused);
  });

  it("is one by default, and as many as asked for", async () => {
    expect((await sequential({ inputShape: 3, layers: layers() })).threads).toBe(1);
    const several = await sequential({ inputShape: 3, layers: layers(), threads: 3 });
    expect(several.threads).toBe(3);
    expect((await loadModel(several.toBytes(), { threads: 2 })).threads).toBe(2);
    expect((await loadModel(several.toBytes())).threads).toBe(1);
  });

  it("is as many as there are cores, up to eight, for auto", async () => {
    const { availableParallelism } = await import("node:os");
    const automatic = await sequential({ inputShape: 3, layers: layers(), threads: "auto" });
    expect(automatic.threads).toBe(Math.min(8, availableParallelism()));
  });

  it("is one on a page that is not cross-origin isolated, which says so once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.stubGlobal("crossOriginIsolated", false);
    const hashes: string[] = [];
    for (const threads of [2, 4, 1] as const) {
      const net = await sequential({ inputShape: 200, layers: layers(), seed: 1, threads });
      expect(net.threads).toBe(1);
      net.compile({ optimizer: "adam", loss: "meanSquaredError" });
      await net.fit(x, y, { batchSize: 64 });
      hashes.push(await weightsHash(net));
    }
    expect(new Set(hashes).size).toBe(1);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/^lanewise: .*Cross-Origin-Opener-Policy: same-origin/);
  });
});
