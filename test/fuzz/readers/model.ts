import {
  activation,
  adam,
  add,
  batchNorm,
  clipByNorm,
  concatenate,
  defineLayer,
  defineLoss,
  dense,
  dropout,
  earlyStopping,
  elu,
  input,
  layerNorm,
  loadModel,
  type Model,
  model as graph,
  normalization,
  prelu,
  reduceLROnPlateau,
  rescaling,
  reshape,
  sequential,
  sgd,
} from "../../../src/index.js";
import { readSafetensors, type TensorSource, writeSafetensors } from "../../../src/formats/safetensors.js";
import { LAYERS } from "../../../src/layers/index.js";
import { damaged, edited, HOSTILE_TEXTS, HOSTILE_VALUES, type Junk } from "../edits.js";
import type { Random } from "../random.js";
import type { Prepared, Reader } from "../reader.js";
import { bytesOf, samples } from "./samples.js";

const own = defineLayer({
  className: "OwnScale",
  config: { by: 2 },
  build: (_, [width = 1]) => ({ slope: { shape: width, initializer: "ones" } }),
  emit: ({ ops, config, weights }, x) => ops.mul(ops.mul(x, weights.slope!), config.by),
});
const ownLoss = defineLoss({
  name: "ownSquares",
  config: { weight: 1 },
  emit: ({ ops, config }, predictions, targets) => {
    const difference = ops.sub(predictions, targets);
    return ops.mul(ops.square(difference), config.weight);
  },
});
const CUSTOM: readonly unknown[] = [
  { OwnScale: own, ownSquares: ownLoss },
  { OwnScale: dense },
  { OwnScale: "own" },
  { Dense: own },
  null,
  undefined,
];

const x = Float32Array.from({ length: 40 }, (_, i) => Math.fround(((i * 37) % 19) / 9 - 1));
const labels = Uint8Array.from({ length: 10 }, (_, i) => i % 3);

/** Stopped in the middle of an epoch, and of a group of batches, with callbacks that have a state. */
async function trained(): Promise<Uint8Array> {
  const layers = [dense(5, { activation: "tanh" }), dropout(0.1), dense(3, { activation: "softmax" })];
  const model = await sequential({ inputShape: 4, layers, seed: 1 });
  model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(x, labels, {
    epochs: 3,
    batchSize: 2,
    accumulateSteps: 2,
    validationSplit: 0.2,
    maxSteps: 3,
    callbacks: [earlyStopping({ patience: 9, restoreBestWeights: true }), reduceLROnPlateau()],
  });
  return model.toBytes({ includeOptimizer: true });
}

/** A state of a callback holds an array, and one of them had not heard of the last step. */
async function waiting(): Promise<Uint8Array> {
  const model = await sequential({ inputShape: 4, layers: [dense(3)], seed: 1 });
  model.compile({ optimizer: sgd({ momentum: 0.9 }), loss: "meanSquaredError", clip: clipByNorm(1) });
  let saved: Uint8Array | undefined;
  const saver = { onBatchEnd: () => void (saved ??= model.toBytes({ includeOptimizer: true })) };
  const late = { name: "late", getState: () => ({ best: Float32Array.of(1, 2), at: NaN }), onBatchEnd() {} };
  await model.fit(x, new Float32Array(30), { batchSize: 5, callbacks: [saver, late] });
  return saved!;
}

async function wide(): Promise<Uint8Array> {
  const layers = [
    rescaling({ scale: 0.5 }),
    normalization({ mean: [0, 1, 2], variance: 2 }),
    prelu(),
    batchNorm({ trainable: false }),
    layerNorm(),
    activation(elu({ alpha: 0.5 })),
    reshape([6]),
    own({ by: 3 }),
    dense(2, { learningRateMultiplier: 0.5 }),
  ];
  const model = await sequential({ inputShape: [2, 3], layers, seed: 3 });
  model.compile({ optimizer: "adam", loss: ownLoss() });
  return model.toBytes();
}

async function branched(): Promise<Uint8Array> {
  const [a, b] = [input(4, { name: "a" }), input(4, { name: "b" })];
  const shared = dense(3, { name: "shared" });
  const sum = add([shared.apply(a), shared.apply(b)]);
  const outputs = { left: dense(2).apply(sum), right: dense(1).apply(concatenate([sum, b])) };
  const model = await graph({ inputs: { a, b }, outputs, seed: 2 });
  const squares = "meanSquaredError";
  model.compile({ optimizer: "sgd", loss: { left: squares, right: squares }, lossWeights: { left: 1, right: 0.5 } });
  return model.toBytes({ includeOptimizer: true });
}

const PARTS = ["architecture", "compile", "training"] as const;
const JUNK: Junk = {
  texts: [...HOSTILE_TEXTS, ...Object.keys(LAYERS), "OwnScale", "ownSquares", "relu", "adam", "sgd", "meanSquaredError", "accuracy", "units", "name", "one", "list", "record", "onEpochEnd", "$tensor", "$number", "callbacks/states/0", "NaN"], // prettier-ignore
  others: HOSTILE_VALUES,
};
const NOTES = [
  "",
  "{",
  "null",
  "7",
  "[]",
  "{}",
  "lanewise",
  "pt",
  "1",
  "2",
  "3",
  "-1",
  "1e3",
  `${"[".repeat(9000)}${"]".repeat(9000)}`,
];

interface Contents {
  readonly metadata: Record<string, string>;
  readonly tensors: [string, TensorSource][];
}

type Edit = (contents: Contents, random: Random) => void;

const EDITS: readonly Edit[] = [
  ...Array<Edit>(12).fill(({ metadata }, random) => {
    const part = random.pick(PARTS);
    if (metadata[part] === undefined) return;
    try {
      metadata[part] = JSON.stringify(edited(JSON.parse(metadata[part]), random, JUNK)) ?? "null";
    } catch {
      metadata[part] = "?"; // an earlier edit has made it no JSON
    }
  }),
  ({ metadata }, random) => {
    const key = random.pick([...PARTS, "format", "formatVersion", "other"]);
    if (random.oneIn(3)) delete metadata[key];
    else metadata[key] = random.pick(NOTES);
  },
  ({ tensors }, random) => tensors.splice(random.below(tensors.length), 1),
  ({ tensors }, random) => (random.pick(tensors)[0] = random.pick(["hidden/kernel", "callbacks/states/0", "optimizer/m/x", ...HOSTILE_TEXTS])), // prettier-ignore
  ({ tensors }, random) => {
    const at = random.below(tensors.length);
    const [name, { data }] = tensors[at]!;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const [dtype, width] = random.pick([
      ["F32", 4],
      ["I32", 4],
      ["U8", 1],
    ] as const);
    tensors[at] = [name, { dtype, shape: [bytes.length / width], data: bytes }];
  },
  ({ tensors }, random) => {
    const at = random.below(tensors.length);
    const [name, tensor] = tensors[at]!;
    const data = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength).slice();
    data.fill(0xff, 0, 4); // NaN
    tensors[at] = [name, { ...tensor, data }];
  },
];

/** The file with up to six edits of what it means. */
function rewritten(file: Uint8Array, random: Random): Uint8Array {
  const { metadata, tensors } = readSafetensors(file);
  const contents = { metadata: { ...metadata }, tensors: [...tensors] as [string, TensorSource][] };
  const edits = random.few(6);
  for (let i = 0; i < edits && contents.tensors.length > 0; i++) random.pick(EDITS)(contents, random);
  try {
    return writeSafetensors(contents.tensors, contents.metadata);
  } catch {
    return file; // two of one name, or half a surrogate pair
  }
}

/** Predicts, where that takes little. */
export function use(model: Model<never>): void {
  const sizes = [...model.inputs, ...model.layers.map(({ outputShape }) => ({ shape: outputShape }))].map(({ shape }) =>
    shape.reduce((a, b) => a * b, 1),
  );
  if (!sizes.every((size) => size < 10_000)) return;
  const rows = sizes.slice(0, model.inputs.length).map((size) => new Float32Array(size));
  (model as unknown as Model).predict((rows.length === 1 ? rows[0]! : rows) as Float32Array);
}

export const model: Reader = {
  name: "model",
  sources: [
    { file: "src/io/loadModel.ts", without: ["restoreTraining"] },
    { file: "src/model/callbackState.ts", without: ["collectStates", "matchStates", "countByName", "packState", "refuseOtherKinds"] }, // prettier-ignore
  ],
  refusals: /^(safetensors|model)\//,
  async prepare(): Promise<Prepared> {
    const made = await Promise.all([trained(), waiting(), wide(), branched()]);
    const files = [...samples("test/io/samples", ".safetensors"), ...made];
    return {
      make(random) {
        const file = rewritten(random.pick(files), random);
        const count = random.oneIn(6) ? 1 + random.few(2) : 0;
        const options = random.oneIn(200)
          ? { custom: {} }
          : { customObjects: random.oneIn(15) ? random.pick(CUSTOM) : CUSTOM[0] };
        return {
          file: damaged(file, count, random, random.pick(files)),
          options,
          alsoRefused: /^config\/(unknown-option|bad-custom-object)$/,
        };
      },
      async read({ file, options }) {
        use((await loadModel(file, options as object)) as unknown as Model<never>);
        return "a model";
      },
      async good() {
        const [model, deep] = [
          await loadModel(files[1]!),
          await loadModel(files[3]!, { customObjects: { OwnScale: own, ownSquares: ownLoss } }),
        ];
        return bytesOf(model.predict(x).data, deep.predict(x.subarray(0, 36)).data);
      },
    };
  },
};
