// Training steps through the public `fit`, wall time over steps, beside the peak measured in the same run.

import Benchmark from "benchmark";
import { adam, dense, type Model, sequential, sgd } from "lanewise";
import { peakGflops } from "../kernels/machine.js";
import { flops, shape, type Step, STEPS } from "./steps.js";

const SECONDS = 1;
const PEAK_SECONDS = 0.1;

/** Inputs in [0, 1) and labels, from a small generator of our own: every run times the same data. */
function randomRows({ inputs, classes, batch, steps }: Step): { x: Float32Array; y: Uint8Array } {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 0x100000000;
  return {
    x: Float32Array.from({ length: batch * steps * inputs }, next),
    y: Uint8Array.from({ length: batch * steps }, () => Math.floor(next() * classes)),
  };
}

async function build({ inputs, hidden, classes, activation, optimizer }: Step): Promise<Model> {
  const kernelInitializer = activation === "tanh" ? "glorotUniform" : "heNormal";
  const layers = hidden.map((units) => dense(units, { activation, kernelInitializer }));
  const model = await sequential({
    inputShape: inputs,
    layers: [...layers, dense(classes, { activation: "softmax" })],
    seed: 1,
  });
  model.compile({
    optimizer: optimizer === "sgd" ? sgd({ learningRate: 0.01 }) : adam(),
    loss: "sparseCategoricalCrossentropy",
  });
  return model;
}

/** Seconds of the fastest epoch that Benchmark.js saw, over its steps. */
async function secondsPerStep(step: Step): Promise<number> {
  const model = await build(step);
  const { x, y } = randomRows(step);
  const epoch = () => model.fit(x, y, { batchSize: step.batch, epochs: 1 });
  for (let i = 0; i < 3; i++) await epoch(); // warm-up: the engine compiles what is called often
  return new Promise((resolve, reject) => {
    new Benchmark({
      defer: true,
      fn: (deferred: { resolve(): void }) => void epoch().then(() => deferred.resolve(), reject),
      minTime: 0.02,
      maxTime: SECONDS,
      minSamples: 5,
      onComplete(event: Benchmark.Event) {
        resolve(Math.min(...event.target.stats!.sample) / step.steps);
      },
    }).run();
  });
}

/** How much slower a step is when gradients vanish into denormals on their way through 100 layers. */
async function vanishing(): Promise<{ healthy: number; vanishing: number }> {
  const depth: Step = {
    ...STEPS[0]!,
    name: "",
    inputs: 32,
    hidden: Array<number>(100).fill(32),
    classes: 4,
    batch: 32,
    steps: 32,
    activation: "relu",
  };
  const time = async (scale: number): Promise<number> => {
    const layers = depth.hidden.map(() =>
      dense(32, { activation: "tanh", kernelInitializer: { name: "varianceScaling", scale, mode: "fanAvg" } }),
    );
    const model = await sequential({
      inputShape: 32,
      layers: [...layers, dense(4, { activation: "softmax" })],
      seed: 1,
    });
    model.compile({ optimizer: adam({ learningRate: 1e-6 }), loss: "sparseCategoricalCrossentropy" });
    const { x, y } = randomRows(depth);
    let best = Infinity;
    for (let i = 0; i < 8; i++) {
      const before = performance.now();
      await model.fit(x, y, { batchSize: depth.batch });
      best = Math.min(best, (performance.now() - before) / 1000 / depth.steps);
    }
    return best;
  };
  return { healthy: await time(1), vanishing: await time(0.1) };
}

function row(cells: readonly string[]): string {
  const [name, net, batch, ...figures] = cells;
  return `${name!.padEnd(3)}${net!.padEnd(24)}${batch!.padStart(6)}${figures.map((cell) => cell.padStart(12)).join("")}`;
}

async function main(): Promise<void> {
  console.log(`\nTraining steps through fit(), Node ${process.version}, one thread`);
  console.log(row(["", "network", "batch", "µs a step", "GFLOP/s", "of peak"]));
  for (const step of STEPS) {
    const before = peakGflops(PEAK_SECONDS);
    const seconds = await secondsPerStep(step);
    const peak = Math.max(before, peakGflops(PEAK_SECONDS));
    const rate = flops(step) / seconds / 1e9;
    const µs = seconds * 1e6;
    const share = flops(step) < 1e6 ? "-" : `${((100 * rate) / peak).toFixed(0)} %`;
    console.log(
      row([step.name, shape(step), String(step.batch), µs.toFixed(µs < 100 ? 2 : 0), rate.toFixed(1), share]),
    );
  }
  const { healthy, vanishing: ill } = await vanishing();
  console.log(
    `\nDepth 100: ${(healthy * 1e6).toFixed(0)} µs a step with sound gradients, ${(ill * 1e6).toFixed(0)} µs where they vanish (${(ill / healthy).toFixed(2)} ×)`,
  );
}

await main();
