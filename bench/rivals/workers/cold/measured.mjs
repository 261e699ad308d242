// The end of a cold start: prints the first prediction, the milliseconds since the process was made, and its memory.

import { existsSync, readFileSync } from "node:fs";

export function report(outputs) {
  const sinceSpawn = performance.timeOrigin + performance.now() - Number(process.argv[3]);
  const bytes = mostMemory();
  const line = JSON.stringify({ samples: [sinceSpawn / 1000], bytes, outputs: [...outputs].slice(0, 10) });
  process.stdout.write(`${line}\n`, () => process.exit(0));
}

/** Linux's maxRSS starts from that of the process which made this one; VmHWM does not. */
function mostMemory() {
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS * 1024;
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}

export function testInput(length) {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 256) / 255);
}
