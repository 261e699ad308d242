// A report for the terminal: findings, the gradient's course through the layers, a table.

import { curesTitle, figure, percent, verdictOf } from "./figures.js";
import type { LayerReport, ReportData } from "./report.js";
import type { TriedCure } from "./triedCure.js";

interface Column {
  readonly title: string;
  readonly cell: (layer: LayerReport) => string;
  /** What it is, below the table. */
  readonly note: string;
}

const COLUMNS: readonly Column[] = [
  { title: "mean", cell: (layer) => figure(layer.activationMean), note: "mean, std: of the activations" },
  { title: "std", cell: (layer) => figure(layer.activationStd), note: "" },
  { title: "gradient", cell: (layer) => figure(layer.gradientNorm), note: "gradient: L2 norm" },
  { title: "weights", cell: (layer) => figure(layer.weightNorm), note: "weights: L2 norm" },
  { title: "update", cell: (layer) => figure(layer.updateRatio), note: "update: ‖Δw‖ / ‖w‖ of a step" },
  { title: "dead", cell: (layer) => percent(layer.deadFraction), note: "dead: units" },
  { title: "satur.", cell: (layer) => percent(layer.saturatedFraction), note: "satur.: outputs" },
];
const LEAST_NAME = 8;

/** @param columns The terminal's width; from 40. */
export function textOf(
  data: ReportData & { readonly cures?: readonly TriedCure[] },
  { columns = 80 }: { columns?: number } = {},
): string {
  const width = Math.max(40, columns);
  const parts = [
    wrap(`Diagnosis of ${plain(data.subject)}`, width),
    wrap(verdictOf(data.findings), width),
    ...data.findings.map((finding) => findingOf(finding, width)),
    curesOf(data.cures ?? [], width),
    sparklineOf(data.layers, width),
    tableOf(data.layers, width),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function findingOf(
  { severity, problem, layer, evidence, cure }: ReportData["findings"][number],
  width: number,
): string[] {
  const title = `${severity.toUpperCase()}  ${problem}${layer === undefined ? "" : ` in ${plain(layer)}`}`;
  const indented = (text: string) => wrap(plain(text), width - 2).map((line) => `  ${line}`);
  return [...wrap(title, width), ...indented(evidence), ...indented(`Cure: ${cure}`)];
}

function curesOf(cures: readonly TriedCure[], width: number): string[] {
  const [first] = cures;
  if (!first) return [];
  const medians = cures.map(({ median }) => figure(median));
  const indent = Math.max(...medians.map(({ length }) => length)) + 3;
  const lines = cures.flatMap(({ cure, code, scores }, i) => {
    const [line, ...more] = wrap(`${plain(cure)} (${scores.map(figure).join(", ")})`, width - indent);
    return [
      `${medians[i]!.padStart(indent - 1)} ${line}`,
      ...[...more, ...wrap(plain(code), width - indent)].map((text) => " ".repeat(indent) + text),
    ];
  });
  return [...wrap(`Cures that were tried, ${curesTitle(first)}`, width), ...lines];
}

/** Less than so many decades do not fill the height: a healthy network looks even. */
const LEAST_DECADES = 3;
const BARS = "▁▂▃▄▅▆▇█";

/** One bar a layer, in log scale; · where a layer has no weights, ! where its norm is not finite. */
function sparklineOf(layers: readonly LayerReport[], width: number): string[] {
  const norms = layers.map(({ gradientNorm }) => gradientNorm);
  const drawn = norms.filter((norm): norm is number => norm !== undefined && Number.isFinite(norm) && norm > 0);
  if (norms.every((norm) => norm === undefined)) return [];
  const [least, greatest] = [Math.log10(Math.min(...drawn)), Math.log10(Math.max(...drawn))];
  const bars = norms.map((norm) => {
    if (norm === undefined) return "·";
    if (!Number.isFinite(norm)) return "!";
    if (norm === 0) return "_";
    const height = 1 - (greatest - Math.log10(norm)) / Math.max(LEAST_DECADES, greatest - least);
    return BARS[Math.round(height * (BARS.length - 1))]!;
  });
  const range = drawn.length > 0 ? `${figure(10 ** least)} … ${figure(10 ** greatest)}` : "none is finite and above 0";
  const lines = [`Gradient norm by layer, first to last (log scale, ${range})`];
  for (let i = 0; i < bars.length; i += width - 2) lines.push(`  ${bars.slice(i, i + width - 2).join("")}`);
  const marks = [bars.includes("!") && "! is not finite", bars.includes("_") && "_ is 0"].filter(Boolean);
  if (marks.length > 0) lines.push(`  ${marks.join(", ")}`);
  return lines;
}

/** Columns that no layer has a figure for are left out; names take what is left. */
function tableOf(layers: readonly LayerReport[], width: number): string[] {
  if (layers.length === 0) return [];
  const filled = COLUMNS.filter(({ cell }) => layers.some((layer) => cell(layer) !== "–"));
  const columns = filled.map(({ title, cell }) => [title, ...layers.map(cell)]);
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  const names = ["layer", ...layers.map(({ name }) => plain(name))];
  const room = Math.max(LEAST_NAME, width - widths.reduce((sum, cells) => sum + cells + 2, 0));
  const nameWidth = Math.min(room, Math.max(...names.map((name) => [...name].length)));
  const rows = names.map((name, row) => {
    const cells = columns.map((column, i) => column[row]!.padStart(widths[i]!));
    return [shorten(name, nameWidth), ...cells].join("  ");
  });
  const notes = filled.map(({ note }) => note).filter((note) => note !== "");
  return [rows[0]!, "─".repeat(rows[0]!.length), ...rows.slice(1), ...wrap(`${notes.join("; ")}.`, width)];
}

/** Its beginning and its end, which tell layers apart. */
function shorten(name: string, width: number): string {
  const letters = [...name];
  if (letters.length <= width) return name + " ".repeat(width - letters.length);
  const end = Math.floor((width - 1) / 2);
  return [...letters.slice(0, width - 1 - end), "…", ...letters.slice(letters.length - end)].join("");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((long) => long.match(new RegExp(`.{1,${width}}`, "gu")) ?? [])) {
    const longer = line === "" ? word : `${line} ${word}`;
    if ([...longer].length > width) lines.push(line);
    line = [...longer].length > width ? word : longer;
  }
  return line === "" ? lines : [...lines, line];
}

/** Names may hold what moves a terminal's cursor. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}
