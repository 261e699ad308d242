// What every schedule promises beside what every member of a family does (families.test.ts): it is evaluated in
// WebAssembly, before the optimizer's record of each step.

import { describe, expect, it } from "vitest";
import { adam, cosineDecay, dense, loadModel, type Model, sequential, sgd, warmup } from "../../src/index.js";
import { type Schedule, scheduleBlock, type ScheduleName, SCHEDULES } from "../../src/schedules/index.js";
import { kernels } from "../kernels/harness.js";
import { rateAt as twin } from "../reference/schedules.js";
import { compiled, EXAMPLES, resolvedSchedule } from "./schedules.js";

const NAMES = Object.keys(SCHEDULES.rows) as ScheduleName[];

const CASES = NAMES.flatMap((name) =>
  EXAMPLES[name].map((options) => ({ name, options, title: `${name} ${JSON.stringify(options)}` })),
);

function relativeError(found: number, expected: number): number {
  return found === expected ? 0 : Math.abs(found - expected) / Math.abs(expected);
}

describe.each(CASES)("$title", (chosen) => {
  const schedule = resolvedSchedule(chosen);

  it("follows its twin at every step, and long after its end", () => {
    const rate = compiled(schedule);
    for (const step of [...Array(60).keys(), 1000, 123_456]) {
      const expected = twin(schedule, step);
      // Near its end a cosine is what is left of 1 − 1: an error of the largest rate, not of its own.
      expect(Math.abs(rate(step) - expected)).toBeLessThanOrEqual(2e-15 * Math.max(expected, twin(schedule, 0), 0.5));
    }
  });

  it("is never below 0, and always finite", () => {
    const rate = compiled(schedule);
    for (const step of [...Array(60).keys(), 2 ** 16]) {
      expect(rate(step)).toBeGreaterThanOrEqual(0);
      expect(rate(step)).toBeLessThan(Infinity);
    }
  });

  it("begins where a warmup before it ends", () => {
    const before = resolvedSchedule({ name: "warmup", options: { steps: 8, after: schedule } });
    const rate = compiled(before);
    expect(relativeError(rate(4), twin(schedule, 0) / 2)).toBeLessThan(1e-15);
    expect(relativeError(rate(8), twin(schedule, 0))).toBeLessThan(1e-15);
  });
});

/** One weight, which steps down by the rate where the gradient is 1. */
async function unit(learningRate: Schedule): Promise<Model> {
  const model = await sequential({ inputShape: 1, layers: [dense(1, { useBias: false, name: "dense" })], seed: 1 });
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  return model;
}

// ── Options ────────────────────────────────────────────────────────────────────────────────────────────────────────

describe.each(NAMES)("%s", (name) => {
  const [options] = EXAMPLES[name] as Record<string, unknown>[];
  const refused = (wrong: object) => () => resolvedSchedule({ name, options: { ...options, ...wrong } });

  it("refuses each number that is no number", () => {
    for (const option of Object.keys(SCHEDULES.rows[name].options)) {
      for (const value of [NaN, Infinity, -1, "0.1", {}]) {
        expect(refused({ [option]: value }), `${option}: ${String(value)}`).toThrow(/schedule/);
      }
    }
    expect(refused({ nosuch: 1 })).toThrow(expect.objectContaining({ code: "config/unknown-option" }));
  });

  it("refuses to do without what it needs", () => {
    for (const [option, value] of Object.entries(options!)) {
      if (SCHEDULES.rows[name].options[option as never] !== undefined || value === undefined) continue;
      expect(() => resolvedSchedule({ name, options: { ...options, [option]: undefined } })).toThrow(option);
    }
  });
});

it("refuses schedules whose rate is 0 all along", () => {
  expect(() => resolvedSchedule({ name: "cosineDecay", options: { initialLearningRate: 0, decaySteps: 9 } })).toThrow();
  expect(() => resolvedSchedule({ name: "piecewiseConstant", options: { boundaries: [1], values: [0, 0] } })).toThrow(
    "All",
  );
  expect(() => resolvedSchedule({ name: "oneCycle", options: { maxLearningRate: 1, totalSteps: 1 } })).toThrow(
    "at least 2",
  );
});

it("halts a step whose rate has grown beyond all numbers, and says so", async () => {
  const model = await unit(
    resolvedSchedule({
      name: "exponentialDecay",
      options: { initialLearningRate: 0.1, decaySteps: 1, decayRate: 1e10 },
    }),
  );
  const still = new Map([["dense/kernel", { data: Float32Array.of(0), shape: [1, 1] }]]);
  for (let step = 0; step < 4; step++) model.applyGradients(still);
  const before = model.getWeights();
  const halted = expect.objectContaining({ code: "numeric/not-finite" });
  expect(() => model.trainOnBatch([[1]], [[1]])).toThrow(halted); // 1e39 is no f32
  expect(() => model.applyGradients(still)).toThrow("The learning rate became 1.0");
  expect(model.getWeights()).toEqual(before);
});

it("leaves the model as it was where compile refuses", async () => {
  const model = await unit(
    resolvedSchedule({ name: "cosineDecay", options: { initialLearningRate: 0.02, decaySteps: 13 } }),
  );
  const learningRate = cosineDecay({ initialLearningRate: -1, decaySteps: 3 });
  expect(() => model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" })).toThrow("cosineDecay");
  expect(model.program({ training: true })).toContain("sgd");
});

it("keeps its own copy of lists", () => {
  const values = [1, 0.5];
  const schedule = resolvedSchedule({ name: "piecewiseConstant", options: { boundaries: [3], values } });
  values[1] = NaN;
  expect(scheduleBlock(schedule).every(Number.isFinite)).toBe(true);
});

// ── Resuming ───────────────────────────────────────────────────────────────────────────────────────────────────────

it("resumes a fit in the midst of an epoch with the same bits", async () => {
  const x = Float32Array.from({ length: 40 }, (_, i) => Math.fround(((i * 7) % 11) / 11 - 0.5));
  const y = Float32Array.from({ length: 20 }, (_, i) => x[2 * i]! - x[2 * i + 1]!);
  const train = { epochs: 3, batchSize: 4 };
  const build = async () => {
    const model = await sequential({ inputShape: 2, layers: [dense(3, { activation: "tanh" }), dense(1)], seed: 4 });
    const learningRate = warmup({ steps: 3, after: cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }) });
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  };
  const whole = await build();
  await whole.fit(x, y, train);
  const stopped = await build();
  await stopped.fit(x, y, { ...train, maxSteps: 7 });
  const loaded = await loadModel(stopped.toBytes({ includeOptimizer: true }));
  await loaded.fit(x, y, { ...train, resume: true });
  expect(loaded.getWeights()).toEqual(whole.getWeights());
});

// ── e^x, ln x, cos πx, x^y in f64 ──────────────────────────────────────────────────────────────────────────────────

describe("functions of one f64", () => {
  const { call } = kernels();
  const ULP = 2 ** -52; // of 1: the most that a relative error of one unit in the last place can be
  const grid = (from: number, to: number, n = 200_000) =>
    Array.from({ length: n + 1 }, (_, i) => from + ((to - from) * i) / n);
  const worst = (xs: number[], f: (x: number) => number, g: (x: number) => number) =>
    xs.reduce((most, x) => Math.max(most, relativeError(f(x), g(x))), 0);

  // Math's own functions are within 1 ULP in the engine that runs the tests.
  it("exp: 1 ULP", () => {
    expect(worst(grid(-708, 709), call.expF64!, Math.exp)).toBeLessThan(2 * ULP);
    expect(worst(grid(-0.4, 0.4), call.expF64!, Math.exp)).toBeLessThan(2 * ULP);
    expect([0, -709, -Infinity, 710, Infinity, NaN].map((x) => call.expF64!(x))).toEqual([
      1,
      0,
      0,
      Infinity,
      Infinity,
      NaN,
    ]);
  });

  it("log: 1 ULP", () => {
    expect(worst(grid(0.3, 3), call.logF64!, Math.log)).toBeLessThan(2 * ULP);
    expect(
      worst(
        grid(-300, 300).map((x) => 10 ** x),
        call.logF64!,
        Math.log,
      ),
    ).toBeLessThan(2 * ULP);
    expect(call.logF64!(1)).toBe(0);
  });

  it("cos πx: within 2⁻⁵², exact at 0, ½ and 1", () => {
    for (const x of grid(0, 1)) expect(Math.abs(call.cosPiF64!(x) - Math.cos(Math.PI * x))).toBeLessThan(2 * ULP);
    expect([0, 0.5, 1].map((x) => call.cosPiF64!(x))).toEqual([1, 0, -1]);
  });

  it("pow: (2 + |y ln x|) · 2⁻⁵²", () => {
    for (const x of [1e-6, 0.1, 0.5, 0.9, 0.9999, 1, 1.5, 40]) {
      for (const y of [0, 1e-3, 0.5, 1, 2, 17, 100.25]) {
        const error = relativeError(call.powF64!(x, y), x ** y);
        expect(error).toBeLessThanOrEqual((3 + Math.abs(y * Math.log(x))) * ULP);
      }
    }
    expect([0.5, 1, 0].map((y) => call.powF64!(0, y))).toEqual([0, 0, 1]);
  });
});
