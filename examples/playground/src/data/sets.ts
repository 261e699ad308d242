// A data set as the worker trains on it: rows for training and for validation, and what they are of.

import { type LayerSpec, rescaling } from "lanewise";
import { loadDigits, shuffleSplit, standardScaler } from "lanewise/data";
import type { Setup } from "../setup/setup.js";
import { type Column, counted, CsvError, isMissing, type Table } from "./csv.js";
import { isToy } from "./names.js";
import { pointsOf } from "./points.js";

export interface Rows {
  /** (n, features) */
  readonly x: Float32Array | Uint8Array;
  /** Class numbers; of a regression, targets of mean 0 and variance 1. */
  readonly y: Int32Array | Float32Array;
}

export interface DataSet {
  readonly kind: "digits" | "points" | "table";
  readonly train: Rows;
  readonly validation: Rows;
  readonly features: number;
  /** What each class is called; none where a number is to be told. */
  readonly classes: readonly string[];
  /** Of a regression: what undoes the scaling of the targets. */
  readonly target?: { readonly name: string; readonly mean: number; readonly scale: number };
  /** A first layer that brings the inputs near 1. */
  readonly scaling: () => LayerSpec;
  /** What was left out, in sentences. */
  readonly notes: readonly string[];
}

export const TASKS = ["classes", "numbers"] as const;
export type Task = (typeof TASKS)[number];

/** What of a table is to be told from the rest. */
export interface TableChoice {
  readonly target: string;
  readonly task: Task;
}

const VALIDATION = 0.25;
const LEAST_ROWS = 20;
const MOST_CLASSES = 20;

export async function digits(): Promise<DataSet> {
  const { train, test } = await loadDigits();
  const part = ({ x, y }: { x: Uint8Array; y: Uint8Array }): Rows => ({ x, y: Int32Array.from(y) });
  return {
    kind: "digits",
    train: part(train),
    validation: part(test),
    features: 64,
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    scaling: () => rescaling({ scale: 1 / 16, name: "scaling" }),
    notes: [],
  };
}

export function toySet({ data, rows, noise, seed }: Setup): DataSet {
  if (!isToy(data)) throw new RangeError(`There are no points called ${data}.`);
  const { x, y, classes } = pointsOf(data, { rows, noise, seed });
  const names = ["blue", "orange", "green"].slice(0, classes);
  return { kind: "points", ...split(x, y, 2, true), features: 2, classes: names, notes: [] };
}

/** @throws CsvError that says what to choose or mend */
export function tableSet(table: Table, choice: TableChoice): DataSet {
  const target = table.columns.find(({ name }) => name === choice.target);
  if (!target) throw new CsvError(`The file has no column “${choice.target}”.`);
  const others = table.columns.filter((column) => column !== target);
  const features = others.filter(({ numeric }) => numeric);
  const words = others.filter(({ numeric }) => !numeric);
  if (features.length === 0)
    throw new CsvError("No column beside the target is numeric: there is nothing to learn from.");

  const whole = Array.from({ length: table.rows }, (_, row) => row).filter((row) => {
    return [target, ...features].every(({ cells }) => !isMissing(cells[row]!));
  });
  if (whole.length < LEAST_ROWS) {
    throw new CsvError(`${counted(whole.length, "row")} without missing values; at least ${LEAST_ROWS} are needed.`);
  }
  const x = new Float32Array(whole.length * features.length);
  whole.forEach((row, i) => {
    x.set(
      features.map(({ cells }) => Number(cells[row])),
      i * features.length,
    );
  });
  const notes = [
    ...(words.length > 0 ? [`Left out, since not numeric: ${listed(words.map(({ name }) => name))}.`] : []),
    ...(whole.length < table.rows
      ? [`${counted(table.rows - whole.length, "row")} with missing values left out.`]
      : []),
  ];
  const cells = whole.map((row) => target.cells[row]!);
  const told =
    choice.task === "classes" ? classesOf(target.name, cells) : targetsOf(target.name, target.numeric, cells);
  const { y, ...what } = told;
  const stratify =
    what.classes.length > 0 && what.classes.every((_, label) => y.filter((own) => own === label).length > 1);
  return { kind: "table", ...split(x, y, features.length, stratify), features: features.length, ...what, notes };
}

/** Words and few distinct numbers are classes, until told otherwise. */
export function likelyTask({ numeric, cells }: Column): Task {
  if (!numeric) return "classes";
  const distinct = new Set(cells);
  return distinct.size <= 10 && [...distinct].every((cell) => Number.isInteger(Number(cell))) ? "classes" : "numbers";
}

function classesOf(name: string, cells: readonly string[]): Pick<DataSet, "classes"> & { y: Int32Array } {
  const collator = new Intl.Collator("en", { numeric: true });
  const classes = [...new Set(cells)].sort(collator.compare);
  if (classes.length < 2)
    throw new CsvError(`Every row has “${classes[0]}” for ${name}: there is nothing to tell apart.`);
  if (classes.length > MOST_CLASSES) {
    const instead = "Choose another target, or have numbers predicted.";
    throw new CsvError(
      `${name} has ${classes.length} different values, and at most ${MOST_CLASSES} are classes. ${instead}`,
    );
  }
  const numbers = new Map(classes.map((label, i) => [label, i]));
  return { classes, y: Int32Array.from(cells, (cell) => numbers.get(cell)!) };
}

function targetsOf(
  name: string,
  numeric: boolean,
  cells: readonly string[],
): Pick<DataSet, "classes" | "target"> & { y: Float32Array } {
  if (!numeric)
    throw new CsvError(`${name} holds words, which cannot be predicted as numbers. Have classes predicted.`);
  const scaler = standardScaler().fit(Float32Array.from(cells, Number), { shape: 1 });
  const [mean = 0, scale = 1] = [scaler.mean[0], scaler.scale[0]];
  const y = Float32Array.from(cells, (cell) => (Number(cell) - mean) / scale);
  return { classes: [], target: { name, mean, scale }, y };
}

function split(x: Float32Array, y: Int32Array | Float32Array, features: number, stratify: boolean) {
  const { train, test } = shuffleSplit(x, y, { testFraction: VALIDATION, seed: 1, stratify });
  const scaling = () => standardScaler().fit(train.x, { shape: features }).layer({ name: "scaling" });
  return { train, validation: test, scaling };
}

function listed(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}
