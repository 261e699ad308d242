// The training steps that are timed. C to F are the classics for MNIST; A and B show what a step costs when there is
// hardly any arithmetic in it; S is the network that SimpleChains.jl shows. (E is the network of twenty layers, without batch normalization.)

export interface Step {
  readonly name: string;
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly activation: "tanh" | "relu" | "elu" | "sigmoid";
  readonly optimizer: "sgd" | "adam";
  readonly batch: number;
  /** Steps an epoch, and epochs a call of fit: together some 10 ms or more, so that the call itself vanishes. */
  readonly steps: number;
  readonly epochs: number;
  /** Variance of the weights times their number of inputs; default: what suits the activation. */
  readonly scale?: number;
}

// prettier-ignore
export const STEPS: readonly Step[] = [
  { name: "A", inputs: 2, hidden: [8], classes: 2, activation: "tanh", optimizer: "sgd", batch: 4, steps: 4096, epochs: 4 },
  { name: "B", inputs: 4, hidden: [16, 16], classes: 3, activation: "relu", optimizer: "adam", batch: 16, steps: 1024, epochs: 4 },
  { name: "S", inputs: 4, hidden: [32, 16], classes: 4, activation: "tanh", optimizer: "adam", batch: 32, steps: 512, epochs: 4 },
  { name: "C", inputs: 784, hidden: [300, 100], classes: 10, activation: "relu", optimizer: "sgd", batch: 50, steps: 8, epochs: 2 },
  { name: "D", inputs: 784, hidden: [256, 256], classes: 10, activation: "relu", optimizer: "adam", batch: 128, steps: 2, epochs: 3 },
  { name: "E", inputs: 784, hidden: Array<number>(20).fill(100), classes: 10, activation: "elu", optimizer: "adam", batch: 64, steps: 4, epochs: 2 },
  { name: "F", inputs: 784, hidden: [1024, 1024, 1024], classes: 10, activation: "relu", optimizer: "sgd", batch: 128, steps: 1, epochs: 2 },
];

// prettier-ignore
const DEEP = { inputs: 32, hidden: Array<number>(100).fill(32), classes: 4, optimizer: "adam", batch: 32, steps: 8, epochs: 2 } as const;

/** Depth 100, gradients of a sound size all the way down. */
export const HEALTHY: Step = { ...DEEP, name: "healthy", activation: "tanh", scale: 1 };

/** Depth 100, what flows through it vanishes into denormals on the way. */
export const VANISHING: readonly Step[] = [
  { ...DEEP, name: "depth 100, gradients vanish", activation: "sigmoid", scale: 1 },
  { ...DEEP, name: "depth 100, activations and gradients vanish", activation: "tanh", scale: 0.1 },
];

/** D and E, with steps enough to observe some of. */
export const OBSERVED: readonly Step[] = STEPS.filter(({ name }) => "DE".includes(name)).map((step) => {
  return { ...step, steps: 20, epochs: 1 };
});

/** 2·m·n·k for each product that the step needs: forward, both gradients, but none for the first layer's input. */
export function flops({
  inputs,
  hidden,
  classes,
  batch,
}: Pick<Step, "inputs" | "hidden" | "classes" | "batch">): number {
  const widths = [inputs, ...hidden, classes];
  return widths.slice(1).reduce((sum, width, i) => sum + 2 * batch * widths[i]! * width * (i === 0 ? 2 : 3), 0);
}

/** `784-300-100-10`, or `784-(100 ×20)-10` where layers repeat. */
export function shape({ inputs, hidden, classes }: Step): string {
  const same = hidden.length > 3 && hidden.every((width) => width === hidden[0]);
  return [inputs, ...(same ? [`(${hidden[0]} ×${hidden.length})`] : hidden), classes].join("-");
}
