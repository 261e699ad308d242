// Runs the conformance in workerd, the engine of Cloudflare Workers: bundled as a Worker is, with the WebAssembly file as a module,
// since bytes may not be compiled there.

import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute, Missing, tail } from "./execute.mjs";
import { commandOf } from "./installed.mjs";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL("build/test/workerd/", ROOT);
const ESBUILD = new URL("test/bundle/node_modules/esbuild/lib/main.js", ROOT);

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [(name = "conformance", worker = .conformance)]);

const conformance :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "lanewise.wasm", wasm = embed "lanewise.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
`;

export async function runWorkerd(conformance, { seconds, threads }) {
  const command = commandOf("workerd");
  if (!existsSync(ESBUILD)) throw new Missing("no esbuild: npm install --prefix test/bundle");
  const { build } = await import(ESBUILD.href);
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(new URL("build/lanewise.wasm", ROOT), new URL("lanewise.wasm", FOLDER));
  writeFileSync(new URL("config.capnp", FOLDER), CONFIG);
  await build({
    stdin: { contents: workerOf(conformance, threads), resolveDir: fileURLToPath(ROOT) },
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    plugins: [wasmAsModule],
    outfile: fileURLToPath(new URL("worker.js", FOLDER)),
    logLevel: "error",
  });
  const config = fileURLToPath(new URL("config.capnp", FOLDER));
  const { code, stdout, stderr } = await execute(command, ["test", config], { seconds });
  const outcome = /^outcome: (.*)$/m.exec(stdout)?.[1];
  if (code !== 0 || outcome === undefined) throw new Error(`ended with ${code}\n${tail(stderr)}`);
  const { stdout: version } = await execute(command, ["--version"], { seconds });
  return { version: version.replace("workerd", "").trim(), outcome: JSON.parse(outcome) };
}

/** The entry that package.json names for workerd gives the library its module; the conformance comes from beside it. */
function workerOf(conformance, threads) {
  const entry = new URL("build/src/entry/workerd.js", ROOT);
  return `
    import ${JSON.stringify(fileURLToPath(entry))};
    import { conformance } from ${JSON.stringify(fileURLToPath(conformance))};
    export default {
      async test() {
        console.log("outcome: " + JSON.stringify(await conformance({ threads: ${threads} })));
      },
    };`;
}

/** As Workers' bundlers do it: a .wasm file is a module beside the script. */
const wasmAsModule = {
  name: "wasm as a module",
  setup(build) {
    build.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${path.split("/").at(-1)}`, external: true }));
  },
};
