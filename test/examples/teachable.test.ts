// The example of a classifier that one person teaches, as a user runs it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// @ts-expect-error plain JavaScript, for users to copy
import { Teachable } from "../../examples/teachable/teachable.js";

/** Two blobs of four features about ±1, and a third class further out. */
function sample(label: number, i: number): number[] {
  return [0, 1, 2, 3].map((axis) => (label === axis ? 2 : 0) + (((i + 1) * (axis + 3) * 7919) % 97) / 97);
}

const NAMES = ["red", "green", "blue"];

function taught(from: number, to: number, teachable = new Teachable()) {
  for (let i = from; i < to; i++) NAMES.forEach((name, label) => teachable.add(name, sample(label, i)));
  return teachable;
}

describe("Teachable", () => {
  it("learns from twenty samples a class, and says what to expect", async () => {
    const teachable = taught(0, 20);
    expect(await teachable.learn()).toMatchObject({ samples: 60, accuracy: expect.closeTo(1, 1) });
    NAMES.forEach((name, label) => {
      const [first, ...others] = teachable.classify(sample(label, 50));
      expect(first.label).toBe(name);
      const sum = [first, ...others].reduce((total, { probability }) => total + probability, 0);
      expect(sum).toBeCloseTo(1, 5);
    });
  });

  it("is saved and loaded to the bit, and is taught more as if it had never been away", async () => {
    const one = taught(0, 6);
    await one.learn();
    const other = await Teachable.fromJSON(JSON.stringify(one));
    expect(other.classify(sample(1, 40))).toEqual(one.classify(sample(1, 40)));
    for (const teachable of [one, other]) await taught(6, 20, teachable).learn();
    expect(other.classify(sample(2, 40))).toEqual(one.classify(sample(2, 40)));
    expect(other.size).toBe(60);
  });

  it("has two labels and one sample of each, or says what is missing", async () => {
    const teachable = new Teachable();
    await expect(teachable.learn()).rejects.toThrow(/Two labels/);
    expect(() => teachable.classify([1])).toThrow(/learn\(\) first/);
    await teachable.add("a", [0, 1]).add("b", [1, 0]).learn();
    expect(teachable.classify([0.1, 0.9])[0].label).toBe("a");
    expect(() => teachable.add("a", [1])).toThrow(/1 values, expected 2/);
    expect(() => teachable.add("a", [1, NaN])).toThrow(/NaN at 1/);
    expect(() => teachable.add("", [1, 2])).toThrow(/label/);
    await expect(Teachable.fromJSON('{"format":"other"}')).rejects.toThrow(/says other/);
  });
});

describe("on the command line", () => {
  const folder = mkdtempSync(join(tmpdir(), "lanewise-teachable-"));
  const path = (name: string) => join(folder, name);
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) =>
      NAMES.map((label, at) => `${JSON.stringify({ label, embedding: sample(at, from + i) })}\n`),
    )
      .flat()
      .join("");
  const run = (script: string, ...args: string[]) =>
    execFileSync(
      process.execPath,
      [fileURLToPath(new URL(`../../examples/teachable/${script}`, import.meta.url)), ...args],
      {
        encoding: "utf8",
        stdio: "pipe",
      },
    );

  beforeAll(() => {
    writeFileSync(path("few.jsonl"), lines(0, 10));
    writeFileSync(path("more.jsonl"), lines(10, 20));
    writeFileSync(path("unseen.jsonl"), lines(30, 31));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("learns, learns more, and classifies", () => {
    expect(run("cli.js", "learn", path("mine.json"), path("few.jsonl"))).toMatch(/^30 samples of red, green, blue/);
    expect(run("cli.js", "learn", path("mine.json"), path("more.jsonl"))).toMatch(/^60 samples/);
    expect(run("cli.js", "classify", path("mine.json"), path("unseen.jsonl"))).toMatch(
      /^red\t0\.\d+\ngreen\t.*\nblue\t/,
    );
    expect(readdirSync(folder)).not.toContain("mine.json.part");
    expect(run("cli.js")).toMatch(/Usage/);
    expect(() => run("cli.js", "classify", path("none.json"), path("few.jsonl"))).toThrow(/There is no/);
  });

  it("shows what it can do", () => {
    const shown = run("demo.js");
    const accuracies = [...shown.matchAll(/accuracy ([\d.]+)/g)].map(([, figure]) => Number(figure));
    expect(accuracies).toHaveLength(3);
    expect(accuracies[0]).toBeGreaterThan(0.95);
    expect(accuracies[2]).toBeGreaterThanOrEqual(accuracies[0]!);
    expect(shown).toMatch(/the same answers to the bit/);
  });
});
