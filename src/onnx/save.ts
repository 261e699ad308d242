import type { ActivationDescription, ActivationName } from "../activations/table.js";
import { UnsupportedError } from "../errors.js";
import { encode } from "../formats/protobuf.js";
import { joints } from "../io/joints.js";
import type { Layer } from "../model/layer.js";
import type { Model } from "../model/model.js";
import type { Predictions } from "../model/predict.js";
import type { NamedArray } from "../model/variables.js";
import type { Shape } from "../shape.js";
import {
  type AttributeDraft,
  ATTRIBUTE_FLOAT,
  ATTRIBUTE_INT,
  FLOAT,
  INT64,
  MODEL,
  type NodeDraft,
  type TensorDraft,
  type ValueInfoDraft,
} from "./schema.js";

const OPERATOR_SET = 17n;
const IR_VERSION = 8n;
const MAX_BYTES = 2 ** 31 - 1;

/** An attribute: a whole number as a bigint, any other as a number. */
type Attributes = Readonly<Record<string, bigint | number>>;

/** A value of the graph: its name and its shape per sample. */
interface Value {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * The network as the bytes of an ONNX file, for inference elsewhere: operator set 17, IR version 8, weights F32, the batch of any
 * size. Chains and graphs; a layer that is applied twice has its weights in the file once. Inputs and outputs are called as
 * `model.inputs` and `model.outputs` are, nodes as their layers.
 *
 * Dropout goes as Dropout, which computes nothing in inference; alphaDropout and gaussianNoise are left out. Activations without an
 * op (gelu, silu, mish) are written out. What is computed is the same but for rounding.
 *
 * @throws UnsupportedError `onnx/unsupported-layer` for a layer of your own; `onnx/too-large` beyond 2 GiB
 * @example
 * const bytes = toOnnx(model); // to be written to model.onnx
 * const same = await loadOnnx(bytes);
 */
export function toOnnx<Output extends Predictions>(model: Model<Output>): Uint8Array {
  const weights = model.getWeights();
  const size = [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (size > MAX_BYTES - 2 ** 20) {
    throw new UnsupportedError("onnx/too-large", `The weights take ${size} bytes, and an ONNX file holds up to 2 GiB.`);
  }
  const ports = [...model.inputs, ...model.outputs];
  const writer = new Writer(
    weights,
    ports.map(({ name }) => name),
  );
  const values: Value[] = model.inputs.map(({ name, shape }) => ({ name, shape }));
  const { applications, outputs } = joints(model);
  for (const { layer, inputs } of applications) {
    values.push(
      applied(
        writer,
        model.layers[layer]!,
        inputs.map((tensor) => values[tensor]!),
      ),
    );
  }
  model.outputs.forEach(({ name }, i) => writer.node("Identity", [values[outputs[i]!]!.name], { output: name }));
  return encode(MODEL, {
    irVersion: IR_VERSION,
    producerName: "lanewise",
    graph: {
      node: writer.nodes,
      name: "lanewise",
      initializer: writer.initializers,
      input: model.inputs.map(info),
      output: model.outputs.map(info),
    },
    opsetImport: [{ domain: "", version: OPERATOR_SET }],
  });
}

function info({ name, shape }: Value): ValueInfoDraft {
  const dim = [{ parameter: "batch" }, ...shape.map((size) => ({ value: BigInt(size) }))];
  return { name, type: { tensor: { elementType: FLOAT, shape: { dim } } } };
}

/** Collects nodes and weights, and names values, each once. */
class Writer {
  readonly nodes: NodeDraft[] = [];
  readonly initializers: TensorDraft[] = [];
  readonly #weights: ReadonlyMap<string, NamedArray>;
  readonly #taken: Set<string>;
  readonly #written = new Set<string>();

  constructor(weights: ReadonlyMap<string, NamedArray>, taken: readonly string[]) {
    this.#weights = weights;
    this.#taken = new Set(taken);
  }

  /** @returns What the value is called that the node computes. */
  node(
    opType: string,
    input: readonly string[],
    options: { name?: string; output?: string; attributes?: Attributes } = {},
  ): string {
    const name = this.#fresh(options.name ?? `${options.output}/${opType.toLowerCase()}`);
    const output = options.output ?? name;
    const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) => attributeOf(key, value));
    this.nodes.push({ input, output: [output], name, opType, attribute });
    return output;
  }

  has(variable: string): boolean {
    return this.#weights.has(variable);
  }

  /** A weight of the model, under its own name. */
  weight(variable: string, change?: (value: number) => number): string {
    const { data, shape } = this.#weights.get(variable)!;
    return this.constant(variable, shape, change ? data.map(change) : data);
  }

  /** Written once under one name, however often a layer is applied. */
  constant(name: string, shape: Shape, data: Float32Array | BigInt64Array): string {
    if (!this.#written.has(name)) {
      const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const dataType = data instanceof Float32Array ? FLOAT : INT64;
      this.initializers.push({ dims: shape.map(BigInt), dataType, name, rawData });
      this.#written.add(name);
    }
    return name;
  }

  #fresh(base: string): string {
    let name = base;
    for (let i = 1; this.#taken.has(name) || this.#weights.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

function attributeOf(name: string, value: bigint | number): AttributeDraft {
  return typeof value === "bigint"
    ? { name, i: value, type: ATTRIBUTE_INT }
    : { name, f: value, type: ATTRIBUTE_FLOAT };
}

type Write = (writer: Writer, layer: Layer, inputs: readonly Value[]) => string;
type Numbers = Readonly<Record<string, number>>;

function applied(writer: Writer, layer: Layer, inputs: readonly Value[]): Value {
  const { className, name: label } = layer;
  if (!Object.hasOwn(LAYERS, className)) {
    throw new UnsupportedError(
      "onnx/unsupported-layer",
      `Layer "${label}" (${className}) cannot be written as ONNX. Written are ${Object.keys(LAYERS).join(", ")}.`,
    );
  }
  const name = LAYERS[className]!(writer, layer, inputs);
  return { name, shape: shapeOf(layer, inputs) };
}

function shapeOf(layer: Layer, inputs: readonly Value[]): Shape {
  const { kind, config } = layer.toSpec();
  const [first, ...others] = inputs.map(({ shape }) => shape) as [Shape, ...Shape[]];
  return kind.outputShape(config, first, ...others);
}

const nothing: Write = (_writer, _layer, [x]) => x!.name;

const LAYERS: Readonly<Record<string, Write>> = {
  Activation: (writer, { name, config }, [x]) => activated(writer, name, activationOf(config), x!),
  Add(writer, { name }, inputs) {
    const [first, ...others] = inputs.map((input) => input.name) as [string, ...string[]];
    return others.reduce((sum, other) => writer.node("Add", [sum, other], { name }), first);
  },
  AlphaDropout: nothing,
  BatchNormalization(writer, layer, [x]) {
    const { epsilon, momentum } = layer.config as Numbers;
    const { name } = layer;
    const features = x!.shape.at(-1)!;
    const scale = [gammaOf(writer, name, features), betaOf(writer, name, features)];
    const statistics = [writer.weight(`${name}/movingMean`), writer.weight(`${name}/movingVariance`)];
    const attributes = { epsilon: epsilon!, momentum: momentum! };
    const normalize = (input: string, name: string) =>
      writer.node("BatchNormalization", [input, ...scale, ...statistics], { name, attributes });
    if (x!.shape.length === 1) return normalize(x!.name, name);
    // ONNX has the features on the first axis of a sample, lanewise on the last: so each position is a row by itself.
    const rows = reshaped(writer, x!.name, `${name}/rows`, [-1, features]);
    return reshaped(writer, normalize(rows, `${name}/norm`), name, [-1, ...x!.shape]);
  },
  Concatenate(writer, { name, config }, inputs) {
    const attributes = { axis: BigInt((config as Numbers).axis!) };
    return writer.node(
      "Concat",
      inputs.map((input) => input.name),
      { name, attributes },
    );
  },
  Dense(writer, { name, config }, [x]) {
    const { useBias, units } = config as { readonly useBias: boolean; readonly units: number };
    const [kernel, bias] = [writer.weight(`${name}/kernel`), useBias ? [writer.weight(`${name}/bias`)] : []];
    const z =
      x!.shape.length === 1
        ? writer.node("Gemm", [x!.name, kernel, ...bias], { name })
        : useBias
          ? writer.node("Add", [writer.node("MatMul", [x!.name, kernel], { name: `${name}/product` }), ...bias], {
              name,
            })
          : writer.node("MatMul", [x!.name, kernel], { name });
    const activation = activationOf(config);
    const shape = [...x!.shape.slice(0, -1), units];
    return activation.name === "linear"
      ? z
      : activated(writer, `${name}/${activation.name}`, activation, { name: z, shape });
  },
  Dropout(writer, { name, config }, [x]) {
    const ratio = writer.constant(`${name}/ratio`, [], Float32Array.of((config as Numbers).rate!));
    return writer.node("Dropout", [x!.name, ratio], { name });
  },
  Flatten: (writer, { name }, [x]) => writer.node("Flatten", [x!.name], { name, attributes: { axis: 1n } }),
  GaussianNoise: nothing,
  LayerNormalization(writer, { name, config }, [x]) {
    const { epsilon } = config as Numbers;
    const beta = writer.has(`${name}/beta`) ? [writer.weight(`${name}/beta`)] : [];
    const inputs = [x!.name, gammaOf(writer, name, x!.shape.at(-1)!), ...beta];
    return writer.node("LayerNormalization", inputs, { name, attributes: { axis: -1n, epsilon: epsilon! } });
  },
  Normalization(writer, { name }, [x]) {
    const centred = writer.node("Sub", [x!.name, writer.weight(`${name}/mean`)], { name: `${name}/centred` });
    return writer.node("Div", [centred, writer.weight(`${name}/variance`, Math.sqrt)], { name });
  },
  PReLU: (writer, { name }, [x]) => writer.node("PRelu", [x!.name, writer.weight(`${name}/alpha`)], { name }),
  Rescaling(writer, { name, config }, [x]) {
    const { scale, offset } = config as Numbers;
    const number = (role: string, value: number) => writer.constant(`${name}/${role}`, [], Float32Array.of(value));
    if (offset === 0) return writer.node("Mul", [x!.name, number("scale", scale!)], { name });
    const scaled = writer.node("Mul", [x!.name, number("scale", scale!)], { name: `${name}/scaled` });
    return writer.node("Add", [scaled, number("offset", offset!)], { name });
  },
  Reshape: (writer, layer, [x]) => reshaped(writer, x!.name, layer.name, [0, ...shapeOf(layer, [x!])]),
};

function reshaped(writer: Writer, x: string, name: string, sizes: readonly number[]): string {
  const shape = writer.constant(`${name}/shape ${sizes.join(" ")}`, [sizes.length], BigInt64Array.from(sizes, BigInt));
  return writer.node("Reshape", [x, shape], { name });
}

function gammaOf(writer: Writer, layer: string, features: number): string {
  return writer.has(`${layer}/gamma`)
    ? writer.weight(`${layer}/gamma`)
    : writer.constant(`${layer}/ones`, [features], new Float32Array(features).fill(1));
}

function betaOf(writer: Writer, layer: string, features: number): string {
  return writer.has(`${layer}/beta`)
    ? writer.weight(`${layer}/beta`)
    : writer.constant(`${layer}/zeros`, [features], new Float32Array(features));
}

function activationOf(config: unknown): ActivationDescription {
  return (config as { readonly activation: ActivationDescription }).activation;
}

function activated(writer: Writer, name: string, activation: ActivationDescription, x: Value): string {
  const steps = new Steps(writer, name);
  return ACTIVATIONS[activation.name](steps, x.name, activation as unknown as Numbers);
}

/** The nodes of one activation: the last one has its name. */
class Steps {
  readonly #writer: Writer;
  readonly #name: string;

  constructor(writer: Writer, name: string) {
    this.#writer = writer;
    this.#name = name;
  }

  last(op: string, input: readonly string[], attributes: Attributes = {}): string {
    return this.#writer.node(op, input, { name: this.#name, attributes });
  }

  step(op: string, input: readonly string[], attributes: Attributes = {}): string {
    return this.#writer.node(op, input, { name: `${this.#name}/${op.toLowerCase()}`, attributes });
  }

  number(value: number): string {
    return this.#writer.constant(`number/${value}`, [], Float32Array.of(value));
  }
}

type WriteActivation = (steps: Steps, x: string, options: Numbers) => string;

const op = (name: string, attributes: (options: Numbers) => Attributes = () => ({})): WriteActivation => {
  return (steps, x, options) => steps.last(name, [x], attributes(options));
};

const ACTIVATIONS: Readonly<Record<ActivationName, WriteActivation>> = {
  linear: (_, x) => x,
  sigmoid: op("Sigmoid"),
  hardSigmoid: op("HardSigmoid", () => ({ alpha: 1 / 6, beta: 0.5 })),
  tanh: op("Tanh"),
  softsign: op("Softsign"),
  relu: op("Relu"),
  relu6: (steps, x) => steps.last("Clip", [x, steps.number(0), steps.number(6)]),
  leakyRelu: op("LeakyRelu", ({ negativeSlope }) => ({ alpha: negativeSlope! })),
  elu: op("Elu", ({ alpha }) => ({ alpha: alpha! })),
  selu: op("Selu"),
  celu: op("Celu", ({ alpha }) => ({ alpha: alpha! })),
  softplus: op("Softplus"),
  gelu: (steps, x, { approximate }) => {
    const phi = approximate
      ? tanhOfGelu(steps, x)
      : steps.step("Erf", [steps.step("Div", [x, steps.number(Math.SQRT2)])]);
    return steps.last("Mul", [steps.step("Mul", [x, steps.number(0.5)]), steps.step("Add", [phi, steps.number(1)])]);
  },
  silu: (steps, x) => steps.last("Mul", [x, steps.step("Sigmoid", [x])]),
  hardSilu: op("HardSwish"),
  mish: (steps, x) => steps.last("Mul", [x, steps.step("Tanh", [steps.step("Softplus", [x])])]),
  exponential: op("Exp"),
  logSoftmax: op("LogSoftmax", () => ({ axis: -1n })),
  softmax: op("Softmax", () => ({ axis: -1n })),
};

/** tanh(√(2/π) · (x + 0.044715 x³)) */
function tanhOfGelu(steps: Steps, x: string): string {
  const cube = steps.step("Mul", [steps.step("Mul", [x, x]), x]);
  const inner = steps.step("Add", [x, steps.step("Mul", [cube, steps.number(0.044715)])]);
  return steps.step("Tanh", [steps.step("Mul", [inner, steps.number(0.7978845608028654)])]);
}
