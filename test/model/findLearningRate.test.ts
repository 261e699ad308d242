import { describe, expect, test } from "vitest";
import {
  adam,
  batchNorm,
  constant,
  dense,
  dropout,
  input,
  type LearningRateReport,
  meanSquaredError,
  model,
  piecewiseConstant,
  sequential,
  sgd,
} from "../../src/index.js";
import { between } from "../../src/schedules/geometric.js";
import { classifier, CLASSIFIER, expectSameBits, failureOf, FEATURES, noise, samples, stateOf } from "./helpers.js";

const ROWS = 50;
const { x, y } = samples(ROWS);

describe("a geometric sequence without powers", () => {
  test.each([
    [1e-7, 10],
    [256, 10],
    [3e-38, 3e38],
    [0.999, 1.001],
  ])("from %d to %d", (from, to) => {
    for (let i = 0; i <= 200; i++) {
      const expected = from * Math.pow(to / from, i / 200);
      expect(Math.abs(between(from, to, i / 200) / expected - 1)).toBeLessThan(1e-12); // the power's own error, at 1e76
    }
    expect([between(from, to, 0), between(from, to, 1)]).toEqual([from, to]);
  });
});

describe("the range test", () => {
  // A schedule that has the same rate at each step, on a model that is made alike: one step an epoch, so that each has a log.
  test.each([
    ["adam", adam],
    [
      "sgd",
      (options: { learningRate: number | ReturnType<typeof piecewiseConstant> }) => sgd({ momentum: 0.9, ...options }),
    ],
  ] as const)("trains as %s does with a schedule of these rates, to the bit", async (_, optimizer) => {
    const searched = await classifier({ optimizer: optimizer({ learningRate: 3 }) });
    const report = await searched.findLearningRate(x, y, { batchSize: ROWS, steps: 40, maxRate: 0.1 });
    expect(report.stoppedBy).toBe("maxRate");
    expect(report.rates).toEqual(Array.from({ length: 40 }, (_, i) => between(1e-7, 0.1, i / 39)));
    const learningRate = piecewiseConstant({
      boundaries: report.rates.slice(1).map((_, i) => i),
      values: report.rates,
    });
    const twin = await classifier({ optimizer: optimizer({ learningRate }) });
    const { history } = await twin.fit(x, y, { epochs: 40, batchSize: ROWS });
    expect(report.losses).toEqual(history.loss);
  });

  test("goes through the epochs in batches, in the orders that fit draws", async () => {
    const report = await (await classifier()).findLearningRate(x, y, { batchSize: 16, steps: 11, maxRate: 0.1 });
    const learningRate = piecewiseConstant({
      boundaries: report.rates.slice(1).map((_, i) => i),
      values: report.rates,
    });
    const twin = await classifier({ optimizer: adam({ learningRate }) });
    const sums: number[] = [];
    await twin.fit(x, y, {
      epochs: 3,
      batchSize: 16,
      callbacks: [{ onBatchEnd: (batch, { loss }) => void sums.push(loss! * Math.min(16 * (batch + 1), ROWS)) }],
    });
    const sizes = [16, 16, 16, 2];
    report.losses.forEach((loss, i) => {
      const before = i % 4 === 0 ? 0 : sums[i - 1]!;
      expect(loss).toBeCloseTo((sums[i]! - before) / sizes[i % 4]!, 12);
    });
  });

  test("smooths by an average that is corrected for its beginning", async () => {
    const { losses, smoothed } = await (await classifier()).findLearningRate(x, y, { smoothing: 0.8, steps: 20 });
    let average = 0;
    losses.forEach((loss, i) => {
      average = 0.8 * average + 0.2 * loss;
      expect(smoothed[i]).toBeCloseTo(average / (1 - Math.pow(0.8, i + 1)), 10);
    });
  });

  test("suggests the rate of the steepest descent behind the first tenth, and tells the minimum's tenth", async () => {
    const report = await (await classifier()).findLearningRate(x, y, { smoothing: 0.5 });
    const { rates, smoothed, suggestion, minimumOver10 } = report;
    const slopes = smoothed.map((_, i) =>
      i < smoothed.length / 10 || i === smoothed.length - 1 ? Infinity : smoothed[i + 1]! - smoothed[i - 1]!,
    );
    expect(suggestion).toBe(rates[slopes.indexOf(Math.min(...slopes))]);
    expect(minimumOver10).toBe(rates[smoothed.indexOf(Math.min(...smoothed))]! / 10);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThan(1);
  });

  test("begins from the weights, moments and step that the model has, frozen layers stay", async () => {
    const trained = await classifier();
    await trained.fit(x, y, { epochs: 5, batchSize: ROWS });
    trained.getLayer("hidden").trainable = false;
    const { losses } = await trained.findLearningRate(x, y, {
      batchSize: ROWS,
      steps: 10,
      minRate: 0.01,
      maxRate: 0.011,
    });
    expect(losses[0]).toBeCloseTo((await trained.evaluate(x, y)).loss!, 6); // rows in another order
    // The model's rate is 0.01 and so is the first step's: the second loss is that after one more step of the model.
    trained.trainOnBatch(x, y);
    expect(losses[1]).toBeCloseTo((await trained.evaluate(x, y)).loss!, 6);
  });

  test("stops where the loss explodes", async () => {
    const net = await sequential({
      inputShape: FEATURES,
      layers: [dense(8, { activation: "relu" }), dense(1)],
      seed: 1,
    });
    net.compile({ optimizer: sgd(), loss: "meanSquaredError" });
    const report = await net.findLearningRate(x, Float32Array.from(y), { smoothing: 0 });
    const { stoppedBy, losses, smoothed } = report;
    expect(["diverged", "nonFinite"]).toContain(stoppedBy);
    expect(losses.length).toBeLessThan(100);
    if (stoppedBy === "diverged") expect(smoothed.at(-1)).toBeGreaterThan(4 * Math.min(...smoothed));
    smoothed.slice(0, -1).forEach((loss, i) => {
      expect(loss).toBeLessThanOrEqual(4 * Math.min(...smoothed.slice(0, i + 1)));
    });
  });

  test("losses that are negative where they are good are no explosion", async () => {
    const net = await sequential({ inputShape: FEATURES, layers: [dense(2)], seed: 1 });
    net.compile({ optimizer: "adam", loss: "cosineSimilarity" });
    const { stoppedBy, suggestion } = await net.findLearningRate(x, noise(ROWS * 2, 5), { maxRate: 1 });
    expect(stoppedBy).toBe("maxRate");
    expect(suggestion).toBeGreaterThan(0);
  });

  test("a loss that is not finite behind the first step ends it, in the first is an error", async () => {
    const net = await sequential({
      inputShape: FEATURES,
      layers: [dense(2, { biasInitializer: constant({ value: 3 }) })],
      seed: 1,
    });
    net.compile({ optimizer: sgd(), loss: "poisson" }); // its logarithm ends where a prediction falls below 0
    const report = await net.findLearningRate(x, new Float32Array(ROWS * 2).fill(0.1), { batchSize: ROWS });
    expect(report.stoppedBy).toBe("nonFinite");
    expect(report.losses.length).toBeLessThan(100);
    expect(report.losses.every(Number.isFinite)).toBe(true);
    net.compile({ optimizer: sgd(), loss: "meanSquaredError" });
    const huge = new Float32Array(ROWS * 2).fill(3e38);
    const before = stateOf(net);
    const error = await failureOf(() => net.findLearningRate(x, huge));
    expect(error.code).toBe("numeric/not-finite");
    expect(stateOf(net)).toEqual(before);
  });

  test("a network that learns nothing gets no suggestion", async () => {
    const net = await sequential({ inputShape: FEATURES, layers: [dense(2, { learningRateMultiplier: 0 })], seed: 1 });
    net.compile({ optimizer: sgd(), loss: "meanSquaredError" });
    const zeros = { x: new Float32Array(40), y: new Float32Array(20) };
    expect((await failureOf(() => net.findLearningRate(zeros.x, zeros.y, { batchSize: 10 }))).code).toBe(
      "numeric/no-descent",
    );
  });

  test("finds a rate that trains better than a hundredth or a hundred times of it", async () => {
    const { suggestion } = await (await classifier()).findLearningRate(x, y);
    const after = async (learningRate: number) => {
      const net = await classifier({ optimizer: adam({ learningRate }) });
      return (await net.fit(x, y, { epochs: 5 })).history.loss!.at(-1)!;
    };
    const [low, found, high] = [await after(suggestion / 100), await after(suggestion), await after(suggestion * 100)];
    expect(found).toBeLessThan(low);
    expect(found).toBeLessThan(high);
  });
});

describe("the model stays as it is", () => {
  const make = () =>
    classifier(
      {},
      { layers: [dense(6, { activation: "relu" }), batchNorm(), dropout(0.3), dense(3, { activation: "softmax" })] },
    );

  test("bit for bit, and what it does next is what it would have done", async () => {
    const [searched, untouched] = [await make(), await make()];
    for (const net of [searched, untouched]) await net.fit(x, y, { epochs: 2, batchSize: 16 });
    await searched.findLearningRate(x, y, { batchSize: 16 });
    expectSameBits(searched, untouched);
    for (const net of [searched, untouched]) await net.fit(x, y, { epochs: 2, batchSize: 16 });
    expectSameBits(searched, untouched);
  });

  test("also from within a fit", async () => {
    const [searched, untouched] = [await make(), await make()];
    await untouched.fit(x, y, { epochs: 3, batchSize: 16 });
    const reports: LearningRateReport[] = [];
    await searched.fit(x, y, {
      epochs: 3,
      batchSize: 16,
      callbacks: [
        {
          onBatchEnd: async () =>
            void reports.push(await searched.findLearningRate(x, y, { steps: 20, batchSize: 16 })),
        },
      ],
    });
    expectSameBits(searched, untouched);
    expect(reports.length).toBe(12);
  });

  test("also where it is aborted, or a listener throws", async () => {
    const net = await make();
    const before = stateOf(net);
    const controller = new AbortController();
    const aborted = net.findLearningRate(x, y, {
      signal: controller.signal,
      onProgress: ({ step }) => void (step === 5 && controller.abort(new Error("enough"))),
    });
    await expect(aborted).rejects.toThrow("enough");
    const thrown = net.findLearningRate(x, y, {
      onProgress: () => {
        throw new Error("mine");
      },
    });
    await expect(thrown).rejects.toThrow("mine");
    await expect(net.findLearningRate(x, y, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
    expect(stateOf(net)).toEqual(before);
  });

  test("the caller's arrays may change once the call is made", async () => {
    const net = await make();
    const expected = await net.findLearningRate(x, y, { steps: 12 });
    const [copyX, copyY] = [x.slice(), y.slice()];
    const promise = net.findLearningRate(copyX, copyY, { steps: 12 });
    copyX.fill(9);
    copyY.fill(2);
    expect((await promise).losses).toEqual(expected.losses);
  });
});

describe("all that fit takes", () => {
  test("data that go through a window give the same bits", async () => {
    const [whole, windowed] = [await classifier(), await classifier({}, { windowBytes: 400 })];
    const options = { batchSize: 8, steps: 30 };
    expect((await windowed.findLearningRate(x, y, options)).losses).toEqual(
      (await whole.findLearningRate(x, y, options)).losses,
    );
  });

  test("weights of 2 double the loss, of samples and of classes", async () => {
    const net = await classifier({ optimizer: sgd() });
    const options = { steps: 10, minRate: 1e-9, maxRate: 1e-8 };
    const plain = await net.findLearningRate(x, y, options);
    const doubled = await net.findLearningRate(x, y, { ...options, sampleWeight: new Float32Array(ROWS).fill(2) });
    const classes = await net.findLearningRate(x, y, { ...options, classWeight: { 0: 2, 1: 2, 2: 2 } });
    expect(classes.losses).toEqual(doubled.losses);
    doubled.losses.forEach((loss, i) => expect(loss).toBeCloseTo(2 * plain.losses[i]!, 5));
  });

  test("several inputs and outputs", async () => {
    const [a, b] = [input(2, { name: "a" }), input(3, { name: "b" })];
    const outputs = { p: dense(1).apply(a), q: dense(2).apply(b) };
    const net = await model({ inputs: [a, b], outputs, seed: 1 });
    net.compile({ optimizer: "adam", loss: meanSquaredError(), lossWeights: { p: 1, q: 3 } });
    const before = net.toBytes({ includeOptimizer: true });
    const data = [
      { a: noise(40, 1), b: noise(60, 2) },
      { p: noise(20, 3), q: noise(40, 4) },
    ] as const;
    const report = await net.findLearningRate(...data, { batchSize: 20, steps: 10, maxRate: 1e-6 });
    expect(report.losses[0]).toBeCloseTo((await net.evaluate(...data)).loss!, 5);
    expect(net.toBytes({ includeOptimizer: true })).toEqual(before);
  });

  test("progress is told after each step, and awaited", async () => {
    const seen: number[] = [];
    const report = await (
      await classifier()
    ).findLearningRate(x, y, {
      steps: 15,
      async onProgress({ step, steps, rate, loss, smoothed }) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(steps).toBe(15);
        expect([rate, loss, smoothed].every(Number.isFinite)).toBe(true);
        seen.push(step);
      },
    });
    expect(seen).toEqual(report.rates.map((_, i) => i + 1));
  });

  test("a plot fits 80 columns and names the suggestion", async () => {
    const report = await (await classifier()).findLearningRate(x, y);
    const lines = report.toString().split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(report.toString()).toContain(`steepest descent at ${report.suggestion.toExponential(1)}`);
    expect(lines.filter((line) => line.includes("•")).length).toBeGreaterThan(3);
    expect(String(report)).toBe(report.toString());
  });
});

describe("bad input", () => {
  test.each([
    ["config/not-positive", { minRate: 0 }],
    ["config/not-positive", { minRate: NaN }],
    ["config/not-positive", { maxRate: Infinity }],
    ["config/out-of-range", { minRate: 1, maxRate: 1 }],
    ["config/out-of-range", { minRate: 2, maxRate: 1 }],
    ["config/out-of-range", { steps: 9 }],
    ["config/not-a-positive-integer", { steps: 10.5 }],
    ["config/not-a-positive-integer", { batchSize: 0 }],
    ["config/out-of-range", { smoothing: 1 }],
    ["config/unknown-option", { step: 10 }],
    ["config/bad-signal", { signal: true }],
    ["shape/rows-differ", { sampleWeight: [1] }],
    ["config/bad-class-weight", { classWeight: { 9: 1 } }],
  ])("%s for %j", async (code, options) => {
    const net = await classifier();
    const before = stateOf(net);
    expect((await failureOf(() => net.findLearningRate(x, y, options as object))).code).toBe(code);
    expect(stateOf(net)).toEqual(before);
  });

  test("a model that is not compiled, rows that do not fit, batches that are too small", async () => {
    const net = await sequential({ inputShape: FEATURES, layers: [batchNorm(), dense(3, { activation: "softmax" })] });
    expect((await failureOf(() => net.findLearningRate(x, y))).code).toBe("model/not-compiled");
    net.compile(CLASSIFIER);
    expect((await failureOf(() => net.findLearningRate(x, y.subarray(1)))).code).toBe("shape/rows-differ");
    expect((await failureOf(() => net.findLearningRate(x, y, { batchSize: 49 }))).code).toBe("data/batch-too-small");
  });
});
