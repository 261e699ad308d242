import { type Activation, leakyRelu, sgd } from "lanewise";
import { counted, overSeeds, type Tone } from "../chart.js";
import { below, type Experiment } from "../experiment.js";
import { classifier, equal, Probe, stack, unitOf } from "../network.js";
import { mean, median, plain, spread, times, whole } from "../numbers.js";

const DEPTH = 8;
const UNITS = 128;
const ROWS = 5000;
const LOOKED_AT = 500;
const EPOCHS = 20;
const BATCH = 64;
const RATE = 0.01;

const ARMS = {
  ELU: { tone: "first", activation: "elu" },
  "leaky ReLU": { tone: "third", activation: leakyRelu({ negativeSlope: 0.1 }) },
  ReLU: { tone: "second", activation: "relu" },
} as const satisfies Record<string, { tone: Tone; activation: Activation }>;
type Arm = keyof typeof ARMS;
const NAMES = Object.keys(ARMS) as Arm[];

export const elu: Experiment = {
  name: "elu",
  title: "ELU, ReLU and leaky ReLU in the network of the ELU paper",
  claim:
    "ELU's units have a mean activation nearer to zero than ReLU's and leaky ReLU's while they train, and its training loss falls faster.",
  source:
    "D.-A. Clevert, T. Unterthiner and S. Hochreiter 2015, *Fast and accurate deep network learning by exponential linear units*, arXiv:1511.07289, section 4.1 and figure 2 (all of MNIST, 300 epochs)",
  text: `A unit that is positive on average shifts every unit above it in one direction, and the steps have to undo that before they get anywhere: the bias shift. ReLU
can only be positive; leaky ReLU a little less so; ELU, z for z > 0 and eᶻ − 1 below, gives negative values down to −1, which pull its mean towards zero, at less cost than
normalizing.
This is the paper's network and recipe: 8 layers of 128 units, He's initializer, batches of 64, plain SGD of rate 0.01, and the median over all units of each unit's
mean activation; fewer images and epochs, and seeds paired.`,
  async run({ data, seeds, rows, epochs, say }) {
    const train = data.train(rows(ROWS));
    const looked = data.test(rows(LOOKED_AT));
    const losses = new Map(NAMES.map((name) => [name, [] as number[][]]));
    const means = new Map(NAMES.map((name) => [name, [] as number[][]]));
    for (const seed of seeds) {
      for (const name of NAMES) {
        const layers = stack(equal(DEPTH, UNITS), ARMS[name].activation, "heNormal");
        const names = counted(DEPTH).map((i) => `hidden${i}`);
        const [network, probe] = [
          await classifier(data, layers, { seed, optimizer: sgd({ learningRate: RATE }) }),
          await Probe.of(data, layers, names),
        ];
        const seen: number[] = [];
        const onEpochEnd = () => {
          const units = probe.look(network, looked.x).flatMap((values) => unitMeans(values));
          seen.push(median(units));
        };
        const { history } = await network.fit(train.x, train.y, {
          epochs: epochs(EPOCHS),
          batchSize: BATCH,
          callbacks: [{ onEpochEnd }],
        });
        losses.get(name)!.push(history.loss!);
        means.get(name)!.push(seen);
      }
      say(`seed ${seed}`);
    }
    const xs = counted(epochs(EPOCHS));
    const early = Math.min(4, xs.length - 1);
    const after = (epoch: number, name: Arm) => losses.get(name)!.map((curve) => curve[epoch]!);
    const final = (name: Arm) => after(xs.length - 1, name);
    const distance = (name: Arm) => means.get(name)!.map((curve) => mean(curve.map(Math.abs)));
    const ratio = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!);
    return {
      setup: `${DEPTH} × ${UNITS} units, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of SGD (rate ${RATE}) in batches of ${BATCH}; mean activations over ${whole(looked.y.length)} others`,
      parts: [
        {
          says: "training loss at the end, ELU against ReLU",
          values: ratio(final("ELU"), final("ReLU")),
          ...below(1, times),
        },
        {
          says: "training loss at the end, ELU against leaky ReLU",
          values: ratio(final("ELU"), final("leaky ReLU")),
          ...below(1, times),
        },
        {
          says: `the same after ${xs[early]} epochs, ELU against ReLU`,
          values: ratio(after(early, "ELU"), after(early, "ReLU")),
          ...below(1, times),
        },
        {
          says: `the same after ${xs[early]} epochs, ELU against leaky ReLU`,
          values: ratio(after(early, "ELU"), after(early, "leaky ReLU")),
          ...below(1, times),
        },
        {
          says: "distance of the median unit's mean from 0, ELU against ReLU",
          values: ratio(distance("ELU"), distance("ReLU")),
          ...below(1, times),
        },
        {
          says: "the same, ELU against leaky ReLU",
          values: ratio(distance("ELU"), distance("leaky ReLU")),
          ...below(1, times),
        },
      ],
      table: {
        head: [
          "",
          `training loss after ${xs[early]} epochs`,
          `after ${xs.at(-1)}`,
          "the median unit's mean activation at the end",
        ],
        rows: NAMES.map((name) => [
          name,
          spread(after(early, name), plain),
          spread(final(name), plain),
          spread(
            means.get(name)!.map((curve) => curve.at(-1)!),
            (value) => value.toFixed(3).replace("-", "−"),
          ),
        ]),
      },
      figure: {
        name: "elu",
        alt: "Training loss and the median unit's mean activation by epoch for ELU, leaky ReLU and ReLU",
        charts: [
          {
            kind: "lines",
            title: "Training loss",
            x: "epoch",
            y: "training loss, nats",
            logY: true,
            lines: NAMES.map((name) => overSeeds(name, ARMS[name].tone, xs, losses.get(name)!)),
          },
          {
            kind: "lines",
            title: "Mean activation of the median unit",
            x: "epoch",
            y: "mean activation",
            lines: NAMES.map((name) => overSeeds(name, ARMS[name].tone, xs, means.get(name)!)),
          },
        ],
      },
    };
  },
};

/** Each unit's mean over the rows. */
function unitMeans(values: Float32Array): number[] {
  return counted(UNITS).map((unit) => mean(unitOf(values, unit - 1, UNITS)));
}
