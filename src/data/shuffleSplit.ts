import { STREAM_SPLIT } from "../../assembly/shared/random.js";
import { ConfigError, DataError, ShapeError } from "../errors.js";
import { largestLabel } from "./oneHot.js";
import { PhiloxStream } from "./philox.js";

type NumberArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** n rows: a flat array of n × size values, an array of n rows, or flat values with their shape [n, …]. */
export type Rows = NumberArray | readonly number[] | readonly (readonly number[])[] | ShapedRows;

export interface ShapedRows {
  readonly data: NumberArray;
  readonly shape: readonly number[];
}

export interface SplitOptions {
  /** The part of the rows that goes to the test, above 0 and below 1; 0.2. */
  readonly testFraction?: number;
  /** An integer from 0 to 2^53 - 1; 0. */
  readonly seed?: number;
  /** Gives every class its share of the test; `y` must hold one class label a row. */
  readonly stratify?: boolean;
}

export interface Split<X, Y> {
  readonly train: { readonly x: X; readonly y: Y };
  readonly test: { readonly x: X; readonly y: Y };
}

/**
 * Shuffles rows and splits them into a training and a test part; the same seed gives the same rows everywhere.
 *
 * `y` tells how many rows there are: flat, it holds one value a row; for several values a row pass `{ data, shape }`. The size
 * of a row of `x` follows. What goes in flat, nested or shaped comes out so; the input is copied, not changed.
 *
 * @param x n rows of features
 * @param y n labels or rows of targets
 * @returns the test part holds round(n × testFraction) rows
 * @throws ShapeError `data/rows-differ`, `data/size-mismatch`
 * @throws ConfigError `data/bad-fraction`, `data/bad-seed`
 * @throws DataError `data/empty-part`; `data/bad-label` with `stratify`
 *
 * @example
 * const { train, test } = shuffleSplit(new Float32Array([0, 0, 1, 1, 2, 2, 3, 3]), [0, 1, 2, 3], { testFraction: 0.25, seed: 1 });
 * test.x; // Float32Array of one row, two values; test.y[0] is its label
 */
export function shuffleSplit<X extends Rows, Y extends Rows>(
  x: X,
  y: Y,
  { testFraction = 0.2, seed = 0, stratify = false }: SplitOptions = {},
): Split<X, Y> {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new ConfigError(
      "data/bad-fraction",
      `testFraction is ${testFraction}; expected a number above 0 and below 1, such as 0.2.`,
    );
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new ConfigError("data/bad-seed", `seed is ${seed}; expected an integer from 0 to 2^53 - 1.`);
  }
  const rows = rowCount(x, y);
  const testRows = Math.round(rows * testFraction);
  if (testRows === 0 || testRows === rows) {
    throw new DataError(
      "data/empty-part",
      `${rows} rows with testFraction ${testFraction} would leave the ${testRows === 0 ? "test" : "training"} part empty. Pass more rows or another fraction.`,
    );
  }

  const order = shuffled(rows, new PhiloxStream(seed, STREAM_SPLIT));
  const inTest = stratify
    ? shares(labelsOf(y, rows), order, testRows)
    : order.map((_, place) => (place < testRows ? 1 : 0));
  const trainOrder = order.filter((_, place) => inTest[place] === 0);
  const testOrder = order.filter((_, place) => inTest[place] === 1);
  return {
    train: { x: pick(x, rows, trainOrder), y: pick(y, rows, trainOrder) },
    test: { x: pick(x, rows, testOrder), y: pick(y, rows, testOrder) },
  };
}

/** Fisher and Yates: each order is equally likely. */
function shuffled(count: number, random: PhiloxStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const row = order[last]!;
    order[last] = order[other]!;
    order[other] = row;
  }
  return order;
}

/**
 * For each place in the order, 1 if it goes to the test. Every class gives the whole part of its share; what is missing to
 * `testRows` comes from the classes with the largest remainders (the smaller label first where they tie).
 */
function shares(labels: ArrayLike<number>, order: Uint32Array, testRows: number): Uint8Array {
  const counts = new Map<number, number>();
  for (const row of order) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);

  // count × testRows / rows, in whole numbers: below 2^53 for fewer than 90 million rows.
  const classes = [...counts].map(([label, count]) => {
    const product = count * testRows;
    return { label, quota: Math.floor(product / order.length), remainder: product % order.length };
  });
  classes.sort((a, b) => b.remainder - a.remainder || a.label - b.label);
  const missing = testRows - classes.reduce((sum, { quota }) => sum + quota, 0);
  const open = new Map(classes.map(({ label, quota }, i) => [label, i < missing ? quota + 1 : quota]));

  const inTest = new Uint8Array(order.length);
  order.forEach((row, place) => {
    const left = open.get(labels[row]!)!;
    if (left === 0) return;
    open.set(labels[row]!, left - 1);
    inTest[place] = 1;
  });
  return inTest;
}

function labelsOf(y: Rows, rows: number): ArrayLike<number> {
  const labels = isShaped(y) ? y.data : y;
  if (labels.length !== rows) {
    throw new ShapeError(
      "data/rows-differ",
      `stratify takes one label a row, but y holds ${labels.length} values for ${rows} rows. Pass class labels, or leave stratify out.`,
    );
  }
  largestLabel(labels as ArrayLike<number>);
  return labels as ArrayLike<number>;
}

function rowCount(x: Rows, y: Rows): number {
  for (const [name, values] of Object.entries({ x, y })) {
    if (!isShaped(values)) continue;
    const size = values.shape.reduce((a, b) => a * b, 1);
    if (values.shape.length === 0 || size !== values.data.length) {
      throw new ShapeError(
        "data/size-mismatch",
        `${name} has ${values.data.length} values, but its shape [${values.shape.join(", ")}] takes ${size}.`,
      );
    }
  }
  const rows = isShaped(y) ? y.shape[0]! : y.length;
  const fits = isShaped(x) ? x.shape[0] === rows : rows > 0 ? x.length % rows === 0 : x.length === 0;
  if (!fits) {
    const found = isShaped(x) ? `${x.shape[0]} rows` : `${x.length} values, which is not a multiple of that`;
    throw new ShapeError(
      "data/rows-differ",
      `y has ${rows} rows, but x has ${found}. Pass one label (or one row of targets) for each row of x.`,
    );
  }
  return rows;
}

function isShaped(values: Rows): values is ShapedRows {
  return "shape" in values;
}

function pick<T extends Rows>(values: T, rows: number, order: Uint32Array): T {
  if (isShaped(values)) {
    const [, ...rest] = values.shape;
    return { data: pickFlat(values.data, rows, order), shape: [order.length, ...rest] } as Rows as T;
  }
  if (ArrayBuffer.isView(values)) return pickFlat(values as NumberArray, rows, order) as Rows as T;
  const list = values as readonly number[];
  const size = list.length / rows;
  return Array.from(order).flatMap((row) => list.slice(row * size, (row + 1) * size)) as Rows as T;
}

function pickFlat(values: NumberArray, rows: number, order: Uint32Array): NumberArray {
  const size = values.length / rows;
  // The typed arrays' own slice: that of a Node Buffer does not copy.
  const picked = Uint8Array.prototype.slice.call(values, 0, order.length * size) as NumberArray;
  order.forEach((row, place) => picked.set(values.subarray(row * size, (row + 1) * size), place * size));
  return picked;
}
