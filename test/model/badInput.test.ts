import { afterEach, describe, expect, test, vi } from "vitest";
import {
  BusyError,
  ConfigError,
  DataError,
  type LanewiseError,
  NumericError,
  OutOfMemoryError,
  ShapeError,
} from "../../src/errors.js";
import {
  activation,
  adam,
  alphaDropout,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  constant,
  cosineDecay,
  dense,
  dropout,
  elu,
  exponentialDecay,
  flatten,
  heNormal,
  maxNorm,
  minMaxNorm,
  type Model,
  oneCycle,
  piecewiseConstant,
  polynomialDecay,
  progressBar,
  randomUniform,
  rescaling,
  sequential,
  sgd,
  sparseCategoricalCrossentropy,
  varianceScaling,
  warmup,
} from "../../src/index.js";
import {
  CLASSIFIER,
  classifier,
  expectSameArrays,
  expectSameBits,
  failureOf,
  FEATURES,
  samples,
  stateOf,
  weightsOf,
} from "./helpers.js";

// JavaScript's users make mistakes that TypeScript would catch.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any;

type ErrorClass = new (...args: never[]) => LanewiseError;
/** What is done, and the class, code and a part of the message that must come of it. */
type Case = readonly [what: string, act: (model: Loose) => unknown, kind: ErrorClass, code: string, message: RegExp];

const { x, y } = samples(6);
const rows = Array.from({ length: 6 }, (_, i) => [...x.subarray(i * FEATURES, (i + 1) * FEATURES)]);
const changed = <T extends Float32Array | Int32Array>(array: T, index: number, value: number): T => {
  const copy = array.slice() as T;
  copy[index] = value;
  return copy;
};

/** `act` fails as it should, leaves no trace, and the model trains on like one that never saw it. */
async function expectRefusal(act: (model: Loose) => unknown, kind: ErrorClass, code: string, message: RegExp) {
  const [model, twin] = [await classifier(), await classifier()];
  for (const each of [model, twin]) each.trainOnBatch(x, y);
  const before = stateOf(model);

  const error = await failureOf(() => act(model));
  expect(error.code).toBe(code);
  expect(error).toBeInstanceOf(kind);
  expect(error.name).toBe(kind.name);
  expect(error.message).toMatch(message);

  expect(Buffer.compare(stateOf(model), before)).toBe(0);
  expect(model.trainOnBatch(x, y)).toEqual(twin.trainOnBatch(x, y));
  expectSameBits(model, twin);
}

describe("data are refused, and the model is as before", () => {
  const cases: Case[] = [
    ["fewer labels than rows", (m) => m.fit(x, y.subarray(1)), ShapeError, "shape/rows-differ", /6 rows.*5/],
    ["fewer rows than labels", (m) => m.trainOnBatch(x.subarray(4), y), ShapeError, "shape/rows-differ", /5.*6/],
    ["half a row", (m) => m.fit(x.subarray(1), y), ShapeError, "shape/row-width", /x holds 23 values.*rows of 4/],
    [
      "a wide row",
      (m) =>
        m.fit(
          rows.map((r) => [...r, 0]),
          y,
        ),
      ShapeError,
      "shape/row-width",
      /Row 0 of x has 5.*4/,
    ],
    ["a ragged row", (m) => m.fit(rows.with(3, [1, 2]), y), ShapeError, "shape/row-width", /Row 3 of x has 2 values/],
    ["a row that is none", (m) => m.fit(rows.with(2, 1 as Loose), y), ShapeError, "shape/row-width", /Row 2 of x/],
    ["another shape", (m) => m.predict({ data: x, shape: [3, 8] }), ShapeError, "shape/row-shape", /\(n, 4\)/],
    ["too few data", (m) => m.predict({ data: x, shape: [7, 4] }), ShapeError, "shape/length", /28 values.*24/],
    ["a shape that is none", (m) => m.predict({ data: x, shape: 6 }), DataError, "data/bad-type", /shape: 6/],
    ["data that are none", (m) => m.predict({ data: null, shape: [6, 4] }), DataError, "data/bad-type", /data: null/],
    ["NaN in x", (m) => m.fit(changed(x, 9, NaN), y), DataError, "data/not-finite", /x holds NaN at row 2, column 1/],
    ["+Infinity in x", (m) => m.evaluate(changed(x, 0, Infinity), y), DataError, "data/not-finite", /row 0, column 0/],
    ["-Infinity in x", (m) => m.predict(changed(x, 23, -Infinity)), DataError, "data/not-finite", /row 5, column 3/],
    ["NaN in a nested row", (m) => m.fit(rows.with(4, [0, 0, NaN, 0]), y), DataError, "data/not-finite", /4, column 2/],
    ["beyond 32 bits", (m) => m.predict(new Float64Array(4).fill(1e39)), DataError, "data/not-finite", /Infinity/],
    ["NaN in y", (m) => m.fit(x, Float32Array.of(0, 1, NaN, 0, 0, 0)), DataError, "data/not-finite", /y.*row 2/],
    ["a label too large", (m) => m.fit(x, changed(y, 5, 3)), DataError, "data/bad-label", /3 at row 5.*0 to 2/],
    ["a negative label", (m) => m.fit(x, changed(y, 1, -1)), DataError, "data/bad-label", /-1 at row 1/],
    ["half a label", (m) => m.fit(x, [0, 1, 1.5, 0, 0, 0]), DataError, "data/bad-label", /1\.5 at row 2/],
    [
      "one-hot rows as labels",
      (m) =>
        m.fit(
          x,
          rows.map(() => [0, 1, 0]),
        ),
      ShapeError,
      "shape/row-width",
      /Row 0 of y/,
    ],
    ["no rows", (m) => m.fit(new Float32Array(0), []), DataError, "data/no-rows", /at least one/],
    ["an empty list", (m) => m.predict([]), DataError, "data/no-rows", /at least one/],
    ["no y", (m) => m.fit(x), DataError, "data/no-targets", /y is missing/],
    ["no x", (m) => m.trainOnBatch(), DataError, "data/bad-type", /x must be/],
    ["a text for x", (m) => m.predict("1,2,3,4"), DataError, "data/bad-type", /x must be.*"1,2,3,4"/],
    [
      "a text in a row",
      (m) => m.fit(rows.with(1, [0, "1" as Loose, 0, 0]), y),
      DataError,
      "data/not-a-number",
      /row 1/,
    ],
    ["a text in a list", (m) => m.predict([1, 2, "3", 4]), DataError, "data/not-a-number", /"3" at index 2/],
    [
      "a text in data",
      (m) => m.predict({ data: [1, 2, "3", 4], shape: [1, 4] }),
      DataError,
      "data/not-a-number",
      /"3"/,
    ],
    ["a hole in y", (m) => m.fit(x, [0, null, 0, 0, 0, 0]), DataError, "data/not-a-number", /null at index 1 of y/],
    ["big integers", (m) => m.fit(x, BigInt64Array.from([1n])), DataError, "data/not-a-number", /1 at index 0 of y/],
    [
      "bad validation data",
      (m) => m.fit(x, y, { validationData: [x, [9, 9, 9, 9, 9, 9]] }),
      DataError,
      "data/bad-label",
      /y of validationData/,
    ],
    ["a split of nothing", (m) => m.fit(x, y, { validationSplit: 0.1 }), DataError, "data/no-rows", /to validate on/],
    [
      "a split of one row",
      (m) => m.fit(x.subarray(20), [0], { validationSplit: 0.9 }),
      DataError,
      "data/no-rows",
      /0.9/,
    ],
  ];
  test.each(cases)("%s", async (_, ...refusal) => {
    await expectRefusal(...refusal);
  });
});

describe("options of the verbs are refused, and the model is as before", () => {
  const cases: Case[] = [
    ...[0, -1, 1.5, NaN, "10", null].flatMap((bad): Case[] => [
      [
        `epochs ${bad}`,
        (m) => m.fit(x, y, { epochs: bad ?? NaN }),
        ConfigError,
        "config/not-a-positive-integer",
        /epochs/,
      ],
      [
        `batchSize ${bad}`,
        (m) => m.fit(x, y, { batchSize: bad ?? 0 }),
        ConfigError,
        "config/not-a-positive-integer",
        /b/,
      ],
      [`maxSteps ${bad}`, (m) => m.fit(x, y, { maxSteps: bad }), ConfigError, "config/not-a-positive-integer", /maxSt/],
      [
        `batchSize ${bad} of predict`,
        (m) => m.predict(x, { batchSize: bad }),
        ConfigError,
        "config/not-a-positive-integer",
        /b/,
      ],
    ]),
    ["maxMs 0", (m) => m.fit(x, y, { maxMs: 0 }), ConfigError, "config/not-positive", /maxMs.*above 0/],
    ["maxMs infinite", (m) => m.fit(x, y, { maxMs: Infinity }), ConfigError, "config/not-positive", /Infinity/],
    ["validationSplit 1", (m) => m.fit(x, y, { validationSplit: 1 }), ConfigError, "config/out-of-range", /\[0, 1\)/],
    ["validationSplit NaN", (m) => m.fit(x, y, { validationSplit: NaN }), ConfigError, "config/out-of-range", /NaN/],
    [
      "two validations",
      (m) => m.fit(x, y, { validationSplit: 0.5, validationData: [x, y] }),
      ConfigError,
      "config/two-validations",
      /either/,
    ],
    [
      "half of validationData",
      (m) => m.fit(x, y, { validationData: x }),
      ConfigError,
      "config/bad-validation-data",
      /\[x, y\]/,
    ],
    ["shuffle 1", (m) => m.fit(x, y, { shuffle: 1 }), ConfigError, "config/not-a-boolean", /shuffle/],
    ["resume yes", (m) => m.fit(x, y, { resume: "yes" }), ConfigError, "config/not-a-boolean", /resume.*"yes"/],
    [
      "one callback",
      (m) => m.fit(x, y, { callbacks: progressBar() }),
      ConfigError,
      "config/bad-callbacks",
      /\[progressBar/,
    ],
    [
      "a factory for a callback",
      (m) => m.fit(x, y, { callbacks: [progressBar] }),
      ConfigError,
      "config/bad-callbacks",
      /call it/,
    ],
    ["a signal that is none", (m) => m.fit(x, y, { signal: {} }), ConfigError, "config/bad-signal", /AbortSignal/],
    [
      "a misspelt option",
      (m) => m.fit(x, y, { epoch: 3 }),
      ConfigError,
      "config/unknown-option",
      /"epoch".*Did you mean "epochs"/,
    ],
    [
      "an option of streams",
      (m) => m.fit(x, y, { stepsPerEpoch: 5 }),
      ConfigError,
      "config/streams-only",
      /stepsPerEpoch/,
    ],
    [
      "an option of fit, misspelled",
      (m) => m.fit(x, y, { classWeights: {} }),
      ConfigError,
      "config/unknown-option",
      /Did you mean "classWeight"/,
    ],
    [
      "an option of trainOnBatch",
      (m) => m.trainOnBatch(x, y, { classWeight: {} }),
      ConfigError,
      "config/unknown-option",
      /takes \{ sampleWeight \}/,
    ],
    [
      "a number for options",
      (m) => m.fit(x, y, 10),
      ConfigError,
      "config/not-options",
      /fit\(\).*object; got 10.*epochs/,
    ],
    ["null for options", (m) => m.evaluate(x, y, null), ConfigError, "config/not-options", /null/],
    [
      "an option of predict",
      (m) => m.predict(x, { batchsize: 3 }),
      ConfigError,
      "config/unknown-option",
      /"batchSize"/,
    ],
    ["an option of evaluate", (m) => m.evaluate(x, y, { verbose: 1 }), ConfigError, "config/unknown-option", /verbose/],
    [
      "an option of toBytes",
      (m) => m.toBytes({ optimizer: true }),
      ConfigError,
      "config/unknown-option",
      /includeOptimizer/,
    ],
    [
      "includeOptimizer 1",
      (m) => m.toBytes({ includeOptimizer: 1 }),
      ConfigError,
      "config/not-a-boolean",
      /includeOpt/,
    ],
    [
      "an option of program",
      (m) => m.program({ train: true }),
      ConfigError,
      "config/unknown-option",
      /takes \{ training \}/,
    ],
    ["an unknown layer", (m) => m.getLayer("hiden"), ConfigError, "config/unknown-layer", /Did you mean "hidden"/],
    ["a layer by number", (m) => m.getLayer(1), ConfigError, "config/unknown-layer", /no layer 1/],
    ["trainable 0", (m) => (m.getLayer("hidden").trainable = 0), ConfigError, "config/not-a-boolean", /"hidden"/],
  ];
  test.each(cases)("%s", async (_, ...refusal) => {
    await expectRefusal(...refusal);
  });
});

describe("compile refuses, and the model is compiled as before", () => {
  const compile =
    (change: object) =>
    (model: Loose): unknown =>
      model.compile({ ...CLASSIFIER, ...change });
  const rates = [0, -1, NaN, Infinity, 1e39, 1e-60, "0.1", null].map((learningRate): Case => [
    `learning rate ${learningRate}`,
    (m) => compile({ optimizer: adam({ learningRate: learningRate as number }) })(m),
    ConfigError,
    "config/bad-learning-rate",
    /learningRate of optimizer "adam"/,
  ]);
  const momenta = [1, 1.5, -0.1, NaN].map((momentum): Case => [
    `momentum ${momentum}`,
    (m) => compile({ optimizer: sgd({ momentum }) })(m),
    ConfigError,
    "config/out-of-range",
    /momentum of optimizer "sgd" must be in \[0, 1\)/,
  ]);
  const cases: Case[] = [
    ...rates,
    ...momenta,
    ["beta1 1", compile({ optimizer: { name: "adam", beta1: 1 } }), ConfigError, "config/out-of-range", /beta1/],
    ["epsilon 0", compile({ optimizer: { name: "adam", epsilon: 0 } }), ConfigError, "config/not-positive", /epsilon/],
    [
      "nesterov 1",
      compile({ optimizer: { name: "sgd", nesterov: 1 } }),
      ConfigError,
      "config/not-a-boolean",
      /nesterov/,
    ],
    ["an optimizer", compile({ optimizer: "addam" }), ConfigError, "config/unknown-optimizer", /Did you mean "adam"/],
    [
      "an optimizer's factory",
      compile({ optimizer: adam }),
      ConfigError,
      "config/unknown-optimizer",
      /call it: adam\(\)/,
    ],
    ["no optimizer", compile({ optimizer: undefined }), ConfigError, "config/unknown-optimizer", /name/],
    [
      "an optimizer's option",
      () => adam({ lerningRate: 1 } as Loose),
      ConfigError,
      "config/unknown-option",
      /"learningRate"/,
    ],
    ["an optimizer's number", () => adam(0.001 as Loose), ConfigError, "config/not-options", /got 0.001.*learningRate/],
    ["a loss", compile({ loss: "meanSquarredError" }), ConfigError, "config/unknown-loss", /"meanSquaredError"/],
    ["a loss by a symbol of objects", compile({ loss: "toString" }), ConfigError, "config/unknown-loss", /no loss/],
    [
      "smoothing of 1",
      compile({ loss: sparseCategoricalCrossentropy({ labelSmoothing: 1 }) }),
      ConfigError,
      "config/out-of-range",
      /labelSmoothing/,
    ],
    ["a metric", compile({ metrics: ["acuracy"] }), ConfigError, "config/unknown-metric", /no metric "acuracy"/],
    ["no metric", compile({ metrics: [null] }), ConfigError, "config/unknown-metric", /null/],
    ["metrics as a text", compile({ metrics: "accuracy" }), ConfigError, "config/not-an-array", /\["accuracy"\]/],
    ["a metric of rows", compile({ metrics: ["binaryAccuracy"] }), ConfigError, "config/metric-does-not-fit", /rows/],
    [
      "accuracy beside MSE",
      compile({ loss: "meanSquaredError" }),
      ConfigError,
      "config/metric-does-not-fit",
      /"accuracy" has no meaning beside meanSquaredError/,
    ],
    [
      "a sigmoid loss on softmax",
      compile({ loss: "binaryCrossentropy" }),
      ConfigError,
      "config/loss-does-not-fit",
      /activation: "sigmoid".*fromLogits/,
    ],
    ["an option", compile({ metric: ["accuracy"] }), ConfigError, "config/unknown-option", /"metrics"/],
    ["nothing", (m) => m.compile(), ConfigError, "config/not-options", /compile\(\).*undefined/],
  ];
  test.each(cases)("%s", async (_, ...refusal) => {
    await expectRefusal(...refusal);
  });
});

describe("options of training are refused, and the model is as before", () => {
  const compile =
    (change: object) =>
    (model: Loose): unknown =>
      model.compile({ ...CLASSIFIER, ...change });
  const optimizer = (options: object) => compile({ optimizer: options });
  const scheduled = (learningRate: object) => optimizer({ name: "sgd", learningRate });
  const layer = (spec: () => unknown) => async () => sequential({ inputShape: FEATURES, layers: [spec() as Loose] });

  const ranges: [name: string, option: string][] = [
    ["sgd", "momentum"],
    ["rmsprop", "rho"],
    ["rmsprop", "momentum"],
    ["adadelta", "rho"],
    ...["adam", "adamW", "nadam", "adamax", "lion"].flatMap((name): [string, string][] => [
      [name, "beta1"],
      [name, "beta2"],
    ]),
  ];
  const outOfRange = ranges.flatMap(([name, option]) =>
    [1, 1.5, -0.1, NaN, "0.9"].map((value): Case => [
      `${option} ${value} of ${name}`,
      optimizer({ name, [option]: value }),
      ConfigError,
      "config/out-of-range",
      new RegExp(`${option} of optimizer "${name}" must be in \\[0, 1\\); got ("0.9"|${value})`),
    ]),
  );
  const averages = [0, 1, -0.5, 2, NaN, null].map((ema): Case => [
    `ema ${ema}`,
    optimizer({ name: "adam", ema }),
    ConfigError,
    "config/out-of-range",
    /ema of optimizer "adam" must be above 0 and below 1, such as 0\.99.*Leave it out/,
  ]);
  const groups = [
    ...[0, 1.5, -1, NaN, Infinity, "2", null].map((k): Case => [
      `accumulateSteps ${k}`,
      (m) => m.fit(x, y, { accumulateSteps: k }),
      ConfigError,
      "config/not-a-positive-integer",
      /accumulateSteps must be a whole number of at least 1/,
    ]),
    ...[65536, 1e9].map((k): Case => [
      `accumulateSteps ${k}`,
      (m) => m.fit(x, y, { accumulateSteps: k }),
      ConfigError,
      "config/out-of-range",
      /accumulateSteps must be in \[1, 65535\]; got/,
    ]),
  ];
  const limits = [0, -1, NaN, Infinity].flatMap((limit) =>
    [clipByValue, clipByNorm, clipByGlobalNorm].map((clip): Case => [
      `${clip.name}(${limit})`,
      (m) => compile({ clip: clip(limit) })(m),
      ConfigError,
      "config/bad-clip-limit",
      new RegExp(`The limit of ${clip.name}\\(limit\\) must be a finite number above 0.*got ${limit}`),
    ]),
  );
  const rates = [1, 1.5, -0.1, NaN].flatMap((rate) =>
    [dropout, alphaDropout].map((factory): Case => [
      `${factory.name}(${rate})`,
      layer(() => factory(rate)),
      ConfigError,
      "config/bad-rate",
      new RegExp(`${rate}`),
    ]),
  );
  const norms = [0, -3, NaN].map((c): Case => [
    `maxNorm(${c})`,
    layer(() => dense(3, { kernelConstraint: maxNorm(c) })),
    ConfigError,
    "config/not-positive",
    /maxValue of constraint "maxNorm" must be a finite number above 0/,
  ]);

  const cases: Case[] = [
    ...outOfRange,
    ...averages,
    ...groups,
    ...limits,
    ...rates,
    ...norms,
    [
      "two ways to clip",
      compile({ clip: [clipByValue(1), clipByNorm(1)] }),
      ConfigError,
      "config/two-clips",
      /two clip modes at once.*Choose one/,
    ],
    [
      "minMaxNorm the wrong way round",
      layer(() => dense(3, { kernelConstraint: minMaxNorm({ minValue: 2, maxValue: 1 }) })),
      ConfigError,
      "config/out-of-range",
      /minValue.*maxValue is 1; got 2/,
    ],
    [
      "boundaries out of order",
      scheduled(piecewiseConstant({ boundaries: [500, 100], values: [1, 0.5, 0.1] })),
      ConfigError,
      "config/bad-boundaries",
      /steps from 0 that increase.*\[500, 100\]/,
    ],
    [
      "a boundary that is NaN",
      scheduled(piecewiseConstant({ boundaries: [NaN], values: [1, 0.5] })),
      ConfigError,
      "config/bad-boundaries",
      /NaN/,
    ],
    [
      "values that do not fit boundaries",
      scheduled(piecewiseConstant({ boundaries: [5], values: [1] })),
      ConfigError,
      "config/bad-values",
      /one more than boundaries: 2/,
    ],
    [
      "a value that is NaN",
      scheduled(piecewiseConstant({ boundaries: [5], values: [1, NaN] })),
      ConfigError,
      "config/bad-learning-rate",
      /values\[1\].*NaN/,
    ],
    [
      "a decay over no steps",
      scheduled(exponentialDecay({ initialLearningRate: 0.1, decaySteps: 0, decayRate: 0.9 })),
      ConfigError,
      "config/not-positive",
      /decaySteps.*above 0.*got 0/,
    ],
    [
      "a decay to the power of NaN",
      scheduled(polynomialDecay({ initialLearningRate: 0.1, decaySteps: 9, power: NaN })),
      ConfigError,
      "config/not-positive",
      /power.*NaN/,
    ],
    [
      "a cosine beyond its start",
      scheduled(cosineDecay({ initialLearningRate: 0.1, decaySteps: 9, alpha: 2 })),
      ConfigError,
      "config/out-of-range",
      /alpha.*\[0, 1\]; got 2/,
    ],
    [
      "a warmup to nowhere",
      scheduled(cosineDecay({ initialLearningRate: 0.1, decaySteps: 9, warmupSteps: 3 })),
      ConfigError,
      "config/no-warmup-target",
      /warmupTarget/,
    ],
    [
      "a cycle that begins beyond 32 bits",
      scheduled(oneCycle({ maxLearningRate: 1e10, totalSteps: 9, divFactor: 1e-30 })),
      ConfigError,
      "config/bad-learning-rate",
      /maxLearningRate \/ divFactor of schedule "oneCycle".*e\+39/,
    ],
    [
      "a cycle that is up all the time",
      scheduled(oneCycle({ maxLearningRate: 1, totalSteps: 9, pctStart: 1 })),
      ConfigError,
      "config/out-of-range",
      /pctStart/,
    ],
    [
      "a warmup into a schedule that cannot be",
      scheduled(
        warmup({ steps: 5, after: exponentialDecay({ initialLearningRate: NaN, decaySteps: 1, decayRate: 1 }) }),
      ),
      ConfigError,
      "config/bad-learning-rate",
      /initialLearningRate.*NaN/,
    ],
    [
      "a weight for no class",
      (m) => m.fit(x, y, { classWeight: { 0: 1, 3: 2 } }),
      ConfigError,
      "config/bad-class-weight",
      /names the class "3", and the classes are from 0 to 2/,
    ],
    [
      "a weight that is negative",
      (m) => m.fit(x, y, { classWeight: { 1: -2 } }),
      DataError,
      "data/bad-weight",
      /classWeight of class 1 is -2/,
    ],
    [
      "a loss of sigmoids for an output of softmax",
      compile({ loss: "binaryCrossentropy" }),
      ConfigError,
      "config/loss-does-not-fit",
      /computed together with a sigmoid output.*activation: "sigmoid"/,
    ],
  ];
  test.each(cases)("%s", async (_, ...refusal) => {
    await expectRefusal(...refusal);
  });

  test.each(["hinge", "squaredHinge"] as const)("%s of labels 0 and 1, with the cure", async (loss) => {
    const build = async () => {
      const model = await sequential({ inputShape: FEATURES, layers: [dense(1)], seed: 7 });
      model.compile({ optimizer: "adam", loss });
      return model;
    };
    const labels = Float32Array.from(y, (label) => label & 1);
    const signs = labels.map((label) => 2 * label - 1); // the cure
    const [model, twin] = [await build(), await build()];
    for (const each of [model, twin]) each.trainOnBatch(x, signs);
    const before = stateOf(model);
    const verbs: ((model: Model) => unknown)[] = [
      (m) => m.fit(x, labels),
      (m) => m.fit(x, signs, { validationData: [x, labels] }),
      (m) => m.evaluate(x, labels),
      (m) => m.trainOnBatch(x, labels),
      (m) => m.gradients(x, labels),
    ];
    for (const verb of verbs) {
      const error = await failureOf(() => verb(model));
      expect(error).toBeInstanceOf(DataError);
      expect(error.code).toBe("data/bad-target");
      expect(error.message).toMatch(
        new RegExp(`holds 0 at row \\d.*${loss} takes targets of -1 and 1\\. .*2 \\* label - 1`),
      );
      expect(Buffer.compare(stateOf(model), before)).toBe(0);
    }
    expect(model.trainOnBatch(x, signs)).toEqual(twin.trainOnBatch(x, signs));
    expectSameBits(model, twin);
  });

  test("a refused accumulateSteps leaves batches that wait where they are", async () => {
    const model = await classifier();
    await model.fit(x, y, { batchSize: 2, accumulateSteps: 3, maxSteps: 2 });
    const before = stateOf(model);
    for (const options of [{ accumulateSteps: 0 }, { accumulateSteps: 2, epochs: 0 }, { classWeight: { 9: 1 } }]) {
      await failureOf(() => model.fit(x, y, options));
      expect(Buffer.compare(stateOf(model), before)).toBe(0);
    }
  });
});

describe("weights are refused, and the model is as before", () => {
  type Weights = Map<string, { data: ArrayLike<number>; shape: number[] }>;
  const write = (change: (weights: Weights) => void, options?: object) => (model: Loose) => {
    const weights: Weights = new Map(model.getWeights());
    for (const value of weights.values()) value.data = Float32Array.from(value.data, () => 9); // none of it may arrive
    change(weights);
    model.setWeights(weights, options);
  };
  const put = (data: ArrayLike<number>, shape: Loose) => write((w) => void w.set("output/bias", { data, shape }));
  const cases: Case[] = [
    [
      "unknown",
      write((w) => void w.set("hiden/bias", w.get("hidden/bias")!)),
      ShapeError,
      "weights/unknown-name",
      /"hidden\/bias"/,
    ],
    [
      "missing",
      write((w) => void w.delete("output/bias")),
      ShapeError,
      "weights/missing",
      /1 of 4.*output\/bias.*strict/,
    ],
    [
      "of another shape",
      put(new Float32Array(3), [1, 3]),
      ShapeError,
      "weights/wrong-shape",
      /shape \(3\); got \(1, 3\)/,
    ],
    ["of no shape", put(new Float32Array(3), 3), ShapeError, "weights/wrong-shape", /got 3/],
    ["too long", put(new Float32Array(4), [3]), ShapeError, "weights/wrong-length", /3 values; got 4/],
    ["NaN", put([1, NaN, 2], [3]), DataError, "data/not-finite", /"output\/bias" holds NaN at index 1/],
    ["infinite in 32 bits", put([1, 2, 1e39], [3]), DataError, "data/not-finite", /1e\+39 at index 2/],
    ["texts", put(["1", "2", "3"] as Loose, [3]), DataError, "data/not-finite", /"1" at index 0/],
    ["an object", (m) => m.setWeights({}), DataError, "data/not-a-map", /Map/],
    ["an option", write(() => undefined, { strickt: false }), ConfigError, "config/unknown-option", /"strict"/],
    ["a partial map of gradients", (m) => m.applyGradients(new Map()), ShapeError, "weights/missing", /4 of 4/],
  ];
  test.each(cases)("%s", async (_, ...refusal) => {
    await expectRefusal(...refusal);
  });
});

describe("what makes no network", () => {
  const network =
    (...layers: Loose[]) =>
    () =>
      sequential({ inputShape: 4, layers });
  const units = [0, -3, 2.5, NaN, Infinity, "10", undefined].map((bad): Case => [
    `units ${bad}`,
    () => dense(bad as number),
    ConfigError,
    "config/bad-units",
    /units.*at least 1/,
  ]);
  const seeds = [-1, 0.5, NaN, 2 ** 53, "1", null].map((seed): Case => [
    `seed ${seed}`,
    () => sequential({ inputShape: 4, layers: [dense(1)], seed: seed as number }),
    ConfigError,
    "config/bad-seed",
    /seed must be a whole number/,
  ]);
  const shapes = [0, -1, 1.5, [], [28, 0], [28, NaN], "784", undefined, [, 3]].map((inputShape): Case => [
    `inputShape ${String(inputShape)}`,
    () => sequential({ inputShape: inputShape as number, layers: [dense(1)] }),
    ShapeError,
    "shape/bad-shape",
    /inputShape.*\[28, 28, 1\]/,
  ]);
  const cases: Case[] = [
    ...units,
    ...seeds,
    ...shapes,
    [
      "an activation",
      () => dense(3, { activation: "rellu" as Loose }),
      ConfigError,
      "config/unknown-activation",
      /"relu"/,
    ],
    [
      "an activation's factory",
      () => activation(elu as Loose),
      ConfigError,
      "config/unknown-activation",
      /call it: elu\(\)/,
    ],
    ["no activation", () => activation(undefined as Loose), ConfigError, "config/unknown-activation", /undefined/],
    ["alpha", () => activation(elu({ alpha: -1 })), ConfigError, "config/out-of-range", /alpha of activation "elu"/],
    ["alpha as a text", () => activation(elu({ alpha: "1" as Loose })), ConfigError, "config/out-of-range", /"1"/],
    [
      "an initializer",
      () => dense(3, { kernelInitializer: "heNorml" as Loose }),
      ConfigError,
      "config/unknown-initializer",
      /"heNormal"/,
    ],
    [
      "an initializer's seed",
      () => dense(3, { kernelInitializer: heNormal({ seed: -1 }) }),
      ConfigError,
      "config/bad-seed",
      /seed of/,
    ],
    [
      "an initializer's scale",
      () => dense(3, { kernelInitializer: varianceScaling({ scale: 0 }) }),
      ConfigError,
      "config/not-positive",
      /scale/,
    ],
    [
      "an initializer's mode",
      () => dense(3, { kernelInitializer: varianceScaling({ mode: "fan" as Loose }) }),
      ConfigError,
      "config/out-of-range",
      /fanAvg/,
    ],
    [
      "a constant beyond 32 bits",
      () => dense(3, { biasInitializer: constant({ value: 1e39 }) }),
      ConfigError,
      "config/not-finite",
      /1e\+39/,
    ],
    [
      "a range upside down",
      () => dense(3, { kernelInitializer: randomUniform({ minval: 1, maxval: 0 }) }),
      ConfigError,
      "config/out-of-range",
      /minval/,
    ],
    ["a scale that is none", () => rescaling({ scale: NaN }), ConfigError, "config/not-finite", /scale of rescaling/],
    ["rescaling of a number", () => rescaling((1 / 255) as Loose), ConfigError, "config/not-options", /scale/],
    ["rescaling of nothing", () => (rescaling as Loose)(), ConfigError, "config/not-options", /undefined/],
    [
      "a misspelt option",
      () => dense(3, { actvation: "relu" } as Loose),
      ConfigError,
      "config/unknown-option",
      /Did you mean "activation"/,
    ],
    ["an activation for options", () => dense(3, "relu" as Loose), ConfigError, "config/not-options", /got "relu"/],
    ["a name for options", () => flatten("flat" as Loose), ConfigError, "config/not-options", /"flat".*name/],
    ["useBias 1", () => dense(3, { useBias: 1 as Loose }), ConfigError, "config/not-a-boolean", /useBias/],
    ["trainable no", () => dense(3, { trainable: "no" as Loose }), ConfigError, "config/not-a-boolean", /trainable/],
    [
      "two of one name",
      network(dense(3, { name: "a" }), dense(3, { name: "a" })),
      ConfigError,
      "config/duplicate-name",
      /"a"/,
    ],
    ["a name with a slash", network(dense(3, { name: "a/b" })), ConfigError, "config/bad-name", /without "\/".*"a\/b"/],
    ["a name that is none", network(dense(3, { name: 3 as Loose })), ConfigError, "config/bad-name", /3/],
    ["a factory for a layer", network(flatten), ConfigError, "config/not-a-layer", /call it/],
    ["an object for a layer", network({}), ConfigError, "config/not-a-layer", /dense\(10\)/],
    ["no layers", network(), ConfigError, "config/no-layers", /at least one layer/],
    ["no options", () => (sequential as Loose)(), ConfigError, "config/not-options", /inputShape/],
    ["layers for options", () => sequential([dense(3)] as Loose), ConfigError, "config/not-options", /sequential/],
    [
      "an option",
      () => sequential({ inputShap: 4, layers: [dense(3)] } as Loose),
      ConfigError,
      "config/unknown-option",
      /"inputShape"/,
    ],
    [
      "an option that is none yet",
      () => sequential({ inputShape: 4, layers: [dense(3)], dtype: "float16" } as Loose),
      ConfigError,
      "config/unknown-option",
      /dtype/,
    ],
    [
      "a window of nothing",
      () => sequential({ inputShape: 4, layers: [dense(3)], windowBytes: 0 }),
      ConfigError,
      "config/not-a-positive-integer",
      /windowBytes/,
    ],
    ["more than addresses reach", network(dense(2 ** 40)), ShapeError, "shape/too-large", /4 GiB/],
    [
      "a sample beyond addresses",
      () => sequential({ inputShape: [2 ** 20, 2 ** 20], layers: [flatten()] }),
      ShapeError,
      "shape/too-large",
      /A sample/,
    ],
  ];
  test.each(cases)("%s", async (_, act, kind, code, message) => {
    const error = await failureOf(() => act(undefined));
    expect(error.code).toBe(code);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
  });

  test("a softmax that is reshaped is no output to compute a cross-entropy from", async () => {
    const model = await sequential({ inputShape: [2, 4], layers: [dense(3, { activation: "softmax" }), flatten()] });
    const error = await failureOf(() => model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" }));
    expect(error.code).toBe("config/loss-does-not-fit");
  });
});

describe("before compile", () => {
  const verbs: Record<string, (model: Model) => unknown> = {
    fit: (model) => model.fit(x, y),
    evaluate: (model) => model.evaluate(x, y),
    trainOnBatch: (model) => model.trainOnBatch(x, y),
    gradients: (model) => model.gradients(x, y),
    applyGradients: (model) => model.applyGradients(new Map()),
    "program({ training: true })": (model) => model.program({ training: true }),
    "toBytes({ includeOptimizer: true })": (model) => model.toBytes({ includeOptimizer: true }),
  };
  test.each(Object.entries(verbs))("%s says what to do first", async (name, verb) => {
    const model = await sequential({ inputShape: FEATURES, layers: [dense(3)] });
    const error = await failureOf(() => verb(model));
    expect(error.code).toBe("model/not-compiled");
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(name.slice(0, 3));
    expect(model.predict(x).shape).toEqual([6, 3]);
  });
});

describe("while a fit is under way", () => {
  const data = samples(60);
  const options = { epochs: 3, batchSize: 7, validationData: [x, y] as const };

  const changes: Record<string, (model: Model) => unknown> = {
    fit: (model) => model.fit(x, y),
    compile: (model) => model.compile(CLASSIFIER),
    setWeights: (model) => model.setWeights(model.getWeights()),
    trainOnBatch: (model) => model.trainOnBatch(x, y),
    applyGradients: (model) => model.applyGradients(model.gradients(x, y)),
  };
  test.each(Object.entries(changes))("%s is refused and disturbs nothing", async (_, change) => {
    const [model, twin] = [await classifier(), await classifier()];
    const running = model.fit(data.x, data.y, options);
    const error = await failureOf(() => change(model));
    expect(error).toBeInstanceOf(BusyError);
    expect(error.code).toBe("model/busy");
    expect(await running).toEqual(await twin.fit(data.x, data.y, options));
    expectSameBits(model, twin);
    await change(model); // now it may
  });

  test("reading works, between any two steps, and disturbs nothing", async () => {
    const [model, twin] = [await classifier(), await classifier()];
    const seen: number[] = [];
    const read = async (each: Model) => {
      each.predict(data.x, { batchSize: 64 }); // larger than the fit's batches: memory is laid out anew
      each.gradients(data.x, data.y);
      each.getWeights();
      each.program({ training: true });
      each.toBytes({ includeOptimizer: true });
      const { loss } = await each.evaluate(data.x, data.y);
      seen.push(loss!);
    };
    const history = await model.fit(data.x, data.y, { ...options, callbacks: [{ onBatchEnd: () => read(model) }] });
    expect(history).toEqual(await twin.fit(data.x, data.y, options));
    expectSameBits(model, twin);
    expect(seen).toHaveLength(27);
    expect(new Set(seen).size).toBe(27); // each saw the weights of its moment
  });

  test("gradients in the middle of a step are those of a twin, and the step goes on", async () => {
    // A step that takes longer than a slice: the fit is between two of its records when the timer fires.
    const build = () =>
      sequential({ inputShape: 512, layers: [dense(512, { activation: "tanh" }), dense(512)], seed: 3 });
    const [model, twin] = [await build(), await build()];
    const big = { x: new Float32Array(2048 * 512).map((_, i) => (i % 7) / 7), y: new Float32Array(2048 * 512) };
    for (const each of [model, twin]) each.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const few = [big.x.subarray(0, 1024), big.y.subarray(0, 1024)] as const;
    let over = false;
    const end = { onEpochEnd: () => void (over = true) }; // the fit itself may take a breath after its step
    const running = model.fit(big.x, big.y, { batchSize: 2048, callbacks: [end] });
    const expected = twin.gradients(...few);
    let pauses = 0;
    for (; !over; pauses++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (over) break;
      expectSameArrays(model.gradients(...few), expected);
      expectSameArrays(model.getWeights(), twin.getWeights()); // the only step is not over
    }
    await running;
    expect(pauses).toBeGreaterThan(2);
    await twin.fit(big.x, big.y, { batchSize: 2048 });
    expectSameArrays(model.getWeights(), twin.getWeights());
  });
});

test("while an evaluation is under way, what it reads must not change", async () => {
  const model = await classifier();
  const { x, y } = samples(50_000);
  const running = model.evaluate(x, y);
  const changes = [
    () => model.compile(CLASSIFIER),
    () => model.setWeights(model.getWeights()),
    () => model.trainOnBatch(x.subarray(0, 4), y.subarray(0, 1)),
    () => model.fit(x, y),
  ];
  for (const change of changes) expect((await failureOf(change)).code).toBe("model/busy");
  const figures = await running;
  expect(await model.evaluate(x, y)).toEqual(figures);
  model.compile(CLASSIFIER);
});

describe("frozen layers", () => {
  test("training with all of them frozen is refused; thawing one is enough", async () => {
    const model = await classifier();
    const before = weightsOf(model);
    for (const layer of model.layers) layer.trainable = false;
    for (const verb of [() => model.fit(x, y), () => model.trainOnBatch(x, y), () => model.applyGradients(new Map())]) {
      const error = await failureOf(verb);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.code).toBe("config/nothing-to-train");
    }
    expect(model.gradients(x, y).size).toBe(0);
    expect(weightsOf(model)).toEqual(before);
    model.getLayer("output").trainable = true;
    model.trainOnBatch(x, y);
    expect(weightsOf(model)["hidden/kernel"]).toEqual(before["hidden/kernel"]);
    expect(weightsOf(model)["output/kernel"]).not.toEqual(before["output/kernel"]);
  });

  test("a network without weights has nothing to train", async () => {
    const model = await sequential({ inputShape: 4, layers: [activation("softmax")] });
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    expect((await failureOf(() => model.fit(x, y))).code).toBe("config/nothing-to-train");
    expect((await model.evaluate(x, y)).loss).toBeGreaterThan(0);
  });
});

describe("memory that cannot grow", () => {
  afterEach(() => void vi.restoreAllMocks());
  const refuseGrowth = () =>
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    });
  const many = samples(20_000);

  const demands: Record<string, (model: Model) => unknown> = {
    fit: (model) => model.fit(many.x, many.y),
    "fit with validation": (model) => model.fit(x, y, { validationData: [many.x, many.y] }),
    "a huge batch": (model) => model.trainOnBatch(many.x, many.y),
    gradients: (model) => model.gradients(many.x, many.y),
    evaluate: (model) => model.evaluate(many.x, many.y),
    predict: (model) => model.predict(many.x, { batchSize: 20_000 }),
  };
  test.each(Object.entries(demands))("%s is refused, and the model is as before", async (_, demand) => {
    const act = async (model: Model) => {
      const spy = refuseGrowth();
      try {
        await demand(model);
      } finally {
        spy.mockRestore();
      }
    };
    await expectRefusal(act, OutOfMemoryError, "memory/cannot-grow", /MiB for .* do not fit/);
  });

  test("what was taken before it failed is given back: it can be tried many times", async () => {
    const model = await classifier();
    const spy = refuseGrowth();
    for (let i = 0; i < 100; i++) await failureOf(() => model.fit(x, y, { validationData: [many.x, many.y] }));
    spy.mockRestore();
    const before = weightsOf(model);
    const grown = vi.spyOn(WebAssembly.Memory.prototype, "grow");
    await model.fit(x, y);
    expect(grown).not.toHaveBeenCalled();
    expect(weightsOf(model)).not.toEqual(before);
  });

  test("compile that does not fit leaves the model compiled as it was", async () => {
    const build = () => sequential({ inputShape: 200, layers: [dense(300, { name: "d" })], seed: 1 });
    const [model, twin] = [await build(), await build()];
    const data = [new Float32Array(400).fill(0.1), new Float32Array(600)] as const;
    for (const each of [model, twin]) {
      each.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      each.trainOnBatch(...data);
    }
    const spy = refuseGrowth();
    const error = await failureOf(() => model.compile({ optimizer: "adam", loss: "meanSquaredError" }));
    spy.mockRestore();
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(model.trainOnBatch(...data)).toEqual(twin.trainOnBatch(...data));
    expectSameBits(model, twin);
  });

  test("a network that no memory holds", async () => {
    const spy = refuseGrowth();
    const error = await failureOf(() => sequential({ inputShape: 1000, layers: [dense(1000)] }));
    spy.mockRestore();
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(error.message).toMatch(/3\.8 MiB for the model's parameters/);
  });
});

describe("numbers that are not finite any more", () => {
  // Linear regression by steps far too large: the weights swing higher and higher until the loss overflows.
  const diverging = async () => {
    const model = await sequential({ inputShape: 2, layers: [dense(1, { name: "line" })], seed: 1 });
    model.compile({ optimizer: sgd({ learningRate: 100 }), loss: "meanSquaredError" });
    return model;
  };
  const data = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, -1)] as const;
  const options = { batchSize: 1, shuffle: false };

  test("stop training with the weights of the step before", async () => {
    const [model, twin] = [await diverging(), await diverging()];
    const steps: number[] = [];
    const ends = vi.fn();
    const history = await model.fit(...data, {
      ...options,
      epochs: 1000,
      callbacks: [{ onBatchEnd: (_, { loss }) => void steps.push(loss!), onTrainEnd: ends }],
    });
    expect(history.stopReason).toBe("nonFinite");
    expect(history.detail).toMatch(/The loss became (NaN|Infinity) at epoch \d+, step [01]\./);
    expect(history.detail).toContain(`epoch ${Math.floor(steps.length / 2)}, step ${steps.length % 2}`);
    expect(ends).toHaveBeenCalledOnce();
    expect(steps.length).toBeGreaterThan(2);

    const stopped = await twin.fit(...data, { ...options, epochs: 1000, maxSteps: steps.length });
    expect(stopped.stopReason).toBe("maxSteps");
    expect(weightsOf(model)).toEqual(weightsOf(twin));
    expect(history.history.loss).toEqual(stopped.history.loss);

    model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: "meanSquaredError" });
    model.setWeights((await diverging()).getWeights());
    expect((await model.fit(...data)).stopReason).toBe("completed");
  });

  test("trainOnBatch throws and changes nothing", async () => {
    const [model, twin] = [await diverging(), await diverging()];
    const huge = [Float32Array.of(3e38, 3e38), Float32Array.of(1)] as const;
    const before = stateOf(model);
    const error = await failureOf(() => model.trainOnBatch(...huge));
    expect(error).toBeInstanceOf(NumericError);
    expect(error.code).toBe("numeric/not-finite");
    expect(error.message).toMatch(/not applied.*learning rate/);
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
    expect(model.trainOnBatch(...data)).toEqual(twin.trainOnBatch(...data));
    expectSameBits(model, twin);
  });

  test("a gradient that overflows while the loss does not halts the step too, whichever layer it is of", async () => {
    const names = ["first", "second", "third"];
    const layers = names.map((name, i) => dense(1, { name, learningRateMultiplier: i + 1, useBias: false })); // a segment each
    const model = await sequential({ inputShape: 1, layers, seed: 1 });
    model.compile({ optimizer: sgd(), loss: "meanSquaredError" });
    // The output is 0 through the layer whose weight is; that one's gradient alone is large: 2 · 1e10 · 1e30.
    for (const zero of names) {
      const kernel = (name: string) => ({ data: Float32Array.of(name === zero ? 0 : 1), shape: [1, 1] });
      model.setWeights(new Map(names.map((name) => [`${name}/kernel`, kernel(name)])));
      const before = stateOf(model);
      const error = await failureOf(() => model.trainOnBatch([1e30], [1e10]));
      expect(error.message).toContain("A gradient became infinite or NaN");
      expect(Buffer.compare(stateOf(model), before)).toBe(0);
    }
  });
});

test("a refusal leaves the memory as large as it was", async () => {
  // The module's memory is not public: what grows it is.
  const model = await classifier();
  model.trainOnBatch(x, y);
  const grown = vi.spyOn(WebAssembly.Memory.prototype, "grow");
  for (let i = 0; i < 200; i++) {
    await failureOf(() => model.fit(changed(x, 3, NaN), y));
    await failureOf(() => model.fit(x, y, { validationData: [x, []] }));
    await failureOf(() => model.compile({ ...CLASSIFIER, loss: "meanSquaredError" }));
  }
  expect(grown).not.toHaveBeenCalled();
  grown.mockRestore();
});
