// Every activation: one factory each, and with it the activation's row, from which types, lookup, tests and docs follow.
// All that this module exports is public and an activation; what the library does with the rows stands in table.ts.

import * as Code from "../../assembly/shared/activations.js";
import { boolean } from "../check.js";
import { activation, nonNegative, positive } from "./define.js";

// ── Saturating ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * x
 *
 * @example dense(1, { activation: "linear" }) // what a dense layer has by default: for regression
 */
export const linear = activation("linear", {
  op: Code.ACTIVATION_LINEAR,
  derivativeFrom: "output",
  initializer: "glorotUniform",
  options: {},
  formula: "x",
});

/**
 * 1 / (1 + e⁻ˣ)
 *
 * @example dense(1, { activation: "sigmoid" }) // with binaryCrossentropy: yes or no
 */
export const sigmoid = activation("sigmoid", {
  op: Code.ACTIVATION_SIGMOID,
  derivativeFrom: "output",
  steepest: 0.25,
  initializer: "glorotUniform",
  options: {},
  formula: "1 / (1 + e⁻ˣ)",
});

/**
 * relu6(x + 3) / 6, as Keras 3 and PyTorch have it (Keras 2: 0.2 x + 0.5, cut to 0 … 1).
 *
 * @example activation("hardSigmoid")
 */
export const hardSigmoid = activation("hardSigmoid", {
  op: Code.ACTIVATION_HARD_SIGMOID,
  derivativeFrom: "output",
  steepest: 1 / 6,
  initializer: "glorotUniform",
  options: {},
  formula: "min(max(x + 3, 0), 6) / 6",
  paper: "Courbariaux, Bengio, David 2015, arXiv:1511.00363",
});

/**
 * tanh x
 *
 * @example dense(64, { activation: "tanh" })
 */
export const tanh = activation("tanh", {
  op: Code.ACTIVATION_TANH,
  derivativeFrom: "output",
  steepest: 1,
  initializer: "glorotUniform",
  options: {},
  formula: "tanh x",
});

/**
 * x / (1 + |x|)
 *
 * @example dense(64, { activation: "softsign" })
 */
export const softsign = activation("softsign", {
  op: Code.ACTIVATION_SOFTSIGN,
  derivativeFrom: "input",
  steepest: 1,
  initializer: "glorotUniform",
  options: {},
  formula: "x / (1 + |x|)",
  paper: "Turian, Bergstra, Bengio 2009, NAACL",
});

// ── Rectified ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * max(x, 0); its derivative at 0 is 0.
 *
 * @example dense(300, { activation: "relu", kernelInitializer: "heNormal" })
 */
export const relu = activation("relu", {
  op: Code.ACTIVATION_RELU,
  derivativeFrom: "output",
  initializer: "heNormal",
  options: {},
  formula: "max(x, 0)",
  paper: "Nair, Hinton 2010, ICML",
});

/**
 * min(max(x, 0), 6)
 *
 * @example dense(300, { activation: "relu6", kernelInitializer: "heNormal" })
 */
export const relu6 = activation("relu6", {
  op: Code.ACTIVATION_RELU6,
  derivativeFrom: "output",
  initializer: "heNormal",
  options: {},
  formula: "min(max(x, 0), 6)",
  paper: "Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
});

/**
 * x > 0 ? x : negativeSlope · x
 *
 * @param options `negativeSlope` ≥ 0, default 0.2 as in Keras (PyTorch: 0.01). Its derivative at 0 is negativeSlope.
 * @throws ConfigError `config/out-of-range`
 * @example dense(300, { activation: leakyRelu({ negativeSlope: 0.01 }) })
 */
export const leakyRelu = activation("leakyRelu", {
  op: Code.ACTIVATION_LEAKY_RELU,
  derivativeFrom: "output",
  initializer: "heNormal",
  parameter: "negativeSlope",
  options: { negativeSlope: 0.2 },
  checks: { negativeSlope: nonNegative },
  formula: "x > 0 ? x : negativeSlope · x",
  paper: "Maas, Hannun, Ng 2013, ICML",
});

/**
 * Exponential linear unit: x > 0 ? x : α·(eˣ − 1)
 *
 * @param options `alpha` ≥ 0, default 1: the value that it saturates to, negated.
 * @throws ConfigError `config/out-of-range`
 * @example dense(300, { activation: "elu", kernelInitializer: "heNormal" })
 */
export const elu = activation("elu", {
  op: Code.ACTIVATION_ELU,
  derivativeFrom: "output",
  initializer: "heNormal",
  parameter: "alpha",
  options: { alpha: 1 },
  checks: { alpha: nonNegative },
  formula: "x > 0 ? x : α·(eˣ − 1)",
  paper: "Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289",
});

/**
 * Scaled exponential linear unit: keeps mean 0 and variance 1 from layer to layer, given LeCun's initial weights
 * (`kernelInitializer: "lecunNormal"` or `"auto"`).
 *
 * @example [dense(100, { activation: "selu", kernelInitializer: "lecunNormal" }), alphaDropout(0.1)]
 */
export const selu = activation("selu", {
  op: Code.ACTIVATION_SELU,
  derivativeFrom: "output",
  initializer: "lecunNormal",
  options: {},
  formula: "1.0507009873554805 · (x > 0 ? x : 1.6732632423543772·(eˣ − 1))",
  paper: "Klambauer, Unterthiner, Mayr, Hochreiter 2017, arXiv:1706.02515",
});

/**
 * x > 0 ? x : α·(e^(x/α) − 1): elu with a continuous derivative for every α.
 *
 * @param options `alpha` > 0, default 1.
 * @throws ConfigError `config/out-of-range`
 * @example dense(300, { activation: celu({ alpha: 0.5 }) })
 */
export const celu = activation("celu", {
  op: Code.ACTIVATION_CELU,
  derivativeFrom: "output",
  initializer: "heNormal",
  parameter: "alpha",
  options: { alpha: 1 },
  checks: { alpha: positive },
  formula: "x > 0 ? x : α·(e^(x/α) − 1)",
  paper: "Barron 2017, arXiv:1704.07483",
});

/**
 * ln(1 + eˣ)
 *
 * @example dense(1, { activation: "softplus" }) // an output above 0, such as a standard deviation
 */
export const softplus = activation("softplus", {
  op: Code.ACTIVATION_SOFTPLUS,
  derivativeFrom: "output",
  initializer: "heNormal",
  options: {},
  formula: "ln(1 + eˣ)",
  paper: "Dugas, Bengio, Bélisle, Nadeau, Garcia 2000, NIPS",
});

// ── Gated ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Gaussian error linear unit: x·Φ(x), Φ the cumulative distribution of the standard normal.
 *
 * @param options `approximate`, default false: x/2·(1 + tanh(√(2/π)·(x + 0.044715 x³))) instead, within 5e-4 of it.
 * @throws ConfigError `config/not-a-boolean`
 * @example dense(300, { activation: gelu({ approximate: true }) })
 */
export const gelu = activation("gelu", {
  op: ({ approximate }) => (approximate ? Code.ACTIVATION_GELU_TANH : Code.ACTIVATION_GELU),
  derivativeFrom: "input",
  initializer: "heNormal",
  options: { approximate: false },
  checks: { approximate: boolean },
  formula: "x·Φ(x)",
  paper: "Hendrycks, Gimpel 2016, arXiv:1606.08415",
});

/**
 * x / (1 + e⁻ˣ), also called swish.
 *
 * @example dense(300, { activation: "silu" })
 */
export const silu = activation("silu", {
  op: Code.ACTIVATION_SILU,
  derivativeFrom: "input",
  initializer: "heNormal",
  options: {},
  formula: "x / (1 + e⁻ˣ)",
  paper: "Elfwing, Uchibe, Doya 2017, arXiv:1702.03118",
});

/**
 * x·hardSigmoid(x), also called hard swish.
 *
 * @example dense(300, { activation: "hardSilu" })
 */
export const hardSilu = activation("hardSilu", {
  op: Code.ACTIVATION_HARD_SILU,
  derivativeFrom: "input",
  initializer: "heNormal",
  options: {},
  formula: "x·min(max(x + 3, 0), 6) / 6",
  paper: "Howard et al. 2019, arXiv:1905.02244",
});

/**
 * x·tanh(ln(1 + eˣ))
 *
 * @example dense(300, { activation: "mish" })
 */
export const mish = activation("mish", {
  op: Code.ACTIVATION_MISH,
  derivativeFrom: "input",
  initializer: "heNormal",
  options: {},
  formula: "x·tanh(ln(1 + eˣ))",
  paper: "Misra 2019, arXiv:1908.08681",
});

// ── Others ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * eˣ
 *
 * @example dense(1, { activation: "exponential" }) // with the loss poisson: a rate
 */
export const exponential = activation("exponential", {
  op: Code.ACTIVATION_EXPONENTIAL,
  derivativeFrom: "output",
  initializer: "glorotUniform",
  options: {},
  formula: "eˣ",
});

/**
 * x − ln Σⱼ eˣⱼ over the last axis
 *
 * @example dense(10, { activation: "logSoftmax" })
 */
export const logSoftmax = activation("logSoftmax", {
  op: "logSoftmax",
  derivativeFrom: "output",
  initializer: "glorotUniform",
  options: {},
  formula: "xᵢ − ln Σⱼ eˣⱼ over the last axis",
  paper: "Bridle 1990, Neurocomputing, NATO ASI F 68",
});

/**
 * eˣᵢ / Σⱼ eˣⱼ over the last axis
 *
 * @example dense(10, { activation: "softmax" }) // with a categorical cross-entropy: one class of ten
 */
export const softmax = activation("softmax", {
  op: "softmax",
  derivativeFrom: "output",
  initializer: "glorotUniform",
  options: {},
  formula: "eˣᵢ / Σⱼ eˣⱼ over the last axis",
  paper: "Bridle 1990, Neurocomputing, NATO ASI F 68",
});
