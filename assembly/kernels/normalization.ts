// Batch and layer normalization: y = γ ∘ (x − mean) / √(variance + ε) + β, and back.
//
// Statistics take two passes, mean first and then the variance of the differences: E[x²] − E[x]² returns no variance at
// all for N(100, 0.01²). The mean is the first value plus the mean distance from it, so that a constant has exactly its
// value for mean and zero for variance. Variances are those of the batch itself (divided by n, not n − 1).
//
// Columns are summed one chain each, in order of the rows. Blocks of columns end where they will: what is loaded behind
// the last column is computed along and never stored.

import { foldColumns, foldPairs, LARGE_BYTES } from "../simd/columns";
import { firstLanes, flushGradient4, storeLanes, sumLanes } from "../simd/lanes";

// ── Batch normalization: statistics of each column ─────────────────────────────────────────────────────────────────

/**
 * y (rows, width) = γ ∘ (x − mean) / √(variance + ε) + β with the statistics of each column of x (rows, width); gamma and
 * beta (width), each 0 for none. Saved for later, (4, width): mean, variance, 1 / √(variance + ε), γ / √(variance + ε).
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
  columnMoments(rows, width, x, saved, saved + pitch);
  columnFactors(width, saved + pitch, gamma, saved + 2 * pitch, saved + 3 * pitch, epsilon);
  const factor = saved + 3 * pitch;
  let left = rows;
  if (<usize>rows * pitch <= LARGE_BYTES) {
    for (; left >= 4; left -= 4, x += 4 * pitch, y += 4 * pitch) scaleRows(4, width, x, saved, factor, beta, y);
  }
  for (; left > 0; left--, x += pitch, y += pitch) scaleRow(width, x, saved, factor, beta, y);
}

/** y = (x − mean) · factor + β, all (width). */
function scaleRow(width: i32, x: usize, mean: usize, factor: usize, beta: usize, y: usize): void {
  const zero = f32x4.splat(0);
  let rest = width;
  let at: usize = 0;
  do {
    const distance0 = f32x4.sub(v128.load(x + at), v128.load(mean + at));
    const distance1 = f32x4.sub(v128.load(x + at, 16), v128.load(mean + at, 16));
    const beta0 = beta ? v128.load(beta + at) : zero;
    const beta1 = beta ? v128.load(beta + at, 16) : zero;
    const y0 = f32x4.add(f32x4.mul(distance0, v128.load(factor + at)), beta0);
    const y1 = f32x4.add(f32x4.mul(distance1, v128.load(factor + at, 16)), beta1);
    storePair(y + at, y0, y1, rest);
    at += 32;
    rest -= 8;
  } while (rest > 0);
}

/** y = (x − mean) · factor + β in a few rows. */
function scaleRows(rows: i32, width: i32, x: usize, mean: usize, factor: usize, beta: usize, y: usize): void {
  const pitch = (<usize>width) << 2;
  const zero = f32x4.splat(0);
  for (let rest = width; rest > 0; rest -= 4, x += 16, y += 16, mean += 16, factor += 16) {
    const betas = beta ? v128.load(beta) : zero;
    scaleColumns(rows, rest, pitch, x, v128.load(mean), v128.load(factor), betas, y);
    if (beta) beta += 16;
  }
}

/** Four columns, or the `rest` that are there. */
// @ts-ignore: decorator
@inline
function scaleColumns(
  rows: i32,
  rest: i32,
  pitch: usize,
  x: usize,
  mean: v128,
  factor: v128,
  beta: v128,
  y: usize,
): void {
  let at: usize = 0;
  let left = rows;
  if (rest >= 4) {
    do {
      v128.store(y + at, f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor), beta));
      at += pitch;
    } while (--left > 0);
  } else {
    do {
      storeLanes(y + at, f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor), beta), rest);
      at += pitch;
    } while (--left > 0);
  }
}

/** The same with statistics that are given: mean (width; 0: none is subtracted) and variance (width). y may be x. */
export function normalize(
  rows: i32,
  width: i32,
  x: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  epsilon: f32,
): void {
  const pitch = (<usize>width) << 2;
  const step: usize = 4 * pitch;
  for (let left = rows; left > 0; left -= 4, x += step, y += step) {
    normalizeRows(min(left, 4), width, x, mean, variance, gamma, beta, y, epsilon);
  }
}

/** Up to four rows, so that they share the roots and are read along all the same. */
function normalizeRows(
  rows: i32,
  width: i32,
  x: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  epsilon: f32,
): void {
  const pitch = (<usize>width) << 2;
  const zero = f32x4.splat(0);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const means = mean ? v128.load(mean + at) : zero;
    const betas = beta ? v128.load(beta + at) : zero;
    let factor = inverseRoot(v128.load(variance + at), epsilon);
    if (gamma) factor = f32x4.mul(factor, v128.load(gamma + at));
    scaleColumns(rows, width - j, pitch, x + at, means, factor, betas, y + at);
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
  memory.fill(sums, 0, 2 * pitch);
  foldColumns<Plain>(rows, width, dy, dy, sums);
  foldPairs<TimesDistance>(rows, width, dy, x, saved, products);
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
  let left = rows;
  if (<usize>rows * pitch <= LARGE_BYTES) {
    for (; left >= 4; left -= 4, x += 4 * pitch, dy += 4 * pitch, dx += 4 * pitch) {
      slopeRows(4, width, x, dy, saved, factor, sums, products, dx);
    }
  }
  for (; left > 0; left--, x += pitch, dy += pitch, dx += pitch) {
    slopeRow(width, x, dy, saved, factor, sums, products, dx);
  }
}

/** dx = factor · ((dy − shift) − (x − mean) · slope), all (width). */
function slopeRow(
  width: i32,
  x: usize,
  dy: usize,
  mean: usize,
  factor: usize,
  shift: usize,
  slope: usize,
  dx: usize,
): void {
  let at: usize = 0;
  let rest = width;
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

/** dx = factor · ((dy − shift) − (x − mean) · slope) in a few rows. */
function slopeRows(
  rows: i32,
  width: i32,
  x: usize,
  dy: usize,
  mean: usize,
  factor: usize,
  shift: usize,
  slope: usize,
  dx: usize,
): void {
  const pitch = (<usize>width) << 2;
  let column: usize = 0;
  for (let rest = width; rest > 0; rest -= 4, column += 16) {
    const means = v128.load(mean + column);
    const factors = v128.load(factor + column);
    const shifts = v128.load(shift + column);
    const slopes = v128.load(slope + column);
    let at = column;
    let left = rows;
    do {
      const distance = f32x4.mul(f32x4.sub(v128.load(x + at), means), slopes);
      const excess = f32x4.sub(f32x4.sub(v128.load(dy + at), shifts), distance);
      const gradient = flushGradient4(f32x4.mul(factors, excess));
      if (rest >= 4) v128.store(dx + at, gradient);
      else storeLanes(dx + at, gradient, rest);
      at += pitch;
    } while (--left > 0);
  }
}

/** Σ a */
class Plain {
  // @ts-ignore: decorator
  @inline
  at(sum: v128, a: v128, _: v128): v128 {
    return f32x4.add(sum, a);
  }
}
/** Σ dy · (x − mean) */
class TimesDistance {
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

/** mean (width) and variance (width) of each column of x (rows, width). */
function columnMoments(rows: i32, width: i32, x: usize, mean: usize, variance: usize): void {
  const pitch = (<usize>width) << 2;
  const share = f32x4.splat(1 / <f32>rows);
  // Sums of distances from the first row, then of their squares from the mean.
  memory.fill(mean, 0, pitch);
  foldColumns<Distance>(rows, width, x, x, mean);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    const sum = v128.load(mean + at);
    storeLanes(mean + at, f32x4.add(v128.load(x + at), f32x4.mul(sum, share)), width - j);
  }
  memory.fill(variance, 0, pitch);
  foldColumns<SquaredDistance>(rows, width, x, mean, variance);
  for (let j = 0; j < width; j += 4) {
    const at = (<usize>j) << 2;
    storeLanes(variance + at, f32x4.mul(v128.load(variance + at), share), width - j);
  }
}

class Distance {
  // @ts-ignore: decorator
  @inline
  at(sum: v128, x: v128, first: v128): v128 {
    return f32x4.add(sum, f32x4.sub(x, first));
  }
}
class SquaredDistance {
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
  if (dbeta) {
    memory.fill(dbeta, 0, pitch);
    foldColumns<Plain>(rows, width, dy, dy, dbeta);
  }
  if (!dgamma) return;
  memory.fill(dgamma, 0, pitch);
  for (let left = rows; left > 0; left -= 4, x += 4 * pitch, dy += 4 * pitch, saved += 32) {
    addProducts(min(left, 4), width, x, dy, saved, dgamma);
  }
}

/** products (width) += dy ∘ x̂ of up to four rows, in order. */
function addProducts(rows: i32, width: i32, x: usize, dy: usize, saved: usize, products: usize): void {
  const pitch = (<usize>width) << 2;
  for (let j = 0; j < width; j += 4) {
    let at = (<usize>j) << 2;
    const target = products + at;
    let product = v128.load(target);
    let moments = saved;
    let left = rows;
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
