// The network, and how it is trained.

import { adam, dense, rescaling, sequential } from "lanewise";

export const TRAINING = { epochs: 12, batchSize: 32 };

/** Before it has learned anything: the same bits wherever it is made. */
export async function newborn() {
  const model = await sequential({
    inputShape: 64, // 8 × 8 pixels, 0 … 16
    layers: [rescaling({ scale: 1 / 16 }), dense(16, { activation: "relu" }), dense(10, { activation: "softmax" })],
    seed: 1,
  });
  model.compile({
    optimizer: adam({ learningRate: 0.003 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}
