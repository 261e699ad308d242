import type { Layer } from "./layer.js";

/** What scales or bends the output of a layer and belongs to it. */
const FOLLOWERS = new Set(["BatchNormalization", "LayerNormalization", "PReLU"]);

/**
 * The layers that learn, frozen or not, from the input on: each with the normalizations and slopes that follow it, as they are
 * frozen, thawed and slowed down together.
 */
export function layerGroups(layers: readonly Layer[]): Layer[][] {
  const groups: Layer[][] = [];
  for (const layer of layers) {
    if (!layer.learns) continue;
    const group = groups.at(-1);
    if (group && FOLLOWERS.has(layer.className)) group.push(layer);
    else groups.push([layer]);
  }
  return groups;
}
