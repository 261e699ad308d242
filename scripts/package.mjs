// What the package holds beside the compiled modules: the WebAssembly files as text, the library in few files for Node, Deno and Bun,
// and entries for runtimes that compile no bytes. Runs at the end of the build.
//
// In Node there is one copy of the classes, whichever way it is loaded: import goes through build/node/*.js, which hands on what
// require gives. Bundlers and browsers take the modules one by one.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./package/bundle.mjs";
import { SUBPATHS } from "./package/exports.mjs";

const ROOT = new URL("../", import.meta.url);
const at = (path) => fileURLToPath(new URL(path, ROOT));
const read = (path) => readFileSync(at(path), "utf8");

function write(path, text) {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

dropFormulas("build/src");
for (const folder of ["node", "esm"]) rmSync(at(`build/${folder}`), { recursive: true, force: true });
for (const { wasm } of Object.values(SUBPATHS)) {
  if (wasm) write(`build/${wasm}.js`, `export const base64 = "${readFileSync(at(`build/${wasm}`), "base64")}";\n`);
}
const entries = Object.fromEntries(
  Object.entries(SUBPATHS).map(([subpath, { module }]) => [subpath.slice(2) || "index", module]),
);
await bundle("node", "cjs", entries);
await bundle("esm", "esm", { ...entries, "worker/train": "src/worker/train" });
for (const folder of ["node", "esm"])
  write(`build/${folder}/runtime/threadWorker.js`, read("build/src/runtime/threadWorker.js"));
write("build/node/worker/train.js", 'import "../../esm/worker/train.js";\n'); // which awaits at its top, as CommonJS cannot
const typed = new Set();
for (const [name, module] of Object.entries(entries)) {
  writeTypes(module);
  writeNodeEntry(name);
}
for (const [subpath, { module, wasm, computes }] of Object.entries(SUBPATHS)) {
  if (!computes || wasm) continue;
  for (const runtime of ["workerd", "edgeLight"]) writeWorkerEntry(runtime, subpath.slice(2), module);
}

/** What the tables of families say for the reference alone: formulas and papers, which no code reads. */
function dropFormulas(folder) {
  for (const path of readdirSync(at(folder), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".js") || /^cli\b/.test(path)) continue;
    const text = read(`${folder}/${path}`);
    const dropped = text.replace(/^( +)(formula|paper): .*(\n\1 {4}.*)*\n/gm, "");
    if (dropped !== text) write(`${folder}/${path}`, dropped);
  }
}

/** The types of a module for those that require it, and all that they name. */
function writeTypes(module) {
  if (typed.has(module)) return;
  typed.add(module);
  const text = read(`build/${module}.d.ts`).replace(/\b(from |import\()"(\.{1,2}\/[^"]+)\.js"/g, '$1"$2.cjs"');
  write(`build/${module}.d.cts`, text);
  for (const [, , imported] of text.matchAll(/\b(from |import\()"(\.{1,2}\/[^"]+)\.cjs"/g)) {
    writeTypes(pathOf(imported, module));
  }
}

/** Of a module that another one imports. */
function pathOf(imported, from) {
  const { href } = new URL(imported, new URL(`build/${from}`, ROOT));
  return href.slice(ROOT.href.length + "build/".length);
}

/** What `import` gets in Node: the one copy that `require` gets too. */
function writeNodeEntry(name) {
  const names = Object.keys(createRequire(import.meta.url)(at(`build/node/${name}.cjs`)));
  const text = `import lanewise from "./${name.split("/").at(-1)}.cjs";\n\nexport const { ${names.join(", ")} } = lanewise;\n`;
  write(`build/node/${name}.js`, text);
}

/** A part of the library that makes models, where those need the compiled module at hand. */
function writeWorkerEntry(runtime, name, module) {
  write(`build/${runtime}/${name}.js`, `import "../src/entry/${runtime}.js";\nexport * from "../${module}.js";\n`);
}
