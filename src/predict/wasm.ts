import * as Code from "../../assembly/shared/ops.js";
import { LanewiseError } from "../errors.js";
import type { OpName } from "../program/ops.js";
import type { WasmSource } from "../runtime/compile.js";
import { type CommonExports, Instance, instantiate } from "../runtime/instance.js";
import { WasmFile } from "../runtime/wasmFile.js";

/** The ops that inference is made of, and the build for it has. */
export const FORWARD_OPS = {
  gather: Code.OP_GATHER,
  store: Code.OP_STORE,
  gemmNN: Code.OP_GEMM_NN,
  activation: Code.OP_ACTIVATION,
  softmax: Code.OP_SOFTMAX,
  logSoftmax: Code.OP_LOG_SOFTMAX,
  prelu: Code.OP_PRELU,
  affine: Code.OP_AFFINE,
  add: Code.OP_ADD,
  normalize: Code.OP_NORMALIZE,
  inverseDeviation: Code.OP_INVERSE_DEVIATION,
  layerNorm: Code.OP_LAYER_NORM,
  placeColumns: Code.OP_PLACE_COLUMNS,
} as const satisfies Partial<Record<OpName, number>>;

interface ForwardExports extends CommonExports {
  supports(op: number): number;
}

const FILE = /* @__PURE__ */ new WasmFile(
  { entry: "lanewise/predict", subpath: "wasm" },
  () => new URL("../../lanewise-predict.wasm", import.meta.url),
);

/**
 * Loads the WebAssembly module of predictors, `lanewise-predict.wasm`, from `source` rather than from beside this file.
 * Optional: the first predictor loads it by itself. Later calls have no effect.
 *
 * @throws UnsupportedError, LanewiseError as `init` of the library
 * @example
 * await init(); // or init("https://example.org/lanewise-predict.wasm")
 */
export async function init(source?: WasmSource): Promise<void> {
  await FILE.load(source);
}

/** For entries: where the module comes from unless `init` is told otherwise. */
export function bringAlong(source: () => WasmSource): void {
  FILE.bring(source);
}

/** An instance for one predictor: that it has every op is seen here, so that no program stops in the midst. */
export async function forwardInstance(): Promise<Instance> {
  const kernels = (await instantiate(await FILE.load())) as ForwardExports;
  const instance = new Instance(kernels);
  const lacking = Object.entries(FORWARD_OPS).find(([, code]) => !kernels.supports?.(code));
  if (!lacking) return instance;
  throw new LanewiseError(
    "engine/stale-build",
    `The WebAssembly module of predictors lacks the op ${lacking[0]}. Build again (npm run build), or use the lanewise-predict.wasm of this package.`,
  );
}
