// Features and labels as they come: checked, and what a classifier needs to know of them.

import { show } from "../../check.js";
import { DataError, ShapeError } from "../../errors.js";
import { type Rowlike, type Rows, type Targets, toRows } from "../../model/data.js";
import { checkClassWeight, checkSampleWeight, type ClassWeight, type SampleWeight } from "../../model/weights.js";
import { sizeOf } from "../../shape.js";

/** Class labels, one a row: whole numbers of 32 bits. */
export type Labels = Targets | Readonly<{ data: ArrayLike<number>; shape: readonly number[] }>;

/** A classifier's rows, checked. */
export interface Samples {
  readonly x: Rows;
  /** The labels that there are, sorted. */
  readonly classes: readonly number[];
  /** (rows) each row's place in `classes` */
  readonly places: Uint32Array;
  /** (rows) */
  readonly sampleWeight: SampleWeight | undefined;
}

/** @throws ShapeError, DataError naming what is wrong */
export function toSamples(x: Rowlike, labels: Labels, sampleWeight: SampleWeight | undefined): Samples {
  const found = toLabels(labels, "labels");
  const classes = [...new Set(found)].sort((a, b) => a - b);
  if (classes.length < 2) {
    throw new DataError(
      "data/one-class",
      `labels hold ${classes.length === 0 ? "nothing" : `the class ${classes[0]} alone`}; a classifier needs rows of at least two classes.`,
    );
  }
  const rows = toFeatures(x, { rows: found.length });
  if (sampleWeight !== undefined) checkSampleWeight(sampleWeight, found.length, "sampleWeight");
  const placeOf = new Map(classes.map((label, place) => [label, place]));
  return { x: rows, classes, places: Uint32Array.from(found, (label) => placeOf.get(label)!), sampleWeight };
}

/** n rows of features, however many axes a row has; `rows`, or else `width`, says where flat values are cut. */
export function toFeatures(x: Rowlike, { rows = 0, width }: { rows?: number; width?: number }): Rows {
  const shape = rowShape(x) ?? [width ?? flatWidth(x as ArrayLike<number>, rows)];
  const found = toRows(x, shape, "x");
  if (width !== undefined && found.width !== width) {
    throw new ShapeError(
      "shape/row-width",
      `x has rows of ${found.width} features; the classifier was fitted to rows of ${width}.`,
    );
  }
  if (width === undefined && found.rows !== rows) {
    throw new ShapeError(
      "shape/rows-differ",
      `x has ${found.rows} rows and there are ${rows} labels; each row needs its label.`,
    );
  }
  return found;
}

/** What x says of a row; flat values say nothing. */
function rowShape(x: unknown): readonly number[] | undefined {
  if (typeof x !== "object" || x === null) return [1]; // toRows tells what is wrong
  if ("shape" in x && Array.isArray(x.shape)) return x.shape.length > 1 ? x.shape.slice(1) : [1];
  if (!Array.isArray(x) || typeof x[0] === "number" || x.length === 0) return undefined;
  const [row] = x as [ArrayLike<unknown>];
  return [Array.isArray(row) ? row.flat(Infinity).length : ArrayBuffer.isView(row) ? row.length : 1];
}

function flatWidth({ length }: ArrayLike<number>, rows: number): number {
  if (length > 0 && length % rows === 0) return length / rows;
  throw new ShapeError(
    "shape/rows-differ",
    `x holds ${length} values and there are ${rows} labels, of which that is no multiple; each row needs its label.`,
  );
}

/** One whole number a row; not through 32-bit floats, which end at 2²⁴. */
export function toLabels(given: Labels, what: string): Int32Array {
  const shaped = given as { data?: unknown; shape?: unknown } | null | undefined;
  const values = isList(given) ? given : shaped?.data;
  if (!isList(values) || (!isList(given) && !Array.isArray(shaped?.shape))) {
    throw new DataError(
      "data/bad-type",
      `${what} must be an array with one whole number a row, or { data, shape: [n] }; got ${show(given)}.`,
    );
  }
  if (!isList(given) && sizeOf(shaped!.shape as number[]) !== (shaped!.shape as number[])[0]) {
    throw new ShapeError(
      "shape/row-shape",
      `${what} have shape (${String(shaped!.shape)}); expected (n), one label a row.`,
    );
  }
  for (let row = 0; row < values.length; row++) {
    const label = values[row];
    if (typeof label === "number" && label === (label | 0)) continue;
    throw new DataError(
      "data/bad-label",
      `${what} hold ${show(label)} at row ${row}; each must be a whole number from -2147483648 to 2147483647.` +
        (isList(label) ? " Of one-hot rows, pass where the one stands." : ""),
    );
  }
  return Int32Array.from(values as ArrayLike<number>);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** A weight for each class; "balanced": n / (classes · rows of the class), so that all classes weigh the same. */
export type LinearClassWeight = ClassWeight | "balanced";

/** (classes) */
export function classWeights(given: LinearClassWeight | undefined, { classes, places }: Samples): Float64Array {
  if (given === undefined) return new Float64Array(classes.length).fill(1);
  if (given === "balanced") {
    const counts = new Float64Array(classes.length);
    for (const place of places) counts[place]!++;
    return counts.map((count) => places.length / (classes.length * count));
  }
  const weights = checkClassWeight(given, classes);
  return Float64Array.from(classes, (label) => weights.get(label) ?? 1);
}
