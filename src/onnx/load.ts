import { knownOptions } from "../check.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import { decode } from "../formats/protobuf.js";
import { architectureOf, blamed, NameGiver } from "../io/foreign.js";
import type { ModelSource } from "../io/loadModel.js";
import { input, type SymbolicValue } from "../layers/symbolic.js";
import type { LayerSpec } from "../layers/layer.js";
import { type Architecture, refuseHuge } from "../model/architecture.js";
import { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import { createCore } from "../model/sequential.js";
import type { NamedArray } from "../model/variables.js";
import { readBytes } from "../runtime/files.js";
import { planOf, type Context, type Planned } from "./rules.js";
import { MODEL, type OnnxGraph, type OnnxModel, type OnnxValueInfo } from "./schema.js";
import { Constant, shown, sizeOfDim, Term } from "./term.js";

export interface LoadOnnxOptions {
  /** What dropout and shuffling are drawn from when it trains on; default: random. */
  seed?: number;
}

/** Sets of operators whose ops, those that are read, mean what they mean here. */
const OLDEST_VERSION = 7;
const NEWEST_VERSION = 24;
/** The formats' own bound on a message. */
const MAX_BYTES = 2 ** 31 - 1;
/** A tensor may be the weights of several layers, but a small file must not ask for a large network. */
const MOST_REUSE = 16;
const MAX_OPERANDS = 1024;

/**
 * Loads a network from an ONNX file as a model that can be trained on: a chain of layers where it is one, else a graph.
 *
 * Read are: Gemm and MatMul with constant matrices, Add (of a bias, a number, one number a feature, or branches), Sub, Mul and
 * Div by constants, Sum, Concat, Flatten, Reshape, Identity, Cast, Dropout, BatchNormalization, LayerNormalization, PRelu, the
 * activations that lanewise has, and silu, gelu, mish and hardSilu where they are written out. The first axis is the batch, of
 * whatever size. Layers are called as their nodes, "/" becoming ".". Weights in F16, BF16 and F64 become 32-bit floats.
 *
 * @param source A path, an address, or bytes; one file, without external data.
 * @throws UnsupportedError `onnx/unsupported-op` with the node and its op, `onnx/unsupported-version`, `onnx/external-data`;
 * ModelFormatError `onnx/…` and `protobuf/…` for a file that is damaged or no ONNX; for what is in the file nothing else
 * @example
 * const net = await loadOnnx(toOnnx(model)); // or a path: "net.onnx"
 * net.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await net.fit(x, y, { epochs: 2 });
 */
export async function loadOnnx<Output extends Predictions = Prediction>(
  source: ModelSource,
  options: LoadOnnxOptions = {},
): Promise<Model<Output>> {
  const { seed } = knownOptions<LoadOnnxOptions>(options, "loadOnnx(source, options)", { seed: true });
  const bytes = await readBytes(source);
  if (bytes.length > MAX_BYTES) {
    throw new UnsupportedError("onnx/too-large", `The file has ${bytes.length} bytes; at most ${MAX_BYTES} are read.`);
  }
  const file = decode(MODEL, bytes);
  const { graph, version } = checked(file);
  const { architecture, weights } = within("The graph", () => translate(graph, version, bytes.length * MOST_REUSE));
  const core = await createCore(() => architecture, seed === undefined ? {} : { seed });
  within("The graph", () => core.variables.write(weights));
  return new Model<Output>(core);
}

function checked({ graph, opsetImport, functions, irVersion }: OnnxModel): { graph: OnnxGraph; version: number } {
  if (!graph || irVersion === undefined) {
    throw new ModelFormatError("onnx/not-onnx", "The file holds no graph of ONNX. Is it another kind of file?");
  }
  const version = opsetImport.find(({ domain }) => isStandard(domain))?.version;
  if (version === undefined || version < OLDEST_VERSION || version > NEWEST_VERSION) {
    throw new UnsupportedError(
      "onnx/unsupported-version",
      `The file is of operator set ${version ?? "unknown"}; read are ${OLDEST_VERSION} to ${NEWEST_VERSION}. Export it with opset_version=17.`,
    );
  }
  if (functions.length > 0 || graph.sparseInitializer.length > 0) {
    throw new UnsupportedError(
      "onnx/unsupported-op",
      "The file has functions of its own or sparse tensors. Export it without.",
    );
  }
  return { graph, version: Number(version) };
}

function isStandard(domain: string | undefined): boolean {
  return domain === undefined || domain === "" || domain === "ai.onnx";
}

/** What a network is made of, in the order of its layers. */
interface Translation {
  readonly architecture: Architecture;
  readonly weights: ReadonlyMap<string, NamedArray>;
}

function translate(graph: OnnxGraph, version: number, mostBytes: number): Translation {
  const { terms, entries, batch } = resolve(graph);
  const exits = graph.output.map(({ name = "" }) => {
    const term = terms.get(name);
    if (!(term instanceof Term)) throw badGraph(`the output ${shown(name)} is computed by no node`);
    term.readers++;
    return term;
  });
  const builder = new Builder({ version, batch }, mostBytes);
  for (const { term, symbol } of entries) builder.values.set(term, symbol);
  for (const exit of exits) builder.build(exit);
  const outputs = exits.map((exit) => builder.values.get(exit)!);
  const used = entries.filter(({ term }) => term.readers > 0).map(({ symbol }) => symbol);
  const giver = new NameGiver();
  const names = graph.output.map(({ name = "" }) => giver.give(name, "output"));
  return { architecture: builder.architecture(used, outputs, names), weights: builder.weights };
}

interface Resolved {
  readonly terms: ReadonlyMap<string, Term | Constant>;
  readonly entries: readonly { readonly term: Term; readonly symbol: SymbolicValue }[];
  readonly batch: number | undefined;
}

/** Names to terms. A node reads what stands before it, as the format wants it: so there is no cycle. */
function resolve(graph: OnnxGraph): Resolved {
  const terms = new Map<string, Term | Constant>();
  const define = (name: string, term: Term | Constant) => {
    if (terms.has(name)) throw badGraph(`the name ${shown(name)} stands for two values`);
    terms.set(name, term);
  };
  for (const tensor of graph.initializer) define(tensor.name ?? "", new Constant(tensor));
  const names = new NameGiver();
  const inputs = graph.input.filter(({ name = "" }) => !terms.has(name)); // old files list weights, too
  const entries = inputs.map((info) => {
    const term = new Term({ opType: "", name: info.name, attribute: [] }, []);
    define(info.name ?? "", term);
    const { batch, shape } = shapeOf(info);
    refuseHuge(shape, "A sample");
    return { term, batch, symbol: input(shape, { name: names.give(info.name ?? "", "input") }) };
  });
  for (const node of graph.node) {
    if (node.input.length > MAX_OPERANDS) {
      throw badGraph(
        `node ${shown(node.name ?? "")} reads ${node.input.length} values; up to ${MAX_OPERANDS} are read`,
      );
    }
    const operands = node.input.map((name) => {
      if (name === "") return undefined;
      const operand = terms.get(name);
      if (operand) return operand;
      throw badGraph(`node ${shown(node.name ?? "")} reads ${shown(name)}, which nothing before it makes`);
    });
    const [first = "", ...others] = node.output;
    if (!isStandard(node.domain))
      define(first, new Term({ ...node, opType: `${node.domain}.${node.opType}` }, operands));
    else if (node.opType === "Constant") define(first, constantOf(node));
    else if (node.opType === "Identity" && operands[0] instanceof Constant) define(first, operands[0]);
    else define(first, new Term(node, operands));
    // What is read of them is no op that is known.
    for (const name of others)
      if (name !== "") define(name, new Term({ ...node, opType: `the second output of ${node.opType}` }, operands));
  }
  const batches = new Set(entries.map(({ batch }) => batch));
  return { terms, entries, batch: batches.size === 1 ? [...batches][0] : undefined };
}

function constantOf(node: OnnxGraph["node"][number]): Constant {
  const value = node.attribute.find(({ name }) => name === "value")?.t;
  if (value) return new Constant(value, node.output[0]);
  const name = shown(node.name ?? "");
  throw new UnsupportedError(
    "onnx/unsupported-op",
    `Node ${name} (Constant) is not supported: its value is no tensor.`,
  );
}

/** Sizes of a sample; the first axis is the batch. */
function shapeOf({ name = "", type }: OnnxValueInfo): { batch: number | undefined; shape: number[] } {
  const tensor = type?.tensor;
  const dims = tensor?.shape?.dim ?? [];
  if (tensor?.elementType !== 1n || dims.length < 2) {
    throw new UnsupportedError(
      "onnx/unsupported-op",
      `The input ${shown(name)} is to be a tensor of 32-bit floats, a batch of rows: it has type ${tensor?.elementType ?? "unknown"} and ${dims.length} axes.`,
    );
  }
  const sizes = dims.map(({ value }) => value);
  const shape = sizes.slice(1).map((size, i) => {
    if (size !== undefined) return sizeOfDim(size, `the input ${shown(name)}`);
    throw new UnsupportedError(
      "onnx/unsupported-op",
      `Axis ${i + 1} of the input ${shown(name)} has no fixed size; only the batch, axis 0, may be open.`,
    );
  });
  const batch = sizes[0] !== undefined && sizes[0] > 0n ? sizeOfDim(sizes[0], `the input ${shown(name)}`) : undefined;
  return { batch, shape };
}

/** Applies layers in the place of terms; only what an output needs is looked at. */
class Builder {
  readonly values = new Map<Term, SymbolicValue>();
  readonly weights = new Map<string, NamedArray>();
  readonly #context: Context;
  readonly #names = new NameGiver();
  #bytesLeft: number;

  /** @param mostBytes All weights may take. */
  constructor(context: Context, mostBytes: number) {
    this.#context = context;
    this.#bytesLeft = mostBytes;
  }

  /** Depth first, without recursion: networks may be deep. */
  build(exit: Term): void {
    const plans = new Map<Term, Planned>();
    const stack = [exit];
    while (stack.length > 0) {
      const term = stack.at(-1)!;
      if (this.values.has(term)) {
        stack.pop();
        continue;
      }
      const plan = plans.get(term) ?? within(term.label, () => this.#planned(term));
      plans.set(term, plan);
      const waiting = plan.inputs.filter((operand) => !this.values.has(operand));
      if (waiting.length > 0) stack.push(...waiting.toReversed());
      else
        this.values.set(
          term,
          within(term.label, () => this.#applied(term, plan)),
        );
    }
  }

  #planned(term: Term): Planned {
    const plan = planOf(term, this.#context);
    for (const { data } of Object.values(plan.weights ?? {})) this.#bytesLeft -= data.byteLength;
    if (this.#bytesLeft >= 0) return plan;
    throw badGraph(`its layers would take more than ${MOST_REUSE} times the file's bytes of weights`);
  }

  #applied(term: Term, { inputs, layer, weights = {} }: Planned): SymbolicValue {
    const operands = inputs.map((operand) => this.values.get(operand)!);
    if (!layer) return operands[0]!;
    const name = this.#names.give(term.name, term.op.toLowerCase());
    const spec = layer({ name }, ...operands.map(({ shape }) => shape));
    const value = spec.apply(operands);
    refuseHuge(value.shape, "A sample");
    for (const [role, weight] of Object.entries(weights)) {
      const shape = role === "alpha" ? this.#shapeOf(spec, role, operands) : weight.shape;
      this.weights.set(`${name}/${role}`, { data: weight.data, shape: [...shape] });
    }
    return value;
  }

  /** Slopes have as many axes here as a sample has. */
  #shapeOf({ kind, config }: LayerSpec, role: string, [x]: readonly SymbolicValue[]) {
    return kind.variables(config, x!.shape).find((variable) => variable.role === role)!.shape;
  }

  architecture(inputs: readonly SymbolicValue[], outputs: readonly SymbolicValue[], names: string[]): Architecture {
    const form = outputs.length === 1 ? "one" : "list";
    return architectureOf(inputs, outputs, { names, form });
  }
}

function badGraph(why: string): ModelFormatError {
  return new ModelFormatError("onnx/bad-graph", `The graph of the file cannot be used: ${why}.`);
}

const within = <T>(what: string, action: () => T): T => blamed("onnx/bad-graph", what, action);
