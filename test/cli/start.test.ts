import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Runs the built executable, its output no terminal. */
function start(...args: string[]) {
  return spawnSync(process.execPath, ["build/src/cli/start.js", ...args], { encoding: "utf8" });
}

describe("npm start", () => {
  it("trains on the digits, tells the test accuracy and draws some of them", () => {
    const { status, stdout, stderr } = start("--epochs", "3");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout.match(/^epoch \d\/3 .*$/gm)).toHaveLength(3);
    const accuracy = Number(/^test accuracy: (0\.\d{3}) /m.exec(stdout)?.[1]);
    expect(accuracy).toBeGreaterThan(0.75);
    expect(stdout).toMatch(/^ +read \d, is \d/m);
    for (const line of stdout.split("\n")) if (!line.startsWith("epoch")) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\x1b");
  });

  it("gives help", () => {
    const { status, stdout } = start("--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm start -- \[options\]\n/);
  });

  it("answers bad arguments with one line and exit code 2", () => {
    const { status, stdout, stderr } = start("--epochs", "none");
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toBe('lanewise: --epochs must be a whole number, 1 or more; got "none"; for example --epochs 10\n');
  });

  it("tells a library error by message and code, with exit code 1", () => {
    const { status, stderr } = start("--data", "src");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^lanewise: .*\[.+\]\n$/);
  });
});
