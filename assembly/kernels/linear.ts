// Linear classifiers on fixed features: the losses' values, gradients and curvatures, and sweeps of coordinate descent.
//
// x (rows, width) f32 are features, a row's weight in the loss is its cost (C, times what the row and its class weigh); all
// else is f64, since a solution is as good as its gradient. width is a multiple of 8, the columns beyond the features being 0.

import { sumChains } from "../simd/chains";
import { expF64, logF64 } from "../simd/double";

/** Σ x · w over x (width) f32 and w (width) f64. */
function dot(width: i32, x: usize, w: usize): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  const end = x + ((<usize>width) << 2);
  do {
    sum0 = f64x2.add(sum0, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x)), v128.load(w)));
    sum1 = f64x2.add(sum1, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 8)), v128.load(w, 16)));
    sum2 = f64x2.add(sum2, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 16)), v128.load(w, 32)));
    sum3 = f64x2.add(sum3, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 24)), v128.load(w, 48)));
    x += 32;
    w += 64;
  } while (x < end);
  return sumChains(f64x2.add(sum0, sum2), f64x2.add(sum1, sum3));
}

/** w (width) f64 += factor · x (width) f32. */
function addScaled(width: i32, factor: f64, x: usize, w: usize): void {
  const factors = f64x2.splat(factor);
  const end = x + ((<usize>width) << 2);
  do {
    const first = f64x2.mul(factors, f64x2.promote_low_f32x4(v128.load64_zero(x)));
    const second = f64x2.mul(factors, f64x2.promote_low_f32x4(v128.load64_zero(x, 8)));
    v128.store(w, f64x2.add(v128.load(w), first));
    v128.store(w, f64x2.add(v128.load(w, 16), second), 16);
    x += 16;
    w += 32;
  } while (x < end);
}

/** z (rows, classes) = x (rows, width) · w (classes, width)ᵀ */
export function linearScores(rows: i32, classes: i32, width: i32, x: usize, w: usize, z: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch) {
    for (let k = 0, own = w; k < classes; ++k, own += 2 * pitch, z += 8) store<f64>(z, dot(width, x, own));
  }
}

/** g (classes, width) += r (rows, classes)ᵀ · x (rows, width), one chain in order of the rows; where r is 0 nothing is read. */
export function linearGradient(rows: i32, classes: i32, width: i32, x: usize, r: usize, g: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch) {
    for (let k = 0, own = g; k < classes; ++k, own += 2 * pitch, r += 8) {
      const factor = load<f64>(r);
      if (factor != 0) addScaled(width, factor, x, own);
    }
  }
}

/** h (width) += Σ d · (x · v) · x over the rows of x (rows, width), d (rows), v (width): a Hessian's product, where d is not 0. */
export function linearCurvature(rows: i32, width: i32, x: usize, d: usize, v: usize, h: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, d += 8) {
    const factor = load<f64>(d);
    if (factor != 0) addScaled(width, factor * dot(width, x, v), x, h);
  }
}

/**
 * Σ cost · max(0, 1 − sign · z)² over z, signs (±1) and costs (rows). z becomes the loss's first derivative by z, and
 * d (rows) its second.
 */
export function squaredHingeRows(rows: i32, z: usize, signs: usize, costs: usize, d: usize): f64 {
  let total: f64 = 0;
  for (const end = z + ((<usize>rows) << 3); z < end; z += 8, signs += 8, costs += 8, d += 8) {
    const sign = load<f64>(signs);
    const miss = max<f64>(1 - sign * load<f64>(z), 0);
    const slope = 2 * load<f64>(costs);
    total += 0.5 * slope * miss * miss;
    store<f64>(z, -slope * sign * miss);
    store<f64>(d, miss > 0 ? slope : 0);
  }
  return total;
}

/** The same of Σ cost · ln(1 + e^(−sign · z)), from e^−|z|, so that nothing overflows. */
export function logisticRows(rows: i32, z: usize, signs: usize, costs: usize, d: usize): f64 {
  let total: f64 = 0;
  for (const end = z + ((<usize>rows) << 3); z < end; z += 8, signs += 8, costs += 8, d += 8) {
    const sign = load<f64>(signs);
    const margin = sign * load<f64>(z);
    const cost = load<f64>(costs);
    const e = expF64(-abs(margin));
    const inverse = 1 / (1 + e);
    total += cost * (logF64(1 + e) + max<f64>(-margin, 0));
    store<f64>(z, -sign * cost * (margin > 0 ? e * inverse : inverse));
    store<f64>(d, cost * e * inverse * inverse);
  }
  return total;
}

/**
 * Σ cost · (ln Σ e^z − z at the label) over the rows of z (rows, classes), labels (rows) u32, costs (rows). z becomes
 * cost · (softmax − one at the label); p (rows, classes) f32 is the softmax, d (rows, classes) f32 the row's cost.
 */
export function softmaxRows(rows: i32, classes: i32, z: usize, labels: usize, costs: usize, p: usize, d: usize): f64 {
  const pitch = (<usize>classes) << 3;
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, labels += 4, costs += 8) {
    const end = z + pitch;
    const atLabel = z + ((<usize>load<u32>(labels)) << 3);
    const cost = load<f64>(costs);
    let greatest = load<f64>(z);
    for (let at = z; at < end; at += 8) greatest = max(greatest, load<f64>(at));
    const ofLabel = load<f64>(atLabel) - greatest;
    let sum: f64 = 0;
    for (let at = z; at < end; at += 8) {
      const e = expF64(load<f64>(at) - greatest);
      sum += e;
      store<f64>(at, e);
    }
    total += cost * (logF64(sum) - ofLabel);
    const inverse = 1 / sum;
    for (; z < end; z += 8, p += 4, d += 4) {
      const share = load<f64>(z) * inverse;
      store<f32>(p, <f32>share);
      store<f32>(d, <f32>cost);
      store<f64>(z, cost * (z == atLabel ? share - 1 : share));
    }
  }
  return total;
}

const NO_STEP: f64 = 1e-12; // a violation that is none, in units of the margin

/**
 * One sweep of dual coordinate descent for Σ cost · max(0, 1 − sign · w · x): the rows that `list` (u32) names, in the order
 * (count) of their places in it. alpha (rows) in [0, cost], w (width) = Σ alpha · sign · x; squares (rows) = x · x.
 *
 * limits: four f64, the greatest and the least projected gradient of the sweep before, beyond which a row at its bound is left
 * out of the sweeps that follow, and those of this one. Rows that stay are written to `kept`; how many is returned. Algorithm 3
 * of Hsieh, Chang, Lin, Keerthi and Sundararajan, "A dual coordinate descent method for large-scale linear SVM" (ICML 2008).
 */
// prettier-ignore
export function hingeSweep(count: i32, list: usize, order: usize, width: i32, x: usize, signs: usize, costs: usize, squares: usize, alpha: usize, w: usize, limits: usize, kept: usize): i32 {
  const start = kept;
  const greatestBefore = load<f64>(limits);
  const leastBefore = load<f64>(limits, 8);
  let greatest = load<f64>(limits, 16);
  let least = load<f64>(limits, 24);
  for (const end = order + ((<usize>count) << 2); order < end; order += 4) {
    const row = load<u32>(list + ((<usize>load<u32>(order)) << 2));
    const at = (<usize>row) << 3;
    const own = x + (<usize>row) * ((<usize>width) << 2);
    const sign = load<f64>(signs + at);
    const before = load<f64>(alpha + at);
    const cost = load<f64>(costs + at);
    const gradient = sign * dot(width, own, w) - 1;
    let projected = gradient;
    if (before == 0) {
      if (gradient > greatestBefore) continue;
      projected = min<f64>(gradient, 0);
    } else if (before == cost) {
      if (gradient < leastBefore) continue;
      projected = max<f64>(gradient, 0);
    }
    store<u32>(kept, row);
    kept += 4;
    greatest = max(greatest, projected);
    least = min(least, projected);
    if (abs(projected) <= NO_STEP) continue;
    const after = min(max<f64>(before - gradient / load<f64>(squares + at), 0), cost); // a row of zeros goes to its cost
    store<f64>(alpha + at, after);
    addScaled(width, (after - before) * sign, own, w);
  }
  store<f64>(limits, greatest, 16);
  store<f64>(limits, least, 24);
  return <i32>((kept - start) >> 2);
}

/**
 * One sweep of the sequential dual method for Σ cost · max(0, 1 + the greatest of w_k · x over the other classes − w_label · x):
 * rows as in hingeSweep. alpha (rows, classes) sums to 0 in each row, is at most the cost at the label and at most 0 elsewhere;
 * w (classes, width) = alphaᵀ · x; squares are above 0; scores (classes) is room to work in.
 *
 * worst: one f64, raised to the greatest violation seen. What stays at its bound sleeps, (rows, classes) u8, and is not looked
 * at again; a row with less than two classes awake is left out of `kept`. Keerthi, Sundararajan, Chang, Hsieh and Lin, "A
 * sequential dual method for large scale multi-class linear SVMs" (KDD 2008).
 */
// prettier-ignore
export function crammerSingerSweep(count: i32, list: usize, order: usize, classes: i32, width: i32, x: usize, labels: usize, costs: usize, squares: usize, alpha: usize, asleep: usize, w: usize, scores: usize, worst: usize, kept: usize): i32 {
  const start = kept;
  const pitch = (<usize>width) << 2;
  let most = load<f64>(worst);
  for (const end = order + ((<usize>count) << 2); order < end; order += 4) {
    const row = load<u32>(list + ((<usize>load<u32>(order)) << 2));
    const own = x + (<usize>row) * pitch;
    const first = (<usize>row) * (<usize>classes);
    const ownAlpha = alpha + (first << 3);
    const ownAsleep = asleep + first;
    const label = load<u32>(labels + ((<usize>row) << 2));
    const cost = load<f64>(costs + ((<usize>row) << 3));

    // The gradient by alpha is its class's score, one more for classes that are not the label's. The violation: what of
    // the greatest could be taken from the least that may grow.
    let greatest: f64 = -Infinity;
    let least: f64 = Infinity;
    for (let k = 0; k < classes; ++k) {
      const at = (<usize>k) << 3;
      let gradient: f64 = -Infinity;
      if (!load<u8>(ownAsleep + k)) {
        gradient = dot(width, own, w + 2 * (<usize>k) * pitch) + (k == label ? 0 : 1);
        greatest = max(greatest, gradient);
        if (load<f64>(ownAlpha + at) != (k == label ? cost : 0)) least = min(least, gradient);
      }
      store<f64>(scores + at, gradient);
    }
    let awake = 0;
    for (let k = 0; k < classes; ++k) {
      const at = (<usize>k) << 3;
      const sleeps = load<f64>(scores + at) < least && load<f64>(ownAlpha + at) == (k == label ? cost : 0);
      store<u8>(ownAsleep + k, sleeps);
      if (!sleeps) awake++;
    }
    if (awake < 2) continue;
    store<u32>(kept, row);
    kept += 4;
    most = max(most, greatest - least);
    if (greatest - least <= NO_STEP) continue;
    solveRow(classes, load<f64>(squares + ((<usize>row) << 3)), cost, label, ownAlpha, scores);
    for (let k = 0; k < classes; ++k) {
      const at = (<usize>k) << 3;
      const after = load<f64>(scores + at);
      const change = after - load<f64>(ownAlpha + at);
      if (change == 0) continue;
      store<f64>(ownAlpha + at, after);
      addScaled(width, change, own, w + 2 * (<usize>k) * pitch);
    }
  }
  store<f64>(worst, most);
  return <i32>((kept - start) >> 2);
}

/**
 * gradients (classes; −∞ for those that sleep) become the alphas that minimize ½ square · ‖alpha − before‖² + gradient · (alpha − before) within a row's
 * bounds: min(bound, (level − b) / square) with b = gradient − square · before, at the level where they sum to 0. The level
 * lies above those that only their bound holds, so they are dropped until none is left: Michelot's finite descent (1986).
 */
function solveRow(classes: i32, square: f64, cost: f64, label: i32, before: usize, gradients: usize): void {
  const end = gradients + ((<usize>classes) << 3);
  const atLabel = gradients + ((<usize>label) << 3);
  for (let at = gradients, a = before; at < end; at += 8, a += 8) {
    store<f64>(at, load<f64>(at) - square * load<f64>(a) + (at == atLabel ? square * cost : 0));
  }
  let level: f64 = -Infinity;
  let above = 0; // the level: all to begin with, then ever fewer
  for (let last = -1; above != last;) {
    last = above;
    above = 0;
    let sum: f64 = 0;
    for (let at = gradients; at < end; at += 8) {
      const b = load<f64>(at);
      if (b <= level) continue;
      sum += b;
      above++;
    }
    // None is above where square · cost is less than rounding; and rounding must not let the level sink, or this would not end.
    if (above > 0) level = max(level, (sum - square * cost) / <f64>above);
  }
  for (let at = gradients; at < end; at += 8) {
    const shift = min<f64>(level - load<f64>(at), 0) / square;
    store<f64>(at, at == atLabel ? cost + shift : shift);
  }
}
