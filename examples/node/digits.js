// Trains on handwritten digits, saves the network, loads it, and predicts: the whole way, in one file.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, dense, earlyStopping, loadModel, progressBar, rescaling, sequential } from "lanewise";
import { loadDigits } from "lanewise/data";

const { train, test } = await loadDigits();

const model = await sequential({
  inputShape: 64, // 8 × 8 pixels, 0 … 16
  layers: [
    rescaling({ scale: 1 / 16 }),
    dense(64, { activation: "relu" }),
    dense(10, { activation: "softmax", name: "output" }),
  ],
  seed: 42, // the same seed gives the same bits everywhere
});
model.compile({
  optimizer: adam({ learningRate: 0.003 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
console.log(model.summary());

const { history, stopReason } = await model.fit(train.x, train.y, {
  epochs: 40,
  validationSplit: 0.1,
  callbacks: [progressBar(), earlyStopping({ patience: 5, restoreBestWeights: true })],
});
const { accuracy } = await model.evaluate(test.x, test.y);
console.log(
  `${stopReason} after ${history.loss.length} epochs; accuracy on ${test.y.length} unseen images: ${accuracy.toFixed(3)}`,
);

const folder = await mkdtemp(join(tmpdir(), "lanewise-"));
const path = join(folder, "digits.safetensors");
await model.save(path);
const loaded = await loadModel(path);
await rm(folder, { recursive: true });

const image = test.x.slice(0, 64);
const { data } = loaded.predict(image);
const digit = data.indexOf(Math.max(...data));
console.log(
  `saved and loaded; the first of them is a ${digit} (${(100 * data[digit]).toFixed(1)} %), labelled ${test.y[0]}`,
);
