import { formatDuration, formatRate } from "../callbacks/format.js";
import { terminalAbilities, type TextStream } from "../callbacks/terminal.js";
import { loadDigits, loadIdxFolder } from "../data/index.js";
import { adam, dense, heNormal, progressBar, rescaling, sequential } from "../index.js";
import { countRight, gallery, highest } from "./gallery.js";
import type { StartOptions } from "./options.js";

const MAX_COLUMNS = 80;

/** Trains a network as the options say, tests it, and shows what it made of some of the test images. */
export async function runTraining(options: StartOptions, output: TextStream): Promise<void> {
  const print = (...lines: string[]): unknown => output.write(lines.map((line) => `${line}\n`).join(""));
  const { data, epochs, batchSize, learningRate, seed, save } = options;

  const digits = data === undefined;
  const { train, test, shape, classes } = digits
    ? await loadDigits({ testFraction: 0.2, seed: 0 })
    : await loadIdxFolder(data);
  const brightest = digits ? 16 : 255;
  const hidden = digits ? [64, 32] : [300, 100];
  const pixels = shape.reduce((product, size) => product * size, 1);

  print(
    `lanewise: a small network learns to read ${digits ? "handwritten digits" : data}`,
    "",
    `  data      ${train.y.length} images of ${shape.join(" by ")} pixels, and ${test.y.length} others for the test`,
    `  network   ${[pixels, ...hidden, classes].join("-")}, relu, softmax; seed ${seed}`,
    `  training  ${epochs} epochs in batches of ${batchSize}; Adam, learning rate ${learningRate}`,
    "",
  );

  const model = await sequential({
    inputShape: pixels,
    layers: [
      rescaling({ scale: 1 / brightest }),
      ...hidden.map((units) => dense(units, { activation: "relu", kernelInitializer: heNormal() })),
      dense(classes, { activation: "softmax" }),
    ],
    seed,
  });
  model.compile({ optimizer: adam({ learningRate }), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });

  const began = performance.now();
  const { stopReason } = await model.fit(train.x, train.y, {
    epochs,
    batchSize,
    callbacks: [progressBar({ stream: output })],
  });
  const took = performance.now() - began;
  if (stopReason === "nonFinite") {
    throw new Error(`training stopped, for the loss was no longer finite; try a --learning-rate below ${learningRate}`);
  }

  const predictions = highest(model.predict(test.x).data, classes);
  const right = countRight({ y: test.y, predictions });
  print(
    "",
    `test accuracy: ${(right / test.y.length).toFixed(3)}  (${right} of ${test.y.length} images)`,
    `training time: ${formatDuration(took)}  (${formatRate((epochs * train.y.length * 1000) / took)} samples/s)`,
  );
  if (save !== undefined) {
    await model.save(save);
    print(`network saved: ${save}`);
  }

  const [h, w, ...more] = shape;
  if (h !== undefined && w !== undefined && more.length === 0) {
    const columns = Math.min(MAX_COLUMNS, output.columns || MAX_COLUMNS);
    const { unicode } = terminalAbilities();
    print("", ...gallery({ x: test.x, y: test.y, predictions, shape: [h, w], brightest }, { columns, unicode }));
  }
  print("", "Next:", ...hints(options));
}

/** What to try next. */
function hints({ data, save }: StartOptions): string[] {
  const lines = ["npm start -- --help        all options"];
  if (save === undefined) lines.unshift("npm start -- --save FILE   keep the trained network");
  if (data === undefined) lines.unshift("npm start -- --data DIR    MNIST, Fashion-MNIST, any folder of IDX files");
  return lines.map((line) => `  ${line}`);
}
