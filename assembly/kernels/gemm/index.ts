// The matrix products of dense layers: forward (NN), gradient of the input (NT), gradient of the weights (TN).
//
//   c (M, N) = act(start + a · b),  start = c where `accumulate`, else bias (N) where it is not 0, else zeros
//
// f32, row-major, dense. Each output is one chain of multiply-then-add in order of k that begins at its start, so that
// its bits depend on nothing but its inputs. M, N, K ≥ 1; scratch: see shared/gemm.ts, aligned to 64 bytes.

import { product } from "./loops";

// a (M, K) · b (K, N)
// prettier-ignore
export function gemmNN(m: i32, n: i32, k: i32, a: usize, b: usize, c: usize, bias: usize, accumulate: i32, activation: i32, alpha: f32, scratch: usize): void {
  product(false, false, m, n, k, a, b, c, bias, accumulate, activation, alpha, scratch);
}

// a (M, K) · b (N, K)ᵀ
// prettier-ignore
export function gemmNT(m: i32, n: i32, k: i32, a: usize, b: usize, c: usize, bias: usize, accumulate: i32, activation: i32, alpha: f32, scratch: usize): void {
  product(false, true, m, n, k, a, b, c, bias, accumulate, activation, alpha, scratch);
}

// a (K, M)ᵀ · b (K, N)
// prettier-ignore
export function gemmTN(m: i32, n: i32, k: i32, a: usize, b: usize, c: usize, bias: usize, accumulate: i32, activation: i32, alpha: f32, scratch: usize): void {
  product(true, false, m, n, k, a, b, c, bias, accumulate, activation, alpha, scratch);
}
