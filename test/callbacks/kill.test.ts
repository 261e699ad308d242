// Training that survives being killed at any moment: SIGKILL leaves a process no time to tidy up.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { noise } from "../model/helpers.js";

const SCRIPT = fileURLToPath(new URL("killed.mjs", import.meta.url));
const KILLS = 20;

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lanewise-killed-"))));
afterAll(() => rm(folder, { recursive: true }));

function start(story: string): ChildProcess {
  return spawn(process.execPath, [SCRIPT, story], { stdio: ["ignore", "pipe", "pipe"] });
}

/** The exit code, or the signal that ended it. */
async function ended(child: ChildProcess): Promise<number | string> {
  let complaints = "";
  child.stderr!.on("data", (text: Buffer) => (complaints += text.toString()));
  const outcome = await new Promise<number | string>((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal!)),
  );
  expect(complaints).toBe("");
  return outcome;
}

const temporaries = async (story: string) => (await readdir(story)).filter((name) => name.endsWith(".tmp"));

/** Steps that the checkpoint has behind it; that it loads at all says that it is whole. */
async function stepsSaved(story: string): Promise<number> {
  const path = join(story, "model.safetensors");
  if (!existsSync(path)) return 0;
  const bytes = await readFile(path);
  await loadModel(bytes);
  return (JSON.parse(readSafetensors(bytes).metadata.training!) as { step: number }).step;
}

test("killed twenty times, some of them in the midst of a save: the bits of one that was not", async () => {
  const whole = join(folder, "whole");
  await mkdir(whole);
  const uninterrupted = ended(start(whole));
  const random = noise(1000, 3).map((value) => (value + 1) / 2);
  let [kills, stories] = [0, 0];
  const cutSaves = new Set<string>();
  let story = "";
  const finish = async () => {
    expect(await uninterrupted).toBe(0);
    expect(await temporaries(story)).toEqual([]); // what the kills left has been removed
    expect((await readdir(story)).sort()).toEqual((await readdir(whole)).sort());
    for (const file of ["done.safetensors", "model.safetensors", "run.csv"]) {
      const [ours, theirs] = await Promise.all([story, whole].map((at) => readFile(join(at, file))));
      expect(Buffer.compare(ours!, theirs!), file).toBe(0);
    }
  };

  // Where saves are fast, training is over before it was killed often enough: then another one begins.
  // And where they are so fast that none was cut short, it is killed more often.
  const more = () => kills < KILLS || (cutSaves.size === 0 && kills < 4 * KILLS);
  while (more() || story !== "") {
    if (story === "") {
      story = join(folder, `story${stories++}`);
      await mkdir(story);
    }
    const before = await stepsSaved(story);
    const child = start(story);
    const end = ended(child);
    if (more()) {
      // Mostly while it trains and saves, at times while it starts.
      if (kills % 5 !== 4) await Promise.race([new Promise((resolve) => child.stdout!.once("data", resolve)), end]);
      await new Promise((resolve) => setTimeout(resolve, random[kills]! * 120));
      child.kill("SIGKILL");
    }
    const outcome = await end;
    if (outcome === "SIGKILL") {
      kills++;
      const left = await temporaries(story);
      left.forEach((name) => cutSaves.add(name));
      expect(left.length).toBeLessThan(KILLS / 2); // they do not pile up
      expect(await stepsSaved(story)).toBeGreaterThanOrEqual(before);
      const rows = existsSync(join(story, "run.csv")) ? await readFile(join(story, "run.csv"), "utf8") : "";
      expect(rows === "" || rows.endsWith("\n")).toBe(true); // a file is there before its first line
    } else {
      expect(outcome).toBe(0);
      await finish();
      story = "";
    }
  }
  expect(cutSaves.size).toBeGreaterThan(0); // each is a save that was cut short
  if (process.env.LANEWISE_VERBOSE) console.log({ kills, cutSaves: cutSaves.size, stories });
});
