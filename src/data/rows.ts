// Rows in the forms in which they come: counted and picked without changing the form.

import { knownOptions, shapeOf, show } from "../check.js";
import { DataError, ShapeError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";

export type NumberArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Arrays of arrays of … numbers. */
export type Nested = readonly number[] | readonly Nested[];

/** n rows: a flat array of n × size values, an array of n rows, or flat values with their shape [n, …]. */
export type Rows = NumberArray | Nested | ShapedRows;

export interface ShapedRows {
  readonly data: NumberArray | readonly number[];
  readonly shape: readonly number[];
}

export interface TakeOptions {
  /** The shape of one row, where values are flat: 784; 1 by default, which is one label a row. */
  shape?: number | readonly number[];
}

/**
 * The rows at these indices, in their order, as a copy. What goes in flat, nested or shaped comes out so, bytes as bytes.
 *
 * @param x n rows
 * @param indices each from 0 to n − 1, such as a fold's `train`; one may come twice
 * @throws ShapeError `data/size-mismatch` where the values are no whole number of rows; DataError `data/bad-index`
 *
 * @example
 * const x = Uint8Array.of(0, 0, 1, 1, 2, 2);
 * takeRows(x, [2, 0], { shape: 2 }); // Uint8Array [2, 2, 0, 0]
 */
export function takeRows<T extends Rows>(x: T, indices: ArrayLike<number>, options: TakeOptions = {}): T {
  const { shape = 1 } = knownOptions<TakeOptions>(options, "takeRows()", { shape: true });
  refuseOtherTypes(x, "x");
  const rows = isFlat(x) ? wholeRows(x.length, shapeOf(shape, "shape of a row")) : lengthOf(x, "x");
  if (!isList(indices)) {
    throw new DataError("data/bad-index", `indices must be an array of whole numbers; got ${show(indices)}.`);
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < rows) continue;
    throw new DataError(
      "data/bad-index",
      `indices hold ${show(index)} at ${i}; x has ${rows} rows, so they must be whole numbers from 0 to ${rows - 1}.`,
    );
  }
  return pick(x, rows, indices);
}

export function isShaped(values: Rows): values is ShapedRows {
  return "shape" in values;
}

/** Values one after the other, which do not say where a row ends. */
export function isFlat(values: Rows): values is NumberArray | readonly number[] {
  return ArrayBuffer.isView(values) || (Array.isArray(values) && !isList(values[0]));
}

export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** @throws DataError `data/bad-type` */
export function refuseOtherTypes(values: unknown, what: string): void {
  const shaped = values as { data?: unknown; shape?: unknown } | null | undefined;
  if (isList(values) || (isList(shaped?.data) && Array.isArray(shaped.shape))) return;
  throw new DataError(
    "data/bad-type",
    `${what} must be an array of numbers, { data, shape }, or nested arrays of numbers; got ${show(values)}.`,
  );
}

/** How many rows there are; of flat values each is one. */
export function lengthOf(values: Rows, what: string): number {
  refuseOtherTypes(values, what);
  if (!isShaped(values)) return values.length;
  const { data, shape } = values;
  const size = sizeOf(shape);
  if (shape.length === 0 || size !== data.length) {
    throw new ShapeError(
      "data/size-mismatch",
      `${what} has ${data.length} values, but its shape [${shape.join(", ")}] takes ${size}.`,
    );
  }
  return shape[0]!;
}

/** `rows` tells where flat values are cut. */
export function pick<T extends Rows>(values: T, rows: number, indices: ArrayLike<number>): T {
  if (isShaped(values)) {
    const [, ...rest] = values.shape;
    return { data: pickFlat(values.data, rows, indices), shape: [indices.length, ...rest] } as Rows as T;
  }
  return pickFlat(values as NumberArray | readonly number[], rows, indices) as Rows as T;
}

function pickFlat(values: NumberArray | readonly number[], rows: number, indices: ArrayLike<number>) {
  const size = values.length / rows;
  if (!ArrayBuffer.isView(values)) {
    return Array.from(indices).flatMap((row) => values.slice(row * size, (row + 1) * size));
  }
  // The typed arrays' own constructor: a Node Buffer's is another.
  const picked = new (typedArrayOf(values))(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    picked.set(values.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
  }
  return picked;
}

function typedArrayOf(values: NumberArray): new (length: number) => NumberArray {
  return values instanceof Uint8Array ? Uint8Array : (values.constructor as new (length: number) => NumberArray);
}

function wholeRows(length: number, shape: Shape): number {
  const size = sizeOf(shape);
  if (length % size === 0) return length / size;
  throw new ShapeError(
    "data/size-mismatch",
    `x holds ${length} values, which is no whole number of rows of ${size} ${formatShape(shape)}.`,
  );
}
