// Constants of the test-suite of Keras 3 (github.com/keras-team/keras, keras/src): inputs and results as they stand there.
// Each has the file and the test it is from; tolerances are Keras's own (`places` of assertAlmostEqual, `atol`).

/** optimizers/*_test.py, test_single_step: from 1, 2, 3, 4 with gradients 1, 6, 7, 2 and a rate of 0.5; atol and rtol 1e-4. */
export const SINGLE_STEP: Readonly<Record<string, readonly number[]>> = {
  sgd: [0.5, -1, -0.5, 3],
  adagrad: [0.5233, 1.5007, 2.5005, 3.5061],
  adadelta: [0.9993, 1.9993, 2.9993, 3.9993],
  rmsprop: [-0.5811, 0.4189, 1.4189, 2.4189],
  adam: [0.5, 1.5, 2.5, 3.5],
  adamW: [0.498, 1.496, 2.494, 3.492],
  nadam: [0.4686, 1.4686, 2.4686, 3.4686],
  adamax: [0.5, 1.5, 2.5, 3.5],
  lion: [0.5, 1.5, 2.5, 3.5],
};

/**
 * optimizers/*_test.py, test_weight_decay, of every optimizer: 2.0 with a gradient of 0, a rate of 1 and a weight_decay of
 * 0.004 becomes 1.9760959 to 6 places. Keras decays three times there, as three optimizers share the variable.
 */
export const WEIGHT_DECAY = { rate: 1, weightDecay: 0.004, start: 2, steps: 3, after: 1.9760959 } as const;

/**
 * optimizers/*_test.py, test_correctness_with_golden: ten ones; a step with gradients of 0.01, then four with 0.1, 0.2 … 1;
 * rows of the parameters after each step, rtol and atol 5e-4. One column stands for ten equal ones. That of AdamW is left
 * out: with its epsilon of 2 it shows that Keras adds epsilon to √v, before the correction of the bias, and we to √v̂ as
 * the paper's algorithm does.
 */
export const FIVE_STEPS: Readonly<Record<string, { options: object; steps: readonly (readonly number[])[] }>> = {
  sgd: {
    options: { nesterov: true },
    steps: [
      [0.9999, 0.9999, 0.9999, 0.9999, 0.9999, 0.9999, 0.9999, 0.9999, 0.9999, 0.9999],
      [0.9989, 0.9979, 0.9969, 0.9959, 0.9949, 0.9939, 0.9929, 0.9919, 0.9909, 0.9899],
      [0.9979, 0.9959, 0.9939, 0.9919, 0.9899, 0.9879, 0.9859, 0.9839, 0.9819, 0.9799],
      [0.9969, 0.9939, 0.9909, 0.9879, 0.9849, 0.9819, 0.9789, 0.9759, 0.9729, 0.9699],
      [0.9959, 0.9919, 0.9879, 0.9839, 0.9799, 0.9759, 0.9719, 0.9679, 0.9639, 0.9599],
    ],
  },
  adagrad: {
    options: { learningRate: 0.2, initialAccumulatorValue: 0.3, epsilon: 1e-6 },
    steps: [
      [0.9963],
      [0.9604, 0.9278, 0.9003, 0.8784, 0.8615, 0.8487, 0.8388, 0.8313, 0.8255, 0.8209],
      [0.9251, 0.8629, 0.8137, 0.7768, 0.7497, 0.7298, 0.7151, 0.704, 0.6956, 0.6891],
      [0.8903, 0.8012, 0.7342, 0.6862, 0.6521, 0.6277, 0.6099, 0.5967, 0.5867, 0.579],
      [0.856, 0.7422, 0.6604, 0.6037, 0.5644, 0.5367, 0.5168, 0.5021, 0.491, 0.4825],
    ],
  },
  adadelta: {
    options: { learningRate: 1, rho: 0.8, epsilon: 1e-6 },
    steps: [[0.9978], [0.9947], [0.9915], [0.9882], [0.9849]],
  },
  rmsprop: { options: { centered: true }, steps: [[0.9967], [0.9933], [0.9908], [0.9885], [0.9864]] },
  adam: { options: { amsgrad: true }, steps: [[0.999], [0.9982], [0.9974], [0.9965], [0.9955]] },
  nadam: {
    options: { learningRate: 0.5, beta1: 0.5, beta2: 0.67, epsilon: 1e-5 },
    steps: [
      [0.4281],
      [-0.1738, -0.1731, -0.1726, -0.1723, -0.1721, -0.172, -0.1719, -0.1718, -0.1718, -0.1717],
      [-0.7115, -0.7103, -0.7096, -0.7092, -0.709, -0.7088, -0.7086, -0.7085, -0.7085, -0.7084],
      [-1.2335, -1.2322, -1.2313, -1.2309, -1.2306, -1.2304, -1.2302, -1.2301, -1.23, -1.2299],
      [-1.7492, -1.7478, -1.7469, -1.7464, -1.7461, -1.7459, -1.7457, -1.7456, -1.7455, -1.7454],
    ],
  },
  adamax: {
    options: { learningRate: 0.2, beta1: 0.85, beta2: 0.95, epsilon: 1e-6 },
    steps: [
      [0.8],
      [0.6827, 0.6873, 0.6888, 0.6896, 0.6901, 0.6904, 0.6906, 0.6908, 0.6909, 0.691],
      [0.5333, 0.5407, 0.5431, 0.5444, 0.5451, 0.5456, 0.546, 0.5462, 0.5464, 0.5466],
      [0.368, 0.3773, 0.3804, 0.382, 0.3829, 0.3835, 0.384, 0.3843, 0.3846, 0.3848],
      [0.1933, 0.204, 0.2076, 0.2094, 0.2105, 0.2112, 0.2117, 0.2121, 0.2124, 0.2126],
    ],
  },
  lion: { options: {}, steps: [[0.999], [0.998], [0.997], [0.996], [0.995]] },
};

/** optimizers/*_test.py, test_clip_norm and test_clip_value: a gradient of 100, 100 and a limit of 1; assertAllClose. */
export const CLIPPED: Readonly<Record<string, readonly number[]>> = {
  clipByValue: [1, 1],
  clipByNorm: [2 ** 0.5 / 2, 2 ** 0.5 / 2],
};

/** constraints/constraints_test.py, test_max_norm: columns 0 0 0, 1 0 0, 3 0 0, 3 3 3 to a norm of at most 2; (3, 4). */
export const MAX_NORM = {
  maxValue: 2,
  given: [0, 1, 3, 3, 0, 0, 0, 3, 0, 0, 0, 3],
  result: [0, 1, 2, 2 / Math.sqrt(3), 0, 0, 0, 2 / Math.sqrt(3), 0, 0, 0, 2 / Math.sqrt(3)],
} as const;

/** losses/losses_test.py. Weights are sample_weight; `places` as there, 3 where none is given. */
export interface LossFigure {
  readonly test: string;
  readonly options?: object;
  readonly predictions: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  readonly weights?: readonly number[];
  readonly loss: number;
  readonly places: number;
}
const regression = {
  predictions: [
    [4, 8, 12],
    [8, 1, 3],
  ],
  targets: [
    [1, 9, 2],
    [-5, -2, 6],
  ],
};
const logits = {
  options: { fromLogits: true },
  predictions: [
    [8, 1, 1],
    [0, 9, 1],
    [2, 3, 5],
  ],
};
const oneHot = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const labels = [[0], [1], [2]];
const yesAndNo = {
  options: { fromLogits: true },
  predictions: [
    [10, -10, 10],
    [10, 10, -10],
  ],
  targets: [
    [1, 0, 1],
    [0, 1, 1],
  ],
};
/** Keras takes targets of 0 for −1 there; here they are −1. */
const hinges = {
  predictions: [
    [0.6, 0.4],
    [0.4, 0.6],
  ],
  targets: [
    [-1, 1],
    [-1, -1],
  ],
};
const categoricalHinges = {
  predictions: hinges.predictions,
  targets: [
    [0, 1],
    [0, 0],
  ],
};
/** Means of the formulas that the tests write in numpy, of their inputs. */
const meanOver = (
  { predictions, targets }: Pick<LossFigure, "predictions" | "targets">,
  f: (p: number, t: number) => number,
  n: number,
): number => predictions.flatMap((row, i) => row.map((p, j) => f(p, targets[i]![j]!))).reduce((a, b) => a + b) / n;
const huber = {
  predictions: [
    [0.9, 0.2, 0.2],
    [0.8, 0.4, 0.6],
  ],
  targets: [
    [1, 0, 1],
    [1, 0, 0],
  ],
};
const huberOf = (delta: number) => (p: number, t: number) => {
  const quadratic = Math.min(Math.abs(p - t), delta);
  return 0.5 * quadratic * quadratic + delta * (Math.abs(p - t) - quadratic);
};
const divergence = {
  predictions: [
    [0.4, 0.9, 0.12],
    [0.36, 0.3, 0.4],
  ],
  targets: [
    [0.5, 0.8, 0.12],
    [0.7, 0.43, 0.8],
  ],
};
const counts = {
  predictions: [
    [1, 9, 2],
    [5, 2, 6],
  ],
  targets: [
    [4, 8, 12],
    [8, 1, 3],
  ],
};
const cosine = (p: readonly number[], t: readonly number[]): number => {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  return dot(p, t) / Math.sqrt(dot(p, p) * dot(t, t));
};

export const LOSSES: Readonly<Record<string, readonly LossFigure[]>> = {
  meanSquaredError: [
    { test: "test_unweighted", ...regression, loss: 49.5, places: 3 },
    { test: "test_sample_weighted", ...regression, weights: [1.2, 3.4], loss: 767.8 / 6, places: 3 },
  ],
  meanAbsoluteError: [
    { test: "test_unweighted", ...regression, loss: 5.5, places: 3 },
    { test: "test_sample_weighted", ...regression, weights: [1.2, 3.4], loss: 81.4 / 6, places: 3 },
  ],
  huber: [
    { test: "test_unweighted", ...huber, loss: meanOver(huber, huberOf(1), 6), places: 3 },
    {
      test: "test_non_default_delta",
      options: { delta: 0.8 },
      ...huber,
      weights: [2.3, 2.3],
      loss: 2.3 * meanOver(huber, huberOf(0.8), 6),
      places: 3,
    },
  ],
  logCosh: [
    {
      test: "test_unweighted",
      ...regression,
      loss: meanOver(regression, (p, t) => Math.log((Math.exp(p - t) + Math.exp(t - p)) / 2), 6),
      places: 3,
    },
  ],
  binaryCrossentropy: [
    { test: "test_unweighted", ...yesAndNo, loss: 3.3333, places: 3 },
    { test: "test_sample_weighted", ...yesAndNo, weights: [4, 3], loss: 10, places: 3 },
    {
      test: "test_label_smoothing",
      options: { fromLogits: true, labelSmoothing: 0.1 },
      predictions: [[10, -10, -10]],
      targets: [[1, 0, 1]],
      loss: (10 + 5 * 0.1) / 3,
      places: 3,
    },
  ],
  categoricalCrossentropy: [
    { test: "test_unweighted", ...logits, targets: oneHot, loss: 0.0573, places: 3 },
    { test: "test_sample_weighted", ...logits, targets: oneHot, weights: [1.2, 3.4, 5.6], loss: 0.31829, places: 3 },
    {
      test: "test_label_smoothing",
      options: { fromLogits: true, labelSmoothing: 0.1 },
      predictions: [[100, -100, -100]],
      targets: [[1, 0, 0]],
      loss: (400 * 0.1) / 3,
      places: 3,
    },
  ],
  sparseCategoricalCrossentropy: [
    { test: "test_unweighted", ...logits, targets: labels, loss: 0.0573, places: 3 },
    { test: "test_sample_weighted", ...logits, targets: labels, weights: [1.2, 3.4, 5.6], loss: 0.31829, places: 3 },
    ...[0.001822, 0.000459, 0.169846].map((loss, i) => ({
      test: `test_no_reduction, row ${i}`,
      options: { fromLogits: true },
      predictions: [logits.predictions[i]!],
      targets: [labels[i]!],
      loss,
      places: 6,
    })),
  ],
  kullbackLeiblerDivergence: [
    {
      test: "test_unweighted",
      ...divergence,
      loss: meanOver(divergence, (p, t) => t * Math.log(t / p), 2),
      places: 3,
    },
  ],
  poisson: [
    { test: "test_unweighted", ...counts, loss: meanOver(counts, (p, t) => p - t * Math.log(p), 6), places: 3 },
  ],
  hinge: [
    { test: "test_unweighted", ...hinges, loss: 1.3, places: 3 },
    { test: "test_weighted", ...hinges, weights: [1, 0], loss: 0.55, places: 3 },
  ],
  squaredHinge: [
    { test: "test_unweighted", ...hinges, loss: 1.86, places: 3 },
    { test: "test_weighted", ...hinges, weights: [1, 0], loss: 0.73, places: 3 },
  ],
  categoricalHinge: [
    { test: "test_unweighted", ...categoricalHinges, loss: 1.4, places: 3 },
    { test: "test_weighted", ...categoricalHinges, weights: [1, 0], loss: 0.6, places: 3 },
  ],
  cosineSimilarity: [
    {
      test: "test_unweighted",
      ...regression,
      loss:
        -(
          cosine(regression.predictions[0]!, regression.targets[0]!) +
          cosine(regression.predictions[1]!, regression.targets[1]!)
        ) / 2,
      places: 3,
    },
  ],
};

/** metrics/*_metrics_test.py; rows of labels where a metric takes labels. */
export interface MetricFigure {
  readonly test: string;
  readonly kind: "labels" | "oneHot" | "binary" | "numbers";
  readonly options?: object;
  readonly predictions: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  readonly value: number;
  readonly places: number;
}
const halfRight = {
  predictions: [
    [0.1, 0.9, 0.8],
    [0.05, 0.95, 0],
  ],
  targets: [
    [0, 0, 1],
    [0, 1, 0],
  ],
};
const fourAnswers = { predictions: [[1], [0], [1], [0]], targets: [[0], [1], [1], [0]] };
const twentyBits = {
  predictions: [
    [0, 0, 1, 1, 0],
    [1, 1, 1, 1, 1],
    [0, 1, 0, 1, 0],
    [1, 1, 1, 1, 1],
  ],
  targets: [
    [0, 1, 0, 1, 0],
    [0, 0, 1, 1, 1],
    [1, 1, 1, 1, 0],
    [0, 0, 0, 0, 1],
  ],
};
const ofThreeClasses = {
  predictions: [
    [0.9, 0.1, 0],
    [0.2, 0.6, 0.2],
    [0, 0, 1],
    [0.4, 0.3, 0.3],
    [0, 0.9, 0.1],
    [0, 0, 1],
  ],
  targets: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
  ],
};

export const METRICS: Readonly<Record<string, readonly MetricFigure[]>> = {
  sparseCategoricalAccuracy: [
    {
      test: "accuracy_metrics_test.py SparseCategoricalAccuracyTest.test_unweighted",
      kind: "labels",
      predictions: [
        [0.1, 0.6, 0.3],
        [0.05, 0.95, 0],
      ],
      targets: [[2], [1]],
      value: 0.5,
      places: 3,
    },
  ],
  categoricalAccuracy: [
    {
      test: "accuracy_metrics_test.py CategoricalAccuracyTest.test_unweighted",
      kind: "oneHot",
      ...halfRight,
      value: 0.5,
      places: 3,
    },
  ],
  binaryAccuracy: [
    {
      test: "accuracy_metrics_test.py BinaryAccuracyTest.test_unweighted",
      kind: "binary",
      predictions: [[0.98], [1], [0], [0.6]],
      targets: [[1], [1], [0], [0]],
      value: 0.75,
      places: 3,
    },
    ...[
      [0.3, 1],
      [0.9, 0.75],
    ].map(([threshold, value]) => ({
      test: `accuracy_metrics_test.py BinaryAccuracyTest.test_threshold ${threshold}`,
      kind: "binary" as const,
      options: { threshold },
      predictions: [[0.98], [0.5], [0.1], [0.2]],
      targets: [[1], [1], [0], [0]],
      value: value!,
      places: 6,
    })),
  ],
  topKCategoricalAccuracy: [
    {
      test: "accuracy_metrics_test.py TopKCategoricalAccuracyTest.test_unweighted",
      kind: "oneHot",
      options: { k: 1 },
      ...halfRight,
      value: 0.5,
      places: 3,
    },
  ],
  precision: [
    {
      test: "confusion_metrics_test.py PrecisionTest.test_unweighted",
      kind: "binary",
      ...fourAnswers,
      value: 0.5,
      places: 3,
    },
    {
      test: "confusion_metrics_test.py PrecisionTest.test_div_by_zero",
      kind: "binary",
      predictions: [[0], [0], [0], [0]],
      targets: [[0], [0], [0], [0]],
      value: 0,
      places: 3,
    },
  ],
  recall: [
    {
      test: "confusion_metrics_test.py RecallTest.test_unweighted",
      kind: "binary",
      ...fourAnswers,
      value: 0.5,
      places: 3,
    },
  ],
  f1Score: [
    {
      test: "f_score_metrics_test.py FBetaScoreTest.test_fbeta_random_score_none, macro, beta 1",
      kind: "oneHot",
      ...ofThreeClasses,
      value: 0.822222,
      places: 6,
    },
  ],
  auc: [
    {
      test: "confusion_metrics_test.py MultiAUCTest.test_unweighted_flat",
      kind: "binary",
      options: { numThresholds: 5 },
      predictions: [
        [0, 0.1],
        [0.5, 0.2],
        [0.3, 0.3],
        [0.9, 0.4],
      ],
      targets: [
        [0, 0],
        [0, 0],
        [1, 1],
        [1, 1],
      ],
      value: 1 - 3 / 32,
      places: 3,
    },
  ],
  meanAbsoluteError: [
    {
      test: "regression_metrics_test.py MeanAbsoluteErrorTest.test_unweighted",
      kind: "numbers",
      ...twentyBits,
      value: 0.5,
      places: 5,
    },
  ],
  meanSquaredError: [
    {
      test: "regression_metrics_test.py MeanSquaredErrorTest.test_unweighted",
      kind: "numbers",
      ...twentyBits,
      value: 0.5,
      places: 5,
    },
  ],
  r2Score: [
    {
      test: "regression_metrics_test.py R2ScoreTest.test_r2_sklearn_comparison, uniform_average",
      kind: "numbers",
      predictions: [
        [0.4, 0.5, 0.6],
        [0.1, 0.2, 0.3],
        [0.5, 0.8, 0.2],
      ],
      targets: [
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
      ],
      value: -0.12,
      places: 6,
    },
  ],
};

/**
 * initializers/random_initializers_test.py: the standard deviation of a kernel of (25, 20), atol 0.1
 * (test_random_normal, test_variance_scaling).
 */
export const INITIALIZERS: Readonly<Record<string, readonly { options: object; stddev: number }[]>> = {
  randomNormal: [{ options: { mean: 0, stddev: 1, seed: 1234 }, stddev: 1 }],
  varianceScaling: [
    { options: { scale: 2, seed: 1234, mode: "fanIn" }, stddev: Math.sqrt(2 / 25) },
    { options: { scale: 2, seed: 1234, mode: "fanOut" }, stddev: Math.sqrt(2 / 20) },
  ],
};

/**
 * layers/core/dense_test.py, test_dense_correctness: of −1, 2 by the kernel 1 −2 3 −4, with the bias 5 −6 and a relu, and
 * without either.
 */
export const DENSE = {
  x: [-1, 2],
  kernel: [1, -2, 3, -4],
  bias: [5, -6],
  withBiasAndRelu: [10, 0],
  alone: [5, -6],
} as const;

/** layers/normalization/layer_normalization_test.py, test_output: of 0 … 4, gamma and beta being ones; assertAllClose. */
export const LAYER_NORM = { x: [0, 1, 2, 3, 4], y: [-0.41386, 0.29307, 1, 1.70693, 2.41386] } as const;

/**
 * Of ones (20, 500) in training: layers/regularization/dropout_test.py test_dropout_rescaling, alpha_dropout_test.py
 * test_alpha_dropout_correctness, gaussian_noise_test.py test_gaussian_noise_correctness.
 */
export const NOISE = {
  dropout: { rate: 0.5, seed: 1337, mean: 1, within: 0.02, largest: 2 },
  alphaDropout: { rate: 0.3, seed: 1337, stddev: 1, within: 0.1 },
  gaussianNoise: { stddev: 0.3, seed: 1337, within: 0.02 },
} as const;
