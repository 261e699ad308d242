// The subpaths of the package, and what its "exports" say of each. package.json holds the same, as test/package.test.ts sees to:
// after a change here run "node scripts/package/exports.mjs".

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { BUILDS } from "../builds.mjs";

/**
 * By subpath: its module, and where it runs networks, how runtimes that compile no bytes get the WebAssembly file (`wasm`: entries
 * of its own in src/entry; `computes`: those of the library).
 */
export const SUBPATHS = {
  ".": {
    module: "src/index",
    computes: true,
    wasm: "lanewise.wasm",
    workerd: "src/entry/workerd",
    edgeLight: "src/entry/edgeLight",
  },
  "./predict": {
    module: "src/predict/index",
    computes: true,
    wasm: "lanewise-predict.wasm",
    workerd: "src/entry/predictWorkerd",
    edgeLight: "src/entry/predictEdgeLight",
  },
  "./predict/inline": { module: "src/entry/predictInline" },
  "./inline": { module: "src/entry/inline" },
  "./data": { module: "src/data/index" },
  "./keras": { module: "src/keras/index", computes: true },
  "./onnx": { module: "src/onnx/index", computes: true },
  "./tfjs": { module: "src/tfjs/index", computes: true },
  "./torch": { module: "src/torch/index", computes: true },
};

/** What is no module: nothing to import types of. */
export const FILES = {
  "./worker": "./build/src/worker/train.js",
  ...Object.fromEntries(BUILDS.map(({ subpath, file }) => [subpath, `./build/${file}`])),
  "./package.json": "./package.json",
};

export function packageExports() {
  const modules = Object.entries(SUBPATHS).map(([subpath, row]) => [
    subpath,
    conditionsOf(subpath.slice(2) || "index", row),
  ]);
  return { ...Object.fromEntries(modules), ...FILES };
}

/** Types come first wherever they differ from what stands before them; the first condition that a runtime knows counts. */
function conditionsOf(name, { module, computes, workerd, edgeLight }) {
  const types = `./build/${module}.d.ts`;
  const esm = { types, default: `./build/${module}.js` };
  const bundled = { types, default: `./build/esm/${name}.js` };
  const bring = (runtime, own) => ({ types, default: own ? `./build/${own}.js` : `./build/${runtime}/${name}.js` });
  return {
    ...(computes && { workerd: bring("workerd", workerd), "edge-light": bring("edgeLight", edgeLight) }),
    browser: esm,
    deno: bundled,
    bun: bundled,
    node: {
      module: esm, // bundlers for Node
      import: { types, default: `./build/node/${name}.js` },
      require: { types: `./build/${module}.d.cts`, default: `./build/node/${name}.cjs` },
    },
    default: esm,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = new URL("../../package.json", import.meta.url);
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, `${JSON.stringify({ ...manifest, exports: packageExports() }, null, 2)}\n`);
}
