// brain.js: its own loop, train, which updates after every sample.

import { readFileSync } from "node:fs";
import brain from "brain.js";
import { serve } from "./protocol.mjs";

const manifest = new URL("../node_modules/brain.js/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
/** It measures the error of all samples every so many iterations: never, here. */
const NEVER = 2 ** 31;
const NEAR_ZERO = 1e-9; // it refuses a momentum of 0

await serve({
  version,
  makeTrainer({ network }, { x, y }) {
    const { inputs, hidden, classes, activation, optimizer, learningRate } = network;
    const net = new brain.NeuralNetwork({
      inputSize: inputs,
      outputSize: classes,
      hiddenLayers: [...hidden],
      activation,
    });
    net.errorCheckInterval = NEVER;
    const data = Array.from(y, (label, row) => ({
      input: Array.from(x.subarray(row * inputs, (row + 1) * inputs)),
      output: Array.from({ length: classes }, (_, i) => Number(i === label)),
    }));
    const options = {
      learningRate,
      errorThresh: 1e-9,
      ...(optimizer === "adam" ? { praxis: "adam" } : { momentum: NEAR_ZERO }),
    };
    return { passes: (iterations) => void net.train(data, { ...options, iterations }) };
  },
});
