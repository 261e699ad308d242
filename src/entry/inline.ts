// The library with the WebAssembly module in it: for single files, and for bundlers that bring no files along.

import { base64 } from "../../lanewise.wasm.js";
import { bringAlong } from "../runtime/module.js";
import { fromBase64 } from "../formats/base64.js";

bringAlong(() => fromBase64(base64));

export * from "../index.js";
