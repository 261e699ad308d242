// The library looks for its modules, and the script of its threads, beside its compiled files; tests run from source, so they
// say where those are.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { init } from "../src/runtime/module.js";

const read = (path: string) => readFileSync(new URL(path, import.meta.url));
const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
const { outputText } = ts.transpileModule(read("../src/runtime/threadWorker.ts").toString(), { compilerOptions });

await init(read("../build/lanewise.wasm"), {
  threads: read("../build/lanewise-threads.wasm"),
  fast: read("../build/lanewise-fast.wasm"),
  fastThreads: read("../build/lanewise-fast-threads.wasm"),
  threadWorker: `data:text/javascript,${encodeURIComponent(outputText)}`,
});
