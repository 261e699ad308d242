import { readFileSync } from "node:fs";
import type { Prediction } from "../../src/index.js";
import { modelFromConfig, type WeightSource } from "../../src/keras/topology.js";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

/** What make_keras.py wrote. */
export interface Sample {
  readonly config: Record<string, unknown>;
  /** By the path of layers. */
  readonly weights: Record<string, Numbers[]>;
  readonly inputs: Numbers[];
  readonly outputs: Numbers[];
}

export const NAMES = ["sequential", "statistics", "graph", "record", "nested", "activations"];

export const sample = (name: string): Sample =>
  JSON.parse(readFileSync(`test/keras/samples/${name}.json`, "utf8")) as Sample;

export const floats = ({ shape, data }: Numbers): Prediction => ({ shape, data: Float32Array.from(data) });

export const sourceOf =
  ({ weights }: Sample): WeightSource =>
  ({ path }) =>
    (weights[path.join("/")] ?? []).map(floats);

export type Any = Prediction | Prediction[] | Record<string, Prediction>;

export const load = (given: Sample) => modelFromConfig<Any>(given.config, sourceOf(given), { seed: 1, mostBytes: 1e6 });

export function predictions(model: Awaited<ReturnType<typeof load>>, inputs: readonly Prediction[]): Prediction[] {
  const found = model.predict(inputs.length === 1 ? inputs[0]! : [...inputs]);
  return "data" in found ? [found as Prediction] : Object.values(found as Record<string, Prediction>);
}
