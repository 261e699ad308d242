// What is measured: the steps of bench/training and one more, two trainings to an accuracy, inference, a cold start.

import { flops, shape, type Step, STEPS } from "../training/steps.js";

export interface Network {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly activation: "tanh" | "relu" | "elu";
  readonly batchNorm: boolean;
  readonly optimizer: "sgd" | "momentum" | "adam";
  readonly learningRate: number;
  readonly batch: number;
}

export type Kind = "step" | "learn" | "predict" | "cold";

export interface Task {
  readonly name: string;
  readonly kind: Kind;
  readonly title: string;
  readonly network: Network;
  /** step: rows of random data, as many batches. */
  readonly batches?: number;
  /** learn: the data set, and the test accuracy at which the clock stops. */
  readonly data?: "digits" | "mnist";
  readonly target?: number;
}

const NAMES = { tanh: "tanh", relu: "ReLU", elu: "ELU", sgd: "SGD", momentum: "momentum 0.9", adam: "Adam" } as const;
const RATES = { sgd: 0.01, momentum: 0.05, adam: 1e-6 } as const;
/** A pass of A has so many steps, for those whose step takes a millisecond. */
const MOST_BATCHES = 512;

function stepTask(step: Step, changes: { batchNorm?: boolean; name?: string } = {}): Task {
  const { inputs, hidden, classes, activation, optimizer, batch, steps } = step;
  if (activation === "sigmoid") throw new Error("No step here has sigmoid units.");
  const { batchNorm = false, name = step.name } = changes;
  const learningRate = RATES[optimizer];
  const network = { inputs, hidden, classes, activation, batchNorm, optimizer, learningRate, batch };
  const title = `${shape(step)}, ${batchNorm ? "batch norm, " : ""}${NAMES[activation]}, ${NAMES[optimizer]}, batch ${batch}`;
  return { name, kind: "step", title, network, batches: Math.min(steps, MOST_BATCHES) };
}

const CLASSIC = { inputs: 784, hidden: [300, 100], classes: 10, activation: "relu", batchNorm: false } as const;
const MOMENTUM = { optimizer: "momentum", learningRate: RATES.momentum } as const;

const E = STEPS.find(({ name }) => name === "E")!;
const STEP_TASKS = [...STEPS.map((step) => stepTask(step)), stepTask(E, { batchNorm: true, name: "E-bn" })];

const LEARN_TASKS: readonly Task[] = [
  {
    name: "digits",
    kind: "learn",
    title: "97 % of the test, 64-64-32-10, ReLU, momentum 0.9, batch 32",
    network: {
      ...MOMENTUM,
      inputs: 64,
      hidden: [64, 32],
      classes: 10,
      activation: "relu",
      batchNorm: false,
      batch: 32,
    },
    data: "digits",
    target: 0.97,
  },
  {
    name: "mnist",
    kind: "learn",
    title: "97.5 % of the test, 784-300-100-10, ReLU, momentum 0.9, batch 50",
    network: { ...CLASSIC, ...MOMENTUM, batch: 50 },
    data: "mnist",
    target: 0.975,
  },
];

function predictTask(batch: number): Task {
  const network = { ...CLASSIC, ...MOMENTUM, batch };
  return { name: `predict-${batch}`, kind: "predict", title: `inference, 784-300-100-10, batch ${batch}`, network };
}

const COLD: Task = {
  ...predictTask(1),
  name: "cold",
  kind: "cold",
  title: "cold start to the first prediction, 784-300-100-10",
};

export const TASKS: readonly Task[] = [...STEP_TASKS, ...LEARN_TASKS, ...[1, 32, 1024].map(predictTask), COLD];

/** GFLOP of one figure of the task, where a share of the peak says something. */
export function gigaflops({ kind, network }: Task): number | undefined {
  const { inputs, hidden, classes, batch } = network;
  const widths = [inputs, ...hidden, classes];
  const forward = widths.slice(1).reduce((sum, width, i) => sum + 2 * batch * widths[i]! * width, 0);
  const count = kind === "step" ? flops(network as unknown as Step) : kind === "predict" ? forward : 0;
  return count < 1e6 ? undefined : count / 1e9;
}
