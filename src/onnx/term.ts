// A graph of ONNX as terms: what each name stands for, with its operands resolved. Nothing of lanewise yet.

import { ModelFormatError, UnsupportedError } from "../errors.js";
import { type FloatType, readFloats } from "../formats/floats.js";
import { clipped, shownName as shown } from "../io/foreign.js";
import { formatShape, type Shape } from "../shape.js";
import {
  ATTRIBUTE_FLOAT,
  ATTRIBUTE_INT,
  ATTRIBUTE_STRING,
  INT64,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from "./schema.js";

/** A tensor of the file. */
export class Constant {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  readonly #tensor: OnnxTensor;

  /** @throws ModelFormatError `onnx/bad-tensor`, UnsupportedError `onnx/external-data` */
  constructor(tensor: OnnxTensor, name = tensor.name ?? "") {
    this.name = name;
    this.#tensor = tensor;
    if ((tensor.dataLocation ?? 0n) !== 0n) {
      throw new UnsupportedError(
        "onnx/external-data",
        `The tensor ${shown(name)} lies in a file of its own; lanewise reads models that are one file. Save it without external data.`,
      );
    }
    this.shape = tensor.dims.map((size) => sizeOfDim(size, `the tensor ${shown(name)}`));
    this.size = this.shape.reduce((product, size) => product * size, 1);
    if (this.shape.length > MAX_RANK || !Number.isSafeInteger(this.size)) {
      throw this.#broken(`its shape is ${formatShape(this.shape.slice(0, MAX_RANK))}`);
    }
  }

  floats(): Float32Array {
    const { dataType, rawData, floatData } = this.#tensor;
    const type = FLOAT_TYPES.get(dataType ?? 0n);
    if (!type) throw this.#broken(`its type is ${dataType}; weights are FLOAT (1), FLOAT16, DOUBLE or BFLOAT16`);
    const [dtype, width] = type;
    if (rawData) return readFloats(dtype, this.#whole(rawData, width));
    if (dtype !== "F32") throw this.#broken("its values are not in raw_data, where they are read from");
    if (floatData.length !== this.size) {
      throw this.#broken(`it has ${floatData.length} values, and shape ${formatShape(this.shape)}`);
    }
    return floatData;
  }

  /** Sizes and axes. */
  ints(): number[] {
    const { dataType, rawData, int64Data } = this.#tensor;
    if (dataType !== INT64) throw this.#broken(`its type is ${dataType}, expected INT64 (7)`);
    const values = rawData ? [...new BigInt64Array(new Uint8Array(this.#whole(rawData, 8)).buffer)] : int64Data;
    if (values.length !== this.size) throw this.#broken(`it has ${values.length} values of ${this.size}`);
    return values.map((value) => exact(value, `the tensor ${shown(this.name)}`));
  }

  #whole(bytes: Uint8Array, width: number): Uint8Array {
    if (bytes.length === this.size * width) return bytes;
    throw this.#broken(`it has ${bytes.length} bytes, and shape ${formatShape(this.shape)} takes ${this.size * width}`);
  }

  #broken(why: string): ModelFormatError {
    return new ModelFormatError("onnx/bad-tensor", `The tensor ${shown(this.name)} cannot be read: ${why}.`);
  }
}

const MAX_RANK = 16;

const FLOAT_TYPES: ReadonlyMap<bigint, readonly [FloatType, bytes: number]> = new Map([
  [1n, ["F32", 4]],
  [10n, ["F16", 2]],
  [11n, ["F64", 8]],
  [16n, ["BF16", 2]],
]);

/** What a node computes, or what enters the graph (op ""). */
export class Term {
  readonly op: string;
  readonly name: string;
  /** Undefined where one is left out. */
  readonly operands: readonly (Term | Constant | undefined)[];
  /** How many nodes and outputs of the graph read it. */
  readers = 0;
  readonly #attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly #read = new Set<string>();

  constructor(node: Pick<OnnxNode, "opType" | "name" | "attribute">, operands: Term["operands"]) {
    this.op = node.opType ?? "";
    this.name = node.name ?? "";
    this.operands = operands;
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name ?? "", attribute]));
    for (const operand of operands) if (operand instanceof Term) operand.readers++;
  }

  get label(): string {
    return `Node ${shown(this.name)} (${clipped(this.op)})`;
  }

  float(name: string, missing: number): number {
    return this.#attribute(name, ATTRIBUTE_FLOAT, "FLOAT")?.f ?? missing;
  }

  int(name: string, missing: number): number {
    const attribute = this.#attribute(name, ATTRIBUTE_INT, "INT");
    return attribute ? exact(attribute.i ?? 0n, `attribute ${name} of node ${shown(this.name)}`) : missing;
  }

  text(name: string, missing: string): string {
    const attribute = this.#attribute(name, ATTRIBUTE_STRING, "STRING");
    return attribute ? String.fromCharCode(...(attribute.s ?? []).slice(0, 40)) : missing;
  }

  /** For what the values are of no interest. */
  ignore(...names: string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** An attribute that nobody asked for may change what the node computes. */
  refuseUnread(): void {
    const unread = [...this.#attributes.keys()].filter((name) => !this.#read.has(name));
    if (unread.length > 0) throw this.unsupported(`its attribute ${shown(unread[0]!)} is not known`);
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** An operand that the graph computes. */
  value(index: number): Term {
    const operand = this.operands[index];
    if (operand instanceof Term) return operand;
    throw this.unsupported(`its operand ${index} is ${operand ? "a constant" : "missing"}, and is to be computed`);
  }

  constant(index: number): Constant {
    const operand = this.operands[index];
    if (operand instanceof Constant) return operand;
    throw this.unsupported(`its operand ${index} is ${operand ? "computed" : "missing"}, and is to be a constant`);
  }

  optionalConstant(index: number): Constant | undefined {
    return this.operands[index] === undefined ? undefined : this.constant(index);
  }

  unsupported(why: string): UnsupportedError {
    return new UnsupportedError("onnx/unsupported-op", `${this.label} is not supported: ${why}.`);
  }

  #attribute(name: string, type: bigint, typeName: string): OnnxAttribute | undefined {
    this.#read.add(name);
    const attribute = this.#attributes.get(name);
    if (!attribute || (attribute.type ?? type) === type) return attribute;
    throw new ModelFormatError(
      "onnx/bad-attribute",
      `${this.label} has an attribute "${name}" of type ${attribute.type}, expected ${typeName} (${type}).`,
    );
  }
}

/** A size that is one. */
export function sizeOfDim(size: bigint, what: string): number {
  const value = exact(size, what);
  if (value >= 1) return value;
  throw new ModelFormatError("onnx/bad-tensor", `A size of ${what} is ${value}; sizes are at least 1.`);
}

/** A whole number that a double holds exactly. */
export function exact(value: bigint, what: string): number {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw new ModelFormatError("onnx/bad-tensor", `${value} in ${what} is beyond 2^53.`);
}

export { shown };
