import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { resolve } from "../../src/family.js";
import { dense, type Loss, losses, metrics as factories, sequential, sgd } from "../../src/index.js";
import { type MetricName, METRICS } from "../../src/metrics/index.js";
import { METRICS as KERAS } from "../golden/keras.js";
import { noise } from "../model/helpers.js";
import { type Kind, METRICS as TWINS } from "../reference/metrics.js";
import { rowsOf } from "../reference/softmax.js";
import type { FamilyUnderTest, Figures, Member, Size } from "./suite.js";

interface Golden {
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  readonly figures: Readonly<Record<string, number | number[][]>>;
}
/** scikit-learn's: make_metrics.py. */
const { classes, binary, regression } = JSON.parse(
  readFileSync(new URL("../golden/metrics.json", import.meta.url), "utf8"),
) as Record<"classes" | "binary" | "regression", Golden>;

/** Of each kind of data a loss that takes outputs as they are. */
const LOSS_OF: Readonly<Record<Kind, Loss>> = {
  labels: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  oneHot: losses.categoricalHinge(),
  binary: losses.poisson(),
  numbers: losses.huber(),
};

/** The metric's figure of `scores`, rows of `width`, by batches of `batchSize`. */
async function evaluated(
  { name, options }: Member,
  kind: Kind,
  data: { scores: ArrayLike<number>; targets: ArrayLike<number>; width: number },
  batchSize = 256,
): Promise<number | number[][]> {
  const { scores, targets, width } = data;
  const model = await sequential({ inputShape: width, layers: [dense(width, { useBias: false })], seed: 1 });
  const kernel = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
  model.setWeights(new Map([["dense/kernel", { data: kernel, shape: [width, width] }]]));
  const metric = resolve(METRICS, { name: name as MetricName, ...options });
  model.compile({ optimizer: "sgd", loss: LOSS_OF[kind], metrics: [metric] });
  const found = await model.evaluate(Float32Array.from(scores), Float32Array.from(targets), { batchSize });
  return found[name] as number | number[][];
}

function expectFigure(found: number | number[][], expected: number | readonly number[][], places: number): void {
  if (typeof expected === "number") expect(found).toBeCloseTo(expected, places);
  else expect(found).toEqual(expected);
}

// ── Kinds of data ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Which kinds of data a metric is tried on: those that its targets allow. */
function kindsOf(name: string): Kind[] {
  const { targets } = METRICS.rows[name as MetricName];
  if (name === "binaryAccuracy" || name === "auc") return ["binary"];
  if (["meanAbsoluteError", "meanSquaredError", "r2Score"].includes(name)) return ["numbers"];
  if (targets === "labels") return ["labels"];
  if (targets === "rows") return ["oneHot"];
  return name === "confusionMatrix" ? ["labels", "oneHot"] : ["labels", "oneHot", "binary"];
}

/** Scores that differ all, beside numbers, labels, one-hot rows, or zeros and ones. */
function dataOf(kind: Kind, { rows, width }: Size) {
  const scores = noise(rows * width, 11).map((value) => (kind === "numbers" ? value * 3 : (value + 1) / 2));
  const label = (row: number) => (row * 3 + 1) % width;
  const y: Record<Kind, () => number[]> = {
    labels: () => Array.from({ length: rows }, (_, i) => label(i)),
    oneHot: () => Array.from({ length: rows * width }, (_, i) => (i % width === label(Math.floor(i / width)) ? 1 : 0)),
    binary: () => Array.from({ length: rows * width }, (_, i) => (i * i + (i >> 1)) % 2),
    numbers: () => Array.from(noise(rows * width, 12), (value) => Math.fround(value * 3)),
  };
  return { scores, targets: y[kind](), width };
}

// ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const oneHot = (labels: readonly number[], width: number) =>
  labels.flatMap((label) => Array.from({ length: width }, (_, j) => (j === label ? 1 : 0)));

interface Place {
  readonly kind: Kind;
  readonly data: Golden;
  readonly width: number;
  readonly key: string;
  readonly options: object;
}

/** Where scikit-learn's figure of a metric stands, and the options that it was made with. */
function goldenOf(name: string): Place[] {
  const threshold = { threshold: 0.625 };
  return kindsOf(name).map((kind) => {
    if (kind === "numbers") return { kind, data: regression, width: 3, key: name, options: {} };
    if (kind === "binary") return { kind, data: binary, width: 1, key: name, options: name === "auc" ? {} : threshold };
    const isTopK = /topK/i.test(name);
    const key = isTopK ? "topK" : name.endsWith("Accuracy") ? "accuracy" : name;
    return { kind, data: classes, width: 7, key, options: isTopK ? { k: 3 } : {} };
  });
}

function figures(name: string): Figures[] {
  const ofSklearn = goldenOf(name)
    .filter(({ data, key }) => data.figures[key] !== undefined)
    .map(({ kind, data, width, key, options }) => ({
      source: `scikit-learn: ${kind} ${JSON.stringify(options)}`,
      async check() {
        const targets = kind === "oneHot" ? oneHot(data.labels, width) : data.labels;
        for (const batchSize of [1, 8, 64]) {
          const found = await evaluated({ name, options }, kind, { scores: data.scores, targets, width }, batchSize);
          expectFigure(found, data.figures[key]!, name.startsWith("mean") ? 6 : 10);
        }
      },
    }));
  const ofKeras = (KERAS[name] ?? []).map(({ test, kind, options = {}, predictions, targets, value, places }) => ({
    source: `Keras's ${test}`,
    async check() {
      const data = { scores: predictions.flat(), targets: targets.flat(), width: predictions[0]!.length };
      expectFigure(await evaluated({ name, options }, kind, data), value, places);
    },
  }));
  return [...ofSklearn, ...ofKeras];
}

export const metricFamily: FamilyUnderTest = {
  kind: METRICS.kind,
  names: Object.keys(METRICS.rows),
  naming: {
    family: METRICS,
    resolve: (given) => resolve(METRICS, given as MetricName),
    module: factories,
    grouped: ["meanAbsoluteError", "meanSquaredError"], // these names are the losses'
  },
  files: {
    cases: "src/metrics/index.ts: its options",
    twin: "test/reference/metrics.ts (METRICS)",
    figures: "test/golden/make_metrics.py, and run it",
  },
  /** Defaults; then each number that it takes, another. */
  cases(name) {
    const { options } = METRICS.rows[name as MetricName];
    return [
      {},
      ...("threshold" in options && kindsOf(name).includes("binary") ? [{ threshold: 0.25 }] : []),
      ...("k" in options ? [{ k: 2 }] : []),
      ...("numThresholds" in options ? [{ numThresholds: 3 }] : []),
    ];
  },
  differentiable: false,
  hasTwin: (name) => name in TWINS,
  figures,

  async follows(member, size) {
    const kinds = kindsOf(member.name).filter((kind) => !("threshold" in member.options) || kind === "binary");
    for (const kind of kinds) {
      const data = dataOf(kind, size);
      const targets = rowsOf(data.targets, data.targets.length / size.rows);
      const twin = TWINS[member.name as MetricName];
      const expected = twin(rowsOf(data.scores, size.width), targets, kind, member.options);
      expectFigure(await evaluated(member, kind, data, 2), expected, member.name.startsWith("mean") ? 5 : 10);
    }
  },

  /** Trained with the metric beside the loss; no gradient goes through it. */
  async network({ name, options }, { rows, width }) {
    const kinds = kindsOf(name);
    const kind = "threshold" in options ? "binary" : kinds[0]!;
    const positive = kind === "binary";
    const layers = [dense(4, { activation: "tanh" }), dense(width, { activation: positive ? "sigmoid" : "linear" })];
    const model = await sequential({ inputShape: 3, layers, seed: 5 });
    const metric = resolve(METRICS, { name: name as MetricName, ...options });
    model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: LOSS_OF[kind], metrics: [metric] });
    return { model, x: noise(rows * 3, 31), y: Float32Array.from(dataOf(kind, { rows, width }).targets) };
  },
};
