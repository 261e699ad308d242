import { STREAM_SPLIT } from "../../assembly/shared/random.js";
import { boolean, knownOptions } from "../check.js";
import { ConfigError, DataError, ShapeError } from "../errors.js";
import { checkSeed, classesOf, rowsByClass, shuffled } from "./order.js";
import { isShaped, lengthOf, pick, type Rows } from "./rows.js";

export interface SplitOptions {
  /** The part of the rows that goes to the test, above 0 and below 1; 0.2. */
  readonly testFraction?: number;
  /** The part of all rows that is held out for validation; none, and then there is no such part. */
  readonly validationFraction?: number;
  /** An integer from 0 to 2^53 - 1; 0. */
  readonly seed?: number;
  /** Gives every class its share of each part; `y` must hold one class label a row, or one-hot rows. */
  readonly stratify?: boolean;
}

export interface SplitPart<X, Y> {
  readonly x: X;
  readonly y: Y;
}

export interface Split<X, Y> {
  readonly train: SplitPart<X, Y>;
  readonly test: SplitPart<X, Y>;
}

export interface ThreeWaySplit<X, Y> extends Split<X, Y> {
  readonly validation: SplitPart<X, Y>;
}

const OPTIONS = { testFraction: true, validationFraction: true, seed: true, stratify: true };

/**
 * Shuffles rows and splits them into a training and a test part, and with `validationFraction` a validation part; the same
 * seed gives the same rows everywhere, and the same test with or without a validation part.
 *
 * `y` tells how many rows there are: flat, it holds one value a row; for several values a row pass `{ data, shape }`. The size
 * of a row of `x` follows. What goes in flat, nested or shaped comes out so; the input is copied, not changed.
 *
 * @param x n rows of features
 * @param y n labels or rows of targets
 * @returns the test part holds round(n × testFraction) rows, the validation part round(n × validationFraction)
 * @throws ShapeError `data/rows-differ`, `data/size-mismatch`
 * @throws ConfigError `data/bad-fraction`, `data/bad-seed`
 * @throws DataError `data/empty-part`; with `stratify` also `data/bad-label`, and `data/class-too-small` where a class has
 * fewer rows than there are parts
 *
 * @example
 * const { train, test } = shuffleSplit(new Float32Array([0, 0, 1, 1, 2, 2, 3, 3]), [0, 1, 2, 3], { testFraction: 0.25, seed: 1 });
 * test.x; // Float32Array of one row, two values; test.y[0] is its label
 */
export function shuffleSplit<X extends Rows, Y extends Rows>(
  x: X,
  y: Y,
  options: SplitOptions & { readonly validationFraction: number },
): ThreeWaySplit<X, Y>;
export function shuffleSplit<X extends Rows, Y extends Rows>(x: X, y: Y, options?: SplitOptions): Split<X, Y>;
export function shuffleSplit<X extends Rows, Y extends Rows>(
  x: X,
  y: Y,
  options: SplitOptions = {},
): Split<X, Y> | ThreeWaySplit<X, Y> {
  knownOptions<SplitOptions>(options, "shuffleSplit()", OPTIONS);
  const { testFraction = 0.2, validationFraction, seed = 0, stratify = false } = options;
  boolean(stratify, "stratify");
  checkSeed(seed);
  const rows = rowCount(x, y);
  const [testRows, validationRows] = partRows(rows, testFraction, validationFraction);
  const order = shuffled(rows, seed, STREAM_SPLIT);
  const parts = validationFraction === undefined ? 2 : 3;
  const classes = stratify ? classesOf(y) : undefined;
  if (classes) rowsByClass(classes, order, parts, `a stratified split in ${parts} parts`);

  const [test, others] = draw(order, testRows, classes);
  const [validation, train] = draw(others, validationRows, classes);
  const part = (of: Uint32Array) => ({ x: pick(x, rows, of), y: pick(y, rows, of) });
  return {
    train: part(train),
    test: part(test),
    ...(validationFraction !== undefined && { validation: part(validation) }),
  };
}

/** Rows of the test and of the validation part; no part may be empty. */
function partRows(rows: number, testFraction: number, validationFraction?: number): [test: number, validation: number] {
  const test = share("testFraction", rows, testFraction);
  if (validationFraction === undefined) {
    refuseEmpty({ test, training: rows - test }, rows, `testFraction ${testFraction}`);
    return [test, 0];
  }
  const validation = share("validationFraction", rows, validationFraction);
  const fractions = `testFraction ${testFraction} and validationFraction ${validationFraction}`;
  refuseEmpty({ test, validation, training: rows - test - validation }, rows, fractions);
  return [test, validation];
}

function refuseEmpty(parts: Readonly<Record<string, number>>, rows: number, fractions: string): void {
  for (const [part, own] of Object.entries(parts)) {
    if (own > 0) continue;
    throw new DataError(
      "data/empty-part",
      `${rows} rows with ${fractions} would leave the ${part} part empty. Pass more rows or another fraction.`,
    );
  }
}

function share(name: string, rows: number, fraction: number): number {
  if (fraction > 0 && fraction < 1) return Math.round(rows * fraction);
  throw new ConfigError(
    "data/bad-fraction",
    `${name} is ${fraction}; expected a number above 0 and below 1, such as 0.2.`,
  );
}

/** `count` rows of the order, each class with its share where there are classes, and the others; both in the order. */
function draw(
  order: Uint32Array,
  count: number,
  classes: ArrayLike<number> | undefined,
): [drawn: Uint32Array, others: Uint32Array] {
  if (!classes) return [order.subarray(0, count), order.subarray(count)];
  const drawn = shares(classes, order, count);
  return [order.filter((_, place) => drawn[place] === 1), order.filter((_, place) => drawn[place] === 0)];
}

/**
 * For each place in the order, 1 if it is drawn. Every class gives the whole part of its share; what is missing to `count`
 * comes from the classes with the largest remainders (the smaller label first where they tie).
 */
function shares(labels: ArrayLike<number>, order: Uint32Array, count: number): Uint8Array {
  const counts = new Map<number, number>();
  for (const row of order) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);

  // rows of the class × count / rows, in whole numbers: below 2^53 for fewer than 90 million rows.
  const classes = [...counts].map(([label, own]) => {
    const product = own * count;
    return { label, quota: Math.floor(product / order.length), remainder: product % order.length };
  });
  classes.sort((a, b) => b.remainder - a.remainder || a.label - b.label);
  const missing = count - classes.reduce((sum, { quota }) => sum + quota, 0);
  const open = new Map(classes.map(({ label, quota }, i) => [label, i < missing ? quota + 1 : quota]));

  const drawn = new Uint8Array(order.length);
  order.forEach((row, place) => {
    const left = open.get(labels[row]!)!;
    if (left === 0) return;
    open.set(labels[row]!, left - 1);
    drawn[place] = 1;
  });
  return drawn;
}

/** How many rows x and y have, which must be as many; a flat y has one value a row. */
export function rowCount(x: Rows, y: Rows): number {
  const found = lengthOf(x, "x");
  const rows = lengthOf(y, "y");
  const fits = isShaped(x) ? found === rows : rows > 0 ? found % rows === 0 : found === 0;
  if (fits) return rows;
  const has = isShaped(x) ? `${found} rows` : `${found} values, which is not a multiple of that`;
  throw new ShapeError(
    "data/rows-differ",
    `y has ${rows} rows, but x has ${has}. Pass one label (or one row of targets) for each row of x.`,
  );
}
