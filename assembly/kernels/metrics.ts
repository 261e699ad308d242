// Metrics: sums over the rows, to be divided by their number, and counts from which the host works out a figure. Of equal scores the first counts as the greatest; NaN never
// does, and a row of nothing else is wrong.
//
// `counts` are f64 and are added to; whole numbers below 2⁵³ are exact.

import { rowArgmax } from "../simd/rows";

/** The rows of scores (rows, width) whose greatest score stands at the label; labels (rows): class indices as f32. */
export function sparseAccuracy(rows: i32, width: i32, scores: usize, labels: usize): f64 {
  const pitch = (<usize>width) << 2;
  let right = 0;
  for (let i = 0; i < rows; ++i, scores += pitch, labels += 4) {
    const found = rowArgmax(width, scores);
    right += i32(found >= 0 && <f32>found == load<f32>(labels));
  }
  return <f64>right;
}

/** The rows whose greatest score and greatest target stand at the same place; scores and targets (rows, width). */
export function categoricalAccuracy(rows: i32, width: i32, scores: usize, targets: usize): f64 {
  const pitch = (<usize>width) << 2;
  let right = 0;
  for (let i = 0; i < rows; ++i, scores += pitch, targets += pitch) {
    const found = rowArgmax(width, scores);
    right += i32(found >= 0 && found == rowArgmax(width, targets));
  }
  return <f64>right;
}

/** Σ over the rows of the share of (score > threshold) == (target > ½) in the row; scores and targets (rows, width). */
export function binaryAccuracy(rows: i32, width: i32, scores: usize, targets: usize, threshold: f32): f64 {
  const limit = f32x4.splat(threshold);
  const half = f32x4.splat(0.5);
  let right = 0;
  for (let rest = rows * width; rest > 0; rest -= 4, scores += 16, targets += 16) {
    const said = i32x4.bitmask(f32x4.gt(v128.load(scores), limit));
    const meant = i32x4.bitmask(f32x4.gt(v128.load(targets), half));
    right += popcnt(~(said ^ meant) & ((1 << min(rest, 4)) - 1));
  }
  return <f64>right / <f64>width;
}

/** labels (rows) f32 = where the greatest of each row of x (rows, width) stands; −1 if all are NaN. */
export function argmax(rows: i32, width: i32, x: usize, labels: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, x += pitch, labels += 4) store<f32>(labels, <f32>rowArgmax(width, x));
}

/** The rows where fewer than k scores come before the label's: greater ones, and equal ones that stand before it. */
export function topK(rows: i32, width: i32, scores: usize, labels: usize, k: i32): f64 {
  const pitch = (<usize>width) << 2;
  let right = 0;
  for (let i = 0; i < rows; ++i, scores += pitch, labels += 4) {
    const label = <i32>load<f32>(labels);
    if (label < 0 || label >= width) continue;
    const score = load<f32>(scores + ((<usize>label) << 2));
    if (score == score) right += i32(rankBelow(width, scores, label, score) < k);
  }
  return <f64>right;
}

/** How many of scores (width) come before `score` at place `label`. */
function rankBelow(width: i32, scores: usize, label: i32, score: f32): i32 {
  const limit = f32x4.splat(score);
  let before = 0;
  let j = 0;
  do {
    const s = v128.load(scores);
    const earlier = (1 << max(min(label - j, 4), 0)) - 1; // lanes in front of the label
    const hits = i32x4.bitmask(f32x4.gt(s, limit)) | (i32x4.bitmask(f32x4.eq(s, limit)) & earlier);
    before += popcnt(hits & ((1 << min(width - j, 4)) - 1));
    scores += 16;
    j += 4;
  } while (j < width);
  return before;
}

// @ts-ignore: decorator
@inline
function increment(counts: usize, index: i32): void {
  const at = counts + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + 1);
}

/** counts (3) += true positives, false positives, false negatives of score > threshold where target > ½; both (n). */
export function binaryCounts(n: i32, scores: usize, targets: usize, threshold: f32, counts: usize): void {
  const limit = f32x4.splat(threshold);
  const half = f32x4.splat(0.5);
  let both = 0;
  let saidAll = 0;
  let meantAll = 0;
  let rest = n;
  do {
    const inside = (1 << min(rest, 4)) - 1;
    const said = i32x4.bitmask(f32x4.gt(v128.load(scores), limit)) & inside;
    const meant = i32x4.bitmask(f32x4.gt(v128.load(targets), half)) & inside;
    both += popcnt(said & meant);
    saidAll += popcnt(said);
    meantAll += popcnt(meant);
    scores += 16;
    targets += 16;
    rest -= 4;
  } while (rest > 0);
  store<f64>(counts, load<f64>(counts) + <f64>both);
  store<f64>(counts, load<f64>(counts, 8) + <f64>(saidAll - both), 8);
  store<f64>(counts, load<f64>(counts, 16) + <f64>(meantAll - both), 16);
}

/** counts (width, 3) += true positives, false positives, false negatives of each class; the greatest score decides. */
export function classCounts(rows: i32, width: i32, scores: usize, labels: usize, counts: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, scores += pitch, labels += 4) {
    const found = rowArgmax(width, scores);
    const label = <i32>load<f32>(labels);
    const known = label >= 0 && label < width;
    if (known && found == label) {
      increment(counts, 3 * label);
    } else {
      if (found >= 0) increment(counts, 3 * found + 1);
      if (known) increment(counts, 3 * label + 2);
    }
  }
}

/** counts (width, width) += 1 at (label, place of the greatest score). */
export function confusion(rows: i32, width: i32, scores: usize, labels: usize, counts: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, scores += pitch, labels += 4) {
    const found = rowArgmax(width, scores);
    const label = <i32>load<f32>(labels);
    if (found >= 0 && label >= 0 && label < width) increment(counts, label * width + found);
  }
}

/**
 * counts (2, bins) += 1 at (target > ½, bin of the score): bin ⌈score · bins⌉ − 1, so that scores above i / bins are
 * those from bin i on. Scores are taken into [0, 1]; NaN counts as 0.
 */
export function aucCounts(n: i32, bins: i32, scores: usize, targets: usize, counts: usize): void {
  for (let i = 0; i < n; ++i, scores += 4, targets += 4) {
    const score = <f64>load<f32>(scores);
    const bounded = score > 0 ? min(score, 1) : 0;
    const bin = max(<i32>Math.ceil(bounded * <f64>bins) - 1, 0);
    increment(counts, (load<f32>(targets) > 0.5 ? bins : 0) + bin);
  }
}

/** counts (1 + 3 · width) += rows, then for each column Σ (p − t)², Σ t, Σ t²; p and t (rows, width). */
export function moments(rows: i32, width: i32, p: usize, t: usize, counts: usize): void {
  store<f64>(counts, load<f64>(counts) + <f64>rows);
  for (let i = 0; i < rows; ++i) {
    let column = counts + 8;
    for (let j = 0; j < width; ++j, p += 4, t += 4, column += 24) {
      const target = <f64>load<f32>(t);
      const error = <f64>load<f32>(p) - target;
      store<f64>(column, load<f64>(column) + error * error);
      store<f64>(column, load<f64>(column, 8) + target, 8);
      store<f64>(column, load<f64>(column, 16) + target * target, 16);
    }
  }
}
