import { ShapeError } from "../errors.js";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import { type Dim, fixed, formatValue, type Node, perRow, rootOf, type Value, widthOf } from "./graph.js";
import type { DimOf, OpName, OperandOf } from "./ops.js";

export interface NewValue {
  name: string;
  shape: Shape;
  perRow?: boolean;
  needsGradient?: boolean;
  address?: number;
  gradient?: Value;
}

/** An activation as the kernels know it. */
export interface Elementwise {
  readonly code: number;
  readonly alpha?: number;
  /** Its derivative is computed from its input; otherwise from its output, and then a product can apply it. */
  readonly savesInput?: boolean;
  readonly name?: string;
}

/** What a normalization multiplies by and adds, each (width) or left out. */
export interface Scale {
  readonly gamma: Value | undefined;
  readonly beta: Value | undefined;
}

/** Collects the nodes of one program: the ops that inference is made of. */
export class ForwardBuilder {
  readonly nodes: Node[] = [];
  #values = 0;
  #scope = "";

  /** Runs `emit` with its values named `<layer>/…`. */
  within<T>(layer: string, emit: () => T): T {
    const outer = this.#scope;
    this.#scope = layer;
    try {
      return emit();
    } finally {
      this.#scope = outer;
    }
  }

  /** A value that lives in the arena, or at `address` for as long as the model does. */
  value({ name, shape, perRow = true, needsGradient = false, address, gradient }: NewValue): Value {
    return {
      id: this.#values++,
      name: this.#scope && address === undefined ? `${this.#scope}/${name}` : name,
      shape,
      perRow,
      needsGradient,
      storage: address === undefined ? { kind: "arena" } : { kind: "fixed", address },
      ...(gradient && { gradient }),
    };
  }

  /** An arena value of the same size. */
  like(value: Value, name: string): Value {
    return { ...this.value({ name: "", shape: value.shape, perRow: value.perRow }), name };
  }

  emit<K extends OpName>(
    op: K,
    dims: Record<DimOf<K>, Dim>,
    operands: Partial<Record<OperandOf<K>, Value | undefined>>,
    numbers: Readonly<Record<string, number>> = {},
    integers: Readonly<Record<string, number>> = {},
    note?: string,
  ): Node<K> {
    const present = Object.fromEntries(Object.entries(operands).filter(([, value]) => value !== undefined));
    const node = { op, dims, operands: present, numbers, integers, ...(note && { note }) } as Node<K>;
    this.nodes.push(node as unknown as Node);
    return node;
  }

  /** The batch's rows of data source `source`. */
  input(source: number, shape: Shape, name: string): Value {
    const out = this.value({ name, shape });
    this.emit("gather", { rows: perRow(1), width: fixed(sizeOf(shape)) }, { out }, { scale: 1, offset: 0 }, { source });
    return out;
  }

  /** x (B, …, K) · w (K, N) + bias (N) */
  matmul(x: Value, w: Value, bias?: Value, name = "z"): Value {
    const k = x.shape.at(-1)!;
    const [rows, n] = w.shape;
    if (w.shape.length !== 2 || rows !== k || n === undefined) throw mismatch("matmul", x, w);
    if (bias && !sameShape(bias.shape, [n])) throw mismatch("the bias of matmul", w, bias);
    const c = this.value({
      name,
      shape: [...x.shape.slice(0, -1), n],
      perRow: x.perRow,
      needsGradient: x.needsGradient || w.needsGradient || bias?.needsGradient === true,
    });
    const m = { size: widthOf(x) / k, perRow: x.perRow };
    this.gemm("gemmNN", [m, fixed(n), fixed(k)], x, w, c, { bias });
    return c;
  }

  /** An elementwise activation by its code. */
  activation(x: Value, { code, alpha = 0, savesInput = false, name = "activation" }: Elementwise): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    const integers = { activation: code, savesInput: savesInput ? 1 : 0 };
    this.emit("activation", { n: lengthOf(x) }, { x, y }, { alpha }, integers, name);
    return y;
  }

  /** Softmax over the last axis. */
  softmax(x: Value, name = "softmax"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("softmax", rowsOf(x), { x, y });
    return y;
  }

  /** ln softmax over the last axis. */
  logSoftmax(x: Value, name = "logSoftmax"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("logSoftmax", rowsOf(x), { x, y });
    return y;
  }

  /** x where it is above 0, else alpha · x; alpha, without leading axes of 1, has the shape of x's last axes. */
  prelu(x: Value, alpha: Value, name = "prelu"): Value {
    const own = alpha.shape.slice(alpha.shape.findIndex((size) => size !== 1));
    const width = sizeOf(alpha.shape);
    if (width > 1 && !sameShape(own, x.shape.slice(-own.length))) throw mismatch("prelu", x, alpha);
    const y = this.value({ name, shape: x.shape, needsGradient: x.needsGradient || alpha.needsGradient });
    const rows = { size: widthOf(x) / width, perRow: x.perRow };
    this.emit("prelu", { rows, width: fixed(width) }, { x, alpha, y });
    return y;
  }

  /** The same with statistics that are given. Gradients reach x alone: the rest must be constant. */
  normalize(x: Value, { mean, variance }: { mean: Value; variance: Value }, scale: Scale, epsilon: number): Value {
    const { gamma, beta } = scale;
    const needsGradient = gamma?.needsGradient ?? false; // refused further on, rather than lost
    const factor = this.value({ name: "factor", shape: variance.shape, perRow: false, needsGradient });
    const y = this.value({ name: "normalized", shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("inverseDeviation", { width: fixed(widthOf(variance)) }, { variance, gamma, factor }, { epsilon });
    this.emit("normalize", rowsOf(x), { x, mean, factor, beta, y });
    return y;
  }

  /** Layer normalization over the last axis. */
  layerNorm(x: Value, scale: Scale, epsilon: number): Value {
    const y = this.value({ name: "normalized", shape: x.shape, needsGradient: anyGradient(x, scale) });
    const saved = this.value({ name: "statistics", shape: [...x.shape.slice(0, -1), 2] });
    this.emit("layerNorm", rowsOf(x), { x, ...scale, y, saved }, { epsilon });
    return y;
  }

  /** x · scale + offset */
  affine(x: Value, scale: number, offset: number, name = "scaled"): Value {
    const y = this.value({ name, shape: x.shape, perRow: x.perRow, needsGradient: x.needsGradient });
    this.emit("affine", { n: lengthOf(x) }, { x, y }, { scale, offset });
    return y;
  }

  /** a + b, of one shape */
  add(a: Value, b: Value, name = "sum"): Value {
    if (!sameShape(a.shape, b.shape) || !a.perRow || !b.perRow) throw mismatch("add", a, b);
    const c = this.value({ name, shape: a.shape, needsGradient: a.needsGradient || b.needsGradient });
    this.emit("add", { n: lengthOf(a) }, { a, b, c });
    return c;
  }

  /** Values of one shape but for `axis` (counted from 0, without the rows), joined along it. */
  concatenate(values: readonly Value[], axis: number, name = "joined"): Value {
    const [first] = values as [Value];
    const others = (value: Value) => value.shape.filter((_, i) => i !== axis);
    const odd = values.find((value) => !sameShape(others(value), others(first)) || value.perRow !== first.perRow);
    if (odd) throw mismatch(`concatenate along axis ${axis}`, first, odd);
    const shape = first.shape.with(
      axis,
      values.reduce((sum, value) => sum + value.shape[axis]!, 0),
    );
    const needsGradient = values.some((value) => value.needsGradient);
    const y = this.value({ name, shape, perRow: first.perRow, needsGradient });
    const rows = { size: sizeOf(shape.slice(0, axis)), perRow: first.perRow };
    const pitch = fixed(sizeOf(shape.slice(axis)));
    let offset = 0;
    for (const x of values) {
      const width = fixed(sizeOf(x.shape.slice(axis)));
      this.emit("placeColumns", { rows, width, pitch }, { x, y }, {}, { offset });
      offset += width.size;
    }
    return y;
  }

  /** The same bytes under another shape: no record. */
  reshape(x: Value, shape: Shape): Value {
    if (sizeOf(shape) !== widthOf(x)) {
      throw new ShapeError(
        "shape/reshape",
        `${formatValue(x)} cannot be reshaped to ${formatShape(shape, x.perRow)}: ${widthOf(x)} values against ${sizeOf(shape)}.`,
      );
    }
    return { ...x, shape, root: rootOf(x) };
  }

  /** Writes the batch's rows of x to a sink. */
  store(x: Value, sink = 0): void {
    this.emit("store", { rows: perRow(1), width: fixed(widthOf(x)) }, { x }, {}, { sink });
  }

  /** c (M, N) = a · b, with either operand transposed as the op says. */
  gemm(
    op: "gemmNN" | "gemmNT" | "gemmTN",
    [m, n, k]: readonly [Dim, Dim, Dim],
    a: Value,
    b: Value,
    c: Value,
    { bias, accumulate = false }: { bias?: Value | undefined; accumulate?: boolean } = {},
  ): void {
    const scratch = this.value({ name: "scratch", shape: [], perRow: false });
    const integers = { accumulate: accumulate ? 1 : 0, activation: 0 };
    this.emit(op, { m, n, k }, { a, b, c, bias, scratch }, { alpha: 0 }, integers);
  }
}

export function anyGradient(x: Value, { gamma, beta }: Scale): boolean {
  return [x, gamma, beta].some((value) => value?.needsGradient);
}

/** All elements of a value as one dim. */
export function lengthOf(value: Value): Dim {
  return { size: widthOf(value), perRow: value.perRow };
}

/** A value as a matrix over its last axis. */
export function rowsOf(value: Value): { rows: Dim; width: Dim } {
  const width = value.shape.at(-1) ?? 1;
  return { rows: { size: widthOf(value) / width, perRow: value.perRow }, width: fixed(width) };
}

export function mismatch(what: string, a: Value, b: Value): ShapeError {
  return new ShapeError("shape/mismatch", `${what}: ${formatValue(a)} and ${formatValue(b)} do not fit together.`);
}
