// What the command prints, and what it writes into docs/studies/fuzz.md.

import type { Branch } from "./coverage.js";
import type { Found, Summary } from "./run.js";

const COLUMNS = ["reader", "files", "read", "slowest", "greediest file", "resident", "branches"] as const;

const number = (value: number) => value.toLocaleString("en-US");
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const filesOf = ({ outcomes }: Summary) => Object.values(outcomes).reduce((a, b) => a + b, 0);

export function reachedOf(branches: readonly Branch[]): number {
  return branches.filter(({ reached }) => reached).length / branches.length;
}

function cellsOf(summary: Summary): string[] {
  const { reader, read, slowest, greediest, residentBytes, branches } = summary;
  const most = greediest[0];
  return [
    reader,
    number(filesOf(summary)),
    percent(read / filesOf(summary)),
    `${slowest.ms.toFixed(0)} ms`,
    most ? `${mebibytes(most.grownBytes)} of ${number(most.fileBytes)} B` : "–",
    `+${mebibytes(residentBytes)}`,
    percent(reachedOf(branches)),
  ];
}

/** In 80 columns. */
export function printed(summaries: readonly Summary[]): string {
  const rows = [[...COLUMNS], ...summaries.map(cellsOf)];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")); // prettier-ignore
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Which files stand out, by the numbers that repeat them, and the codes that most were refused with. */
export function details(summary: Summary): string {
  const { reader, outcomes, slowest, greediest, faults, seconds } = summary;
  const shown = Object.entries(outcomes).slice(0, 6);
  const more = Object.keys(outcomes).length - shown.length;
  const lines = [
    `${reader}: ${seconds.toFixed(0)} s, slowest case ${slowest.case}, greediest ${greediest[0]?.case ?? "none"}`,
    ...shown.map(([outcome, count]) => `  ${number(count).padStart(9)}  ${outcome}`),
    ...(more > 0 ? [`             and ${more} codes more`] : []),
    ...faults.map((found) => faultLine(reader, found)),
  ];
  return lines.join("\n");
}

export function faultLine(reader: string, { case: at, fault }: Found): string {
  return `FAULT in case ${at} (npm run fuzz -- ${reader} --case ${at}):\n${fault}`;
}

export function unreachedOf({ branches }: Summary): string {
  const missing = branches.filter(({ reached }) => !reached);
  return missing.map(({ file, line, what }) => `  ${file}:${line}  ${what}`).join("\n");
}

// ── docs/studies/fuzz.md ────────────────────────────────────────────────────────────────────────────────────────────

/** The part of the page that is measured, between its two marks. */
export function measuredPart(summaries: readonly Summary[]): string {
  const head = `| ${COLUMNS.join(" | ")} |\n|---|${"---:|".repeat(COLUMNS.length - 1)}`;
  const rows = summaries.map((summary) => `| ${cellsOf(summary).join(" | ")} |`);
  const codes = summaries.map(({ reader, outcomes, slowest, greediest }) => {
    const all = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${number(count)}`);
    const [most] = greediest;
    const outstanding = `slowest: case ${slowest.case}${most ? `, greediest: case ${most.case}` : ""}`;
    return `- **${reader}** (${outstanding}): ${all.slice(0, 10).join(", ")}${all.length > 10 ? `, and ${all.length - 10} codes more` : ""}.`;
  });
  const missing = summaries.flatMap(({ branches }) => branches.filter(({ reached }) => !reached));
  const unreached = [...new Set(missing.map(({ file, line, what }) => `\`${file}:${line}\` (${what})`))];
  return [
    [head, ...rows].join("\n"),
    codes.join("\n"),
    unreached.length > 0 ? `Not reached: ${unreached.join(", ")}.` : "Every branch was reached.",
  ].join("\n\n");
}
