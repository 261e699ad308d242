import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Constraint, constraints as factories, dense, sequential, sgd } from "../../src/index.js";
import { type ConstraintName, CONSTRAINTS, resolveConstraint } from "../../src/constraints/index.js";
import { MAX_NORM } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import { CONSTRAINTS as TWINS } from "../reference/constraints.js";
import { plain } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

/** PyTorch's, of weights (5, 7): make_regularization.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/regularization.json", import.meta.url), "utf8")) as {
  readonly weights: number[];
  readonly constrained: { readonly name: string; readonly options: object; readonly weights: number[] }[];
};

const CASES: Readonly<Record<ConstraintName, readonly object[]>> = {
  maxNorm: [{ maxValue: 0.75 }, { maxValue: 100 }],
  unitNorm: [{}],
  nonNeg: [{}],
  minMaxNorm: [{}, { minValue: 1, maxValue: 1.5, rate: 0.25 }, { minValue: 0.5, maxValue: 2 }],
};

const describedBy = ({ name, options }: Member) => resolveConstraint({ ...options, name } as Constraint);

/** The kernel (rows, width) and the bias (width) after a step that moves nothing. */
async function constrained(member: Member, kernel: ArrayLike<number>, width: number, bias: ArrayLike<number>) {
  const constraint = describedBy(member);
  const options = { kernelConstraint: constraint, biasConstraint: constraint, name: "d" };
  const rows = kernel.length / width;
  const model = await sequential({ inputShape: rows, layers: [dense(width, options)], seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
  const named = (k: ArrayLike<number>, b: ArrayLike<number>) =>
    new Map([
      ["d/kernel", { data: Float32Array.from(k), shape: [rows, width] }],
      ["d/bias", { data: Float32Array.from(b), shape: [width] }],
    ]);
  model.setWeights(named(kernel, bias));
  model.applyGradients(named(new Float32Array(kernel.length), new Float32Array(width)));
  const weights = model.getWeights();
  return { kernel: weights.get("d/kernel")!.data, bias: weights.get("d/bias")!.data };
}

function figures(name: string): Figures[] {
  const ofTorch = golden.constrained
    .filter((figure) => figure.name === name)
    .map(({ options, weights }) => ({
      source: `PyTorch ${JSON.stringify(options)}`,
      async check() {
        const { kernel } = await constrained({ name, options }, golden.weights, 7, new Float32Array(7));
        kernel.forEach((w, i) => expect(w).toBeCloseTo(weights[i]!, 6));
      },
    }));
  if (name !== "maxNorm") return ofTorch;
  const { maxValue, given, result } = MAX_NORM;
  const check = async () => {
    const { kernel } = await constrained({ name, options: { maxValue } }, given, 4, [0, 0, 0, 0]);
    kernel.forEach((w, i) => expect(w).toBeCloseTo(result[i]!, 6));
  };
  return [...ofTorch, { source: "Keras's test_max_norm", check }];
}

export const constraintFamily: FamilyUnderTest = {
  kind: CONSTRAINTS.kind,
  names: Object.keys(CONSTRAINTS.rows),
  naming: {
    family: CONSTRAINTS,
    resolve: (given) => resolveConstraint(given as Constraint),
    module: factories,
    make: (name, options) =>
      (factories[name as ConstraintName] as (given: unknown) => unknown)(
        name === "maxNorm" ? options.maxValue : options,
      ),
  },
  files: {
    cases: "test/families/constraints.ts (CASES)",
    twin: "test/reference/constraints.ts (CONSTRAINTS)",
    figures: "test/golden/make_regularization.py, and run it",
  },
  cases: (name) => CASES[name as ConstraintName] ?? [],
  hasTwin: (name) => name in TWINS,
  differentiable: false,
  figures,

  async follows(member, { rows, width }) {
    const [kernel, bias] = [noise(rows * width, 5).map((value) => value * 2), noise(width, 6)];
    if (rows > 2) kernel.forEach((_, i) => i % width === width - 1 && (kernel[i] = 0)); // a column of zeros stays
    const found = await constrained(member, kernel, width, bias);
    const description = describedBy(member);
    const twin = TWINS[member.name as ConstraintName];
    const check = (actual: Float32Array, expected: readonly number[]) => {
      // One rounding of the factor, one of the product, and ε in f32.
      expected.forEach((w, i) => expect(Math.abs(actual[i]! - w)).toBeLessThanOrEqual(Math.abs(w) * 3 * 2 ** -24));
    };
    check(found.kernel, twin(kernel, width, description));
    check(found.bias, twin(bias, 1, description)); // a bias is one column
  },

  network(member, size) {
    const constraint = describedBy(member);
    return plain(size, {}, { kernelConstraint: constraint, biasConstraint: constraint });
  },
};
