import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { dense, type Regularizer, regularizers as factories, sequential } from "../../src/index.js";
import { type RegularizerName, REGULARIZERS, resolveRegularizer } from "../../src/regularizers/index.js";
import { noise } from "../model/helpers.js";
import { penaltyGradient, REGULARIZERS as TWINS } from "../reference/regularizers.js";
import type { Weights } from "./differences.js";
import { between } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

interface Penalty {
  readonly l1: number;
  readonly l2: number;
  readonly penalty: number;
  readonly gradient: readonly number[];
}
/** PyTorch's, of weights (5, 7): make_regularization.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/regularization.json", import.meta.url), "utf8")) as {
  readonly weights: number[];
  readonly penalties: Penalty[];
};

const describedBy = ({ name, options }: Member) => resolveRegularizer({ ...options, name } as Regularizer);

/** A dense layer of this kernel whose loss is its penalty: of zeros it makes the zeros that are asked for. */
async function penalized(member: Member, kernel: ArrayLike<number>, width: number) {
  const rows = kernel.length / width;
  const layers = [dense(width, { useBias: false, kernelRegularizer: describedBy(member), name: "d" })];
  const model = await sequential({ inputShape: rows, layers, seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  model.setWeights(new Map([["d/kernel", { data: Float32Array.from(kernel), shape: [rows, width] }]]));
  const [x, y] = [new Float32Array(rows), new Float32Array(width)];
  return { loss: (await model.evaluate(x, y)).loss!, gradient: model.gradients(x, y).get("d/kernel")!.data };
}

/** The factors of a figure that a regularizer takes, where it takes all that are not zero. */
function optionsFor(name: string, { l1, l2 }: Penalty): object | undefined {
  const taken = Object.keys(REGULARIZERS.rows[name as RegularizerName].options);
  const wanted = Object.entries({ l1, l2 }).filter(([, factor]) => factor !== 0);
  return wanted.every(([option]) => taken.includes(option)) ? Object.fromEntries(wanted) : undefined;
}

function figures(name: string): Figures[] {
  return golden.penalties.flatMap((figure) => {
    const options = optionsFor(name, figure);
    if (!options) return [];
    const check = async () => {
      const { loss, gradient } = await penalized({ name, options }, golden.weights, 7);
      expect(loss).toBeCloseTo(figure.penalty, 6);
      gradient.forEach((g, i) => expect(g).toBeCloseTo(figure.gradient[i]!, 6));
      penaltyGradient(golden.weights, figure).forEach((g, i) => expect(g).toBeCloseTo(figure.gradient[i]!, 11));
    };
    return [{ source: `PyTorch ${JSON.stringify(options)}`, check }];
  });
}

export const regularizerFamily: FamilyUnderTest = {
  kind: REGULARIZERS.kind,
  names: Object.keys(REGULARIZERS.rows),
  naming: {
    family: REGULARIZERS,
    resolve: (given) => resolveRegularizer(given as Regularizer),
    module: factories,
    make(name, options) {
      const factory = factories[name as RegularizerName] as (given: unknown) => unknown;
      return factory(name === "l1l2" ? options : options[name]);
    },
  },
  files: {
    cases: "src/regularizers/index.ts: its options",
    twin: "test/reference/regularizers.ts (REGULARIZERS)",
    figures: "test/golden/make_regularization.py, and run it",
  },
  /** Defaults; then each factor by itself, and all. */
  cases(name) {
    const options = Object.keys(REGULARIZERS.rows[name as RegularizerName].options);
    const each = options.map((option, i) => ({ [option]: 0.25 / (i + 1) }));
    return [{}, ...each, ...(each.length > 1 ? [Object.assign({}, ...each) as object] : [])];
  },
  hasTwin: (name) => name in TWINS,
  differentiable: true,
  figures,

  async follows(member, { rows, width }) {
    const kernel = noise(rows * width, 4).map((value) => value * 2);
    const expected = TWINS[member.name as RegularizerName](kernel, describedBy(member));
    const { loss } = await penalized(member, kernel, width);
    expect(Math.abs(loss - expected)).toBeLessThanOrEqual(2 ** -23 * expected);
  },

  async network(member, size) {
    const regularizer = describedBy(member);
    const penalty = TWINS[member.name as RegularizerName];
    const options = { kernelRegularizer: regularizer, biasRegularizer: regularizer, activation: "tanh" };
    const part = { layers: [], twin: (z: number[]) => ({ y: z.map(Math.tanh) }) };
    const { twin, ...network } = await between(part, size, {}, options);
    return {
      ...network,
      twin(weights: Weights) {
        const penalties = [weights["before/kernel"]!, weights["before/bias"]!];
        const { loss } = twin!(weights);
        return {
          loss: penalties.reduce((sum, w) => sum + penalty(w, regularizer), loss),
          kinks: penalties.flat(), // |w|
        };
      },
    };
  },
};
