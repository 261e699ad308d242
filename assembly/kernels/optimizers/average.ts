// Means that move: of the weights over the steps, of the gradients over the batches of one step.

import { ELEMENTS_UNIT, partEnd, partStart } from "../../part";
import { SEGMENT_BYTES, SEGMENT_LENGTH, SEGMENT_OFFSET } from "../../shared/layout";
import { storeLanes } from "../../simd/lanes";
import { flush, walk } from "./walk";

/**
 * out = mean + share · (x − mean) over the segments of three flat regions, 0 < share ≤ 1; out may be x or mean. A share
 * of 1 copies x bit by bit, whatever the mean holds. Differences below 1e-30 count as none, so that the mean of weights
 * that became zero does not end among the denormals, and that of weights that stay is their very bits.
 */
export function moveMean(segments: usize, count: i32, x: usize, mean: usize, out: usize, share: f32): void {
  if (share == 1) copySegments(segments, count, x, out);
  else walk<MovingMean>(segments, count, x, 0, mean, out, 0, 1, 1, share);
}

class MovingMean {
  // @ts-ignore: decorator
  @inline
  at(
    x: usize,
    _grad: usize,
    mean: usize,
    out: usize,
    _c: usize,
    left: i32,
    _rates: v128,
    _decays: v128,
    shares: v128,
    _1: v128,
    _2: v128,
    _3: v128,
  ): void {
    const old = v128.load(mean);
    const gap = flush(f32x4.sub(v128.load(x), old));
    storeLanes(out, f32x4.add(old, f32x4.mul(shares, gap)), left);
  }
}

function copySegments(segments: usize, count: i32, from: usize, to: usize): void {
  if (from == to) return;
  for (let i = 0; i < count; i++, segments += SEGMENT_BYTES) {
    const length = load<i32>(segments, SEGMENT_LENGTH);
    const first = partStart(length, ELEMENTS_UNIT);
    const at = usize(load<u32>(segments, SEGMENT_OFFSET) + first) << 2;
    memory.copy(to + at, from + at, usize(partEnd(length, ELEMENTS_UNIT) - first) << 2);
  }
}
