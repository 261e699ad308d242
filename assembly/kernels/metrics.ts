// Metrics: sums over the rows, to be divided by their number. Of equal scores the first counts as the greatest; NaN never
// does, and a row of nothing else is wrong.

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
