// Predictors in Cloudflare Workers: see workerd.ts.

import wasm from "../../lanewise-predict.wasm";
import { bringAlong } from "../predict/wasm.js";

bringAlong(() => wasm);

export * from "../predict/index.js";
