// Metrics in training, metrics of one's own, what is refused, and the kernels that count against their twins. What each
// metric says of given data: families.test.ts.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, dense, loadModel, losses, type Loss, type Metric, metrics, sequential } from "../../src/index.js";
import { METRICS } from "../../src/metrics/index.js";
import { kernels } from "../kernels/harness.js";
import * as twins from "../reference/metrics.js";
import { rowsOf } from "../reference/softmax.js";

interface Figures {
  labels: number[];
  scores: number[];
  figures: Record<string, number> & { confusionMatrix?: number[][] };
}
const file = readFileSync(new URL("../golden/metrics.json", import.meta.url), "utf8");
const { classes, binary, regression } = JSON.parse(file) as Record<"classes" | "binary" | "regression", Figures>;
const ROWS = 53;

/** A network whose outputs are its inputs. */
async function identity(width: number, loss: Loss, asked: readonly Metric[]) {
  const model = await sequential({ inputShape: width, layers: [dense(width, { useBias: false })], seed: 1 });
  const kernel = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
  model.setWeights(new Map([["dense/kernel", { data: kernel, shape: [width, width] }]]));
  model.compile({ optimizer: "sgd", loss, metrics: asked });
  return model;
}
const oneHot = (labels: number[], width: number) =>
  Float32Array.from({ length: labels.length * width }, (_, i) => (labels[Math.floor(i / width)] === i % width ? 1 : 0));

const { precision, recall, f1Score, auc, confusionMatrix, binaryAccuracy } = metrics;
const counted = [metrics.accuracy(), precision(), recall(), f1Score(), confusionMatrix()];
const { topK, ...ofClasses } = classes.figures;
const threshold = { threshold: 0.625 };

const CASES = [
  {
    name: "labels",
    width: 7,
    data: classes,
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    asked: [...counted, metrics.sparseTopKCategoricalAccuracy({ k: 3 }), "sparseCategoricalAccuracy"],
    y: Float32Array.from(classes.labels),
    figures: { ...ofClasses, sparseTopKCategoricalAccuracy: topK, sparseCategoricalAccuracy: ofClasses.accuracy },
  },
  {
    name: "one-hot rows",
    width: 7,
    data: classes,
    loss: losses.categoricalHinge(),
    asked: [...counted, metrics.topKCategoricalAccuracy({ k: 3 }), "categoricalAccuracy"],
    y: oneHot(classes.labels, 7),
    figures: { ...ofClasses, topKCategoricalAccuracy: topK, categoricalAccuracy: ofClasses.accuracy },
  },
  {
    name: "yes and no",
    width: 1,
    data: binary,
    loss: losses.poisson(), // of outputs that are probabilities as they are
    asked: [binaryAccuracy(threshold), precision(threshold), recall(threshold), f1Score(threshold), auc()],
    y: Float32Array.from(binary.labels),
    figures: binary.figures,
  },
  {
    name: "regression",
    width: 3,
    data: regression,
    loss: losses.huber(),
    asked: ["meanAbsoluteError", "meanSquaredError", "r2Score"],
    y: Float32Array.from(regression.labels),
    figures: regression.figures,
  },
] as const;

describe.each(CASES)("in training: $name", ({ width, data, loss, asked, y, figures }) => {
  const x = Float32Array.from(data.scores);

  it("each epoch begins anew", async () => {
    const model = await identity(width, loss, asked as readonly Metric[]);
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: ROWS, validationData: [x, y], shuffle: false });
    const numbers = Object.keys(figures).filter((name) => name !== "confusionMatrix");
    expect(Object.keys(history).sort()).toEqual(
      ["loss", "val_loss", ...numbers.flatMap((n) => [n, `val_${n}`])].sort(),
    );
    // The first epoch's validation sees the weights that the second epoch's only batch begins with.
    for (const name of numbers) expect(history[name]![1]).toBeCloseTo(history[`val_${name}`]![0]!, 9);
  });
});

it("a class that neither labels nor predictions hold counts in no mean", async () => {
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  const model = await identity(4, loss, [precision(), recall(), f1Score()]);
  // scikit-learn's precision_score([0, 1, 1, 3], [0, 1, 3, 3], average="macro"), recall_score, f1_score
  const found = await model.evaluate(oneHot([0, 1, 3, 3], 4), [0, 1, 1, 3]);
  expect(found.precision).toBeCloseTo(5 / 6, 12);
  expect(found.recall).toBeCloseTo(5 / 6, 12);
  expect(found.f1Score).toBeCloseTo(7 / 9, 12);
});

it("logits say yes above 0, where their sigmoid says so above one half; a threshold is one of the sigmoid", async () => {
  const loss = losses.binaryCrossentropy({ fromLogits: true });
  const asked = [metrics.accuracy(), precision(), recall(), precision(threshold), auc()];
  const model = await identity(1, loss, asked);
  const found = await model.evaluate(Float32Array.of(-1, 0.25, 0.4, 3, 0.75), [0, 1, 0, 1, 1]);
  expect(found.accuracy).toBeCloseTo(4 / 5, 12);
  expect(found.precision).toBeCloseTo(3 / 4, 12);
  expect(found.recall).toBe(1);
  expect(found.precision_1).toBe(1); // of 3 and 0.75: the sigmoid of ½ is 0.622
  expect(found.auc).toBeCloseTo(5 / 6, 12); // of six pairs of a yes and a no, one stands the wrong way round
});

it("every metric stands in a case above", () => {
  const asked = CASES.flatMap(({ asked: all }) =>
    all.map((metric) => (typeof metric === "string" ? metric : metric.name)),
  );
  expect(Object.keys(METRICS.rows).filter((name) => !(asked as string[]).includes(name))).toEqual([]);
});

describe("metric functions", () => {
  const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const rowsSeen = (labels: readonly unknown[], predictions: readonly number[][]) => {
    expect(predictions).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    expect(labels).toEqual([0, 1, 1, 0]);
    return labels.length;
  };

  it("see all labels and predictions as plain arrays, at an evaluation's end only", async () => {
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    const model = await identity(2, loss, [rowsSeen, "accuracy"]);
    expect(await model.evaluate(x, [0, 1, 1, 0], { batchSize: 3 })).toMatchObject({ rowsSeen: 4, accuracy: 0.5 });
    const greatest = (_: unknown, predictions: readonly number[][]) => Math.max(...predictions.flat());
    model.compile({ optimizer: "sgd", loss, metrics: [greatest] });
    const { history } = await model.fit(x, [0, 1, 1, 0], { epochs: 2, validationSplit: 0.5 });
    expect(Object.keys(history)).toEqual(["loss", "val_loss", "val_greatest"]);
    expect(history.val_greatest).toHaveLength(2);
    expect(() => loadModel(model.toBytes())).not.toThrow();
  });

  it("must return a number", async () => {
    const model = await identity(2, "meanSquaredError", [(() => "good") as unknown as Metric]);
    await expect(model.evaluate(x, x)).rejects.toMatchObject({ code: "config/bad-metric" });
  });
});

describe("what does not fit is refused", () => {
  it.each([
    ["rows for labels", "sparseCategoricalCrossentropy", metrics.auc()],
    ["labels for rows", "meanSquaredError", "sparseCategoricalAccuracy"],
    ["a confusion of numbers", "huber", metrics.confusionMatrix()],
    ["probabilities of a hinge", "hinge", "auc"],
    ["a threshold where the greatest decides", "categoricalHinge", metrics.precision({ threshold: 0.4 })],
    ["a threshold above 1", "poisson", metrics.recall({ threshold: 2 })],
    ["no thresholds", "poisson", metrics.auc({ numThresholds: 1 })],
    ["k of 0", "categoricalHinge", metrics.topKCategoricalAccuracy({ k: 0 })],
    ["accuracy of numbers", "logCosh", "accuracy"],
  ] as [string, Loss, Metric][])("%s", async (_, loss, metric) => {
    const given = loss === "sparseCategoricalCrossentropy" ? losses[loss]({ fromLogits: true }) : loss;
    await expect(identity(2, given, [metric])).rejects.toBeInstanceOf(ConfigError);
  });
});

describe("the kernels that count agree with their twins", () => {
  const score = fc.oneof(
    fc.constantFrom(NaN, 0, 0.5, 1),
    fc.integer({ min: -2, max: 5 }).map((i) => i / 4),
  );
  const problem = fc
    .record({ rows: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 1, max: 9 }) })
    .chain(({ rows, width }) => {
      const sized = { minLength: rows * width, maxLength: rows * width };
      return fc.record({
        width: fc.constant(width),
        scores: fc.array(score, sized),
        targets: fc.array(fc.constantFrom(0, 1), sized),
        labels: fc.array(fc.integer({ min: 0, max: width - 1 }), { minLength: rows, maxLength: rows }),
      });
    });

  it("at odd sizes, with equals and NaN, and add to what is there", () => {
    const { call, f32, reserve, memory, reset, readF32 } = kernels();
    fc.assert(
      fc.property(problem, ({ width, scores, targets, labels }) => {
        reset();
        const n = scores.length;
        const [s, t, l] = [f32(scores, 4), f32(targets, 12), f32(labels, 8)];
        const rows = rowsOf(scores, width);
        const targetRows = rowsOf(targets, width);
        /** Runs a kernel on counts of 1 with a guard of 7 at either end. */
        const counts = (length: number, kernel: (at: number) => void): number[] => {
          const at = reserve((length + 2) * 8);
          const view = new Float64Array(memory.buffer, at, length + 2).fill(1);
          view[0] = view[length + 1] = 7;
          kernel(at + 8);
          expect([view[0], view[length + 1]]).toEqual([7, 7]);
          return [...view.subarray(1, -1)].map((value) => value - 1);
        };
        const k = (n % 4) + 1;
        const hits = rows.reduce((sum, row, i) => sum + twins.topK(row, labels[i]!, k), 0);
        expect(call.topK!(rows.length, width, s, l, k)).toBe(hits);
        expect(counts(3, (at) => call.binaryCounts!(n, s, t, 0.25, at))).toEqual(
          twins.binaryCounts(scores, targets, 0.25),
        );
        expect(counts(3 * width, (at) => call.classCounts!(rows.length, width, s, l, at))).toEqual(
          twins.classCounts(rows, labels),
        );
        expect(counts(width * width, (at) => call.confusion!(rows.length, width, s, l, at))).toEqual(
          twins.confusion(rows, labels),
        );
        expect(counts(2 * 8, (at) => call.aucCounts!(n, 8, s, t, at))).toEqual(twins.aucCounts(scores, targets, 8));
        const finite = f32(scores.map((value) => value || 0));
        expect(counts(1 + 3 * width, (at) => call.moments!(rows.length, width, finite, t, at))).toEqual(
          twins.moments(
            rowsOf(
              scores.map((value) => value || 0),
              width,
            ),
            targetRows,
          ),
        );
        const found = reserve((rows.length + 1) * 4);
        call.argmax!(rows.length, width, s, found);
        expect([...readF32(found, rows.length)]).toEqual(rows.map(twins.argmax));
      }),
    );
  });

  it("top-1 is the accuracy", () => {
    const { call, f32 } = kernels();
    const [s, l] = [f32([3, 3, 1, 2, 5, 5]), f32([1, 1])];
    expect(call.topK!(2, 3, s, l, 1)).toBe(call.sparseAccuracy!(2, 3, s, l));
    expect(call.topK!(2, 3, s, l, 2)).toBe(2);
  });
});
