// lanewise through its public calls, fit and predict; images as bytes, which its first layer scales.

import { readFileSync } from "node:fs";
import * as lanewise from "../../../build/src/index.js";
import { serve } from "./protocol.mjs";

const { dense, batchNorm, activation, rescaling, sequential } = lanewise;
const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

const OPTIMIZERS = {
  sgd: (learningRate) => lanewise.sgd({ learningRate }),
  momentum: (learningRate) => lanewise.sgd({ learningRate, momentum: 0.9 }),
  adam: (learningRate) => lanewise.adam({ learningRate }),
};

async function build({ network, train, threads, seed = 1 }, scaled) {
  const kernelInitializer = network.activation === "tanh" ? "glorotUniform" : "heNormal";
  const hidden = network.hidden.flatMap((units) =>
    network.batchNorm
      ? [dense(units, { useBias: false, kernelInitializer }), batchNorm(), activation(network.activation)]
      : [dense(units, { activation: network.activation, kernelInitializer })],
  );
  const layers = [...hidden, dense(network.classes, { activation: "softmax" })];
  return sequential({
    inputShape: network.inputs,
    layers: scaled ? [rescaling({ scale: train.scale }), ...layers] : layers,
    seed,
    ...(threads > 1 && { threads }),
  });
}

await serve({
  version,
  async makeTrainer(job, { raw, y }) {
    const { network, train } = job;
    const model = await build(job, train.bytes);
    model.compile({
      optimizer: OPTIMIZERS[network.optimizer](network.learningRate),
      loss: "sparseCategoricalCrossentropy",
    });
    return {
      passes: (epochs) => model.fit(raw, y, { batchSize: network.batch, epochs }),
      predict: (_x, _rows, raw) => model.predict(raw).data,
    };
  },
  async makePredictor(job, weights) {
    const model = await build(job, false);
    const named = [...model.getWeights()].map(([name, { shape }], i) => {
      return [name, { data: weights[i >> 1][i & 1], shape }];
    });
    model.setWeights(new Map(named));
    return { predict: (x) => model.predict(x).data };
  },
  /** Whether this lanewise has threads. */
  async detect() {
    try {
      await sequential({ inputShape: 2, layers: [dense(2)], threads: 2 });
      return { threads: true };
    } catch {
      return { threads: false };
    }
  },
});
