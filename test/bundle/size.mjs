// How large what one imports is: minified by esbuild and gzipped, with the WebAssembly file, of what loads at once; what is
// imported when it is asked for, such as the page of a diagnosis, stands in chunks of its own. Run "npm run build" first.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Budgets in bytes; those that are `binding` fail the run; a `wish` is where it should go. */
const CASES = [
  { what: "sequential, dense, adam", code: `export { sequential, dense, adam } from "lanewise"`, wasm: "lanewise", budget: 95_500, binding: true, wish: 60_000 },
  { what: "lanewise/predict", code: `export { loadPredictor } from "lanewise/predict"`, wasm: "lanewise-predict", budget: 29_000, binding: true },
  { what: "lanewise.wasm, raw", wasm: "lanewise", raw: true, budget: 64_000 },
]; // prettier-ignore

let failed = false;
console.log(
  `${"what".padEnd(26)}${"script".padStart(10)}${"wasm".padStart(10)}${"together".padStart(10)}${"budget".padStart(10)}`,
);
for (const { what, code, wasm, budget, binding = false, raw = false, wish = Infinity } of CASES) {
  const file = readFileSync(`${ROOT}build/${wasm}.wasm`);
  const wasmBytes = raw ? file.length : gzipSync(file, { level: 9 }).length;
  const script = code ? await scriptBytes(code) : 0;
  const together = script + wasmBytes;
  const over = together > budget;
  failed ||= over && binding;
  const cells = [script, wasmBytes, together, budget].map((bytes) => bytes.toLocaleString("en-US").padStart(10));
  const verdict = over
    ? `  over${binding ? "" : " (a wish)"}`
    : together > wish
      ? `  holds; the wish: ${wish.toLocaleString("en-US")}`
      : "";
  console.log(`${what.padEnd(26)}${cells.join("")}${verdict}`);
}
process.exitCode = failed ? 1 : 0;

/** Of the entry and the chunks that it imports at once, each gzipped as a server sends it. */
async function scriptBytes(code) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: ROOT, loader: "js" },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
    outdir: "out",
    logLevel: "error",
  });
  const bytes = new Map(outputFiles.map(({ path, contents }) => [path.split("/").at(-1), contents]));
  const nameOf = (path) => path.split("/").at(-1);
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [nameOf(path), output]));
  const waiting = [...outputs].filter(([, { entryPoint }]) => entryPoint === "<stdin>").map(([name]) => name);
  const loaded = new Set();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (loaded.has(name)) continue;
    loaded.add(name);
    for (const { path, kind } of outputs.get(name).imports) if (kind === "import-statement") waiting.push(nameOf(path));
  }
  return [...loaded].reduce((sum, name) => sum + gzipSync(bytes.get(name), { level: 9 }).length, 0);
}
