import { describe, expect, test } from "vitest";
import { choice, integer, logUniform } from "../../src/index.js";
import { importanceOf } from "../../src/search/importance.js";
import { drawParams } from "../../src/search/space.js";

/** Ranks, equal scores sharing theirs; null last. */
function ranks(scores: readonly (number | null)[]): number[] {
  const value = (score: number | null) => score ?? -Infinity;
  return scores.map((score) => {
    const better = scores.filter((other) => value(other) > value(score)).length;
    const equal = scores.filter((other) => other === score).length;
    return better + (equal + 1) / 2;
  });
}

/** ε² = 1 − mean square within / mean square of all. */
function epsilonSquared(groups: readonly number[][]): number {
  const square = (list: readonly number[]) => {
    const mean = list.reduce((a, b) => a + b, 0) / list.length;
    return list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const all = groups.flat();
  const within = groups.reduce((sum, group) => sum + square(group), 0) / (all.length - groups.length);
  return 1 - within / (square(all) / (all.length - 1));
}

describe("importance", () => {
  const space = { a: choice(["x", "y", "z"]), b: choice([1, 2]), rate: logUniform(1e-4, 1), depth: integer(1, 3) };
  const draws = Array.from({ length: 60 }, (_, i) => drawParams(space, 8, i + 1));

  test("is the share of the ranks' variance beyond chance", () => {
    const outcomes = draws.map((params, i) => ({
      params,
      score: i % 11 === 0 ? null : { x: 0.5, y: 0.6, z: 0.8 }[params.a as string]! + ((i * 7) % 10) / 20,
    }));
    const found = importanceOf(space, outcomes, true);
    expect(found.map(({ name }) => name)[0]).toBe("a");
    const all = ranks(outcomes.map(({ score }) => score));
    for (const [name, values] of [
      ["a", ["x", "y", "z"]],
      ["b", [1, 2]],
      ["depth", [1, 2, 3]],
    ] as const) {
      const groups = values.map((value) => all.filter((_, i) => draws[i]![name] === value));
      expect(found.find((one) => one.name === name)!.share).toBeCloseTo(Math.max(0, epsilonSquared(groups)), 12);
    }
    const { groups } = found.find(({ name }) => name === "a")!;
    expect(groups.map(({ label }) => label)).toEqual(["x", "y", "z"]);
    for (const { label, trials, median } of groups) {
      const scores = outcomes.filter(({ params }) => params.a === label).map(({ score }) => score);
      expect(trials).toBe(scores.length);
      expect(scores.filter((score) => (score ?? -1) > median!).length).toBeLessThanOrEqual(trials / 2);
    }
  });

  test("is 1 for what alone decides, near 0 for all else, also where less is better", () => {
    const outcomes = draws.map((params) => ({ params, score: params.b as number }));
    for (const higher of [true, false]) {
      const found = importanceOf(space, outcomes, higher);
      expect(found[0]).toMatchObject({ name: "b", share: 1 });
      for (const { share } of found.slice(1)) expect(share).toBeLessThan(0.15);
    }
  });

  test("takes numbers by quarters", () => {
    const outcomes = draws.map((params) => ({ params, score: params.rate as number }));
    const [first] = importanceOf(space, outcomes, true);
    expect(first!.name).toBe("rate");
    expect(first!.share).toBeGreaterThan(0.9);
    expect(first!.groups.map(({ trials }) => trials)).toEqual([15, 15, 15, 15]);
  });

  test("is 0 where all are alike or trials are too few", () => {
    const alike = draws.map((params) => ({ params, score: 1 }));
    for (const { share } of importanceOf(space, alike, true)) expect(share).toBe(0);
    for (const { share } of importanceOf(space, [{ params: draws[0]!, score: 1 }], true)) expect(share).toBe(0);
  });
});
