// Which pages the reference has, and what stands on each.

import { diagnosisPage } from "./diagnosis.js";
import { errorCodes } from "./errorCodes.js";
import { docstringOf, functionsOf, methodsOf, type PublicFunction } from "./api.js";
import type { FamilyRow } from "../../src/family.js";
import { FAMILIES } from "./families.js";
import { errorsPage, indexPage, type Member, type Page, referencePage } from "./render.js";
import type { Source } from "./source.js";

const INTROS: Readonly<Record<string, readonly [title: string, intro: string]>> = {
  activations: [
    "Activations",
    'A layer\'s `activation` is a name, `"relu"`, or what a factory returns, `leakyRelu({ negativeSlope: 0.1 })`. The column "auto" says what the initializer of that name draws the layer\'s weights from.',
  ],
  initializers: [
    "Initializers",
    "`fanIn` counts the values that feed one unit, `fanOut` the units that one value feeds. Which initializer goes with which activation, and why: [what makes a deep network learn](../guide/deep-networks.md).",
  ],
  losses: [
    "Losses",
    "y is the target, ŷ the output, p an output that is a probability. A batch's loss is the mean over its rows.",
  ],
  metrics: [
    "Metrics",
    'They are reported beside the loss and change nothing: `compile({ metrics: ["accuracy", f1Score()] })`.',
  ],
  optimizers: [
    "Optimizers",
    "θ is a weight, g its gradient, η the learning rate: a number, or a [schedule](schedules.md). Every picture is of the same valley, f(x, y) = x²/20 + y², and of 40 steps from (−7, 2).",
  ],
  schedules: [
    "Schedules",
    "A schedule is given as an optimizer's `learningRate`. Steps are the optimizer's, the first being 0; η₀ is the rate to begin with.",
  ],
  clipping: [
    "Clipping",
    "Makes gradients smaller before each step: `compile({ clip: clipByGlobalNorm(1) })`. v is the limit.",
  ],
  constraints: [
    "Constraints",
    "Applied to a layer's weights after each step: `dense(64, { kernelConstraint: maxNorm(3) })`.",
  ],
  regularizers: [
    "Regularizers",
    "A penalty on a layer's weights that is part of the loss: `dense(64, { kernelRegularizer: l2(1e-4) })`.",
  ],
  layers: [
    "Layers",
    "Every layer also takes `name` (unique within a model; by default its class, numbered), `trainable` (true) and `learningRateMultiplier` (1).",
  ],
  callbacks: ["Callbacks", "What listens to `fit`: `fit(x, y, { callbacks: [progressBar()] })`."],
  transfer: [
    "Transfer and linear classifiers",
    "Models made from models, and linear classifiers on top of features: C and the defaults are scikit-learn's. Scale features first where they differ: `standardScaler`.",
  ],
  model: ["Models", "How a network is made, trained, looked into, saved and loaded."],
  ops: [
    "Ops",
    "What layers and losses of your own are made of: [defineLayer](layers.md#definelayer) and [defineLoss](losses.md#defineloss) hand them to `emit`.",
  ],
  data: ["Data sets", 'From `"lanewise/data"`.'],
  keras: [
    "Keras",
    'From `"lanewise/keras"`: networks come from Keras with their weights. Keras\'s own predictions are repeated for files that Keras 3.15 saved (`.keras`, `.h5`, `.weights.h5`, float16 to float64); files of Keras 2 were made by hand as it lays them out. What is chosen, and why: [HDF5](../decisions/0016-hdf5.md).',
  ],
  onnx: [
    "ONNX",
    'From `"lanewise/onnx"`: networks come from other libraries and go there. What is chosen, and why: [models that travel](../decisions/0014-models-that-travel.md).',
  ],
  predict: [
    "Predictors",
    'From `"lanewise/predict"`: reads model files and predicts, with the bits of `model.predict` and nothing that trains. `"lanewise/predict/inline"` holds the WebAssembly module. What is chosen, and why: [the package](../decisions/0020-the-package.md).',
  ],
  tfjs: [
    "TensorFlow.js",
    'From `"lanewise/tfjs"`: layers models of TensorFlow.js, and of Keras converted to them, come from there and go there. What is chosen, and why: [models of Keras](../decisions/0015-keras-models.md).',
  ],
  torch: [
    "PyTorch",
    'From `"lanewise/torch"`: networks come from PyTorch and go there through safetensors files. What is chosen, and why: [models that travel](../decisions/0014-models-that-travel.md).',
  ],
};

/** Every page by its file's name. */
export function referencePages(source: Source): Map<string, string> {
  const all = functionsOf(source, "src/index.ts");
  const pages: Page[] = [];
  const taken = new Set<string>();
  const add = (name: string, members: readonly Member[]): void => {
    for (const { name } of members) taken.add(name);
    const [title, intro] = INTROS[name]!;
    const more = name === "ops" ? ` ${docstringOf(source, "src/ops/index.ts", "Ops")}` : "";
    pages.push({ name, title, intro: intro + more, members });
  };

  for (const [family, rows] of Object.entries(FAMILIES)) add(family, familyMembers(source, family, rows, all));
  const below = (folder: string) => [...all.values()].filter(({ file }) => file.startsWith(`${folder}/`));
  add("layers", below("layers"));
  add("callbacks", below("callbacks"));
  const methods = methodsOf(source, "src/index.ts");
  const isOf = (folder: string) => (method: PublicFunction) => method.file.startsWith(`${folder}/`);
  add("transfer", [...below("transfer"), ...methods.filter(isOf("transfer"))]);
  const rest = [...all.values()].filter(({ name }) => !taken.has(name));
  add("model", [...rest, ...methods.filter((method) => !isOf("ops")(method) && !isOf("transfer")(method))]);
  add("ops", methods.filter(isOf("ops")));
  for (const name of ["data", "keras", "onnx", "predict", "tfjs", "torch"])
    add(name, [...functionsOf(source, `src/${name}/index.ts`).values()]);

  const order = Object.keys(INTROS).sort((a, b) => rank(a) - rank(b));
  pages.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const texts = pages.map((page) => [`${page.name}.md`, referencePage(page)] as const);
  return new Map([
    ["README.md", indexPage(pages)],
    ...texts,
    ["diagnosis.md", diagnosisPage()],
    ["errors.md", errorsPage(errorCodes(source))],
  ]);
}

/** Models, layers and data come first, then what they are made of. */
function rank(page: string): number {
  const first = ["model", "layers", "data"].indexOf(page);
  return first < 0 ? 3 : first;
}

/** In the order of the module; what has no row must be exported by the library itself. */
function familyMembers(
  source: Source,
  family: string,
  rows: Readonly<Record<string, FamilyRow>>,
  all: ReadonlyMap<string, PublicFunction>,
): Member[] {
  const functions = functionsOf(source, `src/${family}/index.ts`);
  const missing = Object.keys(rows).filter((name) => !functions.has(name));
  if (missing.length > 0) throw new Error(`src/${family}/index.ts exports no factory for ${missing.join(", ")}`);
  return [...functions.values()].flatMap((found) => {
    const row = rows[found.name];
    if (row) return { ...found, row };
    return all.get(found.name)?.file === found.file ? found : [];
  });
}
