export { loadKeras, type LoadKerasOptions } from "./load.js";
export { type KerasMatch, loadKerasWeights } from "./weights.js";
