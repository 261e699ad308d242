// What a module of PyTorch calls the weights of a layer, and how they lie. Both directions follow from this table.

import type { Layer } from "../model/layer.js";
import { UnsupportedError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";

/** PyTorch's names of the weights of each class, in its order, and our roles. */
const TENSORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Dense: { weight: "kernel", bias: "bias" },
  BatchNormalization: { weight: "gamma", bias: "beta", running_mean: "movingMean", running_var: "movingVariance" },
  LayerNormalization: { weight: "gamma", bias: "beta" },
  PReLU: { weight: "alpha" },
  Normalization: { mean: "mean", variance: "variance" }, // no module of PyTorch, but of what torchSource writes
};

/** One weight in both worlds. */
export interface TorchTensor {
  /** Of PyTorch, in its module: "weight". */
  readonly name: string;
  /** Ours: "hidden/kernel". */
  readonly variable: string;
  readonly shape: Shape;
  readonly variableShape: Shape;
}

/**
 * The weights of a layer, as PyTorch's module has them; none for a layer without any.
 *
 * @throws UnsupportedError `torch/unsupported-layer`
 */
export function tensorsOf(layer: Layer): TorchTensor[] {
  const { kind, config } = layer.toSpec();
  const shapes = new Map(kind.variables(config, layer.inputShape).map(({ role, shape }) => [role, shape]));
  if (shapes.size === 0) return [];
  const names = Object.hasOwn(TENSORS, layer.className) ? TENSORS[layer.className]! : undefined;
  if (!names) throw unsupported(layer, "no module of PyTorch has its weights");
  return Object.entries(names).flatMap(([name, role]) => {
    const variableShape = shapes.get(role);
    if (!variableShape) return [];
    return { name, variable: `${layer.name}/${role}`, shape: torchShape(layer, role, variableShape), variableShape };
  });
}

/** Linear's weight is (out, in), our kernel (in, out); slopes of nn.PReLU are one for all, or one a feature. */
function torchShape(layer: Layer, role: string, shape: Shape): Shape {
  if (role === "kernel") return shape.toReversed();
  if (role !== "alpha") return shape;
  if (sizeOf(shape) === 1) return [1];
  if (shape.length === 1) return shape;
  throw unsupported(layer, `its slopes are ${formatShape(shape)}, and nn.PReLU has one for all or one a channel`);
}

/** A matrix with rows and columns exchanged; anything else as it is. */
export function transposed(data: Float32Array, [rows, columns]: Shape): Float32Array {
  if (columns === undefined || rows === undefined) return data;
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}

export function unsupported({ name, className }: Layer, why: string): UnsupportedError {
  return new UnsupportedError(
    "torch/unsupported-layer",
    `Layer "${name}" (${className}) has no counterpart in PyTorch: ${why}. Leave it out of the network that travels.`,
  );
}
