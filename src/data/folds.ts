import { STREAM_FOLDS } from "../../assembly/shared/random.js";
import { boolean, knownOptions, positiveInteger, show } from "../check.js";
import { ConfigError, DataError } from "../errors.js";
import { checkSeed, classesOf, inOrder, rowsByClass, shuffled } from "./order.js";
import { lengthOf, type Rows } from "./rows.js";

export interface FoldOptions {
  /** How many, at least 2; 5. */
  readonly folds?: number;
  /** Shuffles rows before they are shared out (default true; scikit-learn's is false); else the folds keep their order. */
  readonly shuffle?: boolean;
  /** An integer from 0 to 2^53 - 1; 0. */
  readonly seed?: number;
}

/** Indices of rows, ascending: each row is in one of the two. */
export interface Fold {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

const OPTIONS = { folds: true, shuffle: true, seed: true };

/**
 * Cuts rows into k folds, for cross-validation: each row is once for validation and k − 1 times for training. Folds differ
 * in size by at most one row; the same seed gives the same folds everywhere.
 *
 * @param rows how many there are, or y (n labels or rows of targets)
 * @returns k folds; `takeRows` picks their rows
 * @throws ConfigError `data/bad-folds`, `data/bad-seed`, DataError `data/too-few-rows`
 *
 * @example
 * for (const { train, validation } of kFold(y, { folds: 5, seed: 0 })) {
 *   const [xTrain, yTrain] = [takeRows(x, train, { shape: 4 }), takeRows(y, train)];
 * }
 */
export function kFold(rows: number | Rows, options: FoldOptions = {}): Fold[] {
  const count =
    typeof rows === "number" ? positiveInteger(rows, "rows of kFold", "data/bad-rows") : lengthOf(rows, "y");
  const { folds, order } = plan(count, options, "kFold()");
  return foldsOf(blocks(order, folds, 0), count);
}

/**
 * The same, every class shared out by itself: how many rows of it a fold has differs by at most one between folds, and so
 * does the size of the folds.
 *
 * @param y n class labels, or one-hot rows
 * @throws ConfigError `data/bad-folds`, `data/bad-seed`; DataError `data/bad-label`, `data/too-few-rows`, and
 * `data/class-too-small` where a class has fewer rows than there are folds
 *
 * @example const folds = stratifiedKFold([0, 0, 0, 0, 1, 1], { folds: 2 }); // each validates on two 0s and one 1
 */
export function stratifiedKFold(y: Rows, options: FoldOptions = {}): Fold[] {
  const count = lengthOf(y, "y");
  const { folds, order } = plan(count, options, "stratifiedKFold()");
  const validation: number[][] = Array.from({ length: folds }, () => []);
  let dealt = 0; // a class goes on where the last one ended, so that the larger shares go round
  for (const rows of rowsByClass(classesOf(y), order, folds, `sharing it out to ${folds} folds`).values()) {
    blocks(rows, folds, dealt).forEach((block, fold) => validation[fold]!.push(...block));
    dealt += rows.length;
  }
  return foldsOf(validation, count);
}

function plan(rows: number, options: FoldOptions, what: string): { folds: number; order: Uint32Array } {
  const { folds = 5, shuffle = true, seed = 0 } = knownOptions<FoldOptions>(options, what, OPTIONS);
  if (!(Number.isSafeInteger(folds) && folds >= 2)) {
    throw new ConfigError("data/bad-folds", `folds must be a whole number of at least 2; got ${show(folds)}.`);
  }
  boolean(shuffle, "shuffle");
  checkSeed(seed);
  if (rows < folds) {
    throw new DataError(
      "data/too-few-rows",
      `${rows} rows cannot make ${folds} folds, each of a row at least. Take fewer folds.`,
    );
  }
  return { folds, order: shuffle ? shuffled(rows, seed, STREAM_FOLDS) : inOrder(rows) };
}

/** Rows cut into one block a fold; those left over go one each to the folds from `first` on. */
function blocks<T extends Uint32Array | number[]>(rows: T, folds: number, first: number): T[] {
  let from = 0;
  return Array.from({ length: folds }, (_, fold) => {
    const extra = (fold - (first % folds) + folds) % folds < rows.length % folds ? 1 : 0;
    const to = from + Math.floor(rows.length / folds) + extra;
    const block = rows.slice(from, to) as T;
    from = to;
    return block;
  });
}

function foldsOf(validations: readonly ArrayLike<number>[], rows: number): Fold[] {
  const foldOf = new Uint32Array(rows);
  validations.forEach((validation, fold) => {
    for (let i = 0; i < validation.length; i++) foldOf[validation[i]!] = fold;
  });
  const all = inOrder(rows);
  return validations.map((_, fold) => ({
    train: all.filter((row) => foldOf[row] !== fold),
    validation: all.filter((row) => foldOf[row] === fold),
  }));
}
