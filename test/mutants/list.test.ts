import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MUTANTS } from "./list.js";

const ROOT = new URL("../../", import.meta.url);

describe("the list of mutants", () => {
  test("names are unique, and fit a line of the runner", () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9-]{1,40}$/.test(name))).toEqual([]);
  });

  test("what is replaced stands exactly once, and something else takes its place", () => {
    const lost = MUTANTS.filter(({ file, find, replace }) => {
      const found = readFileSync(new URL(file, ROOT), "utf8").split(find).length - 1;
      return found !== 1 || find === replace;
    });
    expect(lost.map(({ name, file, find }) => `${name}: ${file}: ${find}`)).toEqual([]);
  });

  test("the tests that should kill them exist", () => {
    const files = new Set(MUTANTS.flatMap(({ tests }) => tests));
    expect([...files].filter((file) => !existsSync(new URL(file, ROOT)))).toEqual([]);
    expect(MUTANTS.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });
});
