// What index.ts runs in a process of its own: one reader over its files, watched from before its sources are loaded.
// node --expose-gc child.js READER SEED FILES POSITION RESULT

import { openSync, readFileSync, writeFileSync } from "node:fs";
import { Coverage } from "./coverage.js";

const [name, seed, files, position, result] = process.argv.slice(2) as [string, string, string, string, string];
const coverage = new Coverage();
const { readerOf } = await import("./readers/index.js");
const { run } = await import("./run.js");
const { init } = await import("../../src/runtime/module.js");
await init(readFileSync("build/lanewise.wasm"));
const summary = await run(readerOf(name), {
  seed: Number(seed),
  files: Number(files),
  position: openSync(position, "w"),
  coverage: { of: coverage, compiled: (source) => new URL(`../../${source.replace(/ts$/, "js")}`, import.meta.url) },
});
writeFileSync(result, JSON.stringify(summary));
