import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { dense, losses as factories, sequential, sgd } from "../../src/index.js";
import type { Model } from "../../src/index.js";
import { type LossDescription, type LossName, LOSSES, resolveLoss } from "../../src/losses/table.js";
import { LOSSES as KERAS } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import { sigmoid } from "../reference/math.js";
import { LOSSES as TWINS } from "../reference/losses.js";
import { rowsOf } from "../reference/softmax.js";
import type { TwinResult, Weights } from "./differences.js";
import { affine, scatter } from "./networks.js";
import type { FamilyUnderTest, Figures, Member, Network, Size } from "./suite.js";

interface Golden {
  readonly options: object;
  readonly predictions: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
  readonly weightedLoss: number;
  readonly weightedGradient: readonly number[];
}
/** PyTorch's, five rows of three: make_losses.py. */
export const golden = JSON.parse(readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8")) as Record<
  string,
  Golden
>;

export const WIDTH = 3;

const describedBy = ({ name, options }: Member) => resolveLoss({ name: name as LossName, ...options });

/** A network whose output is its weights' row: x is one-hot, so that the kernel's gradient is that of the output. */
export async function identity(
  loss: LossDescription,
  predictions: ArrayLike<number>,
  width: number,
): Promise<{ model: Model; x: Float32Array }> {
  const rows = predictions.length / width;
  const layers = [dense(width, { useBias: false, name: "dense" })];
  const model = await sequential({ inputShape: rows, layers, seed: 1 });
  model.setWeights(new Map([["dense/kernel", { data: Float32Array.from(predictions), shape: [rows, width] }]]));
  model.compile({ optimizer: sgd({ learningRate: 1 }), loss });
  const x = Float32Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) === 0 ? 1 : 0));
  return { model, x };
}

export const kernelOf = (model: Model): Float32Array => model.getWeights().get("dense/kernel")!.data;

export function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value), `element ${i}`).toBeLessThan(tolerance));
}

/** Loss and gradient, plain; then both through a step with weighted rows, one of which weighs nothing. */
async function checkGolden(name: string, figures: Golden): Promise<void> {
  const { options, predictions, weights, loss, gradient, weightedLoss, weightedGradient } = figures;
  const targets = Float32Array.from(figures.targets);
  const { model, x } = await identity(describedBy({ name, options }), predictions, WIDTH);
  expectClose([(await model.evaluate(x, targets)).loss!], [loss], 2e-6);
  expectClose(model.gradients(x, targets).get("dense/kernel")!.data, gradient, 2e-6);

  const sampleWeight = [...weights];
  expectClose([(await model.evaluate(x, targets, { sampleWeight })).loss!], [weightedLoss], 4e-6);
  const before = kernelOf(model);
  expectClose([model.trainOnBatch(x, targets, { sampleWeight }).loss!], [weightedLoss], 4e-6);
  const step = kernelOf(model).map((value, i) => before[i]! - value);
  expectClose(step, weightedGradient, 4e-6);
  expect([...step.subarray(2 * WIDTH, 3 * WIDTH)]).toEqual([0, 0, 0]);
}

function figures(name: string): Figures[] {
  const torch = golden[name];
  return [
    ...(torch ? [{ source: `PyTorch ${JSON.stringify(torch.options)}`, check: () => checkGolden(name, torch) }] : []),
    ...(KERAS[name] ?? []).map(({ test, options = {}, predictions, targets, weights, loss, places }) => ({
      source: `Keras's ${test}`,
      async check() {
        const { model, x } = await identity(describedBy({ name, options }), predictions.flat(), predictions[0]!.length);
        const weighted = weights ? { sampleWeight: [...weights] } : {};
        const found = await model.evaluate(x, Float32Array.from(targets.flat()), weighted);
        expect(found.loss).toBeCloseTo(loss, places);
      },
    })),
  ];
}

// ── Data that fit ───────────────────────────────────────────────────────────────────────────────────────────────────

const rowOf = (name: string) => LOSSES.rows[name as LossName];

/** Targets of the loss's kind, as rows: a label, one-hot, 0 and 1, −1 and 1, probabilities, counts or numbers. */
function targetsFor(name: string, { rows, width }: Size): Float32Array {
  const { targets, classes } = rowOf(name);
  const chances = noise(rows * (targets === "labels" ? 1 : width), 7).map((value) => (value + 1) / 2);
  if (targets === "labels") return chances.map((chance) => Math.floor(chance * width));
  if (classes === "binary") return chances.map((chance) => (chance < 0.5 ? 0 : 1));
  if (classes === "sign") return chances.map((chance) => (chance < 0.5 ? -1 : 1));
  if (classes === "oneHot") return chances.map((_, i) => (i % width === (Math.floor(i / width) * 5) % width ? 1 : 0));
  if (name === "poisson") return chances.map((chance) => Math.floor(chance * 5));
  return name === "kullbackLeiblerDivergence"
    ? chances.map((chance) => Math.fround(0.05 + 0.9 * chance))
    : noise(rows * width, 8).map((value) => value * 2);
}

/** Whose predictions must be above 0: a sigmoid's are. */
const POSITIVE = ["poisson", "kullbackLeiblerDivergence"];

function activationOf(name: string, { fromLogits }: LossDescription): "linear" | "sigmoid" | "softmax" {
  if (POSITIVE.includes(name)) return "sigmoid";
  return fromLogits === true ? "linear" : (rowOf(name).link ?? "linear");
}

function meanOf(member: Member, predictions: readonly number[], targets: Float32Array, width: number): TwinResult {
  const { of, kinks = () => [] } = TWINS[member.name as LossName];
  const rows = rowsOf(predictions, width);
  const own = rowsOf(targets, targets.length / rows.length);
  const options = describedBy(member);
  return {
    loss: rows.reduce((sum, row, i) => sum + of(row, own[i]!, options).loss, 0) / rows.length,
    kinks: rows.flatMap((row, i) => kinks(row, own[i]!, options)),
  };
}

async function network(member: Member, size: Size): Promise<Network> {
  const { rows, width } = size;
  const loss = describedBy(member);
  const positive = POSITIVE.includes(member.name);
  const layers = [
    dense(4, { activation: "tanh", name: "hidden" }),
    dense(width, { activation: activationOf(member.name, loss), name: "output" }),
  ];
  const model = await sequential({ inputShape: 3, layers, seed: 5 });
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss });
  scatter(model);
  const x = noise(rows * 3, 31);
  const y = targetsFor(member.name, size);
  const inputs = Array.from(x);
  const twin = (weights: Weights) => {
    const hidden = affine(inputs, weights["hidden/kernel"]!, 4, weights["hidden/bias"]).map(Math.tanh);
    const output = affine(hidden, weights["output/kernel"]!, width, weights["output/bias"]);
    return meanOf(member, positive ? output.map(sigmoid) : output, y, width);
  };
  return { model, x, y, twin };
}

export const lossFamily: FamilyUnderTest = {
  kind: LOSSES.kind,
  names: Object.keys(LOSSES.rows),
  naming: {
    family: LOSSES,
    resolve: (given) => resolveLoss(given as LossName),
    module: factories,
  },
  files: {
    cases: "src/losses/index.ts: its options",
    twin: "test/reference/losses.ts (LOSSES)",
    figures: "test/golden/make_losses.py, and run it",
  },
  /** Defaults, and what its figures were made with. */
  cases(name) {
    const { options } = golden[name] ?? { options: {} };
    return Object.keys(options).length > 0 ? [{}, options] : [{}];
  },
  differentiable: true,
  hasTwin: (name) => name in TWINS,
  figures,

  async follows(member, size) {
    const { rows, width } = size;
    const raw = noise(rows * width, 9).map((value) => value * 3);
    const predictions = POSITIVE.includes(member.name) ? raw.map((value) => Math.abs(value) / 3 + 0.125) : raw;
    const y = targetsFor(member.name, size);
    // From logits where it can be: what an activation makes of them is the activation's business.
    const described = describedBy(member);
    const loss = "fromLogits" in described ? { ...described, fromLogits: true } : described;
    const { model, x } = await identity(loss, predictions, width);
    const expected = meanOf(member, Array.from(predictions), y, width).loss;
    const { loss: found } = await model.evaluate(x, y);
    // A few roundings an element and a chain of width / 4 additions of numbers up to some 10.
    expect(Math.abs(found! - expected)).toBeLessThanOrEqual(24 * 2 ** -24 * (10 + Math.abs(expected)));
  },
  network,
};
