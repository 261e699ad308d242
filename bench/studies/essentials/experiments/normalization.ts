import { activation, batchNorm, dense, type LayerSpec, randomNormal, sgd } from "lanewise";
import { type Line, overSeeds, rounded, type Tone } from "../chart.js";
import { above, atMost, below, type Experiment } from "../experiment.js";
import { classifier, Probe, trainAndLook, unitOf } from "../network.js";
import { median, percent, percentile, points, spread, times, whole } from "../numbers.js";

const UNITS = 100;
const ROWS = 10_000;
const TEST = 2000;
const STEPS = 3000;
const EVERY = 100;
const BATCH = 60;
const RATE = 0.1;
const PERCENTILES = [15, 50, 85] as const;
/** The early steps, in which the running averages of batch norm have yet to settle, are left out of how far a unit's inputs drift. */
const SETTLED = 200;

const ARMS: readonly [label: string, tone: Tone][] = [
  ["with batch norm", "first"],
  ["without", "second"],
];

function layersOf(label: string): LayerSpec[] {
  const initial = randomNormal({ stddev: 0.1 });
  return [1, 2, 3].flatMap((i) => [
    dense(UNITS, { kernelInitializer: initial, name: `dense${i}` }),
    ...(label === "without" ? [] : [batchNorm({ momentum: 0.9, name: `norm${i}` })]),
    activation("sigmoid", { name: `hidden${i}` }),
  ]);
}

interface Run {
  readonly accuracy: number[];
  /** By look: of the first unit of the last layer, the percentiles of what goes into its sigmoid. */
  readonly inputs: number[][];
  /** How far the medians of units drifted, in widths of their own distributions: the median unit's. */
  readonly drift: number;
}

export const normalization: Experiment = {
  name: "batch-norm",
  title: "Batch normalization",
  claim:
    "With batch norm a network learns faster and reaches a higher test accuracy, and the distribution of what goes into a unit stays much more stable while it trains.",
  source: "S. Ioffe and C. Szegedy 2015, *Batch Normalization*, arXiv:1502.03167, section 4.1 and figure 1",
  text: `While a network learns, every layer's inputs shift, because the layers below it are changing. Batch norm takes from each unit's sum z its mean in the
batch, divides by its standard deviation there, and gives the unit a scale γ and a shift β to learn: y = γ · (z − mean) / √(variance + ε) + β. This is the experiment of the
paper's figure 1 in small: three layers of 100 sigmoids, small random weights, batches of 60 (the paper took 50,000 steps; here are fewer). The percentiles are those of the
input of one unit's sigmoid in the last hidden layer over the test images. What the paper calls the cause (less "internal covariate shift") has been disputed since
(Santurkar et al. 2018, arXiv:1805.11604); measured here is only what happens.`,
  async run({ data, seeds, rows, steps, say }) {
    const [train, test] = [data.train(rows(ROWS)), data.test(rows(TEST))];
    const [last, every] = [steps(STEPS), Math.min(EVERY, Math.ceil(steps(STEPS) / 2))];
    const runs = new Map(ARMS.map(([label]) => [label, [] as Run[]]));
    for (const seed of seeds) {
      for (const [label] of ARMS) {
        const layers = layersOf(label);
        const network = await classifier(data, layers, {
          seed,
          optimizer: sgd({ learningRate: RATE }),
          output: randomNormal({ stddev: 0.1 }),
        });
        const probe = await Probe.of(data, layers, [label === "without" ? "dense3" : "norm3"]);
        const accuracy: number[] = [];
        const seen: number[][][] = [];
        await trainAndLook(network, train, { steps: last, every, batchSize: BATCH }, async () => {
          accuracy.push((await network.evaluate(test.x, test.y)).accuracy!);
          const [values] = probe.look(network, test.x);
          seen.push(Array.from({ length: UNITS }, (_, unit) => percentilesOf(unitOf(values!, unit, UNITS))));
        });
        runs.get(label)!.push({ accuracy, inputs: seen.map((units) => units[0]!), drift: drift(seen, every) });
      }
      say(`seed ${seed}`);
    }
    const xs = runs.get("without")![0]!.accuracy.map((_, i) => (i + 1) * every);
    const [with_, without] = ARMS.map(([label]) => runs.get(label)!) as [Run[], Run[]];
    const final = (run: Run) => run.accuracy.at(-1)!;
    return {
      setup: `3 × ${UNITS} sigmoid units, ${whole(train.y.length)} images, ${last} steps of SGD (rate ${RATE}) in batches of ${BATCH}, tested on ${whole(test.y.length)} others`,
      parts: [
        {
          says: "steps with batch norm until it is as good as the other at its end, as a share of all",
          values: with_.map((run, i) => reachedAt(run, final(without[i]!)) / xs.length),
          ...below(1, percent),
        },
        {
          says: "test accuracy at the end, with minus without",
          values: with_.map((run, i) => final(run) - final(without[i]!)),
          ...above(0, points),
        },
        {
          says: "drift of a unit's inputs, with against without",
          values: with_.map((run, i) => run.drift / without[i]!.drift),
          ...atMost(0.5, times),
        },
      ],
      table: {
        head: [
          "",
          `test accuracy after ${xs[Math.min(4, xs.length - 1)]} steps`,
          `after ${xs.at(-1)}`,
          "drift of a unit's inputs, in its own widths",
        ],
        rows: ARMS.map(([label]) => [
          label,
          spread(
            runs.get(label)!.map(({ accuracy }) => accuracy[Math.min(4, xs.length - 1)]!),
            percent,
          ),
          spread(runs.get(label)!.map(final), percent),
          spread(
            runs.get(label)!.map((run) => run.drift),
            (value) => value.toFixed(2),
          ),
        ]),
      },
      figure: {
        name: "batch-norm",
        alt: "Test accuracy against steps with and without batch norm; percentiles of a unit's input over the same steps",
        charts: [
          {
            kind: "lines",
            title: "Test accuracy",
            x: "training step",
            y: "test accuracy, %",
            lines: ARMS.map(([label, tone]) =>
              overSeeds(
                label,
                tone,
                xs,
                runs.get(label)!.map(({ accuracy }) => accuracy.map((share) => 100 * share)),
              ),
            ),
          },
          ...[without, with_].map((list, i) => ({
            kind: "lines" as const,
            title: i === 0 ? "A unit's input, without" : "A unit's input, with batch norm",
            x: "training step",
            y: "input of the sigmoid",
            lines: percentileLines(list[0]!, xs, i === 0 ? "second" : "first"),
          })),
        ],
      },
    };
  },
};

function percentilesOf(values: readonly number[]): number[] {
  return PERCENTILES.map((percent) => percentile(values, percent));
}

/** From the least to the greatest that the median was, in mean distances between the outer percentiles. */
function drift(looks: readonly (readonly (readonly number[])[])[], every: number): number {
  const first = Math.ceil(SETTLED / every) - 1;
  const settled = first < looks.length - 1 ? looks.slice(first) : looks;
  const units = Array.from({ length: UNITS }, (_, unit) => {
    const medians = settled.map((units) => units[unit]![1]!);
    const width = settled.reduce((sum, units) => sum + units[unit]![2]! - units[unit]![0]!, 0) / settled.length;
    return (Math.max(...medians) - Math.min(...medians)) / width;
  });
  return median(units);
}

/** How many looks it took; more than all, where it never was as good. */
function reachedAt({ accuracy }: Run, bar: number): number {
  const at = accuracy.findIndex((value) => value >= bar);
  return at < 0 ? accuracy.length + 1 : at + 1;
}

function percentileLines({ inputs }: Run, xs: readonly number[], tone: Tone): Line[] {
  return PERCENTILES.map((percent, i) => ({
    label: `${percent} %`,
    tone: percent === 50 ? tone : "faint",
    points: inputs.map((values, look) => [xs[look]!, rounded(values[i]!)] as const),
  }));
}
