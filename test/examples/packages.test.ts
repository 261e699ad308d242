// Examples that are packages of their own: their own tests, on the library as it is built.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const EXAMPLES = ["cloudflare-worker", "lambda", "node", "vite"];
const folderOf = (name: string) => new URL(`../../examples/${name}/`, import.meta.url);

/** What its package.json asks for and nobody has installed. */
function missing(name: string): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(new URL("package.json", folderOf(name)), "utf8"),
  ) as Record<string, Record<string, string>>;
  return Object.keys({ ...dependencies, ...devDependencies }).filter(
    (each) => !existsSync(new URL(`node_modules/${each}/package.json`, folderOf(name))),
  );
}

describe.each(EXAMPLES)("examples/%s", (name) => {
  const lacking = missing(name);
  const why = lacking.length > 0 ? ` (skipped: no ${lacking.join(", ")}; npm install --prefix examples/${name})` : "";
  it.skipIf(lacking.length > 0)(`passes its tests${why}`, () => {
    const command = process.platform === "win32" ? "npm.cmd" : "npm";
    const { status, stdout, stderr } = spawnSync(command, ["test"], {
      cwd: folderOf(name),
      encoding: "utf8",
      timeout: 110_000,
      shell: process.platform === "win32",
    });
    expect(status, stdout + stderr).toBe(0);
  });
});
