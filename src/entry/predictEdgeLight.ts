// Predictors in Vercel's edge runtime: see edgeLight.ts.

import wasm from "../../lanewise-predict.wasm?module";
import { bringAlong } from "../predict/wasm.js";

bringAlong(() => wasm);

export * from "../predict/index.js";
