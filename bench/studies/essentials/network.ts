// Building, observing and looking into the networks of the experiments.

import {
  type Activation,
  type Clip,
  dense,
  input,
  type Initializer,
  type LayerSpec,
  type Model,
  model,
  type Optimizer,
  type Prediction,
  sequential,
} from "lanewise";
import type { LabelledRows } from "lanewise/data";
import type { StudyData } from "./data.js";

type Observing = NonNullable<NonNullable<Parameters<Model["fit"]>[2]>["callbacks"]>[number];
export type Observation = Parameters<NonNullable<Observing["onObservation"]>>[0];

/** A classifier of the data's images. */
export async function classifier(
  data: StudyData,
  hidden: readonly LayerSpec[],
  { seed, optimizer, output, clip }: { seed: number; optimizer: Optimizer; output?: Initializer; clip?: Clip },
): Promise<Model> {
  const made = await sequential({
    inputShape: data.side ** 2,
    layers: [
      data.standardize(),
      ...hidden,
      dense(10, { activation: "softmax", kernelInitializer: output ?? "glorotUniform", name: "output" }),
    ],
    seed,
  });
  made.compile({
    optimizer,
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...(clip && { clip }),
  });
  return made;
}

/** Equal layers, called hidden1, hidden2, … */
export function stack(
  widths: readonly number[],
  activation: Activation,
  kernelInitializer: Initializer = "auto",
): LayerSpec[] {
  return widths.map((units, i) => dense(units, { activation, kernelInitializer, name: `hidden${i + 1}` }));
}

export function equal(count: number, units: number): number[] {
  return Array.from({ length: count }, () => units);
}

/** What passes through the network before it has learned anything: its first step, on one batch of these rows. */
export async function firstStep(network: Model, { x, y }: LabelledRows): Promise<Observation> {
  let seen: Observation | undefined;
  await network.fit(x, y, {
    batchSize: y.length,
    maxSteps: 1,
    callbacks: [{ observeEvery: 1, onObservation: (observation) => void (seen = observation) }],
  });
  return seen!;
}

/** Of the hidden layers only. */
export function hiddenLayers({ layers }: Observation): Observation["layers"] {
  return layers.filter(({ name }) => name.startsWith("hidden"));
}

/** Trains in stretches of so many steps, with a look after each. */
export async function trainAndLook(
  network: Model,
  { x, y }: LabelledRows,
  { steps, every, batchSize }: { steps: number; every: number; batchSize: number },
  look: (step: number) => void | Promise<void>,
): Promise<void> {
  for (let step = 0; step < steps; step += every) {
    await network.fit(x, y, { epochs: Number.MAX_SAFE_INTEGER, batchSize, maxSteps: every, resume: step > 0 });
    await look(step + every);
  }
}

/** What the named layers of `layers` make of x, with the weights that the network has now: rows × units each. */
export class Probe {
  readonly #inner: Model<readonly Prediction[]>;
  readonly #names: ReadonlySet<string>;

  private constructor(inner: Model<readonly Prediction[]>) {
    this.#inner = inner;
    this.#names = new Set(inner.getWeights().keys());
  }

  static async of(data: StudyData, layers: readonly LayerSpec[], names: readonly string[]): Promise<Probe> {
    const x = input(data.side ** 2);
    let value = data.standardize().apply(x);
    const seen = layers.flatMap((layer) => {
      value = layer.apply(value);
      return names.includes(layer.name ?? "") ? [value] : [];
    });
    return new Probe(await model({ inputs: x, outputs: seen, seed: 0 }));
  }

  look(network: Model, x: Uint8Array): Float32Array[] {
    this.#inner.setWeights(new Map([...network.getWeights()].filter(([name]) => this.#names.has(name))));
    return this.#inner.predict(x).map(({ data }) => data);
  }
}

/** The values of one unit, over all rows. */
export function unitOf(values: Float32Array, unit: number, units: number): number[] {
  return Array.from({ length: values.length / units }, (_, row) => values[row * units + unit]!);
}
