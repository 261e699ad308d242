// Small ONNX files put together by hand.

import { type Draft, encode } from "../../src/formats/protobuf.js";
import {
  type AttributeDraft,
  ATTRIBUTE_FLOAT,
  ATTRIBUTE_INT,
  ATTRIBUTE_TENSOR,
  FLOAT,
  INT64,
  MODEL,
  type NodeDraft,
  type TensorDraft,
} from "../../src/onnx/schema.js";

export interface GraphOptions {
  nodes: readonly NodeDraft[];
  tensors?: readonly TensorDraft[];
  /** Of the input x, per sample (default [3]). */
  inputShape?: readonly (number | string)[];
  elementType?: bigint;
  version?: bigint;
  domain?: string;
  functions?: readonly { name: string }[];
}

/** From an input x to an output y. */
export function onnxFile(options: GraphOptions): Uint8Array {
  const {
    nodes,
    tensors = [],
    inputShape = [3],
    elementType = FLOAT,
    version = 17n,
    domain = "",
    functions = [],
  } = options;
  const dim = [
    { parameter: "n" },
    ...inputShape.map((size) => (typeof size === "string" ? { parameter: size } : { value: BigInt(size) })),
  ];
  const model: Draft<typeof MODEL> = {
    irVersion: 8n,
    graph: {
      node: nodes,
      initializer: tensors,
      input: [{ name: "x", type: { tensor: { elementType, shape: { dim } } } }],
      output: [{ name: "y" }],
    },
    opsetImport: [{ domain, version }],
    functions,
  };
  return encode(MODEL, model);
}

/** @param output What it computes, and what it is called. */
export function node(
  opType: string,
  input: readonly string[],
  output: string,
  attributes: Record<string, bigint | number> = {},
): NodeDraft {
  const attribute = Object.entries(attributes).map(([name, value]): AttributeDraft =>
    typeof value === "bigint" ? { name, i: value, type: ATTRIBUTE_INT } : { name, f: value, type: ATTRIBUTE_FLOAT },
  );
  return { opType, input, output: [output], name: output, attribute };
}

export function constant(output: string, tensor: TensorDraft): NodeDraft {
  return { ...node("Constant", [], output), attribute: [{ name: "value", t: tensor, type: ATTRIBUTE_TENSOR }] };
}

export function floats(name: string, shape: readonly number[], values: readonly number[]): TensorDraft {
  return { name, dims: shape.map(BigInt), dataType: FLOAT, rawData: new Uint8Array(Float32Array.from(values).buffer) };
}

export function ints(name: string, values: readonly number[]): TensorDraft {
  return { name, dims: [BigInt(values.length)], dataType: INT64, int64Data: values.map(BigInt) };
}
