// ConvNetJS: its trainer takes one sample at a time and updates every batch_size samples.

import convnetjs from "convnetjs";
import { serve } from "./protocol.mjs";

const { Net, Trainer, Vol } = convnetjs;
const METHODS = {
  sgd: { method: "sgd", momentum: 0 },
  momentum: { method: "sgd", momentum: 0.9 },
  adam: { method: "adadelta" }, // it has no Adam; this too keeps two running values a weight
};

await serve({
  version: "0.3.0",
  makeTrainer({ network }) {
    const { inputs, hidden, classes, activation, optimizer, learningRate, batch } = network;
    const net = new Net();
    net.makeLayers([
      { type: "input", out_sx: 1, out_sy: 1, out_depth: inputs },
      ...hidden.map((num_neurons) => ({ type: "fc", num_neurons, activation })),
      { type: "softmax", num_classes: classes },
    ]);
    const trainer = new Trainer(net, {
      ...METHODS[optimizer],
      learning_rate: learningRate,
      batch_size: batch,
      l2_decay: 0,
    });
    const volume = (x, row) => {
      const made = new Vol(1, 1, inputs, 0);
      made.w.set(x.subarray(row * inputs, (row + 1) * inputs));
      return made;
    };
    return {
      batch: (x, y) => Array.from(y, (label, row) => ({ volume: volume(x, row), label })),
      step(samples) {
        for (const { volume, label } of samples) trainer.train(volume, label);
      },
      predict(x, rows) {
        const scores = new Float32Array(rows * classes);
        for (let row = 0; row < rows; row++) scores.set(net.forward(volume(x, row)).w, row * classes);
        return scores;
      },
    };
  },
});
