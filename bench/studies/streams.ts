// What a stream costs beside arrays: epochs of 784-300-100-10 in batches of 128, turn by turn in one run.

import { adam, type Chunk, dense, type FitOptions, type Model, rescaling, sequential } from "lanewise";

const ROWS = 60_000;
const BATCH = 128;
const CHUNK_ROWS = 2000;
const WIDTH = 784;
const ROUNDS = 5;

const pixels = Uint8Array.from({ length: ROWS * WIDTH }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const labels = Uint8Array.from({ length: ROWS }, (_, i) => i % 10);

async function network(): Promise<Model> {
  const units = [300, 100].map((width) => dense(width, { activation: "relu", kernelInitializer: "heNormal" }));
  const layers = [rescaling({ scale: 1 / 255 }), ...units, dense(10, { activation: "softmax" })];
  const model = await sequential({ inputShape: WIDTH, layers, seed: 1 });
  model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy" });
  return model;
}

async function* chunks(x: Uint8Array | Float32Array): AsyncGenerator<Chunk> {
  for (let first = 0; first < ROWS; first += CHUNK_ROWS) {
    const end = first + CHUNK_ROWS;
    yield { x: x.subarray(first * WIDTH, end * WIDTH), y: labels.subarray(first, end) };
  }
}

type Way = (model: Model) => Promise<unknown>;

function waysOf(x: Uint8Array | Float32Array, kind: string): [string, Way][] {
  const options = (more: FitOptions): FitOptions => ({ batchSize: BATCH, ...more });
  return [
    [`${kind}, arrays, in order`, (model) => model.fit(x, labels, options({ shuffle: false }))],
    [`${kind}, stream, in order`, (model) => model.fit(() => chunks(x), options({ shuffle: false }))],
    [`${kind}, arrays, shuffled`, (model) => model.fit(x, labels, options({}))],
    [`${kind}, stream, shuffled`, (model) => model.fit(() => chunks(x), options({}))],
  ];
}

const ways = [...waysOf(pixels, "bytes"), ...waysOf(Float32Array.from(pixels), "floats")];
const times = new Map<string, number[]>(ways.map(([name]) => [name, []]));
const models = await Promise.all(ways.map(network));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [i, [name, way]] of ways.entries()) {
    const before = performance.now();
    await way(models[i]!);
    if (round > 0) times.get(name)!.push(performance.now() - before); // the first warms up
  }
}
console.log(`${ROWS} rows, epochs in ms: median of ${ROUNDS} (lowest)`);
for (const [name, taken] of times) {
  const sorted = taken.sort((a, b) => a - b);
  console.log(`${name.padEnd(28)} ${sorted[ROUNDS >> 1]!.toFixed(0).padStart(6)} (${sorted[0]!.toFixed(0)})`);
}
