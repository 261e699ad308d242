// What the package holds beside the compiled modules: the WebAssembly files as text, a CommonJS twin of each module for Node, and
// entries for runtimes that compile no bytes. Runs at the end of the build.
//
// In Node there is one copy of the classes, whichever way it is loaded: import goes through build/node, which hands on what
// require gives. Bundlers take the ES modules.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { SUBPATHS } from "./package/exports.mjs";

const ROOT = new URL("../", import.meta.url);
const at = (path) => fileURLToPath(new URL(path, ROOT));
const read = (path) => readFileSync(at(path), "utf8");

function write(path, text) {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

for (const { wasm } of Object.values(SUBPATHS)) {
  if (wasm) write(`build/${wasm}.js`, `export const base64 = "${readFileSync(at(`build/${wasm}`), "base64")}";\n`);
}
const done = new Set();
const typed = new Set();
for (const [subpath, { module, wasm, computes }] of Object.entries(SUBPATHS)) {
  writeCommonJs(module);
  writeNodeEntry(subpath.slice(2) || "index", module);
  if (computes && !wasm) {
    for (const runtime of ["workerd", "edgeLight"]) writeWorkerEntry(runtime, subpath.slice(2), module);
  }
}

/** The module as CommonJS beside itself, and all that it imports. */
function writeCommonJs(module) {
  if (done.has(module)) return;
  done.add(module);
  const generated = module.endsWith(".wasm");
  const { outputText } = ts.transpileModule(read(generated ? `build/${module}.js` : `${module}.ts`), {
    fileName: `${module}.cts`,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, removeComments: true },
  });
  const text = outputText
    .replace(/\b(require|import)\("(\.{1,2}\/[^"]+)\.js"\)/g, '$1("$2.cjs")')
    .replaceAll("import.meta.url", 'require("node:url").pathToFileURL(__filename).href');
  write(`build/${module}.cjs`, text);
  if (!generated) writeTypes(module);
  for (const [, , imported] of text.matchAll(/\b(require|import)\("(\.{1,2}\/[^"]+)\.cjs"\)/g)) {
    writeCommonJs(pathOf(imported, module));
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
function writeNodeEntry(name, module) {
  const names = Object.keys(createRequire(import.meta.url)(at(`build/${module}.cjs`))).filter(
    (key) => key !== "__esModule",
  );
  const up = "../".repeat(name.split("/").length);
  const text = `import lanewise from "${up}${module}.cjs";\n\nexport const { ${names.join(", ")} } = lanewise;\n`;
  write(`build/node/${name}.js`, text);
}

/** A part of the library that makes models, where those need the compiled module at hand. */
function writeWorkerEntry(runtime, name, module) {
  write(`build/${runtime}/${name}.js`, `import "../src/entry/${runtime}.js";\nexport * from "../${module}.js";\n`);
}
