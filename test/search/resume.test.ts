import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { choice, search, type SearchOptions, type SearchResult } from "../../src/index.js";
import { expectSameArrays, failureOf, noise, samples } from "../model/helpers.js";

const { x, y } = samples(120);
const OPTIONS: SearchOptions = { trials: 9, seed: 3, maxEpochs: 9, space: { units: choice([4, 8]) } };

function expectSame(a: SearchResult, b: SearchResult): void {
  expect([a.trials, a.bestParams, a.bestScore, a.importance]).toEqual([
    b.trials,
    b.bestParams,
    b.bestScore,
    b.importance,
  ]);
  expect(a.state).toEqual(b.state);
  expectSameArrays(a.bestModel.getWeights(), b.bestModel.getWeights());
}

/** The state after so many trials' rungs, and why the search ended. */
async function abortedAfter(count: number, options = OPTIONS): Promise<Uint8Array> {
  const controller = new AbortController();
  let [state, seen] = [new Uint8Array(), 0];
  const aborted = search(x, y, {
    ...options,
    signal: controller.signal,
    onTrial(event) {
      state = event.state() as Uint8Array<ArrayBuffer>;
      if (++seen === count) controller.abort(new Error("enough"));
    },
  });
  await expect(aborted).rejects.toThrow("enough");
  return state;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lanewise-search-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a search that goes on from its state ends as if it had not stopped", () => {
  test("aborted after any trial", async () => {
    const whole = await search(x, y, OPTIONS);
    for (let count = 1; count <= 12; count++) {
      expectSame(await search(x, y, { ...OPTIONS, state: await abortedAfter(count) }), whole);
    }
  });

  test("aborted in the midst of a trial", async () => {
    const whole = await search(x, y, OPTIONS);
    const [controller, checkpoint] = [new AbortController(), join(folder, "midst.search")];
    const long = search(x, y, {
      ...OPTIONS,
      checkpoint,
      signal: controller.signal,
      onTrial: ({ done }) => void (done === 4 && setImmediate(() => controller.abort(new Error("now")))),
    });
    await expect(long).rejects.toThrow("now");
    expectSame(await search(x, y, { ...OPTIONS, checkpoint }), whole);
  });

  test("stopped by maxMs, however often", async () => {
    const whole = await search(x, y, OPTIONS);
    const checkpoint = join(folder, "limits.search");
    let stops = 0;
    for (;;) {
      try {
        const part = await search(x, y, { ...OPTIONS, checkpoint, maxMs: 15 });
        if (part.stopReason === "completed") {
          expectSame(part, whole);
          break;
        }
        expect(part.bestScore).toBe(Math.max(...part.trials.map(({ score }) => score!)));
      } catch (error) {
        expect((error as { code?: string }).code).toBe("search/no-trial");
      }
      expect(++stops).toBeLessThan(500);
    }
    expect(stops).toBeGreaterThan(0);
  });

  test("one that was done gives its result again, and trains nothing", async () => {
    const whole = await search(x, y, OPTIONS);
    let trained = 0;
    const again = await search(x, y, { ...OPTIONS, state: whole.state, onTrial: () => void trained++ });
    expectSame(again, whole);
    expect(trained).toBe(0);
  });

  test("killed by SIGKILL at several moments", async () => {
    const whole = await run(join(folder, "whole.search"));
    expect(whole.lines.length).toBe(14);
    const checkpoint = join(folder, "killed.search");
    for (const count of [1, 3, 6, 2]) {
      const { lines, signal } = await run(checkpoint, count);
      expect(signal).toBe("SIGKILL");
      expect(lines.some((line) => line.startsWith("result"))).toBe(false);
    }
    const rest = await run(checkpoint);
    expect(rest.lines.length).toBeLessThanOrEqual(14 - 4);
    expect(rest.lines.at(-1)).toBe(whole.lines.at(-1));
    const left = readdirSync(folder).filter((name) => name.endsWith(".search"));
    expect(left).toContain("killed.search");
  });
});

/** Runs the child, and kills it without a warning once it has said that so many trials are done. */
async function run(checkpoint: string, killAfter = Infinity): Promise<{ lines: string[]; signal: string | null }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("child.mjs", import.meta.url)), checkpoint]);
  const lines: string[] = [];
  const errors: string[] = [];
  child.stderr.on("data", (data: Buffer) => errors.push(String(data)));
  createInterface(child.stdout).on("line", (line) => {
    if (lines.push(line) === killAfter) child.kill("SIGKILL");
  });
  const signal = await new Promise<string | null>((resolve) => child.on("close", (_, signal) => resolve(signal)));
  expect(errors.join("")).toBe("");
  return { lines, signal };
}

describe("a state of another search is refused, and what it holds too", () => {
  test.each<[string, SearchOptions]>([
    ["seed", { seed: 4 }],
    ["trials", { trials: 10 }],
    ["space", { space: { units: choice([4, 16]) } }],
    ["rungs", { maxEpochs: 27 }],
    ["monitor", { monitor: "val_loss" }],
    ["data", { validationSplit: 0.3 }],
    ["mode", { mode: "min" }],
  ])("another %s", async (part, options) => {
    const state = await abortedAfter(2);
    const { code, message } = await failureOf(() => search(x, y, { ...OPTIONS, ...options, state }));
    expect(code).toBe("search/other-search");
    expect(message).toContain(`its ${part} is`);
  });

  test("other data", async () => {
    const state = await abortedAfter(2);
    const { code } = await failureOf(() => search(noise(480, 9), y, { ...OPTIONS, state }));
    expect(code).toBe("search/other-search");
  });

  test("bytes that are no state; a checkpoint of another kind stays as it is", async () => {
    const { code } = await failureOf(() => search(x, y, { ...OPTIONS, state: new Uint8Array(100) }));
    expect(code).toMatch(/^safetensors\/|^model\/|^search\/bad-state/);
    const file = join(folder, "model.safetensors");
    const bytes = (await search(x, y, { ...OPTIONS, trials: 1 })).bestModel.toBytes();
    writeFileSync(file, bytes);
    expect((await failureOf(() => search(x, y, { ...OPTIONS, checkpoint: file }))).code).toBe("search/bad-state");
    expect(new Uint8Array(readFileSync(file))).toEqual(bytes);
  });
});
