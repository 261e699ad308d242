// Makes src/diagnostics/uplot.ts from the devDependency uplot: its minified script and style, for pages that load nothing.
//
//   npm run embed:uplot

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const script = createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js");
const read = (file) => readFileSync(join(dirname(script), file), "utf8").trim();
const [js, css] = [read("uPlot.iife.min.js"), read("uPlot.min.css")];
const { version } = JSON.parse(read("../package.json"));
if (/<\/(script|style)|<!--/i.test(js + css))
  throw new Error("uPlot holds what would end a script or a style of a page.");

writeFileSync(
  new URL("../src/diagnostics/uplot.ts", import.meta.url),
  `// Made by scripts/embed-uplot.mjs: uPlot ${version} as it is published, minified.
//
// https://github.com/leeoniya/uPlot, Copyright (c) 2022 Leon Sorokin, MIT licence: see NOTICE.

export const UPLOT_SCRIPT =
  ${JSON.stringify(js)};

export const UPLOT_STYLE =
  ${JSON.stringify(css)};
`,
);
