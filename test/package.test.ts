// What `npm install lanewise` brings.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as library from "../src/index.js";
import { packageExports } from "../scripts/package/exports.mjs";

const ROOT = new URL("../", import.meta.url);

const {
  exports,
  files: listed,
  sideEffects,
} = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
  exports: Record<string, Target>;
  files: string[];
  sideEffects: string[];
};

/** A file, or by condition where it is. */
type Target = string | { [condition: string]: Target };

function filesOf(target: Target): string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf);
}

it("says of each subpath what the table of subpaths says", () => {
  expect(exports).toEqual(packageExports());
});

it("names conditions in the order that they are to count, types first", () => {
  const order = ["workerd", "edge-light", "browser", "deno", "bun", "node", "default"];
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    const conditions = Object.keys(target);
    expect(conditions, subpath).toEqual(order.filter((condition) => conditions.includes(condition)));
    const leaves = Object.values(target).flatMap((leaf) =>
      typeof leaf === "string" || leaf.default ? [leaf] : Object.values(leaf),
    );
    for (const leaf of leaves) expect(Object.keys(leaf as object)).toEqual(["types", "default"]);
  }
});

it("the package holds every file that it exports, and what those are made of alone", () => {
  const options = { cwd: ROOT, encoding: "utf8", shell: process.platform === "win32" } as const;
  const listing = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], options);
  const [{ files }] = JSON.parse(listing) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const targets = Object.values(exports).flatMap(filesOf);
  expect(paths).toEqual(expect.arrayContaining(targets.map((target) => target.replace(/^\.\//, ""))));
  const folders =
    /^build\/(src|node|esm|workerd|edgeLight|assembly\/shared)\/|^build\/lanewise(-\w+)*\.wasm(\.js)?$|^[\w.]+$/;
  expect(paths.filter((path) => !folders.test(path))).toEqual([]);
  expect(listed).not.toContain("build");
  expect(sideEffects).toContain("./build/src/entry/*.js"); // which set where the WebAssembly file comes from
});

it("require and import give the same classes, and inline needs no file", () => {
  // In a process of its own, which knows the package by its name; the tests' own import goes to the source.
  const script = `
    import assert from "node:assert";
    import * as imported from "lanewise";
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    for (const subpath of ${JSON.stringify(Object.keys(exports).filter((path) => typeof exports[path] !== "string"))}) {
      const name = "lanewise" + subpath.slice(1);
      const [byImport, byRequire] = [await import(name), require(name)];
      for (const key of Object.keys(byRequire)) assert.equal(byImport[key], byRequire[key], key);
      assert.deepEqual(Object.keys(byImport).sort(), Object.keys(byRequire).sort());
    }
    const model = await imported.sequential({ inputShape: 2, layers: [require("lanewise").dense(1)], seed: 1 });
    assert(model instanceof require("lanewise/inline").Model);
    process.stdout.write(Object.keys(imported).sort().join());
  `;
  const names = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: ROOT, encoding: "utf8" });
  expect(names.split(",")).toEqual(Object.keys(library).sort());
});

it("as Node loads it, it trains in a worker and over threads, and predictors have the model's bits and errors", () => {
  const script = `
    import assert from "node:assert";
    import { dense, LanewiseError, sequential } from "lanewise";
    import { LanewiseError as Same, loadPredictor } from "lanewise/predict";
    const x = Float32Array.from({ length: 64 * 8 }, (_, i) => ((i * 7919) % 256) / 255);
    const y = Float32Array.from({ length: 64 }, (_, i) => i % 3);
    const trained = async (threads, worker) => {
      const model = await sequential({ inputShape: 8, layers: [dense(4), dense(3, { activation: "softmax" })], seed: 1, threads });
      model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      await model.fit(x, y, { epochs: 2, worker });
      return model;
    };
    const models = [await trained(1, false), await trained(1, true), await trained(2, false)];
    assert.equal(models[2].threads, 2);
    const [alone, ...others] = models.map((model) => model.predict(x).data);
    assert(alone.every(Number.isFinite));
    for (const other of others) assert.deepEqual(other, alone);
    const predictor = await loadPredictor(models[0].toBytes());
    assert.deepEqual(predictor.predict(x).data, alone);
    assert.equal(Same, LanewiseError);
  `;
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: ROOT, stdio: "pipe" });
});

it("bundlers find no module of Node's: what is imported by a name that is put together is left alone", () => {
  const sources = readdirSync(new URL("src/", ROOT), { recursive: true, encoding: "utf8" })
    .map((path) => path.replace(/\\/g, "/"))
    .filter((path) => path.endsWith(".ts") && !path.startsWith("cli/"));
  const literal = sources.flatMap((path) => [
    ...readFileSync(new URL(`src/${path}`, ROOT), "utf8").matchAll(/(?<!typeof )(?:import\(.*|from )"node:[\w/]+"/g),
  ]);
  expect(literal.map(([text]) => text)).toEqual([]);
});
