// Where there is a Python with PyTorch, tests ask it; elsewhere they say that they did not.

import { spawnSync } from "node:child_process";

const CANDIDATES = [process.env.LANEWISE_PYTHON, "python3", "/usr/bin/python3"].filter((path) => path !== undefined);

/** The first Python that has PyTorch. */
export const python = CANDIDATES.find((path) => spawnSync(path, ["-c", "import torch"]).status === 0);

if (python === undefined) {
  console.warn("SKIPPED: no Python with PyTorch found (LANEWISE_PYTHON names one): nothing was read back by PyTorch.");
}

export function runPython(script: URL, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python!, [script.pathname, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${script.pathname} failed: ${stderr}`);
  return stdout;
}
