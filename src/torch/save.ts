import type { ActivationDescription, ActivationName } from "../activations/table.js";
import { knownOptions } from "../check.js";
import { ConfigError, UnsupportedError } from "../errors.js";
import { type TensorSource, writeSafetensors } from "../formats/safetensors.js";
import type { Layer } from "../model/layer.js";
import type { Model } from "../model/model.js";
import { tensorsOf, transposed, unsupported } from "./tensors.js";

export interface TorchSourceOptions {
  /** Where Python finds what toTorch returned (default "model.safetensors"). */
  file?: string;
}

/** A module of the nn.Sequential. */
interface TorchModule {
  /** As Python makes it: "nn.Linear(4, 8)". */
  readonly python: string;
  /** Whether it holds the layer's weights: one of the layer's modules does. */
  readonly weights?: true;
}

/** Modules that PyTorch does not have: torchSource writes those that are needed. */
const OWN = {
  Exponential: `class Exponential(nn.Module):
    def forward(self, x):
        return torch.exp(x)`,
  GaussianNoise: `class GaussianNoise(nn.Module):
    def __init__(self, stddev):
        super().__init__()
        self.stddev = stddev

    def forward(self, x):
        return x + self.stddev * torch.randn_like(x) if self.training else x`,
  Normalization: `class Normalization(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    def forward(self, x):
        return (x - self.mean) / torch.sqrt(self.variance)`,
  Rescaling: `class Rescaling(nn.Module):
    def __init__(self, scale, offset):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x):
        return x * self.scale + self.offset`,
} as const;

type Numbers = Readonly<Record<string, number>>;

/** The module of each activation. */
const ACTIVATION_MODULES: Readonly<Record<ActivationName, (options: Numbers) => string>> = {
  linear: () => "nn.Identity()",
  sigmoid: () => "nn.Sigmoid()",
  hardSigmoid: () => "nn.Hardsigmoid()",
  tanh: () => "nn.Tanh()",
  softsign: () => "nn.Softsign()",
  relu: () => "nn.ReLU()",
  relu6: () => "nn.ReLU6()",
  leakyRelu: ({ negativeSlope }) => `nn.LeakyReLU(${negativeSlope})`,
  elu: ({ alpha }) => `nn.ELU(${alpha})`,
  selu: () => "nn.SELU()",
  celu: ({ alpha }) => `nn.CELU(${alpha})`,
  softplus: () => "nn.Softplus()",
  gelu: ({ approximate }) => `nn.GELU(approximate="${approximate ? "tanh" : "none"}")`,
  silu: () => "nn.SiLU()",
  hardSilu: () => "nn.Hardswish()",
  mish: () => "nn.Mish()",
  exponential: () => "Exponential()",
  logSoftmax: () => "nn.LogSoftmax(dim=-1)",
  softmax: () => "nn.Softmax(dim=-1)",
};

/** The modules of each class of layer, in order. */
const MODULES: Readonly<Record<string, (layer: Layer) => TorchModule[]>> = {
  Activation: ({ config }) => [{ python: activationOf(config) }],
  AlphaDropout: (layer) => [{ python: `nn.AlphaDropout(${numbers(layer).rate})` }],
  BatchNormalization(layer) {
    if (layer.inputShape.length > 1)
      throw unsupported(layer, "nn.BatchNorm1d has its features on the first axis of a sample, lanewise on the last");
    const { epsilon, momentum } = numbers(layer);
    const taken = Number((1 - momentum!).toPrecision(12)); // 1 − 0.99 is 0.010000000000000009
    return [
      {
        python: `nn.BatchNorm1d(${features(layer)}, eps=${epsilon}, momentum=${taken}${affine(layer)})`,
        weights: true,
      },
    ];
  },
  Dense(layer) {
    const { units, useBias, activation } = layer.config as {
      units: number;
      useBias: boolean;
      activation: ActivationDescription;
    };
    const linear = {
      python: `nn.Linear(${features(layer)}, ${units}${useBias ? "" : ", bias=False"})`,
      weights: true,
    } as const;
    return activation.name === "linear" ? [linear] : [linear, { python: activationOf(layer.config) }];
  },
  Dropout: (layer) => [{ python: `nn.Dropout(${numbers(layer).rate})` }],
  Flatten: () => [{ python: "nn.Flatten()" }],
  GaussianNoise: (layer) => [{ python: `GaussianNoise(${numbers(layer).stddev})` }],
  LayerNormalization: (layer) => {
    const norm = `nn.LayerNorm(${features(layer)}, eps=${numbers(layer).epsilon}${affine(layer, "elementwise_affine")})`;
    return [{ python: norm, weights: true }];
  },
  Normalization: (layer) => [{ python: `Normalization(${features(layer)})`, weights: true }],
  PReLU: (layer) => [{ python: `nn.PReLU(${tensorsOf(layer)[0]!.shape[0]})`, weights: true }],
  Rescaling: (layer) => [{ python: `Rescaling(${numbers(layer).scale}, ${numbers(layer).offset})` }],
  Reshape: ({ outputShape }) => [
    { python: "nn.Flatten()" },
    ...(outputShape.length > 1 ? [{ python: `nn.Unflatten(1, (${outputShape.join(", ")}))` }] : []),
  ],
};

/**
 * The weights of a chain of layers as a file that PyTorch's `nn.Sequential` of the same modules loads: safetensors, F32, named
 * as its `state_dict` is ("0.weight", "2.bias"). `torchSource` writes the Python that makes that network.
 *
 * An activation within a dense layer is a module of its own. The kernel is transposed to (out, in); `momentum` becomes 1 −
 * momentum; a moving variance stays the biased one. A normalization with only one of gamma and beta gets the other as ones or zeros.
 *
 * @throws UnsupportedError `model/not-a-chain` for a graph; `torch/unsupported-layer` for a layer that PyTorch has no module
 * for: one of your own, a batchNorm of samples of several axes, a prelu with slopes along several axes
 * @example
 * const bytes = toTorch(model); // to be written to model.safetensors
 * console.log(torchSource(model)); // import torch …
 */
export function toTorch(model: Model): Uint8Array {
  const weights = model.getWeights();
  const tensors: [string, TensorSource][] = [];
  modulesOf(model).forEach(({ layer, weights: holds }, index) => {
    if (!holds) return;
    for (const { name, variable, shape, variableShape } of tensorsOf(layer)) {
      const { data } = weights.get(variable)!;
      const isKernel = variable.endsWith("/kernel");
      tensors.push([
        `${index}.${name}`,
        { dtype: "F32", shape, data: isKernel ? transposed(data, variableShape) : data },
      ]);
    }
    for (const [name, source] of completing(layer)) tensors.push([`${index}.${name}`, source]);
  });
  return writeSafetensors(tensors, { format: "pt" });
}

/**
 * The Python that makes the `nn.Sequential` which `toTorch` wrote the weights of, and loads them. Modules that PyTorch does
 * not have (rescaling, normalization, gaussianNoise, the activation exponential) are written out in it.
 *
 * @throws UnsupportedError as `toTorch` does; ConfigError `config/bad-path` where `file` is no text
 * @example
 * console.log(torchSource(model, { file: "iris.safetensors" }));
 * // model = nn.Sequential(
 * //     nn.Linear(4, 8),  # hidden
 * //     nn.ReLU(),
 * // …
 */
export function torchSource(model: Model, options: TorchSourceOptions = {}): string {
  const given = knownOptions<TorchSourceOptions>(options, "torchSource(model, options)", { file: true });
  const { file = "model.safetensors" } = given;
  if (typeof file !== "string") throw new ConfigError("config/bad-path", "file of torchSource must be a path.");
  const modules = modulesOf(model);
  const classes = Object.entries(OWN).filter(([name]) => modules.some(({ python }) => python.startsWith(`${name}(`)));
  const lines = modules.map(({ python, layer, weights }) => {
    // As JSON a name has no line break, behind which it would be code.
    return `    ${python},${weights ? `  # ${JSON.stringify(layer.name).slice(1, -1)}` : ""}`;
  });
  return [
    "import torch",
    "from safetensors.torch import load_file",
    "from torch import nn",
    ...classes.map(([, text]) => `\n\n${text}`),
    ...(classes.length > 0 ? ["\n"] : [""]),
    "model = nn.Sequential(",
    ...lines,
    ")",
    `model.load_state_dict(load_file(${JSON.stringify(file)}))`,
    "model.eval()",
    "",
  ].join("\n");
}

function modulesOf(model: Model): (TorchModule & { readonly layer: Layer })[] {
  if (!model.isChain) {
    throw new UnsupportedError(
      "model/not-a-chain",
      "nn.Sequential is a chain of layers, and this model is a graph. toOnnx of lanewise/onnx takes graphs.",
    );
  }
  return model.layers.flatMap((layer) => {
    if (!Object.hasOwn(MODULES, layer.className)) throw unsupported(layer, "no module is known for its class");
    return MODULES[layer.className]!(layer).map((module) => ({ ...module, layer }));
  });
}

/** What PyTorch's module has and the layer does not. */
function completing(layer: Layer): [string, TensorSource][] {
  const { center, scale } = layer.config as { readonly center?: boolean; readonly scale?: boolean };
  const size = features(layer);
  const vector = (value: number) =>
    ({ dtype: "F32", shape: [size], data: new Float32Array(size).fill(value) }) as const;
  const counter = { dtype: "I64", shape: [], data: new BigInt64Array(1) } as const;
  return [
    ...(center && scale === false ? [["weight", vector(1)] as [string, TensorSource]] : []),
    ...(scale && center === false ? [["bias", vector(0)] as [string, TensorSource]] : []),
    ...(layer.className === "BatchNormalization" ? [["num_batches_tracked", counter] as [string, TensorSource]] : []),
  ];
}

/** PyTorch's normalizations have both gamma and beta, or neither. */
function affine({ config }: Layer, option = "affine"): string {
  const { center, scale } = config as { readonly center: boolean; readonly scale: boolean };
  return center || scale ? "" : `, ${option}=False`;
}

function activationOf(config: unknown): string {
  const { name, ...options } = (config as { readonly activation: ActivationDescription }).activation;
  return ACTIVATION_MODULES[name](options as unknown as Numbers);
}

function features({ inputShape }: Layer): number {
  return inputShape.at(-1)!;
}

function numbers({ config }: Layer): Numbers {
  return config as Numbers;
}
