import { expect, it } from "vitest";
import { loadModel, prelu, randomNormal, sequential } from "../../src/index.js";

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
