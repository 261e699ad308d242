// Runs the conformance in the virtual machine of Vercel's edge runtime: bundled as there, with the WebAssembly file as a module
// that the runtime hands over, since neither bytes nor text may be compiled.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute, Missing, tail } from "./execute.mjs";

const ROOT = new URL("../../", import.meta.url);
const RUNTIME = new URL("test/runtimes/node_modules/@edge-runtime/vm/", ROOT);
const ESBUILD = new URL("test/bundle/node_modules/esbuild/lib/main.js", ROOT);
const MODULE = "wasm_lanewise"; // a global, as the bundler of Vercel names them

export async function runEdge(conformance, { seconds, threads }) {
  if (!existsSync(RUNTIME)) throw new Missing("no @edge-runtime/vm: npm install --prefix test/runtimes");
  if (!existsSync(ESBUILD)) throw new Missing("no esbuild: npm install --prefix test/bundle");
  const { build } = await import(ESBUILD.href);
  const bundle = new URL("edge.bundle.js", conformance);
  const entry = fileURLToPath(new URL("build/src/entry/edgeLight.js", ROOT));
  await build({
    stdin: {
      contents: `
        import ${JSON.stringify(entry)};
        import { conformance } from ${JSON.stringify(fileURLToPath(conformance))};
        globalThis.outcome = conformance({ threads: ${threads} });`,
      resolveDir: fileURLToPath(ROOT),
    },
    bundle: true,
    format: "iife",
    define: { "import.meta.url": '"file:///edge.js"' },
    conditions: ["edge-light"],
    plugins: [wasmAsGlobal],
    outfile: fileURLToPath(bundle),
    logLevel: "error",
  });
  const { version } = JSON.parse(readFileSync(new URL("package.json", RUNTIME), "utf8"));
  // In a process of its own, so that it ends when its time is over.
  const script = new URL("edge.mjs", conformance);
  writeFileSync(script, hostOf(bundle));
  const { code, stdout, stderr } = await execute(process.execPath, [fileURLToPath(script)], { seconds });
  if (code !== 0) throw new Error(`ended with ${code}\n${tail(stderr)}`);
  return { version, outcome: JSON.parse(stdout) };
}

function hostOf(bundle) {
  return `
    import { readFileSync } from "node:fs";
    import { createRequire } from "node:module";
    const { EdgeVM } = createRequire(import.meta.url)(${JSON.stringify(fileURLToPath(RUNTIME))});
    const module = new WebAssembly.Module(readFileSync(new URL(${JSON.stringify(new URL("build/lanewise.wasm", ROOT).href)})));
    const vm = new EdgeVM({
      codeGeneration: { strings: false, wasm: false },
      // The digits come packed, and this runtime unpacks nothing: engine/no-decompression. Node's stream stands in.
      extend: (context) => Object.assign(context, { ${MODULE}: module, DecompressionStream }),
    });
    vm.evaluate(readFileSync(new URL(${JSON.stringify(bundle.href)}), "utf8"));
    process.stdout.write(JSON.stringify(await vm.context.outcome));
  `;
}

const wasmAsGlobal = {
  name: "wasm as a global",
  setup(build) {
    build.onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: "wasm" }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, () => ({ contents: `export default ${MODULE};` }));
  },
};
