import { expect, test } from "vitest";
import type { Prediction } from "../../src/index.js";
import { loadTfjs, toTfjs } from "../../src/tfjs/index.js";
import { CASES, changed, expectClose } from "../interop/networks.js";
import { isInstalled, loadedByTensorFlow, predictedByTensorFlow } from "../interop/tensorflow.js";
import { noise } from "../model/helpers.js";

/** Refused: there is nothing in TensorFlow.js that is the same. */
const ABSENT = [
  "the activation exponential",
  "the activation hardSilu",
  "what PyTorch lacks",
  "activations with options",
];

const rowsOf = (shape: readonly number[], rows = 7): Prediction => {
  const size = shape.reduce((a, b) => a * b, rows);
  return { data: noise(size, 3).map((v) => v * 3), shape: [rows, ...shape] };
};

test.runIf(isInstalled).each(Object.entries(CASES).filter(([name]) => !ABSENT.includes(name)))(
  "TensorFlow.js loads it to the same predictions: %s",
  async (name, [layers, inputShape]) => {
    const model = await changed(layers, inputShape);
    const x = rowsOf(model.inputs[0]!.shape);
    const files = toTfjs(model);
    const [found] = await predictedByTensorFlow(await loadedByTensorFlow(files), [x]);
    const expected = model.predict(x);
    expect(found!.shape).toEqual([...expected.shape]);
    expectClose(found!.data, expected.data, 1e-5, name);
    const back = await loadTfjs(files);
    expectClose(back.predict(x).data, expected.data, 1e-6, name);
    const weights = back.getWeights();
    for (const [name, value] of model.getWeights()) expect(weights.get(name), name).toEqual(value);
  },
);
