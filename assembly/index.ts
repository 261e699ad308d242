// The exports. Programs run through `run`; the kernels are exported too, for their tests and benchmarks.

import { ABI_VERSION, HEADER_BYTES, RECORD_WORDS } from "./shared/layout";
import { OP_COUNT } from "./shared/ops";

export * from "./kernels/activations";
export * from "./kernels/batch";
export * from "./kernels/clipping";
export * from "./kernels/columns";
export * from "./kernels/combine";
export * from "./kernels/constraints";
export * from "./kernels/dropout";
export * from "./kernels/elementwise";
export * from "./kernels/gemm/index";
export * from "./kernels/guard";
export * from "./kernels/initializers";
export * from "./kernels/linear";
export * from "./kernels/losses/index";
export * from "./kernels/metrics";
export * from "./kernels/normalization";
export * from "./kernels/optimizers";
export * from "./kernels/prelu";
export * from "./kernels/schedules";
export * from "./kernels/regularizers";
export * from "./kernels/softmax";
export * from "./kernels/statistics";
export { run } from "./program/executor";
export * from "./simd/double";
export * from "./simd/math";
export * from "./simd/sums";
export * from "./rng";

/** The handshake: the loader compares these with its own and refuses a stale build. */
export function abiVersion(): i32 {
  return ABI_VERSION;
}
export function opCount(): i32 {
  return OP_COUNT;
}
export function recordWords(): i32 {
  return RECORD_WORDS;
}
export function headerBytes(): i32 {
  return HEADER_BYTES;
}

/** The first byte behind the module's static data: TypeScript's heap begins here. */
export function heapBase(): usize {
  return __heap_base;
}
