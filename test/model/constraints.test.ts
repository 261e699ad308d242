import { describe, expect, test } from "vitest";
import {
  type Constraint,
  dense,
  type DenseOptions,
  maxNorm,
  minMaxNorm,
  type Model,
  nonNeg,
  sequential,
  sgd,
  unitNorm,
} from "../../src/index.js";
import * as twin from "../reference/constraints.js";
import { failureOf, noise } from "./helpers.js";

const [INPUTS, UNITS] = [5, 7];
async function layer(options: DenseOptions): Promise<Model> {
  const model = await sequential({ inputShape: INPUTS, layers: [dense(UNITS, { ...options, name: "d" })], seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
  return model;
}

const kernel = (data: ArrayLike<number>) => ({ data: Float32Array.from(data), shape: [INPUTS, UNITS] });
const bias = (data: ArrayLike<number>) => ({ data: Float32Array.from(data), shape: [UNITS] });
const named = (k: ArrayLike<number>, b: ArrayLike<number>) =>
  new Map([
    ["d/kernel", kernel(k)],
    ["d/bias", bias(b)],
  ]);
const zeros = (n: number) => new Float32Array(n);
const weightOf = (model: Model, name: string) => [...model.getWeights().get(name)!.data];

const CASES: [string, Constraint, (w: ArrayLike<number>, width: number) => number[]][] = [
  ["maxNorm", maxNorm(0.75), (w, width) => twin.constrainNorms(w, width, { minimum: 0, maximum: 0.75, rate: 1 })],
  ["unitNorm", unitNorm(), (w, width) => twin.constrainNorms(w, width, { minimum: 1, maximum: 1, rate: 1 })],
  ["unitNorm by name", "unitNorm", (w, width) => twin.constrainNorms(w, width, { minimum: 1, maximum: 1, rate: 1 })],
  ["nonNeg", nonNeg(), (w) => twin.nonNegative(w)],
  [
    "minMaxNorm",
    minMaxNorm({ minValue: 1, maxValue: 1.5, rate: 0.3 }),
    (w, width) => twin.constrainNorms(w, width, { minimum: 1, maximum: 1.5, rate: Math.fround(0.3) }),
  ],
];

describe.each(CASES)("%s", (_, constraint, expected) => {
  const close = (actual: number[], wanted: number[]) =>
    actual.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));

  test("is applied after a step with gradients from elsewhere, to kernel and bias", async () => {
    const model = await layer({ kernelConstraint: constraint, biasConstraint: constraint });
    const [k, b, dk, db] = [noise(35, 2), noise(7, 3), noise(35, 4), noise(7, 5)];
    model.setWeights(named(k, b));
    close(weightOf(model, "d/kernel"), [...k]); // not before a step
    model.applyGradients(named(dk, db));
    close(
      weightOf(model, "d/kernel"),
      expected(
        k.map((w, i) => w - 0.5 * dk[i]!),
        UNITS,
      ),
    );
    close(
      weightOf(model, "d/bias"),
      expected(
        b.map((w, i) => w - 0.5 * db[i]!),
        1,
      ),
    );
  });

  test("is applied after a training step; frozen layers stay; zeros write no NaN", async () => {
    const model = await layer({ kernelConstraint: constraint });
    model.setWeights(named(noise(35, 2), zeros(7)));
    const gradient = model.gradients(noise(30), noise(42)).get("d/kernel")!.data;
    model.trainOnBatch(noise(30), noise(42));
    const moved = noise(35, 2).map((w, i) => w - 0.5 * gradient[i]!);
    close(weightOf(model, "d/kernel"), expected(moved, UNITS));

    const blank = await layer({ kernelConstraint: constraint, biasConstraint: constraint });
    blank.setWeights(named(zeros(35), zeros(7)));
    blank.applyGradients(named(zeros(35), zeros(7)));
    expect([...weightOf(blank, "d/kernel"), ...weightOf(blank, "d/bias")].every((w) => w === 0)).toBe(true);

    const layers = [dense(5, { kernelConstraint: constraint, trainable: false }), dense(1)];
    const frozen = await sequential({ inputShape: 5, layers, seed: 1 });
    frozen.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = weightOf(frozen, "dense/kernel");
    frozen.trainOnBatch(noise(30), noise(6));
    expect(weightOf(frozen, "dense/kernel")).toEqual(before);
  });
});

describe("refuses", () => {
  test.each([0, -1, NaN, Infinity, "1", undefined])("a norm of %s", async (c) => {
    expect((await failureOf(() => maxNorm(c as number))).code).toBe("config/not-positive");
  });

  test.each([{ minValue: -1 }, { minValue: 2, maxValue: 1 }, { rate: 1.5 }, { rate: NaN }])("%o", async (options) => {
    expect((await failureOf(() => minMaxNorm(options))).code).toBe("config/out-of-range");
  });

  test("names and options that are unknown", async () => {
    const refusal = async (given: unknown) =>
      (await failureOf(() => dense(3, { kernelConstraint: given as Constraint }))).code;
    expect(await refusal("maxnorm2")).toBe("config/unknown-constraint");
    expect(await refusal(3)).toBe("config/unknown-constraint");
    expect(await refusal(null)).toBe("config/unknown-constraint");
    expect(await refusal("maxNorm")).toBe("config/not-positive");
    expect(await refusal({ name: "nonNeg", axis: 0 })).toBe("config/unknown-option");
  });
});
