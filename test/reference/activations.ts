// The elementwise activations in f64. A new one adds its row; the tests follow from it.

import * as Code from "../../assembly/shared/activations.js";
import { normalCdf } from "./initializers.js";
import { sigmoid } from "./math.js";

export interface Activation {
  name: string;
  code: number;
  forward(x: number, alpha: number): number;
  /** f′(x), from what the forward pass saves: y = f(x), or x itself. */
  derivative(saved: number, alpha: number): number;
  saves: "output" | "input";
  /** Where the derivative jumps. */
  kinks: number[];
  /** Where it begins, if not at −∞. */
  from?: number;
  /** Values of its parameter to try; none: it has no parameter. */
  alphas?: number[];
  /** Absolute errors to be borne beside 4 ULP, with their reason. */
  error?: { forward: number; derivative: number };
}

/** Where f′ is a sum of two parts that cancel near its zero: some roundings of numbers near 1. */
const CANCELS = 1e-6;
/** What is 0 because e^x is cut at −87.3, in place of x · e^x. */
const CUT = 1.1e-36;

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
const GELU_RATE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

const sigmoidSlope = (x: number): number => sigmoid(x) * sigmoid(-x);
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const clip = (x: number, low: number, high: number): number => (x < low ? low : x > high ? high : x);
/** x · gate(x), with the limit 0 at −∞. */
const gated = (gate: (x: number) => number) => (x: number) => (x === -Infinity ? 0 : x * gate(x));
/** gate + x · gate′, with its limits at either end. */
const gatedSlope = (gate: (x: number) => number, slope: (x: number) => number) => (x: number) =>
  Math.abs(x) === Infinity ? (x > 0 ? 1 : 0) : gate(x) + x * slope(x);

const hardSigmoid = (x: number): number => clip(x + 3, 0, 6) / 6;
const geluGate = (x: number): number => sigmoid(2 * GELU_RATE * (x + GELU_CUBIC * x ** 3));
const geluGateSlope = (x: number): number =>
  sigmoidSlope(2 * GELU_RATE * (x + GELU_CUBIC * x ** 3)) * 2 * GELU_RATE * (1 + 3 * GELU_CUBIC * x * x);

const mishGate = (x: number): number => Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));

export const activations: Activation[] = [
  {
    name: "linear",
    code: Code.ACTIVATION_LINEAR,
    forward: (x) => x,
    derivative: () => 1,
    saves: "output",
    kinks: [],
  },
  {
    name: "relu",
    code: Code.ACTIVATION_RELU,
    forward: (x) => (x < 0 ? 0 : x),
    derivative: (y) => (y > 0 ? 1 : 0),
    saves: "output",
    kinks: [0],
  },
  {
    name: "sigmoid",
    code: Code.ACTIVATION_SIGMOID,
    forward: sigmoid,
    derivative: (y) => y * (1 - y),
    saves: "output",
    kinks: [],
  },
  {
    name: "tanh",
    code: Code.ACTIVATION_TANH,
    forward: Math.tanh,
    derivative: (y) => 1 - y * y,
    saves: "output",
    kinks: [],
  },
  {
    name: "elu",
    code: Code.ACTIVATION_ELU,
    forward: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    derivative: (y, alpha) => (y > 0 ? 1 : y + alpha),
    saves: "output",
    kinks: [0],
    alphas: [1, 0.3, 0],
  },
  {
    name: "hardSigmoid",
    code: Code.ACTIVATION_HARD_SIGMOID,
    forward: hardSigmoid,
    derivative: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
    saves: "output",
    kinks: [-3, 3],
  },
  {
    name: "relu6",
    code: Code.ACTIVATION_RELU6,
    forward: (x) => clip(x, 0, 6),
    derivative: (y) => (y > 0 && y < 6 ? 1 : 0),
    saves: "output",
    kinks: [0, 6],
  },
  {
    name: "leakyRelu",
    code: Code.ACTIVATION_LEAKY_RELU,
    forward: (x, slope) => (x > 0 ? x : slope * x),
    derivative: (y, slope) => (y > 0 ? 1 : slope),
    saves: "output",
    kinks: [0],
    alphas: [0.2, 1.5, 0],
  },
  {
    name: "selu",
    code: Code.ACTIVATION_SELU,
    forward: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    derivative: (y) => (y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
    saves: "output",
    kinks: [0],
    // y + 1.7580993… where they cancel: the rounding of the constant
    error: { forward: 0, derivative: 2 ** -24 },
  },
  {
    name: "celu",
    code: Code.ACTIVATION_CELU,
    forward: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    derivative: (y, alpha) => (y > 0 ? 1 : (y + alpha) / alpha),
    saves: "output",
    kinks: [0],
    alphas: [1, 0.3, 2.5],
  },
  {
    name: "gelu",
    code: Code.ACTIVATION_GELU,
    forward: gated(normalCdf),
    derivative: gatedSlope(normalCdf, density),
    saves: "input",
    kinks: [],
    error: { forward: 1e-6, derivative: CANCELS },
  },
  {
    name: "gelu, approximate",
    code: Code.ACTIVATION_GELU_TANH,
    forward: gated(geluGate),
    derivative: gatedSlope(geluGate, geluGateSlope),
    saves: "input",
    kinks: [],
    error: { forward: 1e-6, derivative: CANCELS },
  },
  {
    name: "silu",
    code: Code.ACTIVATION_SILU,
    forward: gated(sigmoid),
    derivative: gatedSlope(sigmoid, sigmoidSlope),
    saves: "input",
    kinks: [],
    error: { forward: CUT, derivative: CANCELS },
  },
  {
    name: "softplus",
    code: Code.ACTIVATION_SOFTPLUS,
    forward: (x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x))),
    derivative: (y) => -Math.expm1(-y),
    saves: "output",
    kinks: [],
  },
  {
    name: "softsign",
    code: Code.ACTIVATION_SOFTSIGN,
    forward: (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
    derivative: (x) => 1 / (1 + Math.abs(x)) ** 2,
    saves: "input",
    kinks: [],
  },
  {
    name: "hardSilu",
    code: Code.ACTIVATION_HARD_SILU,
    forward: gated(hardSigmoid),
    derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    saves: "input",
    kinks: [-3, 3],
    error: { forward: 0, derivative: CANCELS },
  },
  {
    name: "exponential",
    code: Code.ACTIVATION_EXPONENTIAL,
    forward: Math.exp,
    derivative: (y) => y,
    saves: "output",
    kinks: [],
  },
  {
    name: "mish",
    code: Code.ACTIVATION_MISH,
    forward: gated(mishGate),
    derivative: gatedSlope(mishGate, (x) => (1 - mishGate(x) ** 2) * sigmoid(x)),
    saves: "input",
    kinks: [],
    error: { forward: CUT, derivative: CANCELS },
  },
  // Functions of layers of one's own.
  {
    name: "log",
    code: Code.FUNCTION_LOG,
    forward: Math.log,
    derivative: (x) => 1 / x,
    saves: "input",
    kinks: [],
    from: 2 ** -126,
  },
  {
    name: "sqrt",
    code: Code.FUNCTION_SQRT,
    forward: Math.sqrt,
    derivative: (y) => 1 / (2 * y),
    saves: "output",
    kinks: [],
    from: 2 ** -126,
  },
  {
    name: "abs",
    code: Code.FUNCTION_ABS,
    forward: Math.abs,
    derivative: Math.sign,
    saves: "input",
    kinks: [0],
  },
  {
    name: "reciprocal",
    code: Code.FUNCTION_RECIPROCAL,
    forward: (x) => 1 / x,
    derivative: (y) => -y * y,
    saves: "output",
    kinks: [],
    from: 1e-3, // squared, it stays in range
  },
];
