// Cloudflare Workers: bytes may not be compiled there, and bundlers give a .wasm file as a compiled module.

import wasm from "../../lanewise.wasm";
import { bringAlong } from "../runtime/module.js";

bringAlong(() => wasm);

export * from "../index.js";
