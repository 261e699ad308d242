import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import { dense, funnel, type FunnelOptions, sequential } from "../../src/index.js";

const sizes = fc.record({
  input: fc.integer({ min: 1, max: 100_000 }),
  output: fc.integer({ min: 1, max: 100_000 }),
  hiddenLayers: fc.integer({ min: 1, max: 40 }),
});
const narrowing = sizes.map(({ input, output, hiddenLayers }) => ({
  input: Math.max(input, output),
  output: Math.min(input, output),
  hiddenLayers,
}));

it("narrows by one factor a layer", () => {
  // 784 · (10 / 784)^(i / 4) = 263.5, 88.5, 29.8; and 2-to-1 steps, which are whole numbers.
  expect(funnel({ input: 784, output: 10, hiddenLayers: 3 })).toEqual([264, 88, 30]);
  expect(funnel({ input: 1024, output: 16, hiddenLayers: 5 })).toEqual([512, 256, 128, 64, 32]);
  expect(funnel({ input: 4, output: 3, hiddenLayers: 3, first: 27 })).toEqual([27, 13, 6]);
  expect(funnel({ input: 8, output: 8, hiddenLayers: 2 })).toEqual([8, 8]);
});

it("never widens, never falls below the output, and keeps to lanes where it is wide", () => {
  const property = fc.property(narrowing, ({ input, output, hiddenLayers }) => {
    const widths = funnel({ input, output, hiddenLayers });
    expect(widths).toHaveLength(hiddenLayers);
    [input, ...widths].forEach((width, i, all) => expect(width).toBeGreaterThanOrEqual(all[i + 1] ?? output));
    for (const width of widths) {
      expect(Number.isInteger(width)).toBe(true);
      if (width >= 32 && width !== input && width !== output) expect(width % 4).toBe(0);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

it("has the widths of the formula, but for rounding to whole numbers and lanes", () => {
  const property = fc.property(narrowing, ({ input, output, hiddenLayers }) => {
    funnel({ input, output, hiddenLayers }).forEach((width, i) => {
      const exact = input * (output / input) ** ((i + 1) / (hiddenLayers + 1));
      // Half a unit, and half a vector where it is wide enough: up to what the limits keep.
      expect(Math.abs(width - exact)).toBeLessThanOrEqual((width >= 32 || exact >= 31 ? 2.5 : 0.5) + 1e-9 * exact);
    });
  });
  fc.assert(property, { numRuns: 300 });
});

it("rounds roots exactly where they are a hair from a half", () => {
  // √(a · (a + 1)) lies below a + ½ by 1 / 8a: about 10⁻¹⁶ of it for the largest, beyond what a double tells apart.
  for (const a of [5, 29, 2 ** 26 + 1]) {
    const expected = a < 32 ? a : 4 * Math.round(a / 4);
    expect(funnel({ input: a + 1, output: a, hiddenLayers: 1 })).toEqual([Math.max(a, expected)]);
  }
  // √(9 · 16) = 12 and ∛(2 · 2 · 16) = 4 are whole.
  expect(funnel({ input: 16, output: 9, hiddenLayers: 1 })).toEqual([12]);
  expect(funnel({ input: 16, output: 2, hiddenLayers: 2 })).toEqual([8, 4]);
});

it("with first, begins there and narrows from there", () => {
  const property = fc.property(narrowing, fc.integer({ min: 0, max: 500 }), (options, more) => {
    const first = options.output + more;
    const widths = funnel({ ...options, first });
    expect(widths[0]).toBe(first);
    const rest = options.hiddenLayers - 1;
    if (rest > 0) expect(widths.slice(1)).toEqual(funnel({ input: first, output: options.output, hiddenLayers: rest }));
  });
  fc.assert(property, { numRuns: 100 });
});

it("goes straight into layers", async () => {
  const layers = funnel({ input: 64, output: 10, hiddenLayers: 2 }).map((units) => dense(units));
  const model = await sequential({ inputShape: 64, layers: [...layers, dense(10)], seed: 1 });
  expect(model.layers.map(({ outputShape }) => outputShape)).toEqual([[36], [19], [10]]);
});

describe("refuses", () => {
  const good = { input: 8, output: 2, hiddenLayers: 2 };
  test.each<[string, object, string, RegExp]>([
    ["no layers", { hiddenLayers: 0 }, "config/not-a-positive-integer", /hiddenLayers.*0/],
    ["too many layers", { hiddenLayers: 1001 }, "config/out-of-range", /1000.*1001/],
    ["half an input", { input: 8.5 }, "config/not-a-positive-integer", /input.*8\.5/],
    ["an output that is none", { output: "2" }, "config/not-a-positive-integer", /output.*"2"/],
    ["a missing input", { input: undefined }, "config/not-a-positive-integer", /input.*undefined/],
    ["widening", { output: 9 }, "config/not-narrowing", /output of 9.*input of 8/],
    ["widening from the first", { first: 1 }, "config/not-narrowing", /output of 2.*first of 1/],
    ["a misspelt option", { layers: 3 }, "config/unknown-option", /hiddenLayers/],
  ])("%s", (_, options, code, message) => {
    const action = () => funnel({ ...good, ...options } as FunnelOptions);
    expect(action).toThrow(LanewiseError);
    expect(action).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));
  });
});
