import { knownOptions, shapeOf } from "../check.js";
import { formatShape, type Shape } from "../shape.js";
import type { LayerSpec } from "./layer.js";

/** What made a symbolic value: a layer, of these. */
export interface Origin {
  readonly layer: LayerSpec;
  readonly inputs: readonly SymbolicValue[];
}

/**
 * What an input holds or a layer returns, before there is a model: its shape per sample and where it comes from. Layers
 * are applied to it; `model({ inputs, outputs })` makes a network of what was applied.
 */
export class SymbolicValue {
  /** Per sample. */
  readonly shape: Shape;
  /** Of an input: as it was named. */
  readonly name: string | undefined;
  /** @internal Undefined for an input. */
  readonly origin: Origin | undefined;

  /** @internal They come from `input` and from `layer.apply`. */
  constructor(shape: Shape, { name, origin }: { name?: string | undefined; origin?: Origin } = {}) {
    this.shape = Object.freeze([...shape]);
    this.name = name;
    this.origin = origin;
    Object.freeze(this);
  }

  toString(): string {
    return `${this.origin ? `the output of ${this.origin.layer.label}` : `input ${this.name ?? ""}`} ${formatShape(this.shape, true)}`;
  }
}

export interface InputOptions {
  /** What data are passed by, where a model has several inputs; default: its place, "input", "input_1" … */
  name?: string;
}

/**
 * A place where data enter a graph.
 *
 * @param shape Per sample: 64, or [28, 28, 1].
 * @throws ShapeError `shape/bad-shape`
 * @example
 * const x = input(64);
 * const h = dense(64, { activation: "relu" }).apply(x);
 * const net = await model({ inputs: x, outputs: dense(10).apply(add([x, h])), seed: 1 });
 */
export function input(shape: number | readonly number[], options: InputOptions = {}): SymbolicValue {
  const { name } = knownOptions<InputOptions>(options, "input(shape, options)", { name: true });
  return new SymbolicValue(shapeOf(shape, "shape of an input"), { name });
}
