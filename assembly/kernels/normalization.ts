// Batch and layer normalization: y = γ ∘ (x − mean) / √(variance + ε) + β, and back.
//
// Statistics take two passes, mean first and then the variance of the differences: E[x²] − E[x]² returns no variance at
// all for N(100, 0.01²). The mean is the first value plus the mean distance from it, so that a constant has exactly its
// value for mean and zero for variance. Variances are those of the batch itself (divided by n, not n − 1).
//
// Columns are summed one chain each, in order of the rows. Blocks of columns end where they will: what is loaded behind
// the last column is computed along and never stored.

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
  for (let j = 0; j < width; j += 8) {
    const at = (<usize>j) << 2;
    const mean = saved + at;
    const factor = saved + 3 * pitch + at;
    const mean0 = v128.load(mean);
    const mean1 = v128.load(mean, 16);
    const factor0 = v128.load(factor);
    const factor1 = v128.load(factor, 16);
    normalizeColumns(rows, width - j, pitch, x + at, mean0, mean1, factor0, factor1, beta ? beta + at : 0, y + at);
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
  const zero = f32x4.splat(0);
  for (let j = 0; j < width; j += 8) {
    const at = (<usize>j) << 2;
    const mean0 = mean ? v128.load(mean + at) : zero;
    const mean1 = mean ? v128.load(mean + at, 16) : zero;
    let factor0 = inverseRoot(v128.load(variance + at), epsilon);
    let factor1 = inverseRoot(v128.load(variance + at, 16), epsilon);
    if (gamma) {
      factor0 = f32x4.mul(factor0, v128.load(gamma + at));
      factor1 = f32x4.mul(factor1, v128.load(gamma + at, 16));
    }
    normalizeColumns(rows, width - j, pitch, x + at, mean0, mean1, factor0, factor1, beta ? beta + at : 0, y + at);
  }
}

/**
 * From dy (rows, width), x (rows, width) and what the forward pass saved (4, width), with x̂ = (x − mean) / √(variance + ε):
 * dbeta (width) = Σ dy, dgamma (width) = Σ dy ∘ x̂, dx (rows, width) = γ / √(variance + ε) ∘ (dy − dbeta / rows − x̂ ∘
 * dgamma / rows). Any of the three may be 0; dx may be dy.
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
  const share = f32x4.splat(1 / <f32>rows);
  const zero = f32x4.splat(0);
  for (let j = 0; j < width; j += 8) {
    const at = (<usize>j) << 2;
    const rest = width - j;
    const inverse = saved + 2 * pitch + at;
    const factor = saved + 3 * pitch + at;
    const mean0 = v128.load(saved + at);
    const mean1 = v128.load(saved + at, 16);
    const inverse0 = v128.load(inverse);
    const inverse1 = v128.load(inverse, 16);

    let sum0 = zero;
    let sum1 = zero;
    let product0 = zero;
    let product1 = zero;
    let from = x + at;
    let slope = dy + at;
    let left = rows;
    do {
      const d0 = v128.load(slope);
      const d1 = v128.load(slope, 16);
      sum0 = f32x4.add(sum0, d0);
      sum1 = f32x4.add(sum1, d1);
      product0 = f32x4.add(product0, f32x4.mul(d0, f32x4.sub(v128.load(from), mean0)));
      product1 = f32x4.add(product1, f32x4.mul(d1, f32x4.sub(v128.load(from, 16), mean1)));
      from += pitch;
      slope += pitch;
    } while (--left > 0);
    product0 = f32x4.mul(product0, inverse0);
    product1 = f32x4.mul(product1, inverse1);
    if (dbeta) storePair(dbeta + at, sum0, sum1, rest);
    if (dgamma) storePair(dgamma + at, product0, product1, rest);
    if (!dx) continue;

    const factor0 = v128.load(factor);
    const factor1 = v128.load(factor, 16);
    const shift0 = f32x4.mul(sum0, share);
    const shift1 = f32x4.mul(sum1, share);
    const slope0 = f32x4.mul(f32x4.mul(product0, share), inverse0);
    const slope1 = f32x4.mul(f32x4.mul(product1, share), inverse1);
    from = x + at;
    slope = dy + at;
    let to = dx + at;
    left = rows;
    do {
      const d0 = f32x4.sub(v128.load(slope), shift0);
      const d1 = f32x4.sub(v128.load(slope, 16), shift1);
      const x0 = f32x4.sub(v128.load(from), mean0);
      const x1 = f32x4.sub(v128.load(from, 16), mean1);
      const dx0 = f32x4.mul(factor0, f32x4.sub(d0, f32x4.mul(x0, slope0)));
      const dx1 = f32x4.mul(factor1, f32x4.sub(d1, f32x4.mul(x1, slope1)));
      storePair(to, flushGradient4(dx0), flushGradient4(dx1), rest);
      from += pitch;
      slope += pitch;
      to += pitch;
    } while (--left > 0);
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
  for (let j = 0; j < width; j += 16, x += 64, mean += 64, variance += 64) {
    const rest = width - j;
    // Sums of distances from the first row, then of their squares from the mean.
    const first0 = v128.load(x);
    const first1 = v128.load(x, 16);
    const first2 = v128.load(x, 32);
    const first3 = v128.load(x, 48);
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let row = x;
    let left = rows;
    do {
      sum0 = f32x4.add(sum0, f32x4.sub(v128.load(row), first0));
      sum1 = f32x4.add(sum1, f32x4.sub(v128.load(row, 16), first1));
      sum2 = f32x4.add(sum2, f32x4.sub(v128.load(row, 32), first2));
      sum3 = f32x4.add(sum3, f32x4.sub(v128.load(row, 48), first3));
      row += pitch;
    } while (--left > 0);
    const mean0 = f32x4.add(first0, f32x4.mul(sum0, share));
    const mean1 = f32x4.add(first1, f32x4.mul(sum1, share));
    const mean2 = f32x4.add(first2, f32x4.mul(sum2, share));
    const mean3 = f32x4.add(first3, f32x4.mul(sum3, share));
    sum0 = sum1 = sum2 = sum3 = f32x4.splat(0);
    row = x;
    left = rows;
    do {
      const x0 = f32x4.sub(v128.load(row), mean0);
      const x1 = f32x4.sub(v128.load(row, 16), mean1);
      const x2 = f32x4.sub(v128.load(row, 32), mean2);
      const x3 = f32x4.sub(v128.load(row, 48), mean3);
      sum0 = f32x4.add(sum0, f32x4.mul(x0, x0));
      sum1 = f32x4.add(sum1, f32x4.mul(x1, x1));
      sum2 = f32x4.add(sum2, f32x4.mul(x2, x2));
      sum3 = f32x4.add(sum3, f32x4.mul(x3, x3));
      row += pitch;
    } while (--left > 0);
    storePair(mean, mean0, mean1, rest);
    storePair(variance, f32x4.mul(sum0, share), f32x4.mul(sum1, share), rest);
    if (rest > 8) {
      storePair(mean + 32, mean2, mean3, rest - 8);
      storePair(variance + 32, f32x4.mul(sum2, share), f32x4.mul(sum3, share), rest - 8);
    }
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

/** y = (x − mean) · factor + β in the next eight columns of x and y (rows, pitch bytes), `rest` of which are there. */
function normalizeColumns(
  rows: i32,
  rest: i32,
  pitch: usize,
  x: usize,
  mean0: v128,
  mean1: v128,
  factor0: v128,
  factor1: v128,
  beta: usize,
  y: usize,
): void {
  const zero = f32x4.splat(0);
  const beta0 = beta ? v128.load(beta) : zero;
  const beta1 = beta ? v128.load(beta, 16) : zero;
  let left = rows;
  do {
    const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean0), factor0), beta0);
    const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x, 16), mean1), factor1), beta1);
    storePair(y, y0, y1, rest);
    x += pitch;
    y += pitch;
  } while (--left > 0);
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
  for (let j = 0; j < width; j += 8) {
    const at = (<usize>j) << 2;
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let product0 = sum0;
    let product1 = sum0;
    let from = x + at;
    let slope = dy + at;
    let moments = saved;
    let left = rows;
    do {
      const mean = v128.load32_splat(moments);
      const inverse = v128.load32_splat(moments, 4);
      const d0 = v128.load(slope);
      const d1 = v128.load(slope, 16);
      const x0 = f32x4.mul(f32x4.sub(v128.load(from), mean), inverse);
      const x1 = f32x4.mul(f32x4.sub(v128.load(from, 16), mean), inverse);
      sum0 = f32x4.add(sum0, d0);
      sum1 = f32x4.add(sum1, d1);
      product0 = f32x4.add(product0, f32x4.mul(d0, x0));
      product1 = f32x4.add(product1, f32x4.mul(d1, x1));
      from += pitch;
      slope += pitch;
      moments += 8;
    } while (--left > 0);
    if (dbeta) storePair(dbeta + at, sum0, sum1, width - j);
    if (dgamma) storePair(dgamma + at, product0, product1, width - j);
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
