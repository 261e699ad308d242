// What layers and losses of one's own are made of: ops on values, each with its backward pass.

import { FUNCTION_ABS, FUNCTION_LOG, FUNCTION_RECIPROCAL, FUNCTION_SQRT } from "../../assembly/shared/activations.js";
import {
  COMBINE_ADD,
  COMBINE_DIVIDE,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM,
  COMBINE_MULTIPLY,
  COMBINE_SUBTRACT,
} from "../../assembly/shared/combine.js";
import { type Activation, activate, resolveActivation } from "../activations/table.js";
import { finiteNumber, show } from "../check.js";
import { ConfigError, ShapeError } from "../errors.js";
import type { GraphBuilder } from "../program/builder.js";
import { formatValue, type Value } from "../program/graph.js";
import type { Shape } from "../shape.js";

/** A value while a layer is built: its shape per sample (of a weight: whole). Only ops take it. */
export type OpValue = Pick<Value, "shape" | "name">;
/** A value or a number. */
export type Operand = OpValue | number;

/**
 * The ops. Values are (B, …shape), weights (…shape). Of two operands one may be smaller: a number, a weight whose shape is
 * that of the other's last axes, or a value whose last axis is 1. Reductions go over the last axis, which stays, as 1.
 */
export class Ops {
  readonly #b: GraphBuilder;
  readonly #own = new WeakSet<object>();

  /** @internal */
  constructor(b: GraphBuilder) {
    this.#b = b;
  }

  /** @internal Makes a value known as one that ops may take. */
  adopt(value: Value): Value {
    this.#own.add(value);
    return value;
  }

  /** @internal A value of this emit, as the builder knows it. */
  own(value: unknown, what: string): Value {
    if (typeof value === "object" && value !== null && this.#own.has(value)) return value as Value;
    throw new ConfigError(
      "config/not-a-value",
      `${what} takes values that were handed to this very emit or returned by its ops; got ${show(value)}.`,
    );
  }

  /** x (B, …, K) · w (K, N) */
  matmul(x: OpValue, w: OpValue): OpValue {
    const [left, right] = [this.own(x, "matmul"), this.own(w, "matmul")];
    if (!right.perRow) return this.adopt(this.#b.matmul(left, right));
    throw new ShapeError(
      "shape/mismatch",
      `matmul multiplies a value by a weight; got ${formatValue(left)} and ${formatValue(right)}, which has a row for each sample.`,
    );
  }

  /** a + b */
  add(a: Operand, b: Operand): OpValue {
    return this.#combine("add", COMBINE_ADD, a, b, (x, c) => this.#b.affine(x, 1, c, "sum"));
  }

  /** a − b */
  sub(a: Operand, b: Operand): OpValue {
    if (typeof a === "number") return this.#affine("sub", b, -1, finiteNumber(a, "a number in sub"));
    return this.#combine("sub", COMBINE_SUBTRACT, a, b, (x, c) => this.#b.affine(x, 1, -c, "difference"));
  }

  /** a · b */
  mul(a: Operand, b: Operand): OpValue {
    return this.#combine("mul", COMBINE_MULTIPLY, a, b, (x, c) => this.#b.affine(x, c, 0, "product"));
  }

  /** a / b; by a number: a · (1 / b), rounded twice */
  div(a: Operand, b: Operand): OpValue {
    if (typeof a === "number") return this.mul(this.#function("reciprocal", FUNCTION_RECIPROCAL, b as OpValue), a);
    return this.#combine("div", COMBINE_DIVIDE, a, b, (x, c) => {
      if (c === 0) throw new ConfigError("config/out-of-range", "div by the number 0.");
      return this.#b.affine(x, 1 / c, 0, "quotient");
    });
  }

  /** The greater of both; of equal ones a gets the gradient. */
  maximum(a: OpValue, b: OpValue): OpValue {
    return this.#combine("maximum", COMBINE_MAXIMUM, a, b);
  }

  /** The lesser of both; of equal ones a gets the gradient. */
  minimum(a: OpValue, b: OpValue): OpValue {
    return this.#combine("minimum", COMBINE_MINIMUM, a, b);
  }

  /** −x */
  neg(x: OpValue): OpValue {
    return this.#affine("neg", x, -1, 0);
  }

  /** eˣ */
  exp(x: OpValue): OpValue {
    return this.activation(x, "exponential");
  }

  /** ln x; NaN below 0 */
  log(x: OpValue): OpValue {
    return this.#function("log", FUNCTION_LOG, x);
  }

  /** √x; NaN below 0. Its derivative at 0 is infinite: add something small first. */
  sqrt(x: OpValue): OpValue {
    return this.#function("sqrt", FUNCTION_SQRT, x);
  }

  /** |x|; its derivative at 0 is 0 */
  abs(x: OpValue): OpValue {
    return this.#function("abs", FUNCTION_ABS, x);
  }

  /** x² */
  square(x: OpValue): OpValue {
    return this.mul(x, x);
  }

  /** Σ over the last axis, which stays with size 1. */
  sum(x: OpValue): OpValue {
    return this.adopt(this.#b.rowSum(this.own(x, "sum")));
  }

  /** The mean over the last axis, which stays with size 1. */
  mean(x: OpValue): OpValue {
    const value = this.own(x, "mean");
    return this.#affine("mean", this.sum(value), 1 / (value.shape.at(-1) ?? 1), 0);
  }

  /** The greatest along the last axis, which stays with size 1; equal ones share the gradient. */
  max(x: OpValue): OpValue {
    return this.adopt(this.#b.rowMax(this.own(x, "max")));
  }

  /** Side by side along the last axis. */
  concatenate(values: readonly OpValue[]): OpValue {
    const own = values.map((value) => this.own(value, "concatenate"));
    if (own.length === 0) throw new ConfigError("config/not-several", "concatenate takes one value or more; got none.");
    return this.adopt(this.#b.concatenate(own, own[0]!.shape.length - 1));
  }

  /** The same values under another shape (per sample). */
  reshape(x: OpValue, shape: Shape): OpValue {
    return this.adopt(this.#b.reshape(this.own(x, "reshape"), shape));
  }

  /** Any activation, by name or as its factory describes it: ops.activation(x, "relu"). */
  activation(x: OpValue, activation: Activation): OpValue {
    return this.adopt(activate(this.#b, this.own(x, "activation"), resolveActivation(activation)));
  }

  #combine(what: string, code: number, a: Operand, b: Operand, withNumber?: (x: Value, c: number) => Value): OpValue {
    const [x, c] = typeof a === "number" ? [b, a] : [a, b]; // only add and mul come with a number first
    if (typeof c === "number" && withNumber) {
      return this.adopt(withNumber(this.own(x, what), finiteNumber(c, `a number in ${what}`)));
    }
    return this.adopt(this.#b.combine(code, this.own(a, what), this.own(b, what), what));
  }

  #affine(what: string, x: unknown, scale: number, offset: number): OpValue {
    return this.adopt(this.#b.affine(this.own(x, what), scale, offset, what));
  }

  #function(name: string, code: number, x: OpValue): OpValue {
    const savesInput = code === FUNCTION_LOG || code === FUNCTION_ABS;
    return this.adopt(this.#b.activation(this.own(x, name), { code, savesInput, name }));
  }
}
