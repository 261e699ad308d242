import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Clip, clipping, dense, inverseTimeDecay, type Model, sequential, sgd } from "../../src/index.js";
import type { LearningRate } from "../../src/schedules/index.js";
import * as twin from "../reference/clipping.js";
import { classifier, failureOf, samples } from "./helpers.js";

const { clipByGlobalNorm, clipByNorm, clipByValue } = clipping;

interface Golden {
  readonly shapes: number[][];
  readonly gradients: number[][];
}
const golden = JSON.parse(readFileSync(new URL("../golden/regularization.json", import.meta.url), "utf8")) as Golden;

const NAMES = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"];

/** A model whose weights are zero, so that one step of rate 1 makes them the clipped gradients, negated. */
async function blank(clip: Clip | undefined, learningRate: LearningRate = 1): Promise<Model> {
  const options = { kernelInitializer: "zeros" as const };
  const model = await sequential({ inputShape: 5, layers: [dense(7, options), dense(3, options)], seed: 1 });
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError", clip });
  return model;
}

const named = (values: readonly (readonly number[])[]) =>
  new Map(values.map((v, i) => [NAMES[i]!, { data: Float32Array.from(v), shape: golden.shapes[i]! }]));
const stepped = (model: Model) => [...model.getWeights().values()].map(({ data }) => Array.from(data, (w) => -w));

test("a gradient of zeros stays zero", async () => {
  for (const clip of [clipByValue(1), clipByNorm(1), clipByGlobalNorm(1)]) {
    const model = await blank(clip);
    model.applyGradients(named(golden.gradients.map((v) => v.map(() => 0))));
    for (const variable of stepped(model)) expect(variable.every((g) => g === 0)).toBe(true);
  }
});

test("frozen layers count in no norm", async () => {
  const model = await blank(clipByGlobalNorm(1));
  model.getLayer("dense").trainable = false;
  const [, , kernel, bias] = golden.gradients;
  const later = new Map([...named(golden.gradients)].slice(2));
  model.applyGradients(later);
  const expected = twin.clipByGlobalNorm([kernel!, bias!], 1).flat();
  stepped(model)
    .slice(2)
    .flat()
    .forEach((g, i) => expect(g).toBeCloseTo(expected[i]!, 6));

  const byNorm = await blank(clipByNorm(0.5));
  byNorm.getLayer("dense").trainable = false;
  byNorm.applyGradients(later);
  const separate = twin.clipByNorm([kernel!, bias!], 0.5).flat();
  stepped(byNorm)
    .slice(2)
    .flat()
    .forEach((g, i) => expect(g).toBeCloseTo(separate[i]!, 6));
});

test("stands between guard and optimizer, and gradients() is before it", async () => {
  const model = await classifier({ clip: clipByGlobalNorm(1e-3) });
  const plain = await classifier();
  const listing = model.program({ training: true });
  expect(listing).toMatch(/guard[^]*clipByGlobalNorm[^]*limit 0.001[^]*adam/);
  expect(model.program()).not.toContain("clip");
  const { x, y } = samples(9);
  expect(model.gradients(x, y)).toEqual(plain.gradients(x, y));
});

test("clips beside a schedule as well", async () => {
  const schedule = inverseTimeDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0 }); // 1, always
  const [model, constant] = [await blank(clipByNorm(0.5), schedule), await blank(clipByNorm(0.5))];
  for (const each of [model, constant]) each.applyGradients(named(golden.gradients));
  expect(stepped(model)).toEqual(stepped(constant));
});

describe("refuses", () => {
  test.each([0, -1, NaN, Infinity, 1e-50, "1", null, undefined])("a limit of %s", async (limit) => {
    for (const factory of [clipByValue, clipByNorm, clipByGlobalNorm]) {
      expect((await failureOf(() => factory(limit as number))).code).toBe("config/bad-clip-limit");
    }
    const given = { name: "clipByNorm", limit } as Clip;
    expect((await failureOf(() => classifier({ clip: given }))).code).toBe("config/bad-clip-limit");
  });

  test("two modes at once", async () => {
    const both = [clipByValue(1), clipByNorm(1)] as unknown as Clip;
    const error = await failureOf(() => classifier({ clip: both }));
    expect(error.code).toBe("config/two-clips");
    expect(error.message).toContain("two clip modes at once");
  });

  test("what is no clipping", async () => {
    for (const given of [1, {}, "clipByNrom", null]) {
      const error = await failureOf(() => classifier({ clip: given as unknown as Clip }));
      expect(error.code).toBe("config/unknown-clipping");
    }
  });
});
