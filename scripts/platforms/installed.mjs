// Runtimes that come from npm, into test/runtimes: one program for each that imports the conformance and prints what it found.

import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute, Missing, onPath, tail } from "./execute.mjs";

const BIN = new URL("../../test/runtimes/node_modules/.bin/", import.meta.url);

/** The installed one, or one on PATH. */
export function commandOf(name) {
  const installed = fileURLToPath(new URL(name, BIN));
  if (existsSync(installed)) return installed;
  if (onPath(name)) return name;
  throw new Missing(`no ${name}: npm install --prefix test/runtimes`);
}

export async function runInstalled({ name, args, version }, conformance, { seconds, threads }) {
  const command = commandOf(name);
  const script = new URL(`run-${name}.mjs`, conformance);
  writeFileSync(
    script,
    `import { conformance } from ${JSON.stringify(conformance.href)};\n` +
      `const outcome = await conformance({ threads: ${threads} });\n` +
      `console.log(JSON.stringify({ version: ${version}, outcome }));\n`,
  );
  const { code, stdout, stderr } = await execute(command, [...args, fileURLToPath(script)], { seconds });
  if (code !== 0) throw new Error(`ended with ${code}\n${tail(stderr)}`);
  return JSON.parse(stdout);
}

export const DENO = {
  name: "deno",
  args: ["run", "--no-config", "--allow-read", "--allow-sys"],
  version: "Deno.version.deno",
};
export const BUN = { name: "bun", args: [], version: "Bun.version" };
