import { finiteNumber, knownOptions, positiveNumber, show } from "../check.js";
import { ConfigError, ShapeError } from "../errors.js";
import type { InitializerDescription } from "../initializers/table.js";
import { formatShape } from "../shape.js";
import { normalizationForward } from "./forward.js";
import { LAYER_OPTIONS, type LayerKind, type LayerOptions, layerSpec } from "./layer.js";

/** One number a feature, or one for all. */
type Statistic = number | ArrayLike<number>;

export interface NormalizationOptions extends LayerOptions {
  /** What is subtracted from each feature, along the last axis; one number is for all (default 0). */
  mean?: Statistic;
  /** What each feature is divided by the root of; above 0 (default 1). */
  variance?: Statistic;
}

const OPTIONS = { mean: true, variance: true, ...LAYER_OPTIONS };

/**
 * The statistics are weights, and the file holds them as those, bit for bit; so the config is empty, and a layer that is made
 * anew from it has them from the weights.
 */
function kindOf(mean: Statistic, variance: Statistic): LayerKind<object> {
  return {
    className: "Normalization",
    ...normalizationForward,
    outputShape(_, input) {
      const features = input.at(-1)!;
      for (const [name, values] of Object.entries({ mean, variance })) {
        if (typeof values === "number" || values.length === features) continue;
        throw new ShapeError(
          "shape/statistics",
          `${name} of normalization has ${values.length} values, and its input ${formatShape(input, true)} has ${features} features along the last axis.`,
        );
      }
      return input;
    },
    variables: (_, input) =>
      Object.entries({ mean, variance }).map(([role, values]) => {
        return { role, shape: [input.at(-1)!], initializer: filledWith(values), trainable: false };
      }),
  };
}

function filledWith(values: Statistic): InitializerDescription {
  if (typeof values === "number") return { name: "constant", value: values };
  return { name: "custom", draw: () => Float32Array.from(values) };
}

/**
 * Normalizes by statistics that are given: y = (x − mean) / √variance, one of each a feature, along the last axis. Keras's
 * layer of that name. The statistics are no option that inference could forget but weights, `<layer>/mean` and
 * `<layer>/variance`: saved with the model, changed by no training. `standardScaler` and `minMaxScaler` of lanewise/data
 * measure them.
 *
 * Computed in 32 bits: a feature whose spread is some 10⁷ times smaller than its mean has lost it already as x.
 *
 * @param options `mean` (0) and `variance` (1): a number, or one for each feature
 * @throws ConfigError where a mean is not finite or a variance not above 0; ShapeError `shape/statistics` where there are not
 *   as many as features
 * @example normalization({ mean: [170, 65], variance: [100, 144] })
 */
export function normalization(options: NormalizationOptions = {}) {
  const given = knownOptions<NormalizationOptions>(options, "normalization(options)", OPTIONS);
  const mean = statistic(given.mean ?? 0, "mean", finiteNumber);
  const variance = statistic(given.variance ?? 1, "variance", positiveNumber);
  return layerSpec(kindOf(mean, variance), {}, options);
}

/** A copy, each number checked. */
function statistic(given: unknown, name: string, check: (value: unknown, what: string) => number): Statistic {
  const what = `${name} of normalization`;
  if (typeof given === "number") return check(given, what);
  if (!Array.isArray(given) && !(ArrayBuffer.isView(given) && !(given instanceof DataView))) {
    throw new ConfigError(
      "config/bad-statistics",
      `${what} must be a number or an array with one number a feature; got ${show(given)}.`,
    );
  }
  return Array.from(given as ArrayLike<unknown>, (value, i) => check(value, `${what}, feature ${i},`));
}
