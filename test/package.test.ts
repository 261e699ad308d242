// What `npm install lanewise` brings.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
