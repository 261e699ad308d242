// Trained layers for other networks: a lower part as specs that carry its weights, or as a model by itself.

import { boolean, knownOptions } from "../check.js";
import { ConfigError, DataError, UnsupportedError } from "../errors.js";
import { type GivenWeights, LayerSpec } from "../layers/layer.js";
import { Engine } from "../runtime/engine.js";
import { type Architecture, isChain } from "./architecture.js";
import { Core } from "./core.js";
import { partUpTo } from "./part.js";

export interface ReuseOptions {
  /** The name of the last layer to take (default: the one below the last layer that learns, so that the head stays behind). */
  upTo?: string;
  /** Whether the new model's training changes them (default true). */
  trainable?: boolean;
}

/** Layers with copies of their weights. */
export function reuse(core: Core, options: ReuseOptions): LayerSpec[] {
  const known = { upTo: true, trainable: true };
  const { upTo, trainable = true } = knownOptions<ReuseOptions>(options, "reuse()", known);
  boolean(trainable, "trainable of reuse()");
  const last = upTo === undefined ? belowHead(core) : core.layerNamed(upTo);
  const { architecture, layers } = partUpTo(core, last);
  refuseGraph(architecture);
  return layers.map((index, i) => {
    const { kind, config, name, learningRateMultiplier } = architecture.layers[i]!;
    return new LayerSpec(kind, config, { name, trainable, learningRateMultiplier }, weightsOf(core, index));
  });
}

/** The layer below the last one that learns: what is behind that belongs to its task. */
function belowHead({ architecture: { layers }, variables }: Core): number {
  const head = variables.learned.at(-1)?.layer ?? 0;
  if (head > 0) return head - 1;
  throw new ConfigError(
    "config/nothing-to-reuse",
    `There is no layer below "${layers[head]!.name}", the only one that learns. Name the last layer to take: reuse({ upTo: … }).`,
  );
}

function refuseGraph(architecture: Architecture): void {
  if (isChain(architecture)) return;
  const { layers, applications, outputs } = architecture;
  const merge = applications.find(({ inputs }) => inputs.length > 1);
  const reason = merge ? `"${layers[merge.layer]!.name}" merges several values` : "a layer or a value is used twice";
  throw new UnsupportedError(
    "model/not-a-chain",
    `reuse takes a chain of layers, and the part up to "${outputs[0]!.name}" is none: ${reason}. ` +
      "Take a lower part, or the whole of it as a model: featureExtractor(name).",
  );
}

/** By role, as they are seen. */
function weightsOf({ variables, architecture: { layers } }: Core, layer: number): GivenWeights {
  const own = variables.list.filter((variable) => variable.layer === layer);
  return new Map(
    own.map((variable) => {
      const data = variables.view(variable).slice();
      if (!data.every(Number.isFinite)) {
        throw new DataError(
          "data/not-finite",
          `Weight "${variable.name}" holds NaN or an infinite number, and cannot be reused.`,
        );
      }
      return [variable.name.slice(layers[layer]!.name.length + 1), { data, shape: variable.shape }];
    }),
  );
}

/** The part up to a layer as a model with copies of the weights as they are when called. */
export async function featureExtractor(core: Core, upTo: string): Promise<Core> {
  const { architecture, layers } = partUpTo(core, core.layerNamed(upTo));
  const { seed, windowBytes, variables } = core;
  const weights = layers.flatMap((layer) =>
    variables.list.filter((variable) => variable.layer === layer).map((variable) => variables.view(variable).slice()),
  );
  const part = new Core(await Engine.create(core.engine), architecture, { seed, windowBytes });
  part.variables.list.forEach((variable, i) => part.variables.view(variable).set(weights[i]!));
  return part;
}
