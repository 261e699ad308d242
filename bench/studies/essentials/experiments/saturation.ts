import { type Activation, type Initializer, randomNormal, sgd } from "lanewise";
import { counted, overSeeds, type Tone } from "../chart.js";
import { above, atLeast, atMost, type Experiment } from "../experiment.js";
import { classifier, equal, firstStep, hiddenLayers, stack } from "../network.js";
import { percent, plain, spread, times, whole } from "../numbers.js";

const LAYERS = 10;
const UNITS = 100;
const ROWS = 1000;

const ARMS: readonly [label: string, tone: Tone, activation: Activation, initializer: Initializer][] = [
  ["sigmoid, N(0, 1)", "second", "sigmoid", randomNormal({ stddev: 1 })],
  ["sigmoid, Glorot", "first", "sigmoid", "glorotNormal"],
  ["tanh, Glorot", "third", "tanh", "glorotNormal"],
];

export const saturation: Experiment = {
  name: "saturation",
  title: "What N(0, 1) weights do to a deep sigmoid network",
  claim:
    "With sigmoid units and weights from N(0, 1), the variance of the signal grows from layer to layer until the units saturate, and almost no gradient reaches the lower layers; Glorot's initializer lets signal and gradient through.",
  source:
    "as textbooks tell it (A. Géron, *Hands-On Machine Learning*, chapter 11), after X. Glorot and Y. Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*",
  text: `A unit adds up n inputs: z = w₁a₁ + … + wₙaₙ + b. If weights have variance v, z has about n · v times the inputs' mean square. With v = 1
and n = 100 that is a large factor, so z lands far out where σ is flat: the unit *saturates*. Backwards, a layer multiplies the gradient's
variance by n · v · mean(f′(z)²). Glorot's v = 2 / (fan in + fan out) makes n · v = 1, which leaves mean(f′(z)²): 1 for tanh around
zero, but only (1/4)² for the sigmoid, whose steepest slope is 1/4. The left chart counts what goes forward; the right one follows the gradient
from the output (layer ${LAYERS}) down to layer 1, before any step was taken.`,
  async run({ data, seeds, rows, say }) {
    const batch = data.train(rows(ROWS));
    const runs = new Map(ARMS.map(([label]) => [label, [] as ReturnType<typeof hiddenLayers>[]]));
    for (const seed of seeds) {
      for (const [label, , activation, initializer] of ARMS) {
        const network = await classifier(data, stack(equal(LAYERS, UNITS), activation, initializer), {
          seed,
          optimizer: sgd(),
          output: initializer,
        });
        runs.get(label)!.push(hiddenLayers(await firstStep(network, batch)));
      }
      say(`seed ${seed}`);
    }
    const [normal, glorot, tanh] = ARMS.map(([label]) => runs.get(label)!) as [Layers[], Layers[], Layers[]];
    const xs = counted(LAYERS);
    const lines = (value: (layer: Layers[number]) => number) =>
      ARMS.map(([label, tone]) =>
        overSeeds(
          label,
          tone,
          xs,
          runs.get(label)!.map((layers) => layers.map(value)),
        ),
      );
    return {
      setup: `${LAYERS} × ${UNITS} units, one batch of ${whole(batch.y.length)} images`,
      parts: [
        {
          says: "N(0, 1): sums of layer 10 have a variance above that of what goes in, by a factor",
          values: normal.map((layers) => variance(layers[9]!) / layers[8]!.output.std ** 2),
          ...above(5, times),
        },
        {
          says: "… and the variance goes on growing: that of the sums in layer 10 against layer 2",
          values: normal.map((layers) => variance(layers[9]!) / variance(layers[1]!)),
          ...atLeast(2, times),
        },
        {
          says: "… until they saturate: share of layer 10's outputs where the slope is under a twentieth of its greatest",
          values: normal.map((layers) => layers[9]!.saturatedFraction ?? 0),
          ...atLeast(0.25, percent),
        },
        {
          says: "… so that the gradient fades on its way down: rms at layer 1 against layer 10",
          values: normal.map(fading),
          ...atMost(0.01, times),
        },
        {
          says: "Glorot lets the gradient of sigmoids through",
          values: glorot.map(fading),
          ...atLeast(0.1, times),
        },
        {
          says: "Glorot lets the gradient of tanh through",
          values: tanh.map(fading),
          ...atLeast(0.1, times),
        },
      ],
      table: {
        head: ["variance of", "layer 1", "layer 2", "layer 5", "layer 10"],
        rows: ARMS.flatMap(([label]) => [
          [`sums z, ${label}`, ...at(runs.get(label)!, variance)],
          [`outputs, ${label}`, ...at(runs.get(label)!, (layer) => layer.output.std ** 2)],
        ]),
      },
      figure: {
        name: "saturation",
        alt: "Variance of the sums by layer, and the gradient that reaches each layer, for three ways to begin",
        charts: [
          {
            kind: "lines",
            title: "Forwards: variance of the sums z",
            x: "hidden layer",
            y: "variance",
            logY: true,
            lines: lines(variance),
          },
          {
            kind: "lines",
            title: "Backwards: gradient by z",
            x: "hidden layer",
            y: "rms of ∂loss/∂z",
            logY: true,
            lines: lines((layer) => layer.gradient!.rms),
          },
        ],
      },
    };
  },
};

type Layers = ReturnType<typeof hiddenLayers>;

function variance(layer: Layers[number]): number {
  return layer.preActivation!.std ** 2;
}

function fading(layers: Layers): number {
  return layers[0]!.gradient!.rms / layers.at(-1)!.gradient!.rms;
}

function at(runs: readonly Layers[], value: (layer: Layers[number]) => number): string[] {
  return [0, 1, 4, 9].map((layer) =>
    spread(
      runs.map((layers) => value(layers[layer]!)),
      plain,
    ),
  );
}
