import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { dense, type Model, optimizers as factories, sequential } from "../../src/index.js";
import {
  type OptimizerDescription,
  type OptimizerName,
  OPTIMIZERS,
  resolveOptimizer,
  slotsOf,
} from "../../src/optimizers/index.js";
import { FIVE_STEPS, SINGLE_STEP, WEIGHT_DECAY } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import { RULES, step as twinStep } from "../reference/optimizers.js";
import { plain } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

/** PyTorch's, in double precision: test/golden/optimizers.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8")) as {
  readonly start: number[];
  readonly gradients: number[][];
  readonly optimizers: { readonly name: string; readonly options: object; readonly steps: number[][] }[];
};

/** Options that choose another path through a kernel, beside those that the table shows. */
const VARIANTS: Readonly<Record<string, readonly object[]>> = {
  sgd: [{ momentum: 0.9, nesterov: true }],
  rmsprop: [{ momentum: 0.8, centered: true }],
  nadam: [{ beta1: 0 }],
};

/** Defaults; every switch turned; momentum where there is none by default; decay; and the variants. */
export function optimizerCases(name: string): readonly object[] {
  const options = Object.entries(OPTIMIZERS.rows[name as OptimizerName].options);
  return [
    {},
    ...options.filter(([, value]) => typeof value === "boolean").map(([option, value]) => ({ [option]: !value })),
    ...options.filter(([option]) => option === "momentum").map(([option]) => ({ [option]: 0.8 })),
    { weightDecay: 0.25 },
    ...(VARIANTS[name] ?? []),
  ];
}

export function describeOptimizer({ name, options }: Member): OptimizerDescription {
  return resolveOptimizer({ ...options, name } as OptimizerDescription);
}

/** One dense kernel that is all there is to train. */
async function kernelModel(member: Member, kernel: ArrayLike<number>, columns: number): Promise<Model> {
  const rows = kernel.length / columns;
  const layers = [dense(columns, { useBias: false, name: "dense" })];
  const model = await sequential({ inputShape: rows, layers, seed: 1 });
  model.compile({ optimizer: describeOptimizer(member), loss: "meanSquaredError" });
  model.setWeights(named(kernel, columns));
  return model;
}

const named = (kernel: ArrayLike<number>, columns: number) =>
  new Map([["dense/kernel", { data: Float32Array.from(kernel), shape: [kernel.length / columns, columns] }]]);
const kernelOf = (model: Model): Float32Array => model.getWeights().get("dense/kernel")!.data;

/** Steps by given gradients, from `start`; after each, the parameters beside the expected. */
async function checkSteps(
  member: Member,
  start: readonly number[],
  steps: readonly { gradient: readonly number[]; after: readonly number[] }[],
  tolerance: number,
): Promise<void> {
  const model = await kernelModel(member, start, 1);
  for (const { gradient, after } of steps) {
    model.applyGradients(named(gradient, 1));
    kernelOf(model).forEach((w, i) => {
      const expected = after[i] ?? after[0]!;
      expect(Math.abs(w - expected)).toBeLessThan(tolerance * (1 + Math.abs(expected)));
    });
  }
}

/** The options that some figure of PyTorch or Keras was made with. */
export function optionsOfFigures(name: string): Set<string> {
  const ofTorch = golden.optimizers.filter((figure) => figure.name === name).map(({ options }) => options);
  return new Set([...ofTorch, FIVE_STEPS[name]?.options ?? {}].flatMap(Object.keys));
}

function figures(name: string): Figures[] {
  const ofTorch = golden.optimizers
    .filter((figure) => figure.name === name)
    .map(({ options, steps }) => ({
      source: `PyTorch ${JSON.stringify(options)}`,
      check: () =>
        checkSteps(
          { name, options },
          golden.start,
          steps.map((after, t) => ({ gradient: golden.gradients[t]!, after })),
          2e-6,
        ),
    }));
  const single = SINGLE_STEP[name];
  const five = FIVE_STEPS[name];
  const { rate, weightDecay, start, steps, after } = WEIGHT_DECAY;
  const ramp = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  const ofKeras: Figures[] = [];
  if (single) {
    const steps = [{ gradient: [1, 6, 7, 2], after: single }];
    ofKeras.push({
      source: "Keras's test_single_step",
      check: () => checkSteps({ name, options: { learningRate: 0.5 } }, [1, 2, 3, 4], steps, 6e-5),
    });
  }
  if (five) {
    const steps = five.steps.map((after, t) => ({ gradient: t === 0 ? ramp.map(() => 0.01) : ramp, after }));
    ofKeras.push({
      source: "Keras's test_correctness_with_golden",
      check: () =>
        checkSteps(
          { name, options: five.options },
          ramp.map(() => 1),
          steps,
          5e-4,
        ),
    });
  }
  if (single) {
    const member = { name, options: { learningRate: rate, weightDecay } };
    ofKeras.push({
      source: "Keras's test_weight_decay",
      async check() {
        const model = await kernelModel(member, [start], 1);
        for (let t = 0; t < steps; t++) model.applyGradients(named([0], 1));
        expect(kernelOf(model)[0]).toBeCloseTo(after, 6);
      },
    });
  }
  return [...ofTorch, ...ofKeras];
}

export const optimizerFamily: FamilyUnderTest = {
  kind: OPTIMIZERS.kind,
  names: Object.keys(OPTIMIZERS.rows),
  naming: {
    family: OPTIMIZERS,
    resolve: (given) => resolveOptimizer(given as OptimizerName),
    module: factories,
  },
  files: {
    cases: "src/optimizers/index.ts: its options",
    twin: "test/reference/optimizers.ts (RULES)",
    figures: "test/golden/optimizers.py, and run it, or test/golden/keras.ts",
  },
  cases: optimizerCases,
  hasTwin: (name) => name in RULES,
  differentiable: false,
  figures,

  async follows(member, { rows, width }) {
    const STEPS = 6;
    const description = describeOptimizer(member);
    const n = rows * width;
    const start = noise(n, 21);
    const model = await kernelModel(member, start, width);
    const params = Float64Array.from(start);
    const decay = (description.weightDecay as number | undefined) ?? 0;
    const segments = [{ offset: 0, length: n, rateScale: 1, decay }];
    const slots = Array.from({ length: n }, () => ({ ...slotsOf(description) }));
    for (let t = 1; t <= STEPS; t++) {
      const g = noise(n, 100 + t).map((value) => value * 2);
      model.applyGradients(named(g, width));
      twinStep(member.name as OptimizerName, description, segments, params, g, slots, t);
    }
    // Each step adds a few roundings of numbers up to about 1.
    kernelOf(model).forEach((w, i) => expect(Math.abs(w - params[i]!)).toBeLessThan(STEPS * 4 * 2 ** -24));
    expect(kernelOf(model)).not.toEqual(start);
  },

  network: (member, size) => plain(size, { optimizer: describeOptimizer(member) }),
};
