import { type Activation, adam, leakyRelu, type Model } from "lanewise";
import type { Tone } from "../chart.js";
import { above, type Experiment, type Part } from "../experiment.js";
import { classifier, equal, stack } from "../network.js";
import { median, percent, points, spread, times, whole } from "../numbers.js";

const DEPTH = 8;
const UNITS = 64;
const ROWS = 4000;
const TEST = 4000;
const EPOCHS = 10;
const BATCH = 64;
const TIMED = { rounds: 25, steps: 12 };

/** In the order that is claimed, the worst first. */
const ARMS = {
  sigmoid: "sigmoid",
  tanh: "tanh",
  ReLU: "relu",
  "leaky ReLU": leakyRelu({ negativeSlope: 0.1 }),
  ELU: "elu",
  SELU: "selu",
} satisfies Record<string, Activation>;
type Arm = keyof typeof ARMS;
const NAMES = Object.keys(ARMS) as Arm[];

export const activations: Experiment = {
  name: "activations",
  title: "Six activations at equal depth, and what each costs",
  claim:
    "In deep networks, in general: SELU > ELU > leaky ReLU > ReLU > tanh > sigmoid; and ELU, with its exponential, takes longer than ReLU.",
  source:
    "the rule of thumb in A. Géron, *Hands-On Machine Learning*, chapter 11; ELU's cost: D.-A. Clevert, T. Unterthiner and S. Hochreiter 2015, arXiv:1511.07289",
  text: `Sigmoid and tanh flatten on both sides; where they are flat, nothing is learned. ReLU, max(0, z), has slope 1 above zero, and 0 below: a unit
that is below zero for every input is dead. Leaky ReLU keeps a small slope there (here 0.1); ELU bends to −1 by an exponential, which brings the mean of
outputs towards 0; SELU scales ELU so that mean 0 and variance 1 maintain themselves from layer to layer. Each gets the initializer that suits it
(\`"auto"\`: Glorot for sigmoid and tanh, He for the ReLUs and ELU, LeCun for SELU). Accuracy is compared seed by seed; steps are timed in turn, one activation
after the other and round again, so that other work on the machine touches all alike.`,
  async run({ data, seeds, rows, epochs, steps, machine, say }) {
    const [train, test] = [data.train(rows(ROWS)), data.test(rows(TEST))];
    const accuracy = new Map(NAMES.map((name) => [name, [] as number[]]));
    const cost = new Map(NAMES.map((name) => [name, [] as number[]]));
    for (const seed of seeds) {
      const networks = new Map<Arm, Model>();
      for (const name of NAMES) {
        const network = await classifier(data, stack(equal(DEPTH, UNITS), ARMS[name]), { seed, optimizer: adam() });
        await network.fit(train.x, train.y, { epochs: epochs(EPOCHS), batchSize: BATCH });
        accuracy.get(name)!.push((await network.evaluate(test.x, test.y)).accuracy!);
        networks.set(name, network);
      }
      const batch = { x: train.x.slice(0, BATCH * data.side ** 2), y: train.y.slice(0, BATCH) };
      for (const [name, ms] of timed(networks, batch, steps(TIMED.rounds))) cost.get(name)!.push(ms);
      say(`seed ${seed}`);
    }
    const beats = (better: Arm, worse: Arm): Part => ({
      says: `${better} above ${worse}, test accuracy`,
      values: accuracy.get(better)!.map((reached, i) => reached - accuracy.get(worse)![i]!),
      ...above(0, points),
    });
    const tone = (name: Arm): Tone => (name === "sigmoid" || name === "tanh" ? "second" : "first");
    const relative = (name: Arm) => cost.get(name)!.map((ms, i) => ms / cost.get("ReLU")![i]!);
    return {
      setup: `${DEPTH} × ${UNITS} units, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of Adam in batches of ${BATCH}, tested on ${whole(test.y.length)} others; times on ${machine}, Node ${process.versions.node.split(".")[0]}, one thread`,
      parts: [
        beats("tanh", "sigmoid"),
        beats("ReLU", "tanh"),
        beats("leaky ReLU", "ReLU"),
        beats("ELU", "leaky ReLU"),
        beats("SELU", "ELU"),
        { says: "ELU's training step against ReLU's", values: relative("ELU"), ...above(1, times) },
      ],
      table: {
        head: ["", "test accuracy", "a training step", "against ReLU's"],
        rows: NAMES.map((name) => [
          name,
          spread(accuracy.get(name)!, percent),
          `${median(cost.get(name)!).toFixed(2)} ms`,
          spread(relative(name), (ratio) => `${ratio.toFixed(2)} ×`),
        ]),
      },
      figure: {
        name: "activations",
        alt: "Test accuracy of six activations, and the time of their training steps relative to ReLU's",
        charts: [
          {
            kind: "ranges",
            title: "Test accuracy",
            x: "test accuracy, %",
            rows: NAMES.map((label) => ({
              label,
              tone: tone(label),
              values: accuracy.get(label)!.map((v) => 100 * v),
            })),
          },
          {
            kind: "ranges",
            title: "Time of a training step",
            x: "relative to ReLU's",
            rows: NAMES.map((label) => ({ label, tone: tone(label), values: relative(label) })),
          },
        ],
      },
    };
  },
};

/** Milliseconds a step, the median of rounds in which each takes its turn. */
function timed(
  networks: ReadonlyMap<Arm, Model>,
  { x, y }: { x: Uint8Array; y: Uint8Array },
  rounds: number,
): Map<Arm, number> {
  const taken = new Map([...networks.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, network] of networks) {
      const began = performance.now();
      for (let step = 0; step < TIMED.steps; step++) network.trainOnBatch(x, y);
      taken.get(name)!.push((performance.now() - began) / TIMED.steps);
    }
  }
  return new Map([...taken].map(([name, ms]) => [name, median(ms)]));
}
