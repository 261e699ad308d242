import { describe, expect, it } from "vitest";
import { countRight, gallery, highest } from "../../src/cli/gallery.js";

/** Images of one pixel, all ink. */
function answers(y: number[], predictions: number[]) {
  return { x: new Uint8Array(y.length).fill(1), y, predictions, shape: [1, 1] as const, brightest: 1 };
}

function captions(lines: readonly string[]): string[] {
  return lines.filter((line) => /[a-z\d]/i.test(line)).map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
}

describe("predictions", () => {
  it("are the class with the highest score, the first of equals", () => {
    expect(highest(Float32Array.of(0.1, 0.2, 0.7, 0.5, 0.5, 0, 0, 0, 1), 3)).toEqual(Int32Array.of(2, 0, 2));
  });

  it("are right where they meet the label", () => {
    expect(countRight({ y: [1, 2, 3], predictions: [1, 3, 3] })).toBe(2);
  });
});

describe("the gallery", () => {
  it("shows various classes read right, and those misread", () => {
    const lines = gallery(answers([7, 7, 2, 1, 0, 4, 9], [7, 7, 2, 1, 8, 4, 4]), { columns: 80, unicode: true });
    expect(captions(lines)).toEqual(["Read right:", "7 | 2 | 1 | 4", "Misread:", "read 8, is 0 | read 4, is 9"]);
  });

  it("says nothing of mistakes where there are none, nor of hits", () => {
    expect(captions(gallery(answers([1], [1]), { columns: 80, unicode: true }))).toEqual(["Read right:", "1"]);
    expect(captions(gallery(answers([1], [2]), { columns: 80, unicode: true }))).toEqual(["Misread:", "read 2, is 1"]);
  });

  it("keeps within the columns there are, and draws one image at the least", () => {
    const y = Array.from({ length: 20 }, (_, i) => i);
    const wrong = y.map((label) => 19 - label);
    for (const [columns, across] of [
      [80, 4],
      [79, 4],
      [60, 3],
      [40, 2],
      [10, 1],
    ] as const) {
      for (const lines of [
        gallery(answers(y, y), { columns, unicode: true }),
        gallery(answers(y, wrong), { columns, unicode: true }),
      ]) {
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, 18));
        expect(captions(lines)[1]!.split(" | ")).toHaveLength(across);
      }
    }
  });
});
