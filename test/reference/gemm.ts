// The matrix products as they are meant: c (M, N) = start + a · b, three loops, f64.

/** NN: a (M, K) · b (K, N). NT: a (M, K) · b (N, K)ᵀ. TN: a (K, M)ᵀ · b (K, N). */
export type ProductKind = "NN" | "NT" | "TN";

export interface Product {
  readonly kind: ProductKind;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  /** (M, N): what each sum begins with. */
  readonly start: ArrayLike<number>;
}

/** Steps between neighbours: a's along M and K, b's along K and N. */
function strides({ kind, m, n, k }: Product) {
  const [aM, aK] = kind === "TN" ? [1, m] : [k, 1];
  const [bK, bN] = kind === "NT" ? [1, k] : [n, 1];
  return { aM, aK, bK, bN };
}

/** The product in f64, and Σ|aᵢₖ||bₖⱼ| + |start|, which rounding errors are measured by. */
export function gemm(product: Product): { value: Float64Array; magnitude: Float64Array } {
  const { m, n, k, a, b, start } = product;
  const { aM, aK, bK, bN } = strides(product);
  const value = Float64Array.from(start);
  const magnitude = Float64Array.from(start, Math.abs);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[i * aM + p * aK]!;
      for (let j = 0; j < n; j++) {
        const term = x * b[p * bK + j * bN]!;
        value[i * n + j]! += term;
        magnitude[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { value, magnitude };
}

/** The product as one chain of f32 multiply-then-add in order of k: the very bits that the kernels promise. */
export function gemmChain(product: Product): Float32Array {
  const { m, n, k, a, b, start } = product;
  const { aM, aK, bK, bN } = strides(product);
  const c = Float32Array.from(start);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[i * aM + p * aK]!;
      for (let j = 0; j < n; j++) {
        c[i * n + j] = Math.fround(c[i * n + j]! + Math.fround(x * b[p * bK + j * bN]!));
      }
    }
  }
  return c;
}
