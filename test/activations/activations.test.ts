// The activations in training and in a product, and their options. What each of them computes: test/families.

import { describe, expect, it } from "vitest";
import { activation, activations, dense, type Model, sequential } from "../../src/index.js";
import { type ActivationName, ACTIVATIONS, resolveActivation } from "../../src/activations/table.js";

const names = Object.keys(activations) as ActivationName[];
const x = Float32Array.from({ length: 21 }, (_, i) => Math.fround(Math.sin(i * 1.7) * 3));

function network(name: ActivationName): Promise<Model> {
  const described = activations[name]();
  return sequential({
    inputShape: 3,
    layers: [dense(5, { activation: name, kernelInitializer: "auto" }), dense(7), activation(described), dense(2)],
    seed: 5,
  });
}

describe.each(names)("%s", (name) => {
  it("trains: the loss of a small regression falls", async () => {
    const model = await network(name);
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const y = Float32Array.from({ length: 14 }, (_, i) => Math.fround(Math.cos(i)));
    const { history } = await model.fit(x, y, { epochs: 60, batchSize: 7 });
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]!);
  });

  it("gives the bits in its product that it gives by itself", async () => {
    const seed = 3;
    const fused = await sequential({ inputShape: 3, layers: [dense(6, { activation: name })], seed });
    const bare = await sequential({ inputShape: 3, layers: [dense(6)], seed });
    const alone = await sequential({ inputShape: 6, layers: [activation(name)], seed });
    expect(fused.predict(x).data).toEqual(alone.predict(bare.predict(x).data).data);
  });
});

describe("options out of range are refused, by the factory and in a description", () => {
  const cases = names.flatMap((name) =>
    Object.keys(ACTIVATIONS.rows[name].options).flatMap((option) =>
      [NaN, Infinity, -Infinity, -0.5, 1e39, "1", null, {}].map((value) => ({ name, option, value })),
    ),
  );
  it.each(cases)("$name({ $option: $value })", ({ name, option, value }) => {
    const error = expect.objectContaining({ code: expect.stringMatching(/^config\/(out-of-range|not-a-boolean)$/) });
    expect(() => (activations[name] as (o: object) => unknown)({ [option]: value })).toThrow(error);
    expect(() => resolveActivation({ name, [option]: value })).toThrow(error);
  });

  it("celu's alpha is above 0, as it divides", () => {
    expect(() => activations.celu({ alpha: 0 })).toThrow(expect.objectContaining({ code: "config/out-of-range" }));
    expect(activations.elu({ alpha: 0 })).toEqual({ name: "elu", alpha: 0 });
  });
});
