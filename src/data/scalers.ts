import { finiteNumber, knownOptions, shapeOf, show } from "../check.js";
import { ConfigError, DataError, ShapeError } from "../errors.js";
import type { LayerOptions, LayerSpec } from "../layers/layer.js";
import { normalization } from "../layers/normalization.js";
import { formatShape, sameShape, type Shape, sizeOf } from "../shape.js";
import {
  isFlat,
  isList,
  isShaped,
  lengthOf,
  type Nested,
  type NumberArray,
  refuseOtherTypes,
  type Rows,
  type ShapedRows,
} from "./rows.js";

export interface ScalerFitOptions {
  /** The shape of one row, where x is flat and so does not say it: 784, or [28, 28, 1]. */
  shape?: number | readonly number[];
}

/** Rows scaled: in the form in which they came, Float64Array and plain numbers in 64 bits, all else as Float32Array. */
export type Scaled<X extends Rows> = X extends Float64Array
  ? Float64Array
  : X extends NumberArray
    ? Float32Array
    : X extends { readonly data: Float64Array }
      ? { data: Float64Array; shape: readonly number[] }
      : X extends { readonly data: NumberArray }
        ? { data: Float32Array; shape: readonly number[] }
        : X;

/** What measured rows make possible; immutable. Features are the values along a row's last axis, as in a dense layer. */
export interface Scaler {
  /** Of one row. */
  readonly shape: Shape;
  /** What a feature is divided by, (features); 1 where it is constant. */
  readonly scale: readonly number[];
  /**
   * The rows scaled, a copy.
   *
   * @throws ShapeError for rows of another shape, DataError for values that are not finite
   */
  transform<X extends Rows>(x: X): Scaled<X>;
  /** Undoes `transform`, but for rounding. */
  inverseTransform<X extends Rows>(x: X): Scaled<X>;
  /**
   * A `normalization` layer that does what `transform` does, in 32 bits: as a model's first layer it is saved with the model
   * and takes rows as they are.
   *
   * @throws ConfigError where a mean or the square of a scale is beyond 32 bits
   */
  layer(options?: LayerOptions): LayerSpec;
}

export interface StandardScaler extends Scaler {
  readonly mean: readonly number[];
  /** The biased one, divided by n; 0 where a feature is constant. */
  readonly variance: readonly number[];
}

export interface MinMaxScaler extends Scaler {
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/** A scaler that has yet to see data. */
export interface Unfitted<S extends Scaler> {
  /**
   * Measures each feature over all rows (and over all axes but the last), in 64 bits.
   *
   * @param x n rows, at least one; of bytes too
   * @param options `shape` of a row, for flat x
   * @throws ShapeError `data/no-shape`, `shape/row-width`, `shape/row-shape`; DataError `data/no-rows`, `data/not-finite`,
   *   `data/not-a-number`, naming row and column
   */
  fit(x: Rows, options?: ScalerFitOptions): S;
}

const FIT_OPTIONS = { shape: true };

/**
 * Scales each feature to mean 0 and variance 1: (x − mean) / √variance. Fit it on training rows only, else the test leaks into
 * training. As scikit-learn's StandardScaler: the variance is divided by n, and constant features, whose spread is none but
 * rounding, are only centred.
 *
 * @example
 * const scaler = standardScaler().fit([[1, 200], [3, 600]]);
 * scaler.transform([[2, 200]]); // [[0, -1]]
 * const model = await sequential({ inputShape: 2, layers: [scaler.layer(), dense(1)] });
 */
export function standardScaler(): Unfitted<StandardScaler> {
  return Object.freeze({
    fit(x: Rows, options: ScalerFitOptions = {}) {
      const table = measuredRows(x, options);
      const mean = meansOf(table);
      const variance = variancesOf(table, mean);
      const scale = variance.map((value, j) => (isConstant(value, mean[j]!, table) ? 1 : Math.sqrt(value)));
      return Object.freeze({ mean, variance, ...scalerOf(table.shape, mean, scale) });
    },
  });
}

/**
 * Scales each feature linearly so that its least and greatest value become the ends of `featureRange`; values beyond those
 * land beyond. As scikit-learn's MinMaxScaler; a constant feature becomes the lower end.
 *
 * @param options `featureRange`: [low, high], low below high; [0, 1]
 * @throws ConfigError `config/bad-range`
 * @example minMaxScaler({ featureRange: [-1, 1] }).fit([[1], [3]]).transform([[2]]); // [[0]]
 */
export function minMaxScaler(options: { featureRange?: readonly [low: number, high: number] } = {}) {
  const { featureRange = [0, 1] } = knownOptions<typeof options>(options, "minMaxScaler()", { featureRange: true });
  const [low, high] = rangeOf(featureRange);
  const unfitted: Unfitted<MinMaxScaler> = {
    fit(x, options = {}) {
      const table = measuredRows(x, options);
      const { min, max } = extremesOf(table);
      const scale = min.map((least, j) => (max[j]! > least ? max[j]! - least : 1) / (high - low));
      // (x − min) / scale + low, as one difference
      const offset = min.map((least, j) => least - low * scale[j]!);
      return Object.freeze({ min, max, ...scalerOf(table.shape, offset, scale) });
    },
  };
  return Object.freeze(unfitted);
}

function rangeOf(range: unknown): readonly [number, number] {
  if (Array.isArray(range) && range.length === 2) {
    const [low, high] = range.map((end) => finiteNumber(end, "an end of featureRange")) as [number, number];
    if (low < high) return [low, high];
  }
  throw new ConfigError("config/bad-range", `featureRange must be [low, high], low below high; got ${show(range)}.`);
}

/** y = (x − offset) / scale by feature, and back. */
function scalerOf(shape: Shape, offset: readonly number[], scale: readonly number[]): Scaler {
  for (const list of [shape, offset, scale]) Object.freeze(list);
  const features = scale.length;
  return {
    shape,
    scale,
    transform: (x) => mapped(x, shape, (value, at) => (value - offset[at % features]!) / scale[at % features]!),
    inverseTransform: (x) => mapped(x, shape, (value, at) => value * scale[at % features]! + offset[at % features]!),
    layer: (options = {}) => normalization({ ...options, mean: offset, variance: scale.map((value) => value * value) }),
  };
}

// ── Statistics ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Values as a matrix (length / features, features). */
interface Table {
  readonly values: ArrayLike<number>;
  readonly features: number;
  /** Of one row of x. */
  readonly shape: Shape;
}

/** The first value plus the mean distance from it: a constant's mean is exactly its value. */
function meansOf({ values, features }: Table): readonly number[] {
  const sums = new Float64Array(features);
  for (let i = 0; i < values.length; i++) sums[i % features]! += values[i]! - values[i % features]!;
  return Object.freeze(Array.from(sums, (sum, j) => values[j]! + sum / (values.length / features)));
}

/** In a second pass: E[x²] − E[x]² would lose all that is smaller than the rounding of the mean's square. */
function variancesOf({ values, features }: Table, mean: readonly number[]): readonly number[] {
  const sums = new Float64Array(features);
  for (let i = 0; i < values.length; i++) sums[i % features]! += (values[i]! - mean[i % features]!) ** 2;
  return Object.freeze(Array.from(sums, (sum) => sum / (values.length / features)));
}

/** Whether rounding alone explains the variance: scikit-learn's bound of its error. */
function isConstant(variance: number, mean: number, { values, features }: Table): boolean {
  const error = (values.length / features) * Number.EPSILON;
  return variance <= error * variance + (error * mean) ** 2;
}

function extremesOf({ values, features }: Table): { min: readonly number[]; max: readonly number[] } {
  const min = Array.from({ length: features }, (_, j) => values[j]!);
  const max = [...min];
  for (let i = features; i < values.length; i++) {
    min[i % features] = Math.min(min[i % features]!, values[i]!);
    max[i % features] = Math.max(max[i % features]!, values[i]!);
  }
  return { min: Object.freeze(min), max: Object.freeze(max) };
}

// ── Reading and writing rows ────────────────────────────────────────────────────────────────────────────────────────

function measuredRows(x: Rows, options: ScalerFitOptions): Table {
  const { shape: given } = knownOptions<ScalerFitOptions>(options, "fit(x, options)", FIT_OPTIONS);
  refuseOtherTypes(x, "x");
  const shape = given === undefined ? ownShape(x) : shapeOf(given, "shape of a row");
  const values = valuesOf(x, shape);
  if (values.length === 0) throw new DataError("data/no-rows", "x has no rows; at least one is needed.");
  return { values, features: shape.at(-1)!, shape };
}

/** The shape of a row as x says it. */
function ownShape(x: Rows): Shape {
  if (isShaped(x)) return shapeOf(x.shape.length > 1 ? x.shape.slice(1) : 1, "shape of a row");
  if (!isFlat(x)) {
    const shape: number[] = [];
    for (let part: unknown = x[0]; isList(part); part = part[0]) shape.push(part.length);
    return shapeOf(shape, "shape of a row");
  }
  throw new ShapeError(
    "data/no-shape",
    `x is flat, ${x.length} values one after the other, and does not say where a row ends. Pass the shape of a row, fit(x, { shape: 13 }), or { data, shape }.`,
  );
}

/** The values of whole rows of `shape`, all finite. */
function valuesOf(x: Rows, shape: Shape): ArrayLike<number> {
  refuseOtherTypes(x, "x");
  const width = sizeOf(shape);
  const values = isShaped(x) ? shapedValues(x, shape) : isFlat(x) ? x : nestedValues(x, shape);
  if (values.length % width !== 0) {
    throw new ShapeError(
      "shape/row-width",
      `x holds ${values.length} values, which is no whole number of rows of ${width} ${formatShape(shape)}.`,
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const number = typeof values[i] === "number";
    throw new DataError(
      number ? "data/not-finite" : "data/not-a-number",
      `x holds ${show(values[i])} at row ${Math.floor(i / width)}, column ${i % width}; all values must be finite numbers. Clean or impute it first.`,
    );
  }
  return values;
}

function shapedValues(x: ShapedRows, shape: Shape): ArrayLike<number> {
  lengthOf(x, "x"); // its data are as many as its shape says
  const row = x.shape.length > 1 ? x.shape.slice(1) : [1];
  if (sameShape(row, shape)) return x.data;
  throw new ShapeError(
    "shape/row-shape",
    `x has shape ${formatShape(x.shape)}; expected rows of ${formatShape(shape)}, that is (n, ${shape.join(", ")}).`,
  );
}

/** Checks each row's width, so that a ragged row is named rather than shifting all that follow. */
function nestedValues(x: Nested, shape: Shape): ArrayLike<number> {
  const width = sizeOf(shape);
  const values: number[] = [];
  x.forEach((row, i) => {
    const before = values.length;
    appendTo(values, row);
    if (isList(row) && values.length - before === width) return;
    const found = isList(row) ? `${values.length - before} values` : `no values (${show(row)})`;
    throw new ShapeError("shape/row-width", `Row ${i} of x has ${found}; expected ${width} ${formatShape(shape)}.`);
  });
  return values;
}

function appendTo(values: number[], part: unknown): void {
  if (!isList(part)) values.push(part as number);
  else for (let i = 0; i < part.length; i++) appendTo(values, part[i]);
}

/** `f` of every value and its place in all of x, in the form of x. */
function mapped<X extends Rows>(x: X, shape: Shape, f: (value: number, at: number) => number): Scaled<X> {
  const values = valuesOf(x, shape);
  const typed = isShaped(x) ? x.data : x;
  if (ArrayBuffer.isView(typed)) {
    const result = new (typed instanceof Float64Array ? Float64Array : Float32Array)(values.length);
    for (let i = 0; i < result.length; i++) result[i] = f(values[i]!, i);
    return (isShaped(x) ? { data: result, shape: [...x.shape] } : result) as unknown as Scaled<X>;
  }
  let at = 0;
  const nested = (part: unknown): unknown => (isList(part) ? Array.from(part, nested) : f(part as number, at++));
  const result = nested(typed);
  return (isShaped(x) ? { data: result, shape: [...x.shape] } : result) as Scaled<X>;
}
