// Predictors with their WebAssembly module in it: see inline.ts.

import { base64 } from "../../lanewise-predict.wasm.js";
import { bringAlong } from "../predict/wasm.js";
import { fromBase64 } from "../formats/base64.js";

bringAlong(() => fromBase64(base64));

export * from "../predict/index.js";
