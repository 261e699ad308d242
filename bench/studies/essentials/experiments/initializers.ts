import { type Initializer, sgd } from "lanewise";
import { counted, overSeeds, type Tone } from "../chart.js";
import { atLeast, atMost, type Experiment, within } from "../experiment.js";
import { classifier, equal, firstStep, hiddenLayers, stack } from "../network.js";
import { percent, plain, spread, times, whole } from "../numbers.js";

const LAYERS = 30;
const UNITS = 64;
const ROWS = 2000;
const EPOCHS = 40;
const BATCH = 50;
const RATE = 0.01;

const ARMS: readonly [label: string, tone: Tone, initializer: Initializer][] = [
  ["He", "first", "heNormal"],
  ["Glorot", "second", "glorotNormal"],
];

export const initializers: Experiment = {
  name: "initializers",
  title: "He against Glorot through 30 ReLU layers",
  claim:
    "Through 30 layers of ReLU the signal keeps its size with He's initializer and fades with Glorot's, so that the first network learns and the second one stalls.",
  source:
    "K. He, X. Zhang, S. Ren and J. Sun 2015, *Delving Deep into Rectifiers*, arXiv:1502.01852, section 2.2 and figure 3 (theirs were convolutional)",
  text: `ReLU cuts half of what comes in: the mean square of its outputs is half of that of z. Glorot's n · v = 1 therefore halves the signal's mean square at every
layer, and the gradient's too: through 30 layers (1/2)³⁰, about 10⁻⁹ of it is left, and 3 · 10⁻⁵ of its root. He doubles the variance of weights, v = 2 / (fan in),
which cancels the half exactly. The same arithmetic holds for a batch at the start of training (left and middle) as decides whether stochastic gradient descent
gets off the ground (right).`,
  async run({ data, seeds, rows, epochs, say }) {
    const train = data.train(rows(ROWS));
    const seen = new Map(ARMS.map(([label]) => [label, [] as ReturnType<typeof hiddenLayers>[]]));
    const losses = new Map(ARMS.map(([label]) => [label, [] as number[][]]));
    const reached = new Map(ARMS.map(([label]) => [label, [] as number[]]));
    for (const seed of seeds) {
      for (const [label, , initializer] of ARMS) {
        const make = () =>
          classifier(data, stack(equal(LAYERS, UNITS), "relu", initializer), {
            seed,
            optimizer: sgd({ learningRate: RATE }),
            output: initializer,
          });
        seen.get(label)!.push(hiddenLayers(await firstStep(await make(), train)));
        const network = await make();
        const { history } = await network.fit(train.x, train.y, { epochs: epochs(EPOCHS), batchSize: BATCH });
        losses.get(label)!.push(history.loss!);
        reached.get(label)!.push(history.accuracy!.at(-1)!);
      }
      say(`seed ${seed}`);
    }
    const ratio = (label: string, value: (layer: ReturnType<typeof hiddenLayers>[number]) => number) =>
      seen.get(label)!.map((layers) => value(layers.at(-1)!) / value(layers[0]!));
    const output = (layer: ReturnType<typeof hiddenLayers>[number]) => layer.output.rms;
    const gradient = (layer: ReturnType<typeof hiddenLayers>[number]) => layer.gradient!.rms;
    const byLayer = (value: typeof output) =>
      ARMS.map(([label, tone]) =>
        overSeeds(
          label,
          tone,
          counted(LAYERS),
          seen.get(label)!.map((layers) => layers.map(value)),
        ),
      );
    return {
      setup: `${LAYERS} × ${UNITS} units, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of SGD (rate ${RATE}) in batches of ${BATCH}`,
      parts: [
        {
          says: "He: rms of outputs of layer 30 against layer 1",
          values: ratio("He", output),
          ...within([0.1, 10], times),
        },
        { says: "Glorot: the same", values: ratio("Glorot", output), ...atMost(1e-3, times) },
        {
          says: "He: rms of the gradient at layer 1 against layer 30",
          values: ratio("He", gradient).map((r) => 1 / r),
          ...within([0.1, 10], times),
        },
        { says: "Glorot: the same", values: ratio("Glorot", gradient).map((r) => 1 / r), ...atMost(1e-3, times) },
        { says: "He learns: training accuracy at the end", values: reached.get("He")!, ...atLeast(0.9, percent) },
        {
          says: "Glorot stalls: training accuracy at the end",
          values: reached.get("Glorot")!,
          ...atMost(0.2, percent),
        },
      ],
      table: {
        head: ["rms of outputs", "layer 1", "layer 10", "layer 20", "layer 30"],
        rows: ARMS.map(([label]) => [
          label,
          ...[0, 9, 19, 29].map((i) =>
            spread(
              seen.get(label)!.map((layers) => output(layers[i]!)),
              plain,
            ),
          ),
        ]),
      },
      figure: {
        name: "initializers",
        alt: "Outputs and gradients by layer with He's and Glorot's initializers, and the training loss with each",
        charts: [
          {
            kind: "lines",
            title: "Forwards",
            x: "hidden layer",
            y: "rms of outputs",
            logY: true,
            lines: byLayer(output),
          },
          {
            kind: "lines",
            title: "Backwards",
            x: "hidden layer",
            y: "rms of ∂loss/∂z",
            logY: true,
            lines: byLayer(gradient),
          },
          {
            kind: "lines",
            title: "Learning",
            x: "epoch",
            y: "training loss, nats",
            lines: ARMS.map(([label, tone]) => overSeeds(label, tone, counted(epochs(EPOCHS)), losses.get(label)!)),
          },
        ],
      },
    };
  },
};
