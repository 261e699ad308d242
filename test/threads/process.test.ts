// Threads and the process that they are in, on the library as it is built.

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Runs a module, with a network that several threads share. */
function run(body: string, ...flags: string[]) {
  const script = `
    import { dense, sequential } from ${JSON.stringify(new URL("../../build/src/index.js", import.meta.url).href)};
    const x = new Float32Array(64 * 300).fill(0.5), y = new Float32Array(64 * 20).fill(1);
    async function trained(epochs) {
      const layers = [dense(300, { activation: "relu" }), dense(20)];
      const model = await sequential({ inputShape: 300, layers, seed: 1, threads: 2 });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      await model.fit(x, y, { batchSize: 64, epochs });
      return model;
    }
    ${body}`;
  return spawnSync(process.execPath, [...flags, "--input-type=module", "-"], {
    input: script,
    encoding: "utf8",
    timeout: 100_000,
  });
}

describe("helpers", () => {
  it("keep no process alive", () => {
    const began = performance.now();
    const { status, signal, stdout, stderr } = run(`
      const model = await trained(500);
      console.log("done");
      globalThis.kept = model;
    `);
    expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: "done\n", stderr: "" });
    expect(performance.now() - began).toBeLessThan(60_000);
  });

  it("go with their models: two hundred, one after the other", () => {
    const { status, stdout, stderr } = run(
      `
      import { readdirSync } from "node:fs";
      const threads = () => (process.platform === "linux" ? readdirSync("/proc/self/task").length : 0);
      const before = threads();
      let [most, early] = [0, 0];
      for (let i = 0; i < 200; i++) {
        await trained(2);
        if (i === 40) early = process.memoryUsage().rss;
        most = Math.max(most, threads() - before);
      }
      const late = process.memoryUsage().rss;
      for (let i = 0; i < 50; i++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(JSON.stringify({ most, left: threads() - before, growth: (late - early) / 2 ** 20 }));
    `,
      "--expose-gc",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { most, left, growth } = JSON.parse(stdout) as { most: number; left: number; growth: number };
    expect(most).toBeLessThan(16 + 10); // 16 models keep theirs, some are about to end
    expect(left).toBeLessThan(4);
    expect(growth).toBeLessThan(100); // MiB; without the collector it would be 1.3 a model
  });
});
