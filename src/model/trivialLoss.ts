// The loss of the best predictor that looks at no input: what a network must get below to have learned anything.

import type { LossDescription, LossName } from "../losses/table.js";
import type { Shape } from "../shape.js";
import type { Compiled } from "./core.js";
import type { Rows } from "./data.js";

/** The least mean of a column's losses that one number for all of it can have; n values y. */
type ColumnLoss = (column: Float64Array) => number;

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** −p log p. Math.log decides no bit of any result. */
const surprise = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);

/** Losses that are means over columns; those that are missing have no closed form, or may fall below 0. */
const COLUMNS: { readonly [K in LossName]?: ColumnLoss } = {
  /** At the mean. */
  meanSquaredError(y) {
    const centre = mean(y);
    return mean(y.map((value) => (value - centre) * (value - centre)));
  },
  /** At the median. */
  meanAbsoluteError(y) {
    const median = y.toSorted()[y.length >> 1]!;
    return mean(y.map((value) => Math.abs(value - median)));
  },
  /** At the mean. */
  binaryCrossentropy: (y) => surprise(mean(y)) + surprise(1 - mean(y)),
  /** At the sign of most, 2 for each of the others. */
  hinge: (y) => 1 - Math.abs(mean(y)),
  /** At the mean m, (1 − m²). */
  squaredHinge: (y) => 1 - mean(y) * mean(y),
};

/**
 * Of a model, whose loss is the weighted sum of its outputs'; undefined where one of them is not known.
 *
 * @param targets Rows of each output.
 */
export function trivialLossOf(
  { outputs }: Compiled,
  ports: readonly { readonly shape: Shape }[],
  targets: readonly Rows[],
): number | undefined {
  const parts = outputs.map(({ loss, lossWeight }, i) => {
    const own = lossWeight === 0 ? 0 : trivialLoss(loss, targets[i]!, ports[i]!.shape);
    return own === undefined ? undefined : lossWeight * own;
  });
  return parts.reduce((sum, part) => (sum === undefined || part === undefined ? undefined : sum + part), 0);
}

/** Of one output. */
function trivialLoss(loss: LossDescription, y: Rows, output: Shape): number | undefined {
  const smoothing = (loss.labelSmoothing as number | undefined) ?? 0;
  const classes = output.at(-1)!;
  if (loss.name === "sparseCategoricalCrossentropy") return entropy(labelShares(y, classes), smoothing);
  if (loss.name === "categoricalCrossentropy") return entropy(columnMeans(y, classes), smoothing);
  const ofColumn = COLUMNS[loss.name as LossName];
  if (!ofColumn) return undefined;
  const columns = Array.from({ length: y.width }, (_, j) => columnOf(y, j, smoothing));
  return mean(Float64Array.from(columns, ofColumn));
}

/** Where sums of the targets' rows are 1, the entropy of their mean: the least −Σ yᵢ log pᵢ. */
function entropy(shares: Float64Array, smoothing: number): number {
  const smooth = shares.map((share) => share * (1 - smoothing) + smoothing / shares.length);
  const total = smooth.reduce((sum, share) => sum + share, 0);
  return smooth.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share / total) : sum), 0);
}

function labelShares({ data }: Rows, classes: number): Float64Array {
  const shares = new Float64Array(classes);
  for (const label of data) shares[label]! += 1 / data.length;
  return shares;
}

/** Over all positions of a row. */
function columnMeans({ data }: Rows, classes: number): Float64Array {
  const means = new Float64Array(classes);
  const positions = data.length / classes;
  data.forEach((value: number, i: number) => void (means[i % classes]! += value / positions));
  return means;
}

function columnOf({ data, rows, width }: Rows, column: number, smoothing: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    return data[row * width + column]! * (1 - smoothing) + smoothing / 2;
  });
}
