import { readSafetensors } from "../formats/safetensors.js";
import type { Model } from "../model/model.js";
import type { Predictions } from "../model/predict.js";
import type { SavedArchitecture } from "../model/saved.js";

/** How layers are joined, as a file says it: tensors are numbered, first the inputs, then what each application makes. */
export function joints<Output extends Predictions>(model: Model<Output>) {
  const { metadata } = readSafetensors(model.toBytes());
  const { graph, layers } = JSON.parse(metadata.architecture!) as SavedArchitecture;
  if (graph) return { applications: graph.applications, outputs: graph.outputs.map(({ tensor }) => tensor) };
  return { applications: layers.map((_, layer) => ({ layer, inputs: [layer] })), outputs: [layers.length] };
}
