import type { LearningRate, ScheduleName } from "../../src/schedules/index.js";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- options as the factories fill them in */
type Options = Readonly<Record<string, any>>;

const line = (from: number, to: number, fraction: number) => from + (to - from) * fraction;
const halfCosine = (from: number, to: number, fraction: number) =>
  line(to, from, (1 + Math.cos(Math.PI * fraction)) / 2);

function periods({ decaySteps, staircase }: Options, step: number): number {
  return staircase ? Math.floor(step / decaySteps) : step / decaySteps;
}

/** Each schedule as Keras writes it (oneCycle: PyTorch), for a step counted from 0. */
export const SCHEDULES: { readonly [K in ScheduleName]: (options: Options, step: number) => number } = {
  exponentialDecay: (o, step) => o.initialLearningRate * o.decayRate ** periods(o, step),
  inverseTimeDecay: (o, step) => o.initialLearningRate / (1 + o.decayRate * periods(o, step)),
  polynomialDecay({ initialLearningRate, decaySteps, endLearningRate, power, cycle }, step) {
    const span = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
    const left = 1 - Math.min(step, span) / span;
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  },
  piecewiseConstant({ boundaries, values }, step) {
    const piece = boundaries.findIndex((boundary: number) => step <= boundary);
    return values.at(piece);
  },
  cosineDecay({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }, step) {
    if (step < warmupSteps) return line(initialLearningRate, warmupTarget, step / warmupSteps);
    const from = warmupTarget ?? initialLearningRate;
    return halfCosine(from, alpha * from, Math.min(step - warmupSteps, decaySteps) / decaySteps);
  },
  oneCycle({ maxLearningRate, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor }, step) {
    const anneal = annealStrategy === "cos" ? halfCosine : line;
    const initial = maxLearningRate / divFactor;
    const top = Math.max(pctStart * totalSteps - 1, 0);
    if (step < top) return anneal(initial, maxLearningRate, step / top);
    return anneal(maxLearningRate, initial / finalDivFactor, Math.min((step - top) / (totalSteps - 1 - top), 1));
  },
  warmup({ steps, after, target, initialLearningRate }, step) {
    if (step < steps) return line(initialLearningRate, target ?? rateAt(after, 0), step / steps);
    return rateAt(after, step - steps);
  },
};

export function rateAt(rate: LearningRate, step: number): number {
  return typeof rate === "number" ? rate : SCHEDULES[rate.name](rate, step);
}
