import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawImage, sideBySide } from "../../src/cli/drawDigits.js";

/** A slash with a grey foot. */
// prettier-ignore
const TINY = [
  0, 0, 0, 16,
  0, 0, 16, 0,
  0, 16, 0, 0,
  4, 8, 12, 16,
];

describe("drawing an image", () => {
  it("makes a pixel two cells wide where there is room", () => {
    expect(drawImage(TINY, [4, 4], { brightest: 16, columns: 8, unicode: true })).toEqual([
      "      ██",
      "    ██  ",
      "  ██    ",
      "░░▒▒▓▓██",
    ]);
  });

  it("makes do with ASCII", () => {
    expect(drawImage(TINY, [4, 4], { brightest: 16, columns: 8, unicode: false })).toEqual([
      "      @@",
      "    @@  ",
      "  @@    ",
      "::++##@@",
    ]);
  });

  it("puts two pixels into one cell, one above the other", () => {
    expect(drawImage(TINY, [4, 4], { brightest: 16, columns: 4, unicode: true })).toEqual(["  ▄▀", " ▓▄▄"]);
  });

  it("averages what is smaller than half a cell", () => {
    const image = Uint8Array.from({ length: 8 * 8 }, (_, i) => (i % 8 < 4 ? 255 : i % 2 === 0 ? 255 : 0));
    expect(drawImage(image, [8, 8], { brightest: 255, columns: 4, unicode: true })).toEqual(["██▒▒", "██▒▒"]);
  });

  it("averages over pixels that an edge cuts through", () => {
    // Three columns of ink 0, 1, 0 in two cells: each gets half of the middle one, a third of its width.
    expect(drawImage([0, 1, 0], [1, 3], { brightest: 1, columns: 2, unicode: true })).toEqual(["░░"]);
  });

  it("keeps an image's shape, within reason", () => {
    expect(drawImage(new Uint8Array(28 * 28), [28, 28], { brightest: 255, columns: 16, unicode: true })).toHaveLength(
      8,
    );
    expect(drawImage(new Uint8Array(1000), [1000, 1], { brightest: 255, columns: 16, unicode: true })).toHaveLength(16);
    expect(drawImage(new Uint8Array(1000), [1, 1000], { brightest: 255, columns: 16, unicode: true })).toHaveLength(1);
  });

  it("fills its columns whatever the size, and draws full ink as full blocks", () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, fc.boolean(), (h, w, columns, unicode) => {
        const lines = drawImage(new Uint8Array(h * w).fill(255), [h, w], { brightest: 255, columns, unicode });
        expect(new Set(lines)).toEqual(new Set([(unicode ? "█" : "@").repeat(columns)]));
      }),
    );
  });
});

describe("drawings side by side", () => {
  it("centres captions below them", () => {
    const pictures = [
      { lines: ["####", "####"], caption: "1" },
      { lines: ["#"], caption: "read 2, is 3" },
      { lines: ["###", "#"], caption: "4" },
    ];
    expect(sideBySide(pictures, 2)).toEqual([
      "####  #             ###",
      "####                #",
      " 1    read 2, is 3   4",
    ]);
  });
});
