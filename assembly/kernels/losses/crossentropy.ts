// The crossentropies start from logits, so that nothing overflows and no digits cancel, and 0 · log 0 is 0.

import { addHigh, addLow, sumChains } from "../../simd/chains";
import { expNonPositive4, sigmoidFrom4 } from "../../simd/exp";
import { broadcast, firstLanes, flushGradient4, storeLanes, sumLanes } from "../../simd/lanes";
import { log1pOfUnit4, logOf } from "../../simd/log";
import { rowExp, rowMax } from "../../simd/rows";

/**
 * Row loss −Σ t log softmax(logits), logits (rows, width), labels (rows): class indices as f32. The target t is
 * 1 − smoothing at the label, and smoothing / width more everywhere. Gradient (rows, width): (softmax − t) · scale.
 * A label that is no class makes the loss NaN.
 */
export function sparseSoftmaxCrossentropy(
  rows: i32,
  width: i32,
  logits: usize,
  labels: usize,
  gradient: usize,
  smoothing: f32,
  scale: f32,
): f64 {
  const pitch = (<usize>width) << 2;
  const everywhere = smoothing / <f32>width;
  const atLabel: f32 = 1 - smoothing;
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, logits += pitch, labels += 4) {
    const label = load<f32>(labels);
    const isClass = label >= 0 && label < <f32>width; // false for NaN
    const labelOffset = isClass ? (<usize>label) << 2 : 0;

    // All logits are read before the exponentials may overwrite them. Σ t (z − max):
    const max = rowMax(width, logits);
    let aligned = <f64>atLabel * <f64>(load<f32>(logits + labelOffset) - max);
    if (smoothing != 0) aligned += <f64>everywhere * <f64>rowShiftedSum(width, logits, max);
    const sum = rowExp(width, logits, max, gradient);
    total += isClass ? <f64>logOf(sum) - aligned : NaN;

    if (gradient != 0) {
      const inverse: f32 = 1 / sum;
      const ofLabel = (load<f32>(gradient + labelOffset) * inverse - (everywhere + atLabel)) * scale;
      const inverse4 = f32x4.splat(inverse);
      const everywhere4 = f32x4.splat(everywhere);
      const scale4 = f32x4.splat(scale);
      let g = gradient;
      for (let rest = width; rest > 0; rest -= 4, g += 16) {
        const excess = f32x4.sub(f32x4.mul(v128.load(g), inverse4), everywhere4);
        storeLanes(g, flushGradient4(f32x4.mul(excess, scale4)), rest);
      }
      store<f32>(gradient + labelOffset, ofLabel);
      gradient += pitch;
    }
  }
  return total;
}

/** Σ (x − max) over a row x (width). */
function rowShiftedSum(width: i32, x: usize, max: f32): f32 {
  const shift = f32x4.splat(max);
  let sum = f32x4.splat(0);
  for (let rest = width; rest > 0; rest -= 4, x += 16) {
    sum = f32x4.add(sum, v128.and(f32x4.sub(v128.load(x), shift), firstLanes(min(rest, 4))));
  }
  return sumLanes(sum);
}

/**
 * Row loss −Σ t log softmax(logits), logits and targets (rows, width); t = target · (1 − smoothing) + smoothing / width,
 * which need not sum to 1. Gradient (rows, width): (softmax · Σ t − t) · scale.
 */
export function softmaxCrossentropy(
  rows: i32,
  width: i32,
  logits: usize,
  targets: usize,
  gradient: usize,
  smoothing: f32,
  scale: f32,
): f64 {
  const pitch = (<usize>width) << 2;
  const kept = f32x4.splat(1 - smoothing);
  const everywhere = f32x4.splat(smoothing / <f32>width);
  const scale4 = f32x4.splat(scale);
  const zero = f32x4.splat(0);
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, logits += pitch, targets += pitch) {
    const max = rowMax(width, logits);
    const shift = f32x4.splat(max);
    let weights = zero; // Σ t
    let alignments = zero; // Σ t (z − max), where t is not 0: z may be −∞
    for (let j = 0; j < width; j += 4) {
      const at = (<usize>j) << 2;
      const inside = firstLanes(min(width - j, 4));
      const t = v128.and(f32x4.add(f32x4.mul(v128.load(targets + at), kept), everywhere), inside);
      const product = f32x4.mul(t, f32x4.sub(v128.load(logits + at), shift));
      weights = f32x4.add(weights, t);
      alignments = f32x4.add(alignments, v128.and(product, f32x4.ne(t, zero)));
    }
    const weight = sumLanes(weights);
    const sum = rowExp(width, logits, max, gradient);
    total += <f64>weight * <f64>logOf(sum) - <f64>sumLanes(alignments);

    if (gradient != 0) {
      const factor = f32x4.splat(weight / sum);
      for (let j = 0; j < width; j += 4) {
        const at = (<usize>j) << 2;
        const t = f32x4.add(f32x4.mul(v128.load(targets + at), kept), everywhere);
        const excess = f32x4.sub(f32x4.mul(v128.load(gradient + at), factor), t);
        storeLanes(gradient + at, flushGradient4(f32x4.mul(excess, scale4)), width - j);
      }
      gradient += pitch;
    }
  }
  return total;
}

const SIGN_BIT = memory.data<u32>([0x80000000]);

/**
 * Row loss: the mean of −t log σ(z) − (1 − t) log(1 − σ(z)) = |z| · (z > 0 ? 1 − t : t) + log(1 + e^−|z|), logits z and
 * targets (rows, width), t = target · (1 − smoothing) + smoothing / 2. Gradient (rows, width): (σ(z) − t) / width · scale.
 */
export function sigmoidCrossentropy(
  rows: i32,
  width: i32,
  logits: usize,
  targets: usize,
  gradient: usize,
  smoothing: f32,
  scale: f32,
): f64 {
  const kept = f32x4.splat(1 - smoothing);
  const middle = f32x4.splat(smoothing * 0.5);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const factor = f32x4.splat(scale / <f32>width);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let rest = rows * width; rest > 0; rest -= 4, logits += 16, targets += 16) {
    const z = v128.load(logits);
    const t = f32x4.add(f32x4.mul(v128.load(targets), kept), middle);
    const minusAbs = v128.or(z, broadcast(SIGN_BIT));
    const exp = expNonPositive4(minusAbs);
    const miss = v128.bitselect(f32x4.sub(one, t), t, f32x4.gt(z, zero));
    const penalty = v128.and(f32x4.mul(minusAbs, miss), f32x4.ne(miss, zero)); // z may be infinite
    const loss = v128.and(f32x4.sub(log1pOfUnit4(exp), penalty), firstLanes(min(rest, 4)));
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (gradient != 0) {
      const excess = f32x4.sub(sigmoidFrom4(z, exp), t);
      storeLanes(gradient, flushGradient4(f32x4.mul(excess, factor)), rest);
      gradient += 16;
    }
  }
  return sumChains(low, high) / <f64>width;
}
