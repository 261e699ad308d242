// The same seed gives the same bits everywhere: what every runtime must compute alike. Runs in Node and in browsers,
// so nothing here is of Node alone. scripts/platforms.mjs runs it in each; hash.test.ts in the running Node.

import { loadDigits } from "../../src/data/index.js";
import {
  activation,
  add,
  concatenate,
  defineLayer,
  defineLoss,
  input,
  model,
  type SymbolicValue,
  type Activation,
  activations,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  auto,
  batchNorm,
  binaryCrossentropy,
  categoricalCrossentropy,
  type Clip,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  type CompileOptions,
  constant,
  cosineDecay,
  alphaDropout,
  dense,
  dropout,
  elu,
  exponentialDecay,
  flatten,
  gelu,
  gaussianNoise,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  identity,
  type Initializer,
  inverseTimeDecay,
  type LayerSpec,
  layerNorm,
  lecunNormal,
  lecunUniform,
  linearSvm,
  lion,
  l1,
  l1l2,
  l2,
  loadModel,
  LogisticClassifier,
  logisticRegression,
  maxNorm,
  minMaxNorm,
  nonNeg,
  normalization,
  unitNorm,
  losses,
  type Model,
  nadam,
  oneCycle,
  ones,
  orthogonal,
  piecewiseConstant,
  polynomialDecay,
  prelu,
  randomNormal,
  randomUniform,
  rescaling,
  rmsprop,
  sequential,
  sgd,
  sparseCategoricalCrossentropy,
  truncatedNormal,
  varianceScaling,
  warmup,
  zeros,
} from "../../src/index.js";

/** What is committed in hashes.json. A hash is SHA-256 in hexadecimal. */
export interface Hashes {
  /** The quick start's network: its weights, the last epoch's loss as the bits of an f64, accuracy in the test. */
  readonly trained: { readonly hash: string; readonly lossBits: string; readonly accuracy: number };
  /** Small networks that use every kernel between them; `hash` is over those of the parts. */
  readonly mix: { readonly hash: string; readonly parts: Readonly<Record<string, string>> };
  /** Linear classifiers, each by all that its fit found and its scores. */
  readonly classifiers: Readonly<Record<string, string>>;
}

export interface Outcome extends Hashes {
  /** The quick start's weights again, after a stop within an epoch, a save, a load and a resume. */
  readonly resumed: string;
}

/** With so many threads, where a network is large enough for them: no hash depends on it. */
export async function conformance({ threads = 1 } = {}): Promise<Outcome> {
  return {
    trained: await quickStart(threads),
    resumed: await quickStartResumed(threads),
    mix: await mix(threads),
    classifiers: await classifiers(),
  };
}

/** What an outcome has otherwise than it should, a line each. */
export function differences(outcome: Outcome, expected: Hashes): string[] {
  const lines: string[] = [];
  const compare = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) lines.push(`${what} is ${String(found)}, expected ${String(wanted)}`);
  };
  compare("trained hash", outcome.trained.hash, expected.trained.hash);
  compare("trained loss", outcome.trained.lossBits, expected.trained.lossBits);
  compare("trained accuracy", outcome.trained.accuracy, expected.trained.accuracy);
  compare("resumed hash", outcome.resumed, outcome.trained.hash);
  for (const part of new Set([...Object.keys(outcome.mix.parts), ...Object.keys(expected.mix.parts)])) {
    compare(`mix "${part}"`, outcome.mix.parts[part], expected.mix.parts[part]);
  }
  compare("mix hash", outcome.mix.hash, expected.mix.hash);
  for (const kind of new Set([...Object.keys(outcome.classifiers), ...Object.keys(expected.classifiers)])) {
    compare(`classifier "${kind}"`, outcome.classifiers[kind], expected.classifiers[kind]);
  }
  return lines;
}

// ── The quick start: what `npm start` trains (src/cli/train.ts) ─────────────────────────────────────────────────────

const TRAINING = { epochs: 30, batchSize: 32 };
const STOP_AFTER = 700; // of 1,350 steps: in the midst of epoch 15

async function quickStartModel(threads: number): Promise<Model> {
  const model = await sequential({
    inputShape: 64,
    layers: [
      rescaling({ scale: 1 / 16 }),
      dense(64, { activation: "relu", kernelInitializer: heNormal() }),
      dense(32, { activation: "relu", kernelInitializer: heNormal() }),
      dense(10, { activation: "softmax" }),
    ],
    seed: 42,
    threads,
  });
  model.compile({
    optimizer: adam({ learningRate: 0.001 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

async function quickStart(threads: number): Promise<Hashes["trained"]> {
  const { train, test } = await loadDigits();
  const model = await quickStartModel(threads);
  const { history } = await model.fit(train.x, train.y, TRAINING);
  const { accuracy } = await model.evaluate(test.x, test.y);
  return { hash: await weightsHash(model), lossBits: bits(history.loss!.at(-1)!), accuracy: accuracy! };
}

async function quickStartResumed(threads: number): Promise<string> {
  const { train } = await loadDigits();
  const model = await quickStartModel(threads);
  const { stopReason } = await model.fit(train.x, train.y, { ...TRAINING, maxSteps: STOP_AFTER });
  if (stopReason !== "maxSteps") throw new Error(`Training was to stop for maxSteps, and stopped for ${stopReason}.`);
  const loaded = await loadModel(model.toBytes({ includeOptimizer: true }), { threads });
  await loaded.fit(train.x, train.y, { ...TRAINING, resume: true });
  return weightsHash(loaded);
}

/** Over the weights' bytes, in layer order. */
export function weightsHash(model: Model): Promise<string> {
  return sha256([...model.getWeights().values()].map(({ data }) => data));
}

// ── The mix ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Part extends CompileOptions {
  readonly inputShape: number | number[];
  readonly layers: LayerSpec[];
  /** Joins the layers and others; default: a chain of them. */
  readonly graph?: (x: SymbolicValue, layers: readonly LayerSpec[]) => SymbolicValue;
  readonly x: Float32Array | Uint8Array;
  readonly y: Float32Array | Uint8Array;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed?: number;
  readonly windowBytes?: number;
  readonly sampleWeight?: number[];
  readonly accumulateSteps?: number;
}

const INITIALIZERS: Initializer[] = [
  zeros(),
  ones(),
  constant({ value: 0.1 }),
  randomNormal({ mean: 0.1, stddev: 0.3 }),
  randomUniform({ minval: -0.3, maxval: 0.7, seed: 9 }),
  truncatedNormal({ stddev: 0.4 }),
  varianceScaling({ scale: 1.5, mode: "fanOut", distribution: "normal" }),
  glorotUniform(),
  glorotNormal(),
  heUniform(),
  heNormal(),
  lecunUniform(),
  lecunNormal(),
];

/** An activation within a product's last pass, and by itself. */
function activationPart(activated: Activation): Part {
  return {
    inputShape: 5,
    layers: [dense(9, { activation: activated }), dense(7), rescaling({ scale: 0.5 }), activation(activated), dense(3)],
    optimizer: sgd({ learningRate: 0.01 }),
    loss: "meanSquaredError",
    x: numbers(29 * 5, 15),
    y: numbers(29 * 3, 16),
    batchSize: 8,
    epochs: 4,
  };
}

/** Each part is trained; what every kernel made of it ends up in its hash. */
export const MIX: Record<string, () => Part> = {
  // Every activation within a product's last pass; bytes in, one-hot targets, a partial last batch.
  fusedActivations: () => ({
    inputShape: 13,
    layers: [
      rescaling({ scale: 1 / 127.5, offset: -1 }),
      dense(17, { activation: "tanh" }),
      dense(11, { activation: "sigmoid", useBias: false }),
      dense(9, { activation: elu({ alpha: 0.7 }), kernelInitializer: "heNormal" }),
      dense(21, { activation: "relu" }),
      dense(6, { activation: "softmax" }),
      dense(5, { activation: "softmax" }),
    ],
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    loss: categoricalCrossentropy({ labelSmoothing: 0.1 }),
    metrics: ["accuracy"],
    x: bytes(53 * 13, 1),
    y: oneHotRows(53, 5, 2),
    batchSize: 20,
    epochs: 6,
  }),
  // Every activation by itself, forward and back.
  separateActivations: () => ({
    inputShape: 7,
    layers: [
      dense(9),
      rescaling({ scale: 1.5 }),
      activation(elu({ alpha: 1.3 })),
      rescaling({ scale: 2, offset: 0.5 }),
      activation("tanh"),
      rescaling({ scale: 3 }),
      activation("sigmoid"),
      rescaling({ scale: 4, offset: -2 }),
      activation("relu"),
      dense(3),
    ],
    optimizer: sgd({ learningRate: 0.05 }),
    loss: "meanSquaredError",
    x: numbers(37 * 7, 3),
    y: numbers(37 * 3, 4),
    batchSize: 10,
    epochs: 5,
  }),
  // One row a step: a product of a vector.
  binaryByRow: () => ({
    inputShape: 6,
    layers: [dense(19, { activation: elu() }), dense(3, { activation: "sigmoid" })],
    optimizer: adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.99 }),
    loss: binaryCrossentropy({ labelSmoothing: 0.05 }),
    metrics: ["accuracy"],
    x: numbers(23 * 6, 5),
    y: Float32Array.from(bytes(23 * 3, 6), (value) => value & 1),
    batchSize: 1,
    epochs: 3,
  }),
  // A seed beyond 32 bits, and data that go through a window of one batch.
  initializers: () => ({
    inputShape: 5,
    layers: [
      ...INITIALIZERS.map((initializer, i) =>
        dense(5 + (i % 4), { activation: "tanh", kernelInitializer: initializer, biasInitializer: randomNormal() }),
      ),
      dense(4),
    ],
    optimizer: sgd({ learningRate: 0.02, momentum: 0.5 }),
    loss: sparseCategoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.2 }),
    metrics: ["accuracy"],
    x: numbers(29 * 5, 7),
    y: bytes(29, 8).map((value) => value & 3),
    batchSize: 8,
    epochs: 4,
    seed: 2 ** 40 + 5,
    windowBytes: 1,
  }),
  // Several images' rows through one kernel, then a single output.
  rowsOfImages: () => ({
    inputShape: [3, 5],
    layers: [dense(7, { activation: "tanh" }), flatten(), dense(1)],
    optimizer: "adam",
    loss: "meanSquaredError",
    x: numbers(31 * 15, 9),
    y: numbers(31, 10),
    batchSize: 11,
    epochs: 5,
  }),
  // More than one block of each of the products' dimensions, packed; every edge of the tiles.
  packedProducts: () => ({
    inputShape: 301,
    layers: [
      dense(530, { activation: "relu" }),
      dense(270, { activation: "tanh" }),
      dense(67, { activation: "softmax" }),
    ],
    optimizer: adam({ learningRate: 0.002 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    x: numbers(389 * 301, 11),
    y: bytes(389, 12).map((value) => value % 67),
    batchSize: 259,
    epochs: 2,
  }),
  // Weights, outputs, gradients and steps below 2⁻¹²⁶, which no runtime may take for zeros.
  denormals: () => ({
    inputShape: 7,
    layers: [
      dense(5, { kernelInitializer: randomNormal({ stddev: 1e-39 }), useBias: false, activation: "relu" }),
      dense(2, { useBias: false }),
    ],
    optimizer: sgd({ learningRate: 1e-39 }),
    loss: "meanSquaredError",
    x: numbers(19 * 7, 13),
    y: numbers(19 * 2, 14),
    batchSize: 6,
    epochs: 3,
  }),
  ...Object.fromEntries(
    Object.entries(activations).map(([name, factory]) => [`activation ${name}`, () => activationPart(factory())]),
  ),
  "activation gelu, approximate": () => activationPart(gelu({ approximate: true })),
  // Matrices higher than wide, wider than high and square; whole numbers for weights.
  matrixInitializers: () => ({
    inputShape: 19,
    layers: [
      dense(8, { kernelInitializer: orthogonal({ gain: 1.5 }) }),
      dense(13, { kernelInitializer: orthogonal({ seed: 3 }), activation: "tanh" }),
      dense(13, { kernelInitializer: identity({ gain: 0.5 }) }),
      dense(13, { kernelInitializer: orthogonal() }),
      dense(9, { kernelInitializer: auto(), activation: "selu" }),
      dense(3, {
        kernelInitializer: (shape, { fanIn, fanOut, seed }) =>
          Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => ((seed + i * fanIn) % fanOut) / 8),
      }),
    ],
    optimizer: sgd({ learningRate: 0.05 }),
    loss: "meanSquaredError",
    x: numbers(21 * 19, 19),
    y: numbers(21 * 3, 20),
    batchSize: 8,
    epochs: 3,
  }),
  // A slope for each value, for each column, and one for all.
  learnedSlopes: () => ({
    inputShape: [3, 5],
    layers: [
      dense(7),
      prelu(),
      dense(6),
      prelu({ sharedAxes: [1] }),
      dense(5),
      prelu({ sharedAxes: [1, 2] }),
      dense(2),
    ],
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "meanSquaredError",
    x: numbers(23 * 15, 17),
    y: numbers(23 * 6, 18),
    batchSize: 9,
    epochs: 4,
  }),
  // Every optimizer that no other part has, on the same small network, each under a schedule of its own.
  adagrad: () => optimized(adagrad({ learningRate: exponentialDecay({ ...STEPS, decayRate: 0.7 }), weightDecay: 0.1 })),
  adadelta: () => optimized(adadelta({ learningRate: inverseTimeDecay({ ...STEPS, decayRate: 0.7 }) })),
  rmsprop: () => optimized(rmsprop({ learningRate: polynomialDecay({ ...STEPS, power: 1.5, cycle: true }) })),
  rmspropCentered: () => optimized(rmsprop({ learningRate: 0.01, momentum: 0.7, centered: true })),
  amsgrad: () => optimized(adam({ learningRate: oneCycle({ maxLearningRate: 0.05, totalSteps: 14 }), amsgrad: true })),
  adamW: () => optimized(adamW({ learningRate: warmup({ steps: 4, after: cosineDecay(STEPS) }), weightDecay: 0.1 })),
  nadam: () =>
    optimized(nadam({ learningRate: piecewiseConstant({ boundaries: [3, 9], values: [0.02, 0.01, 0.005] }) })),
  adamax: () => optimized(adamax({ learningRate: 0.01 })),
  lion: () => optimized(lion({ learningRate: 0.003, weightDecay: 0.2 })),
  // What is seen are averages of the weights, behind a constraint and beside statistics that are none.
  averagedWeights: () => ({
    ...optimized(adam({ learningRate: 0.03, ema: 0.8 })),
    layers: [dense(7, { activation: "tanh", kernelConstraint: maxNorm(0.6) }), batchNorm({ momentum: 0.5 }), dense(3)],
  }),
  // Masks and noise that change with the step, some from a seed beyond 32 bits of their own.
  dropout: () => ({
    inputShape: 9,
    layers: [
      gaussianNoise(0.3),
      dense(19, { activation: "relu" }),
      dropout(0.3),
      dense(11, { activation: "tanh" }),
      alphaDropout(0.2, { seed: 2 ** 50 + 1 }),
      dense(5),
      dropout(0.5, { seed: 3 }),
      gaussianNoise(0.1, { seed: 4 }),
      dense(2),
    ],
    optimizer: adam({ learningRate: 0.01 }),
    loss: "meanSquaredError",
    x: numbers(41 * 9, 17),
    y: numbers(41 * 2, 18),
    batchSize: 9,
    epochs: 4,
  }),
  // Steps made of three batches, an epoch's last one of two, each batch with a mask and statistics of its own.
  accumulated: () => ({
    inputShape: 6,
    layers: [
      gaussianNoise(0.2),
      dense(13, { activation: "tanh", kernelRegularizer: l2(0.01) }),
      batchNorm({ momentum: 0.5 }),
      dropout(0.3),
      dense(3),
    ],
    optimizer: adam({ learningRate: 0.02 }),
    loss: "meanSquaredError",
    clip: clipByGlobalNorm(0.5),
    x: numbers(37 * 6, 23),
    y: numbers(37 * 3, 24),
    batchSize: 8,
    epochs: 5,
    accumulateSteps: 3,
  }),
  // Columns' norms at every edge of a vector, and a floor.
  constraints: () => ({
    inputShape: 6,
    layers: [
      dense(21, { activation: "tanh", kernelConstraint: maxNorm(0.8), biasConstraint: nonNeg() }),
      dense(5, { kernelConstraint: minMaxNorm({ minValue: 0.5, maxValue: 0.9, rate: 0.7 }) }),
      dense(3, { kernelConstraint: unitNorm(), biasConstraint: maxNorm(0.1) }),
    ],
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "meanSquaredError",
    x: numbers(27 * 6, 19),
    y: numbers(27 * 3, 20),
    batchSize: 10,
    epochs: 5,
  }),
  regularizers: () => ({
    inputShape: 6,
    layers: [
      dense(13, { activation: "tanh", kernelRegularizer: l1(0.003), biasRegularizer: l2(0.1) }),
      dense(3, { kernelRegularizer: l1l2({ l1: 0.002, l2: 0.004 }) }),
    ],
    optimizer: adam({ learningRate: 0.01 }),
    loss: "meanSquaredError",
    x: numbers(27 * 6, 21),
    y: numbers(27 * 3, 22),
    batchSize: 10,
    epochs: 5,
  }),
  clippedByValue: () => clipped(clipByValue(0.02)),
  clippedByNorm: () => clipped(clipByNorm(0.1)),
  clippedByGlobalNorm: () => clipped(clipByGlobalNorm(0.15)),
  // Statistics of the batch, also of its bytes and without gamma and beta; moving ones when frozen; a batch of two rows.
  batchNormalization: () => ({
    inputShape: 11,
    layers: [
      batchNorm({ momentum: 0.5, center: false }),
      dense(21, { useBias: false }),
      batchNorm({ momentum: 0.9, epsilon: 1e-5 }),
      activation("elu"),
      dense(6),
      batchNorm({ trainable: false }),
      activation("tanh"),
      batchNorm({ scale: false, center: false }),
      dense(4, { activation: "softmax" }),
    ],
    optimizer: adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    x: bytes(47 * 11, 15),
    y: bytes(47, 16).map((value) => value & 3),
    batchSize: 15,
    epochs: 5,
  }),
  // Statistics that are given, of bytes and, with gradients through them, behind a layer.
  givenStatistics: () => ({
    inputShape: 11,
    layers: [
      normalization({
        mean: [...numbers(11, 23)].map((value) => 128 + 9 * value),
        variance: [...bytes(11, 24)].map((value) => 5000 + value),
      }),
      dense(7, { activation: "tanh" }),
      normalization({ mean: numbers(7, 25), variance: 0.3 }),
      dense(2),
    ],
    optimizer: adam({ learningRate: 0.01 }),
    loss: "meanSquaredError",
    x: bytes(29 * 11, 26),
    y: numbers(29 * 2, 27),
    batchSize: 8,
    epochs: 4,
  }),
  // Statistics of each row, of odd widths, and of each position of a sample.
  layerNormalization: () => ({
    inputShape: [3, 7],
    layers: [
      layerNorm({ epsilon: 1e-5 }),
      dense(13, { activation: "tanh" }),
      layerNorm({ center: false }),
      flatten(),
      dense(9),
      layerNorm({ scale: false }),
      activation("relu"),
      dense(2),
    ],
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    loss: "meanSquaredError",
    x: numbers(31 * 21, 17),
    y: numbers(31 * 2, 18),
    batchSize: 8,
    epochs: 5,
  }),
};

const STEPS = { initialLearningRate: 0.03, decaySteps: 5 };

function optimized(optimizer: CompileOptions["optimizer"]): Part {
  return {
    inputShape: 5,
    layers: [dense(7, { activation: "tanh", learningRateMultiplier: 0.5 }), dense(3)],
    optimizer,
    loss: "meanSquaredError",
    x: numbers(23 * 5, 15),
    y: numbers(23 * 3, 16),
    batchSize: 8,
    epochs: 5,
  };
}

/** Limits that bite; odd widths, so that variables end within a vector. */
function clipped(clip: Clip): Part {
  return {
    inputShape: 5,
    layers: [dense(7, { activation: "tanh" }), dense(3)],
    optimizer: sgd({ learningRate: 0.3 }),
    loss: "meanSquaredError",
    clip,
    x: numbers(23 * 5, 15),
    y: numbers(23 * 3, 16),
    batchSize: 8,
    epochs: 4,
  };
}
/** Each loss that shares the op "loss", with weights: those of its kernels that no other part reaches. */
const LOSSES = {
  meanAbsoluteError: losses.meanAbsoluteError(),
  huber: losses.huber({ delta: 0.3 }),
  logCosh: losses.logCosh(),
  kullbackLeiblerDivergence: losses.kullbackLeiblerDivergence(),
  poisson: losses.poisson(),
  hinge: losses.hinge(),
  squaredHinge: losses.squaredHinge(),
  categoricalHinge: losses.categoricalHinge(),
  cosineSimilarity: losses.cosineSimilarity(),
} as const;

function lossPart(loss: keyof typeof LOSSES): () => Part {
  const positive = loss === "poisson" || loss === "kullbackLeiblerDivergence";
  const signed = loss === "hinge" || loss === "squaredHinge";
  return () => ({
    inputShape: 4,
    layers: [dense(6, { activation: "tanh" }), dense(5, positive ? { activation: "sigmoid" } : {})],
    optimizer: sgd({ learningRate: 0.1 }),
    loss: LOSSES[loss],
    x: numbers(21 * 4, 15),
    y: signed ? numbers(21 * 5, 16).map((value) => (value < 0 ? -1 : 1)) : oneHotRows(21, 5, 17),
    sampleWeight: Array.from(bytes(21, 18), (value) => (value % 5) / 4),
    batchSize: 8,
    epochs: 3,
  });
}
for (const loss of Object.keys(LOSSES) as (keyof typeof LOSSES)[]) MIX[loss] = lossPart(loss);

// Each metric that counts.
MIX.metricsOfClasses = () => ({
  inputShape: 4,
  layers: [dense(5, { activation: "softmax" })],
  optimizer: sgd({ learningRate: 0.1 }),
  loss: "categoricalCrossentropy",
  metrics: ["f1Score", "topKCategoricalAccuracy", "confusionMatrix"],
  x: numbers(21 * 4, 19),
  y: oneHotRows(21, 5, 20),
  batchSize: 8,
  epochs: 2,
});
MIX.metricsOfNumbers = () => ({
  inputShape: 4,
  layers: [dense(3, { activation: "sigmoid" })],
  optimizer: sgd({ learningRate: 0.1 }),
  loss: "binaryCrossentropy",
  metrics: ["precision", "auc", "meanAbsoluteError", "r2Score"],
  x: numbers(21 * 4, 21),
  y: oneHotRows(21, 3, 22),
  batchSize: 8,
  epochs: 2,
});

// Every op of layers and losses of one's own, in a graph with a shared layer, a residual connection and joined columns.
const everyOp = defineLayer({
  className: "EveryOp",
  config: { factor: 1.25 },
  build: (_, [width = 1]) => ({
    gain: { shape: width, initializer: "ones" },
    floor: { shape: 1, initializer: constant({ value: 0.1 }) },
  }),
  emit({ ops, config, weights: { gain, floor } }, x) {
    const positive = ops.add(ops.square(x), ops.abs(floor!));
    const normed = ops.div(ops.sub(x, ops.mean(x)), ops.sqrt(ops.mean(positive)));
    const gated = ops.maximum(ops.mul(normed, gain!), ops.sub(floor!, ops.log(positive)));
    const share = ops.div(ops.exp(ops.sub(x, ops.max(x))), ops.sum(positive));
    return ops.concatenate([ops.mul(gated, config.factor), ops.minimum(share, ops.div(1, positive))]);
  },
});
const pseudoHuber = defineLoss({
  name: "pseudoHuber",
  config: { delta: 0.5 },
  emit: ({ ops, config }, predictions, targets) =>
    ops.sub(ops.sqrt(ops.add(ops.square(ops.div(ops.sub(predictions, targets), config.delta)), 1)), 1),
});
MIX.graphOfOwnParts = () => ({
  inputShape: 5,
  layers: [dense(5, { activation: "tanh", name: "shared" }), batchNorm(), dropout(0.2), dense(3, { name: "output" })],
  graph(x, [shared, normal, drop, output]) {
    const h = shared!.apply(drop!.apply(shared!.apply(x)));
    return output!.apply(everyOp({ factor: 0.75 }).apply(concatenate([normal!.apply(add([x, h])), x])));
  },
  optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
  loss: pseudoHuber({ delta: 2 }),
  x: numbers(31 * 5, 61),
  y: numbers(31 * 3, 62),
  batchSize: 9,
  epochs: 4,
});

async function mix(threads: number): Promise<Hashes["mix"]> {
  const parts: Record<string, string> = {};
  // By name: parts come from the library's tables too, and the order of a module's names is not everywhere the same.
  for (const name of Object.keys(MIX).sort()) parts[name] = await partHash(MIX[name]!(), threads);
  return { hash: await sha256([new TextEncoder().encode(JSON.stringify(parts))]), parts };
}

export async function build(part: Part, threads = 1): Promise<Model> {
  const { inputShape, layers, graph, seed = 7, windowBytes, optimizer, loss, metrics = [], clip } = part;
  const common = { seed, threads, ...(windowBytes && { windowBytes }) };
  const x = input(inputShape);
  const built = graph
    ? await model({ inputs: x, outputs: graph(x, layers), ...common })
    : await sequential({ inputShape, layers, ...common });
  built.compile({ optimizer, loss, metrics, clip });
  return built;
}

/** Weights before and after, losses and metrics, gradients, predictions for all rows and for one. */
async function partHash(part: Part, threads: number): Promise<string> {
  const { x, y, batchSize, epochs, sampleWeight, accumulateSteps } = part;
  const model = await build(part, threads);
  const weights = () => [...model.getWeights().values()].map(({ data }) => data);
  const initial = weights();
  const { history, stopReason } = await model.fit(x, y, {
    batchSize,
    epochs,
    ...(sampleWeight && { sampleWeight }),
    ...(accumulateSteps && { accumulateSteps }),
  });
  if (stopReason !== "completed") throw new Error(`Training ended for ${stopReason}.`);
  const figures = [...Object.values(history).flat(), ...Object.values(await model.evaluate(x, y)).flat(2)];
  const gradients = [...model.gradients(x, y).values()].map(({ data }) => data);
  const width = model.inputShape.reduce((product, size) => product * size, 1);
  const predictions = [model.predict(x), model.predict(x.slice(0, width))].map(({ data }) => data);
  return sha256([...initial, ...weights(), Float64Array.from(figures), ...gradients, ...predictions]);
}

// ── Linear classifiers ──────────────────────────────────────────────────────────────────────────────────────────────

/** Every method, of two classes and of four. */
async function classifiers(): Promise<Hashes["classifiers"]> {
  const kinds = {
    crammerSinger: linearSvm({ multiClass: "crammerSinger" }),
    hinge: linearSvm({ loss: "hinge", c: 0.5, seed: 3 }),
    logistic: logisticRegression({ c: 2 }),
    squaredHinge: linearSvm({ classWeight: "balanced" }),
  };
  const hashes: Record<string, string> = {};
  for (const [kind, unfitted] of Object.entries(kinds)) {
    for (const count of [2, 4]) {
      const x = numbers(90 * 13, 71);
      const y = Int32Array.from(
        integers(90, 72),
        (value, row) => (x[row * 13]! + value / 2 ** 24 > 0.6 ? row : value) % count,
      );
      const found = await unfitted.fit(x, y);
      const scores = [found.decisionFunction(x), found.predict(x)];
      if (found instanceof LogisticClassifier) scores.push(found.predictProbabilities(x));
      const figures = Float64Array.of(found.iterations, Number(found.converged));
      hashes[`${kind}, ${count} classes`] = await sha256([
        found.coefficients.data,
        found.intercepts,
        figures,
        ...scores,
      ]);
    }
  }
  return hashes;
}

// ── Small tools ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** n whole numbers 0 … 2²⁴ − 1: the upper bits of a linear congruential generator (Numerical Recipes). */
function integers(n: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: n }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8);
}

/** n numbers in [−1, 1), each exact in f32. */
function numbers(n: number, seed: number): Float32Array {
  return Float32Array.from(integers(n, seed), (value) => value / 2 ** 23 - 1);
}

function bytes(n: number, seed: number): Uint8Array {
  return Uint8Array.from(integers(n, seed), (value) => value >>> 16);
}

function oneHotRows(rows: number, classes: number, seed: number): Float32Array {
  const y = new Float32Array(rows * classes);
  bytes(rows, seed).forEach((value, row) => (y[row * classes + (value % classes)] = 1));
  return y;
}

async function sha256(arrays: readonly ArrayBufferView[]): Promise<string> {
  const all = await new Blob(arrays as ArrayBufferView<ArrayBuffer>[]).arrayBuffer();
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", all)));
}

/** The 64 bits of a double, in hexadecimal. */
function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return hex(new Uint8Array(view.buffer));
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
