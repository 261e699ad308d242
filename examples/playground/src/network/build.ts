// From a set-up and a data set to a network, compiled.

import {
  activation,
  type Activation,
  activations,
  batchNorm,
  type CompileOptions,
  clipping,
  dense,
  type DenseOptions,
  dropout,
  funnel,
  type Initializer,
  layerNorm,
  type LayerSpec,
  maxNorm,
  type Model,
  type Optimizer,
  sequential,
} from "lanewise";
import type { DataSet } from "../data/sets.js";
import type { Setup } from "../setup/setup.js";

/** @throws the library's errors, which say what does not go together */
export async function build(setup: Setup, data: DataSet): Promise<Model> {
  const hidden = widthsOf(setup, data).flatMap((units, i) => hiddenLayer(units, `hidden${i + 1}`, setup));
  const scaling = setup.scaleInputs ? [data.scaling()] : [];
  const model = await sequential({
    inputShape: data.features,
    layers: [...scaling, ...hidden, outputOf(data)],
    seed: setup.seed,
  });
  model.compile(compilationOf(setup, data));
  return model;
}

/** Units of each hidden layer. */
export function widthsOf({ depth, width, shape }: Setup, data: DataSet): number[] {
  if (depth === 0) return [];
  if (shape === "equal") return Array.from({ length: depth }, () => width);
  return funnel({ input: data.features, output: Math.min(unitsOut(data), width), hiddenLayers: depth, first: width });
}

/** The loss that goes with what is to be told. */
export function compilationOf({ optimizer, clip, clipAt }: Setup, { classes }: DataSet): CompileOptions {
  const [loss, metric] =
    classes.length === 0
      ? (["meanSquaredError", "r2Score"] as const)
      : ([classes.length === 2 ? "binaryCrossentropy" : "sparseCategoricalCrossentropy", "accuracy"] as const);
  return {
    optimizer: optimizer as Optimizer,
    loss,
    metrics: [metric],
    ...(clip !== "none" && { clip: clipping[clip](clipAt) }),
  };
}

/** Yes or no is one number, of more classes each has its own. */
function unitsOut({ classes }: DataSet): number {
  return classes.length > 2 ? classes.length : 1;
}

function outputOf(data: DataSet): LayerSpec {
  const units = unitsOut(data);
  const f = data.classes.length === 0 ? "linear" : units === 1 ? "sigmoid" : "softmax";
  return dense(units, { activation: f, name: "output" });
}

function hiddenLayer(units: number, name: string, setup: Setup): LayerSpec[] {
  const f = setup.activation as Activation;
  const options: DenseOptions = {
    name,
    kernelInitializer: setup.initializer as Initializer,
    ...(setup.maxNorm > 0 && { kernelConstraint: maxNorm(setup.maxNorm) }),
  };
  const rest = setup.dropout > 0 ? [dropout(setup.dropout, { name: `${name}_dropout` })] : [];
  if (setup.normalization === "none") return [dense(units, { ...options, activation: f }), ...rest];
  // "auto" looks at a layer's own activation, and here that stands behind the normalization.
  const { name: drawn } = setup.initializer;
  const kernelInitializer = drawn === "auto" ? fitting(setup) : options.kernelInitializer!;
  return [
    dense(units, { ...options, kernelInitializer }),
    normalized(setup, `${name}_norm`),
    activation(f, { name: `${name}_activation` }),
    ...rest,
  ];
}

function normalized({ normalization }: Setup, name: string): LayerSpec {
  // Keras's momentum of 0.99 is for trainings of many thousand steps.
  return normalization === "batchNorm" ? batchNorm({ momentum: 0.9, name }) : layerNorm({ name });
}

function fitting({ activation: { name } }: Setup): Initializer {
  return activations[name as keyof typeof activations].row.initializer;
}
