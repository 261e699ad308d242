import { adam, cosineDecay, dense, dropout, type LayerSpec, maxNorm } from "lanewise";
import { counted, overSeeds, type Tone } from "../chart.js";
import { above, atMost, type Experiment } from "../experiment.js";
import { classifier } from "../network.js";
import { percent, points, spread, times, whole } from "../numbers.js";

const UNITS = 256;
const ROWS = 1000;
const TEST = 2000;
const EPOCHS = 60;
const BATCH = 100;
const RATE = 1e-3;

const ARMS = {
  neither: { tone: "second", drop: false, hold: false },
  "max-norm": { tone: "third", drop: false, hold: true },
  dropout: { tone: "fourth", drop: true, hold: false },
  both: { tone: "first", drop: true, hold: true },
} as const satisfies Record<string, { tone: Tone; drop: boolean; hold: boolean }>;
type Arm = keyof typeof ARMS;
const NAMES = Object.keys(ARMS) as Arm[];

function layersOf(name: Arm): LayerSpec[] {
  const { drop, hold } = ARMS[name];
  const hidden = () => [
    dense(UNITS, {
      activation: "relu",
      kernelInitializer: "heNormal",
      ...(hold && { kernelConstraint: maxNorm(1) }),
    }),
    ...(drop ? [dropout(0.5)] : []),
  ];
  return [...(drop ? [dropout(0.2)] : []), ...hidden(), ...hidden()];
}

export const overfitting: Experiment = {
  name: "overfitting",
  title: "Dropout and max-norm against overfitting",
  claim:
    "Trained on few samples a large network overfits; dropout makes it better on new ones, max-norm alone helps too, and the two together do best.",
  source:
    "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov 2014, *Dropout*, JMLR 15, section 5.1 and table 9 (on all 60,000 images)",
  text: `With more weights than samples a network can learn its samples by heart: the training loss goes to zero, that of the test turns and rises again.
Dropout lets each unit be absent in half of the steps (inputs in a fifth), so that none can rely on what one other unit happens to do. Max-norm holds the norm of each unit's weights to at most
1, less than the √2 that He's begin with: no unit grows large to serve a few samples. The network of the last epoch is tested; none is picked by its test. The rate falls to 0 by a cosine. Compared is seed by seed.`,
  async run({ data, seeds, rows, epochs, say }) {
    const [train, test] = [data.train(rows(ROWS)), data.test(rows(TEST))];
    const curves = new Map(NAMES.map((name) => [name, [] as number[][]]));
    const accuracy = new Map(NAMES.map((name) => [name, [] as number[]]));
    for (const seed of seeds) {
      for (const name of NAMES) {
        const decaySteps = epochs(EPOCHS) * Math.ceil(train.y.length / BATCH);
        const optimizer = adam({ learningRate: cosineDecay({ initialLearningRate: RATE, decaySteps }) });
        const network = await classifier(data, layersOf(name), { seed, optimizer });
        const { history } = await network.fit(train.x, train.y, {
          epochs: epochs(EPOCHS),
          batchSize: BATCH,
          validationData: [test.x, test.y],
        });
        curves.get(name)!.push(history.val_loss!);
        accuracy.get(name)!.push(history.val_accuracy!.at(-1)!);
      }
      say(`seed ${seed}`);
    }
    const gain = (better: Arm, worse: Arm) => accuracy.get(better)!.map((a, i) => a - accuracy.get(worse)![i]!);
    const rise = (name: Arm) => curves.get(name)!.map((curve) => curve.at(-1)! / Math.min(...curve));
    const xs = counted(epochs(EPOCHS));
    return {
      setup: `2 × ${UNITS} ReLU units, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of Adam (rate ${RATE}, falling) in batches of ${BATCH}, tested on ${whole(test.y.length)} others`,
      parts: [
        { says: "both against neither, test accuracy", values: gain("both", "neither"), ...above(0, points) },
        { says: "dropout alone against neither", values: gain("dropout", "neither"), ...above(0, points) },
        { says: "max-norm alone against neither", values: gain("max-norm", "neither"), ...above(0, points) },
        { says: "both against dropout alone", values: gain("both", "dropout"), ...above(0, points) },
        {
          says: "neither overfits: test loss at the end against its least",
          values: rise("neither"),
          ...above(1.05, times),
        },
        { says: "both: the same", values: rise("both"), ...atMost(1.05, times) },
      ],
      table: {
        head: ["", "test accuracy", "test loss at the end", "its least"],
        rows: NAMES.map((name) => [
          name,
          spread(accuracy.get(name)!, percent),
          spread(
            curves.get(name)!.map((curve) => curve.at(-1)!),
            (v) => v.toFixed(3),
          ),
          spread(
            curves.get(name)!.map((curve) => Math.min(...curve)),
            (v) => v.toFixed(3),
          ),
        ]),
      },
      figure: {
        name: "overfitting",
        alt: "Test loss by epoch and final test accuracy with dropout, max-norm, both and neither",
        charts: [
          {
            kind: "lines",
            title: "Test loss",
            x: "epoch",
            y: "test loss, nats",
            yDomain: [0.2, 0.7],
            lines: NAMES.map((name) => overSeeds(name, ARMS[name].tone, xs, curves.get(name)!)),
          },
          {
            kind: "ranges",
            title: "Test accuracy at the end",
            x: "test accuracy, %",
            rows: NAMES.map((label) => ({
              label,
              tone: ARMS[label].tone,
              values: accuracy.get(label)!.map((share) => 100 * share),
            })),
          },
        ],
      },
    };
  },
};
