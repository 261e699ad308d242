import { decode, encode, type Draft } from "../../../src/formats/protobuf.js";
import { loadOnnx } from "../../../src/onnx/index.js";
import {
  type AttributeDraft,
  ATTRIBUTE_FLOAT,
  ATTRIBUTE_INT,
  ATTRIBUTE_STRING,
  ATTRIBUTE_TENSOR,
  FLOAT,
  MODEL,
  type NodeDraft,
  type TensorDraft,
} from "../../../src/onnx/schema.js";
import type { Model } from "../../../src/index.js";
import { floats, ints, node, onnxFile } from "../../onnx/files.js";
import { concat, damaged, edited, HOSTILE_TEXTS, type Junk, textBytes } from "../edits.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { use } from "./model.js";
import { bytesOf, samples } from "./samples.js";

const INTS = [0n, 1n, -1n, 2n, 3n, 6n, 7n, 8n, 9n, 12n, 13n, 17n, 2n ** 31n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]; // prettier-ignore
const OPS = ["Add", "BatchNormalization", "Cast", "Celu", "Clip", "Concat", "Div", "Dropout", "Elu", "Erf", "Exp", "Flatten", "Gelu", "Gemm", "HardSigmoid", "HardSwish", "Identity", "LayerNormalization", "LeakyRelu", "LogSoftmax", "MatMul", "Mish", "Mul", "PRelu", "Relu", "Reshape", "Selu", "Sigmoid", "Softmax", "Softplus", "Softsign", "Sub", "Sum", "Tanh", "Abs", "Conv", "Constant"]; // prettier-ignore
const ATTRIBUTES = ["allowzero", "alpha", "approximate", "axis", "beta", "epsilon", "gamma", "max", "min", "momentum", "ratio", "seed", "spatial", "stash_type", "to", "training_mode", "transA", "transB", "value"]; // prettier-ignore
const JUNK: Junk = {
  texts: [...HOSTILE_TEXTS.filter((text) => text !== "\ud800"), "x", "y", "h0", "c0", "ai.onnx", ...OPS, ...ATTRIBUTES],
  bigints: INTS,
};

// ── Graphs of ops that are read, in every arrangement ───────────────────────────────────────────────────────────────

/** What each op is asked with, where it is asked well. */
const USUAL: Readonly<Record<string, Readonly<Record<string, number | bigint | string>>>> = {
  Cast: { to: 1n },
  Clip: { min: 0, max: 6 },
  Concat: { axis: 1n },
  Celu: { alpha: 0.5 },
  Elu: { alpha: 0.5 },
  Flatten: { axis: 1n },
  Gelu: { approximate: "tanh" },
  Gemm: { transB: 1n, alpha: 2, beta: 0.5 },
  HardSigmoid: { alpha: Math.fround(1 / 6), beta: 0.5 },
  LayerNormalization: { axis: -1n, epsilon: 1e-5, stash_type: 1n },
  LeakyRelu: { alpha: 0.2 },
  LogSoftmax: { axis: -1n },
  Softmax: { axis: -1n },
  Dropout: { ratio: 0.25, seed: 1n },
  Selu: { alpha: 1.6732632, gamma: 1.050701 },
};
/** How many of its operands are constants; those before are computed. */
const CONSTANTS: Readonly<Record<string, number>> = { BatchNormalization: 4, Gemm: 2, LayerNormalization: 2, MatMul: 1, PRelu: 1, Reshape: 1, Clip: 2, Dropout: 1 }; // prettier-ignore
const BRANCHES = ["Add", "Concat", "Sum"];
const EITHER = ["Add", "Sub", "Mul", "Div"];

function attributesOf(op: string, random: Random): AttributeDraft[] {
  const usual = Object.entries(USUAL[op] ?? {}).filter(() => !random.oneIn(3));
  const odd = random.oneIn(10) ? [[random.pick(ATTRIBUTES), random.pick([0n, 1n, 2n, -1n, 0.5, "none"])] as const] : [];
  return [...usual, ...odd].map(([name, value]) =>
    typeof value === "bigint"
      ? { name, i: value, type: ATTRIBUTE_INT }
      : typeof value === "number"
        ? { name, f: value, type: ATTRIBUTE_FLOAT }
        : { name, s: textBytes(value), type: ATTRIBUTE_STRING },
  );
}

/** A tensor as op's operand `index` could be, of `width` features; now and then of another kind. */
function constantOf(op: string, index: number, name: string, width: number, random: Random): TensorDraft {
  if (op === "Reshape") return ints(name, random.pick([[0, -1], [-1, width], [0, width, 1], [1, width], [0, 0], [2, -1], [-1, -1]])); // prettier-ignore
  const shapes = [[], [1], [width], [width, width], [width, 1], [1, width], [2, width], [1, 1, 1], [1, 1, 1, width]];
  const usual = op === "Gemm" || op === "MatMul" ? (index === 1 ? [width, width] : [width]) : op === "Clip" || op === "Dropout" ? [] : [width]; // prettier-ignore
  const shape = random.oneIn(4) ? random.pick(shapes) : usual;
  const size = shape.reduce((a, b) => a * b, 1);
  const first = op === "Clip" ? [0, 0, 6][index]! : op === "Dropout" ? 0.25 : random.pick([1, 0.5, -1, 0, Math.SQRT2]);
  const values = Array.from({ length: size }, (_, i) => first + (size > 1 ? Math.fround(i / 8) : 0));
  const made = floats(name, shape, values);
  switch (random.below(12)) {
    case 0:
      return { name, dims: made.dims!, dataType: FLOAT, floatData: Float32Array.from(values) };
    case 1:
      return { ...made, dataType: 11n, rawData: new Uint8Array(Float64Array.from(values).buffer) };
    case 2:
      return { ...made, dataType: random.pick([10n, 16n]), rawData: new Uint8Array(2 * size).fill(60) };
    case 3:
      return random.pick<TensorDraft>([
        { ...made, dataLocation: 1n },
        { ...made, dataType: 6n },
        { name, dims: made.dims!, dataType: 10n, floatData: Float32Array.from(values) },
        { ...made, dims: Array<bigint>(17).fill(1n) },
      ]);
    case 4:
      return ints(name, values.map(Math.trunc));
    default:
      return made;
  }
}

/** Activations that are written out, as exporters do it. */
const WRITTEN_OUT: readonly ((x: string, y: string) => readonly [NodeDraft[], TensorDraft[]])[] = [
  (x, y) => [[node("Sigmoid", [x], `${y}s`), node("Mul", [x, `${y}s`], y)], []],
  (x, y) => [[node("Softplus", [x], `${y}p`), node("Tanh", [`${y}p`], `${y}t`), node("Mul", [`${y}t`, x], y)], []],
  (x, y) => [
    [node("Abs", [x], `${y}a`), node("Add", [`${y}a`, `${y}1`], `${y}d`), node("Div", [x, `${y}d`], y)],
    [floats(`${y}1`, [], [1])],
  ],
  (x, y) => [
    [node("HardSigmoid", [x], `${y}h`, { alpha: Math.fround(1 / 6), beta: 0.5 }), node("Mul", [x, `${y}h`], y)],
    [],
  ],
  (x, y) => [
    [
      node("Div", [x, `${y}r`], `${y}q`),
      node("Erf", [`${y}q`], `${y}e`),
      node("Add", [`${y}e`, `${y}1`], `${y}p`),
      node("Mul", [x, `${y}p`], `${y}m`),
      node("Mul", [`${y}m`, `${y}h`], y),
    ],
    [floats(`${y}r`, [], [Math.SQRT2]), floats(`${y}1`, [], [1]), floats(`${y}h`, [], [0.5])],
  ],
  (x, y) => [
    [node("MatMul", [x, `${y}w`], `${y}m`), node("Add", [`${y}m`, `${y}b`], y)],
    [floats(`${y}w`, [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), floats(`${y}b`, [3], [1, 2, 3])],
  ],
  (x, y) => [
    [node("Sub", [x, `${y}m`], `${y}c`), node("Div", [`${y}c`, `${y}s`], y)],
    [floats(`${y}m`, [3], [1, 2, 3]), floats(`${y}s`, [3], [1, 2, 4])],
  ],
  (x, y) => [
    [node("Mul", [x, `${y}a`], `${y}c`), node("Add", [`${y}c`, `${y}b`], y)],
    [floats(`${y}a`, [], [2]), floats(`${y}b`, [1], [3])],
  ],
];

function randomGraph(random: Random): Uint8Array {
  const width = 3;
  const nodes: NodeDraft[] = [];
  const tensors: TensorDraft[] = [];
  const values = ["x"];
  const count = 1 + random.few(5);
  for (let i = 0; i < count; i++) {
    const y = i === count - 1 ? "y" : `h${i}`;
    const x = random.oneIn(4) ? random.pick(values) : values.at(-1)!;
    if (random.oneIn(5)) {
      const [made, needed] = random.pick(WRITTEN_OUT)(x, y);
      nodes.push(...made);
      tensors.push(...needed);
    } else {
      const op = random.pick(OPS);
      const operands = operandsOf(op, i, x, values, width, random, tensors, nodes);
      const draft = node(op, operands, y);
      const others = random.oneIn(12) ? [`${y}b`] : [];
      const domain = random.oneIn(40) ? { domain: random.pick(["com.me", "ai.onnx"]) } : {};
      nodes.push({
        ...draft,
        ...domain,
        output: [y, ...others],
        attribute: op === "Constant" ? valueOf(random) : attributesOf(op, random),
      });
    }
    values.push(y);
  }
  const inputShape = random.oneIn(6) ? random.pick([[2, width], [width, width], [width, 1], [1], []]) : [width];
  return onnxFile({ nodes, tensors, inputShape, version: random.pick([7n, 9n, 11n, 13n, 17n, 17n, 17n, 20n]) });
}

function valueOf(random: Random): AttributeDraft[] {
  return random.oneIn(4) ? [] : [{ name: "value", t: floats("", [3], [1, 2, 3]), type: ATTRIBUTE_TENSOR }];
}

/** Names of a node's operands; what is constant among them is put with the tensors, or computed by a Constant. */
function operandsOf(
  op: string,
  i: number,
  x: string,
  values: string[],
  width: number,
  random: Random,
  tensors: TensorDraft[],
  nodes: NodeDraft[],
): string[] {
  // prettier-ignore
  if (op === "Constant") return [];
  if (BRANCHES.includes(op) && random.oneIn(2))
    return [x, ...Array.from({ length: random.few(3) }, () => random.pick(values))];
  const constants = CONSTANTS[op] ?? (EITHER.includes(op) ? 1 : 0);
  const names = Array.from({ length: constants }, (_, j) => `c${i}_${j}`);
  if (op === "Clip" || op === "Dropout" || op === "Gemm" || op === "LayerNormalization") names.length = Math.max(op === "Gemm" ? 1 : 0, names.length - random.few(2)); // prettier-ignore
  names.forEach((name, j) => {
    const tensor = constantOf(op, j + 1, name, width, random);
    if (random.oneIn(5))
      nodes.push({ ...node("Constant", [], name), attribute: [{ name: "value", t: tensor, type: ATTRIBUTE_TENSOR }] });
    else tensors.push(tensor);
  });
  const operands = [x, ...names].map((name) => (random.oneIn(40) ? "" : name));
  return EITHER.includes(op) && random.oneIn(3) ? operands.reverse() : operands;
}

/** What has become no message at all is left as it was. */
function encoded(message: unknown, otherwise: Uint8Array): Uint8Array {
  try {
    return encode(MODEL, message as Draft<typeof MODEL>);
  } catch {
    return otherwise;
  }
}

/** More than a million of what takes two bytes, each in its place in the schema. */
function crowd(random: Random): Uint8Array {
  const [path, unit] = random.pick([
    [[7], [0x0a, 0]], // nodes
    [[7], [0x2a, 0]], // tensors
    [[7], [0x5a, 0]], // inputs
    [
      [7, 1],
      [0x0a, 0],
    ], // operands of one node
    [
      [7, 5],
      [0x08, 1],
    ], // sizes of one tensor
    [
      [7, 5],
      [0x22, 0],
    ], // pieces of its floats
  ] as const);
  const count = random.oneIn(2) ? 2 ** 20 + 9 : 2 ** 17;
  const units = new Uint8Array(Buffer.alloc(2 * count, Buffer.from(unit)));
  const inner = [...path].reverse().reduce<Uint8Array>((bytes, number) => concat(Uint8Array.of(8 * number + 2), varint(bytes.length), bytes), units); // prettier-ignore
  return concat(Uint8Array.of(8, 8), inner, Uint8Array.of(0x42, 2, 16, 17));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return Uint8Array.from([...bytes, value]);
}

export const onnx: Reader = {
  name: "onnx",
  sources: [
    "src/onnx/load.ts",
    "src/onnx/rules.ts",
    "src/onnx/patterns.ts",
    "src/onnx/term.ts",
    { file: "src/formats/protobuf.ts", without: ["encode", "piecesOf", "fieldOf", "counted", "tagOf", "varintOf", "bytesOf", "lengthOf"] }, // prettier-ignore
  ],
  refusals: /^(onnx|protobuf)\//,
  async prepare() {
    const files = samples("test/onnx/samples", ".onnx");
    const messages = files.map((file) => decode(MODEL, file));
    return {
      make(random: Random) {
        if (random.oneIn(10_000)) return { file: crowd(random) };
        const start = random.oneIn(2) ? randomGraph(random) : undefined;
        let message = start ? decode(MODEL, start) : random.pick(messages);
        const edits = random.few(4);
        for (let i = 0; i < edits; i++) message = edited(message, random, JUNK);
        const file = encoded(message, files[0]!);
        const count = random.oneIn(4) ? 1 + random.few(2) : 0;
        return {
          file: damaged(file, count, random, random.pick(files)),
          options: random.oneIn(50) ? random.pick([{ seed: -1 }, {}]) : { seed: 1 },
          alsoRefused: /^config\/bad-seed$/,
        };
      },
      async read({ file, options }) {
        use((await loadOnnx(file, options as object | undefined)) as unknown as Model<never>);
        return "a model";
      },
      async good() {
        const model = (await loadOnnx(files[3]!, { seed: 1 })) as Model;
        return bytesOf(model.predict(new Float32Array(model.inputShape.reduce((a, b) => a * b, 1)).fill(0.5)).data);
      },
    };
  },
};
