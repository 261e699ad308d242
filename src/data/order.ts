// The order of rows that a seed gives, and the classes by which rows are shared out.

import { show } from "../check.js";
import { ConfigError, DataError } from "../errors.js";
import { largestLabel } from "./oneHot.js";
import { PhiloxStream } from "./philox.js";
import { isFlat, isList, isShaped, lengthOf, type Nested, type Rows } from "./rows.js";

/** @throws ConfigError `data/bad-seed` */
export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ConfigError("data/bad-seed", `seed is ${show(seed)}; expected an integer from 0 to 2^53 - 1.`);
}

/** Fisher and Yates: each order is equally likely. `stream` is one of STREAM_…, another for each purpose. */
export function shuffled(count: number, seed: number, stream: number): Uint32Array {
  const random = new PhiloxStream(seed, stream);
  const order = inOrder(count);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const row = order[last]!;
    order[last] = order[other]!;
    order[other] = row;
  }
  return order;
}

export function inOrder(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/**
 * The class of each row: its label, or where the one stands in it.
 *
 * @throws DataError `data/bad-label`
 */
export function classesOf(y: Rows): ArrayLike<number> {
  const rows = lengthOf(y, "y");
  const width = isFlat(y) ? 1 : isShaped(y) ? y.data.length / rows : (y[0] as Nested).length;
  const rowAt = (row: number): ArrayLike<unknown> =>
    isShaped(y) ? y.data.slice(row * width, (row + 1) * width) : (y[row] as Nested);
  if (width > 1) return Uint32Array.from({ length: rows }, (_, row) => placeOfOne(rowAt(row), row, width));
  const labels = isFlat(y) ? y : isShaped(y) ? y.data : y.map((row) => Number(row));
  largestLabel(labels);
  return labels;
}

function placeOfOne(row: ArrayLike<unknown>, index: number, width: number): number {
  const values = isList(row) ? Array.from(row) : [];
  const place = values.indexOf(1);
  if (values.length === width && place >= 0 && values.every((value, j) => value === (j === place ? 1 : 0)))
    return place;
  throw new DataError(
    "data/bad-label",
    `Row ${index} of y has no class: it is not one-hot, a single 1 among zeros. To share out rows by class, pass labels or one-hot rows; else leave stratifying out.`,
  );
}

/** The rows of each class, classes by their first row and rows by their place in `order`; each class has `least` or more. */
export function rowsByClass(
  classes: ArrayLike<number>,
  order: Uint32Array,
  least: number,
  what: string,
): Map<number, number[]> {
  const byClass = new Map<number, number[]>(Array.from(classes, (label) => [label, []]));
  for (const row of order) byClass.get(classes[row]!)!.push(row);
  for (const [label, rows] of byClass) {
    if (rows.length >= least) continue;
    throw new DataError(
      "data/class-too-small",
      `Class ${label} has ${rows.length} row${rows.length === 1 ? "" : "s"}, and ${what} needs at least ${least} of each. Add rows of it, leave it out, or go without stratifying.`,
    );
  }
  return byClass;
}
