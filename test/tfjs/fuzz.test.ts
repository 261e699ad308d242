// Damaged models of TensorFlow.js and Keras: a model, or an error of ours; in bounded time.
// LANEWISE_FUZZ=100000 makes so many and prints what they took; LANEWISE_FUZZ_SEED=2 makes others.

import { expect, test } from "vitest";
import { type LanewiseError, ModelFormatError, UnsupportedError } from "../../src/errors.js";
import { makeCase, readCase, seedFiles } from "./cases.js";

const RUNS = Number(process.env.LANEWISE_FUZZ ?? 2000);
const SEED = Number(process.env.LANEWISE_FUZZ_SEED ?? 1);
/** Most of what one file may take, the faster of two times where one is long: a shared machine pauses. */
const MOST_MS = 1000;
const LONG_MS = 100;

test("a model, or that it is damaged or not supported", { timeout: 120_000 + RUNS * 20 }, async () => {
  const seeds = await seedFiles();
  const outcomes = new Map<string, number>();
  let [worst, worstSeed, memory] = [0, 0, 0];
  const began = performance.now();
  for (let i = 0; i < RUNS; i++) {
    const seed = SEED * 1e7 + i;
    const made = makeCase(seeds, seed);
    const took = async () => {
      const start = performance.now();
      const outcome = await readCase(made).catch((error: unknown) => {
        const isOurs = error instanceof ModelFormatError || error instanceof UnsupportedError;
        if (!isOurs) throw new Error(`case ${seed} ends with ${String(error)}`, { cause: error });
        return (error as LanewiseError).code;
      });
      return { outcome, ms: performance.now() - start };
    };
    const { outcome, ms: first } = await took();
    const ms = first < LONG_MS ? first : Math.min(first, (await took()).ms);
    if (ms > worst) [worst, worstSeed] = [ms, seed];
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (process.env.LANEWISE_FUZZ && i % 100 === 0) memory = Math.max(memory, process.memoryUsage().rss);
  }
  if (process.env.LANEWISE_FUZZ) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const megabytes = (memory / 2 ** 20).toFixed(0);
    console.log(
      `${RUNS} models in ${seconds} s, worst ${worst.toFixed(1)} ms (case ${worstSeed}), memory up to ${megabytes} MiB`,
      Object.fromEntries(outcomes),
    );
  }
  expect(worst).toBeLessThan(MOST_MS);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  // It reaches past the first checks, and does not stop at them either.
  expect(outcomes.get("a model")).toBeGreaterThan(RUNS / 50);
  expect(outcomes.size).toBeGreaterThan(7);
});
