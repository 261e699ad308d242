// What cacheFrozen saves: epochs of a network whose base is frozen, with it and without, and their weights bit by bit.

import { createHash } from "node:crypto";
import { adam, dense, type Model, sequential } from "lanewise";

const ROWS = 10_000;
const BATCH = 128;
const EPOCHS = { cached: 8, plain: 4 };
const WIDTHS = [784, 1024, 1024];
const CLASSES = 10;

/** 784-1024-1024, frozen, and a head of 10. */
async function network(): Promise<Model> {
  const [inputShape, ...units] = WIDTHS;
  const base = units.map((units) =>
    dense(units, { activation: "relu", kernelInitializer: "heNormal", trainable: false }),
  );
  const layers = [...base, dense(CLASSES, { activation: "softmax" })];
  const model = await sequential({ inputShape: inputShape!, layers, seed: 1 });
  model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** Rows of noise around one centre a class. */
function rows(): { x: Float32Array; y: Uint8Array } {
  let state = 1;
  const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const centres = Array.from({ length: CLASSES }, () => Float32Array.from({ length: WIDTHS[0]! }, draw));
  const y = Uint8Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const x = new Float32Array(ROWS * WIDTHS[0]!);
  y.forEach((label, row) =>
    centres[label]!.forEach((centre, j) => {
      x[row * WIDTHS[0]! + j] = centre + draw() - 0.5;
    }),
  );
  return { x, y };
}

interface Timed {
  /** Milliseconds of each epoch, the time before the first included in that. */
  readonly epochs: readonly number[];
  readonly hash: string;
}

async function timed(cacheFrozen: boolean, epochs: number, { x, y }: ReturnType<typeof rows>): Promise<Timed> {
  const model = await network();
  const took: number[] = [];
  let before = performance.now();
  const onEpochEnd = (): void => {
    const now = performance.now();
    took.push(now - before);
    before = now;
  };
  await model.fit(x, y, { epochs, batchSize: BATCH, cacheFrozen, callbacks: [{ onEpochEnd }] });
  return { epochs: took, hash: hashOf(model) };
}

function hashOf(model: Model): string {
  const hash = createHash("sha256");
  for (const { data } of model.getWeights().values()) hash.update(new Uint8Array(data.buffer));
  return hash.digest("hex").slice(0, 16);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);

const data = rows();
console.log(
  `${WIDTHS.join("-")} frozen, a head of ${CLASSES}; ${ROWS} rows in batches of ${BATCH}; Node ${process.version}`,
);
const plain = await timed(false, EPOCHS.plain, data);
const cached = await timed(true, EPOCHS.cached, data);
const later = { plain: median(plain.epochs.slice(1)), cached: median(cached.epochs.slice(1)) };
console.log("\n                first epoch   later epochs (median)");
console.log(`without        ${ms(plain.epochs[0]!)}      ${ms(later.plain)}`);
console.log(
  `cacheFrozen    ${ms(cached.epochs[0]!)}      ${ms(later.cached)}   ${(later.plain / later.cached).toFixed(1)} times as fast`,
);
console.log(
  `\nkept: ${ROWS} rows × ${WIDTHS.at(-1)} × 4 bytes = ${((ROWS * WIDTHS.at(-1)! * 4) / 2 ** 20).toFixed(1)} MiB`,
);

const { hash } = await timed(true, EPOCHS.plain, data);
console.log(`weights after ${EPOCHS.plain} epochs: ${plain.hash} without, ${hash} with cacheFrozen`);
if (hash !== plain.hash) {
  console.error("study:cacheFrozen: the weights differ");
  process.exitCode = 1;
}
