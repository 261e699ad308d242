// Learning rates by step: scalar f64 from plain arithmetic, so that the same step has the same bits everywhere.

import * as Kind from "../shared/schedules";
import { cosPiF64, powF64 } from "../simd/double";

/**
 * The rate that the schedule's block (see shared/schedules.ts) gives for a step, counted from 0: one f64 for the step
 * that is about to be taken. Behind its last step a schedule stays where it ended.
 */
export function scheduledRate(block: usize, step: f64): f64 {
  const initial = number(block, 1);
  switch (i32(number(block, 0))) {
    case Kind.SCHEDULE_CONSTANT:
      return initial;
    case Kind.SCHEDULE_EXPONENTIAL:
      return initial * powF64(number(block, 3), periods(block, step));
    case Kind.SCHEDULE_INVERSE_TIME:
      return initial / (1.0 + number(block, 3) * periods(block, step));
    case Kind.SCHEDULE_POLYNOMIAL:
      return polynomial(step, initial, number(block, 2), number(block, 3), number(block, 4), number(block, 5) != 0);
    case Kind.SCHEDULE_PIECEWISE:
      return piecewise(block, step, i32(initial));
    case Kind.SCHEDULE_COSINE: {
      const target = number(block, 4);
      const warmup = number(block, 5);
      if (step < warmup) return initial + (target - initial) * (step / warmup);
      return cosine(target, target * number(block, 3), min<f64>((step - warmup) / number(block, 2), 1.0));
    }
    case Kind.SCHEDULE_ONE_CYCLE:
      return oneCycle(block, step, initial);
    case Kind.SCHEDULE_WARMUP: {
      const steps = number(block, 3);
      if (step < steps) return initial + (number(block, 2) - initial) * (step / steps);
      return scheduledRate(block + 32, step - steps);
    }
    default:
      return unreachable();
  }
}

// @ts-ignore: decorator
@inline
function number(block: usize, index: usize): f64 {
  return load<f64>(block + (index << 3));
}

/** How many times decaySteps have gone by; whole ones, where it goes by stairs. */
function periods(block: usize, step: f64): f64 {
  const gone = step / number(block, 2);
  return number(block, 4) != 0 ? floor<f64>(gone) : gone;
}

/** From `initial` to `end` along (1 − p)^power; in cycles, over 1, 2, 3 … times decaySteps. */
function polynomial(step: f64, initial: f64, decaySteps: f64, end: f64, power: f64, cycle: bool): f64 {
  const span = cycle ? decaySteps * max<f64>(1.0, ceil<f64>(step / decaySteps)) : decaySteps;
  return end + (initial - end) * powF64(1.0 - min<f64>(step / span, 1.0), power);
}

/** The value of the first boundary that the step is not beyond. */
function piecewise(block: usize, step: f64, boundaries: i32): f64 {
  let i = 0;
  while (i < boundaries && step > number(block, 2 + i)) i++;
  return number(block, 2 + boundaries + i);
}

/** Half a cosine from `from` to `to` as the fraction goes from 0 to 1. */
function cosine(from: f64, to: f64, fraction: f64): f64 {
  return to + (from - to) * (0.5 * (1.0 + cosPiF64(fraction)));
}

/** Up to the greatest rate in stepsUp, then down to the end's in stepsDown. */
function oneCycle(block: usize, step: f64, initial: f64): f64 {
  const greatest = number(block, 2);
  const end = number(block, 3);
  const up = number(block, 4);
  const rising = step < up;
  const fraction = rising ? step / up : min<f64>((step - up) / number(block, 5), 1.0);
  const from = rising ? initial : greatest;
  const to = rising ? greatest : end;
  return number(block, 6) != 0 ? from + (to - from) * fraction : cosine(from, to, fraction);
}
