import { finiteNumber, knownOptions, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { layerGroups } from "../model/layerGroups.js";
import type { Model } from "../model/model.js";

export interface DiscriminativeRatesOptions {
  /** What each layer's rate is of that of the layer above it: above 0 and at most 1 (default 1 / 2.6). */
  factor?: number;
}

/**
 * Lets lower layers learn more slowly: sets `learningRateMultiplier` to factor^k, k = 0 for the last layer that learns and
 * one more for each that learns below it; normalizations and prelus go with the layer that they follow. It takes effect at the
 * next step and is saved with the model; a factor of 1 puts all back to 1. Howard, Ruder 2018, arXiv:1801.06146, § 3.2
 *
 * @param options `factor`: by default the paper's 1 / 2.6
 * @returns The multipliers by layer, from the input on.
 * @throws ConfigError `config/out-of-range`
 * @example discriminativeRates(model, { factor: 0.5 }); // { hidden: 0.5, output: 1 }
 */
export function discriminativeRates(model: Model, options: DiscriminativeRatesOptions = {}): Record<string, number> {
  const known = knownOptions<DiscriminativeRatesOptions>(options, "discriminativeRates()", { factor: true });
  const factor = finiteNumber(known.factor ?? 1 / 2.6, "factor of discriminativeRates");
  if (!(factor > 0 && factor <= 1)) {
    throw new ConfigError(
      "config/out-of-range",
      `factor of discriminativeRates must be above 0 and at most 1; got ${show(factor)}.`,
    );
  }
  let rate = 1; // by products, as powers differ between engines
  for (const group of layerGroups(model.layers).toReversed()) {
    for (const layer of group) layer.learningRateMultiplier = rate;
    rate *= factor;
  }
  const learning = model.layers.filter((layer) => layer.learns);
  return Object.fromEntries(learning.map((layer) => [layer.name, layer.learningRateMultiplier]));
}
