/** A glyph, and the ink in the upper and the lower half of its cell, 0…1. */
type Glyph = readonly [text: string, upper: number, lower: number];

const BLOCKS: readonly Glyph[] = [
  [" ", 0, 0],
  ["░", 0.25, 0.25],
  ["▒", 0.5, 0.5],
  ["▓", 0.75, 0.75],
  ["█", 1, 1],
  ["▀", 1, 0],
  ["▄", 0, 1],
];

const ASCII: readonly Glyph[] = [
  [" ", 0, 0],
  [":", 0.25, 0.25],
  ["+", 0.5, 0.5],
  ["#", 0.75, 0.75],
  ["@", 1, 1],
  ['"', 0.7, 0],
  [".", 0, 0.3],
  ["_", 0, 0.7],
];

export interface DrawOptions {
  /** The value of full ink: 255, or 16. */
  readonly brightest: number;
  /** How wide the drawing is. A cell of a terminal is about twice as high as wide, which is allowed for. */
  readonly columns: number;
  readonly unicode: boolean;
}

/** A drawing, and what stands below it. */
export interface Picture {
  readonly lines: readonly string[];
  readonly caption: string;
}

const MAX_LINES = 16;

/**
 * `pixels` (h, w) as lines of block characters, `columns` wide each. Ink is drawn in the terminal's own colour, so that it
 * reads on a dark and on a light background.
 */
export function drawImage(
  pixels: ArrayLike<number>,
  [h, w]: readonly [number, number],
  { brightest, columns, unicode }: DrawOptions,
): string[] {
  const rows = Math.min(MAX_LINES, Math.max(1, Math.round((columns * h) / w / 2)));
  const glyphs = unicode ? BLOCKS : ASCII;
  /** The mean ink of a box of the image, given in cells. */
  const ink = (top: number, bottom: number, column: number): number =>
    boxMean(pixels, w, (top * h) / rows, (bottom * h) / rows, (column * w) / columns, ((column + 1) * w) / columns) /
    brightest;

  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    let line = "";
    for (let column = 0; column < columns; column++) {
      line += nearestGlyph(glyphs, ink(row, row + 0.5, column), ink(row + 0.5, row + 1, column));
    }
    lines.push(line);
  }
  return lines;
}

/** The pictures in a row, captions centred, `gap` columns between them. Each line ends without blanks. */
export function sideBySide(pictures: readonly Picture[], gap: number): string[] {
  const widths = pictures.map(({ lines, caption }) => Math.max(caption.length, ...lines.map((line) => line.length)));
  const height = Math.max(0, ...pictures.map(({ lines }) => lines.length));
  const join = (cell: (picture: Picture, width: number) => string): string =>
    pictures
      .map((picture, i) => cell(picture, widths[i]!).padEnd(widths[i]!))
      .join(" ".repeat(gap))
      .trimEnd();

  const rows = Array.from({ length: height }, (_, row) => join(({ lines }) => lines[row] ?? ""));
  return [...rows, join(({ caption }, width) => " ".repeat((width - caption.length) >> 1) + caption)];
}

function nearestGlyph(glyphs: readonly Glyph[], upper: number, lower: number): string {
  let best = "";
  let least = Infinity;
  for (const [text, u, l] of glyphs) {
    const distance = (upper - u) ** 2 + (lower - l) ** 2;
    if (distance < least) [best, least] = [text, distance];
  }
  return best;
}

/** The mean over a box whose edges may cut through pixels. */
function boxMean(
  pixels: ArrayLike<number>,
  w: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
): number {
  let sum = 0;
  for (let y = Math.floor(top); y < bottom; y++) {
    const high = Math.min(y + 1, bottom) - Math.max(y, top);
    for (let x = Math.floor(left); x < right; x++) {
      const wide = Math.min(x + 1, right) - Math.max(x, left);
      // An edge that rounding puts just beyond the image meets no pixel.
      sum += high * wide * (pixels[y * w + x] ?? 0);
    }
  }
  return sum / ((bottom - top) * (right - left));
}
