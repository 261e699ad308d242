// Shows that the tests see what they should see: each fault of test/mutants/list.ts is made in a copy of the project, and
// the tests named beside it have to fail.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";
import { Copy, TimedOut, Unmade } from "./mutants/copy.mjs";

const ROOT = new URL("../", import.meta.url);
const LIST = new URL("test/mutants/list.ts", ROOT);
const COMPILED = new URL("build/test/mutants/list.js", ROOT);

/** The tests of all mutants take a minute or two; a machine that does something else beside takes longer. */
const UNMUTATED_SECONDS = 900;
/** What a mutant's tests may take, from what they take without it; beyond, it hangs. */
const limitOf = (seconds) => 20 + 10 * seconds;

const COLUMNS = 80;

const HELP = `Usage: npm run mutants -- [options] [names]

Makes each fault of test/mutants/list.ts in a copy of the project, rebuilds what
it touches and runs the tests that should see it. A mutant that no test sees
survives: a hole in the tests. Names, or parts of them, choose among the
mutants; without any, all are made.

  --list        what there is, with what it stands for; nothing runs
  --jobs N      so many at a time, each in a copy of its own (1)
  --shard I/N   the I-th of N parts
  --sample N    N of them, drawn by the seed
  --seed TEXT   what the sample is drawn by, such as a commit (0)
  -h, --help    this page

A mutant is killed by a test that fails, or hung where a test never ends, which
is as good. Exit code 1 if one survived or could not be made, 2 if tests fail
without any, or something else is in the way.

Examples:
  npm run mutants -- gemm adam
  npm run mutants -- --sample 20 --seed "$(git rev-parse HEAD)"
`;

try {
  process.exitCode = await main(readOptions());
} catch (error) {
  process.stderr.write(`mutants: ${error.message}\n`);
  process.exit(2); // other jobs may be under way
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: "boolean" },
      jobs: { type: "string", default: "1" },
      shard: { type: "string", default: "1/1" },
      sample: { type: "string" },
      seed: { type: "string", default: "0" },
      help: { type: "boolean", short: "h" },
    },
  });
  const shard = /^([1-9]\d*)\/([1-9]\d*)$/.exec(values.shard)?.slice(1).map(Number);
  if (!shard || shard[0] > shard[1]) throw new Error(`--shard takes a part such as 2/3; got "${values.shard}"`);
  const sample = values.sample === undefined ? Infinity : wholeNumber(values.sample, "--sample");
  return { ...values, names: positionals, jobs: wholeNumber(values.jobs, "--jobs"), shard, sample };
}

function wholeNumber(text, option) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`${option} takes a whole number above 0; got "${text}"`);
}

async function main(options) {
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const mutants = choose(await readList(), options);
  if (options.list) {
    for (const mutant of mutants) console.log(describe(mutant));
    return 0;
  }
  if (mutants.length === 0) throw new Error("there is no mutant in this part");
  const began = performance.now();
  const copies = await makeCopies(Math.min(options.jobs, mutants.length));
  const usual = await runUnmutated(copies[0], mutants);
  const results = await runAll(copies, mutants, usual);
  return conclude(results, (performance.now() - began) / 1000);
}

/** The list is TypeScript, for the test that keeps it alive; Node 20 reads none. */
async function readList() {
  const { outputText } = ts.transpileModule(readFileSync(LIST, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  mkdirSync(new URL(".", COMPILED), { recursive: true });
  writeFileSync(COMPILED, outputText);
  return (await import(COMPILED.href)).MUTANTS;
}

function choose(all, { names, shard: [part, parts], sample, seed }) {
  const unknown = names.find((name) => !all.some((mutant) => mutant.name.includes(name)));
  if (unknown !== undefined) throw new Error(`no mutant is called "${unknown}"; --list names them all`);
  const named = all.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  const drawn = new Set([...named].sort((a, b) => (lot(seed, a) < lot(seed, b) ? -1 : 1)).slice(0, sample));
  return named.filter((mutant) => drawn.has(mutant)).filter((_, i) => i % parts === part - 1);
}

/** By name, so that a new mutant changes little of what a seed draws. */
function lot(seed, { name }) {
  return createHash("sha256").update(`${seed} ${name}`).digest("hex");
}

async function makeCopies(count) {
  const copies = Array.from({ length: count }, () => new Copy(fileURLToPath(ROOT)));
  for (const copy of copies) await copy.prepare(copy === copies[0] ? undefined : copies[0]);
  return copies;
}

/** The seconds that each test file takes when nothing is wrong. */
async function runUnmutated(copy, mutants) {
  const files = [...new Set(mutants.flatMap(({ tests }) => tests))];
  const began = performance.now();
  const { failed, seconds } = await copy.test(files, { seconds: UNMUTATED_SECONDS, bail: false });
  if (failed.length > 0) throw new Error(`without any mutant, tests fail already:\n  ${failed.join("\n  ")}`);
  const took = (performance.now() - began) / 1000;
  const what = `${counted(mutants.length, "mutant")}; without any, ${counted(files.length, "test file")}`;
  console.log(`${what} passed in ${took.toFixed(1)} s.\n`);
  return seconds;
}

async function runAll(copies, mutants, usual) {
  const waiting = mutants.values(); // shared: each job takes the next
  const results = [];
  const work = async (copy) => {
    for (const mutant of waiting) {
      const began = performance.now();
      const seconds = limitOf(mutant.tests.reduce((sum, file) => sum + usual.get(file), 0));
      const outcome = await attempt(copy, mutant, seconds);
      results.push({ mutant, ...outcome });
      printProgress(results, mutants.length, (performance.now() - began) / 1000);
    }
  };
  await Promise.all(copies.map(work));
  return results;
}

/** "killed", "hung" (and so killed), "SURVIVED" or "UNMADE", with what there is to say of it. */
async function attempt(copy, mutant, seconds) {
  try {
    const { failed } = await copy.with(mutant, () => copy.test(mutant.tests, { seconds, bail: true }));
    return failed.length > 0 ? { verdict: "killed", detail: failed[0] } : { verdict: "SURVIVED" };
  } catch (error) {
    if (error instanceof TimedOut) return { verdict: "hung", detail: `stopped after ${seconds.toFixed(0)} s` };
    if (error instanceof Unmade) return { verdict: "UNMADE", detail: error.message };
    throw error;
  }
}

function printProgress(results, total, seconds) {
  const { mutant, verdict, detail = "" } = results.at(-1);
  const count = `${results.length}/${total}`.padStart(2 * String(total).length + 1);
  const line = `${count}  ${verdict.padEnd(8)}  ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}`;
  const said = verdict === "hung" ? `${line} (${detail})` : line;
  console.log(said.length <= COLUMNS ? said : line);
}

function conclude(results, seconds) {
  const of = (verdict) => results.filter((result) => result.verdict === verdict);
  const bad = [...of("SURVIVED"), ...of("UNMADE")];
  for (const { mutant, verdict, detail } of bad) {
    console.log(`\n${verdict}  ${describe(mutant)}`);
    if (detail) console.log(detail.replace(/^/gm, "  "));
  }
  const verdicts = ["killed", "hung", "SURVIVED", "UNMADE"];
  const counts = verdicts.map((verdict) => `${of(verdict).length} ${verdict.toLowerCase()}`).join(", ");
  console.log(`\n${counted(results.length, "mutant")} in ${seconds.toFixed(0)} s: ${counts}.`);
  console.log(`\n${results.length - bad.length} passed, ${bad.length} failed`);
  return bad.length === 0 ? 0 : 1;
}

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function describe({ name, file, why, tests }) {
  const lines = [name, ...wrap(why), file, ...tests];
  return lines.join("\n  ");
}

/** Lines that fit the screen behind a margin of two. */
function wrap(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length <= COLUMNS - 2) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}
