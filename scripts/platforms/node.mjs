// Runs the conformance, as an ES module and as CommonJS, in a Node of the wanted major version: this one, or one that npx gets.

import { fileURLToPath } from "node:url";
import { execute, Missing, onPath, tail } from "./execute.mjs";

const FETCH_SECONDS = 120; // it may have to be downloaded first

export async function runNode(major, conformance, options) {
  return conform(await find(major), conformance, options);
}

/** In the Node that `command` starts, with the arguments behind it; with `commonJs` by require as well. */
export async function conform([command, ...before], conformance, { seconds, threads, commonJs = true }) {
  // Read from stdin: no shell on the way has quotes to mistake.
  const input = `
    const { conformance } = await import(${JSON.stringify(conformance.href)});
    const outcome = await conformance({ threads: ${threads} });
    ${commonJs ? byRequire(conformance, threads) : ""}
    process.stdout.write(JSON.stringify({ version: process.versions.node, outcome }));
  `;
  const { code, stdout, stderr } = await execute(command, [...before, "--input-type=module", "-"], { seconds, input });
  if (code !== 0) throw new Error(`ended with ${code}\n${tail(stderr)}`);
  return JSON.parse(stdout);
}

function byRequire(conformance, threads) {
  const path = fileURLToPath(new URL("conformance.cjs", conformance));
  return `
    const { createRequire } = await import("node:module");
    const required = createRequire(process.cwd() + "/")(${JSON.stringify(path)});
    const again = await required.conformance({ threads: ${threads} });
    if (JSON.stringify(again) !== JSON.stringify(outcome)) throw new Error("CommonJS has other bits");
  `;
}

async function find(major) {
  if (Number(process.versions.node.split(".")[0]) === major) return [process.execPath];
  if (!onPath("npx")) throw new Missing("no npx on PATH");
  const command = ["npx", "--yes", "--package", `node@${major}`, "node"];
  const { code, stderr } = await execute(command[0], [...command.slice(1), "--version"], { seconds: FETCH_SECONDS });
  if (code === 0) return command;
  const reason = /^npm err(?:or|!) code (\S+)/im.exec(stderr)?.[1] ?? `exit code ${code}`;
  throw new Missing(`npx cannot get node@${major} (${reason})`);
}
