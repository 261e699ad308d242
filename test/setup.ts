// The library looks for its module beside its compiled files; tests run from source, so they say where it is.
import { readFileSync } from "node:fs";
import { init } from "../src/runtime/module.js";

await init(readFileSync(new URL("../build/lanewise.wasm", import.meta.url)));
