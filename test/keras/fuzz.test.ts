// LANEWISE_FUZZ=100000 makes so many files and prints what they took; LANEWISE_FUZZ_SEED=2 makes others.

import { expect, test } from "vitest";
import { LanewiseError, ModelFormatError, UnsupportedError } from "../../src/errors.js";
import { openHdf5, type Hdf5Object } from "../../src/formats/hdf5/index.js";
import { damagedHdf5, damagedKerasFile, type Numbers, readKeras } from "./damage.js";
import { kerasFile } from "./files.js";

const RUNS = Number(process.env.LANEWISE_FUZZ ?? 2000);
const SEED = Number(process.env.LANEWISE_FUZZ_SEED ?? 1);
/** Most of what one file may take, the faster of two times where one is long: a shared machine pauses. */
const MOST_MS = 1000;
const LONG_MS = 100;
const TIMEOUT = 120_000 + RUNS * 20;

/** Steps of the golden ratio, mixed (splitmix32). */
function numbers(seed: number): Numbers {
  let state = Math.imul(seed, 0x85ebca6b);
  return {
    below(end) {
      state = (state + 0x9e3779b9) | 0;
      let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
      return end > 1 ? ((bits ^ (bits >>> 15)) >>> 0) % end : 0;
    },
  };
}

/** Calls `read` with each file, and counts how it ended. */
async function fuzz(make: (random: Numbers) => Uint8Array, read: (bytes: Uint8Array) => Promise<string>) {
  const outcomes = new Map<string, number>();
  let worst = 0;
  const began = performance.now();
  for (let i = 0; i < RUNS; i++) {
    const bytes = make(numbers(SEED * 1e6 + i));
    const took = async () => {
      const start = performance.now();
      const outcome = await read(bytes).catch((error: unknown) => {
        if (error instanceof ModelFormatError || error instanceof UnsupportedError)
          return (error as LanewiseError).code;
        throw new Error(`file ${i} of seed ${SEED}`, { cause: error });
      });
      return { outcome, ms: performance.now() - start };
    };
    const { outcome, ms } = await took();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    worst = Math.max(worst, ms < LONG_MS ? ms : Math.min(ms, (await took()).ms));
  }
  if (process.env.LANEWISE_FUZZ) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
    console.log(
      `${RUNS} files in ${seconds} s, worst ${worst.toFixed(1)} ms, peak ${peak} MiB`,
      Object.fromEntries(outcomes),
    );
  }
  expect(worst).toBeLessThan(MOST_MS);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  return outcomes;
}

test("files of Keras: a model, or that the file is damaged or not supported", { timeout: TIMEOUT }, async () => {
  const outcomes = await fuzz(damagedKerasFile, readKeras);
  // They reach past the first checks, and do not stop at them either.
  expect(outcomes.get("a model")).toBeGreaterThan(RUNS / 20);
  expect(outcomes.size).toBeGreaterThan(15);
});

test("HDF5: every object is read or refused", { timeout: TIMEOUT }, async () => {
  const files = ["layouts.h5", "layouts-latest.h5", "functional.h5", "small.weights.h5"].map(kerasFile);
  const texts = ["text", "bytes", "texts", "list of bytes", "long", "empty", "weight_names", "layer_names"];
  const outcomes = await fuzz(
    (random) => damagedHdf5(files[random.below(files.length)]!, random),
    async (bytes) => {
      const faults: unknown[] = [];
      const walk = async (object: Hdf5Object, depth: number): Promise<void> => {
        for (const attribute of texts) attempt(() => object.texts(attribute));
        for (const name of attempt(() => object.names) ?? []) {
          const member = attempt(() => object.member(name));
          if (!member) continue;
          if (attempt(() => member.holdsFloats)) await member.floats().catch((error: unknown) => faults.push(error));
          else if (depth < 8) await walk(member, depth + 1);
        }
      };
      const attempt = <T>(action: () => T): T | undefined => {
        try {
          return action();
        } catch (error) {
          faults.push(error);
          return undefined;
        }
      };
      await walk(openHdf5(bytes, bytes.length * 16), 0);
      const other = faults.find((error) => !(error instanceof ModelFormatError || error instanceof UnsupportedError));
      if (other) throw other;
      return faults.length === 0 ? "whole" : (faults[0] as LanewiseError).code;
    },
  );
  expect(outcomes.get("whole")).toBeGreaterThan(RUNS / 20);
  expect(outcomes.size).toBeGreaterThan(4);
});
