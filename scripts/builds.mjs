// The WebAssembly builds of the one source, and all that differs between them. "node scripts/builds.mjs" makes them.

import { spawn } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

const THREADS = ["--enable", "threads", "--importMemory", "--sharedMemory"];
const FUSED = ["--enable", "relaxed-simd"];

/** File in build/, subpath of the package, what it exports and how it is compiled beyond asconfig.json. */
export const BUILDS = [
  { file: "lanewise.wasm", subpath: "./wasm", entry: "assembly/index.ts", flags: [] },
  { file: "lanewise-threads.wasm", subpath: "./wasm-threads", entry: "assembly/threads.ts", flags: THREADS },
  { file: "lanewise-fast.wasm", subpath: "./wasm-fast", entry: "assembly/index.ts", flags: FUSED },
  {
    file: "lanewise-fast-threads.wasm",
    subpath: "./wasm-fast-threads",
    entry: "assembly/threads.ts",
    flags: [...THREADS, ...FUSED],
  },
  {
    file: "lanewise-predict.wasm",
    subpath: "./predict/wasm",
    entry: "assembly/predict.ts",
    flags: ["--use", "FORWARD_ONLY=1"],
  },
];

/**
 * What Node is called with to make a build, from the project's folder.
 *
 * @param target Of asconfig.json: "release", or "quick" for the same bits from a module made in a quarter of the time.
 */
export function compilation({ file, entry, flags }, target) {
  const asc = "node_modules/assemblyscript/bin/asc.js";
  return [asc, entry, "--config", "asconfig.json", "--target", target, "--outFile", `build/${file}`, ...flags];
}

/** All at the same time. */
function makeAll() {
  const cwd = fileURLToPath(new URL("../", import.meta.url));
  for (const build of BUILDS) {
    spawn(process.execPath, compilation(build, "release"), { cwd, stdio: "inherit" }).on("exit", (code) => {
      if (code !== 0) process.exitCode = 1;
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) makeAll();
