// Whether a step's cost grows as its work does: by width, depth and batch from tiny to 4096, at powers of two and beside them.
// What it measured is in docs/studies/cost.md.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { peakGflops } from "../../kernels/machine.js";
import { flops } from "../../training/steps.js";
import { type LineChart, type Point, rounded } from "../essentials/chart.js";
import { draw } from "../essentials/draw.js";
import { type Drawing, loadDrawing } from "../essentials/plot.js";
import { timesOf } from "./measure.js";
import { type Sweep, SWEEPS } from "./sweeps.js";

const PEAK_SECONDS = 0.5;

const HELP = `Usage: npm run study:cost -- [options]

Times a training step against the width, the depth and the batch of a network,
from 1 to 4096, at powers of two and one below and above each, and says where
its time grows faster than its work. Some four minutes.

  --only NAME    one of the sweeps only: ${SWEEPS.map(({ name }) => name).join(", ")}
  --out DIR      also draws cost.svg there (npm install --prefix docs first)
  -h, --help     this page
`;

/** One network of a sweep, timed. */
interface Measured {
  readonly size: number;
  readonly work: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, out: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const { only, out, help } = values;
  if (help) return console.log(HELP.trimEnd());
  const sweeps = SWEEPS.filter(({ name }) => only === undefined || name === only);
  if (sweeps.length === 0) throw new Error(`--only takes ${SWEEPS.map(({ name }) => name).join(", ")}; got "${only}"`);
  const drawing = out === undefined ? undefined : await loadDrawing();
  const peak = peakGflops(PEAK_SECONDS);
  console.log(`Node ${process.version}, one thread; peak ${peak.toFixed(1)} GFLOP/s`);
  const results = new Map<Sweep, readonly Measured[]>();
  for (const sweep of sweeps) {
    const times = await timesOf(sweep.steps);
    const measured = sweep.steps.map(({ size, step }, i) => ({ size, work: flops(step), seconds: times[i]! }));
    results.set(sweep, measured);
    print(sweep, measured, peak);
  }
  if (out !== undefined && drawing) await write(out, results, drawing);
}

function print({ name, what }: Sweep, measured: readonly Measured[], peak: number): void {
  console.log(`\n${name}: ${what}\n${"".padEnd(6)}${"MFLOP".padStart(12)}${"µs a step".padStart(14)}${"GFLOP/s".padStart(10)}${"of peak".padStart(9)}`); // prettier-ignore
  for (const { size, work, seconds } of measured) {
    const rate = work / seconds / 1e9;
    const cells = [
      (work / 1e6).toFixed(work < 1e7 ? 3 : 0).padStart(12),
      (seconds * 1e6).toFixed(seconds < 1e-3 ? 2 : 0).padStart(14),
      rate.toFixed(1).padStart(10),
      `${((100 * rate) / peak).toFixed(0)} %`.padStart(9),
    ];
    console.log(`${String(size).padEnd(6)}${cells.join("")}`);
  }
  const { from, to, times } = steepest(measured);
  console.log(`steepest: from ${from} to ${to} the time grows ${times.toFixed(2)} times as much as the work`);
}

/** Where the time grows most beyond the work from one size to the next. */
function steepest(measured: readonly Measured[]): { from: number; to: number; times: number } {
  const jumps = measured.slice(1).map((next, i) => {
    const last = measured[i]!;
    return { from: last.size, to: next.size, times: next.seconds / last.seconds / (next.work / last.work) };
  });
  return jumps.reduce((a, b) => (b.times > a.times ? b : a));
}

async function write(out: string, results: ReadonlyMap<Sweep, readonly Measured[]>, drawing: Drawing): Promise<void> {
  const charts = [...results].map(([{ name, network }, measured]): LineChart => {
    const points = measured.map(({ size, seconds }): Point => [size, rounded(seconds * 1e6)]);
    // What the largest step's rate would make of each: where the curve lies above, something else than arithmetic costs.
    const { work, seconds } = measured.reduce((a, b) => (b.work / b.seconds > a.work / a.seconds ? b : a));
    const ideal = measured.map(({ size, work: own }): Point => [size, rounded(((own * seconds) / work) * 1e6)]);
    const lines = [
      { label: "measured", tone: "first", points },
      { label: "work alone", tone: "faint", points: ideal, dashed: true },
    ] as const;
    return { kind: "lines", title: network, x: name, y: "µs a step", logX: true, logY: true, lines };
  });
  const alt =
    "Time of a training step by width, by depth and by batch, on logarithmic scales, beside what its arithmetic alone would take at the best rate met: the measured curves come down to it as sizes grow, without a step.";
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "cost.svg"), draw({ name: "cost", charts, alt }, drawing));
}

try {
  await main();
} catch (error) {
  console.error(`study:cost: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
