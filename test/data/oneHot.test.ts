import { describe, expect, test } from "vitest";
import { oneHot } from "../../src/data/index.js";
import { ConfigError, DataError } from "../../src/errors.js";

describe("oneHot", () => {
  test("a one at the label, zeros elsewhere", () => {
    expect(oneHot([2, 0])).toEqual({ data: Float32Array.of(0, 0, 1, 1, 0, 0), shape: [2, 3] });
    expect(oneHot(Uint8Array.of(1), 4)).toEqual({ data: Float32Array.of(0, 1, 0, 0), shape: [1, 4] });
    expect(oneHot(Float32Array.of(0, 0))).toEqual({ data: Float32Array.of(1, 1), shape: [2, 1] });
    expect(oneHot([], 3)).toEqual({ data: new Float32Array(0), shape: [0, 3] });
  });

  test.each<[string, ArrayLike<number>, number | undefined, string]>([
    ["a label beyond the classes", [0, 3], 3, "data/bad-label"],
    ["a negative label", [0, -1], undefined, "data/bad-label"],
    ["a fraction", [0.5], 3, "data/bad-label"],
    ["no number", [NaN], undefined, "data/bad-label"],
    ["infinity", [Infinity], undefined, "data/bad-label"],
    ["a hole in the array", new Array<number>(1), 3, "data/bad-label"],
    ["a label above all bounds", [2 ** 40], undefined, "data/too-large"],
    ["no labels and no classes", [], undefined, "data/no-labels"],
  ])("refuses %s", (_, labels, classes, code) => {
    expect(() => oneHot(labels, classes)).toThrow(expect.objectContaining({ code, name: DataError.name }));
  });

  test.each([0, -1, 2.5, NaN, Infinity])("refuses %d classes", (classes) => {
    expect(() => oneHot([0], classes)).toThrow(
      expect.objectContaining({ code: "data/bad-classes", name: ConfigError.name }),
    );
  });

  test("a message names the row", () => {
    expect(() => oneHot([0, 1, 7], 3)).toThrow(
      "Label 7 at row 2; expected integers from 0 to 2. Number the classes from 0.",
    );
  });
});
