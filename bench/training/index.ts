// Training steps through the public `fit`, wall time over steps, beside the peak measured in the same run.

import Benchmark from "benchmark";
import {
  adam,
  type Callback,
  dense,
  type Model,
  rescaling,
  sequential,
  type SequentialOptions,
  sgd,
  varianceScaling,
} from "lanewise";
import { peakGflops } from "../kernels/machine.js";
import { randomRows } from "./rows.js";
import { flops, HEALTHY, OBSERVED, shape, type Step, STEPS, VANISHING } from "./steps.js";

// Other work on the machine comes and goes: steps take turns with the peak, and the best of each counts.
const ROUNDS = 8;
const SECONDS = 0.4;
const PEAK_SECONDS = 0.05;
const SAMPLE_SECONDS = 0.02; // one call of fit; short enough to fit between two interruptions

/** How a model runs. */
type Way = Pick<SequentialOptions, "threads" | "precision">;

async function build({ inputs, hidden, classes, activation, optimizer, scale }: Step, way: Way = {}): Promise<Model> {
  const kernelInitializer =
    scale === undefined
      ? activation === "tanh"
        ? "glorotUniform"
        : "heNormal"
      : varianceScaling({ scale, mode: "fanAvg" });
  const model = await sequential({
    inputShape: inputs,
    layers: [
      ...(inputs === 784 ? [rescaling({ scale: 1 / 255 })] : []),
      ...hidden.map((units) => dense(units, { activation, kernelInitializer })),
      dense(classes, { activation: "softmax" }),
    ],
    seed: 1,
    ...way,
  });
  model.compile({
    optimizer: optimizer === "sgd" ? sgd({ learningRate: 0.01 }) : adam({ learningRate: 1e-6 }),
    loss: "sparseCategoricalCrossentropy",
  });
  return model;
}

/** Calls of fit, seconds a step, by Benchmark.js: the fastest sample. */
function fastest(fit: () => Promise<unknown>, steps: number): Promise<number> {
  return new Promise((resolve, reject) => {
    new Benchmark({
      defer: true,
      fn: (deferred: { resolve(): void }) => void fit().then(() => deferred.resolve(), reject),
      minTime: SAMPLE_SECONDS,
      maxTime: SECONDS,
      minSamples: 5,
      onComplete(event: Benchmark.Event) {
        resolve(Math.min(...event.target.stats!.sample) / steps);
      },
    }).run();
  });
}

/** Seconds a step in each way; they take turns. */
async function measure(step: Step, ways: readonly Way[]): Promise<{ seconds: number[]; peak: number }> {
  const models = await Promise.all(ways.map((way) => build(step, way)));
  const { x, y } = randomRows(step);
  const { batch: batchSize, steps, epochs } = step;
  const fits = models.map((model) => () => model.fit(x, y, { batchSize, epochs }));
  for (const fit of fits) {
    const until = performance.now() + 500;
    while (performance.now() < until) await fit(); // warm-up: the engine compiles what is called often
  }
  let peak = 0;
  const seconds = ways.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    peak = Math.max(peak, peakGflops(PEAK_SECONDS));
    for (const [i, fit] of fits.entries()) seconds[i] = Math.min(seconds[i]!, await fastest(fit, steps * epochs));
  }
  return { seconds, peak };
}

/** Both in turns on one model: what statistics of every 10th step cost. */
async function observedOverPlain(step: Step): Promise<number> {
  const model = await build(step);
  const { x, y } = randomRows(step);
  const { batch: batchSize, steps, epochs } = step;
  const fit = (callbacks: Callback[]) => () => model.fit(x, y, { batchSize, epochs, callbacks });
  const [plain, observed] = [fit([]), fit([{ observeEvery: 10, onObservation() {} }])];
  for (let i = 0; i < 3; i++) await plain().then(observed);
  const best = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of [plain, observed].entries()) {
      best[i] = Math.min(best[i]!, await fastest(run, steps * epochs));
    }
  }
  return best[1]! / best[0]!;
}

function row(cells: readonly string[]): string {
  const [name, net, batch, ...figures] = cells;
  return `${name!.padEnd(3)}${net!.padEnd(24)}${batch!.padStart(6)}${figures.map((cell) => cell.padStart(12)).join("")}`;
}

const WAYS: readonly Way[] = [{}, { threads: 2 }, { precision: "fast" }];

const fastHere = async () => (await sequential({ inputShape: 1, layers: [dense(1)], precision: "fast" })).precision;

async function main(): Promise<void> {
  console.log(
    `\nTraining steps through fit(), Node ${process.version}, one thread, two, and one with precision "fast" (here: ${await fastHere()})`,
  );
  console.log(row(["", "network", "batch", "µs a step", "GFLOP/s", "of peak", "2 threads", "×", "fast", "×"]));
  const wanted = process.argv[2] ?? "";
  for (const step of STEPS.filter(({ name }) => name.includes(wanted))) {
    const {
      seconds: [seconds, ofTwo, ofFast],
      peak,
    } = (await measure(step, WAYS)) as { seconds: [number, number, number]; peak: number };
    const rate = flops(step) / seconds / 1e9;
    const inMicroseconds = (time: number) => (time * 1e6).toFixed(time < 1e-4 ? 2 : 0);
    const share = flops(step) < 1e6 ? "-" : `${((100 * rate) / peak).toFixed(0)} %`;
    const alone = [inMicroseconds(seconds), rate.toFixed(1), share];
    const others = [ofTwo, ofFast].flatMap((time) => [inMicroseconds(time), (seconds / time).toFixed(2)]);
    console.log(row([step.name, shape(step), String(step.batch), ...alone, ...others]));
  }

  if (wanted) return;
  const stepTime = async (step: Step) => (await measure(step, [{}])).seconds[0]!;
  const healthy = await stepTime(HEALTHY);
  for (const ill of VANISHING) {
    const ratio = (await stepTime(ill)) / healthy;
    console.log(`${ill.name}: ${ratio.toFixed(2)} × the time of a healthy step`);
  }
  for (const step of OBSERVED) {
    const ratio = await observedOverPlain(step);
    console.log(`${step.name}, every 10th step observed: ${ratio.toFixed(2)} × the time without`);
  }
}

await main();
