import { adam, cosineDecay, funnel } from "lanewise";
import type { Tone } from "../chart.js";
import { above, type Experiment, within } from "../experiment.js";
import { classifier, equal, stack } from "../network.js";
import { percent, points, spread, whole } from "../numbers.js";

const ROWS = 5000;
const TEST = 4000;
const EPOCHS = 20;
const BATCH = 64;
const RATE = 2e-3;
/** Hidden units of the shallow network, whose count of weights the others match. */
const SHALLOW = 80;
const DEPTHS = [1, 2, 3, 5, 8];

export const depth: Experiment = {
  name: "depth",
  title: "Depth against width, and the funnel",
  claim:
    "With equally many weights a deep network does better than a shallow one, and the deeper the better; layers of equal width do as well as a funnel.",
  source:
    "depth: G. Montúfar, R. Pascanu, K. Cho and Y. Bengio 2014, arXiv:1402.1869, and the textbooks' advice; width: H. Larochelle, Y. Bengio, J. Louradour and P. Lamblin 2009, JMLR 10",
  text: `Each ReLU layer folds its input; folds of folds let the number of linear pieces grow exponentially with depth, but only polynomially with width. So much
for what networks *can* express. What they learn on a given task is another question, and images of digits are an easy task. All networks here have as many weights as one with a single
hidden layer of ${SHALLOW} units, as nearly as whole widths allow. Most of these are in the first layer, so that deeper means narrower. The funnel narrows by the same factor at each of
three layers (\`funnel\`, its first width fitted). He's initializer, the rate falls to 0 by a cosine.`,
  async run({ data, seeds, rows, epochs, say }) {
    const [train, test] = [data.train(rows(ROWS)), data.test(rows(TEST))];
    const inputs = data.side ** 2;
    const budget = weightsOf(inputs, [SHALLOW]);
    const arms = new Map([
      ...DEPTHS.map((layers) => [nameOf(layers), fitted(inputs, budget, (units) => equal(layers, units))] as const),
      ["funnel of 3", fitted(inputs, budget, (first) => funnel({ input: inputs, output: 10, hiddenLayers: 3, first }))],
    ]);
    const accuracy = new Map([...arms.keys()].map((name) => [name, [] as number[]]));
    for (const seed of seeds) {
      for (const [name, widths] of arms) {
        const decaySteps = epochs(EPOCHS) * Math.ceil(train.y.length / BATCH);
        const optimizer = adam({ learningRate: cosineDecay({ initialLearningRate: RATE, decaySteps }) });
        const network = await classifier(data, stack(widths, "relu"), { seed, optimizer });
        await network.fit(train.x, train.y, { epochs: epochs(EPOCHS), batchSize: BATCH });
        accuracy.get(name)!.push((await network.evaluate(test.x, test.y)).accuracy!);
      }
      say(`seed ${seed}`);
    }
    const gain = (better: string, worse: string) => accuracy.get(better)!.map((a, i) => a - accuracy.get(worse)![i]!);
    return {
      setup: `about ${budget.toLocaleString("en-US")} weights each, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of Adam (rate ${RATE}, falling) in batches of ${BATCH}, tested on ${whole(test.y.length)} others`,
      parts: [
        { says: "3 layers against 1, test accuracy", values: gain("3 layers", "1 layer"), ...above(0, points) },
        { says: "5 layers against 3", values: gain("5 layers", "3 layers"), ...above(0, points) },
        { says: "8 layers against 5", values: gain("8 layers", "5 layers"), ...above(0, points) },
        {
          says: "equal widths against the funnel, 3 layers each",
          values: gain("3 layers", "funnel of 3"),
          ...within([-0.005, 0.005], points),
        },
      ],
      table: {
        head: ["", "widths", "weights", "test accuracy"],
        rows: [...arms].map(([name, widths]) => [
          name,
          new Set(widths).size === 1 ? `${widths.length} × ${widths[0]}` : widths.join(", "),
          weightsOf(inputs, widths).toLocaleString("en-US"),
          spread(accuracy.get(name)!, percent),
        ]),
      },
      figure: {
        name: "depth",
        alt: "Test accuracy of networks with equally many weights: one to eight equal layers, and a funnel of three",
        charts: [
          {
            kind: "ranges",
            title: `Test accuracy at ${budget.toLocaleString("en-US")} weights`,
            x: "test accuracy, %",
            rows: [...arms.keys()].map((label) => ({
              label,
              tone: (label.startsWith("funnel") ? "third" : "first") satisfies Tone,
              values: accuracy.get(label)!.map((share) => 100 * share),
            })),
          },
        ],
      },
    };
  },
};

function nameOf(layers: number): string {
  return layers === 1 ? "1 layer" : `${layers} layers`;
}

/** Kernels and biases of all layers, the ten outputs among them. */
function weightsOf(inputs: number, widths: readonly number[]): number {
  const all = [inputs, ...widths, 10];
  return all.slice(1).reduce((sum, units, i) => sum + (all[i]! + 1) * units, 0);
}

/** The widths that come nearest to the budget. */
function fitted(inputs: number, budget: number, widthsOf: (first: number) => number[]): number[] {
  let best = widthsOf(10);
  for (let first = 11; first <= 2 * SHALLOW; first++) {
    const widths = widthsOf(first);
    if (distance(widths) < distance(best)) best = widths;
  }
  return best;

  function distance(widths: readonly number[]): number {
    return Math.abs(weightsOf(inputs, widths) - budget);
  }
}
