import { describe, expect, test } from "vitest";
import { choice, integer, logUniform, uniform } from "../../src/index.js";
import { drawParams, fnv1a, seedOf } from "../../src/search/space.js";
import { failureOf } from "../model/helpers.js";
import { philox } from "../reference/philox.js";

const STREAM = 7;
const SPACE = {
  rate: logUniform(1e-4, 1e-1),
  dropout: uniform(-1, 3),
  depth: integer(2, 5),
  activation: choice(["relu", "elu", "tanh"]),
  fixed: "adam",
};

/** The share in [0, 1) that a hyperparameter of a trial is drawn from, straight from the definition. */
function share(seed: number, trial: number, name: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  const [high, low] = philox([0, Number(hash), trial, STREAM], [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]);
  return Number((BigInt(high! >>> 5) << 26n) | BigInt(low! >>> 6)) / 2 ** 53;
}

describe("a trial's hyperparameters", () => {
  test.each([0, 1, 2 ** 40 + 3])("are what seed %d, trial and name say", (seed) => {
    for (let trial = 1; trial <= 50; trial++) {
      const { rate, dropout, depth, activation, fixed } = drawParams(SPACE, seed, trial) as Record<string, number>;
      expect(rate! / (1e-4 * Math.pow(1000, share(seed, trial, "rate")))).toBeCloseTo(1, 12);
      expect(dropout).toBeCloseTo(-1 + 4 * share(seed, trial, "dropout"), 14);
      expect(depth).toBe(2 + Math.floor(4 * share(seed, trial, "depth")));
      expect(activation).toBe(["relu", "elu", "tanh"][Math.floor(3 * share(seed, trial, "activation"))]);
      expect(fixed).toBe("adam");
    }
  });

  test("do not change with what else is searched, nor with its order", () => {
    const { rate, depth } = SPACE;
    const all = drawParams(SPACE, 3, 9);
    expect(drawParams({ depth, rate }, 3, 9)).toEqual({ depth: all.depth, rate: all.rate });
  });

  test("have these bits on every engine", () => {
    const bits = [1, 2, 3, 4].map((trial) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, drawParams(SPACE, 42, trial).rate as number);
      return view.getBigUint64(0).toString(16);
    });
    expect(bits).toMatchInlineSnapshot(`
      [
        "3f7ed8abc6846796",
        "3f5e536455b81d14",
        "3f368e686c78d74f",
        "3f95578243719ad3",
      ]
    `);
  });

  test("are spread as they should be", () => {
    const draws = Array.from({ length: 4000 }, (_, i) => drawParams(SPACE, 5, i + 1));
    const quarter = (name: string, edges: readonly number[]) =>
      edges.map((edge) => draws.filter((params) => (params[name] as number) < edge).length / draws.length);
    // Six standard deviations of a share of 4000 draws.
    const tolerance = 6 * Math.sqrt(0.25 / 4000);
    const near = (shares: readonly number[], expected: readonly number[]) =>
      shares.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance));
    near(quarter("rate", [1e-4, 1e-3, 1e-2, 1e-1]), [0, 1 / 3, 2 / 3, 1]);
    near(quarter("dropout", [-1, 0, 1, 2, 3]), [0, 0.25, 0.5, 0.75, 1]);
    near(quarter("depth", [2, 3, 4, 5, 6]), [0, 0.25, 0.5, 0.75, 1]);
    expect(new Set(draws.map(({ rate }) => rate)).size).toBe(4000);
  });

  test("and its seed is another for every trial and seed", () => {
    const seeds = [0, 1, 2 ** 33].flatMap((seed) => Array.from({ length: 200 }, (_, i) => seedOf(seed, i + 1)));
    expect(new Set(seeds).size).toBe(600);
    expect(seedOf(1, 7)).toBe(philox([1, 0, 7, STREAM], [1, 0])[0]);
  });
});

test("FNV-1a gives its published values", () => {
  const of = (text: string) => fnv1a(new TextEncoder().encode(text));
  expect([of(""), of("a"), of("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});

describe("distributions refuse", () => {
  test.each([
    ["config/empty-choice", () => choice([])],
    ["config/empty-choice", () => choice("relu" as never)],
    ["config/out-of-range", () => uniform(1, 1)],
    ["config/out-of-range", () => uniform(2, 1)],
    ["config/not-finite", () => uniform(NaN, 1)],
    ["config/not-finite", () => uniform(0, Infinity)],
    ["config/not-positive", () => logUniform(0, 1)],
    ["config/not-positive", () => logUniform(-1, 1)],
    ["config/not-positive", () => logUniform(1e-3, NaN)],
    ["config/out-of-range", () => logUniform(1, 1e-3)],
    ["config/not-an-integer", () => integer(1, 2.5)],
    ["config/not-an-integer", () => integer(NaN, 2)],
    ["config/out-of-range", () => integer(3, 3)],
  ])("%s", async (code, make) => {
    expect((await failureOf(make)).code).toBe(code);
  });
});
