import { describe, expect, it } from "vitest";
import { constant, dense, flatten, loadModel, prelu, randomNormal, sequential } from "../../src/index.js";

const x = Float32Array.from({ length: 30 }, (_, i) => Math.fround(Math.sin(i * 1.3) * 2));

it("has one alpha a value of a sample, zeros at first: a ReLU", async () => {
  const model = await sequential({ inputShape: [2, 3], layers: [prelu({ name: "p" })], seed: 1 });
  expect(model.getWeights().get("p/alpha")).toEqual({ data: new Float32Array(6), shape: [2, 3] });
  expect(model.layers[0]!.className).toBe("PReLU");
  expect(model.predict(x).data.map((v) => v + 0)).toEqual(x.map((v) => Math.max(v, 0)));
});

it.each([
  { sharedAxes: [], shape: [2, 3] },
  { sharedAxes: [1], shape: [1, 3] },
  { sharedAxes: [2, 1], shape: [1, 1] },
])("shares alpha along $sharedAxes", async ({ sharedAxes, shape }) => {
  const layer = prelu({ sharedAxes, alphaInitializer: randomNormal(), name: "p" });
  const model = await sequential({ inputShape: [2, 3], layers: [layer], seed: 1 });
  const alpha = model.getWeights().get("p/alpha")!;
  expect(alpha.shape).toEqual(shape);
  const exact = x.map((v, i) => (v > 0 ? v : alpha.data[i % alpha.data.length]! * v));
  expect(model.predict(x).data).toEqual(exact);
  const loaded = await loadModel(model.toBytes());
  expect(loaded.predict(x).data).toEqual(exact);
});

describe("gradients", () => {
  it.each([{ sharedAxes: [] }, { sharedAxes: [1] }, { sharedAxes: [1, 2] }])(
    "of alpha and of what comes before are the slopes of the loss, shared along $sharedAxes",
    async ({ sharedAxes }) => {
      const model = await sequential({
        inputShape: [2, 3],
        layers: [
          dense(3, { name: "d" }),
          prelu({ sharedAxes, alphaInitializer: constant({ value: 0.25 }), name: "p" }),
          flatten(),
          dense(1),
        ],
        seed: 4,
      });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const y = Float32Array.from({ length: 5 }, (_, i) => Math.cos(i));
      const gradients = model.gradients(x, y);
      const weights = model.getWeights();
      const h = 2 ** -8; // between the kinks the loss is quadratic in each weight: the difference is exact but for rounding
      for (const name of ["p/alpha", "d/kernel", "d/bias"]) {
        for (let i = 0; i < weights.get(name)!.data.length; i++) {
          const loss = async (by: number): Promise<number> => {
            const moved = new Map([...weights].map(([key, { data, shape }]) => [key, { data: data.slice(), shape }]));
            moved.get(name)!.data[i]! += by;
            model.setWeights(moved);
            return (await model.evaluate(x, y)).loss!;
          };
          const slope = ((await loss(h)) - (await loss(-h))) / (2 * h);
          expect(Math.abs(gradients.get(name)!.data[i]! - slope), `${name}[${i}]`).toBeLessThan(2e-4);
        }
      }
    },
  );
});

it("refuses axes that it cannot share", async () => {
  const refused = (sharedAxes: unknown) => () => prelu({ sharedAxes: sharedAxes as number[] });
  for (const bad of [1, [0], [1.5], ["1"], [-1]]) {
    expect(refused(bad)).toThrow(expect.objectContaining({ code: "config/bad-shared-axes" }));
  }
  expect(refused([2])).toThrow(expect.objectContaining({ code: "layer/shared-axes" }));
  await expect(sequential({ inputShape: 4, layers: [prelu({ sharedAxes: [1, 2] })] })).rejects.toThrow(
    expect.objectContaining({ code: "config/bad-shared-axes" }),
  );
});
