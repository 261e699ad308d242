import { readFileSync } from "node:fs";
import {
  activation,
  batchNorm,
  defineLayer,
  dense,
  layerNorm,
  type LayerSpec,
  type Model,
  normalization,
  prelu,
  sequential,
} from "../../../src/index.js";
import { readSafetensors, type TensorSource, writeSafetensors } from "../../../src/formats/safetensors.js";
import { loadTorchWeights, toTorch } from "../../../src/torch/index.js";
import { HOSTILE_TEXTS } from "../edits.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf } from "./samples.js";
import { hostileFile, partsOf } from "./safetensorsFiles.js";

const norm = { epsilon: 1e-5, momentum: 0.9 };
const own = defineLayer({
  className: "OwnScale",
  build: () => ({ scale: { shape: 1, initializer: "ones" } }),
  emit: ({ ops, weights }, x) => ops.mul(x, weights.scale!),
});

interface Network {
  readonly layers: () => LayerSpec[];
  readonly inputShape: number | number[];
  /** Of the samples, by name; none: what toTorch makes of it, or what fits nothing. */
  readonly fits: readonly string[];
  readonly modules?: readonly string[];
}

/** As make_torch.py wrote them, our own, and layers that PyTorch lacks. */
const NETWORKS: readonly Network[] = [
  {
    layers: () => [
      dense(12),
      batchNorm(norm),
      activation("relu"),
      dense(10, { useBias: false }),
      layerNorm({ epsilon: 1e-5 }),
      dense(7),
      prelu({ sharedAxes: [1] }),
      dense(3),
    ],
    inputShape: 6,
    fits: ["sequential"],
  },
  { layers: () => [dense(4), activation("tanh"), dense(3)], inputShape: 6, fits: ["f16", "bf16", "f64"] },
  {
    layers: () => [dense(5), prelu(), dense(3)],
    inputShape: 6,
    fits: ["named"],
    modules: ["encode", "bend", "answer"],
  },
  { layers: () => [normalization({ mean: [1, 2, 3], variance: 2 }), dense(2), prelu()], inputShape: 3, fits: [] },
  { layers: () => [dense(2), batchNorm(), layerNorm()], inputShape: 3, fits: [] },
  { layers: () => [dense(4), prelu()], inputShape: [3, 2], fits: [] },
  { layers: () => [dense(2), own()], inputShape: 3, fits: [] },
];

const ORDERS: readonly unknown[] = [["fc1", "bn", "fc2", "ln", "fc3", "bend", "out"], ["0"], ["0", "1"], [], ["0", "0"], [1], "0", null, ...HOSTILE_TEXTS.map((name) => [name])]; // prettier-ignore
/** Modules' names, as they may stand before a tensor's. */
const MODULES = ["0", "1", "2", "10", "net.0", "net.2.1", "fc1", "a", "", "01", "9".repeat(30)];

/** The same tensors by other names, and in other types. */
function renamed(file: Uint8Array, random: Random): Uint8Array {
  const tensors = [...readSafetensors(file).tensors].map(([name, tensor]): [string, TensorSource] => {
    const [module, role] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
    const parts = [random.oneIn(12) ? random.pick(MODULES) : module, random.oneIn(40) ? "extra" : role];
    const isInt = random.oneIn(30) && tensor.dtype === "F32";
    return [parts.join("."), { ...(tensor as TensorSource), ...(isInt && { dtype: "I32" as const }) }];
  });
  try {
    return writeSafetensors(tensors, {});
  } catch {
    return file; // two of one name, or a type that is read only
  }
}

export const torch: Reader = {
  name: "torch",
  sources: ["src/torch/load.ts", "src/torch/tensors.ts", "src/formats/floats.ts"],
  refusals: /^(safetensors|torch)\/|^data\/not-finite$/,
  async prepare() {
    const models = await Promise.all(
      NETWORKS.map(({ layers, inputShape }) => sequential({ inputShape, layers: layers(), seed: 5 })),
    );
    const weightsOf = (at: number) => bytesOf(...[...models[at]!.getWeights().values()].map(({ data }) => data));
    /** Of each model, as it was at first. */
    const kept = models.map((model) => new Map(model.getWeights()));
    const states = models.map((_, at) => weightsOf(at));
    const sample = (name: string) => new Uint8Array(readFileSync(`test/torch/samples/${name}.safetensors`));
    const made = models.map((model, at) => {
      const { fits } = NETWORKS[at]!;
      return fits.length > 0 ? fits.map(sample) : written(model);
    });
    const files = made.flat();
    const parts = new Map(files.map((file) => [file, partsOf(file)]));
    return {
      make(random: Random) {
        const at = random.below(models.length);
        const file = made[at]!.length > 0 && !random.oneIn(8) ? random.pick(made[at]!) : random.pick(files);
        const { modules } = NETWORKS[at]!;
        const order = random.oneIn(8) ? random.pick(ORDERS) : modules;
        return {
          file: random.oneIn(3) ? renamed(file, random) : hostileFile(parts.get(file)!, random.pick(files), random),
          options: {
            at,
            options: {
              ...(random.oneIn(2) && { checkEpsilon: random.oneIn(20) ? 1 : false }),
              ...(order !== undefined && { modules: order }),
            },
          },
          alsoRefused: /^config\/not-a-boolean$/,
        };
      },
      async read({ file, options }) {
        const chosen = options as { at: number; options: object };
        const model = models[chosen.at]!;
        try {
          await loadTorchWeights(model, file, chosen.options);
        } catch (error) {
          if (Buffer.compare(weightsOf(chosen.at), states[chosen.at]!) === 0) throw error;
          throw new Error("the model has changed", { cause: error });
        }
        model.setWeights(kept[chosen.at]!);
        return "weights";
      },
      async good() {
        await loadTorchWeights(models[0]!, made[0]![0]!);
        const weights = weightsOf(0);
        models[0]!.setWeights(kept[0]!);
        return weights;
      },
    };
  },
};

function written(model: Model): Uint8Array[] {
  try {
    return [toTorch(model)];
  } catch {
    return []; // a layer that PyTorch lacks
  }
}
