// The library in few files, for run-times that load each one by itself: a chunk of what predicts, one of the rest that is at hand at
// once, and those that are loaded when they are asked for. Subpaths share the chunks, so of every class there is one.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = fileURLToPath(new URL("../../build/", import.meta.url));

/** Two folders below the WebAssembly files, as the sources are, so that addresses relative to a module hold. */
const CHUNKS = "runtime";

/**
 * @param folder In build.
 * @param format "cjs" or "esm".
 * @param entries By name of the file to make: the module, as in src, without its ending.
 */
export async function bundle(folder, format, entries) {
  const ending = format === "cjs" ? "cjs" : "js";
  const input = Object.fromEntries(Object.entries(entries).map(([name, module]) => [name, `${ROOT}${module}.js`]));
  const isEntry = new Set(Object.values(input));
  const [forward, library] = ["src/predict/index", "src/index"].map(importedBy);
  const bundled = await rolldown({ input, platform: "node", onLog: refuse });
  const { output } = await bundled.generate({
    format,
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `${CHUNKS}/[name].${ending}`,
    comments: false,
    codeSplitting: {
      groups: [
        { name: "forward", test: (id) => forward.has(id) && !isEntry.has(id), priority: 1 },
        { name: "library", test: (id) => library.has(id) && !isEntry.has(id) },
      ],
    },
  });
  for (const { fileName, code } of output) {
    if (/\bnew URL\("\.\.?\//.test(code) && dirname(fileName) !== CHUNKS) {
      throw new Error(`${folder}/${fileName} holds an address relative to itself, which is not where it was written`);
    }
    const path = `${ROOT}${folder}/${fileName}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, escaped(code));
  }
}

/** Of ASCII alone: an engine keeps any other source in two bytes a character, and reads it more slowly. */
function escaped(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A warning would be of a cycle, or of something that is not found. */
function refuse(level, { message }) {
  if (level === "warn") throw new Error(message);
}

/** The modules that one imports at once, and itself. */
function importedBy(module) {
  const found = new Set();
  const waiting = [`${ROOT}${module}.js`];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const imports = readFileSync(path, "utf8").matchAll(/^(?:import|export) (?:[^;"]* from )?"(\.[^"]+)"/gm);
    for (const [, imported] of imports) waiting.push(resolve(dirname(path), imported));
  }
  return found;
}
