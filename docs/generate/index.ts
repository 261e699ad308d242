// `npm run docs`: writes docs/reference from the library's own tables and docstrings, and draws its plots.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { init } from "../../src/index.js";
import { draw } from "./draw.js";
import { figureOf } from "./figures/index.js";
import { FAMILIES } from "./families.js";
import { referencePages } from "./pages.js";
import { readSource, ROOT } from "./source.js";

await init(readFileSync(join(ROOT, "build/lanewise.wasm")));

const files = referencePages(readSource());
for (const [family, rows] of Object.entries(FAMILIES)) {
  for (const name of Object.keys(rows)) {
    const figure = figureOf(family, name);
    if (figure) files.set(figure.path, draw(await figure.chart(), figure.alt));
  }
}

const folder = join(ROOT, "docs/reference");
mkdirSync(join(folder, "plots"), { recursive: true });
for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  if (/\.(md|svg)$/.test(path) && !files.has(path)) rmSync(join(folder, path));
}
for (const [path, text] of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
console.log(`docs/reference: ${files.size} files`);
