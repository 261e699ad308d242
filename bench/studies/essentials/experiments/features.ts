import { adam, dense, dropout, type LayerSpec, type Model } from "lanewise";
import { above, atLeast, type Experiment } from "../experiment.js";
import { classifier } from "../network.js";
import { median, percent, spread, whole } from "../numbers.js";

const UNITS = 64;
const ROWS = 10_000;
const EPOCHS = 20;
const BATCH = 64;
const SHOWN = 12;

const ARMS = ["plain", "with dropout"] as const;
type Arm = (typeof ARMS)[number];

function layersOf(arm: Arm): LayerSpec[] {
  const hidden = (i: number) => dense(UNITS, { activation: "relu", kernelInitializer: "heNormal", name: `hidden${i}` });
  return arm === "plain" ? [hidden(1), hidden(2)] : [dropout(0.2), hidden(1), dropout(0.5), hidden(2), dropout(0.5)];
}

/** Of the first layer, the median over its units. */
interface Look {
  /** Correlation of neighbouring pixels' weights. */
  readonly smooth: number;
  /** Share of the squares of a unit's weights that the best window of a quarter of the picture holds. */
  readonly local: number;
}

export const features: Experiment = {
  name: "features",
  title: "What the first layer learned",
  claim:
    "The units of the first layer become detectors of strokes and edges: weights that are smooth and local, which they are not at the start; with dropout, more clearly.",
  source:
    "Y. LeCun, Y. Bengio and G. Hinton 2015, *Deep learning*, Nature 521; dropout: Srivastava et al. 2014, JMLR 15, section 7.1 and figure 7 (there in an autoencoder)",
  text: `A unit of the first layer has one weight for each pixel, so its weights are a picture of what it looks for: it answers most to an image that is bright where they are
positive (blue) and dark where they are negative (orange). Nothing tells a dense layer which pixels are neighbours; if neighbours get like weights, it has learned that from the
images. Smoothness is measured as the correlation of neighbouring pixels' weights, locality as the share of a unit's squared weights within the best window of a quarter of the picture (which
holds a quarter of them, and a little more by choice, if they are spread evenly). Only pixels that are not the same in all images count: at the others the weights are never moved.
Each picture is scaled by its own largest weight.`,
  async run({ data, seeds, rows, epochs, say }) {
    const train = data.train(rows(ROWS));
    const alive = varying(train.x, data.side ** 2);
    const looks = { start: [] as Look[], plain: [] as Look[], "with dropout": [] as Look[] };
    const pictures: { title: string; pictures: number[][] }[] = [];
    for (const seed of seeds) {
      for (const arm of ARMS) {
        const network = await classifier(data, layersOf(arm), { seed, optimizer: adam() });
        const keep = (title: string) => {
          if (seed === seeds[0]) pictures.push({ title, pictures: picturesOf(network, alive).slice(0, SHOWN) });
        };
        if (arm === "plain") {
          looks.start.push(lookAt(network, alive, data.side));
          keep("At the start");
        }
        await network.fit(train.x, train.y, { epochs: epochs(EPOCHS), batchSize: BATCH });
        looks[arm].push(lookAt(network, alive, data.side));
        keep(arm === "plain" ? "Trained" : "Trained with dropout");
      }
      say(`seed ${seed}`);
    }
    const of = (look: keyof typeof looks, which: keyof Look) => looks[look].map((seen) => seen[which]);
    const gain = (better: keyof typeof looks, worse: keyof typeof looks, which: keyof Look) =>
      of(better, which).map((value, i) => value - of(worse, which)[i]!);
    const decimals = (value: number) => value.toFixed(2).replace("-", "−");
    return {
      setup: `2 × ${UNITS} ReLU units, ${whole(train.y.length)} images, ${epochs(EPOCHS)} epochs of Adam in batches of ${BATCH}; dropout 0.2 of the inputs and 0.5 of the units`,
      parts: [
        {
          says: "trained: smoothness above that at the start by",
          values: gain("plain", "start", "smooth"),
          ...atLeast(0.2, decimals),
        },
        {
          says: "trained: share of the weights within a quarter of the picture",
          values: of("plain", "local"),
          ...atLeast(0.5, percent),
        },
        {
          says: "smoothness, with dropout minus without",
          values: gain("with dropout", "plain", "smooth"),
          ...above(0, decimals),
        },
        {
          says: "locality, with dropout minus without",
          values: gain("with dropout", "plain", "local"),
          ...above(0, decimals),
        },
      ],
      table: {
        head: ["", "smoothness (correlation of neighbours)", "locality (share in the best quarter)"],
        rows: (["start", "plain", "with dropout"] as const).map((look) => [
          look === "start" ? "at the start" : `trained, ${look}`,
          spread(of(look, "smooth"), decimals),
          spread(of(look, "local"), percent),
        ]),
      },
      figure: {
        name: "features",
        alt: `The weights of the first ${SHOWN} units as pictures: at the start, trained, and trained with dropout`,
        charts: pictures.map((shown) => ({ kind: "pictures", side: data.side, columns: 4, ...shown })),
      },
    };
  },
};

/** Whether a pixel differs between any two images. */
function varying(x: Uint8Array, pixels: number): boolean[] {
  const found = Array.from({ length: pixels }, () => false);
  x.forEach((value, i) => {
    if (value !== x[i % pixels]) found[i % pixels] = true;
  });
  return found;
}

/** A unit's weights, 0 where the pixel never varies. */
function picturesOf(network: Model, alive: readonly boolean[]): number[][] {
  const { data } = network.getWeights().get("hidden1/kernel")!;
  return Array.from({ length: UNITS }, (_, unit) => alive.map((counts, p) => (counts ? data[p * UNITS + unit]! : 0)));
}

function lookAt(network: Model, alive: readonly boolean[], side: number): Look {
  const pictures = picturesOf(network, alive);
  return {
    smooth: median(pictures.map((picture) => neighbours(picture, alive, side))),
    local: median(pictures.map((picture) => bestQuarter(picture, side))),
  };
}

/** Pearson's correlation over all pairs side by side or one above the other. */
function neighbours(picture: readonly number[], alive: readonly boolean[], side: number): number {
  let [n, a, b, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  const pair = (p: number, q: number) => {
    if (!alive[p] || !alive[q]) return;
    const [u, v] = [picture[p]!, picture[q]!];
    n++;
    a += u;
    b += v;
    aa += u * u;
    bb += v * v;
    ab += u * v;
  };
  for (let p = 0; p < side * side; p++) {
    if (p % side < side - 1) pair(p, p + 1);
    if (p + side < side * side) pair(p, p + side);
  }
  return (n * ab - a * b) / Math.sqrt((n * aa - a * a) * (n * bb - b * b));
}

/** The window has half the picture's edge. */
function bestQuarter(picture: readonly number[], side: number): number {
  const half = side / 2;
  const squares = picture.map((value) => value * value);
  let best = 0;
  for (let top = 0; top <= side - half; top++) {
    for (let left = 0; left <= side - half; left++) {
      let sum = 0;
      for (let y = top; y < top + half; y++) for (let x = left; x < left + half; x++) sum += squares[y * side + x]!;
      best = Math.max(best, sum);
    }
  }
  return best / squares.reduce((sum, value) => sum + value, 0);
}
