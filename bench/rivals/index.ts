// lanewise beside every other trainer that a user of JavaScript could take; README.md says how each is set up.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { writeData } from "./data.js";
import { HELP, readOptions, type RivalsOptions } from "./options.js";
import { ask, FOLDER } from "./process.js";
import { merge, type Results } from "./results.js";
import { type Rival, rivalsOf } from "./rivals.js";
import { runTask, type Settings } from "./run.js";
import { heading, line, WIDTH } from "./table.js";
import { TASKS } from "./tasks.js";
import { readmeWith, writePages } from "./write.js";

const CORES = cpus().length;
const PACE = { full: { seconds: 0.8, warmUp: 0.4 }, quick: { seconds: 0.1, warmUp: 0.1 } };
const RESULTS = `${FOLDER}results.json`;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(HELP.trimEnd());
  const kept = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Results) : undefined;
  if (options.write) readmeWith(""); // refused before the minutes, not after them
  const python = pythonWith("torch") ?? pythonWith("sklearn");
  const rivals = await present(options, python);
  const folder = mkdtempSync(join(tmpdir(), "lanewise-rivals-"));
  try {
    const run = await runAll(options, rivals, folder, python);
    if (!options.write) return;
    const results = merge(kept, run);
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
    for (const path of writePages(results)) console.log(`Written: ${path}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runAll(
  options: RivalsOptions,
  rivals: readonly Rival[],
  folder: string,
  python: string | undefined,
): Promise<Results> {
  const machine = { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: CORES, node: process.version };
  console.log(
    `${machine.cpu}, ${CORES} cores, Node ${process.version}${options.quick ? "; quick: coarse figures" : ""}`,
  );
  const pace = PACE[options.quick ? "quick" : "full"];
  const settings: Settings = { ...options, ...pace, folder, python, progress };
  const tasks: Record<string, Results["tasks"][string]> = {};
  const versions: Record<string, string> = {};
  for (const task of TASKS.filter(({ name }) => options.tasks.includes(name))) {
    const data = await writeData(task, folder, options.mnist);
    if (typeof data === "string") {
      console.log(`\n${task.name}: skipped, ${data}`);
      continue;
    }
    const { result, versions: found } = await runTask(task, rivals, data, settings);
    progress("");
    console.log(heading(task));
    for (const rival of rivals)
      console.log(line(task, rival, result.cells[rival.name]!, result.cells.lanewise, result.peak));
    console.log(`  peak ${result.peak.median.toFixed(1)} GFLOP/s`);
    tasks[task.name] = result;
    Object.assign(versions, found);
  }
  return { machine, versions, tasks };
}

/** Those that were asked for and are there; who is not is named. */
async function present({ rivals }: RivalsOptions, python: string | undefined): Promise<Rival[]> {
  const wanted = rivalsOf(CORES).filter(({ name }) => rivals.includes(name));
  const found: Rival[] = [];
  for (const rival of wanted) {
    const missing = await whatIsMissing(rival, python);
    if (missing === undefined) found.push(rival);
    else console.log(`Left out: ${rival.title}: ${missing}`);
  }
  return found;
}

async function whatIsMissing(
  { name, runtime, needs, worker }: Rival,
  python: string | undefined,
): Promise<string | undefined> {
  if (name === "lanewise-2") {
    const answer = await ask(process.execPath, worker, { kind: "detect" }, 1, 30);
    return "reply" in answer && answer.reply.threads ? undefined : "this lanewise has no threads";
  }
  if (needs === undefined) return undefined;
  if (runtime === "node") {
    return existsSync(`${FOLDER}node_modules/${needs}`) ? undefined : "npm ci --prefix bench/rivals installs it";
  }
  return python !== undefined && imports(python, needs)
    ? undefined
    : `no Python that imports ${needs} (LANEWISE_PYTHON names one)`;
}

function pythonWith(module: string): string | undefined {
  const candidates = [process.env.LANEWISE_PYTHON, "python3", "/usr/bin/python3"];
  return candidates.find((path) => path !== undefined && imports(path, module));
}

function imports(python: string, module: string): boolean {
  return spawnSync(python, ["-c", `import ${module}`]).status === 0;
}

/** One line that is overwritten; nothing where nobody watches. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${text.slice(0, WIDTH - 1).padEnd(WIDTH - 1)}\r`);
}

try {
  await main();
} catch (error) {
  console.error(`rivals: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
