// The elementwise activations in f64. A new one adds its row; the tests follow from it.

import {
  ACTIVATION_ELU,
  ACTIVATION_LINEAR,
  ACTIVATION_RELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_TANH,
} from "../../assembly/shared/activations.js";
import { sigmoid } from "./math.js";

export interface Activation {
  name: string;
  code: number;
  forward(x: number, alpha: number): number;
  /** f′(x), from what the forward pass saves: y = f(x). */
  derivative(y: number, alpha: number): number;
  /** Where the derivative jumps. */
  kinks: number[];
}

export const activations: Activation[] = [
  { name: "linear", code: ACTIVATION_LINEAR, forward: (x) => x, derivative: () => 1, kinks: [] },
  {
    name: "relu",
    code: ACTIVATION_RELU,
    forward: (x) => (x < 0 ? 0 : x),
    derivative: (y) => (y > 0 ? 1 : 0),
    kinks: [0],
  },
  { name: "sigmoid", code: ACTIVATION_SIGMOID, forward: sigmoid, derivative: (y) => y * (1 - y), kinks: [] },
  { name: "tanh", code: ACTIVATION_TANH, forward: Math.tanh, derivative: (y) => 1 - y * y, kinks: [] },
  {
    name: "elu",
    code: ACTIVATION_ELU,
    forward: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    derivative: (y, alpha) => (y > 0 ? 1 : y + alpha),
    kinks: [0],
  },
];
