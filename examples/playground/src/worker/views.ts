// What the page shows of a network's answers: over the plane, as a table of classes, or number by number.

import type { Model } from "lanewise";
import type { DataSet } from "../data/sets.js";
import type { ClassView, NumberView, PlaneView, View } from "./messages.js";

/** Points of the plane, each way. */
const SIZE = 56;
const REACH = 1.2;
/** Rows that a scatter shows at most. */
const MOST_ROWS = 800;
const MOST_EXAMPLES = 10;

const PLANE = Float32Array.from({ length: SIZE * SIZE * 2 }, (_, i) => {
  const at = i % 2 === 0 ? (i >> 1) % SIZE : SIZE - 1 - Math.floor((i >> 1) / SIZE);
  return ((at + 0.5) / SIZE) * 2 * REACH - REACH;
});

export function viewOf(model: Model, data: DataSet, examples: readonly number[]): View {
  if (data.kind === "points") return planeOf(model, data);
  return data.classes.length > 0 ? classesOf(model, data, examples) : numbersOf(model, data);
}

function planeOf(model: Model, { classes }: DataSet): PlaneView {
  const { data } = model.predict(PLANE, { batchSize: 1024 });
  const share = (point: number, label: number) =>
    classes.length === 2 ? yesOrNo(data[point]!, label) : data[point * classes.length + label]!;
  const shares = Uint8Array.from({ length: classes.length * SIZE * SIZE }, (_, i) => {
    return Math.round(share(i % (SIZE * SIZE), Math.floor(i / (SIZE * SIZE))) * 255);
  });
  return { kind: "plane", size: SIZE, reach: REACH, shares };
}

const yesOrNo = (yes: number, label: number): number => (label === 1 ? yes : 1 - yes);

function classesOf(model: Model, data: DataSet, examples: readonly number[]): ClassView {
  const { y } = data.validation;
  const told = toldClasses(model, data);
  const confusion = new Uint32Array(data.classes.length ** 2);
  told.forEach((label, row) => confusion[y[row]! * data.classes.length + label]!++);
  return { kind: "classes", confusion, examples: examples.map((row) => ({ row, label: y[row]!, told: told[row]! })) };
}

function toldClasses(model: Model, { classes, validation }: DataSet): Int32Array {
  const { data } = model.predict(validation.x);
  return Int32Array.from(validation.y, (_, row) => {
    if (classes.length === 2) return Number(data[row]! > 0.5);
    const own = data.subarray(row * classes.length, (row + 1) * classes.length);
    return own.indexOf(Math.max(...own));
  });
}

/** Images to show: those that are misread first, then one of each class. */
export function examplesOf(model: Model, data: DataSet): number[] {
  if (data.kind !== "digits") return [];
  const { y } = data.validation;
  const told = toldClasses(model, data);
  const rows = Array.from(y, (_, row) => row);
  const wrong = rows.filter((row) => told[row] !== y[row]);
  const various = rows.filter((row) => told[row] === y[row] && y.indexOf(y[row]! as never) === row);
  const shown = [...wrong.slice(0, MOST_EXAMPLES / 2), ...various].slice(0, MOST_EXAMPLES);
  return shown.length === MOST_EXAMPLES ? shown : rows.slice(0, MOST_EXAMPLES);
}

function numbersOf(model: Model, { validation, target }: DataSet): NumberView {
  const width = validation.x.length / validation.y.length;
  const rows = Math.min(MOST_ROWS, validation.y.length);
  const { data } = model.predict(validation.x.subarray(0, rows * width));
  const { mean, scale } = target!;
  const unscaled = (value: number) => value * scale + mean;
  return {
    kind: "numbers",
    wanted: Float32Array.from(validation.y.subarray(0, rows), unscaled),
    told: data.map(unscaled),
  };
}
