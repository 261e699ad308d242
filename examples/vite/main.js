// Trains on handwritten digits in a worker, and draws the loss: the page stays free for everything else.

import script from "lanewise/worker?worker&url"; // bundled for itself; without a bundler: worker: true
import { adam, dense, init, rescaling, sequential } from "lanewise";
import { loadDigits } from "lanewise/data";
import wasm from "lanewise/wasm?url";

const EPOCHS = 60;
const canvas = document.querySelector("#loss");
const status = document.querySelector("#status");

await init(wasm);
const { train, test } = await loadDigits();
const model = await sequential({
  inputShape: 64, // 8 × 8 pixels, 0 … 16
  layers: [rescaling({ scale: 1 / 16 }), dense(256, { activation: "relu" }), dense(10, { activation: "softmax" })],
  seed: 42,
});
model.compile({
  optimizer: adam({ learningRate: 0.001 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});

const losses = [];
await model.fit(train.x, train.y, {
  epochs: EPOCHS,
  worker: { script: new URL(script, location.href) },
  callbacks: [{ onEpochEnd: (epoch, { loss, accuracy }) => show(epoch, loss, accuracy) }],
});
const { accuracy } = await model.evaluate(test.x, test.y);
status.textContent = `Accuracy on ${test.y.length} unseen images: ${accuracy.toFixed(3)}`;

function show(epoch, loss, accuracy) {
  losses.push(loss);
  status.textContent = `Epoch ${epoch + 1} of ${EPOCHS}: loss ${loss.toFixed(3)}, accuracy ${accuracy.toFixed(3)}`;
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  context.lineWidth = 2;
  context.strokeStyle = "#2563eb";
  context.beginPath();
  losses.forEach((value, i) => context.lineTo((i / (EPOCHS - 1)) * width, height - (value / losses[0]) * (height - 4)));
  context.stroke();
}
