import { drawImage, sideBySide, type Picture } from "./drawDigits.js";

/** Test images with what they are and what the network took them for. */
export interface Answers {
  /** Flat, (n, h, w). */
  readonly x: Uint8Array;
  readonly y: ArrayLike<number>;
  readonly predictions: ArrayLike<number>;
  readonly shape: readonly [h: number, w: number];
  /** The value of full ink. */
  readonly brightest: number;
}

export interface GalleryOptions {
  /** How wide the terminal is. */
  readonly columns: number;
  readonly unicode: boolean;
}

const PICTURE_COLUMNS = 16;
const GAP = 4;
const INDENT = 2;

/** The class with the highest score of each row of `scores` (n, classes); the first of equals. */
export function highest(scores: ArrayLike<number>, classes: number): Int32Array {
  const labels = new Int32Array(scores.length / classes);
  for (let row = 0; row < labels.length; row++) {
    for (let c = 1; c < classes; c++) {
      if (scores[row * classes + c]! > scores[row * classes + labels[row]!]!) labels[row] = c;
    }
  }
  return labels;
}

export function countRight({ y, predictions }: Pick<Answers, "y" | "predictions">): number {
  let right = 0;
  for (let i = 0; i < y.length; i++) if (y[i] === predictions[i]) right++;
  return right;
}

/** A row of images that the network read right, one of a class as far as they go, and a row of those that it misread. */
export function gallery(answers: Answers, options: GalleryOptions): string[] {
  const { y, predictions } = answers;
  const across = Math.max(1, Math.floor((options.columns - INDENT + GAP) / (PICTURE_COLUMNS + GAP)));
  const all = Array.from(y, (_, i) => i);
  const right = all.filter((i) => y[i] === predictions[i]);
  const wrong = all.filter((i) => y[i] !== predictions[i]);
  const various = right.filter((i, at) => right.findIndex((one) => y[one] === y[i]) === at);

  const lines: string[] = [];
  if (various.length > 0) {
    lines.push("Read right:", "", ...drawRow(various.slice(0, across)));
  }
  if (wrong.length > 0) {
    if (lines.length > 0) lines.push("");
    lines.push("Misread:", "", ...drawRow(wrong.slice(0, across)));
  }
  return lines;

  function drawRow(indices: readonly number[]): string[] {
    const pictures = indices.map((i) => picture(answers, i, options.unicode));
    return sideBySide(pictures, GAP).map((line) => (line === "" ? "" : " ".repeat(INDENT) + line));
  }
}

function picture({ x, y, predictions, shape, brightest }: Answers, i: number, unicode: boolean): Picture {
  const pixels = shape[0] * shape[1];
  const lines = drawImage(x.subarray(i * pixels, (i + 1) * pixels), shape, {
    brightest,
    columns: PICTURE_COLUMNS,
    unicode,
  });
  const caption = y[i] === predictions[i] ? String(y[i]) : `read ${predictions[i]}, is ${y[i]}`;
  return { lines, caption };
}
