// npm run fuzz: every reader over very many files, each reader in a process of its own; --help lists the options.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init } from "../../src/runtime/module.js";
import { caseOf, judge } from "./judge.js";
import { type FuzzOptions, help, readOptions } from "./options.js";
import { readerOf, READERS } from "./readers/index.js";
import type { Summary } from "./run.js";
import { details, measuredPart, printed, unreachedOf } from "./table.js";

/** A case that takes so long hangs. */
const HANGS_MS = 120_000;
const PAGE = "docs/studies/fuzz.md";
/** What was found last of each reader, and files of single cases. */
const FOLDER = join("build", "fuzz");
const [BEGIN, END] = ["<!-- measured -->", "<!-- /measured -->"];

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`fuzz: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

async function main(options: FuzzOptions | "help"): Promise<number> {
  if (options === "help") {
    console.log(help(READERS.map(({ name }) => name)).trimEnd());
    return 0;
  }
  const names = options.readers.length > 0 ? options.readers : READERS.map(({ name }) => name);
  names.forEach(readerOf); // unknown ones are named before the minutes
  if (options.case !== undefined) return one(names[0]!, options.case, options.seed);
  const summaries: Summary[] = [];
  mkdirSync(FOLDER, { recursive: true });
  for (const name of names) {
    const summary = await inProcess(name, options);
    summaries.push(summary);
    writeFileSync(storedAt(name), JSON.stringify(summary));
    console.log(details(summary));
    if (options.unreached) console.log(`  not reached:\n${unreachedOf(summary)}`);
  }
  console.log(`\n${printed(summaries)}`);
  if (options.write) write();
  return summaries.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

/** One case, here, with all that is known of it. */
async function one(name: string, number: number, seed: number): Promise<number> {
  await init(readFileSync("build/lanewise.wasm"));
  const reader = readerOf(name);
  const prepared = await reader.prepare();
  const chosen = caseOf(prepared, seed, number);
  const path = join(FOLDER, `${name}-${seed}-${number}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path, chosen.file);
  console.log(`${path}: ${chosen.file.length} bytes, options ${JSON.stringify(chosen.options) ?? "none"}`);
  const message = await prepared
    .read(chosen)
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  const { outcome, ms, grownBytes, fault } = await judge(reader, prepared, chosen);
  console.log(`${outcome} in ${ms.toFixed(1)} ms; the memory has grown by ${grownBytes} bytes\n${message}`);
  if (fault !== undefined) console.log(`FAULT: ${fault}`);
  return fault === undefined ? 0 : 1;
}

/** @throws Error where the process ends, or hangs, in the midst of a case */
async function inProcess(name: string, { seed, files }: FuzzOptions): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), "lanewise-fuzz-"));
  const [position, result] = [join(folder, "position"), join(folder, "result.json")];
  writeFileSync(position, "0");
  const script = fileURLToPath(new URL("child.js", import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", script, name, String(seed), String(files), position, result], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const at = () => Number(readFileSync(position, "utf8"));
  let [last, since, hung] = [0, performance.now(), false];
  const watch = setInterval(() => {
    const number = at();
    if (number !== last) [last, since] = [number, performance.now()];
    hung = number < files && performance.now() - since > HANGS_MS; // behind the last case figures are made
    if (hung) child.kill("SIGKILL");
    if (process.stdout.isTTY) process.stdout.write(`\r${name}: ${number} of ${files} files `);
  }, 250);
  try {
    const status = await new Promise<number | null>((resolve, reject) =>
      child.on("close", resolve).on("error", reject),
    );
    if (process.stdout.isTTY) process.stdout.write(`\r${" ".repeat(60)}\r`);
    if (status === 0) return JSON.parse(readFileSync(result, "utf8")) as Summary;
    const what = hung ? `takes more than ${HANGS_MS / 1000} s` : `ends the process (${status ?? "killed"})`;
    throw new Error(`case ${at()} of ${name} ${what}: npm run fuzz -- ${name} --seed ${seed} --case ${at()}`);
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true });
  }
}

function storedAt(name: string): string {
  return join(FOLDER, `${name}.json`);
}

/** The last figures of every reader, between the marks of the page; the words around them stay. */
function write(): void {
  const stored = READERS.map(({ name }) => storedAt(name)).filter((path) => existsSync(path));
  const summaries = stored.map((path) => JSON.parse(readFileSync(path, "utf8")) as Summary);
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN) as [string, string | undefined];
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${PAGE} has no marks ${BEGIN} and ${END}`);
  const { seed } = summaries[0]!;
  const machine = `Seed ${seed}, ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}.`;
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${machine}\n\n${measuredPart(summaries)}\n\n${END}${after}`);
}
