// What softmax, its losses and the accuracies do with one row x (width). Element j belongs to lane j mod 4, the lanes'
// chains run in order of j, and the lanes come together in sumLanes's order: the bits depend on the width alone.

import { expNonPositive4 } from "./exp";
import { broadcast, firstLanes, maxLanes, storeLanes, sumLanes } from "./lanes";

const NEGATIVE_INFINITE = memory.data<f32>([-Infinity]);

/** The greatest element. NaN is passed over; −∞ if there is nothing else. */
export function rowMax(width: i32, x: usize): f32 {
  let max = broadcast(NEGATIVE_INFINITE);
  let rest = width;
  for (; rest >= 4; rest -= 4, x += 16) max = f32x4.pmax(max, v128.load(x));
  if (rest > 0) {
    max = f32x4.pmax(max, v128.bitselect(v128.load(x), broadcast(NEGATIVE_INFINITE), firstLanes(rest)));
  }
  return maxLanes(max);
}

/** The index of the first greatest element; −1 if all are NaN. */
export function rowArgmax(width: i32, x: usize): i32 {
  const max = f32x4.splat(rowMax(width, x));
  for (let j = 0; j < width; j += 4, x += 16) {
    const hits = i32x4.bitmask(f32x4.eq(v128.load(x), max));
    if (hits != 0) {
      const first = j + ctz(hits);
      return first < width ? first : -1; // a hit behind the row's end is no hit
    }
  }
  return -1;
}

/** Σ e^(x − max), where max is x's greatest element; the terms go to y (width) unless y is 0; y may be x. */
export function rowExp(width: i32, x: usize, max: f32, y: usize): f32 {
  const shift = f32x4.splat(max);
  let sum = f32x4.splat(0);
  let rest = width;
  for (; rest >= 8; rest -= 8, x += 32) {
    const low = expNonPositive4(f32x4.sub(v128.load(x), shift));
    const high = expNonPositive4(f32x4.sub(v128.load(x, 16), shift));
    sum = f32x4.add(f32x4.add(sum, low), high);
    if (y != 0) {
      v128.store(y, low);
      v128.store(y, high, 16);
      y += 32;
    }
  }
  for (; rest > 0; rest -= 4, x += 16) {
    const term = expNonPositive4(f32x4.sub(v128.load(x), shift));
    sum = f32x4.add(sum, v128.and(term, firstLanes(min(rest, 4))));
    if (y != 0) {
      storeLanes(y, term, rest);
      y += 16;
    }
  }
  return sumLanes(sum);
}
