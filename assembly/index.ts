// The exports. Programs run through `run`; the kernels are exported too, for their tests and benchmarks.

export * from "./handshake";
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
