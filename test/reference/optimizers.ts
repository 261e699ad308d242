import type { OptimizerName } from "../../src/optimizers/index.js";

export interface Segment {
  readonly offset: number;
  readonly length: number;
  readonly rateScale: number;
  readonly decay: number;
}

/** The slots of one parameter by name, changed in place; a rule may keep more than the kernel does. */
type Slots = Record<string, number>;
/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Options = Readonly<Record<string, any>>;

/** How far one parameter moves down at step t = 1, 2, … */
type Rule = (g: number, s: Slots, rate: number, options: Options, t: number) => number;

const average = (old: number, value: number, beta: number) => beta * old + (1 - beta) * value;

function adam(g: number, s: Slots, rate: number, { beta1, beta2, epsilon, amsgrad }: Options, t: number): number {
  s.m = average(s.m!, g, beta1);
  s.v = average(s.v!, g * g, beta2);
  if (amsgrad) s.vMax = Math.max(s.vMax!, s.v);
  const mHat = s.m / (1 - beta1 ** t);
  const vHat = (amsgrad ? s.vMax! : s.v) / (1 - beta2 ** t);
  return (rate * mHat) / (Math.sqrt(vHat) + epsilon);
}

/** Each optimizer as its paper or Keras writes it, for one parameter. */
export const RULES: { readonly [K in OptimizerName]: Rule } = {
  sgd(g, s, rate, { momentum, nesterov }) {
    if (momentum === 0) return rate * g;
    s.velocity = momentum * s.velocity! - rate * g;
    return nesterov ? rate * g - momentum * s.velocity : -s.velocity;
  },
  adagrad(g, s, rate, { epsilon }) {
    s.accumulator! += g * g;
    return (rate * g) / Math.sqrt(s.accumulator! + epsilon);
  },
  adadelta(g, s, rate, { rho, epsilon }) {
    s.accumulatedGradient = average(s.accumulatedGradient!, g * g, rho);
    const delta = (g * Math.sqrt(s.accumulatedDelta! + epsilon)) / Math.sqrt(s.accumulatedGradient + epsilon);
    s.accumulatedDelta = average(s.accumulatedDelta!, delta * delta, rho);
    return rate * delta;
  },
  rmsprop(g, s, rate, { rho, momentum, epsilon, centered }) {
    s.squares = average(s.squares ?? 0, g * g, rho);
    if (centered) s.average = average(s.average!, g, rho);
    s.v = s.squares - (centered ? s.average! ** 2 : 0);
    const step = (rate * g) / Math.sqrt(s.v + epsilon);
    if (momentum === 0) return step;
    s.velocity = momentum * s.velocity! + step;
    return s.velocity;
  },
  adam,
  adamW: adam, // decay is the segments'
  nadam(g, s, rate, { beta1, beta2, epsilon }, t) {
    s.m = average(s.m!, g, beta1);
    s.v = average(s.v!, g * g, beta2);
    const mu = (i: number) => beta1 * (1 - 0.5 * 0.96 ** i);
    let product = 1;
    for (let i = 1; i <= t; i++) product *= mu(i);
    const mHat = (mu(t + 1) * s.m) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - product);
    const vHat = s.v / (1 - beta2 ** t);
    return (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  },
  adamax(g, s, rate, { beta1, beta2, epsilon }, t) {
    s.m = average(s.m!, g, beta1);
    s.u = Math.max(beta2 * s.u!, Math.abs(g));
    return (rate * s.m) / (1 - beta1 ** t) / (s.u + epsilon);
  },
  lion(g, s, rate, { beta1, beta2 }) {
    const direction = average(s.m!, g, beta1);
    s.m = average(s.m!, g, beta2);
    return rate * Math.sign(direction);
  },
};

/** One step over all segments; `slots` holds those of each parameter. */
export function step(
  name: OptimizerName,
  options: Options,
  segments: readonly Segment[],
  params: Float64Array,
  grads: ArrayLike<number>,
  slots: readonly Slots[],
  t: number,
): void {
  for (const { offset, length, rateScale, decay } of segments) {
    const rate = options.learningRate * rateScale;
    for (let i = offset; i < offset + length; i++) {
      const kept = (1 - rate * decay) * params[i]!;
      params[i] = kept - RULES[name](grads[i]!, slots[i]!, rate, options, t);
    }
  }
}
