import type { LearningRateReport } from "./learningRate.js";

const PLOT_COLUMNS = 64;
const PLOT_ROWS = 12;

/** The smoothed loss over the rate, both ends of each axis named; losses above the first are cut off. */
export function plotLosses(report: Omit<LearningRateReport, "toString">): string {
  const { rates, smoothed, suggestion, minimumOver10 } = report;
  const top = Math.max(smoothed[0]!, smoothed[rates.indexOf(suggestion)]!);
  const bottom = Math.min(...smoothed);
  const rowOf = (loss: number) => Math.round(((top - Math.min(loss, top)) / (top - bottom || 1)) * (PLOT_ROWS - 1));
  const columnOf = (step: number) => Math.round((step / Math.max(1, rates.length - 1)) * (PLOT_COLUMNS - 1));

  const grid = Array.from({ length: PLOT_ROWS }, () => new Array<string>(PLOT_COLUMNS).fill(" "));
  const chosen = columnOf(rates.indexOf(suggestion));
  for (const row of grid) row[chosen] = "┊";
  smoothed.forEach((loss, step) => (grid[rowOf(loss)]![columnOf(step)] = "•"));

  const labels = new Map([
    [0, figure(top)],
    [PLOT_ROWS - 1, figure(bottom)],
  ]);
  const lines = grid.map((row, i) => `${(labels.get(i) ?? "").padStart(10)} ┤${row.join("")}`.trimEnd());
  const [first, last] = [rate(rates[0]!), rate(rates.at(-1)!)];
  return [
    "smoothed loss over the learning rate (logarithmic)",
    ...lines,
    `${" ".repeat(11)}└${"─".repeat(PLOT_COLUMNS)}`,
    `${" ".repeat(12)}${first}${last.padStart(PLOT_COLUMNS - first.length)}`,
    `steepest descent at ${rate(suggestion)}: the suggestion; a tenth of the minimum's: ${rate(minimumOver10)}`,
    REASONS[report.stoppedBy],
  ].join("\n");
}

const REASONS = {
  maxRate: "All rates were tried.",
  diverged: "Stopped where the smoothed loss exceeded 4 times its least.",
  nonFinite: "Stopped where the loss or a gradient was not finite.",
} as const;

function figure(loss: number): string {
  const size = Math.abs(loss);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? loss.toExponential(2) : loss.toPrecision(4);
}

function rate(value: number): string {
  return value.toExponential(1);
}
