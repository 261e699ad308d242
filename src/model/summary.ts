import { formatShape } from "../shape.js";
import { type Architecture, isChain } from "./architecture.js";
import type { Layer } from "./layer.js";

const HEADINGS = ["Layer (class)", "Output shape", "Parameters", "Trainable"] as const;

/** The table that Keras prints: one line a layer, then the totals; of a graph, also what each layer is applied to. */
export function summarize(layers: readonly Layer[], architecture: Architecture): string {
  const joined = isChain(architecture) ? undefined : connections(architecture);
  const headings = [...HEADINGS, ...(joined ? ["Connected to"] : [])];
  const rows = layers.map((layer, i) => [
    `${layer.name} (${layer.className})`,
    formatShape(layer.outputShape, true),
    count(layer.countParams()),
    layer.countParams() === 0 ? "-" : layer.trainable ? "yes" : "no",
    ...(joined ? [joined[i]!] : []),
  ]);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));

  const total = layers.reduce((sum, layer) => sum + layer.countParams(), 0);
  const trainable = layers.reduce((sum, layer) => sum + layer.countParams({ trainable: true }), 0);
  return [
    ...inputLines(architecture),
    rule,
    line(headings),
    rule,
    ...rows.map(line),
    rule,
    `Parameters: ${count(total)} (${bytes(total * 4)}), ${count(trainable)} of them trainable`,
  ].join("\n");
}

function inputLines({ inputs }: Architecture): string[] {
  return inputs.map(({ name, shape }) => `Input ${inputs.length > 1 ? `${name} ` : ""}${formatShape(shape, true)}`);
}

/** By layer: what it is applied to; a shared one has several places, apart by ";". */
function connections({ inputs, layers, applications }: Architecture): string[] {
  const makers = new Map<number, string>(inputs.map(({ name }, tensor) => [tensor, name]));
  for (const { layer, output } of applications) makers.set(output, layers[layer]!.name);
  return layers.map((_, i) =>
    applications
      .filter(({ layer }) => layer === i)
      .map((application) => application.inputs.map((tensor) => makers.get(tensor)!).join(", "))
      .join("; "),
  );
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1048576).toFixed(2)} MiB`;
}
