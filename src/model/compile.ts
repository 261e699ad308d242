// What `compile` is given becomes one loss and its metrics for each output.

import { isFinite32, knownOptions, show } from "../check.js";
import { type Clip, resolveClip } from "../clipping/index.js";
import { ConfigError } from "../errors.js";
import { type Loss, resolveLoss } from "../losses/table.js";
import { type Metric, resolveMetrics } from "../metrics/index.js";
import { type Optimizer, resolveOptimizer } from "../optimizers/index.js";
import type { Architecture, OutputPort } from "./architecture.js";
import type { Compiled } from "./core.js";
import { perPort, type PerPort } from "./ports.js";

export interface CompileOptions {
  /** A name or what a factory returns, such as adam({ learningRate: 1e-3 }). */
  optimizer: Optimizer;
  /** Where there are several outputs: one for all of them, or one each, in order or by name. */
  loss: PerPort<Loss>;
  /** What each output's loss counts in the model's loss (default 1), in order or by name. */
  lossWeights?: PerPort<number> | undefined;
  /** "accuracy" or others by name; each is reported beside the loss. Of several outputs: a list each, in order or by name. */
  metrics?: readonly Metric[] | readonly (readonly Metric[])[] | Readonly<Record<string, readonly Metric[]>>;
  /** Makes gradients smaller before each step, such as clipByGlobalNorm(1); default: they stay. */
  clip?: Clip | undefined;
}

const OPTIONS = { optimizer: true, loss: true, lossWeights: true, metrics: true, clip: true };

/** @throws ConfigError for names and options that are unknown or do not go together */
export function resolveCompile({ outputs }: Architecture, options: CompileOptions): Compiled {
  const { optimizer, loss, lossWeights, metrics, clip } = knownOptions<CompileOptions>(options, "compile()", OPTIONS);
  const losses = lossesOf(loss, outputs).map(resolveLoss);
  const weights = lossWeightsOf(lossWeights, outputs);
  const given = metricsOf(metrics, outputs);
  const resolved = resolveMetrics(
    outputs.map(({ name, shape }, i) => ({
      given: given[i]!,
      loss: losses[i]!,
      width: shape.at(-1)!,
      ...(outputs.length > 1 && { prefix: `${name}_` }),
    })),
  );
  return {
    optimizer: resolveOptimizer(optimizer),
    outputs: losses.map((loss, i) => ({ loss, lossWeight: weights[i]!, metrics: resolved[i]! })),
    clip: clip === undefined ? undefined : resolveClip(clip),
  };
}

/** A name, or what a factory returns. */
const isLoss = (given: object) => "name" in given && typeof given.name === "string";

function lossesOf(given: PerPort<Loss>, outputs: readonly OutputPort[]): readonly Loss[] {
  const one = typeof given === "string" || (typeof given === "object" && given !== null && isLoss(given));
  return one ? outputs.map(() => given as Loss) : perPort<Loss>(given, outputs, "loss", { isEntry: isLoss });
}

function lossWeightsOf(given: PerPort<number> | undefined, outputs: readonly OutputPort[]): readonly number[] {
  if (given === undefined) return outputs.map(() => 1);
  const weights = perPort<number>(given, outputs, "lossWeights", { isEntry: () => false, optional: true });
  return weights.map((weight, i) => {
    if (weight === undefined) return 1;
    if (isFinite32(weight) && weight >= 0) return weight;
    throw new ConfigError(
      "config/bad-loss-weight",
      `lossWeights of "${outputs[i]!.name}" must be a finite number of at least 0; got ${show(weight)}.`,
    );
  });
}

function metricsOf(given: CompileOptions["metrics"], outputs: readonly OutputPort[]): readonly (readonly Metric[])[] {
  if (given === undefined) return outputs.map(() => []);
  const options = { isEntry: () => false, optional: true };
  const lists = perPort<readonly Metric[]>(given as PerPort<readonly Metric[]>, outputs, "metrics", options);
  return lists.map((list) => {
    if (list === undefined) return [];
    if (Array.isArray(list)) return list;
    throw new ConfigError("config/not-an-array", `metrics must be an array, such as ["accuracy"]; got ${show(list)}.`);
  });
}
