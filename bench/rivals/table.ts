// The table that grows while it is measured, for terminals of 80 columns.

import { megabytes, range, time, timesOf } from "./format.js";
import { type Cell, isMeasured, type Spread } from "./results.js";
import type { Rival } from "./rivals.js";
import { gigaflops, type Task } from "./tasks.js";

export const WIDTH = 80;
const NAME = 22;
const TIME = 11;
const RANGE = 24;
const TIMES = 10;

export function heading(task: Task): string {
  return `\n${task.name}: ${task.title}\n${"".padEnd(NAME)}${"median".padStart(TIME)}${"range".padStart(RANGE)}${"lanewise ×".padStart(TIMES + 1)}${lastColumn(task).padStart(WIDTH - NAME - TIME - RANGE - TIMES - 1)}`;
}

function lastColumn(task: Task): string {
  return task.kind === "learn" ? "epochs" : task.kind === "cold" ? "memory" : gigaflops(task) ? "of peak" : "";
}

export function line(
  task: Task,
  { title }: Pick<Rival, "title">,
  cell: Cell,
  own: Cell | undefined,
  peak: Spread,
): string {
  const name = `  ${title}`.padEnd(NAME);
  if (!isMeasured(cell)) return `${name}${"—".padStart(TIME)}  ${cell.none}`.slice(0, WIDTH);
  const last = lastFigure(task, cell, peak);
  const figures = [time(cell.seconds.median).padStart(TIME), range(cell.seconds, time).padStart(RANGE)];
  return `${name}${figures.join("")}${timesOf(cell, own).padStart(TIMES + 1)}${last.padStart(WIDTH - NAME - TIME - RANGE - TIMES - 1)}`;
}

function lastFigure(task: Task, cell: Cell, peak: Spread): string {
  if (!isMeasured(cell)) return "";
  if (cell.epochs) return cell.epochs.join(" ");
  if (cell.bytes !== undefined) return `${megabytes(cell.bytes)} MB`;
  return share(task, cell, peak);
}

/** Of the machine's peak that the task's arithmetic reaches. */
export function share(task: Task, cell: Cell | undefined, peak: Spread): string {
  const work = gigaflops(task);
  if (work === undefined || !isMeasured(cell)) return "";
  return `${Math.round((100 * work) / cell.seconds.median / peak.median)} %`;
}
