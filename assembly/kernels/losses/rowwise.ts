// Losses that need a whole row of predictions at once: p and t (rows, width). Unless `gradient` is 0, gradient
// (rows, width) = that of scale · Σ; it may stand in the place of p.

import { dotInF64 } from "../../simd/chains";
import { broadcast, firstLanes, flushGradient4, maxLanes, storeLanes } from "../../simd/lanes";

const NEGATIVE_INFINITE = memory.data<f32>([-Infinity]);

/**
 * Row loss max(1 + max (1 − t) p − Σ t p, 0), t one-hot. Its slope goes to the first greatest of the wrong classes;
 * a corner's is 0. (Crammer and Singer 2001)
 */
export function categoricalHinge(rows: i32, width: i32, p: usize, t: usize, gradient: usize, scale: f32): f64 {
  const pitch = (<usize>width) << 2;
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, p += pitch, t += pitch) {
    const wrong = greatestWrong(width, p, t);
    const margin = 1 + <f64>wrong - dotInF64(width, p, t);
    total += margin <= 0 ? 0 : margin; // NaN stays
    if (gradient != 0) {
      writeHingeSlopes(width, p, t, wrong, gradient, margin <= 0 ? 0 : margin == margin ? scale : NaN);
      gradient += pitch;
    }
  }
  return total;
}

/** (1 − t) p */
// @ts-ignore: decorator
@inline
function wrong4(p: usize, t: usize): v128 {
  return f32x4.mul(f32x4.sub(f32x4.splat(1), v128.load(t)), v128.load(p));
}

function greatestWrong(width: i32, p: usize, t: usize): f32 {
  let max = broadcast(NEGATIVE_INFINITE);
  let rest = width;
  do {
    const inside = firstLanes(min(rest, 4));
    max = f32x4.pmax(max, v128.bitselect(wrong4(p, t), broadcast(NEGATIVE_INFINITE), inside));
    p += 16;
    t += 16;
    rest -= 4;
  } while (rest > 0);
  return maxLanes(max);
}

/** gradient (width) = ((1 − t) at the first `wrong`, 0 elsewhere, − t) · scale */
function writeHingeSlopes(width: i32, p: usize, t: usize, wrong: f32, gradient: usize, scale: f32): void {
  let found = false;
  for (let j = 0; j < width; ++j, p += 4, t += 4, gradient += 4) {
    const target = load<f32>(t);
    let slope: f32 = -target;
    if (!found && (1 - target) * load<f32>(p) == wrong) {
      found = true;
      slope = 1 - target - target;
    }
    const scaled = slope * scale;
    store<f32>(gradient, abs(scaled) < 1e-30 ? 0 : scaled); // as flushGradient4
  }
}

const SMALLEST_NORM: f64 = 1e-7; // Keras's epsilon

/**
 * Row loss −cos(p, t) = −p̂ · t̂, where x̂ = x / max(‖x‖, ε). Gradient: (cos · p̂ − t̂) / ‖p‖ · scale, and where ‖p‖ is
 * below ε, so that p̂ grows with p, −t̂ / ε · scale.
 */
export function cosineSimilarity(rows: i32, width: i32, p: usize, t: usize, gradient: usize, scale: f32): f64 {
  const pitch = (<usize>width) << 2;
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, p += pitch, t += pitch) {
    const pNorm = Math.sqrt(dotInF64(width, p, p));
    const pSize = max(pNorm, SMALLEST_NORM);
    const tSize = max(Math.sqrt(dotInF64(width, t, t)), SMALLEST_NORM);
    const cosine = dotInF64(width, p, t) / (pSize * tSize);
    total -= cosine;
    if (gradient != 0) {
      const ofP = pNorm < SMALLEST_NORM ? 0 : (cosine * <f64>scale) / (pSize * pSize);
      combine(width, p, <f32>ofP, t, <f32>(<f64>-scale / (pSize * tSize)), gradient);
      gradient += pitch;
    }
  }
  return total;
}

/** out (width) = a · x + b · y */
function combine(width: i32, x: usize, a: f32, y: usize, b: f32, out: usize): void {
  const as = f32x4.splat(a);
  const bs = f32x4.splat(b);
  let rest = width;
  do {
    const both = f32x4.add(f32x4.mul(v128.load(x), as), f32x4.mul(v128.load(y), bs));
    storeLanes(out, flushGradient4(both), rest);
    x += 16;
    y += 16;
    out += 16;
    rest -= 4;
  } while (rest > 0);
}
