// One worker, one process: a job goes in as JSON, a result comes back as JSON, or the reason why none did.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Rival } from "./rivals.js";

/** The sources, not what was compiled: workers are run as they stand. */
export const FOLDER = fileURLToPath(new URL("../../../../bench/rivals/", import.meta.url));

export interface Reply {
  readonly version?: string;
  readonly samples?: readonly number[];
  readonly bytes?: number;
  readonly outputs?: readonly number[];
  readonly epochs?: number;
  readonly accuracy?: number;
  /** learn: the limit in seconds that came before the accuracy. */
  readonly over?: number;
  readonly threads?: boolean;
}

export type Answer = { readonly reply: Reply } | { readonly none: string };

/** Libraries that have threads of their own take so many. */
function environment(threads: number): NodeJS.ProcessEnv {
  const count = String(threads);
  return { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

export function ask(command: string, script: string, job: object, threads: number, limit: number): Promise<Answer> {
  return new Promise((resolve) => {
    const args = [
      `${FOLDER}workers/${script}`,
      JSON.stringify(job),
      String(performance.timeOrigin + performance.now()),
    ];
    const child = spawn(command, args, { env: environment(threads), stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limit * 1000);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", (error) => (err += error.message));
    child.on("close", (code) => {
      clearTimeout(timer);
      if (late) return resolve({ none: `no result within ${limit} s` });
      resolve(code === 0 ? parsed(out) : { none: lastError(err, code) });
    });
  });
}

/** The last line: libraries greet their user in those before. */
function parsed(out: string): Answer {
  try {
    return { reply: JSON.parse(out.trimEnd().split("\n").at(-1)!) as Reply };
  } catch {
    return { none: `said no result, but: ${out.slice(-200)}` };
  }
}

function lastError(err: string, code: number | null): string {
  const lines = err.split("\n").filter((line) => line.trim() !== "");
  const error = lines.findLast((line) => /error/i.test(line) && !/^\s*at /.test(line)) ?? lines.at(-1);
  return (error ?? `ended with code ${code}`).trim().slice(0, 200);
}

export function commandOf({ runtime }: Pick<Rival, "runtime">, python: string | undefined): string {
  return runtime === "node" ? process.execPath : python!;
}
