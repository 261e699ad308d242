// The rows of a search: checked and copied once, split once, the same for every trial.

import { numberInRange } from "../check.js";
import { shuffleSplit } from "../data/shuffleSplit.js";
import { ConfigError, ShapeError } from "../errors.js";
import { refuseDifferentLengths, type Rowlike, type Rows, type Targets, toRows } from "../model/data.js";
import { type Shape, sizeOf } from "../shape.js";
import { fnv1a } from "./space.js";

/** Rows with the shape [n, …sample], as `fit` takes them. */
export interface Shaped {
  readonly data: Float32Array | Uint8Array;
  readonly shape: Shape;
}

export interface Part {
  readonly x: Shaped;
  readonly y: Shaped;
}

export interface SearchData {
  readonly inputShape: Shape;
  /** Of a row of y; [1] for labels. */
  readonly targetShape: Shape;
  readonly train: Part;
  readonly validation: Part;
  /** Of all values: tells other data from these. */
  readonly hash: string;
}

export interface DataOptions {
  inputShape?: Shape | undefined;
  validationSplit?: number | undefined;
  validationData?: readonly [x: Rowlike, y: Targets] | undefined;
  seed: number;
}

/** Checks x and y and holds out a part, every class its share where rows have one class. All are copies. */
export function prepareData(x: Rowlike, y: Targets, options: DataOptions): SearchData {
  const { validationData, seed } = options;
  if (validationData !== undefined && options.validationSplit !== undefined) {
    throw new ConfigError("config/two-validations", "Give either validationSplit or validationData, not both.");
  }
  if (validationData !== undefined && !isPair(validationData)) {
    throw new ConfigError("config/bad-validation-data", "validationData of search() must be [x, y].");
  }
  const targetShape = sampleShape(y, () => [1]);
  const yRows = toRows(y, targetShape, "y");
  const inputShape = options.inputShape ?? sampleShape(x, (length) => widthFor(length, yRows.rows));
  const whole = partOf(x, y, inputShape, targetShape, "");
  const [train, validation] = validationData
    ? [
        copyPart(whole),
        copyPart(partOf(validationData[0], validationData[1], inputShape, targetShape, " of validationData")),
      ]
    : split(whole, numberInRange(options.validationSplit ?? 0.2, "validationSplit", 0, 1), seed);
  const hash = [train.x, train.y, validation.x, validation.y].reduce((sofar, { data }) => {
    return fnv1a(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sofar);
  }, 0x811c9dc5);
  return { inputShape, targetShape, train, validation, hash: hash.toString(16) };
}

function isPair(given: unknown): boolean {
  return Array.isArray(given) && given.length === 2;
}

/** Of one sample: what a shape or nested arrays say; flat values do not. */
function sampleShape(given: Rowlike | Targets, flat: (length: number) => Shape): Shape {
  if (given === null || given === undefined || typeof given !== "object") return [1]; // toRows will tell what is wrong
  if ("shape" in given && Array.isArray(given.shape)) return given.shape.length > 1 ? given.shape.slice(1) : [1];
  if (!Array.isArray(given) || typeof given[0] === "number") return flat((given as ArrayLike<unknown>).length ?? 0);
  const shape: number[] = [];
  for (let part: unknown = given[0]; Array.isArray(part) || ArrayBuffer.isView(part);) {
    const list = part as ArrayLike<unknown>;
    shape.push(list.length);
    part = list[0];
  }
  return shape.length > 0 ? shape : [1];
}

function widthFor(length: number, rows: number): Shape {
  if (rows > 0 && length > 0 && length % rows === 0) return [length / rows];
  throw new ShapeError(
    "shape/rows-differ",
    `x holds ${length} values and y has ${rows} rows, of which that is no multiple. Each row of x needs its target; give rows of several targets as { data, shape }.`,
  );
}

interface Whole {
  readonly x: Rows;
  readonly y: Rows;
  readonly inputShape: Shape;
  readonly targetShape: Shape;
}

function partOf(x: Rowlike, y: Targets, inputShape: Shape, targetShape: Shape, suffix: string): Whole {
  const [xRows, yRows] = [toRows(x, inputShape, `x${suffix}`), toRows(y, targetShape, `y${suffix}`)];
  refuseDifferentLengths(xRows, yRows, `x${suffix}`, `y${suffix}`);
  return { x: xRows, y: yRows, inputShape, targetShape };
}

function split(whole: Whole, validationSplit: number, seed: number): [Part, Part] {
  const { rows } = whole.y;
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const labels = classesOf(whole.y);
  const stratify = labels !== undefined && validationSplit > 0;
  const parts = shuffleSplit(order, labels ?? order, { testFraction: validationSplit, seed, stratify });
  return [pick(whole, parts.train.x), pick(whole, parts.test.x)];
}

/** The class of each row, where y are few whole labels or one-hot rows. */
function classesOf({ data, rows, width }: Rows): Int32Array | undefined {
  if (width === 1) return areLabels(data) ? Int32Array.from(data) : undefined;
  if (!areOneHot({ data, rows, width })) return undefined;
  return Int32Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width).indexOf(1));
}

/** Whole numbers 0 … k − 1, each of which occurs, and at most a tenth as many as there are rows (or two). */
export function areLabels(data: Float32Array | Uint8Array | Int32Array): boolean {
  const most = Math.max(2, data.length / 10);
  const found = new Set<number>();
  for (const value of data) {
    if (!(Number.isInteger(value) && value >= 0 && value < most)) return false;
    found.add(value);
  }
  return found.size >= 2 && Math.max(...found) === found.size - 1;
}

/** Each row holds one 1 and otherwise 0. */
export function areOneHot({ data, rows, width }: Rows): boolean {
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    let ones = 0;
    for (const value of values) {
      if (value !== 0 && value !== 1) return false;
      ones += value;
    }
    if (ones !== 1) return false;
  }
  return true;
}

function pick({ x, y, inputShape, targetShape }: Whole, order: Int32Array): Part {
  return { x: shaped(picked(x, order), inputShape), y: shaped(picked(y, order), targetShape) };
}

function copyPart({ x, y, inputShape, targetShape }: Whole): Part {
  return { x: shaped(x.data.slice(), inputShape), y: shaped(y.data.slice(), targetShape) };
}

function picked({ data, width }: Rows, order: Int32Array): Float32Array | Uint8Array {
  const rows = data.slice(0, order.length * width);
  order.forEach((row, place) => rows.set(data.subarray(row * width, (row + 1) * width), place * width));
  return rows;
}

function shaped(data: Float32Array | Uint8Array, sample: Shape): Shaped {
  return { data, shape: [data.length / sizeOf(sample), ...sample] };
}
