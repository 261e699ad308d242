// Vercel's edge runtime: as in Workers, with a suffix by which its bundler knows that a module is wanted.

import wasm from "../../lanewise.wasm?module";
import { bringAlong } from "../runtime/module.js";

bringAlong(() => wasm);

export * from "../index.js";
