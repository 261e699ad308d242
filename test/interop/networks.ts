// Networks that travel: each layer and each activation is in one of them.

import { expect } from "vitest";
import * as activations from "../../src/activations/index.js";
import {
  activation,
  alphaDropout,
  batchNorm,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  layerNorm,
  type LayerSpec,
  type Model,
  normalization,
  prelu,
  rescaling,
  reshape,
  sequential,
} from "../../src/index.js";
import { noise } from "../model/helpers.js";

/** Within 1e-5 of the figures, which PyTorch computed in f64; near 0, of their scale. */
export function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5, what = ""): void {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  const worst = Array.from(
    found,
    (value, i) => Math.abs(value - expected[i]!) / Math.max(Math.abs(expected[i]!), scale / 10),
  );
  expect(Math.max(...worst), what).toBeLessThan(tolerance);
}

const norm = { epsilon: 1e-5, momentum: 0.9 };

/** As make_torch.py has it. */
export const network = (): LayerSpec[] => [
  dense(12, { name: "first" }),
  batchNorm({ ...norm, name: "bn" }),
  activation("relu"),
  dropout(0.1),
  dense(10, { useBias: false, name: "second" }),
  layerNorm({ epsilon: 1e-5, name: "ln" }),
  activation("gelu"),
  dense(7, { name: "third" }),
  prelu({ sharedAxes: [1], name: "bend" }),
  dense(3, { name: "output" }),
];

export const build = (layers: readonly LayerSpec[], inputShape: number | number[] = 6) =>
  sequential({ inputShape, layers, seed: 5 });

/** A model whose every weight is another than at the start. */
export async function changed(layers: readonly LayerSpec[], inputShape?: number | number[]): Promise<Model> {
  const model = await build(layers, inputShape);
  const weights = [...model.getWeights()].map(([name, { data, shape }], i) => {
    const values = noise(data.length, 11 + i).map((v, j) => (/ariance/.test(name) ? 0.3 + v * v : data[j]! + v / 2));
    return [name, { data: values, shape }] as const;
  });
  model.setWeights(new Map(weights));
  return model;
}

/** Networks that others must compute alike. */
export const CASES: Record<string, [LayerSpec[], (number | number[])?]> = {
  "dense, norms and prelu": [network()],
  "samples of several axes": [
    [dense(5), layerNorm(), prelu({ sharedAxes: [1, 2] }), flatten(), dense(4)],
    [3, 6],
  ],
  shapes: [[reshape([2, 3]), dense(4), reshape([8]), reshape([2, 2, 2]), flatten()]],
  "what PyTorch lacks": [
    [
      rescaling({ scale: 0.3, offset: -1 }),
      normalization({ mean: [1, 2, 3, 4, 5, 6], variance: 2 }),
      gaussianNoise(0.3),
      dense(4, { activation: "exponential" }),
    ],
  ],
  "random layers": [[dense(8), dropout(0.4), alphaDropout(0.2), prelu(), dense(2)]],
  "halves of a scale": [
    [
      batchNorm({ center: false }),
      layerNorm({ scale: false }),
      batchNorm({ scale: false }),
      layerNorm({ center: false }),
      batchNorm({ scale: false, center: false }),
      layerNorm({ scale: false, center: false }),
    ],
  ],
  ...Object.fromEntries(
    Object.entries(activations).map(([name, factory]) => [
      `the activation ${name}`,
      [[dense(7, { activation: factory() as never }), activation(factory() as never)]] as [LayerSpec[]],
    ]),
  ),
  "activations with options": [
    [
      activation(activations.leakyRelu({ negativeSlope: 0.4 })),
      activation(activations.elu({ alpha: 0.3 })),
      dense(9),
      activation(activations.celu({ alpha: 0.7 })),
      activation(activations.gelu({ approximate: true })),
    ],
  ],
};
