// Batch and layer normalization: y = γ ∘ (x − mean) / √(variance + ε) + β, and back.
//
// Statistics take two passes, mean first and then the variance of the differences: E[x²] − E[x]² returns no variance at
// all for N(100, 0.01²). The mean is the first value plus the mean distance from it, so that a constant has exactly its
// value for mean and zero for variance. Variances are those of the batch itself (divided by n, not n − 1).
//
// Columns are summed one chain each, in order of the rows. Both passes go over BLOCK_ROWS rows, which by then lie in the second
// cache, before the next. Blocks of columns end where they will: what is loaded behind the last column is computed along and
// never stored.

import { foldColumns, foldPairs, isFar, ColumnSum } from "../simd/columns";
import { firstLanes, flushGradient4, storeLanes, sumLanes } from "../simd/lanes";

/** Part of the result: the moments of blocks are merged. A number of rows, so that no column depends on the others. */
const BLOCK_ROWS = 512;

// ── Batch normalization: statistics of each column ─────────────────────────────────────────────────────────────────

/**
 * y (rows, width) = γ ∘ (x − mean) / √(variance + ε) + β with the statistics of each column of x (rows, width); gamma and
 * beta (width), each 0 for none. Saved for later, (4, width): mean, variance, 1 / √(variance + ε), γ / √(variance + ε). Behind
 * it are two rows more, (2, width), to work in.
 */
export function batchNorm(
  rows: i32,
  width: i32,
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  saved: usize,
  epsilon: f32,
): void {
  const pitch = (<usize>width) << 2;
  const factor = saved + 3 * pitch;
  columnMoments(rows, width, x, saved, saved + pitch, saved + 2 * pitch);
  columnFactors(width, saved + pitch, gamma, saved + 2 * pitch, factor, epsilon);
  normalize(rows, width, x, saved, factor, beta, y);
}

/** y (rows, width) = (x − mean) ∘ factor + β of x (rows, width), all others (width); beta may be 0 for none, and y may be x. */
export function normalize(rows: i32, width: i32, x: usize, mean: usize, factor: usize, beta: usize, y: usize): void {
  const pitch = (<usize>width) << 2;
  for (let left = rows; left > 0; left--, x += pitch, y += pitch) {
    if (beta) scaleRow<Shifted>(pitch, x, mean, factor, beta, y);
    else scaleRow<Unshifted>(pitch, x, mean, factor, 0, y);
  }
}

function scaleRow<F>(pitch: usize, x: usize, mean: usize, factor: usize, beta: usize, y: usize): void {
  const f = changetype<F>(0);
  const end = y + pitch;
  for (const last = end - 31; y < last; y += 32, x += 32, mean += 32, factor += 32, beta += 32) {
    const y0 = f32x4.mul(f32x4.sub(v128.load(x), v128.load(mean)), v128.load(factor));
    const y1 = f32x4.mul(f32x4.sub(v128.load(x, 16), v128.load(mean, 16)), v128.load(factor, 16));
    v128.store(y, f.at(y0, beta));
    v128.store(y, f.at(y1, beta + 16), 16);
  }
  for (; y < end; y += 16, x += 16, mean += 16, factor += 16, beta += 16) {
    const scaled = f32x4.mul(f32x4.sub(v128.load(x), v128.load(mean)), v128.load(factor));
    storeLanes(y, f.at(scaled, beta), <i32>((end - y) >> 2));
  }
}

class Shifted {
  // @ts-ignore: decorator
  @inline
  at(y: v128, beta: usize): v128 {
    return f32x4.add(y, v128.load(beta));
  }
}
class Unshifted {
  // @ts-ignore: decorator
  @inline
  at(y: v128, _: usize): v128 {
    return y;
  }
}

/** factor (width) = γ / √(variance + ε), from variance (width) and gamma (width; 0 for none). */
export function inverseDeviation(width: i32, variance: usize, gamma: usize, factor: usize, epsilon: f32): void {
  for (let rest = width; rest > 0; rest -= 4, variance += 16, factor += 16) {
    let root = inverseRoot(v128.load(variance), epsilon);
    if (gamma) {
      root = f32x4.mul(root, v128.load(gamma));
      gamma += 16;
    }
    storeLanes(factor, root, rest);
  }
}

/**
 * From dy (rows, width), x (rows, width) and what the forward pass saved (4, width), with x̂ = (x − mean) / √(variance + ε):
 * dbeta (width) = Σ dy, dgamma (width) = Σ dy ∘ x̂, dx (rows, width) = γ / √(variance + ε) ∘ (dy − dbeta / rows − x̂ ∘
 * dgamma / rows). Any of the three may be 0; dx may be dy. Behind saved are two rows more, (2, width), to work in.
 */
export function batchNormBackward(
  rows: i32,
  width: i32,
  x: usize,
  dy: usize,
  saved: usize,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
): void {
  const pitch = (<usize>width) << 2;
  const inverse = saved + 2 * pitch;
  const factor = saved + 3 * pitch;
  const sums = saved + 4 * pitch;
  const products = saved + 5 * pitch;
  const far = isFar(rows, width);
  memory.fill(sums, 0, 2 * pitch);
  foldColumns<ColumnSum>(rows, width, dy, 0, sums, far);
  foldPairs<TimesDistance>(rows, width, dy, x, saved, products, far);
  const share = f32x4.splat(1 / <f32>rows);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const rest = width - j;
    const sum = v128.load(sums + at);
    const inverses = v128.load(inverse + at);
    const product = f32x4.mul(v128.load(products + at), inverses);
    if (dbeta) storeLanes(dbeta + at, sum, rest);
    if (dgamma) storeLanes(dgamma + at, product, rest);
    storeLanes(sums + at, f32x4.mul(sum, share), rest);
    storeLanes(products + at, f32x4.mul(f32x4.mul(product, share), inverses), rest);
  }
  if (!dx) return;
  for (let left = rows; left > 0; left--, x += pitch, dy += pitch, dx += pitch) {
    slopeRow(pitch, x, dy, saved, factor, sums, products, dx);
  }
}

/** dx = factor · ((dy − shift) − (x − mean) · slope), a row of `pitch` bytes each. */
function slopeRow(
  pitch: usize,
  x: usize,
  dy: usize,
  mean: usize,
  factor: usize,
  shift: usize,
  slope: usize,
  dx: usize,
): void {
  let at: usize = 0;
  let rest = <i32>(pitch >> 2);
  do {
    const distance0 = f32x4.mul(f32x4.sub(v128.load(x + at), v128.load(mean + at)), v128.load(slope + at));
    const distance1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), v128.load(mean + at, 16)), v128.load(slope + at, 16));
    const excess0 = f32x4.sub(f32x4.sub(v128.load(dy + at), v128.load(shift + at)), distance0);
    const excess1 = f32x4.sub(f32x4.sub(v128.load(dy + at, 16), v128.load(shift + at, 16)), distance1);
    const dx0 = flushGradient4(f32x4.mul(v128.load(factor + at), excess0));
    const dx1 = flushGradient4(f32x4.mul(v128.load(factor + at, 16), excess1));
    storePair(dx + at, dx0, dx1, rest);
    at += 32;
    rest -= 8;
  } while (rest > 0);
}

/** Σ dy · (x − mean) */
class TimesDistance {
  // @ts-ignore: decorator
  @inline
  parameter(p: usize): v128 {
    return v128.load(p);
  }
  // @ts-ignore: decorator
  @inline
  at(sum: v128, dy: v128, x: v128, mean: v128): v128 {
    return f32x4.add(sum, f32x4.mul(dy, f32x4.sub(x, mean)));
  }
}
/**
 * mean (width) and variance (width) ← a share of the way to the batch's, which stand first in saved (4, width). What is
 * too small to matter becomes 0, lest it decays into denormals.
 */
export function movingStatistics(width: i32, saved: usize, mean: usize, variance: usize, share: f32): void {
  moveTowards(width, saved, mean, share);
  moveTowards(width, saved + ((<usize>width) << 2), variance, share);
}

function moveTowards(n: i32, values: usize, averages: usize, share: f32): void {
  const shares = f32x4.splat(share);
  for (let rest = n; rest > 0; rest -= 4, values += 16, averages += 16) {
    const average = v128.load(averages);
    const step = f32x4.mul(shares, f32x4.sub(v128.load(values), average));
    storeLanes(averages, flushGradient4(f32x4.add(average, step)), rest);
  }
}

/**
 * mean (width) and variance (width) of each column of x (rows, width); work (3, width) is overwritten. Until the end, means are
 * distances from the first row: near 100, an f32 has no room for how far the means of two blocks are apart.
 */
function columnMoments(rows: i32, width: i32, x: usize, mean: usize, variance: usize, work: usize): void {
  const pitch = (<usize>width) << 2;
  const blockMean = work;
  const blockSquares = work + pitch;
  const middle = work + 2 * pitch;
  const far = isFar(rows, width);
  blockMoments(min(rows, BLOCK_ROWS), width, x, x, mean, variance, middle, far);
  for (let i = BLOCK_ROWS; i < rows; i += BLOCK_ROWS) {
    const block = min(rows - i, BLOCK_ROWS);
    blockMoments(block, width, x + <usize>i * pitch, x, blockMean, blockSquares, middle, far);
    mergeMoments(i, block, width, mean, variance, blockMean, blockSquares);
  }
  const share = f32x4.splat(1 / <f32>rows);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    storeLanes(mean + at, f32x4.add(v128.load(x + at), v128.load(mean + at)), width - j);
    storeLanes(variance + at, f32x4.mul(v128.load(variance + at), share), width - j);
  }
}

/**
 * Of a few rows x (rows, width): mean (width), a distance from `first` (width), and squares (width), the sum of the squared
 * differences from first + mean, which is left in `middle` (width).
 */
function blockMoments(
  rows: i32,
  width: i32,
  x: usize,
  first: usize,
  mean: usize,
  squares: usize,
  middle: usize,
  far: bool,
): void {
  const pitch = (<usize>width) << 2;
  const share = f32x4.splat(1 / <f32>rows);
  memory.fill(mean, 0, pitch);
  memory.fill(squares, 0, pitch);
  foldColumns<Distance>(rows, width, x, first, mean, far);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const distance = f32x4.mul(v128.load(mean + at), share);
    storeLanes(mean + at, distance, width - j);
    storeLanes(middle + at, f32x4.add(v128.load(first + at), distance), width - j);
  }
  foldColumns<SquaredDistance>(rows, width, x, middle, squares, false);
}

/**
 * Moments of `rows` rows and of `more` behind them become those of all: with d the distance of the means, the mean moves by d ·
 * more / all, and the squares grow by d² · rows · more / all. Chan, Golub, LeVeque 1983.
 */
function mergeMoments(
  rows: i32,
  more: i32,
  width: i32,
  mean: usize,
  squares: usize,
  otherMean: usize,
  otherSquares: usize,
): void {
  const share = <f32>more / <f32>(rows + more);
  const shares = f32x4.splat(share);
  const growth = f32x4.splat(<f32>rows * share);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const own = v128.load(mean + at);
    const distance = f32x4.sub(v128.load(otherMean + at), own);
    const spread = f32x4.mul(f32x4.mul(distance, distance), growth);
    const sum = f32x4.add(v128.load(squares + at), v128.load(otherSquares + at));
    storeLanes(mean + at, f32x4.add(own, f32x4.mul(distance, shares)), width - j);
    storeLanes(squares + at, f32x4.add(sum, spread), width - j);
  }
}

class Distance {
  // @ts-ignore: decorator
  @inline
  parameter(p: usize): v128 {
    return v128.load(p);
  }
  // @ts-ignore: decorator
  @inline
  at(sum: v128, x: v128, first: v128): v128 {
    return f32x4.add(sum, f32x4.sub(x, first));
  }
}
class SquaredDistance {
  // @ts-ignore: decorator
  @inline
  parameter(p: usize): v128 {
    return v128.load(p);
  }
  // @ts-ignore: decorator
  @inline
  at(sum: v128, x: v128, mean: v128): v128 {
    const distance = f32x4.sub(x, mean);
    return f32x4.add(sum, f32x4.mul(distance, distance));
  }
}

/** inverse (width) = 1 / √(variance + ε) and factor (width) = γ ∘ inverse. */
function columnFactors(width: i32, variance: usize, gamma: usize, inverse: usize, factor: usize, epsilon: f32): void {
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const v = v128.load(variance + at);
    // An infinite variance would pass for an output of zero and end up in the moving one; NaN halts the step.
    const root = f32x4.add(inverseRoot(v, epsilon), f32x4.mul(v, f32x4.splat(0)));
    storeLanes(inverse + at, root, width - j);
    storeLanes(factor + at, gamma ? f32x4.mul(root, v128.load(gamma + at)) : root, width - j);
  }
}

// ── Layer normalization: statistics of each row ────────────────────────────────────────────────────────────────────

/**
 * y (rows, width) = γ ∘ (x − mean) / √(variance + ε) + β with the statistics of each row of x (rows, width); gamma and beta
 * (width), each 0 for none. Saved for the backward pass, (rows, 2): mean, 1 / √(variance + ε). y may be x.
 */
export function layerNorm(
  rows: i32,
  width: i32,
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  saved: usize,
  epsilon: f32,
): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, y += pitch, saved += 8) {
    const mean = rowMean(width, x);
    const inverse: f32 = <f32>1 / sqrt<f32>(rowVariance(width, x, mean) + epsilon);
    store<f32>(saved, mean);
    store<f32>(saved, inverse, 4);
    normalizeRow(width, x, mean, inverse, gamma, beta, y);
  }
}

/**
 * dx (rows, width) = (g − mean(g) − x̂ ∘ mean(g ∘ x̂)) / √(variance + ε) with g = dy ∘ γ and x̂ as normalized, from dy and x (rows,
 * width), gamma (width; 0 for none) and what the forward pass saved (rows, 2). dx may be dy.
 */
export function layerNormBackward(
  rows: i32,
  width: i32,
  x: usize,
  dy: usize,
  saved: usize,
  gamma: usize,
  dx: usize,
): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, dy += pitch, dx += pitch, saved += 8) {
    backwardRow(width, x, dy, load<f32>(saved), load<f32>(saved, 4), gamma, dx);
  }
}

/** dgamma (width) = Σ dy ∘ x̂ and dbeta (width) = Σ dy over the rows of x and dy (rows, width); either may be 0. */
export function layerNormBackwardScale(
  rows: i32,
  width: i32,
  x: usize,
  dy: usize,
  saved: usize,
  dgamma: usize,
  dbeta: usize,
): void {
  const pitch = (<usize>width) << 2;
  const far = isFar(rows, width);
  if (dbeta) {
    memory.fill(dbeta, 0, pitch);
    foldColumns<ColumnSum>(rows, width, dy, 0, dbeta, far);
  }
  if (dgamma) {
    memory.fill(dgamma, 0, pitch);
    addProducts(rows, width, x, dy, saved, dgamma, far);
  }
}

/** products (width) += dy ∘ x̂ of x and dy (rows, width) in order of the rows. */
function addProducts(rows: i32, width: i32, x: usize, dy: usize, saved: usize, products: usize, far: bool): void {
  const pitch = (<usize>width) << 2;
  let left = rows;
  if (!far) {
    for (; left >= 4; left -= 4, x += 4 * pitch, dy += 4 * pitch, saved += 32) {
      addFourProducts(width, x, dy, saved, products);
    }
  }
  for (; left > 0; left--, x += pitch, dy += pitch, saved += 8) addProduct(width, x, dy, saved, products);
}

function addProduct(width: i32, x: usize, dy: usize, saved: usize, products: usize): void {
  const mean = v128.load32_splat(saved);
  const inverse = v128.load32_splat(saved, 4);
  let at: usize = 0;
  let rest = width;
  do {
    const normal0 = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
    const normal1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), mean), inverse);
    const sum0 = f32x4.add(v128.load(products + at), f32x4.mul(v128.load(dy + at), normal0));
    const sum1 = f32x4.add(v128.load(products + at, 16), f32x4.mul(v128.load(dy + at, 16), normal1));
    storePair(products + at, sum0, sum1, rest);
    at += 32;
    rest -= 8;
  } while (rest > 0);
}

function addFourProducts(width: i32, x: usize, dy: usize, saved: usize, products: usize): void {
  const pitch = (<usize>width) << 2;
  for (let j = 0; j < width; j += 4) {
    let at = (<usize>j) << 2;
    const target = products + at;
    let product = v128.load(target);
    let moments = saved;
    let left = 4;
    do {
      const distance = f32x4.sub(v128.load(x + at), v128.load32_splat(moments));
      const normal = f32x4.mul(distance, v128.load32_splat(moments, 4));
      product = f32x4.add(product, f32x4.mul(v128.load(dy + at), normal));
      at += pitch;
      moments += 8;
    } while (--left > 0);
    storeLanes(target, product, width - j);
  }
}

// Element j of a row belongs to lane j mod 8 of two vectors; these come together in one order for each width.

function rowMean(width: i32, x: usize): f32 {
  const first = load<f32>(x);
  const firsts = f32x4.splat(first);
  let low = f32x4.splat(0);
  let high = low;
  let rest = width;
  if (rest >= 8) {
    do {
      low = f32x4.add(low, f32x4.sub(v128.load(x), firsts));
      high = f32x4.add(high, f32x4.sub(v128.load(x, 16), firsts));
      x += 32;
      rest -= 8;
    } while (rest >= 8);
  }
  if (rest > 0) low = f32x4.add(low, masked(f32x4.sub(v128.load(x), firsts), rest));
  if (rest > 4) high = f32x4.add(high, masked(f32x4.sub(v128.load(x, 16), firsts), rest - 4));
  return first + sumLanes(f32x4.add(low, high)) / <f32>width;
}

function rowVariance(width: i32, x: usize, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let low = f32x4.splat(0);
  let high = low;
  let rest = width;
  if (rest >= 8) {
    do {
      const x0 = f32x4.sub(v128.load(x), means);
      const x1 = f32x4.sub(v128.load(x, 16), means);
      low = f32x4.add(low, f32x4.mul(x0, x0));
      high = f32x4.add(high, f32x4.mul(x1, x1));
      x += 32;
      rest -= 8;
    } while (rest >= 8);
  }
  if (rest > 0) {
    const x0 = masked(f32x4.sub(v128.load(x), means), rest);
    low = f32x4.add(low, f32x4.mul(x0, x0));
  }
  if (rest > 4) {
    const x1 = masked(f32x4.sub(v128.load(x, 16), means), rest - 4);
    high = f32x4.add(high, f32x4.mul(x1, x1));
  }
  return sumLanes(f32x4.add(low, high)) / <f32>width;
}

function normalizeRow(width: i32, x: usize, mean: f32, inverse: f32, gamma: usize, beta: usize, y: usize): void {
  const means = f32x4.splat(mean);
  const inverses = f32x4.splat(inverse);
  let at: usize = 0;
  let rest = width;
  do {
    let y0 = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
    let y1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), means), inverses);
    if (gamma) {
      y0 = f32x4.mul(y0, v128.load(gamma + at));
      y1 = f32x4.mul(y1, v128.load(gamma + at, 16));
    }
    if (beta) {
      y0 = f32x4.add(y0, v128.load(beta + at));
      y1 = f32x4.add(y1, v128.load(beta + at, 16));
    }
    storePair(y + at, y0, y1, rest);
    at += 32;
    rest -= 8;
  } while (rest > 0);
}

function backwardRow(width: i32, x: usize, dy: usize, mean: f32, inverse: f32, gamma: usize, dx: usize): void {
  const means = f32x4.splat(mean);
  const inverses = f32x4.splat(inverse);
  let sum = f32x4.splat(0);
  let product = sum;
  let at: usize = 0;
  let rest = width;
  do {
    let g = v128.load(dy + at);
    if (gamma) g = f32x4.mul(g, v128.load(gamma + at));
    const normal = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
    sum = f32x4.add(sum, masked(g, rest));
    product = f32x4.add(product, masked(f32x4.mul(g, normal), rest));
    at += 16;
    rest -= 4;
  } while (rest > 0);
  const shift = f32x4.splat(sumLanes(sum) / <f32>width);
  const slope = f32x4.splat(sumLanes(product) / <f32>width);
  at = 0;
  rest = width;
  do {
    let g0 = v128.load(dy + at);
    let g1 = v128.load(dy + at, 16);
    if (gamma) {
      g0 = f32x4.mul(g0, v128.load(gamma + at));
      g1 = f32x4.mul(g1, v128.load(gamma + at, 16));
    }
    const normal0 = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
    const normal1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), means), inverses);
    const dx0 = f32x4.mul(f32x4.sub(f32x4.sub(g0, shift), f32x4.mul(normal0, slope)), inverses);
    const dx1 = f32x4.mul(f32x4.sub(f32x4.sub(g1, shift), f32x4.mul(normal1, slope)), inverses);
    storePair(dx + at, flushGradient4(dx0), flushGradient4(dx1), rest);
    at += 32;
    rest -= 8;
  } while (rest > 0);
}

// ── Small tools ────────────────────────────────────────────────────────────────────────────────────────────────────

/** 1 / √(variance + ε). */
// @ts-ignore: decorator
@inline
function inverseRoot(variance: v128, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

/** The first `count` lanes, zero in those behind. */
// @ts-ignore: decorator
@inline
function masked(v: v128, count: i32): v128 {
  return v128.and(v, firstLanes(min(count, 4)));
}

/** Stores the first `count` lanes of eight. */
// @ts-ignore: decorator
@inline
function storePair(address: usize, low: v128, high: v128, count: i32): void {
  if (count >= 8) {
    v128.store(address, low);
    v128.store(address, high, 16);
  } else {
    storeLanes(address, low, count);
    if (count > 4) storeLanes(address + 16, high, count - 4);
  }
}
