import { describe, expect, test } from "vitest";
import { dense, type Prediction, type Predictions, sequential } from "../../src/index.js";
import { loadKeras, loadKerasWeights } from "../../src/keras/index.js";
import { expectClose } from "../interop/networks.js";
import { FIGURES, KERAS_FILES, kerasFile } from "./files.js";

/** Of weights that Keras rounds, and itself computes with, in half precision: its own sums are off by so much. */
const COMPUTED_IN_HALVES: Readonly<Record<string, number>> = {
  "float16.keras": 2e-3,
  "mixed_float16.keras": 2e-3,
  "bfloat16.keras": 2e-2,
};

const floats = ({ shape, data }: { shape: number[]; data: number[] }) => ({ shape, data: Float32Array.from(data) });

function predict(model: Awaited<ReturnType<typeof load>>, name: string): Prediction[] {
  const inputs = FIGURES[name]!.inputs.map(floats);
  const found = model.predict(inputs.length === 1 ? inputs[0]! : inputs);
  return "data" in found ? [found as Prediction] : Object.values(found as Record<string, Prediction>);
}

const load = (name: string) => loadKeras<Predictions>(kerasFile(name), { seed: 1 });

test.each(KERAS_FILES)("%s predicts what Keras predicts", async (name) => {
  const model = await load(name);
  const expected = FIGURES[name]!.outputs;
  const found = predict(model, name);
  expect(found.map(({ shape }) => [...shape])).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ data }, i) => {
    expectClose(data, expected[i]!.data, COMPUTED_IN_HALVES[name] ?? 1e-5, `${name} ${i}`);
  });
});
