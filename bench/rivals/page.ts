// The study's page and the README's table, all figures from results.json.

import { digits, megabytes, microseconds, milliseconds, range, time } from "./format.js";
import { type Cell, isMeasured, type Results, type Spread } from "./results.js";
import type { Rival } from "./rivals.js";
import { share } from "./table.js";
import { type Kind, type Task, TASKS } from "./tasks.js";

const UNITS: Readonly<Record<Kind, string>> = { step: ", µs", learn: "", predict: ", µs", cold: ", ms" };
/** Of the README: the classics for MNIST, and steps with hardly any arithmetic. */
const README_STEPS = ["A", "B", "C", "D", "E", "F"];

/** Notes under a table, numbered in order of use, each once. */
class Notes {
  readonly #texts: string[] = [];

  mark(text: string): string {
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `<sup>${this.#texts.indexOf(text) + 1}</sup>`;
  }

  get lines(): string[] {
    return this.#texts.map((text, i) => `<sup>${i + 1}</sup> ${text}.`);
  }
}

export function page(results: Results, rivals: readonly Rival[]): string {
  const { machine, versions } = results;
  const notes = new Notes();
  const parts = [
    "# lanewise beside other trainers",
    fence("npm ci --prefix bench/rivals && npm run rivals -- --write    # --help lists the options"),
    `Written by that command on: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${peakText(results)}. How each library is
set up at its best, and how it is timed, is said in [bench/rivals](../../bench/rivals/README.md). Figures are medians over the rounds, each
in a process of its own; behind them, how many times lanewise's time on one thread that is. Bytes, weights and targets are the same for all.`,
    versionList(rivals, versions),
    "![Time of each rival as a multiple of lanewise's, task by task](rivals/rivals.svg)",
    section("Training steps", "Microseconds a step: forward, backward and update.", "step", results, rivals, notes),
    section("Training to an accuracy", "Time from making the network to the first epoch's end at which it gets so many of the test right.", "learn", results, rivals, notes), // prettier-ignore
    section("Inference", "Microseconds a call, from a `Float32Array` to a `Float32Array`; the same weights, one row of outputs compared.", "predict", results, rivals, notes), // prettier-ignore
    section("Cold start", "Milliseconds from a new process to the first prediction of a saved network, and the most memory it then has held; what Node or Python takes by itself is taken off.", "cold", results, rivals, notes), // prettier-ignore
    notes.lines.join("<br>\n"),
    ranges(results, rivals),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Between the README's markers. */
export function readmeTable(results: Results, rivals: readonly Rival[]): string {
  const notes = new Notes();
  const tasks = TASKS.filter(({ name }) => README_STEPS.includes(name) && name in results.tasks);
  const text = `Microseconds a training step beside other trainers, and how many times lanewise's time that is; ${results.machine.cpu},
${results.machine.cores} cores, Node ${results.machine.node}, ${peakText(results)}.`;
  const more = `All of it, with ranges, trainings to an accuracy, inference, cold starts and a chart: [docs/studies/rivals.md](docs/studies/rivals.md);
\`npm ci --prefix bench/rivals && npm run rivals\` repeats it.`;
  return [text, table(tasks, results, rivals, notes), notes.lines.join("<br>\n"), more].join("\n\n");
}

function section(
  title: string,
  text: string,
  kind: Kind,
  results: Results,
  rivals: readonly Rival[],
  notes: Notes,
): string {
  const tasks = TASKS.filter((task) => task.kind === kind && task.name in results.tasks);
  if (tasks.length === 0) return "";
  const list = tasks.map(({ name, title }) => `- \`${name}\`: ${title}`).join("\n");
  return `## ${title}\n\n${text}\n\n${list}\n\n${table(tasks, results, rivals, notes)}`;
}

/** Rivals down, tasks across; who can do none of them has no line. */
function table(tasks: readonly Task[], { tasks: results }: Results, rivals: readonly Rival[], notes: Notes): string {
  const able = rivals.filter(({ name, lacks }) =>
    tasks.some((task) => name in results[task.name]!.cells && lacks(task) === undefined),
  );
  const head = ["", ...tasks.map(({ name, kind }) => `${name}${UNITS[kind]}`)];
  const lines = able.map((rival) => {
    const cells = tasks.map((task) => cellText(task, rival, results[task.name]!.cells, notes));
    return [rival.name === "lanewise" ? "**lanewise**" : rival.title, ...cells];
  });
  const peaks = tasks.map((task) => share(task, results[task.name]!.cells.lanewise, results[task.name]!.peak));
  const last = peaks.some((text) => text !== "") ? [["lanewise, of the SIMD peak", ...peaks]] : [];
  return [head, ["---", ...tasks.map(() => "---:")], ...lines, ...last]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function cellText(task: Task, rival: Rival, cells: Readonly<Record<string, Cell>>, notes: Notes): string {
  const [cell, own] = [cells[rival.name], cells.lanewise];
  if (!isMeasured(cell)) return `—${notes.mark(`${rival.title}: ${cell?.none ?? "not run"}`)}`;
  const difference = rival.differs?.(task);
  const mark = difference === undefined ? "" : notes.mark(`${rival.title}: ${difference}`);
  const figure = figureOf(task, cell);
  const ratio = rival.name !== "lanewise" && isMeasured(own) ? ` (${digits(cell.seconds.median / own.seconds.median)} ×)` : ""; // prettier-ignore
  return `${figure}${ratio}${mark}`;
}

function figureOf({ kind }: Task, { seconds: { median }, epochs, bytes }: Extract<Cell, { seconds: Spread }>): string {
  if (kind === "learn") return `${time(median)}, ${epochsText(epochs ?? [])}`;
  if (kind === "cold") return `${milliseconds(median)}, ${megabytes(bytes ?? 0)} MB`;
  return microseconds(median);
}

function epochsText(epochs: readonly number[]): string {
  const [low, high] = [Math.min(...epochs), Math.max(...epochs)];
  const count = low === high ? String(low) : `${low} to ${high}`;
  return `${count} ${high === 1 ? "epoch" : "epochs"}`;
}

function peakText({ tasks }: Results): string {
  const peaks = Object.values(tasks).map(({ peak }) => peak.median);
  const [low, high] = [Math.min(...peaks).toFixed(0), Math.max(...peaks).toFixed(0)];
  return `SIMD peak ${low === high ? low : `${low} to ${high}`} GFLOP/s, measured in between`;
}

function versionList(rivals: readonly Rival[], versions: Results["versions"]): string {
  const known = rivals.filter(({ name }) => name in versions);
  // A library in two settings is one library.
  const named = known.map(({ name, title }) => `${title.split(",")[0]} ${versions[name]}`);
  return `Versions: ${[...new Set(named)].join(", ")}.`;
}

function ranges({ tasks }: Results, rivals: readonly Rival[]): string {
  const rows = TASKS.filter(({ name }) => name in tasks).flatMap((task) =>
    rivals.flatMap(({ name, title }) => {
      const cell = tasks[task.name]!.cells[name];
      if (!isMeasured(cell)) return [];
      return [
        `| ${task.name} | ${title} | ${cell.rounds} | ${time(cell.seconds.median)} | ${range(cell.seconds, time)} |`,
      ];
    }),
  );
  const head = "| task | | rounds | median | range |\n|---|---|---:|---:|---:|";
  return `<details><summary>Ranges over the rounds</summary>\n\n${head}\n${rows.join("\n")}\n\n</details>`;
}

function fence(code: string): string {
  return `\`\`\`sh\n${code}\n\`\`\``;
}
