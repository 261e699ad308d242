import { formatShape } from "../shape.js";
import type { Layer } from "./layer.js";

const HEADINGS = ["Layer (class)", "Output shape", "Parameters", "Trainable"] as const;

/** The table that Keras prints: one line a layer, then the totals. */
export function summarize(layers: readonly Layer[], inputShape: readonly number[]): string {
  const rows = layers.map((layer) => [
    `${layer.name} (${layer.className})`,
    formatShape(layer.outputShape, true),
    count(layer.countParams()),
    layer.countParams() === 0 ? "-" : layer.trainable ? "yes" : "no",
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));

  const total = layers.reduce((sum, layer) => sum + layer.countParams(), 0);
  const trainable = layers.reduce((sum, layer) => sum + layer.countParams({ trainable: true }), 0);
  return [
    `Input ${formatShape(inputShape, true)}`,
    rule,
    line(HEADINGS),
    rule,
    ...rows.map(line),
    rule,
    `Parameters: ${count(total)} (${bytes(total * 4)}), ${count(trainable)} of them trainable`,
  ].join("\n");
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1048576).toFixed(2)} MiB`;
}
