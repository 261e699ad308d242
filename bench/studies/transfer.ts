// The classic exercise in reusing layers: a network of the digits 0 to 4 helps one of 5 to 9 that has few images to learn
// from. What it measured is in docs/studies/transfer.md.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { adam, dense, type LayerSpec, type Model, rescaling, sequential } from "lanewise";
import { type LabelledRows, loadIdxFolder, shuffleSplit } from "lanewise/data";
import { counted, overSeeds, type Tone } from "./essentials/chart.js";
import { draw } from "./essentials/draw.js";
import { spread } from "./essentials/numbers.js";
import { loadDrawing } from "./essentials/plot.js";

const HELP = `Usage: npm run study:transfer -- --data DIR [options]

Trains 5 × 100 ELU units on MNIST's digits 0 to 4, and reuses the first four
layers for 5 to 9 with 100 images of each digit: frozen, fine-tuned, and the
same network from scratch.

  --data DIR   the folder of MNIST's four IDX files, packed or not
  --seeds N    with the seeds 1 … N, 1 or more                            5
  --out DIR    also draws transfer.svg there (npm install --prefix docs first)
  -h, --help   this page
`;

const HIDDEN = { units: 100, layers: 5, reused: 4 };
const BASE = { epochs: 10, batchSize: 128, learningRate: 1e-3 };
const TARGET = { images: 100, epochs: 60, batchSize: 20, learningRate: 1e-3 };
/** An output alone is learned faster; behind so many epochs of that, all layers are tuned at a tenth of scratch's rate. */
const FROZEN = { learningRate: 1e-2, epochsBeforeTuning: 20, tuningRate: 1e-4 };
const DIGITS = 5;

/** Test accuracy behind each epoch. */
type Course = readonly number[];

const ARMS: Readonly<
  Record<string, { readonly tone: Tone; run(base: Model, data: Data, seed: number): Promise<Course> }>
> = {
  scratch: {
    tone: "faint",
    run: async (_, data, seed) => train(await target(hidden(HIDDEN.reused), seed), data, { epochs: TARGET.epochs }),
  },
  frozen: {
    tone: "first",
    run: async (base, data, seed) =>
      train(await onFrozen(base, seed), data, { epochs: TARGET.epochs, cacheFrozen: true }),
  },
  "fine-tuned": {
    tone: "second",
    async run(base, data, seed) {
      const model = await onFrozen(base, seed);
      const first = await train(model, data, { epochs: FROZEN.epochsBeforeTuning, cacheFrozen: true });
      model.setTrainable(/^hidden/, true);
      model.learningRate = FROZEN.tuningRate;
      return [...first, ...(await train(model, data, { epochs: TARGET.epochs, resume: true }))];
    },
  },
};

interface Data {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

function hidden(count: number): LayerSpec[] {
  const layers = Array.from({ length: count }, (_, i) =>
    dense(HIDDEN.units, { activation: "elu", kernelInitializer: "heNormal", name: `hidden${i + 1}` }),
  );
  return [rescaling({ scale: 1 / 255 }), ...layers];
}

/** A new output on the base's lower layers. */
function onFrozen(base: Model, seed: number): Promise<Model> {
  return target(base.reuse({ upTo: `hidden${HIDDEN.reused}`, trainable: false }), seed, FROZEN.learningRate);
}

async function target(layers: readonly LayerSpec[], seed: number, learningRate = TARGET.learningRate): Promise<Model> {
  const output = dense(DIGITS, { activation: "softmax", name: "output" });
  const model = await sequential({ inputShape: 784, layers: [...layers, output], seed });
  model.compile({ optimizer: adam({ learningRate }), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** The test is looked at, and decides nothing. */
async function train(
  model: Model,
  { train, test }: Data,
  options: { epochs: number; cacheFrozen?: boolean; resume?: boolean },
): Promise<Course> {
  const { history, stopReason, detail } = await model.fit(train.x, train.y, {
    batchSize: TARGET.batchSize,
    validationData: [test.x, test.y],
    ...options,
  });
  if (stopReason !== "completed") throw new Error(`training stopped: ${detail ?? stopReason}`);
  return history.val_accuracy!;
}

async function trainBase({ train, test }: Data, seed: number): Promise<{ base: Model; accuracy: number }> {
  const base = await target(hidden(HIDDEN.layers), seed, BASE.learningRate);
  await base.fit(train.x, train.y, { epochs: BASE.epochs, batchSize: BASE.batchSize });
  const { accuracy } = await base.evaluate(test.x, test.y);
  return { base, accuracy: accuracy! };
}

/** The rows of five digits from `first` on, labelled 0 … 4. */
function digitsFrom({ x, y }: LabelledRows, first: number): LabelledRows {
  const rows = [...y.keys()].filter((row) => y[row]! >= first && y[row]! < first + DIGITS);
  const pixels = new Uint8Array(rows.length * 784);
  rows.forEach((row, i) => pixels.set(x.subarray(row * 784, (row + 1) * 784), i * 784));
  return { x: pixels, y: Uint8Array.from(rows, (row) => y[row]! - first) };
}

/** So many images of each digit. */
function few({ x, y }: LabelledRows, images: number, seed: number): LabelledRows {
  const counts = new Array<number>(DIGITS).fill(0);
  const shuffled = shuffleSplit(x, y, { testFraction: 0.5, seed, stratify: true }).test;
  const rows = [...shuffled.y.keys()].filter((row) => counts[shuffled.y[row]!]!++ < images);
  const pixels = new Uint8Array(rows.length * 784);
  rows.forEach((row, i) => pixels.set(shuffled.x.subarray(row * 784, (row + 1) * 784), i * 784));
  return { x: pixels, y: Uint8Array.from(rows, (row) => shuffled.y[row]!) };
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      seeds: { type: "string", default: "5" },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(HELP.trimEnd());
  const seeds = Number(values.seeds);
  if (!Number.isSafeInteger(seeds) || seeds < 1) throw new Error(`--seeds must be 1 or more; got "${values.seeds}"`);
  if (values.data === undefined) {
    return console.log(
      "Skipped: this study needs MNIST. Name the folder of its four files: npm run study:transfer -- --data DIR",
    );
  }
  const drawing = values.out === undefined ? undefined : await loadDrawing(); // said before the minutes, not after them
  const images = await loadIdxFolder(values.data);
  const low = { train: digitsFrom(images.train, 0), test: digitsFrom(images.test, 0) };
  const high = { train: digitsFrom(images.train, 5), test: digitsFrom(images.test, 5) };
  console.log(
    `0 to 4: ${low.train.y.length} images; 5 to 9: ${TARGET.images} a digit, ${high.test.y.length} for the test`,
  );

  const names = Object.keys(ARMS);
  const courses = new Map<string, Course[]>(names.map((name) => [name, []]));
  console.log(
    `\nseed   base on 0-4   ${names.map((name) => name.padStart(11)).join("")}   (test accuracy behind epoch ${TARGET.epochs})`,
  );
  for (const seed of counted(seeds)) {
    const { base, accuracy } = await trainBase(low, seed);
    const data = { train: few(high.train, TARGET.images, seed), test: high.test };
    for (const name of names) courses.get(name)!.push(await ARMS[name]!.run(base, data, seed));
    const last = names.map((name) => percent(courses.get(name)!.at(-1)!.at(-1)!).padStart(11));
    console.log(`${String(seed).padStart(4)}${percent(accuracy).padStart(14)}   ${last.join("")}`);
  }
  console.log("");
  for (const [name, runs] of courses) {
    console.log(
      `${name.padEnd(11)} ${spread(
        runs.map((run) => run.at(-1)!),
        percent,
      )}`,
    );
  }
  if (drawing === undefined) return;
  const lines = [...courses].map(([name, runs]) =>
    overSeeds(
      name,
      ARMS[name]!.tone,
      counted(TARGET.epochs),
      runs.map((run) => run.map((share) => 100 * share)),
    ),
  );
  const chart = {
    kind: "lines",
    title: "Digits 5 to 9 from 100 images each",
    x: "epoch",
    y: "test accuracy, %",
    lines,
  } as const;
  const alt = `Test accuracy by epoch, median and range over ${seeds} seeds, of a network from scratch, on frozen layers and fine-tuned.`;
  await mkdir(values.out!, { recursive: true });
  await writeFile(join(values.out!, "transfer.svg"), draw({ name: "transfer", charts: [chart], alt }, drawing));
}

try {
  await main();
} catch (error) {
  console.error(`study:transfer: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
