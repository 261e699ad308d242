// Search on the digits: halving, the same trials all trained to the end, and the test rows that neither has seen.

import { search, type SearchOptions, type SearchResult } from "lanewise";
import { loadDigits } from "lanewise/data";

const SEEDS = [1, 2, 3];
const EPOCHS = 27;
const OPTIONS: SearchOptions = { trials: 40, maxEpochs: EPOCHS };

const digits = await loadDigits();

function row(cells: readonly string[]): string {
  const [name, ...figures] = cells;
  return name!.padEnd(34) + figures.map((cell) => cell.padStart(9)).join("");
}

/** The best score, the median of the trials', epochs in all, and seconds. */
async function compare(name: string, options: SearchOptions): Promise<SearchResult> {
  const began = performance.now();
  const result = await search(digits.x, digits.y, { ...OPTIONS, ...options });
  const seconds = (performance.now() - began) / 1000;
  const scores = result.trials.map(({ score }) => score ?? 0); // the best first
  const toTheEnd = result.rungs.length === 1;
  const epochs = result.trials.reduce((sum, trial) => sum + trial.epochs, 0);
  const median = toTheEnd ? scores[Math.floor(scores.length / 2)]!.toFixed(4) : "-";
  console.log(row([name, result.bestScore.toFixed(4), median, String(epochs), seconds.toFixed(1)]));
  return result;
}

const first = await search(digits.x, digits.y, { ...OPTIONS, seed: SEEDS[0]!, verbose: true });
console.log(`\n${first.toString()}\n`);

console.log(`${digits.y.length} digits, a fifth held out to compare trials on; Node ${process.version}, one thread`);
console.log(row(["", "best", "median", "epochs", "seconds"]));
for (const seed of SEEDS) {
  await compare(`seed ${seed}, halving`, { seed });
  await compare(`seed ${seed}, all to the end`, { seed, minEpochs: EPOCHS });
  await compare(`seed ${seed}, halving, constant rates`, { seed, space: { schedule: "constant" } });
}

// A score is the best of many looks at the validation rows: what the best models do on rows that no trial saw.
for (const seed of SEEDS) {
  const { bestModel, bestScore } = await search(digits.train.x, digits.train.y, { ...OPTIONS, seed });
  const { accuracy } = await bestModel.evaluate(digits.test.x, digits.test.y);
  console.log(
    `seed ${seed} on the training part alone: ${bestScore.toFixed(4)}; its test part: ${accuracy!.toFixed(4)}`,
  );
}
