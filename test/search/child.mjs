// A search in a process of its own, for the test that kills it: node child.mjs CHECKPOINT. It says when a trial's rung is done,
// and in the end what the result's bits are.
import { createHash } from "node:crypto";
import { choice, search } from "../../build/src/index.js";
import { loadDigits } from "../../build/src/data/index.js";

const { train } = await loadDigits();
const result = await search(train.x, train.y, {
  trials: 9,
  seed: 5,
  maxEpochs: 9,
  space: { units: choice([16, 32]) },
  checkpoint: process.argv[2],
  onTrial: ({ trial, rung }) => void process.stdout.write(`done ${rung} ${trial.number}\n`),
});
const hash = createHash("sha256");
for (const { data } of result.bestModel.getWeights().values()) hash.update(new Uint8Array(data.buffer));
hash.update(JSON.stringify([result.trials, result.bestParams, result.bestScore, result.importance]));
process.stdout.write(`result ${hash.update(result.state).digest("hex")}\n`);
