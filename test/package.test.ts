// What `npm install lanewise` brings.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ROOT = new URL("../", import.meta.url);

it("the package holds every file that it exports, and what those are made of alone", () => {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  const options = { cwd: ROOT, encoding: "utf8", shell: process.platform === "win32" } as const;
  const listing = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], options);
  const [{ files }] = JSON.parse(listing) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(targets.map((target) => target.replace(/^\.\//, ""))));
  const others = paths.filter(
    (path) => !/^build\/(src|assembly\/shared)\/|^build\/lanewise(-threads)?\.wasm$|^[\w.]+$/.test(path),
  );
  expect(others).toEqual([]);
});

it("bundlers for pages leave out what only Node has, and say nothing of it", () => {
  const { browser } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
    browser: Record<string, false>;
  };
  const sources = readdirSync(new URL("src/", ROOT), { recursive: true, encoding: "utf8" })
    .map((path) => path.replace(/\\/g, "/"))
    .filter((path) => path.endsWith(".ts") && !path.startsWith("cli/"));
  const imports = sources.flatMap((path) => [
    ...readFileSync(new URL(`src/${path}`, ROOT), "utf8").matchAll(/(?:await import\(|from )(.*?)"(node:[\w/]+)"/g),
  ]);
  expect([...new Set(imports.map(([, , name]) => name!))].sort()).toEqual(Object.keys(browser).sort());
  // Loaded when asked for, and past webpack, which knows no "node:".
  for (const [text] of imports) expect(text).toMatch(/^await import\(\/\* webpackIgnore: true \*\/ "/);
});
