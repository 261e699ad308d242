// Functions of one number: activations, losses, penalties, schedules.

import * as lanewise from "../../../src/index.js";
import { activation, dense, type Regularizer, type Schedule, sequential, sgd } from "../../../src/index.js";
import { ACTIVATIONS } from "../../../src/activations/table.js";
import { LOSSES, type LossName } from "../../../src/losses/table.js";
import { type Chart, type Figures, type Point, range, rounded } from "./chart.js";
import { probe } from "./probe.js";

// ── Activations ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A power of two: the mean absolute error divides by it, exactly. */
const POINTS = 128;
const ACTIVATION_SPAN: Readonly<Record<string, Point>> = { exponential: [-3, 1.5], relu6: [-3, 9] };
/** No output comes near: the gradient of |ŷ − y| is 1, or −1, by each output. */
const FAR = 1e6;

export const activationFigures: Figures = {
  alt: (name) => (name === "linear" ? undefined : `${name} and its derivative`),
  async chart(name) {
    const xs = range(...(ACTIVATION_SPAN[name] ?? [-5, 5]), POINTS);
    const elementwise = typeof ACTIVATIONS.rows[name as keyof typeof ACTIVATIONS.rows].op !== "string";
    const { ys, slopes } = await (elementwise ? elementwiseCurve : rowCurve)(name, xs);
    const x = elementwise ? "x" : "x of the first of two, the other 0";
    return curves(x, xs, { [name]: ys, derivative: slopes });
  },
};

interface Curve {
  readonly ys: ArrayLike<number>;
  readonly slopes: ArrayLike<number>;
}

async function elementwiseCurve(name: string, xs: readonly number[]): Promise<Curve> {
  const { set, outputs, loss } = await probe(POINTS, [activation(name as lanewise.Activation)], "meanAbsoluteError");
  set(xs);
  const { gradient } = loss(new Float32Array(POINTS).fill(-FAR));
  return { ys: outputs(), slopes: gradient.map((slope) => slope * POINTS) };
}

/** Of a function of a whole row: its first output by its first input. */
async function rowCurve(name: string, xs: readonly number[]): Promise<Curve> {
  const { set, outputs, loss } = await probe(2, [activation(name as lanewise.Activation)], "meanAbsoluteError");
  const ys = xs.map((x) => (set([x, 0]), outputs()[0]!));
  const slopes = xs.map((x) => {
    set([x, 0]);
    const both = loss(Float32Array.of(-FAR, -FAR)).gradient[0]!; // half of the sum of both outputs' slopes
    const apart = loss(Float32Array.of(-FAR, FAR)).gradient[0]!; // half of their difference
    return both + apart;
  });
  return { ys, slopes };
}

// ── Losses ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A line through the outputs, along which loss and slope are drawn. */
interface Path {
  readonly x: string;
  readonly span: Point;
  readonly targets: readonly number[];
  readonly outputs: (t: number) => readonly number[];
  /** Of the outputs, by t. */
  readonly tangent?: (t: number) => readonly number[];
}

const ERROR_PATH: Path = { x: "ŷ − y", span: [-3, 3], targets: [0], outputs: (t) => [t] };

const PATH_OF_CLASSES: Readonly<Record<string, Path>> = {
  binary: { x: "logit, where y = 1", span: [-5, 5], targets: [1], outputs: (t) => [t] },
  sign: { x: "ŷ, where y = 1", span: [-3, 3], targets: [1], outputs: (t) => [t] },
  label: { x: "logit of the right class of two, the other's 0", span: [-5, 5], targets: [0], outputs: (t) => [t, 0] },
  oneHot: {
    x: "score of the right class of two, the other's 0",
    span: [-5, 5],
    targets: [1, 0],
    outputs: (t) => [t, 0],
  },
};

/** Those whose outputs are no scores and no differences. */
const OWN_PATH: Partial<Record<LossName, Path>> = {
  poisson: { x: "ŷ, where y = 2", span: [0.2, 6], targets: [2], outputs: (t) => [t] },
  kullbackLeiblerDivergence: {
    x: "p of the first of two, where y = 0.7",
    span: [0.15, 0.95],
    targets: [0.7, 0.3],
    outputs: (t) => [t, 1 - t],
    tangent: () => [1, -1],
  },
  cosineSimilarity: {
    x: "angle between ŷ and y, in radians",
    span: [-3, 3],
    targets: [1, 0],
    outputs: (t) => [Math.cos(t), Math.sin(t)],
    tangent: (t) => [-Math.sin(t), Math.cos(t)],
  },
};

export const lossFigures: Figures = {
  alt: (name) => `${name} and its gradient`,
  async chart(name) {
    const { classes, link } = LOSSES.rows[name as LossName];
    const path = OWN_PATH[name as LossName] ?? (classes ? PATH_OF_CLASSES[classes]! : ERROR_PATH);
    const layers = link ? [activation(link)] : [];
    const { set, loss } = await probe(path.outputs(1).length, layers, name as LossName);
    const ts = range(...path.span, 121);
    const figures = ts.map((t) => {
      set(path.outputs(t));
      const { loss: value, gradient } = loss(Float32Array.from(path.targets));
      const tangent = path.tangent?.(t) ?? [1];
      return [value, tangent.reduce((sum, along, i) => sum + along * gradient[i]!, 0)] as const;
    });
    const [values, slopes] = [figures.map(([value]) => value), figures.map(([, slope]) => slope)];
    return curves(path.x, ts, { loss: values, gradient: slopes });
  },
};

// ── Regularizers ────────────────────────────────────────────────────────────────────────────────────────────────────

const REGULARIZER_SETTINGS: Readonly<Record<string, Regularizer>> = { l1l2: lanewise.l1l2({ l1: 0.01, l2: 0.01 }) };

export const regularizerFigures: Figures = {
  alt: (name) => `the penalty ${name} and its gradient`,
  async chart(name) {
    const kernelRegularizer = REGULARIZER_SETTINGS[name] ?? (name as Regularizer);
    const layer = dense(1, { kernelRegularizer, useBias: false, name: "w" });
    const model = await sequential({ inputShape: 1, layers: [layer], seed: 0 });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const zero = Float32Array.of(0); // the output and its target: all that is left of the loss is the penalty
    const ws = range(-1.5, 1.5, 121);
    const figures = ws.map((w) => {
      model.setWeights(new Map([["w/kernel", { data: Float32Array.of(w), shape: [1, 1] }]]));
      const slope = model.gradients(zero, zero).get("w/kernel")!.data[0]!;
      return [model.trainOnBatch(zero, zero).loss!, slope] as const;
    });
    const [values, slopes] = [figures.map(([value]) => value), figures.map(([, slope]) => slope)];
    return curves("w", ws, { penalty: values, gradient: slopes });
  },
};

// ── Schedules ───────────────────────────────────────────────────────────────────────────────────────────────────────

const STEPS = 1000;
const EVERY = 5;

const SCHEDULE_SETTINGS: Readonly<Record<string, readonly (readonly [label: string, schedule: Schedule])[]>> = {
  exponentialDecay: [
    ["decayRate 0.5, decaySteps 200", lanewise.exponentialDecay(decay(0.5))],
    ["staircase", lanewise.exponentialDecay({ ...decay(0.5), staircase: true })],
  ],
  inverseTimeDecay: [
    ["decayRate 1, decaySteps 200", lanewise.inverseTimeDecay(decay(1))],
    ["staircase", lanewise.inverseTimeDecay({ ...decay(1), staircase: true })],
  ],
  polynomialDecay: [
    ["power 1", lanewise.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 800 })],
    ["power 2", lanewise.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 800, power: 2 })],
    ["cycle", lanewise.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 300, cycle: true })],
  ],
  piecewiseConstant: [
    ["boundaries 300, 700", lanewise.piecewiseConstant({ boundaries: [300, 700], values: [0.1, 0.05, 0.01] })],
  ],
  cosineDecay: [
    ["decaySteps 800", lanewise.cosineDecay({ initialLearningRate: 0.1, decaySteps: 800 })],
    [
      "warmupSteps 200, alpha 0.1",
      lanewise.cosineDecay({
        initialLearningRate: 0,
        warmupTarget: 0.1,
        warmupSteps: 200,
        decaySteps: 800,
        alpha: 0.1,
      }),
    ],
  ],
  oneCycle: [
    ["cos", lanewise.oneCycle({ maxLearningRate: 0.1, totalSteps: STEPS })],
    ["linear", lanewise.oneCycle({ maxLearningRate: 0.1, totalSteps: STEPS, annealStrategy: "linear" })],
  ],
  warmup: [
    ["after 0.1", lanewise.warmup({ steps: 200, after: 0.1 })],
    ["after cosineDecay", lanewise.warmup({ steps: 200, after: lanewise.cosineDecay({ initialLearningRate: 0.1, decaySteps: 800 }) })], // prettier-ignore
  ],
};

function decay(decayRate: number) {
  return { initialLearningRate: 0.1, decaySteps: 200, decayRate };
}

const TONES = ["first", "second", "third"] as const;

export const scheduleFigures: Figures = {
  alt: (name) => (name in SCHEDULE_SETTINGS ? `the rate of ${name} by step` : undefined),
  async chart(name): Promise<Chart> {
    const lines = await Promise.all(
      SCHEDULE_SETTINGS[name]!.map(async ([label, schedule], i) => {
        return { kind: "line", points: await rates(schedule), tone: TONES[i]!, label } as const;
      }),
    );
    return { x: "step", y: "rate", yDomain: [0, 0.1], marks: lines };
  },
};

/** What SGD takes from a weight whose gradient is 1, step for step: the rate that the kernel computed. */
async function rates(schedule: Schedule): Promise<Point[]> {
  const model = await sequential({ inputShape: 1, layers: [dense(1, { useBias: false, name: "w" })], seed: 0 });
  model.compile({ optimizer: sgd({ learningRate: schedule }), loss: "meanSquaredError" });
  const weights = new Map([["w/kernel", { data: Float32Array.of(0), shape: [1, 1] }]]);
  const gradients = new Map([["w/kernel", { data: Float32Array.of(-1), shape: [1, 1] }]]);
  const points: Point[] = [];
  for (let step = 0; step < STEPS; step++) {
    model.setWeights(weights);
    model.applyGradients(gradients);
    if (step % EVERY === 0) points.push([step, rounded(model.getWeights().get("w/kernel")!.data[0]!)]);
  }
  return points;
}

/** A function, and dashed over it its slope. */
function curves(x: string, xs: readonly number[], lines: Readonly<Record<string, ArrayLike<number>>>): Chart {
  const marks = Object.entries(lines).map(([label, ys], i) => {
    const line = { kind: "line", points: pairs(xs, ys), tone: TONES[i]!, label } as const;
    return i === 0 ? line : ({ ...line, dashed: true } as const);
  });
  return { x, marks };
}

/** Those that are finite. */
function pairs(xs: readonly number[], ys: ArrayLike<number>): Point[] {
  return xs.map((x, i) => [x, rounded(ys[i]!)] as const).filter(([, y]) => Number.isFinite(y));
}
