import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Clip, clipping as factories, dense, type Model, sequential, sgd } from "../../src/index.js";
import { type ClipName, CLIPPING, resolveClip } from "../../src/clipping/index.js";
import { CLIPPED } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import { CLIPS, normOf } from "../reference/clipping.js";
import { plain } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

/** PyTorch's, of four variables: make_regularization.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/regularization.json", import.meta.url), "utf8")) as {
  readonly gradients: number[][];
  readonly clips: { readonly name: string; readonly limit: number; readonly clipped: number[][] }[];
};

/** Limits that bite, that bite some, and that do not. */
const LIMITS = [0.125, 0.75, 1000];

const describedBy = ({ name, options }: Member): Clip => resolveClip({ ...options, name } as Clip);

/** Dense layers of zeros, so that one step of rate 1 makes them the clipped gradients, negated. */
export async function blank(clip: Clip | undefined, inputs: number, units: readonly number[]): Promise<Model> {
  const layers = units.map((n) => dense(n, { kernelInitializer: "zeros" }));
  const model = await sequential({ inputShape: inputs, layers, seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 1 }), loss: "meanSquaredError", clip });
  return model;
}

/** What a model's step makes of `gradients`, in the order of its weights. */
export function clippedBy(model: Model, gradients: readonly (readonly number[])[]): number[][] {
  const given = [...model.getWeights()].map(([name, { shape }], i) => {
    return [name, { data: Float32Array.from(gradients[i]!), shape }] as const;
  });
  model.applyGradients(new Map(given));
  return [...model.getWeights().values()].map(({ data }) => Array.from(data, (w) => -w));
}

function figures(name: string): Figures[] {
  const ofTorch = golden.clips
    .filter((figure) => figure.name === name)
    .map(({ limit, clipped }) => ({
      source: `PyTorch, limit ${limit}`,
      async check() {
        const model = await blank(describedBy({ name, options: { limit } }), 5, [7, 3]);
        const found = clippedBy(model, golden.gradients);
        const exact = CLIPS[name as ClipName](golden.gradients, limit);
        found.forEach((variable, i) => {
          // PyTorch multiplies by min(1, limit / (norm + 1e-6)).
          const norm = name === "clipByNorm" ? normOf(golden.gradients[i]!) : normOf(golden.gradients.flat());
          const epsilon = name !== "clipByValue" && norm > limit ? 1 + 1e-6 / norm : 1;
          variable.forEach((g, j) => {
            expect(Math.abs(g - exact[i]![j]!)).toBeLessThanOrEqual(limit * 2 ** -22);
            expect(clipped[i]![j]! * epsilon).toBeCloseTo(exact[i]![j]!, 11);
          });
        });
      },
    }));
  const ofKeras = CLIPPED[name];
  if (!ofKeras) return ofTorch;
  const check = async () => {
    const [kernel] = clippedBy(await blank(describedBy({ name, options: { limit: 1 } }), 1, [2]), [
      [100, 100],
      [0, 0],
    ]);
    kernel!.forEach((g, i) => expect(g).toBeCloseTo(ofKeras[i]!, 6));
  };
  return [...ofTorch, { source: `Keras's test of ${name}`, check }];
}

export const clippingFamily: FamilyUnderTest = {
  kind: CLIPPING.kind,
  names: Object.keys(CLIPPING.rows),
  naming: {
    family: CLIPPING,
    resolve: (given) => resolveClip(given as Clip),
    module: factories,
    make: (name, { limit }) => (factories[name as ClipName] as (limit: unknown) => unknown)(limit),
    strangeCode: /^config\/(unknown-clipping|two-clips)$/,
  },
  files: {
    cases: "test/families/clipping.ts (LIMITS)",
    twin: "test/reference/clipping.ts (CLIPS)",
    figures: "test/golden/make_regularization.py, and run it",
  },
  cases: () => LIMITS.map((limit) => ({ limit })),
  hasTwin: (name) => name in CLIPS,
  differentiable: false,
  figures,

  async follows(member, { rows, width }) {
    const clip = describedBy(member);
    const gradients = [noise(rows * width, 5), noise(width, 6)].map((g) => Array.from(g, (value) => value * 3));
    const rounded = gradients.map((g) => g.map(Math.fround));
    const found = clippedBy(await blank(clip, rows, [width]), rounded);
    CLIPS[clip.name](rounded, clip.limit as number).forEach((variable, i) => {
      // One rounding of the scale, one of the product.
      variable.forEach((g, j) => expect(Math.abs(found[i]![j]! - g)).toBeLessThanOrEqual(2.5 * 2 ** -24 * Math.abs(g)));
    });
  },

  network: (member, size) => plain(size, { clip: describedBy(member) }),
};
