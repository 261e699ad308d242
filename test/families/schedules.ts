import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { cosineDecay, dense, type Model, schedules as factories, sequential, sgd, warmup } from "../../src/index.js";
import {
  resolveLearningRate,
  type Schedule,
  scheduleBlock,
  type ScheduleName,
  SCHEDULES,
} from "../../src/schedules/index.js";
import { kernels } from "../kernels/harness.js";
import { rateAt, SCHEDULES as TWINS } from "../reference/schedules.js";
import { plain } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

/** PyTorch's, in double precision: test/golden/optimizers.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8")) as {
  readonly schedules: { readonly name: string; readonly options: object; readonly rates: number[] }[];
};

const decay = { initialLearningRate: 0.1, decaySteps: 7, decayRate: 0.6 };
const cosine = { initialLearningRate: 0.02, decaySteps: 13 };
/** All of a schedule must be given: nothing about it has a default. */
export const EXAMPLES: Readonly<Record<ScheduleName, readonly object[]>> = {
  exponentialDecay: [decay, { ...decay, staircase: true }, { ...decay, decaySteps: 2.5, decayRate: 0.9 }],
  inverseTimeDecay: [decay, { ...decay, staircase: true }, { ...decay, decayRate: 0 }],
  polynomialDecay: [
    { initialLearningRate: 0.1, decaySteps: 10 },
    { initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0.01, power: 0.5 },
    { initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0, power: 2, cycle: true },
  ],
  piecewiseConstant: [
    { boundaries: [2, 3, 7], values: [1, 0.7, 0.3, 0.1] },
    { boundaries: [], values: [0.5] },
  ],
  cosineDecay: [
    cosine,
    { ...cosine, alpha: 0.3 },
    { ...cosine, initialLearningRate: 0, alpha: 0.1, warmupTarget: 0.5, warmupSteps: 5 },
    { ...cosine, warmupTarget: 0.5, warmupSteps: 5 },
  ],
  oneCycle: [
    { maxLearningRate: 0.3, totalSteps: 20 },
    {
      maxLearningRate: 0.3,
      totalSteps: 17,
      pctStart: 0.4,
      annealStrategy: "linear",
      divFactor: 10,
      finalDivFactor: 50,
    },
    { maxLearningRate: 0.3, totalSteps: 2, pctStart: 0 },
  ],
  warmup: [
    { steps: 6, after: 0.3 },
    { steps: 4, initialLearningRate: 0.01, target: 0.2, after: cosineDecay(cosine) },
    { steps: 2, after: warmup({ steps: 3, initialLearningRate: 0.5, after: 1 }) },
  ],
};

export function resolvedSchedule({ name, options }: Member): Schedule {
  return resolveLearningRate({ ...options, name }, "learningRate") as Schedule;
}

/** The rate that the kernel gives, by step. */
export function compiled(schedule: Schedule): (step: number) => number {
  const k = kernels();
  const block = scheduleBlock(schedule);
  const address = k.reserve(block.length * 8);
  new Float64Array(k.memory.buffer, address, block.length).set(block);
  return (step) => k.call.scheduledRate!(address, step);
}

/** From Keras's documentation and its tests (keras/src/optimizers/schedules/learning_rate_schedule_test.py). */
const KERAS: readonly [ScheduleName, object, Readonly<Record<number, number>>][] = [
  ["piecewiseConstant", EXAMPLES.piecewiseConstant[0]!, { 0: 1, 1: 1, 2: 1, 3: 0.7, 4: 0.3, 7: 0.3, 8: 0.1, 100: 0.1 }],
  [
    "exponentialDecay",
    { initialLearningRate: 1, decaySteps: 3, decayRate: 0.96, staircase: true },
    { 1: 1, 2: 1, 3: 0.96 },
  ],
  [
    "polynomialDecay",
    { initialLearningRate: 0.05, decaySteps: 10, endLearningRate: 0 },
    { 0: 0.05, 5: 0.025, 10: 0, 20: 0 },
  ],
  [
    "polynomialDecay",
    { initialLearningRate: 0.05, decaySteps: 10, endLearningRate: 0.001, power: 0.5 },
    { 5: 0.049 * 0.5 ** 0.5 + 0.001, 10: 0.001 },
  ],
  [
    "polynomialDecay",
    { initialLearningRate: 0.05, decaySteps: 10, endLearningRate: 0.001, cycle: true },
    { 0: 0.05, 10: 0.001, 15: 0.049 * 0.25 + 0.001 },
  ],
  ["inverseTimeDecay", { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.96 }, { 4: 0.1 / (1 + 0.96 * 0.4) }],
  ["cosineDecay", { initialLearningRate: 1, decaySteps: 1000, alpha: 0.1 }, { 0: 1, 500: 0.55, 1000: 0.1, 2000: 0.1 }],
  [
    "cosineDecay",
    { initialLearningRate: 0, decaySteps: 10, warmupTarget: 1, warmupSteps: 10 },
    { 0: 0, 5: 0.5, 10: 1, 15: 0.5, 20: 0 },
  ],
  [
    "cosineDecay",
    { initialLearningRate: 0.5, decaySteps: 10, warmupTarget: 1, warmupSteps: 10 },
    { 0: 0.5, 5: 0.75, 10: 1, 15: 0.5, 20: 0 },
  ],
];

function figures(name: string): Figures[] {
  const ofTorch = golden.schedules
    .filter((figure) => figure.name === name)
    .map(({ options, rates }) => ({
      source: `PyTorch ${JSON.stringify(options)}`,
      check() {
        const rate = compiled(resolvedSchedule({ name, options }));
        // PyTorch multiplies from step to step, and so gathers roundings.
        rates.forEach((expected, step) => expect(Math.abs(rate(step) - expected)).toBeLessThan(1e-15));
      },
    }));
  const ofKeras = KERAS.filter(([of]) => of === name).map(([, options, rates]) => ({
    source: `Keras ${JSON.stringify(options)}`,
    check() {
      const rate = compiled(resolvedSchedule({ name, options }));
      for (const [step, expected] of Object.entries(rates)) expect(rate(Number(step))).toBeCloseTo(expected, 15);
    },
  }));
  return [...ofTorch, ...ofKeras];
}

/** Weights that step down by the rate where the gradient is 1. */
async function unit(learningRate: Schedule, rows: number, width: number): Promise<Model> {
  const layers = [dense(width, { useBias: false, name: "dense" })];
  const model = await sequential({ inputShape: rows, layers, seed: 1 });
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  return model;
}

export const scheduleFamily: FamilyUnderTest = {
  kind: SCHEDULES.kind,
  names: Object.keys(SCHEDULES.rows),
  naming: {
    family: SCHEDULES,
    resolve: (given) => resolveLearningRate(given, "learningRate"),
    module: factories,
    accepts: (given) => typeof given === "number",
    strangeCode: /^config\/(unknown-schedule|bad-learning-rate)$/,
  },
  files: {
    cases: "test/families/schedules.ts (EXAMPLES)",
    twin: "test/reference/schedules.ts (SCHEDULES)",
    figures: "test/golden/optimizers.py, and run it, or test/families/schedules.ts (KERAS)",
  },
  cases: (name) => EXAMPLES[name as ScheduleName] ?? [],
  hasTwin: (name) => name in TWINS,
  differentiable: false,
  figures,

  async follows(member, { rows, width }) {
    const schedule = resolvedSchedule(member);
    const model = await unit(schedule, rows, width);
    const all = (value: number) =>
      new Map([["dense/kernel", { data: new Float32Array(rows * width).fill(value), shape: [rows, width] }]]);
    for (let step = 0; step < 12; step++) {
      model.setWeights(all(0));
      model.applyGradients(all(1));
      const rate = rateAt(schedule, step);
      for (const moved of model.getWeights().get("dense/kernel")!.data) {
        expect(Math.abs(moved + rate)).toBeLessThanOrEqual(2 ** -24 * rate);
      }
    }
  },

  network: (member, size) => plain(size, { optimizer: sgd({ learningRate: resolvedSchedule(member) }) }),
};
