// Every kernel beside what the machine can do: products in GFLOP/s and as a share of the peak, the rest in GB/s beside
// the copy bandwidth. Run with a part of a name to measure only the cases that contain it.

import { readFileSync } from "node:fs";
import { CASES, type Bench, type Case } from "./cases.js";
import { copyGigabytes, peakGflops } from "./machine.js";
import { best } from "./measure.js";

// Other work on the machine comes and goes: each case takes turns with the peak, and the best of each counts.
const ROUNDS = 4;
const SECONDS = 0.05;
const CALL_SECONDS = 1e-4; // a call of Benchmark.js is as many runs as fill this
const BEYOND_BYTES = 4 << 20; // what a run moves more of does not stay in a cache
const NOISE = 1.08; // nothing beats the peak by more, or the peak was not one

const HEAP = 65536;
const PAGE_BYTES = 65536;

function createBench(): Bench & { reset(): void } {
  const bytes = readFileSync(new URL("../../../lanewise.wasm", import.meta.url));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
  const memory = exports.memory as WebAssembly.Memory;
  let top = HEAP;

  function reserve(bytes: number): number {
    const address = top;
    top += Math.ceil((bytes + 64) / 64) * 64;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  return {
    call: exports as unknown as Bench["call"],
    reserve,
    random(length) {
      const address = reserve(length * 4);
      const values = new Float32Array(memory.buffer, address, length);
      for (let i = 0; i < length; i++) values[i] = Math.random() * 2 - 1;
      return address;
    },
    write(integers, floats) {
      const address = reserve((integers.length + floats.length) * 4);
      new Uint32Array(memory.buffer, address, integers.length).set(integers);
      new Float32Array(memory.buffer, address + integers.length * 4, floats.length).set(floats);
      return address;
    },
    reset() {
      top = HEAP;
    },
  };
}

function runsPerCall(run: () => void): number {
  let runs = 1;
  for (;;) {
    const begin = performance.now();
    for (let i = 0; i < runs; i++) run();
    if ((performance.now() - begin) / 1000 >= CALL_SECONDS) return runs;
    runs *= 2;
  }
}

function measure(bench: Bench, { work, setup }: Case): { rate: number; peak: number } {
  const run = setup(bench);
  const runs = runsPerCall(run);
  const call = () => {
    for (let i = 0; i < runs; i++) run();
  };
  let fastest = Infinity;
  let peak = 0;
  for (let round = 0; round < ROUNDS; round++) {
    peak = Math.max(peak, peakGflops(SECONDS / 2));
    fastest = Math.min(fastest, best(call, SECONDS) / runs);
  }
  return { rate: ("flops" in work ? work.flops : work.bytes) / fastest / 1e9, peak };
}

function main(): void {
  const wanted = process.argv[2] ?? "";
  const bench = createBench();
  const inCache = copyGigabytes("in cache", 0.2);
  const beyond = copyGigabytes("beyond caches", 0.5);
  console.log(`Node ${process.version}, V8 ${process.versions.v8}, one thread`);
  console.log(`peak ${peakGflops(0.3).toFixed(1)} GFLOP/s of multiply and add, measured again beside every case`);
  console.log(`copy ${inCache.toFixed(0)} GB/s in cache, ${beyond.toFixed(1)} GB/s beyond the caches\n`);
  console.log(`${"kernel".padEnd(34)}${"rate".padStart(12)}   ${"share".padStart(28)}`);

  let failed = false;
  for (const benchCase of CASES.filter(({ name }) => name.includes(wanted))) {
    bench.reset();
    const { rate, peak } = measure(bench, benchCase);
    const isProduct = "flops" in benchCase.work;
    const [limit, of] = isProduct
      ? [peak, "peak"]
      : "bytes" in benchCase.work && benchCase.work.bytes > BEYOND_BYTES
        ? [beyond, "copy beyond caches"]
        : [inCache, "copy in cache"];
    const share = `${((100 * rate) / limit).toFixed(0)} % of ${of}`;
    const unit = isProduct ? "GFLOP/s" : "GB/s   ";
    console.log(`${benchCase.name.padEnd(34)}${rate.toFixed(1).padStart(12)} ${unit} ${share.padStart(24)}`);
    if (isProduct && rate > peak * NOISE) {
      console.error(`${benchCase.name} beats the peak of ${peak.toFixed(1)} GFLOP/s: one of the two is wrong`);
      failed = true;
    }
  }
  if (failed) process.exitCode = 1;
}

main();
