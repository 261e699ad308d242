// Runs the conformance, as an ES module and as CommonJS, in a Node of the wanted major version: this one, or one that npx gets.

import { fileURLToPath } from "node:url";
import { execute, Missing, onPath, tail } from "./execute.mjs";

const FETCH_SECONDS = 120; // it may have to be downloaded first

export async function runNode(major, conformance, { seconds, threads }) {
  const [command, ...before] = await find(major);
  // Read from stdin: no shell on the way has quotes to mistake.
  const input = `
    const { conformance } = await import(${JSON.stringify(conformance.href)});
    const outcome = await conformance({ threads: ${threads} });
    const { createRequire } = await import("node:module");
    const required = createRequire(process.cwd() + "/")(${JSON.stringify(fileURLToPath(new URL("conformance.cjs", conformance)))});
    const byRequire = await required.conformance({ threads: ${threads} });
    if (JSON.stringify(byRequire) !== JSON.stringify(outcome)) throw new Error("CommonJS has other bits");
    process.stdout.write(JSON.stringify({ version: process.versions.node, outcome }));
  `;
  const { code, stdout, stderr } = await execute(command, [...before, "--input-type=module", "-"], { seconds, input });
  if (code !== 0) throw new Error(`ended with ${code}\n${tail(stderr)}`);
  return JSON.parse(stdout);
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
