import { cut, formatScore, plural, shortValue } from "./format.js";
import type { SearchResult } from "./search.js";
import { Distribution } from "./space.js";

export type Found = Omit<SearchResult, "toString" | "toHtml"> & { readonly higher: boolean };

const WIDTH = 80;
const BEST_SHOWN = 10;
const BAR_CELLS = 10;

/** The best trials, with as many hyperparameters as there is room for, and what mattered. */
export function reportText(found: Found): string {
  return [...header(found), "", ...bestTrials(found), "", ...whatMattered(found)].join("\n");
}

function header({ trials, rungs, monitor, bestScore, stopReason, seed }: Found): string[] {
  const halving = rungs.map(({ trials, epochs }) => `${trials} to epoch ${epochs}`).join(", ");
  const ended = stopReason === "completed" ? "" : "; ended by maxMs";
  return [
    `${plural(trials.length, "trial")}, seed ${seed}; best ${monitor} ${formatScore(bestScore)}${ended}`,
    cut(`rungs: ${halving}`, WIDTH),
  ];
}

/** The most important columns come first; those beyond the width are left out. */
function bestTrials({ trials, importance, monitor }: Found): string[] {
  const shown = trials.slice(0, BEST_SHOWN);
  const columns = [
    ["trial", ...shown.map(({ number }) => `#${number}`)],
    ["epochs", ...shown.map(({ epochs }) => String(epochs))],
    [monitor, ...shown.map(({ score }) => formatScore(score))],
    ...importance.map(({ name }) => [name, ...shown.map(({ params }) => shortValue(params[name]))]),
  ].map((cells) => {
    const width = Math.max(...cells.map(({ length }) => length));
    return cells.map((cell) => cell.padStart(width));
  });
  let room = WIDTH;
  const fitting = columns.filter((cells, i) => (room -= cells[0]!.length + (i > 0 ? 2 : 0)) >= 0);
  const lines = fitting[0]!.map((_, row) => fitting.map((cells) => cells[row]!).join("  "));
  const left = importance.slice(fitting.length - 3).map(({ name }) => name);
  const rule = "─".repeat(Math.max(...lines.map(({ length }) => length)));
  return [
    lines[0]!,
    rule,
    ...lines.slice(1),
    ...(left.length > 0 ? [cut(`not shown: ${left.join(", ")}`, WIDTH)] : []),
  ];
}

function whatMattered(found: Found): string[] {
  const { importance, rungs, trials, monitor, higher } = found;
  const width = Math.max(...importance.map(({ name }) => name.length));
  const lines = importance.map(({ name, share, groups }) => {
    const bar = "█".repeat(Math.round(share * BAR_CELLS)).padEnd(BAR_CELLS);
    const scored = groups.filter(({ median }) => median !== null);
    const sorted = [...scored].sort((a, b) => (higher ? b.median! - a.median! : a.median! - b.median!));
    const ends = [sorted[0], sorted.length > 1 ? sorted.at(-1) : undefined].flatMap((group) => group ?? []);
    const medians = ends.map(({ label, median }) => `${label}: ${formatScore(median)}`).join(", ");
    return cut(`${name.padEnd(width)} ${percent(share)} ${bar} ${medians}`, WIDTH);
  });
  const after = `${plural(trials.length, "trial")} after ${plural(rungs[0]!.epochs, "epoch")}`;
  return [
    cut(`what mattered: share of the ranks by ${monitor}, ${after};`, WIDTH),
    "the values with the best and the worst median",
    ...lines,
  ];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0).padStart(3)} %`;
}

/** Whether a hyperparameter's axis is logarithmic, linear or one of names. */
export function axisOf({ space }: Found, name: string): "log" | "linear" | "names" {
  const distribution = space[name] as Distribution;
  return distribution.values ? "names" : distribution.kind === "logUniform" ? "log" : "linear";
}
