import type { LayerObservation, Observation } from "lanewise";
import type { LayerFigures } from "./messages.js";

/** Each dense layer with what stands behind it up to the next one. */
export function layersOf({ layers }: Observation): LayerFigures[] {
  const blocks: LayerObservation[][] = [];
  for (const layer of layers) {
    if (layer.className === "Dense") blocks.push([layer]);
    else blocks.at(-1)?.push(layer);
  }
  const shares = blocks.map((block, i) => (i < blocks.length - 1 ? block : [])); // an output that is sure is no ill
  return blocks.map((block, i) => ({
    name: block[0]!.name,
    gradientNorm: normOf(block.flatMap(({ weights }) => weights.map(({ gradientNorm }) => gradientNorm))),
    dead: greatest(shares[i]!.map(({ deadUnits, units }) => deadUnits && deadUnits / units)),
    saturated: greatest(shares[i]!.map(({ saturatedFraction }) => saturatedFraction)),
  }));
}

function normOf(norms: readonly (number | undefined)[]): number | undefined {
  const own = norms.filter((norm) => norm !== undefined);
  return own.length > 0 ? Math.hypot(...own) : undefined;
}

function greatest(shares: readonly (number | undefined)[]): number | undefined {
  const own = shares.filter((share) => share !== undefined);
  return own.length > 0 ? Math.max(...own) : undefined;
}
