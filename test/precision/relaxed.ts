// Node 20 has relaxed SIMD behind a flag, which may still be set here: before any module that needs it is compiled.

import { setFlagsFromString } from "node:v8";
import { precisionHere } from "../../src/runtime/precision.js";

const isHere = () => precisionHere("fast") === "fast";

if (!isHere() && process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Whether the fast builds run in this engine. */
export const hasRelaxedSimd = isHere();
