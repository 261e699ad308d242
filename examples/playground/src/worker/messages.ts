// What page and worker say to one another. Every message is plain data.

import type { Finding, TriedCure } from "lanewise";
import type { Column } from "../data/csv.js";
import type { DataSet, TableChoice, Task } from "../data/sets.js";
import type { Setup } from "../setup/setup.js";

export const PACES = [
  { value: "slow", label: "Slow", epochsPerSecond: 4 },
  { value: "watch", label: "Watch", epochsPerSecond: 20 },
  { value: "full", label: "Full speed", epochsPerSecond: Infinity },
] as const;
export type Pace = (typeof PACES)[number]["value"];

export type ToWorker =
  /** New data, a new network. */
  | { readonly type: "begin"; readonly setup: Setup; readonly table?: TableChoice | undefined }
  | { readonly type: "train" | "pause" | "step" | "tryCures" | "stopTrying" | "save" | "report" }
  | { readonly type: "pace"; readonly pace: Pace }
  | { readonly type: "recognize"; readonly pixels: Uint8Array }
  | { readonly type: "load"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly type: "table"; readonly file: File };

export type FromWorker =
  | { readonly type: "begun"; readonly about: About }
  | { readonly type: "progress"; readonly progress: Progress }
  /** Training has stopped, and why. */
  | { readonly type: "stopped"; readonly reason: string; readonly detail?: string | undefined }
  | { readonly type: "findings"; readonly findings: readonly Finding[] }
  | { readonly type: "trying"; readonly share: number; readonly cure: string }
  | { readonly type: "tried"; readonly cures: readonly TriedCure[] }
  | { readonly type: "recognized"; readonly probabilities: Float32Array }
  | { readonly type: "saved"; readonly bytes: Uint8Array; readonly name: string }
  | { readonly type: "reported"; readonly html: string }
  | { readonly type: "table"; readonly name: string; readonly rows: number; readonly columns: readonly TableColumn[] }
  | { readonly type: "failed"; readonly during: ToWorker["type"]; readonly message: string };

/** `task`: what it would most likely be the target of. */
export type TableColumn = Pick<Column, "name" | "numeric" | "missing"> & { readonly task: Task };

/** Of data and network, once they are there. */
export interface About extends Pick<DataSet, "kind" | "classes" | "notes"> {
  readonly trainRows: number;
  readonly validationRows: number;
  readonly features: number;
  readonly target?: DataSet["target"];
  /** Units from the input to the output. */
  readonly widths: readonly number[];
  readonly parameters: number;
  /** The name of the file that the network came from. */
  readonly file?: string | undefined;
  /** Of points in the plane: those of the training, then those of the validation. */
  readonly points?: { readonly x: Float32Array; readonly y: Int32Array; readonly trainRows: number } | undefined;
  /** Of digits: images of the validation, (n, 64). */
  readonly images?: Uint8Array | undefined;
}

export interface Progress {
  readonly running: boolean;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly rowsPerSecond: number;
  readonly course: Course;
  readonly layers: readonly LayerFigures[];
  readonly view: View;
}

/** By name (loss, accuracy, val_…), one figure for each of the epochs, which count from 1. */
export interface Course {
  readonly epochs: readonly number[];
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

/** A hidden layer with what follows it, or the output. */
export interface LayerFigures {
  readonly name: string;
  readonly gradientNorm: number | undefined;
  readonly dead: number | undefined;
  readonly saturated: number | undefined;
}

export type View = PlaneView | ClassView | NumberView;

/** What the network says over a square of the plane. */
export interface PlaneView {
  readonly kind: "plane";
  readonly size: number;
  /** The square's half side, about 0. */
  readonly reach: number;
  /** (classes, size, size): probabilities, 255 for 1. */
  readonly shares: Uint8Array;
}

export interface ClassView {
  readonly kind: "classes";
  /** (true class, told class): rows of the validation. */
  readonly confusion: Uint32Array;
  /** Rows of the validation that are shown, what each is and was told to be. */
  readonly examples: readonly { readonly row: number; readonly label: number; readonly told: number }[];
}

/** Of the validation: what was to be told, and what was. */
export interface NumberView {
  readonly kind: "numbers";
  readonly wanted: Float32Array;
  readonly told: Float32Array;
}
