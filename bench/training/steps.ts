// The training steps that are timed. C to F are the classics for MNIST; A and B show what a step costs when there is
// hardly any arithmetic in it.

export interface Step {
  readonly name: string;
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly activation: "tanh" | "relu" | "elu";
  readonly optimizer: "sgd" | "adam";
  readonly batch: number;
  /** Steps an epoch: enough that an epoch's own cost vanishes. */
  readonly steps: number;
}

export const STEPS: readonly Step[] = [
  { name: "A", inputs: 2, hidden: [8], classes: 2, activation: "tanh", optimizer: "sgd", batch: 4, steps: 8192 },
  { name: "B", inputs: 4, hidden: [16, 16], classes: 3, activation: "relu", optimizer: "adam", batch: 16, steps: 4096 },
  {
    name: "C",
    inputs: 784,
    hidden: [300, 100],
    classes: 10,
    activation: "relu",
    optimizer: "sgd",
    batch: 50,
    steps: 64,
  },
  {
    name: "D",
    inputs: 784,
    hidden: [256, 256],
    classes: 10,
    activation: "relu",
    optimizer: "adam",
    batch: 128,
    steps: 32,
  },
  {
    name: "E",
    inputs: 784,
    hidden: Array<number>(20).fill(100),
    classes: 10,
    activation: "elu",
    optimizer: "adam",
    batch: 64,
    steps: 32,
  },
  {
    name: "F",
    inputs: 784,
    hidden: [1024, 1024, 1024],
    classes: 10,
    activation: "relu",
    optimizer: "sgd",
    batch: 128,
    steps: 8,
  },
];

/** 2·m·n·k for each product that the step needs: forward, both gradients, but none for the first layer's input. */
export function flops({ inputs, hidden, classes, batch }: Step): number {
  const widths = [inputs, ...hidden, classes];
  return widths.slice(1).reduce((sum, width, i) => sum + 2 * batch * widths[i]! * width * (i === 0 ? 2 : 3), 0);
}

/** `784-300-100-10`, or `784-(100 ×20)-10` where layers repeat. */
export function shape({ inputs, hidden, classes }: Step): string {
  const same = hidden.length > 3 && hidden.every((width) => width === hidden[0]);
  return [inputs, ...(same ? [`(${hidden[0]} ×${hidden.length})`] : hidden), classes].join("-");
}
