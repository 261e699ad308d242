// Compiles docs/generate and runs it; what draws its plots is installed into docs when it is missing.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const npm = (...args) => execFileSync("npm", args, { stdio: "inherit", shell: process.platform === "win32" });

if (!existsSync("docs/node_modules/@observablehq/plot")) npm("ci", "--prefix", "docs", "--no-audit", "--no-fund");
npm("exec", "--", "tsc", "-p", "docs/tsconfig.json");
await import("../docs/build/docs/generate/index.js");
