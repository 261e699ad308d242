import { boolean, knownOptions, show, suggest } from "../check.js";
import { ConfigError, ShapeError, UnsupportedError } from "../errors.js";
import { FLOAT_TYPES, isFloatType, readFloats } from "../formats/floats.js";
import { readSafetensors, type TensorEntry } from "../formats/safetensors.js";
import type { ModelSource } from "../io/loadModel.js";
import type { Layer } from "../model/layer.js";
import type { Model } from "../model/model.js";
import type { Predictions } from "../model/predict.js";
import type { NamedArray } from "../model/variables.js";
import { readBytes } from "../runtime/files.js";
import { formatShape, sameShape } from "../shape.js";
import { tensorsOf, type TorchTensor, transposed } from "./tensors.js";

export interface LoadTorchOptions {
  /** Modules of the file in the order of the layers, such as ["fc1", "bn1", "fc2"]; others are left. Default: by number. */
  modules?: readonly string[];
  /** False: the layers' epsilon is the modules' eps although it is not PyTorch's default, 1e-5 (default true). */
  checkEpsilon?: boolean;
}

/** What filled what. */
export interface TorchMatch {
  /** The module's path in the state_dict: "0". */
  readonly module: string;
  readonly layer: string;
}

/** A module of the file: its tensors by PyTorch's names. */
interface Module {
  readonly path: string;
  readonly tensors: Map<string, TensorEntry>;
}

/** A layer that has weights. */
interface Weighted {
  readonly layer: Layer;
  readonly tensors: readonly TorchTensor[];
}

const OPTIONS = { modules: true, checkEpsilon: true };
const TORCH_EPSILON = 1e-5;
/** Counts batches for an average that only momentum=None uses. */
const UNUSED = "num_batches_tracked";

/**
 * Fills a model with the weights of a PyTorch network that was saved by `safetensors.torch.save_file(net.state_dict(), path)`.
 * You write the network in layers of lanewise; modules with weights go in order into layers with weights: `nn.Linear` into
 * dense (its weight (out, in) is transposed), `nn.BatchNorm1d` into batchNorm, `nn.LayerNorm` into layerNorm, `nn.PReLU` into
 * prelu. Activations, dropout and the like are not in such a file.
 *
 * The modules of an `nn.Sequential` are ordered by their numbers, also where one stands in another ("net.0", "net.2.1").
 * Named modules have no order in the file: give it in `modules`, where a part of them may stand, too.
 *
 * F32 is taken as it is, F16 and BF16 exactly, F64 rounded to 32 bits. PyTorch's normalizations have eps 1e-5 unless told
 * otherwise, and momentum counts the other way: `nn.BatchNorm1d(n)` is `batchNorm({ epsilon: 1e-5, momentum: 0.9 })`. The file
 * holds neither, so an epsilon other than 1e-5 is refused unless `checkEpsilon` is false. PyTorch's running variance is the
 * unbiased one: predictions are the same, and training on moves it towards the biased one, as lanewise keeps it.
 *
 * @param model Changed all at once, after all checks, or not at all; its optimizer state stays.
 * @param source A path, an address, or bytes.
 * @returns Which module filled which layer.
 * @throws ModelFormatError for a damaged file; ConfigError `torch/unknown-order`, `torch/unknown-module`, `torch/epsilon`;
 * ShapeError `torch/wrong-count`, `torch/wrong-tensors`, `torch/wrong-shape`; UnsupportedError `torch/wrong-dtype`,
 * `torch/unsupported-layer`; DataError `data/not-finite`
 * @example
 * const net = await sequential({ inputShape: 4, layers: [dense(8, { activation: "relu" }), dense(3)] });
 * const matches = await loadTorchWeights(net, toTorch(model)); // or a path: "net.safetensors"
 * matches; // [{ module: "0", layer: "dense" }, { module: "2", layer: "dense_1" }]
 */
export async function loadTorchWeights<Output extends Predictions>(
  model: Model<Output>,
  source: ModelSource,
  options: LoadTorchOptions = {},
): Promise<readonly TorchMatch[]> {
  const given = knownOptions<LoadTorchOptions>(options, "loadTorchWeights(model, source, options)", OPTIONS);
  const { modules: order, checkEpsilon = true } = given;
  boolean(checkEpsilon, "checkEpsilon");
  checkOrder(order);
  const { tensors } = readSafetensors(await readBytes(source));
  const modules = order ? pick(modulesOf(tensors), order) : inOrder(modulesOf(tensors));
  const layers = fillable(model.layers, modules);
  refuseOtherCount(modules, layers);
  const weights = new Map<string, NamedArray>();
  layers.forEach(({ layer, tensors }, i) => {
    if (checkEpsilon) refuseOtherEpsilon(layer);
    refuseOtherTensors(modules[i]!, layer, tensors);
    for (const tensor of tensors) weights.set(tensor.variable, weightOf(modules[i]!, layer, tensor));
  });
  model.setWeights(weights, { strict: false });
  return layers.map(({ layer }, i) => ({ module: modules[i]!.path, layer: layer.name }));
}

function checkOrder(order: unknown): void {
  const fine = order === undefined || (Array.isArray(order) && order.every((path) => typeof path === "string"));
  if (fine && new Set(order as string[] | undefined).size === ((order as string[] | undefined)?.length ?? 0)) return;
  throw new ConfigError(
    "torch/unknown-module",
    `modules must be a list of the file's modules, each once, such as ["fc1", "fc2"]; got ${show(order)}.`,
  );
}

function modulesOf(tensors: ReadonlyMap<string, TensorEntry>): Module[] {
  const modules = new Map<string, Module>();
  for (const [key, tensor] of tensors) {
    const dot = key.lastIndexOf(".");
    const path = key.slice(0, Math.max(dot, 0));
    const module = modules.get(path) ?? { path, tensors: new Map<string, TensorEntry>() };
    modules.set(path, module);
    if (key.slice(dot + 1) !== UNUSED) module.tensors.set(key.slice(dot + 1), tensor);
  }
  return [...modules.values()];
}

function pick(modules: readonly Module[], order: readonly string[]): Module[] {
  const paths = modules.map(({ path }) => path);
  return order.map((path) => {
    const module = modules.find((candidate) => candidate.path === path);
    if (module) return module;
    throw new ConfigError(
      "torch/unknown-module",
      `The file has no module ${show(path)}.${suggest(path, paths)} It has ${listed(paths)}.`,
    );
  });
}

/** By number: files are sorted by name, where "10" stands before "2". */
function inOrder(modules: readonly Module[]): Module[] {
  return modules.toSorted((a, b) => {
    const [left, right] = [a.path.split("."), b.path.split(".")];
    const at = left.findIndex((part, i) => part !== right[i]);
    const [l, r] = [left[at], right[at]];
    if (isIndex(l) && isIndex(r)) return Number(l) - Number(r);
    throw new ConfigError(
      "torch/unknown-order",
      `The file does not say whether module ${show(a.path)} or ${show(b.path)} comes first: name the modules in the order of the layers, ` +
        `loadTorchWeights(model, source, { modules: [${listed(modules.map(({ path }) => path))}] }).`,
    );
  });
}

function isIndex(part: string | undefined): boolean {
  return part !== undefined && /^(0|[1-9]\d{0,8})$/.test(part);
}

/** A normalization by given statistics is none of PyTorch's modules: it keeps its own unless the file has such tensors. */
function fillable(layers: readonly Layer[], modules: readonly Module[]): Weighted[] {
  const hasStatistics = modules.some(({ tensors }) => tensors.has("mean") && tensors.has("variance"));
  return layers
    .filter(({ className }) => className !== "Normalization" || hasStatistics)
    .map((layer) => ({ layer, tensors: tensorsOf(layer) }))
    .filter(({ tensors }) => tensors.length > 0);
}

function refuseOtherCount(modules: readonly Module[], layers: readonly Weighted[]): void {
  if (modules.length === layers.length) return;
  const found = modules.map(({ path, tensors }) => `${path} (${[...tensors.keys()].join(", ")})`);
  throw new ShapeError(
    "torch/wrong-count",
    `The file has ${modules.length} modules with weights, ${clipped(found)}; the model has ${layers.length} layers with weights: ` +
      `${clipped(layers.map(({ layer }) => `${layer.name} (${layer.className})`))}. Write the same network, or choose among the modules: { modules: […] }.`,
  );
}

function refuseOtherEpsilon({ name, className, config }: Layer): void {
  const { epsilon } = config as { readonly epsilon?: number };
  if (epsilon === undefined || epsilon === TORCH_EPSILON) return;
  const factory =
    className === "BatchNormalization" ? "batchNorm({ epsilon: 1e-5, momentum: 0.9 })" : "layerNorm({ epsilon: 1e-5 })";
  throw new ConfigError(
    "torch/epsilon",
    `Layer "${name}" has epsilon ${epsilon}; PyTorch's default is 1e-5, and the file does not hold it. Write ${factory}, ` +
      "or pass { checkEpsilon: false } where the module was made with an eps of its own.",
  );
}

function refuseOtherTensors(module: Module, layer: Layer, expected: readonly TorchTensor[]): void {
  const names = expected.map(({ name }) => name);
  const found = [...module.tensors.keys()];
  if (found.length === names.length && names.every((name) => module.tensors.has(name))) return;
  throw new ShapeError(
    "torch/wrong-tensors",
    `Module ${show(module.path)} holds ${clipped(found)}, but layer "${layer.name}" (${layer.className}) takes ${names.join(", ")}. ` +
      "Is it another layer's turn, or does it lack a bias, or have one too many?",
  );
}

function weightOf(module: Module, layer: Layer, { name, shape, variableShape }: TorchTensor): NamedArray {
  const tensor = module.tensors.get(name)!;
  const what = `Tensor "${name}" of module ${show(module.path)}`;
  if (!sameShape(tensor.shape, shape)) {
    throw new ShapeError(
      "torch/wrong-shape",
      `${what} is ${formatShape(tensor.shape)}, but layer "${layer.name}" (${layer.className}) takes ${formatShape(shape)} there.`,
    );
  }
  if (!isFloatType(tensor.dtype)) {
    throw new UnsupportedError(
      "torch/wrong-dtype",
      `${what} is ${tensor.dtype}; weights are read from ${FLOAT_TYPES.join(", ")}. Convert it: net.float().`,
    );
  }
  return { data: transposed(readFloats(tensor.dtype, tensor.data), tensor.shape), shape: [...variableShape] };
}

function listed(paths: readonly string[]): string {
  return clipped(paths.map(show));
}

function clipped(items: readonly string[]): string {
  const shown = items.slice(0, 8).map((item) => (item.length > 100 ? `${item.slice(0, 100)}…` : item));
  return shown.join(", ") + (items.length > 8 ? ", …" : "");
}
