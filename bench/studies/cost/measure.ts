// Seconds a step through the public fit.

import { dense, sequential, sgd } from "lanewise";
import { randomRows } from "../../training/rows.js";
import type { Network, Sweep } from "./sweeps.js";

/** Other work on the machine comes and goes: all networks are timed in turns, and the best of each counts. */
const ROUNDS = 3;
/** A call of fit lasts so long, so that the call itself vanishes; and a network is timed so long in a round. */
const CALL_SECONDS = 0.01;
const ROUND_SECONDS = 0.25;
const WARM_UP_SECONDS = 0.1;

export async function timesOf(steps: Sweep["steps"]): Promise<number[]> {
  const best = steps.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { step }] of steps.entries()) best[i] = Math.min(best[i]!, await secondsAStep(step));
  }
  return best;
}

async function secondsAStep(network: Network): Promise<number> {
  const fit = await fitOf(network);
  let epochs = 1;
  for (let took = 0; took < CALL_SECONDS;) {
    took = await seconds(() => fit(epochs));
    if (took < CALL_SECONDS) epochs *= 2;
  }
  for (let spent = 0; spent < WARM_UP_SECONDS;) spent += await seconds(() => fit(epochs));
  let best = Infinity;
  for (let spent = 0; spent < ROUND_SECONDS;) {
    const took = await seconds(() => fit(epochs));
    best = Math.min(best, took / epochs);
    spent += took;
  }
  return best;
}

/** Epochs of one step each, shuffled as usual. */
async function fitOf({ inputs, hidden, classes, batch }: Network): Promise<(epochs: number) => Promise<unknown>> {
  const layers = [
    ...hidden.map((units) => dense(units, { activation: "relu", kernelInitializer: "heNormal" })),
    dense(classes, { activation: "softmax" }),
  ];
  const model = await sequential({ inputShape: inputs, layers, seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 1e-4 }), loss: "sparseCategoricalCrossentropy" });
  const { x, y } = randomRows({ inputs, classes, batch, steps: 1 });
  return (epochs) => model.fit(x, y, { epochs, batchSize: batch });
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
}
