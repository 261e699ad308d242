import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modelFromConfig, type WeightSource } from "../../src/keras/topology.js";
import type { Prediction } from "../../src/index.js";
import { expectClose } from "../interop/networks.js";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

/** What make_keras.py wrote. */
interface Sample {
  readonly config: Record<string, unknown>;
  readonly weights: Record<string, Numbers[]>;
  readonly inputs: Numbers[];
  readonly outputs: Numbers[];
}

export const sample = (name: string): Sample =>
  JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8")) as Sample;

const floats = ({ shape, data }: Numbers) => ({ shape, data: Float32Array.from(data) });
const sourceOf =
  ({ weights }: Sample): WeightSource =>
  ({ path }) =>
    (weights[path.join("/")] ?? []).map(floats);

const load = (given: Sample) =>
  modelFromConfig<Prediction | Prediction[] | Record<string, Prediction>>(given.config, sourceOf(given), {
    seed: 1,
    mostBytes: 1e6,
  });

test.each(["sequential", "statistics", "graph", "record", "nested", "activations"])(
  "a model of Keras 3 predicts what Keras predicts: %s",
  async (name) => {
    const given = sample(name);
    const model = await load(given);
    const inputs = given.inputs.map(floats);
    const found = model.predict(inputs.length === 1 ? inputs[0]! : inputs);
    const outputs = "data" in found ? [found as Prediction] : Object.values(found as Record<string, Prediction>);
    expect(outputs.map(({ shape }) => [...shape])).toEqual(given.outputs.map(({ shape }) => shape));
    outputs.forEach(({ data }, i) => {
      expectClose(data, given.outputs[i]!.data, 2e-5, `${name} ${i}`);
    });
  },
);
