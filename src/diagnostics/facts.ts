// What is known of the data and of a few steps of training, as plain figures.

import { type Shape, sizeOf } from "../shape.js";
import type { Observation } from "./observation.js";

/** Numbers of one input, column by column. */
export interface InputFacts {
  /** As messages call it: `x`, or `x of "left"`. */
  readonly name: string;
  /** Of a row. */
  readonly shape: Shape;
  readonly bytes: boolean;
  readonly rms: number;
  /** Columns whose every value is the same, and not 0. */
  readonly constant: readonly number[];
  /** Of all columns, the share of those that are constant, be it 0. */
  readonly constantShare: number;
  /** The column with the greatest root mean square, and what that is. */
  readonly largest: { readonly column: number; readonly rms: number };
}

/** Classes that targets tell. */
export interface ClassFacts {
  readonly name: string;
  readonly counts: readonly number[];
  /** What each of them is called in the targets. */
  readonly labels: readonly number[];
}

/** A few steps of training, on a copy. */
export interface TrialFacts {
  readonly steps: number;
  readonly learningRate: number;
  /** Mean loss over the rows looked at, before, halfway and after; not finite where training halted. */
  readonly before: number;
  readonly middle: number;
  readonly after: number;
  /** ‖Δw‖ / ‖w‖ of a typical step: the median over layers and observed steps. */
  readonly updateRatio: number;
}

/** All that findings are made from. */
export interface Facts {
  readonly observation: Observation;
  readonly inputs: readonly InputFacts[];
  /** Root mean square of what reaches the first layer with weights, and whether a normalization stands before or behind it. */
  readonly entry: { readonly rms: number; readonly normalized: boolean };
  readonly classes: readonly ClassFacts[];
  readonly trial: TrialFacts;
  /** Loss of the best predictor that looks at no input: of the classes' shares, or of the targets' mean. */
  readonly trivialLoss: number | undefined;
  /** Too few steps to tell whether it learns. */
  readonly early: boolean;
}

/** @param data (rows, …shape) */
export function inputFacts(name: string, data: Float32Array | Uint8Array, shape: Shape): InputFacts {
  const width = sizeOf(shape);
  const rows = data.length / width;
  const squares = new Float64Array(width);
  const first = Array.from({ length: width }, (_, j) => data[j]!);
  const varies = new Uint8Array(width);
  for (let i = 0; i < data.length; i++) {
    const [j, value] = [i % width, data[i]!];
    squares[j]! += value * value;
    if (value !== first[j]) varies[j] = 1;
  }
  const total = squares.reduce((sum, value) => sum + value, 0);
  const column = squares.indexOf(Math.max(...squares));
  const still = first.map((_, j) => j).filter((j) => rows > 1 && varies[j] === 0);
  return {
    name,
    shape,
    bytes: data instanceof Uint8Array,
    rms: Math.sqrt(total / data.length),
    constant: still.filter((j) => first[j] !== 0),
    constantShare: still.length / width,
    largest: { column, rms: Math.sqrt(squares[column]! / rows) },
  };
}
