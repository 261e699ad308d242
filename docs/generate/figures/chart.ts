// What a plot shows, as plain data: computed by the library alone, drawn by draw.ts.

import { createHash } from "node:crypto";

export type Point = readonly [x: number, y: number];
/** The plot's colours, by what they stand for. */
export type Tone = "first" | "second" | "third" | "faint";

export type Mark =
  | {
      readonly kind: "line";
      readonly points: readonly Point[];
      readonly tone: Tone;
      readonly label?: string;
      readonly dashed?: true;
    }
  /** A path of single steps. */
  | { readonly kind: "path"; readonly points: readonly Point[]; readonly tone: Tone; readonly label: string }
  | {
      readonly kind: "bars";
      readonly bars: readonly { from: number; to: number; height: number }[];
      readonly tone: Tone;
    }
  | { readonly kind: "arrows"; readonly arrows: readonly { from: Point; to: Point }[]; readonly tone: Tone };

export interface Chart {
  /** What the horizontal axis counts. */
  readonly x: string;
  readonly y?: string;
  /** How much of the axes is shown; by default, all of the marks. */
  readonly xDomain?: Point;
  readonly yDomain?: Point;
  /** Both axes have one scale. */
  readonly square?: boolean;
  /** A line above the plot, where the marks have no labels. */
  readonly note?: string;
  readonly marks: readonly Mark[];
}

/** What a page can draw of a member. */
export interface Figures {
  /** What the picture shows; undefined for members without one. */
  readonly alt: (name: string) => string | undefined;
  readonly chart: (name: string) => Promise<Chart>;
}

/** Numbers from `from` to `to`, both included; rounded, so that no engine's last bit shows. */
export function range(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => rounded(from + ((to - from) * i) / (count - 1)));
}

/** To five digits: more than a plot shows. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

/** Points around the origin, at even angles on circles of these radii. */
export function rings(radii: readonly number[], count: number): Point[] {
  return radii.flatMap((radius) =>
    Array.from({ length: count }, (_, i) => {
      const angle = (2 * Math.PI * (i + 0.5)) / count;
      return [rounded(radius * Math.cos(angle)), rounded(radius * Math.sin(angle))] as const;
    }),
  );
}

/** Tells whether a drawing is of these figures: it carries this. */
export function digestOf(chart: Chart): string {
  return createHash("sha256").update(JSON.stringify(chart)).digest("hex").slice(0, 16);
}
