// The ways to come to a network for the second task.

import { adam, dense, type LayerSpec, type Model, rescaling, sequential } from "lanewise";
import type { Tone } from "../essentials/chart.js";
import type { Draw, Task } from "./tasks.js";

export const HIDDEN = { units: 100, layers: 5, reused: 4 };
export const BASE = { epochs: 10, batchSize: 128, learningRate: 1e-3 };
export const TARGET = { epochs: 60, batchSize: 20 };
/** The new output alone learns first, so that its random weights do not spoil what is below. */
export const HEAD = { epochs: 20, learningRate: 1e-3 };

/** Test accuracy behind each epoch. */
export type Course = readonly number[];

export interface Arm {
  readonly tone: Tone;
  /** Of these the one is taken that is best on held-out images. */
  readonly rates: readonly number[];
  run(start: Start, rate: number): Promise<Course>;
}

interface Start {
  readonly base: Model;
  readonly draw: Draw;
  readonly classes: number;
  readonly seed: number;
}

export const ARMS = {
  scratch: {
    tone: "faint",
    rates: [3e-4, 1e-3, 3e-3],
    run: async ({ draw, classes, seed }, rate) =>
      train(await network(hidden(HIDDEN.reused), classes, seed, rate), draw, { epochs: TARGET.epochs }),
  },
  frozen: {
    tone: "first",
    rates: [1e-3, 3e-3, 1e-2],
    run: async (start, rate) =>
      train(await onFrozen(start, rate), start.draw, { epochs: TARGET.epochs, cacheFrozen: true }),
  },
  "fine-tuned": {
    tone: "second",
    rates: [1e-4, 3e-4, 1e-3],
    async run(start, rate) {
      const model = await onFrozen(start, HEAD.learningRate);
      const first = await train(model, start.draw, { epochs: HEAD.epochs, cacheFrozen: true });
      model.setTrainable(/^hidden/, true);
      model.learningRate = rate;
      return [...first, ...(await train(model, start.draw, { epochs: TARGET.epochs, resume: true }))];
    },
  },
} as const satisfies Readonly<Record<string, Arm>>;

export type ArmName = keyof typeof ARMS;

export async function trainBase({ source }: Task, seed: number): Promise<{ base: Model; accuracy: number }> {
  const classes = 1 + source.train.y.reduce((most, label) => Math.max(most, label), 0);
  const base = await network(hidden(HIDDEN.layers), classes, seed, BASE.learningRate);
  await base.fit(source.train.x, source.train.y, { epochs: BASE.epochs, batchSize: BASE.batchSize });
  const { accuracy } = await base.evaluate(source.test.x, source.test.y);
  return { base, accuracy: accuracy! };
}

function hidden(count: number): LayerSpec[] {
  const layers = Array.from({ length: count }, (_, i) =>
    dense(HIDDEN.units, { activation: "elu", kernelInitializer: "heNormal", name: `hidden${i + 1}` }),
  );
  return [rescaling({ scale: 1 / 255 }), ...layers];
}

/** A new output on the base's lower layers. */
function onFrozen({ base, classes, seed }: Start, learningRate: number): Promise<Model> {
  return network(base.reuse({ upTo: `hidden${HIDDEN.reused}`, trainable: false }), classes, seed, learningRate);
}

async function network(
  layers: readonly LayerSpec[],
  classes: number,
  seed: number,
  learningRate: number,
): Promise<Model> {
  const output = dense(classes, { activation: "softmax", name: "output" });
  const model = await sequential({ inputShape: 784, layers: [...layers, output], seed });
  model.compile({ optimizer: adam({ learningRate }), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

async function train(
  model: Model,
  { train, test }: Draw,
  options: { epochs: number; cacheFrozen?: boolean; resume?: boolean },
): Promise<Course> {
  const { history, stopReason, detail } = await model.fit(train.x, train.y, {
    batchSize: TARGET.batchSize,
    validationData: [test.x, test.y],
    ...options,
  });
  if (stopReason !== "completed") throw new Error(`training stopped: ${detail ?? stopReason}`);
  return history.val_accuracy!;
}
