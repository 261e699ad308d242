// Pairs of tasks: one with many images, whose network is reused, and one with few.

import { type LabelledRows, loadIdxFolder, shuffleSplit, takeRows } from "lanewise/data";

export interface Task {
  readonly name: "digits" | "fashion";
  readonly title: string;
  /** Images of each class that the second task may learn from. */
  readonly images: number;
  readonly classes: number;
  /** What the base learns. */
  readonly source: Parts;
  /** What it is reused for. */
  readonly target: Parts;
}

export interface Parts {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** The second task as one seed has it: few images to learn from, and as many as there are to compare networks by. */
export interface Draw {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

const PIXELS = 784;
/** Of the training images that are not learned from, so many help to choose rates: the test chooses nothing. */
const MOST_HELD_OUT = 5000;

/** Digits 0 to 4 for 5 to 9: the same pen, other shapes. */
export async function digitsTask(folder: string): Promise<Task> {
  const { train, test } = await loadIdxFolder(folder);
  const half = (first: number): Parts => ({
    train: classesFrom(train, first, 5),
    test: classesFrom(test, first, 5),
  });
  const title = "Digits 5 to 9 on layers that learned 0 to 4";
  return { name: "digits", title, images: 100, classes: 5, source: half(0), target: half(5) };
}

/** Handwritten digits for clothes: another world. */
export async function fashionTask(folder: string, fashionFolder: string): Promise<Task> {
  const [source, target] = [await loadIdxFolder(folder), await loadIdxFolder(fashionFolder)];
  const title = "Clothes (Fashion-MNIST) on layers that learned digits (MNIST)";
  return { name: "fashion", title, images: 20, classes: 10, source, target };
}

/** @param chooses whether rates are chosen by it: then held-out training images stand in for the test */
export function drawOf({ target, images, classes }: Task, seed: number, chooses: boolean): Draw {
  const { x, y } = target.train;
  const { train: others, test: pool } = shuffleSplit(x, y, { testFraction: 0.5, seed, stratify: true });
  const counts = new Array<number>(classes).fill(0);
  const few = [...pool.y.keys()].filter((row) => counts[pool.y[row]!]!++ < images);
  const held = Array.from({ length: Math.min(MOST_HELD_OUT, others.y.length) }, (_, i) => i);
  return { train: rowsOf(pool, few), test: chooses ? rowsOf(others, held) : target.test };
}

/** The rows of so many classes from `first` on, labelled from 0. */
function classesFrom(rows: LabelledRows, first: number, count: number): LabelledRows {
  const inside = [...rows.y.keys()].filter((row) => rows.y[row]! >= first && rows.y[row]! < first + count);
  const { x, y } = rowsOf(rows, inside);
  return { x, y: y.map((label) => label - first) };
}

function rowsOf({ x, y }: LabelledRows, rows: readonly number[]): LabelledRows {
  return { x: takeRows(x, rows, { shape: PIXELS }), y: takeRows(y, rows) };
}
