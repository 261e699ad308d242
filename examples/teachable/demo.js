// @ts-check
// node examples/teachable/demo.js: a network that knows the digits 0 to 6 lends its features to one who teaches 7, 8 and 9.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dense, rescaling, sequential } from "lanewise";
import { loadDigits, takeRows } from "lanewise/data";
import { Teachable } from "./teachable.js";

const NAMES = ["seven", "eight", "nine"];
const FIRST = 7;

const { train, test } = await loadDigits();

/** Stands for any network that makes embeddings: it has never seen what it is used for. */
async function trainedElsewhere() {
  const rows = [...train.y.keys()].filter((row) => train.y[row] < FIRST);
  const hidden = (/** @type {string} */ name) => dense(128, { activation: "elu", kernelInitializer: "heNormal", name });
  const layers = [
    rescaling({ scale: 1 / 16 }),
    hidden("hidden1"),
    hidden("hidden2"),
    dense(FIRST, { activation: "softmax" }),
  ];
  const base = await sequential({ inputShape: 64, layers, seed: 1 });
  base.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  await base.fit(takeRows(train.x, rows, { shape: 64 }), takeRows(train.y, rows), { epochs: 15 });
  return base.featureExtractor("hidden1");
}

const network = await trainedElsewhere();

/** @param {typeof train} part */
async function embeddings({ x, y }) {
  const rows = [...y.keys()].filter((row) => y[row] >= FIRST);
  const { data, shape } = await network.predict(takeRows(x, rows, { shape: 64 }));
  return rows.map((row, i) => ({
    label: NAMES[y[row] - FIRST],
    embedding: data.subarray(i * shape[1], (i + 1) * shape[1]),
  }));
}

const [pool, unseen] = [await embeddings(train), await embeddings(test)];
const [width] = network.outputShape;

/** @param {Teachable} teachable @param {number} from @param {number} to */
async function teach(teachable, from, to) {
  for (const label of NAMES) {
    for (const { embedding } of pool.filter((sample) => sample.label === label).slice(from, to))
      teachable.add(label, embedding);
  }
  const { samples, milliseconds, accuracy } = await teachable.learn();
  const right = unseen.filter(({ label, embedding }) => teachable.classify(embedding)[0].label === label).length;
  const expected = accuracy === undefined ? "" : `, expected ${accuracy.toFixed(3)}`;
  console.log(
    `${String(samples).padStart(4)} samples, learned in ${milliseconds.toFixed(0)} ms: accuracy ${(right / unseen.length).toFixed(3)}${expected}`,
  );
}

console.log(`Embeddings of ${width} numbers; three new classes, ${unseen.length} unseen images`);
const teachable = new Teachable();
await teach(teachable, 0, 20);

const folder = await mkdtemp(join(tmpdir(), "teachable-"));
try {
  const file = join(folder, "mine.json");
  await writeFile(file, JSON.stringify(teachable));
  const text = await readFile(file, "utf8");
  const loaded = await Teachable.fromJSON(text);
  const same = unseen.every(
    ({ embedding }) => loaded.classify(embedding)[0].probability === teachable.classify(embedding)[0].probability,
  );
  console.log(
    `saved and loaded (${(text.length / 1024).toFixed(0)} KiB): ${same ? "the same answers to the bit" : "other answers"}`,
  );
  await teach(loaded, 20, 60);
  await teach(loaded, 60, 120);
} finally {
  await rm(folder, { recursive: true });
}
