// What kill.test.ts kills: it trains with all that has a state, saves after every step, and goes on from what was saved.
// node test/callbacks/killed.mjs FOLDER

import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  adam,
  csvLogger,
  dense,
  dropout,
  earlyStopping,
  loadModel,
  modelCheckpoint,
  reduceLROnPlateau,
  sequential,
} from "../../build/src/index.js";

const folder = process.argv[2];
const filepath = join(folder, "model.safetensors");

// A megabyte and a half with moments and best weights: a save takes long enough to be cut short.
async function build() {
  const layers = [
    dense(256, { activation: "tanh" }),
    dropout(0.1),
    dense(256, { activation: "relu" }),
    dense(3, { activation: "softmax" }),
  ];
  const model = await sequential({ inputShape: 64, layers, seed: 11 });
  model.compile({
    optimizer: adam({ learningRate: 0.02 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const rows = 160;
const x = Float32Array.from({ length: rows * 64 }, (_, i) => ((i * 7919) % 1009) / 504.5 - 1);
const y = Uint8Array.from({ length: rows }, (_, i) => (x[i * 64] > 0.3 ? 2 : x[i * 64 + 1] > 0 ? 1 : 0));

const resume = existsSync(filepath);
const model = resume ? await loadModel(filepath) : await build();
process.stdout.write("training\n");
await model.fit(x, y, {
  epochs: 24,
  batchSize: 16,
  validationSplit: 0.2, // 128 rows: 8 steps an epoch
  resume,
  callbacks: [
    modelCheckpoint({ filepath, saveFreq: 1 }), // first: it saves before the others have heard
    earlyStopping({ patience: 100, restoreBestWeights: true }),
    reduceLROnPlateau({ factor: 0.5, patience: 3 }),
    csvLogger({ filename: join(folder, "run.csv") }),
  ],
});
await model.save(join(folder, "done.safetensors"), { includeOptimizer: true });
