// Shows that the same seed gives the same bits in every runtime found here: test/platform/conformance.ts runs in each, on
// the library as it is built, and its hashes are held to those committed.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import ts from "typescript";
import { runArm64 } from "./platforms/arm64.mjs";
import { CHROMIUM, FIREFOX, runBrowser } from "./platforms/browser.mjs";
import { runEdge } from "./platforms/edge.mjs";
import { Missing } from "./platforms/execute.mjs";
import { BUN, DENO, runInstalled } from "./platforms/installed.mjs";
import { runNode } from "./platforms/node.mjs";
import { runWorkerd } from "./platforms/workerd.mjs";

const ROOT = new URL("../", import.meta.url);
const SOURCE = new URL("test/platform/conformance.ts", ROOT);
const COMPILED = new URL("build/test/platform/conformance.js", ROOT);
/** It, on the files that Deno and Bun load. */
const BUNDLED = new URL("bundled.js", COMPILED);
const COMMITTED = new URL("test/platform/hashes.json", ROOT);
const README = new URL("README.md", ROOT);
const LIMIT = { seconds: 60 };

const node = (major) => ({ label: `Node ${major}`, run: (threads) => runNode(major, COMPILED, { ...LIMIT, threads }) });
const browser = (label, kind) => ({ label, run: (threads) => runBrowser(kind, COMPILED, { ...LIMIT, threads }) });

const installed = (label, kind) => ({ label, run: (threads) => runInstalled(kind, BUNDLED, { ...LIMIT, threads }) });

/** By the names that --only takes. */
const RUNTIMES = {
  node20: node(20),
  node22: node(22),
  node24: node(24),
  node26: node(26),
  arm64: {
    label: "Node 24 arm64",
    run: (threads) => runArm64(24, COMPILED, { ...LIMIT, threads }),
  },
  chromium: browser("Chromium", CHROMIUM),
  firefox: browser("Firefox", FIREFOX),
  deno: installed("Deno", DENO),
  bun: installed("Bun", BUN),
  workerd: { label: "workerd", run: (threads) => runWorkerd(COMPILED, { ...LIMIT, threads }) },
  edge: { label: "edge-runtime", run: (threads) => runEdge(COMPILED, { ...LIMIT, threads }) },
};

const WIDTHS = [13, 13, 12, 7, 12, 4, 7]; // with two blanks between them: 80 columns

const HELP = `Usage: npm run test:platforms -- [options]

Trains the same networks from the same seeds in every runtime found here, and
holds the hashes of their weights to those in test/platform/hashes.json.
Run "npm run build" first. Exit code 1 if a hash differs or a runtime fails.

  --only LIST   these alone, and none of them may be missing:
                ${Object.keys(RUNTIMES).join(",")}
  --threads N   with so many threads (default 1), in browsers on a page that is
                cross-origin isolated; 2 also shows that one which is not falls
                back to one thread, and says so
  --write       put what came of it into the table of README.md
  -h, --help    this page

The Node that runs this is used where it is of the version wanted, others come
from npm's package "node" through npx; browsers are looked for on PATH and get
a fresh profile; Deno, Bun, workerd and the machine of Vercel's edge runtime
come from npm install --prefix test/runtimes, their bundler from test/bundle; Node for arm64 is
npm's too, run by qemu-user (Debian: qemu-user, libstdc++6-arm64-cross). What is
not found is skipped by name.

Example:
  npm run test:platforms -- --only node20,chromium

After a change that is meant to change bits:
  LANEWISE_UPDATE_HASHES=1 npx vitest run test/platform
`;

try {
  process.exitCode = await main(readOptions());
} catch (error) {
  process.stderr.write(`platforms: ${error.message}\n`);
  process.exitCode = 2;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      threads: { type: "string", default: "1" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !Object.hasOwn(RUNTIMES, name));
  if (!/^[1-9]\d?$/.test(values.threads)) throw new Error(`--threads takes a number; got ${values.threads}`);
  if (unknown === undefined) return { ...values, only, threads: Number(values.threads) };
  throw new Error(`there is no "${unknown}"; --only takes ${Object.keys(RUNTIMES).join(",")}`);
}

async function main({ help, only, threads, write }) {
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!existsSync(new URL("build/src/index.js", ROOT)) || !existsSync(new URL("build/lanewise.wasm", ROOT))) {
    throw new Error('there is no build; run "npm run build" first');
  }
  compile();
  const { differences } = await import(COMPILED.href);
  const committed = JSON.parse(readFileSync(COMMITTED, "utf8"));

  const results = [];
  printRow("runtime", "version", "trained", "resumed", "mix", "bits", "time");
  for (const name of only ?? Object.keys(RUNTIMES)) {
    const result = { name, label: RUNTIMES[name].label, ...(await attempt(RUNTIMES[name], threads)) };
    if (result.outcome) result.differences = differences(result.outcome, committed);
    results.push(result);
    printResult(result);
  }
  printDetails(results);
  if (write) writeTable(results);
  return conclude(results, only !== undefined);
}

/** The one file that the build leaves out, to where its imports of the library hold; for Node as CommonJS too. */
function compile() {
  const { outputText } = ts.transpileModule(readFileSync(SOURCE, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  mkdirSync(new URL(".", COMPILED), { recursive: true });
  writeFileSync(COMPILED, outputText);
  writeFileSync(
    BUNDLED,
    outputText.replace(
      /"\.\.\/\.\.\/src\/((?:\w+\/)?)index\.js"/g,
      (_, part) => `"../../esm/${part.slice(0, -1) || "index"}.js"`,
    ),
  );
  const commonJs = ts.transpileModule(readFileSync(SOURCE, "utf8"), {
    fileName: "conformance.cts",
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext },
  });
  writeFileSync(
    new URL("conformance.cjs", COMPILED),
    commonJs.outputText.replace(
      /"\.\.\/\.\.\/src\/((?:\w+\/)?)index\.js"/g,
      (_, part) => `"../../node/${part.slice(0, -1) || "index"}.cjs"`,
    ),
  );
}

/** What came of a runtime: version, outcome and seconds; or what is missing; or its error. */
async function attempt({ run }, threads) {
  const began = performance.now();
  try {
    return { ...(await run(threads)), seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    return error instanceof Missing ? { missing: error.message } : { error: error.message };
  }
}

function printRow(...cells) {
  const padded = cells.map((cell, i) => cell.slice(0, WIDTHS[i]).padEnd(WIDTHS[i]));
  console.log(padded.join("  ").trimEnd());
}

function printResult({ label, version = "?", outcome, differences, seconds, missing, error }) {
  const name = label.padEnd(WIDTHS[0]);
  if (missing !== undefined) return console.log(`${name}  skipped: ${missing}`);
  if (error !== undefined) return console.log(`${name}  failed: ${error.split("\n")[0]}`);
  const { trained, resumed, mix } = outcome;
  const same = (yes) => (yes ? "same" : "DIFFERS");
  const verdicts = [same(resumed === trained.hash), same(differences.length === 0)];
  printRow(label, version, trained.hash, verdicts[0], mix.hash, verdicts[1], `${seconds.toFixed(1)} s`);
}

function printDetails(results) {
  for (const { label, error = "", differences = [] } of results) {
    const lines = [...error.split("\n").slice(1), ...differences].filter(Boolean);
    if (lines.length > 0) console.log(`\n${label}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  }
}

/** The table of README.md, of those that were found. */
function writeTable(results) {
  const yes = (value) => (value ? "yes" : "**no**");
  const rows = results
    .filter(({ missing }) => missing === undefined)
    .map(({ label, version = "", outcome, differences = [] }) => {
      const same = outcome && differences.length === 0;
      const cells = [label, version, yes(outcome), yes(outcome), yes(same)];
      return `| ${cells.join(" | ")} |`;
    });
  const table = ["| runtime | version | load | train | same hash |", "|---|---|---|---|---|", ...rows].join("\n");
  const text = readFileSync(README, "utf8");
  const marked = /(<!-- platforms:start -->\n)[^]*(<!-- platforms:end -->)/;
  if (!marked.test(text))
    throw new Error("README.md has no markers <!-- platforms:start --> and <!-- platforms:end -->");
  writeFileSync(
    README,
    text.replace(marked, (_, start, end) => `${start}${table}\n${end}`),
  );
}

/** Says in a line what it comes to, and gives the exit code. */
function conclude(results, named) {
  const outcomes = results.flatMap(({ outcome }) => outcome ?? []);
  const distinct = new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size;
  const asCommitted = results.every(({ differences = [] }) => differences.length === 0);
  const failed = results.filter(({ error }) => error !== undefined);
  const lacking = named ? results.filter(({ missing }) => missing !== undefined) : [];

  console.log();
  if (outcomes.length === 0) console.log("Nothing ran to its end.");
  else if (distinct > 1) console.log(`The bits differ: ${distinct} outcomes in ${outcomes.length} runtimes.`);
  else if (!asCommitted)
    console.log("The bits agree, but not with test/platform/hashes.json. If that is meant: --help.");
  else console.log(`The same bits in ${outcomes.length === 1 ? "1 runtime" : `all ${outcomes.length}`}, as committed.`);
  if (failed.length > 0) console.log(`Failed: ${failed.map(({ label }) => label).join(", ")}.`);
  if (lacking.length > 0) console.log(`--only names what is missing: ${lacking.map(({ label }) => label).join(", ")}.`);
  return outcomes.length > 0 && asCommitted && failed.length === 0 && lacking.length === 0 ? 0 : 1;
}
