// The loops around the tiles: K, N and M in blocks, operands packed where that pays, the start of every output's chain.

import {
  GEMM_BLOCK_ELEMS,
  GEMM_BLOCK_K,
  GEMM_BLOCK_M,
  GEMM_PACK_ELEMS,
  GEMM_PACK_USES,
  GEMM_TILE_COLUMNS,
  GEMM_TILE_ROWS,
} from "../../shared/gemm";
import { partEnd, partStart } from "../../part";
import { activationForward } from "../activations";
import { ACTIVATION_LINEAR } from "../../shared/activations";
import { lastInPanel, lastInRows, narrowInPanels, narrowInRows, wholeInPanels, wholeInRows } from "./micro";
import { packAcross, packAlong } from "./pack";
import { rowTimesMatrix } from "./row";

/** What a chain without bias starts from: as many zeros as the widest tile reads. */
const ZEROS = memory.data<f32>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

// c (m, n) of one block, strip by strip: the left operand stays in the cache while the right goes by.
function block(
  m: i32,
  n: i32,
  k: i32,
  inRows: bool, // a lies in rows, else in panels
  a: usize,
  aStep: usize,
  aTile: usize, // bytes from a tile of a to the next
  b: usize,
  bStep: usize,
  bStrip: usize, // bytes from a strip of b to the next
  start: usize,
  startStep: usize,
  startStrip: usize,
  c: usize,
  cStep: usize,
): void {
  const last = m & (GEMM_TILE_ROWS - 1);
  const whole = m - last;
  const aLast = a + <usize>(whole / GEMM_TILE_ROWS) * aTile;
  for (; n > 0; n -= GEMM_TILE_COLUMNS) {
    const columns = min(n, GEMM_TILE_COLUMNS);
    if (whole > 0) {
      if (columns > 4) {
        if (inRows) wholeInRows(whole, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
        else wholeInPanels(whole, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
      } else {
        if (inRows) narrowInRows(whole, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
        else narrowInPanels(whole, columns, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
      }
    }
    if (last > 0) {
      const lastStart = start + <usize>whole * startStep;
      const lastRows = c + <usize>whole * cStep;
      if (inRows) lastInRows(last, columns, k, aLast, aStep, b, bStep, lastStart, startStep, lastRows, cStep);
      else lastInPanel(last, columns, k, aLast, aStep, b, bStep, lastStart, startStep, lastRows, cStep);
    }
    b += bStrip;
    start += startStrip;
    c += GEMM_TILE_COLUMNS << 2;
  }
}

/** The size of the fewest blocks of at most `most` (a multiple of `unit`) that cover `size`, all about as large. */
function evenBlock(size: i32, most: i32, unit: i32): i32 {
  const blocks = (size + most - 1) / most;
  return ((size + blocks - 1) / blocks + unit - 1) & -unit;
}

export function product(
  aTransposed: bool, // a is (K, M), else (M, K)
  bTransposed: bool, // b is (N, K), else (K, N)
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize, // (M, N)
  bias: usize, // (N) or 0
  accumulate: i32,
  activation: i32,
  alpha: f32,
  scratch: usize,
): void {
  const aPitch = (<usize>(aTransposed ? m : k)) << 2;
  const bPitch = (<usize>(bTransposed ? k : n)) << 2;
  const cPitch = (<usize>n) << 2;

  // One of several threads makes a part of the longer side of c, so that what both pack is the smaller operand.
  if (ASC_FEATURE_THREADS) {
    const byColumns = n > m;
    const unit = byColumns ? GEMM_TILE_COLUMNS << 1 : GEMM_TILE_ROWS; // columns by whole cache lines
    const size = byColumns ? n : m;
    const first = <usize>partStart(size, unit);
    const count = partEnd(size, unit) - <i32>first;
    if (count == 0) return;
    if (byColumns) {
      n = count;
      b += first * (bTransposed ? bPitch : 4);
      c += first << 2;
      if (bias) bias += first << 2;
    } else {
      m = count;
      a += first * (aTransposed ? 4 : aPitch);
      c += first * cPitch;
    }
  }

  if (m == 1 && !aTransposed && !bTransposed) {
    const start = accumulate ? c : bias ? bias : ZEROS;
    rowTimesMatrix(n, k, a, b, bPitch, start, start == ZEROS ? 0 : 4, c);
    if (activation != ACTIVATION_LINEAR) activationForward(activation, n, c, c, alpha);
    return;
  }

  const packLeft = n >= GEMM_PACK_USES && m * k > GEMM_PACK_ELEMS;
  const packRight = bTransposed || (m >= GEMM_PACK_USES && k * n > GEMM_PACK_ELEMS);

  // Even blocks of K: 784 is 264 + 264 + 256 rather than 384 + 384 + 16, a block that would not pay for its pass over c.
  const evenDepth = evenBlock(k, GEMM_BLOCK_K, 4);

  const evenRows = evenBlock(m, GEMM_BLOCK_M, GEMM_TILE_ROWS);

  const leftPanels = scratch;
  for (let k0 = 0; k0 < k; k0 += evenDepth) {
    const depth = min(k - k0, evenDepth);
    const panelDepth = <usize>((depth + 3) & ~3);
    const rightPanels = scratch + ((panelDepth * <usize>((min(m, GEMM_BLOCK_M) + 3) & ~3)) << 2);
    const evenColumns = evenBlock(n, (GEMM_BLOCK_ELEMS / <i32>panelDepth) & -GEMM_TILE_COLUMNS, GEMM_TILE_COLUMNS);
    for (let j0 = 0; j0 < n; j0 += evenColumns) {
      const columns = min(n - j0, evenColumns);

      let right = bTransposed
        ? b + <usize>j0 * bPitch + ((<usize>k0) << 2)
        : b + <usize>k0 * bPitch + ((<usize>j0) << 2);
      let rightStep = bPitch;
      let rightStrip: usize = GEMM_TILE_COLUMNS << 2;
      if (packRight) {
        if (bTransposed) packAcross(true, columns, depth, right, bPitch, rightPanels);
        else packAlong(true, columns, depth, right, bPitch, rightPanels);
        right = rightPanels;
        rightStep = GEMM_TILE_COLUMNS << 2;
        rightStrip = panelDepth * (GEMM_TILE_COLUMNS << 2);
      }

      for (let i0 = 0; i0 < m; i0 += evenRows) {
        const rows = min(m - i0, evenRows);
        let left = aTransposed
          ? a + <usize>k0 * aPitch + ((<usize>i0) << 2)
          : a + <usize>i0 * aPitch + ((<usize>k0) << 2);
        let leftStep = aPitch;
        let leftTile = aTransposed ? (<usize>GEMM_TILE_ROWS) << 2 : aPitch << 2;
        if (packLeft && (j0 == 0 || m > GEMM_BLOCK_M)) {
          if (aTransposed) packAlong(false, rows, depth, left, aPitch, leftPanels);
          else packAcross(false, rows, depth, left, aPitch, leftPanels);
        }
        if (packLeft) {
          left = leftPanels;
          leftStep = GEMM_TILE_ROWS << 2;
          leftTile = panelDepth * (GEMM_TILE_ROWS << 2);
        }

        const sums = c + <usize>i0 * cPitch + ((<usize>j0) << 2);
        let start = sums;
        let startStep = cPitch;
        let startStrip: usize = GEMM_TILE_COLUMNS << 2;
        if (k0 == 0 && !accumulate) {
          start = bias ? bias + ((<usize>j0) << 2) : ZEROS;
          startStep = 0;
          if (!bias) startStrip = 0;
        }

        const inRows = !aTransposed && !packLeft;
        // prettier-ignore
        block(rows, columns, depth, inRows, left, leftStep, leftTile, right, rightStep, rightStrip, start, startStep, startStrip, sums, cPitch);

        if (k0 + depth == k && activation != ACTIVATION_LINEAR)
          activate(rows, columns, sums, cPitch, activation, alpha);
      }
    }
  }
}

// c (rows, columns): one call where whole rows lie end to end
function activate(rows: i32, columns: i32, c: usize, cPitch: usize, activation: i32, alpha: f32): void {
  if ((<usize>columns) << 2 == cPitch) {
    activationForward(activation, rows * columns, c, c, alpha);
  } else {
    for (let i = 0; i < rows; i++) {
      activationForward(activation, columns, c, c, alpha);
      c += cPitch;
    }
  }
}
