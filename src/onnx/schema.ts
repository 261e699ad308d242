// The messages of ONNX that are read and written, with the numbers of its onnx.proto:
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

import type { Draft, Message, Schema } from "../formats/protobuf.js";

const TENSOR = {
  dims: [1, "ints"],
  dataType: [2, "int"],
  floatData: [4, "floats"],
  int64Data: [7, "ints"],
  name: [8, "text"],
  rawData: [9, "bytes"],
  dataLocation: [14, "int"],
} as const satisfies Schema;

const ATTRIBUTE = {
  name: [1, "text"],
  f: [2, "float"],
  i: [3, "int"],
  s: [4, "bytes"],
  t: [5, TENSOR],
  floats: [7, "floats"],
  ints: [8, "ints"],
  type: [20, "int"],
} as const satisfies Schema;

const NODE = {
  input: [1, "texts"],
  output: [2, "texts"],
  name: [3, "text"],
  opType: [4, "text"],
  attribute: [5, [ATTRIBUTE]],
  domain: [7, "text"],
} as const satisfies Schema;

const DIMENSION = { value: [1, "int"], parameter: [2, "text"] } as const satisfies Schema;
const TENSOR_TYPE = { elementType: [1, "int"], shape: [2, { dim: [1, [DIMENSION]] }] } as const satisfies Schema;
const VALUE_INFO = { name: [1, "text"], type: [2, { tensor: [1, TENSOR_TYPE] }] } as const satisfies Schema;

const GRAPH = {
  node: [1, [NODE]],
  name: [2, "text"],
  initializer: [5, [TENSOR]],
  input: [11, [VALUE_INFO]],
  output: [12, [VALUE_INFO]],
  sparseInitializer: [15, [{}]],
} as const satisfies Schema;

export const MODEL = {
  irVersion: [1, "int"],
  producerName: [2, "text"],
  graph: [7, GRAPH],
  opsetImport: [8, [{ domain: [1, "text"], version: [2, "int"] }]],
  functions: [25, [{ name: [1, "text"] }]],
} as const satisfies Schema;

export type OnnxModel = Message<typeof MODEL>;
export type OnnxGraph = Message<typeof GRAPH>;
export type OnnxNode = Message<typeof NODE>;
export type OnnxAttribute = Message<typeof ATTRIBUTE>;
export type OnnxTensor = Message<typeof TENSOR>;
export type OnnxValueInfo = Message<typeof VALUE_INFO>;
export type NodeDraft = Draft<typeof NODE>;
export type AttributeDraft = Draft<typeof ATTRIBUTE>;
export type TensorDraft = Draft<typeof TENSOR>;
export type ValueInfoDraft = Draft<typeof VALUE_INFO>;

/** TensorProto.DataType */
export const FLOAT = 1n;
export const INT64 = 7n;
/** AttributeProto.AttributeType */
export const ATTRIBUTE_FLOAT = 1n;
export const ATTRIBUTE_INT = 2n;
export const ATTRIBUTE_STRING = 3n;
export const ATTRIBUTE_TENSOR = 4n;
