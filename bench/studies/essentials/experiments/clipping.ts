import { type Clip, clipByGlobalNorm, clipByValue, sgd, varianceScaling } from "lanewise";
import { counted, overSeeds, type Tone } from "../chart.js";
import { atLeast, atMost, type Experiment } from "../experiment.js";
import { classifier, equal, type Observation, stack } from "../network.js";
import { median, percent, plain, spread, times, whole } from "../numbers.js";

const LAYERS = 10;
const UNITS = 64;
const ROWS = 2000;
const EPOCHS = 20;
const BATCH = 50;
const RATE = 0.1;
/** Weights have twice the variance of He's: every layer makes signal and gradient √2 times as large. */
const SCALE = 4;
const SHOWN = 100;

const ARMS: readonly [label: string, tone: Tone, clip: Clip | undefined][] = [
  ["without", "second", undefined],
  ["clipByGlobalNorm(1)", "first", clipByGlobalNorm(1)],
  ["clipByValue(0.01)", "third", clipByValue(0.01)],
];

interface Run {
  readonly norms: number[];
  /** By epoch. */
  readonly learned: readonly number[];
  /** At the end; 0 where a number became infinite. */
  readonly accuracy: number;
  readonly broke: boolean;
}

export const clipping: Experiment = {
  name: "clipping",
  title: "An exploding network, and clipping",
  claim:
    "Where gradients explode, a step throws the network out of everything it knows, up to infinity; with the gradient's norm held to a threshold it trains.",
  source:
    "R. Pascanu, T. Mikolov and Y. Bengio 2013, *On the difficulty of training recurrent neural networks*, arXiv:1211.5063 (there for recurrent networks, which are deep in time)",
  text: `If each layer enlarges what passes through it, ${LAYERS} layers enlarge it exponentially, the gradient too. Here the weights have twice the variance of
He's, so that the factor is √2 a layer, and 2⁵ = 32 through all. The loss is then like a cliff: the gradient at its edge says nothing about where to go beyond a very
short way, and a step in proportion to it lands anywhere. Clipping by norm keeps the direction and shortens the step: g ← g · min(1, c / ‖g‖), over all weights at once.
Clipping by value cuts every number by itself, which bends the direction; it is shown beside it. The chart has the norm *before* clipping: clipped networks
walk down to where the gradient is small; the other is soon not a number.`,
  async run({ data, seeds, rows, epochs, say }) {
    const train = data.train(rows(ROWS));
    const runs = new Map(ARMS.map(([label]) => [label, [] as Run[]]));
    for (const seed of seeds) {
      for (const [label, , clip] of ARMS) {
        const initial = varianceScaling({ scale: SCALE, mode: "fanIn", distribution: "normal" });
        const network = await classifier(data, stack(equal(LAYERS, UNITS), "relu", initial), {
          seed,
          optimizer: sgd({ learningRate: RATE }),
          output: initial,
          ...(clip && { clip }),
        });
        const norms: number[] = [];
        const { history, stopReason } = await network.fit(train.x, train.y, {
          epochs: epochs(EPOCHS),
          batchSize: BATCH,
          callbacks: [{ observeEvery: 1, onObservation: (seen) => void norms.push(gradientNorm(seen)) }],
        });
        const broke = stopReason === "nonFinite";
        const learned = history.accuracy ?? [];
        runs.get(label)!.push({ norms, learned, broke, accuracy: broke ? 0 : learned.at(-1)! });
      }
      say(`seed ${seed}`);
    }
    const of = (label: string) => runs.get(label)!;
    const shown = counted(SHOWN);
    return {
      setup: `${LAYERS} × ${UNITS} ReLU units, weights of twice He's variance, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of SGD (rate ${RATE}) in batches of ${BATCH}`,
      parts: [
        {
          says: "with clipByGlobalNorm(1): training accuracy at the end",
          values: of("clipByGlobalNorm(1)").map(({ accuracy }) => accuracy),
          ...atLeast(0.8, percent),
        },
        {
          says: "without: the training accuracy at the end, 0 where a number became infinite",
          values: of("without").map(({ accuracy }) => accuracy),
          ...atMost(0.2, percent),
        },
        {
          says: "the gradient's norm of the first batch against the threshold",
          values: of("without").map(({ norms }) => norms[0]!),
          ...atLeast(100, times),
        },
      ],
      table: {
        head: [
          "",
          "ended by an infinite number",
          "after steps",
          "‖gradient‖, first step",
          "training accuracy at the end",
        ],
        rows: ARMS.map(([label]) => [
          label,
          `${of(label).filter(({ broke }) => broke).length} of ${seeds.length}`,
          of(label).some(({ broke }) => broke) ? plain(median(of(label).map(({ norms }) => norms.length))) : "–",
          spread(
            of(label).map(({ norms }) => norms[0]!),
            plain,
          ),
          of(label).every(({ broke }) => broke)
            ? "–"
            : spread(
                of(label).map(({ accuracy }) => accuracy),
                percent,
              ),
        ]),
      },
      figure: {
        name: "clipping",
        alt: "The norm of the gradient before clipping in the first steps, and the training accuracy of those that learn",
        charts: [
          {
            kind: "lines",
            title: "Gradient before clipping",
            x: "training step",
            y: "‖gradient‖ of all weights",
            logY: true,
            yDomain: [1, 1e6],
            lines: ARMS.map(([label, tone]) =>
              overSeeds(
                label,
                tone,
                shown,
                of(label).map(({ norms }) => norms),
              ),
            ),
          },
          {
            kind: "lines",
            title: "Learning, where there is any",
            x: "epoch",
            y: "training accuracy, %",
            yDomain: [0, 100],
            lines: ARMS.filter(([label]) => of(label).some(({ broke }) => !broke)).map(([label, tone]) =>
              overSeeds(
                label,
                tone,
                counted(epochs(EPOCHS)),
                of(label).map(({ learned }) => learned.map((share) => 100 * share)),
              ),
            ),
          },
        ],
      },
    };
  },
};

/** Over all weights; infinite where any number of it is, which norms leave out. */
function gradientNorm({ layers }: Observation): number {
  const weights = layers.flatMap((layer) => layer.weights);
  if (weights.some(({ gradients }) => (gradients?.nonFinite ?? 0) > 0)) return Infinity;
  return Math.sqrt(weights.reduce((sum, { gradientNorm }) => sum + (gradientNorm ?? 0) ** 2, 0));
}
