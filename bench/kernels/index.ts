// Every kernel beside what the machine can do: products in GFLOP/s and as a share of the peak, the rest in GB/s and as a
// share of a copy of as many bytes, once within the second cache and once beyond the last. Run with a part of a name to
// measure only the cases that contain it.

import { Bench, type Case } from "./bench.js";
import { copyGigabytes, fusedPeakGflops, peakGflops } from "./machine.js";
import { best } from "./measure.js";
import { MOVING, type Moving } from "./moving.js";
import { PRODUCTS } from "./products.js";

// Other work on the machine comes and goes: each case takes turns with the peak or the copy, and the best of each counts.
const ROUNDS = 4;
const SECONDS = 0.05;
const CALL_SECONDS = 1e-4; // a call of Benchmark.js is as many runs as fill this
const NOISE = 1.08; // nothing beats the peak by more, or the peak was not one

/** Bytes of all arrays of a kernel together. */
const FOOTPRINTS = [256 << 10, 128 << 20];

const NAME = 44;
const FIGURE = 13;

function runsPerCall(run: (runs: number) => void): number {
  for (let runs = 1; ; runs *= 2) {
    const begin = performance.now();
    run(runs);
    if ((performance.now() - begin) / 1000 >= CALL_SECONDS) return runs;
  }
}

/** Giga-units of work a second, beside the limit that was measured in turns with it. */
function measure(bench: Bench, { work, setup }: Case, limitOf: () => number): { rate: number; limit: number } {
  const run = setup(bench);
  const runs = runsPerCall(run);
  let fastest = Infinity;
  let limit = 0;
  for (let round = 0; round < ROUNDS; round++) {
    limit = Math.max(limit, limitOf());
    fastest = Math.min(fastest, best(() => run(runs), SECONDS) / runs);
  }
  bench.reset();
  return { rate: ("flops" in work ? work.flops : work.bytes) / fastest / 1e9, limit };
}

function cells(figures: readonly string[]): string {
  return figures.map((figure) => figure.padStart(FIGURE)).join("");
}

const percent = (rate: number, limit: number) => `${((100 * rate) / limit).toFixed(0)} %`;

/** False where a product beats the peak, and so one of the two is wrong. */
function printProducts(bench: Bench, products: readonly Case[]): boolean {
  if (products.length === 0) return true;
  const [title, peakOf] =
    bench.engine.precision === "fast" ? ["fast product", fusedPeakGflops] : ["product", peakGflops];
  console.log(`\n${title.padEnd(NAME)}${cells(["GFLOP/s", "of the peak"])}`);
  const wrong = products.filter((product) => {
    const { rate, limit } = measure(bench, product, () => peakOf(SECONDS / 2));
    console.log(`${product.name.padEnd(NAME)}${cells([rate.toFixed(1), percent(rate, limit)])}`);
    return rate > limit * NOISE;
  });
  for (const { name } of wrong) console.error(`${name} beats the peak: one of the two is wrong`);
  return wrong.length === 0;
}

function printMoving(bench: Bench, moving: readonly Moving[]): void {
  if (moving.length === 0) return;
  const sizes = FOOTPRINTS.map((bytes) => (bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`));
  console.log(`\n${"".padEnd(NAME)}${cells(sizes.flatMap((size) => [`in ${size}`, ""])).trimEnd()}`);
  console.log(`${"kernel".padEnd(NAME)}${cells(FOOTPRINTS.flatMap(() => ["GB/s", "of the copy"]))}`);
  for (const { name, arrays, at } of moving) {
    const figures = FOOTPRINTS.flatMap((bytes) => {
      const benchCase = at(Math.floor(bytes / (4 * arrays)));
      const { rate, limit } = measure(bench, benchCase, () => copyGigabytes(bytes, SECONDS / 2));
      return [rate.toFixed(1), percent(rate, limit)];
    });
    console.log(`${name.padEnd(NAME)}${cells(figures)}`);
  }
}

async function main(): Promise<void> {
  const wanted = process.argv[2] ?? "";
  const bench = await Bench.create();
  const copies = FOOTPRINTS.map((bytes) => copyGigabytes(bytes, 0.3).toFixed(1));
  console.log(`Node ${process.version}, V8 ${process.versions.v8}, one thread`);
  console.log(`peak ${peakGflops(0.3).toFixed(1)} GFLOP/s of multiply and add, measured again beside every product`);
  console.log(`copy ${copies.join(" and ")} GB/s read and written, measured again beside every kernel`);
  const products = PRODUCTS.filter(({ name }) => name.includes(wanted));
  let right = printProducts(bench, products);
  const fast = await Bench.create("fast");
  if (fast.engine.precision === "fast") {
    console.log(`\nfused peak ${fusedPeakGflops(0.3).toFixed(1)} GFLOP/s, measured again beside every product`);
    right = printProducts(fast, products) && right;
  }
  printMoving(
    bench,
    MOVING.filter(({ name }) => name.includes(wanted)),
  );
  if (!right) process.exitCode = 1;
}

await main();
