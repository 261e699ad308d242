// What Keras calls activations, initializers, regularizers and constraints, and what they are here.

import * as activations from "../activations/index.js";
import type { ActivationDescription } from "../activations/table.js";
import { show } from "../check.js";
import * as constraints from "../constraints/index.js";
import { INITIALIZERS, type InitializerDescription } from "../initializers/table.js";
import { describe } from "../family.js";
import { l1l2, type RegularizerDescription } from "../regularizers/index.js";
import { type Dialect, isObject, type Json, LayerConfig, own, plain, snakeCase } from "./config.js";

/** y = outer · f(inner · x): what is between is an activation of lanewise. */
export interface Activated {
  readonly inner?: number;
  readonly activation: ActivationDescription;
  readonly outer?: number;
}

/** In Keras 2 and TensorFlow.js 0.2 x + 0.5, in Keras 3 and here x / 6 + 0.5, both cut to 0 … 1. */
const OLD_HARD_SIGMOID = 1.2;

type ByDialect = (dialect: Dialect) => Activated;
const always =
  (activation: ActivationDescription): ByDialect =>
  () => ({ activation });

/** By Keras's names. */
const ACTIVATIONS: ReadonlyMap<string, ByDialect> = new Map<string, ByDialect>([
  ["celu", always(activations.celu())],
  ["elu", always(activations.elu())],
  ["exponential", always(activations.exponential())],
  ["gelu", always(activations.gelu())],
  ["gelu_new", always(activations.gelu({ approximate: true }))], // of TensorFlow.js
  [
    "hard_sigmoid",
    (dialect) => ({ ...(dialect === 2 && { inner: OLD_HARD_SIGMOID }), activation: activations.hardSigmoid() }),
  ],
  ["hard_silu", always(activations.hardSilu())],
  ["hard_swish", always(activations.hardSilu())],
  ["leaky_relu", always(activations.leakyRelu({ negativeSlope: 0.2 }))],
  ["linear", always(activations.linear())],
  ["log_softmax", always(activations.logSoftmax())],
  ["mish", always(activations.mish())],
  ["relu", always(activations.relu())],
  ["relu6", always(activations.relu6())],
  ["selu", always(activations.selu())],
  ["sigmoid", always(activations.sigmoid())],
  ["silu", always(activations.silu())],
  ["softmax", always(activations.softmax())],
  ["softplus", always(activations.softplus())],
  ["softsign", always(activations.softsign())],
  ["swish", always(activations.silu())],
  ["tanh", always(activations.tanh())],
]);

/** Layers that are an activation, given how many axes a sample has. */
const LAYERS: ReadonlyMap<string, (config: LayerConfig, axes: number) => Activated> = new Map([
  ["Activation", (config: LayerConfig, axes: number) => activationOf(config, axes)],
  ["ELU", (config: LayerConfig) => ({ activation: activations.elu({ alpha: config.number("alpha", 1) }) })],
  [
    "LeakyReLU",
    (config: LayerConfig) => {
      const slope = config.number("negative_slope", config.number("alpha", 0.3));
      return { activation: activations.leakyRelu({ negativeSlope: slope }) };
    },
  ],
  ["ReLU", (config: LayerConfig) => rectified(config)],
  [
    "Softmax",
    (config: LayerConfig, axes: number) => {
      checkLastAxis(config, config.integers("axis") ?? [-1], axes);
      return { activation: activations.softmax() };
    },
  ],
]);

/** Undefined where the class is no activation. */
export function activationLayer(config: LayerConfig, axes: number): Activated | undefined {
  return LAYERS.get(config.className)?.(config, axes);
}

/** max_value other than 6 is relu6 on another scale. */
function rectified(config: LayerConfig): Activated {
  const most = config.value("max_value");
  const slope = config.number("negative_slope", 0);
  if (config.number("threshold", 0) !== 0) throw config.unsupported("its threshold is not 0");
  if (most === undefined) {
    return { activation: slope === 0 ? activations.relu() : activations.leakyRelu({ negativeSlope: slope }) };
  }
  if (typeof most !== "number" || !(most > 0)) throw config.bad(`its max_value is ${show(most)}, expected above 0`);
  if (slope !== 0) throw config.unsupported("it has both a max_value and a negative_slope");
  return most === 6
    ? { activation: activations.relu6() }
    : { inner: 6 / most, activation: activations.relu6(), outer: most / 6 };
}

/** The option "activation": a name, or in Keras 3 a layer or a function of Keras. */
export function activationOf(config: LayerConfig, axes: number): Activated {
  const given = config.value("activation") ?? "linear";
  if (typeof given === "string") return named(config, given);
  if (!isObject(given)) throw config.bad(`its activation is ${show(given)}, expected a name`);
  const className = own(given, "class_name");
  const inner = own(given, "config");
  if (className === "function" && typeof inner === "string" && isKeras(given)) return named(config, inner);
  if (typeof className === "string" && className !== "Activation" && isObject(inner) && isKeras(given)) {
    const layer = new LayerConfig(className, config.name, inner, config.dialect);
    const activated = activationLayer(layer, axes);
    layer.ignore("name", "trainable", "dtype");
    if (activated) {
      layer.refuseUnread();
      return activated;
    }
  }
  throw config.unsupported(`its activation is ${show(className)}, which lanewise does not have`);
}

function named(config: LayerConfig, name: string): Activated {
  const activated = ACTIVATIONS.get(snakeCase(name));
  if (activated) return activated(config.dialect);
  throw config.unsupported(
    `its activation is ${show(name.slice(0, 60))}, and lanewise has ${[...ACTIVATIONS.keys()].join(", ")}`,
  );
}

/** Not a class or function of somebody's own that is called like one of Keras's. */
export function isKeras(object: Json): boolean {
  const module = own(object, "module") ?? undefined;
  const registered = own(object, "registered_name") ?? undefined;
  const ofKeras = module === undefined || module === "builtins" || (typeof module === "string" && MODULES.test(module));
  return ofKeras && (typeof registered !== "string" || !registered.includes(">"));
}

/** Of layers and models, and not of ops, whose classes are called like layers. */
const MODULES =
  /^(tf_|tensorflow\.)?(python\.)?(keras|keras_core)(\.src)?(\.(layers|models|activations|engine|initializers|regularizers|constraints)(\..*)?)?$/;

/** In Keras axis 0 is the batch, so the last axis of a sample is counted as there are axes. */
export function checkLastAxis(config: LayerConfig, axis: readonly number[], axes: number): void {
  if (axis.length === 1 && (axis[0] === -1 || axis[0] === axes)) return;
  throw config.unsupported(`its axis is [${axis.join(", ")}], and lanewise takes the last of a sample's ${axes} only`);
}

// ── What it may be trained on with ──────────────────────────────────────────────────────────────────────────────────

/** Keras's names of options of initializers, and ours. Seeds stay behind: they would draw other numbers here. */
const INITIALIZER_OPTIONS: Readonly<Record<string, string>> = {
  value: "value",
  mean: "mean",
  stddev: "stddev",
  minval: "minval",
  maxval: "maxval",
  gain: "gain",
  scale: "scale",
  mode: "mode",
  distribution: "distribution",
};
const OPTION_VALUES: ReadonlyMap<unknown, string> = new Map([
  ["fan_in", "fanIn"],
  ["fan_out", "fanOut"],
  ["fan_avg", "fanAvg"],
  ["normal", "truncatedNormal"], // Keras's "normal" is the truncated one
  ["truncated_normal", "truncatedNormal"],
  ["untruncated_normal", "normal"],
]);

/** Undefined for one that lanewise does not have: the weights come from the file, whatever drew them. */
export function initializerOf(config: LayerConfig, key: string): InitializerDescription | undefined {
  const { className, options } = partOf(config, key) ?? {};
  if (className === undefined) return undefined;
  const simple = (text: string) => text.replaceAll("_", "").toLowerCase(); // "LeCunNormal", "lecun_normal"
  const name = Object.keys(INITIALIZERS.rows).find((name) => simple(name) === simple(className));
  if (name === undefined || name === "auto") return undefined;
  const row = INITIALIZERS.rows[name as keyof typeof INITIALIZERS.rows];
  const known = Object.entries(INITIALIZER_OPTIONS).flatMap(([theirs, ours]) => {
    const value = own(options!, theirs) ?? undefined;
    return value === undefined || !(ours in row.options) ? [] : [[ours, OPTION_VALUES.get(value) ?? value] as const];
  });
  return describe(INITIALIZERS, name, Object.fromEntries(known));
}

export function regularizerOf(config: LayerConfig, key: string): RegularizerDescription | undefined {
  const part = partOf(config, key);
  if (!part) return undefined;
  const factors = { l1: own(part.options, "l1"), l2: own(part.options, "l2") } as { l1?: number; l2?: number };
  if (["L1L2", "L1", "L2", "l1_l2", "l1", "l2"].includes(part.className)) return l1l2(factors);
  throw config.unsupported(`lanewise has no regularizer ${show(part.className)}`);
}

export function constraintOf(config: LayerConfig, key: string): constraints.ConstraintDescription | undefined {
  const part = partOf(config, key);
  if (!part) return undefined;
  const { className, options } = part;
  const axis = plain(own(options, "axis") ?? 0);
  if (axis !== 0 && !(Array.isArray(axis) && axis.length === 1 && axis[0] === 0)) {
    throw config.unsupported(`its ${key} is over axis ${show(axis)}, and lanewise's are over the first`);
  }
  const number = (name: string, missing: number) => (own(options, name) ?? missing) as number;
  switch (className.replaceAll("_", "").toLowerCase()) {
    case "maxnorm":
      return constraints.maxNorm(number("max_value", 2));
    case "minmaxnorm":
      return constraints.minMaxNorm({
        minValue: number("min_value", 0),
        maxValue: number("max_value", 1),
        rate: number("rate", 1),
      });
    case "unitnorm":
      return constraints.unitNorm();
    case "nonneg":
    case "nonnegative":
      return constraints.nonNeg();
  }
  throw config.unsupported(`lanewise has no constraint ${show(className)}`);
}

/** A part by its class: an object, or in old files its name. */
function partOf(config: LayerConfig, key: string): { className: string; options: Json } | undefined {
  const given = config.value(key);
  if (given === undefined) return undefined;
  if (typeof given === "string") return { className: given, options: {} };
  const className = isObject(given) ? own(given, "class_name") : undefined;
  if (!isObject(given) || typeof className !== "string") throw config.bad(`its ${key} is ${show(given)}`);
  if (!isKeras(given)) throw config.unsupported(`its ${key} is one of somebody's own`);
  const options = own(given, "config") ?? {};
  if (isObject(options)) return { className, options };
  throw config.bad(`its ${key} has options ${show(options)}`);
}
