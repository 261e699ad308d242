// MNIST by the classic networks, held to published figures. What it measured is in docs/studies/mnist.md.

import {
  adam,
  cosineDecay,
  dense,
  dropout,
  type History,
  type LayerSpec,
  LanewiseError,
  maxNorm,
  type Model,
  progressBar,
  rescaling,
  rmsprop,
  sequential,
} from "lanewise";
import { type ImageSet, type LabelledRows, loadIdxFolder, shuffleSplit } from "lanewise/data";
import { HELP, type PartName, readOptions, type StudyOptions } from "./options.js";

const BATCH = 128;
const QUICK_ROWS = 2000;

// ── Keras's example ─────────────────────────────────────────────────────────────────────────────────────────────────

const KERAS = { seed: 1, epochs: 20, expected: 0.984, tolerance: 0.003 };

/** keras-team/keras, examples/mnist_mlp.py: "Gets to 98.40% test accuracy after 20 epochs". */
async function kerasExample({ train, test }: ImageSet, { quick }: StudyOptions): Promise<void> {
  const epochs = quick ? 2 : KERAS.epochs;
  heading(`Keras's example: 784-512-512-10, dropout 0.2, RMSprop, ${epochs} epochs, seed ${KERAS.seed}`);
  const hidden = () => [dense(512, { activation: "relu" }), dropout(0.2)];
  const model = await sequential({
    inputShape: 784,
    layers: [rescaling({ scale: 1 / 255 }), ...hidden(), ...hidden(), dense(10, { activation: "softmax" })],
    seed: KERAS.seed,
  });
  model.compile({ optimizer: rmsprop(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const { seconds, history } = await timed(model, train, { epochs, validation: test });
  print("", "epoch    loss   accuracy   test loss   test accuracy");
  history.val_accuracy!.forEach((accuracy, epoch) => {
    const [loss, trained, testLoss] = [history.loss!, history.accuracy!, history.val_loss!].map((list) => list[epoch]!);
    print(
      `${pad(epoch + 1, 5)}${pad(loss!.toFixed(4), 8)}${percent(trained!, 11)}${pad(testLoss!.toFixed(4), 12)}${percent(accuracy, 16)}`,
    );
  });
  const reached = history.val_accuracy!.at(-1)!;
  print("", `test accuracy ${percent(reached)} after ${seconds.toFixed(0)} s`);
  if (quick) return;
  const kept = Math.abs(reached - KERAS.expected) <= KERAS.tolerance;
  print(`Keras's figure: ${percent(KERAS.expected)} ± ${percent(KERAS.tolerance)}: ${kept ? "met" : "NOT met"}`);
  if (!kept) process.exitCode = 1;
}

// ── Dropout and max-norm ────────────────────────────────────────────────────────────────────────────────────────────

/** A fixed sixth of the training rows: the fewer they are, the more there is to overfit. */
const COMPARED = { rows: 10_000, epochs: 40, learningRate: 1e-3 };

/**
 * Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, JMLR 15: three layers of 1024 rectified units, 0.2 of the
 * inputs and 0.5 of the units dropped, max-norm of the weights into a unit.
 */
function regularized(): LayerSpec[] {
  const hidden = () => [dense(1024, { ...HIDDEN, kernelConstraint: maxNorm(3) }), dropout(0.5)];
  return [dropout(0.2), ...hidden(), ...hidden(), ...hidden()];
}

function plain(): LayerSpec[] {
  return [dense(1024, HIDDEN), dense(1024, HIDDEN), dense(1024, HIDDEN)];
}

const HIDDEN = { activation: "relu", kernelInitializer: "heNormal" } as const;

async function dropoutComparison({ train, test }: ImageSet, { quick, seeds }: StudyOptions): Promise<void> {
  const epochs = quick ? 2 : COMPARED.epochs;
  const subset = someRows(train, COMPARED.rows);
  heading(
    `784-1024-1024-1024-10 with dropout (0.2, 0.5) and maxNorm(3), and without: ${subset.y.length} rows, ${epochs} epochs of Adam`,
  );
  const differences: number[] = [];
  const lines: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const accuracy = async (hidden: LayerSpec[]) => {
      const model = await compared(hidden, seed, epochs * Math.ceil(subset.y.length / BATCH));
      const { history } = await timed(model, subset, { epochs });
      const { accuracy } = await model.evaluate(test.x, test.y);
      print(`  test accuracy ${percent(accuracy!)}`, "");
      return { train: history.accuracy!.at(-1)!, test: accuracy! };
    };
    const [without, with_] = [await accuracy(plain()), await accuracy(regularized())];
    differences.push(with_.test - without.test);
    lines.push(
      `${pad(seed, 4)}${percent(without.test, 10)}${percent(with_.test, 10)}${percent(differences.at(-1)!, 13)}`,
    );
  }
  print("seed   without      with   difference   (test accuracy)", ...lines);
  print("", `mean difference ${percent(mean(differences))}, the least ${percent(Math.min(...differences))}`);
  if (!quick && Math.min(...differences) <= 0) process.exitCode = 1;
}

/** Both arms are trained alike; the rate falls to nothing, so that the last epoch's network needs no picking. */
async function compared(hidden: LayerSpec[], seed: number, decaySteps: number): Promise<Model> {
  const model = await sequential({
    inputShape: 784,
    layers: [rescaling({ scale: 1 / 255 }), ...hidden, dense(10, { activation: "softmax" })],
    seed,
  });
  const learningRate = cosineDecay({ initialLearningRate: COMPARED.learningRate, decaySteps });
  model.compile({
    optimizer: adam({ learningRate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function timed(
  model: Model,
  { x, y }: LabelledRows,
  { epochs, validation }: { epochs: number; validation?: LabelledRows },
): Promise<{ seconds: number; history: History["history"] }> {
  const began = performance.now();
  const { history, stopReason, detail } = await model.fit(x, y, {
    epochs,
    batchSize: BATCH,
    callbacks: [progressBar()],
    ...(validation && { validationData: [validation.x, validation.y] }),
  });
  if (stopReason !== "completed") throw new Error(`training stopped: ${detail ?? stopReason}`);
  return { seconds: (performance.now() - began) / 1000, history };
}

/** The same share of each class, always the same rows. */
function someRows({ x, y }: LabelledRows, count: number): LabelledRows {
  if (count >= y.length) return { x, y };
  return shuffleSplit(x, y, { testFraction: count / y.length, seed: 0, stratify: true }).test;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function percent(share: number, width = 0): string {
  return pad(`${(100 * share).toFixed(2)} %`, width);
}

function pad(value: number | string, width: number): string {
  return String(value).padStart(width);
}

function heading(text: string): void {
  print("", text, "");
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}

const STUDIES: Record<PartName, (images: ImageSet, options: StudyOptions) => Promise<void>> = {
  keras: kerasExample,
  dropout: dropoutComparison,
};

/** MNIST, or undefined where it is not there, which is said. */
async function mnist(data: string | undefined): Promise<ImageSet | undefined> {
  if (data === undefined) {
    print("Skipped: this study needs MNIST. Name the folder of its four files: npm run study:mnist -- --data DIR");
    return undefined;
  }
  try {
    return await loadIdxFolder(data);
  } catch (error) {
    if (!(error instanceof LanewiseError && error.code === "idx/missing-files")) throw error;
    print(`Skipped: ${error.message}`);
    return undefined;
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return print(HELP.trimEnd());
  const images = await mnist(options.data);
  if (images === undefined) return;
  const { train, test } = images;
  const used = options.quick
    ? { ...images, train: someRows(train, QUICK_ROWS), test: someRows(test, QUICK_ROWS) }
    : images;
  print(
    `MNIST: ${used.train.y.length} images, ${used.test.y.length} others for the test; Node ${process.version}, one thread`,
  );
  if (options.quick) print("Quick: little data and few epochs, to see that it works. Its figures mean nothing.");
  for (const part of options.parts) await STUDIES[part](used, options);
}

try {
  await main();
} catch (error) {
  console.error(`study:mnist: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
