// Blocking of the matrix products, read by both compilers: plain constants only.
//
// A product c (M, N) = a · b walks K in even blocks of at most GEMM_BLOCK_K, N in even blocks of which GEMM_BLOCK_ELEMS fit, M in
// blocks of GEMM_BLOCK_M, and cuts those into tiles of GEMM_TILE_ROWS × GEMM_TILE_COLUMNS that live in registers. No size
// changes a bit of the result: each output is one chain of multiply-then-add in order of k.
//
// What a product needs of its scratch, whatever its kind (nothing less will do, nothing more is touched):
//
//   depth = roundUp(min(K, GEMM_BLOCK_K), 4)
//   4 bytes × (depth × roundUp(min(M, GEMM_BLOCK_M), GEMM_TILE_ROWS)
//              + min(depth × roundUp(N, GEMM_TILE_COLUMNS), GEMM_BLOCK_ELEMS))
//
// It grows with M, N and K, so that a record sized for a full batch also serves a partial one, and GEMM_SCRATCH_BYTES
// is the most it comes to. Records run one after the other and may share one scratch.

export const GEMM_TILE_ROWS = 4;
export const GEMM_TILE_COLUMNS = 8;

export const GEMM_BLOCK_M = 128;
export const GEMM_BLOCK_K = 384;
export const GEMM_BLOCK_ELEMS = 98304; // of the right operand: 384 KB

export const GEMM_SCRATCH_BYTES = 589824; // 4 × (GEMM_BLOCK_K × GEMM_BLOCK_M + GEMM_BLOCK_ELEMS)

// An operand is packed where it outgrows the first cache and each of its elements is used often enough to pay for it.
// (The transposed right operand of NT is always packed.)
export const GEMM_PACK_ELEMS = 4096;
export const GEMM_PACK_USES = 16;
