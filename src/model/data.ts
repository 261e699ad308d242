// What users pass as x and y becomes rows: one flat array, its width known, its values checked.

import { show } from "../check.js";
import { DataError, ShapeError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";

/** Arrays of arrays of … numbers, as deep as the shape is long. */
export type Nested = readonly number[] | readonly Nested[];

/** What `x` and rows of `y` may be. */
export type Rowlike =
  Float32Array | Uint8Array | Nested | Readonly<{ data: Float32Array | Uint8Array | readonly number[]; shape: Shape }>;

/** What `y` may be: class labels, or rows like `x`. */
export type Targets = Rowlike | Int32Array | readonly number[];

/** n rows of `width` values; bytes stay bytes. */
export interface Rows {
  readonly data: Float32Array | Uint8Array;
  readonly rows: number;
  readonly width: number;
}

/** @throws ShapeError, DataError naming row and column of what is wrong; `what` is "x", "y" … */
export function toRows(given: Rowlike | Targets, shape: Shape, what: string): Rows {
  const rows = toUncheckedRows(given, shape, what);
  refuseNonFinite(rows, what);
  return rows;
}

/** The same, but that values may be infinite or NaN: for whoever has a kernel look at them. */
export function toUncheckedRows(given: Rowlike | Targets, shape: Shape, what: string): Rows {
  const width = sizeOf(shape);
  const data = flatten(given, shape, what);
  if (data.length % width !== 0) {
    throw new ShapeError(
      "shape/row-width",
      `${what} holds ${data.length} values, which is no whole number of rows of ${width} ${formatShape(shape)}.`,
    );
  }
  const rows = data.length / width;
  if (rows === 0) throw new DataError("data/no-rows", `${what} has no rows; at least one is needed.`);
  return { data, rows, width };
}

/** Class labels, one a row, whole and in 0 … classes − 1. */
export function toLabels(given: Targets, shape: Shape, classes: number, what: string): Rows {
  const labels = toRows(given, shape, what);
  const { data } = labels;
  for (let row = 0; row < data.length; row++) {
    const label = data[row]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    const wide = labels.rows % classes === 0 && !Number.isInteger(label);
    throw new DataError(
      "data/bad-label",
      `${what} holds ${label} at row ${row}; labels must be whole numbers from 0 to ${classes - 1}, as the output has ${classes} classes.` +
        (wide ? " For one-hot rows use categoricalCrossentropy." : ""),
    );
  }
  return labels;
}

/** The hinge losses' targets: 0 would give no gradient at all, and so be learned from silently. */
export function refuseOtherThanSigns({ data, width }: Rows, loss: string, what: string): void {
  const at = data.findIndex((value: number) => value !== 1 && value !== -1);
  if (at < 0) return;
  throw new DataError(
    "data/bad-target",
    `${what} holds ${data[at]} at row ${Math.floor(at / width)}, column ${at % width}; ${loss} takes targets of -1 and 1. ` +
      "Labels of 0 and 1 become those by Float32Array.from(y, (label) => 2 * label - 1).",
  );
}

export function refuseDifferentLengths(x: Rows, y: Rows, xName = "x", yName = "y"): void {
  if (x.rows !== y.rows) {
    throw new ShapeError(
      "shape/rows-differ",
      `${xName} has ${x.rows} rows and ${yName} has ${y.rows}; each row needs its target.`,
    );
  }
}

/** Rows `first` … `first + count`, as a view. */
export function sliceRows({ data, width }: Rows, first: number, count: number): Rows {
  return { data: data.subarray(first * width, (first + count) * width), rows: count, width };
}

function flatten(given: Rowlike | Targets, shape: Shape, what: string): Float32Array | Uint8Array {
  if (given instanceof Float32Array || given instanceof Uint8Array) return given;
  if (ArrayBuffer.isView(given) && !(given instanceof DataView))
    return toFloat32(given as unknown as ArrayLike<number>, what);
  if (Array.isArray(given)) return flattenNested(given as Nested, shape, what);
  if (given !== null && typeof given === "object" && "data" in given && "shape" in given) {
    return flattenShaped(given as { data: ArrayLike<number>; shape: Shape }, shape, what);
  }
  throw new DataError(
    "data/bad-type",
    `${what} must be a Float32Array or Uint8Array, { data, shape }, or nested arrays of numbers; got ${show(given)}.`,
  );
}

function flattenShaped(given: { data: ArrayLike<number>; shape: Shape }, shape: Shape, what: string) {
  if (!Array.isArray(given.shape) || !isArrayLike(given.data)) {
    throw new DataError(
      "data/bad-type",
      `${what} as { data, shape } needs an array of numbers and an array of sizes; got { data: ${show(given.data)}, shape: ${show(given.shape)} }.`,
    );
  }
  const [rows, ...sample] = given.shape as Shape;
  const labels = shape.length === 1 && shape[0] === 1 && sample.length === 0; // (n) is n rows of one
  if (
    rows === undefined ||
    !(labels || (sample.length === shape.length && sample.every((size, i) => size === shape[i])))
  ) {
    throw new ShapeError(
      "shape/row-shape",
      `${what} has shape ${formatShape(given.shape)}; expected rows of ${formatShape(shape)}, that is (n, ${shape.join(", ")}).`,
    );
  }
  if (given.data.length !== sizeOf(given.shape)) {
    throw new ShapeError(
      "shape/length",
      `${what} of shape ${formatShape(given.shape)} should hold ${sizeOf(given.shape)} values; its data hold ${given.data.length}.`,
    );
  }
  const { data } = given;
  return data instanceof Float32Array || data instanceof Uint8Array ? data : toFloat32(data, what);
}

/** Checks each row's width, so that a ragged row is named rather than shifting all that follow. */
function flattenNested(given: Nested, shape: Shape, what: string): Float32Array {
  const flat = given.length === 0 || typeof given[0] === "number";
  if (flat) return toFloat32(given as readonly number[], what);
  const width = sizeOf(shape);
  const data = new Float32Array(given.length * width);
  (given as readonly Nested[]).forEach((row, i) => {
    const values =
      Array.isArray(row) || ArrayBuffer.isView(row)
        ? ((row as number[][]).flat?.(Infinity) ?? Array.from(row as unknown as number[]))
        : undefined;
    if (values === undefined || values.length !== width) {
      throw new ShapeError(
        "shape/row-width",
        `Row ${i} of ${what} has ${values === undefined ? `no values (${show(row)})` : `${values.length} values`}; expected ${width} ${formatShape(shape)}.`,
      );
    }
    values.forEach((value, j) => {
      if (typeof value !== "number") throw notANumber(value, `row ${i}, column ${j} of ${what}`);
    });
    data.set(values as number[], i * width);
  });
  return data;
}

function toFloat32(values: ArrayLike<number>, what: string): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== "number") throw notANumber(values[i], `index ${i} of ${what}`);
  }
  return Float32Array.from(values);
}

function isArrayLike(data: unknown): data is ArrayLike<unknown> {
  return Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
}

function notANumber(value: unknown, where: string): DataError {
  return new DataError("data/not-a-number", `There is ${show(value)} at ${where}; only numbers can be learned from.`);
}

export function refuseNonFinite({ data, width }: Rows, what: string): void {
  if (data instanceof Uint8Array || isFinite4(data)) return;
  const i = data.findIndex((value) => !Number.isFinite(value));
  throw new DataError(
    "data/not-finite",
    `${what} holds ${data[i]} at row ${Math.floor(i / width)}, column ${i % width}; all values must be finite. Clean or impute it first.`,
  );
}

/** 0 · x is 0, or NaN where x is not finite. Four sums at a time, as this runs over whole data sets. */
function isFinite4(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= data.length; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (; i < data.length; i++) a += data[i]! * 0;
  return a + b + c + d === 0;
}
