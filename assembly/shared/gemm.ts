// Blocking of the matrix products, read by both compilers.

export const GEMM_SCRATCH_BYTES = 65536; // packing space that every product record is given
