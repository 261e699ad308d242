// The classic exercise in reusing layers, with rates chosen on images that are neither learned from nor tested on.
// What it measured is in docs/transfer.md.

import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { counted, overSeeds } from "../essentials/chart.js";
import { draw } from "../essentials/draw.js";
import { median, spread } from "../essentials/numbers.js";
import { type Drawing, loadDrawing } from "../essentials/plot.js";
import { type Arm, type ArmName, ARMS, type Course, TARGET, trainBase } from "./arms.js";
import { digitsTask, drawOf, fashionTask, type Task } from "./tasks.js";

/** Where Debian's package dataset-fashion-mnist puts it. */
const FASHION = "/usr/share/datasets/fashion-mnist";

const HELP = `Usage: npm run study:transfer -- --data DIR [options]

Trains 5 × 100 ELU units on a task with many images and reuses the first four
layers for one with few: frozen, fine-tuned, and the same network from scratch.
MNIST's digits 0 to 4 for 5 to 9; all its digits for Fashion-MNIST.

  --data DIR     the folder of MNIST's four IDX files, packed or not
  --fashion DIR  that of Fashion-MNIST's      ${FASHION}
  --seeds N      with the seeds 1 … N, 1 or more                            5
  --out DIR      also draws digits.svg and fashion.svg there (npm install
                 --prefix docs first)
  -h, --help     this page
`;

/** Rates are chosen with seeds that are not reported. */
const CHOICE_SEEDS = [101, 102, 103];
const NAMES = Object.keys(ARMS) as ArmName[];

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const signed = (share: number) => `${share > 0 ? "+" : ""}${(100 * share).toFixed(2)}`;

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP.trimEnd());
  const { data, fashion, seeds, out } = options;
  if (data === undefined) {
    return console.log(
      "Skipped: this study needs MNIST. Name the folder of its four files: npm run study:transfer -- --data DIR",
    );
  }
  const drawing = out === undefined ? undefined : await loadDrawing(); // said before the minutes, not after them
  await study(await digitsTask(data), seeds, out, drawing);
  if (existsSync(fashion)) await study(await fashionTask(data, fashion), seeds, out, drawing);
  else console.log(`\nSkipped: no Fashion-MNIST in ${fashion}; name its folder with --fashion DIR.`);
}

function readOptions(): "help" | { data: string | undefined; fashion: string; seeds: number; out: string | undefined } {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      fashion: { type: "string", default: FASHION },
      seeds: { type: "string", default: "5" },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const seeds = Number(values.seeds);
  if (!Number.isSafeInteger(seeds) || seeds < 1) throw new Error(`--seeds must be 1 or more; got "${values.seeds}"`);
  return values.help ? "help" : { data: values.data, fashion: values.fashion, seeds, out: values.out };
}

async function study(task: Task, seeds: number, out: string | undefined, drawing: Drawing | undefined): Promise<void> {
  const { title, images, source, target } = task;
  console.log(`\n${title}`);
  console.log(`${source.train.y.length} images; then ${images} a class, tested on ${target.test.y.length}\n`);
  const rates = await chosenRates(task);
  const courses = await compared(task, rates, seeds);
  if (out === undefined || drawing === undefined) return;
  await mkdir(out, { recursive: true });
  await writeFile(join(out, `${task.name}.svg`), draw(figureOf(task, courses), drawing));
}

/** The rate of each arm: the best median on held-out training images. */
async function chosenRates(task: Task): Promise<Record<ArmName, number>> {
  const found = new Map<string, number[]>();
  for (const seed of CHOICE_SEEDS) {
    const { base } = await trainBase(task, seed);
    const start = { base, draw: drawOf(task, seed, true), classes: task.classes, seed };
    for (const name of NAMES) {
      const arm: Arm = ARMS[name];
      for (const rate of arm.rates) {
        const last = (await arm.run(start, rate)).at(-1)!;
        found.set(`${name} ${rate}`, [...(found.get(`${name} ${rate}`) ?? []), last]);
      }
    }
  }
  console.log(`rates, by the median of ${CHOICE_SEEDS.length} seeds on held-out training images`);
  const chosen = NAMES.map((name) => {
    const tried = ARMS[name].rates.map((rate) => ({ rate, accuracy: median(found.get(`${name} ${rate}`)!) }));
    const best = tried.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
    const cells = tried.map(({ rate, accuracy }) => `${rate === best.rate ? "*" : ""}${rate}: ${percent(accuracy)}`);
    console.log(`${name.padEnd(11)}${cells.map((cell) => cell.padStart(18)).join("")}`);
    return [name, best.rate];
  });
  return Object.fromEntries(chosen) as Record<ArmName, number>;
}

async function compared(task: Task, rates: Record<ArmName, number>, seeds: number): Promise<Record<ArmName, Course[]>> {
  const courses: Record<ArmName, Course[]> = { scratch: [], frozen: [], "fine-tuned": [] };
  const last = (name: ArmName) => courses[name].at(-1)!.at(-1)!;
  console.log(`\ntest accuracy behind epoch ${TARGET.epochs}`);
  console.log(`seed      base${NAMES.map((name) => name.padStart(12)).join("")}   fine-tuned − scratch`);
  for (const seed of counted(seeds)) {
    const { base, accuracy } = await trainBase(task, seed);
    const start = { base, draw: drawOf(task, seed, false), classes: task.classes, seed };
    for (const name of NAMES) courses[name].push(await ARMS[name].run(start, rates[name]));
    const cells = NAMES.map((name) => percent(last(name)).padStart(12));
    const gain = signed(last("fine-tuned") - last("scratch"));
    console.log(`${String(seed).padStart(4)}${percent(accuracy).padStart(10)}${cells.join("")}${gain.padStart(23)}`);
  }
  console.log("");
  for (const name of NAMES) {
    const ends = courses[name].map((course) => course.at(-1)!);
    console.log(`${name.padEnd(11)} ${spread(ends, percent)}`);
  }
  const gains = courses["fine-tuned"].map((course, i) => course.at(-1)! - courses.scratch[i]!.at(-1)!);
  console.log(`${"gain".padEnd(11)} ${spread(gains, signed)} points`);
  return courses;
}

function figureOf({ name, title, images }: Task, courses: Record<ArmName, Course[]>) {
  const lines = NAMES.map((arm) =>
    overSeeds(
      arm,
      ARMS[arm].tone,
      counted(TARGET.epochs),
      courses[arm].map((course) => course.map((share) => 100 * share)),
    ),
  );
  const chart = {
    kind: "lines",
    title: `${name === "digits" ? "Digits 5 to 9" : "Fashion-MNIST"} from ${images} images each`,
    x: "epoch",
    y: "test accuracy, %",
    lines,
  } as const;
  const alt = `${title}: test accuracy by epoch, median and range over ${courses.scratch.length} seeds, from scratch, on frozen layers and fine-tuned.`;
  return { name, charts: [chart], alt };
}

try {
  await main();
} catch (error) {
  console.error(`study:transfer: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
