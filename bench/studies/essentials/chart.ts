// What a figure shows, as plain data; draw.ts draws it.

import { median } from "./numbers.js";

export type Point = readonly [x: number, y: number];
export type Tone = "first" | "second" | "third" | "fourth" | "faint";

export interface Line {
  readonly label: string;
  readonly tone: Tone;
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  /** Between the least and the greatest over the seeds. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
}

export interface LineChart {
  readonly kind: "lines";
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly yDomain?: Point;
  readonly lines: readonly Line[];
}

/** A row a name: its median as a dot, its range as a stroke. */
export interface RangeChart {
  readonly kind: "ranges";
  readonly title: string;
  readonly x: string;
  readonly rows: readonly { readonly label: string; readonly tone: Tone; readonly values: readonly number[] }[];
}

/** Rows of pictures, values of which 0 is transparent; each scaled by its own greatest magnitude. */
export interface PictureChart {
  readonly kind: "pictures";
  readonly title: string;
  readonly side: number;
  readonly columns: number;
  readonly pictures: readonly (readonly number[])[];
}

export type Chart = LineChart | RangeChart | PictureChart;

/** Medians over the seeds with their range; `runs` holds a list of y by seed, which may end at different places. */
export function overSeeds(
  label: string,
  tone: Tone,
  xs: readonly number[],
  runs: readonly (readonly number[])[],
): Line {
  const at = xs.flatMap((x, i) => {
    const ys = runs.map((run) => run[i]).filter((y): y is number => y !== undefined && Number.isFinite(y));
    return ys.length === 0 ? [] : [{ x, ys }];
  });
  return {
    label,
    tone,
    points: at.map(({ x, ys }) => [x, rounded(median(ys))]),
    band: at.map(({ x, ys }) => [x, rounded(Math.min(...ys)), rounded(Math.max(...ys))]),
  };
}

/** To five digits: more than a plot shows. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

/** 1 … count */
export function counted(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
