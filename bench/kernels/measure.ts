import Benchmark from "benchmark";

/** Seconds of the fastest call that Benchmark.js saw; `call` should last some 100 µs, so that the timer vanishes. */
export function best(call: () => void, seconds: number): number {
  const benchmark = new Benchmark({ fn: call, async: false, minTime: 0.002, maxTime: seconds, minSamples: 5 });
  benchmark.run();
  if (benchmark.error) throw benchmark.error as Error;
  return Math.min(...benchmark.stats.sample);
}
