// Runs commands so that none outlives its use.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The machine lacks what a runtime needs. */
export class Missing extends Error {}
/** A command was killed because its time was over. */
export class TimedOut extends Error {}

const WINDOWS = process.platform === "win32";

/** Process groups of their own hear nothing of a Ctrl-C, so they are killed at the exit. */
const running = new Set();
process.on("exit", () => running.forEach(kill));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Runs a command to its end, or kills it with all that it started: after so many seconds, or at the signal. */
export function execute(command, args, { seconds, input = "", signal, cwd }) {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that a kill reaches what it started too. Windows has none, and runs npx by a shell.
    const child = spawn(command, args, { cwd, detached: !WINDOWS, shell: WINDOWS });
    running.add(child);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
    }
    const timer = setTimeout(() => {
      reject(new TimedOut(`not done after ${seconds} s\n${tail(output.stderr)}`));
      kill(child);
    }, seconds * 1000);
    signal?.addEventListener("abort", () => kill(child));
    child.on("error", reject);
    child.on("close", (code, killedBy) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: code ?? killedBy, ...output });
    });
    child.stdin.on("error", () => undefined); // it may end without reading
    child.stdin.end(input);
  });
}

function kill(child) {
  try {
    if (WINDOWS) child.kill();
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** The end of what a command wrote, where its error stands. */
export function tail(text) {
  return text.trim().split("\n").slice(-12).join("\n");
}

export function onPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
