// What each op of ONNX becomes: one row an op. What is not here, or is more than a row says, is refused by name.

import * as activations from "../activations/index.js";
import type { ActivationDescription } from "../activations/table.js";
import {
  activation,
  batchNorm,
  dense,
  dropout,
  flatten,
  layerNorm,
  type LayerOptions,
  type LayerSpec,
  normalization,
  prelu,
  rescaling,
  reshape,
} from "../layers/index.js";
import { addLayer, concatenateLayer } from "../layers/merge.js";
import { formatShape, sameShape, type Shape } from "../shape.js";
import { isOurHardSigmoid, patternOf } from "./patterns.js";
import { Constant, Term } from "./term.js";

export interface Context {
  /** Of the operators' set. */
  readonly version: number;
  /** Where the graph was made for so many rows and no others. */
  readonly batch: number | undefined;
}

/** A layer that takes the place of a term: applied to other terms, with its weights by role. */
export interface Planned {
  readonly inputs: readonly Term[];
  /** Undefined: the value is that of the one input. */
  readonly layer?: (options: LayerOptions, ...shapes: Shape[]) => LayerSpec;
  readonly weights?: Readonly<Record<string, Weight>>;
}

export interface Weight {
  readonly data: Float32Array;
  readonly shape: Shape;
}

type Rule = (term: Term, context: Context) => Planned;

const elementwise = (description: (term: Term) => ActivationDescription): Rule => {
  return (term) => activated(term.value(0), description(term));
};
const { elu, celu, gelu, leakyRelu } = activations;

const RULES: Readonly<Record<string, Rule>> = {
  // ── Products ──
  Gemm(term) {
    if (term.int("transA", 0) !== 0) throw term.unsupported("it transposes the rows (transA)");
    const options = {
      transposed: term.int("transB", 0) !== 0,
      scale: term.float("alpha", 1),
      biasScale: term.float("beta", 1),
    };
    return linear(term, term.value(0), term.constant(1), term.optionalConstant(2), options);
  },
  MatMul: (term) => linear(term, term.value(0), term.constant(1), undefined),

  // ── Sums and products, elementwise ──
  Add(term) {
    const [a, b] = term.operands;
    if (a instanceof Term && b instanceof Term) return merged(term);
    const [value, constant] = a instanceof Term ? [a, term.constant(1)] : [term.value(1), term.constant(0)];
    if (value.op === "MatMul" && value.readers === 1) {
      return linear(value, value.value(0), value.constant(1), constant);
    }
    const { x, scale } = scaled(value);
    if (constant.size === 1) return rescaled(term, x, constant, { scale, offset: numberOf(constant) });
    const mean = constant.floats().map((shift) => -shift);
    return normalized(term, value, mean, 1, constant);
  },
  Sum: (term) => (term.operands.length === 1 ? { inputs: [term.value(0)] } : merged(term)),
  Sub(term) {
    if (term.operands[0] instanceof Constant) {
      const constant = term.constant(0);
      return rescaled(term, term.value(1), constant, { scale: -1, offset: numberOf(constant) });
    }
    const constant = term.constant(1);
    if (constant.size === 1) return rescaled(term, term.value(0), constant, { scale: 1, offset: -numberOf(constant) });
    return normalized(term, term.value(0), constant.floats(), 1, constant);
  },
  Mul(term) {
    const [value, constant] =
      term.operands[0] instanceof Constant ? [term.value(1), term.constant(0)] : [term.value(0), term.constant(1)];
    return rescaled(term, value, constant, { scale: numberOf(constant), offset: 0 });
  },
  Div(term) {
    const [value, constant] = [term.value(0), term.constant(1)];
    if (constant.size === 1) return rescaled(term, value, constant, { scale: 1 / numberOf(constant), offset: 0 });
    const deviations = constant.floats();
    if (!deviations.every((deviation) => deviation > 0)) throw term.unsupported("it divides by what is not above 0");
    const variance = deviations.map((deviation) => deviation * deviation);
    const mean = value.op === "Sub" ? value.operands[1] : undefined;
    return mean instanceof Constant && sameShape(mean.shape, constant.shape)
      ? normalized(term, value.value(0), mean.floats(), variance, constant)
      : normalized(term, value, 0, variance, constant);
  },

  // ── Normalizations ──
  BatchNormalization(term) {
    if (term.int("training_mode", 0) !== 0) throw term.unsupported("it is in training mode");
    if (term.int("spatial", 1) !== 1) throw term.unsupported("it normalizes each position by itself (spatial 0)");
    const options = {
      epsilon: rounded(term.float("epsilon", 1e-5)),
      momentum: rounded(term.float("momentum", 0.9)),
    };
    const roles = ["gamma", "beta", "movingMean", "movingVariance"];
    const size = term.constant(1).size;
    const weights = Object.fromEntries(roles.map((role, i) => [role, vector(term, i + 1, size)]));
    const layer = (common: LayerOptions, input: Shape) => {
      if (input.length > 1) {
        throw term.unsupported("its features are on the first axis of a sample, and lanewise has them on the last");
      }
      checkFeatures(term, input, size);
      return batchNorm({ ...options, ...common });
    };
    return { inputs: [term.value(0)], layer, weights };
  },
  LayerNormalization(term) {
    term.ignore("stash_type"); // of the statistics' precision, which is 32 bits in any case
    const axis = term.int("axis", -1);
    const epsilon = rounded(term.float("epsilon", 1e-5));
    const size = term.constant(1).size;
    const center = term.operands[2] !== undefined;
    const weights = { gamma: vector(term, 1, size), ...(center && { beta: vector(term, 2, size) }) };
    const layer = (common: LayerOptions, input: Shape) => {
      checkLastAxis(term, axis, input);
      checkFeatures(term, input, size);
      return layerNorm({ epsilon, center, ...common });
    };
    return { inputs: [term.value(0)], layer, weights };
  },

  // ── Activations ──
  Celu: elementwise((term) => celu({ alpha: rounded(term.float("alpha", 1)) })),
  Clip(term) {
    const limit = (name: string, index: number) =>
      term.has(name) ? term.float(name, 0) : term.operands[index] && numberOf(term.constant(index));
    if (limit("min", 1) !== 0 || limit("max", 2) !== 6) throw term.unsupported("only from 0 to 6 is it an activation");
    return activated(term.value(0), activations.relu6());
  },
  Elu: elementwise((term) => elu({ alpha: rounded(term.float("alpha", 1)) })),
  Exp: elementwise(() => activations.exponential()),
  Gelu: elementwise((term) => gelu({ approximate: term.text("approximate", "none") === "tanh" })),
  HardSigmoid: elementwise((term) => {
    if (isOurHardSigmoid(term)) return activations.hardSigmoid();
    throw term.unsupported(`alpha ${term.float("alpha", 0.2)} and beta ${term.float("beta", 0.5)} are not 1/6 and 1/2`);
  }),
  HardSwish: elementwise(() => activations.hardSilu()),
  LeakyRelu: elementwise((term) => leakyRelu({ negativeSlope: rounded(term.float("alpha", 0.01)) })),
  LogSoftmax: (term, context) => overLastAxis(term, context, activations.logSoftmax()),
  Mish: elementwise(() => activations.mish()),
  PRelu(term) {
    const slopes = term.constant(1);
    const layer = (common: LayerOptions, input: Shape) => {
      const shared = sharedAxesOf(term, slopes, input);
      return prelu({ sharedAxes: Array.from({ length: shared }, (_, i) => i + 1), ...common });
    };
    return { inputs: [term.value(0)], layer, weights: { alpha: { data: slopes.floats(), shape: slopes.shape } } };
  },
  Relu: elementwise(() => activations.relu()),
  Selu: elementwise((term) => {
    const [alpha, gamma] = [term.float("alpha", 1.6732632), term.float("gamma", 1.050701)];
    if (near(alpha, 1.6732632) && near(gamma, 1.050701)) return activations.selu();
    throw term.unsupported(`alpha ${alpha} and gamma ${gamma} are not those of the paper`);
  }),
  Sigmoid: elementwise(() => activations.sigmoid()),
  Softmax: (term, context) => overLastAxis(term, context, activations.softmax()),
  Softplus: elementwise(() => activations.softplus()),
  Softsign: elementwise(() => activations.softsign()),
  Tanh: elementwise(() => activations.tanh()),

  // ── Shapes ──
  Cast(term) {
    if (term.int("to", 0) !== 1) throw term.unsupported(`it makes type ${term.int("to", 0)} of 32-bit floats`);
    return { inputs: [term.value(0)] };
  },
  Concat(term) {
    const axis = term.int("axis", 0);
    if (axis === 0) throw term.unsupported("it joins rows (axis 0)");
    const inputs = term.operands.map((_, i) => term.value(i));
    return inputs.length === 1 ? { inputs } : { inputs, layer: (common) => concatenateLayer({ axis, ...common }) };
  },
  Dropout(term) {
    term.ignore("seed");
    term.optionalConstant(2); // whether it drops, which a model here decides by itself
    const ratio = term.operands[1] ? numberOf(term.constant(1)) : term.float("ratio", 0.5);
    return { inputs: [term.value(0)], layer: (common) => dropout(rounded(ratio), common) };
  },
  Flatten(term) {
    const axis = term.int("axis", 1);
    const layer = (common: LayerOptions, input: Shape) => {
      if (axis === 1 || axis === -input.length) return flatten(common);
      throw term.unsupported(`axis ${axis} joins rows, or leaves axes of a sample apart`);
    };
    return { inputs: [term.value(0)], layer };
  },
  Identity: (term) => ({ inputs: [term.value(0)] }),
  Reshape(term, { batch }) {
    if (term.int("allowzero", 0) !== 0) throw term.unsupported("allowzero is set");
    const [rows, ...sizes] = term.constant(1).ints();
    if (rows !== 0 && rows !== batch && (rows !== -1 || sizes.includes(-1))) {
      throw term.unsupported(`it makes ${rows} rows of the batch's`);
    }
    const layer = (common: LayerOptions, input: Shape) =>
      sizes.length === 1 && sizes[0] === -1
        ? flatten(common)
        : reshape(
            sizes.map((size, i) => (size === 0 ? (input[i] ?? 0) : size)),
            common,
          );
    return { inputs: [term.value(0)], layer };
  },
};

/** @throws UnsupportedError `onnx/unsupported-op` */
export function planOf(term: Term, context: Context): Planned {
  const pattern = patternOf(term);
  if (pattern) return activated(pattern.x, pattern.activation);
  if (!Object.hasOwn(RULES, term.op)) {
    throw term.unsupported(`lanewise has ${Object.keys(RULES).join(", ")}`);
  }
  const planned = RULES[term.op]!(term, context);
  term.refuseUnread();
  return planned;
}

interface LinearOptions {
  readonly transposed?: boolean;
  readonly scale?: number;
  readonly biasScale?: number;
}

/** x · (scale · kernel) + biasScale · bias as a dense layer. */
function linear(
  term: Term,
  x: Term,
  kernel: Constant,
  bias: Constant | undefined,
  options: LinearOptions = {},
): Planned {
  const { transposed = false, scale = 1, biasScale = 1 } = options;
  if (kernel.shape.length !== 2) throw term.unsupported(`its matrix is of shape ${formatShape(kernel.shape)}`);
  const [inputs, units] = (transposed ? kernel.shape.toReversed() : kernel.shape) as [number, number];
  const given = kernel.floats();
  const at = transposed
    ? (i: number) => given[(i % units) * inputs + Math.floor(i / units)]!
    : (i: number) => given[i]!;
  const data = Float32Array.from(given, (_, i) => at(i) * scale);
  if (bias && (bias.size !== (bias.shape.at(-1) ?? 1) || (bias.size !== units && bias.size !== 1))) {
    throw term.unsupported(`its bias ${formatShape(bias.shape)} is not one number for each of ${units} units`);
  }
  const values = bias?.floats();
  const weights = {
    kernel: { data, shape: [inputs, units] },
    ...(values && {
      bias: {
        data: Float32Array.from({ length: units }, (_, i) => values[values.length === 1 ? 0 : i]! * biasScale),
        shape: [units],
      },
    }),
  };
  const layer = (common: LayerOptions, input: Shape) => {
    if (term.op === "Gemm" && input.length > 1) throw term.unsupported("its rows have several axes");
    checkFeatures(term, input, inputs);
    if (bias && bias.shape.length > input.length + 1) throw term.unsupported("its bias has more axes than its rows");
    return dense(units, { useBias: bias !== undefined, ...common });
  };
  return { inputs: [x], layer, weights };
}

function merged(term: Term): Planned {
  return { inputs: term.operands.map((_, i) => term.value(i)), layer: (common) => addLayer(common) };
}

function activated(x: Term, description: ActivationDescription): Planned {
  return { inputs: [x], layer: (common) => activation(description, common) };
}

function overLastAxis(term: Term, { version }: Context, description: ActivationDescription): Planned {
  const axis = term.int("axis", version < 13 ? 1 : -1);
  const layer = (common: LayerOptions, input: Shape) => {
    checkLastAxis(term, axis, input);
    return activation(description, common);
  };
  return { inputs: [term.value(0)], layer };
}

/** A product by one number is part of the sum behind it. */
function scaled(value: Term): { x: Term; scale: number } {
  const [a, b] = value.operands;
  const [x, constant] = a instanceof Term ? [a, b] : [b, a];
  const fits = value.op === "Mul" && !patternOf(value);
  return fits && x instanceof Term && constant instanceof Constant && constant.size === 1 && constant.shape.length <= 1
    ? { x, scale: numberOf(constant) }
    : { x: value, scale: 1 };
}

function rescaled(term: Term, x: Term, constant: Constant, options: { scale: number; offset: number }): Planned {
  if (constant.size !== 1)
    throw term.unsupported(`its constant is of shape ${formatShape(constant.shape)}, and not one number`);
  const layer = (common: LayerOptions, input: Shape) => {
    if (constant.shape.length > input.length + 1) throw term.unsupported("its constant has more axes than its rows");
    return rescaling({ ...options, ...common });
  };
  return { inputs: [x], layer };
}

/** By one number a feature; `constant` is where they stand. */
function normalized(
  term: Term,
  x: Term,
  mean: Float32Array | number,
  variance: Float32Array | number,
  constant: Constant,
): Planned {
  const { size, shape } = constant;
  const layer = (common: LayerOptions, input: Shape) => {
    if (size !== shape.at(-1) || shape.length > input.length + 1) {
      throw term.unsupported(`its constant ${formatShape(shape)} is not one number for each feature`);
    }
    checkFeatures(term, input, size);
    return normalization({ mean, variance, ...common });
  };
  const filled = (value: Float32Array | number) => ({
    data: typeof value === "number" ? new Float32Array(size).fill(value) : value,
    shape: [size],
  });
  return { inputs: [x], layer, weights: { mean: filled(mean), variance: filled(variance) } };
}

/** How many leading axes of a sample share their slopes. */
function sharedAxesOf(term: Term, { shape, size }: Constant, input: Shape): number {
  const aligned = [...input.map(() => 1), ...shape].slice(-input.length);
  const shared = aligned.findIndex((extent) => extent !== 1);
  const axes = shared < 0 ? input.length : shared;
  const rest = aligned.slice(axes);
  const fits = size === rest.reduce((product, extent) => product * extent, 1);
  if (fits && rest.every((extent, i) => extent === input[axes + i])) return axes;
  throw term.unsupported(`its slopes ${formatShape(shape)} do not fit ${formatShape(input, true)} axis by axis`);
}

function vector(term: Term, index: number, size: number): Weight {
  const constant = term.constant(index);
  const { shape } = constant;
  if (shape.length === 1 && shape[0] === size) return { data: constant.floats(), shape };
  throw term.unsupported(`its operand ${index} is of shape ${formatShape(shape)}, expected (${size})`);
}

function checkFeatures(term: Term, input: Shape, features: number): void {
  if (input.at(-1) === features) return;
  throw term.unsupported(`it takes ${features} features, and its input is ${formatShape(input, true)}`);
}

function checkLastAxis(term: Term, axis: number, input: Shape): void {
  if (axis !== -1 && axis !== input.length) throw term.unsupported(`axis ${axis} is not the last of its input`);
}

/** Of one element. */
function numberOf(constant: Constant): number {
  return constant.floats()[0] ?? NaN;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-5;
}

/** Options of 32 bits as they were written: 0.01 rather than 0.009999999776482582. */
function rounded(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === value ? short : value;
}
