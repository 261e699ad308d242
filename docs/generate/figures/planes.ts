// What happens to two numbers at once: to weights, to gradients, to the point that an optimizer moves. And to many: initializers.

import * as lanewise from "../../../src/index.js";
import {
  type Clip,
  type Constraint,
  dense,
  type Initializer,
  type Optimizer,
  sequential,
  sgd,
} from "../../../src/index.js";
import { type Chart, type Figures, type Mark, type Point, rings, rounded } from "./chart.js";

// ── Constraints ─────────────────────────────────────────────────────────────────────────────────────────────────────

const CONSTRAINT_SETTINGS: Readonly<Record<string, readonly [note: string, constraint: Constraint]>> = {
  maxNorm: ["maxNorm(1)", lanewise.maxNorm(1)],
  unitNorm: ["unitNorm()", lanewise.unitNorm()],
  nonNeg: ["nonNeg()", lanewise.nonNeg()],
  minMaxNorm: ["minMaxNorm({ minValue: 0.6, maxValue: 1.2 })", lanewise.minMaxNorm({ minValue: 0.6, maxValue: 1.2 })],
};

export const constraintFigures: Figures = {
  alt: (name) => (name in CONSTRAINT_SETTINGS ? `where ${name} brings the weights into a unit` : undefined),
  async chart(name) {
    const [note, kernelConstraint] = CONSTRAINT_SETTINGS[name]!;
    const before = rings([0.35, 0.9, 1.7], 12);
    const n = before.length;
    const layer = dense(n, { kernelConstraint, useBias: false, name: "w" });
    const model = await sequential({ inputShape: 2, layers: [layer], seed: 0 });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const kernel = Float32Array.from({ length: 2 * n }, (_, i) => before[i % n]![i < n ? 0 : 1]);
    model.setWeights(new Map([["w/kernel", { data: kernel, shape: [2, n] }]]));
    model.applyGradients(new Map([["w/kernel", { data: new Float32Array(2 * n), shape: [2, n] }]]));
    const after = model.getWeights().get("w/kernel")!.data;
    const arrows = before.map((from, i) => ({ from, to: [rounded(after[i]!), rounded(after[n + i]!)] as const }));
    return plane({
      x: "first weight of a column",
      y: "second weight",
      note,
      marks: [{ kind: "arrows", arrows, tone: "first" }],
    });
  },
};

// ── Clipping ────────────────────────────────────────────────────────────────────────────────────────────────────────

const CLIPS: Readonly<Record<string, (v: number) => Clip>> = {
  clipByValue: lanewise.clipByValue,
  clipByNorm: lanewise.clipByNorm,
  clipByGlobalNorm: lanewise.clipByGlobalNorm,
};

export const clippingFigures: Figures = {
  alt: (name) => (name in CLIPS ? `where ${name}(1) brings gradients` : undefined),
  async chart(name) {
    // The two numbers are one variable, or where all count as one, two.
    const apart = name === "clipByGlobalNorm";
    const layer = dense(1, { kernelInitializer: "zeros", useBias: apart, name: "w" });
    const model = await sequential({ inputShape: apart ? 1 : 2, layers: [layer], seed: 0 });
    model.compile({ optimizer: sgd({ learningRate: 1 }), loss: "meanSquaredError", clip: CLIPS[name]!(1) });
    const weights = (a: number, b: number) =>
      apart
        ? new Map([["w/kernel", array([a], [1, 1])], ["w/bias", array([b], [1])]]) // prettier-ignore
        : new Map([["w/kernel", array([a, b], [2, 1])]]);
    const arrows = rings([0.6, 1.2, 1.8], 16).map((from) => {
      model.setWeights(weights(0, 0));
      model.applyGradients(weights(...from));
      const [x, y] = [...model.getWeights().values()].flatMap(({ data }) => [...data]);
      return { from, to: [rounded(-x!), rounded(-y!)] as const };
    });
    const [x, y] = apart
      ? ["gradient of a kernel", "gradient of a bias"]
      : ["gradient of kernel[0]", "gradient of kernel[1]"];
    return plane({ x: x!, y: y!, note: `${name}(1)`, marks: [{ kind: "arrows", arrows, tone: "first" }] });
  },
};

function array(values: readonly number[], shape: number[]) {
  return { data: Float32Array.from(values), shape };
}

function plane(chart: Chart): Chart {
  return { xDomain: [-1.8, 1.8], yDomain: [-1.8, 1.8], square: true, ...chart };
}

// ── Optimizers ──────────────────────────────────────────────────────────────────────────────────────────────────────

// All walk down the same long valley, f(x, y) = x²/20 + y², from (−7, 2) to its ground at (0, 0).
const START: Point = [-7, 2];
const slopeAt = ([x, y]: Point): Point => [x / 10, 2 * y];
const PATH_STEPS = 40;

const { sgd: SGD, adagrad, adadelta, rmsprop, adam, adamW, nadam, adamax, lion } = lanewise;
const OPTIMIZER_SETTINGS: Readonly<Record<string, readonly (readonly [label: string, optimizer: Optimizer])[]>> = {
  sgd: [
    ["rate 0.9", SGD({ learningRate: 0.9 })],
    ["0.1, momentum 0.9", SGD({ learningRate: 0.1, momentum: 0.9 })],
    ["0.1, Nesterov", SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ],
  adagrad: [["rate 1.5", adagrad({ learningRate: 1.5 })]],
  adadelta: [["rate 100", adadelta({ learningRate: 100 })]],
  rmsprop: [
    ["rate 0.3", rmsprop({ learningRate: 0.3 })],
    ["0.05, momentum 0.9", rmsprop({ learningRate: 0.05, momentum: 0.9 })],
  ],
  adam: [
    ["rate 0.5", adam({ learningRate: 0.5 })],
    ["rate 0.2", adam({ learningRate: 0.2 })],
  ],
  adamW: [
    ["rate 0.5", adamW({ learningRate: 0.5 })],
    ["weightDecay 0.1", adamW({ learningRate: 0.5, weightDecay: 0.1 })],
  ],
  nadam: [["rate 0.5", nadam({ learningRate: 0.5 })]],
  adamax: [["rate 0.5", adamax({ learningRate: 0.5 })]],
  lion: [["rate 0.2", lion({ learningRate: 0.2 })]],
};
const PATH_TONES = ["first", "second", "third"] as const;

export const optimizerFigures: Figures = {
  alt: (name) => (name in OPTIMIZER_SETTINGS ? `${PATH_STEPS} steps of ${name} down a long valley` : undefined),
  async chart(name): Promise<Chart> {
    const paths = await Promise.all(
      OPTIMIZER_SETTINGS[name]!.map(async ([label, optimizer], i): Promise<Mark> => {
        return { kind: "path", points: await walk(optimizer), tone: PATH_TONES[i]!, label };
      }),
    );
    const heights = [0.1, 0.5, 1.5, 3, 5, 7.5];
    const contours = heights.map((height) => ({ kind: "line", points: ellipse(height), tone: "faint" }) as const);
    return { x: "x", y: "y", xDomain: [-8, 4], yDomain: [-3, 3], square: true, marks: [...contours, ...paths] };
  },
};

async function walk(optimizer: Optimizer): Promise<Point[]> {
  const model = await sequential({ inputShape: 2, layers: [dense(1, { useBias: false, name: "w" })], seed: 0 });
  model.compile({ optimizer, loss: "meanSquaredError" });
  model.setWeights(new Map([["w/kernel", array(START, [2, 1])]]));
  const points: Point[] = [START];
  for (let step = 0; step < PATH_STEPS; step++) {
    model.applyGradients(new Map([["w/kernel", array(slopeAt(points.at(-1)!), [2, 1])]]));
    const [x, y] = model.getWeights().get("w/kernel")!.data;
    points.push([rounded(x!), rounded(y!)]);
  }
  return points;
}

/** Where f is `height`. */
function ellipse(height: number): Point[] {
  const circle = rings([1], 48);
  return [...circle, circle[0]!].map(([x, y]) => [rounded(x * Math.sqrt(20 * height)), rounded(y * Math.sqrt(height))]);
}

// ── Initializers ────────────────────────────────────────────────────────────────────────────────────────────────────

const FAN_IN = 256;
const FAN_OUT = 128;
/** Widest that any of them goes. */
const LIMIT = 0.25;
const BINS = 50;

/** All one number, or what stands for another. */
const PLAIN = new Set(["zeros", "ones", "constant", "identity", "auto"]);

export const initializerFigures: Figures = {
  alt: (name) => (PLAIN.has(name) ? undefined : `what ${name} draws for ${FAN_IN} inputs and ${FAN_OUT} units`),
  async chart(name) {
    const layer = dense(FAN_OUT, { kernelInitializer: name as Initializer, useBias: false, name: "w" });
    const model = await sequential({ inputShape: FAN_IN, layers: [layer], seed: 1 });
    const values = model.getWeights().get("w/kernel")!.data;
    const width = (2 * LIMIT) / BINS;
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) {
      const bin = Math.floor((value + LIMIT) / width);
      if (bin >= 0 && bin < BINS) counts[bin]!++;
    }
    const bars = counts.map((count, i) => ({
      from: rounded(-LIMIT + i * width),
      to: rounded(-LIMIT + (i + 1) * width),
      height: rounded(count / values.length / width),
    }));
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    return {
      x: "weight",
      y: "density",
      note: `fanIn ${FAN_IN}, fanOut ${FAN_OUT}: standard deviation ${deviation.toFixed(4)}`,
      xDomain: [-LIMIT, LIMIT],
      marks: [{ kind: "bars", bars: bars.filter(({ height }) => height > 0), tone: "first" }],
    };
  },
};
