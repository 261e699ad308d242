// The end of a cold start: when it was reached, and the most memory that the process has held.

import { existsSync, readFileSync } from "node:fs";

export function reached() {
  const now = performance.timeOrigin + performance.now();
  process.stdout.write(JSON.stringify({ reached: now, bytes: mostMemory() }));
}

/** Linux's maxRSS starts from that of the process which made this one; VmHWM does not. */
function mostMemory() {
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS * 1024;
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
