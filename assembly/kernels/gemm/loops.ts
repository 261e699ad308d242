// The loops around the tiles: K, N and M in blocks, operands packed where that pays, the start of every output's chain.

import {
  GEMM_BLOCK_K,
  GEMM_BLOCK_M,
  GEMM_BLOCK_N,
  GEMM_PACK_ELEMS,
  GEMM_PACK_USES,
  GEMM_TILE_COLUMNS,
  GEMM_TILE_ROWS,
} from "../../shared/gemm";
import { activationForward } from "../activations";
import { ACTIVATION_LINEAR } from "../../shared/activations";
import { edgeInPanel, edgeInRows, narrowInPanel, narrowInRows, stripInPanels, stripInRows } from "./micro";
import { packAcross, packAlong } from "./pack";
import { rowTimesMatrix } from "./row";

/** What a chain without bias starts from: as many zeros as the widest tile reads. */
const ZEROS = memory.data<f32>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

// One strip of c (m, columns ≤ 8), a column of tiles. aTile: bytes from a tile of the left operand to the next.
// prettier-ignore
function rowStrip(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  if (columns == GEMM_TILE_COLUMNS && m >= GEMM_TILE_ROWS) {
    stripInRows(m & -GEMM_TILE_ROWS, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
    const whole = <usize>(m & -GEMM_TILE_ROWS);
    a += whole * aStep;
    start += whole * startStep;
    c += whole * cStep;
    m &= GEMM_TILE_ROWS - 1;
  }
  for (; m > 0; m -= GEMM_TILE_ROWS) {
    if (columns <= 4) narrowInRows(min(m, GEMM_TILE_ROWS), columns, k, a, aStep, b, bStep, start, startStep, c, cStep);
    else edgeInRows(min(m, GEMM_TILE_ROWS), columns, k, a, aStep, b, bStep, start, startStep, c, cStep);
    a += aTile;
    c += cStep * GEMM_TILE_ROWS;
    start += startStep * GEMM_TILE_ROWS;
  }
}

// prettier-ignore
function panelStrip(m: i32, columns: i32, k: i32, a: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, start: usize, startStep: usize, c: usize, cStep: usize): void {
  if (columns == GEMM_TILE_COLUMNS && m >= GEMM_TILE_ROWS) {
    stripInPanels(m & -GEMM_TILE_ROWS, k, a, aStep, aTile, b, bStep, start, startStep, c, cStep);
    const whole = <usize>(m & -GEMM_TILE_ROWS);
    a += (whole / GEMM_TILE_ROWS) * aTile;
    start += whole * startStep;
    c += whole * cStep;
    m &= GEMM_TILE_ROWS - 1;
  }
  for (; m > 0; m -= GEMM_TILE_ROWS) {
    if (columns <= 4) narrowInPanel(min(m, GEMM_TILE_ROWS), columns, k, a, aStep, b, bStep, start, startStep, c, cStep);
    else edgeInPanel(min(m, GEMM_TILE_ROWS), columns, k, a, aStep, b, bStep, start, startStep, c, cStep);
    a += aTile;
    c += cStep * GEMM_TILE_ROWS;
    start += startStep * GEMM_TILE_ROWS;
  }
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
  const packLeft = n >= GEMM_PACK_USES && m * k > GEMM_PACK_ELEMS;
  const packRight = bTransposed || (m >= GEMM_PACK_USES && k * n > GEMM_PACK_ELEMS);

  if (m == 1 && !packLeft && !packRight && !aTransposed) {
    const start = accumulate ? c : bias ? bias : ZEROS;
    rowTimesMatrix(n, k, a, b, start, start == ZEROS ? 0 : 4, c);
    if (activation != ACTIVATION_LINEAR) activationForward(activation, n, c, c, alpha);
    return;
  }

  const leftPanels = scratch;
  for (let j0 = 0; j0 < n; j0 += GEMM_BLOCK_N) {
    const columns = min(n - j0, GEMM_BLOCK_N);
    for (let k0 = 0; k0 < k; k0 += GEMM_BLOCK_K) {
      const depth = min(k - k0, GEMM_BLOCK_K);
      const panelDepth = <usize>((depth + 3) & ~3);
      const rightPanels = scratch + ((panelDepth * <usize>((min(m, GEMM_BLOCK_M) + 3) & ~3)) << 2);

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

      for (let i0 = 0; i0 < m; i0 += GEMM_BLOCK_M) {
        const rows = min(m - i0, GEMM_BLOCK_M);
        let left = aTransposed
          ? a + <usize>k0 * aPitch + ((<usize>i0) << 2)
          : a + <usize>i0 * aPitch + ((<usize>k0) << 2);
        let leftStep = aPitch;
        let leftTile = aTransposed ? (<usize>GEMM_TILE_ROWS) << 2 : aPitch << 2;
        if (packLeft) {
          if (aTransposed) packAlong(false, rows, depth, left, aPitch, leftPanels);
          else packAcross(false, rows, depth, left, aPitch, leftPanels);
          left = leftPanels;
          leftStep = GEMM_TILE_ROWS << 2;
          leftTile = panelDepth * (GEMM_TILE_ROWS << 2);
        }

        const block = c + <usize>i0 * cPitch + ((<usize>j0) << 2);
        let start = block;
        let startStep = cPitch;
        let startStrip: usize = GEMM_TILE_COLUMNS << 2;
        if (k0 == 0 && !accumulate) {
          startStep = 0;
          if (bias) {
            start = bias + ((<usize>j0) << 2);
          } else {
            start = ZEROS;
            startStrip = 0;
          }
        }

        const inRows = !aTransposed && !packLeft;
        for (let j = 0; j < columns; j += GEMM_TILE_COLUMNS) {
          const strip = <usize>(j / GEMM_TILE_COLUMNS);
          const width = min(columns - j, GEMM_TILE_COLUMNS);
          // prettier-ignore
          if (inRows) rowStrip(rows, width, depth, left, leftStep, leftTile, right + strip * rightStrip, rightStep, start + strip * startStrip, startStep, block + (<usize>j << 2), cPitch);
          else panelStrip(rows, width, depth, left, leftStep, leftTile, right + strip * rightStrip, rightStep, start + strip * startStrip, startStep, block + (<usize>j << 2), cPitch);
        }

        if (k0 + depth == k && activation != ACTIVATION_LINEAR)
          activate(rows, columns, block, cPitch, activation, alpha);
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
