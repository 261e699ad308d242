import { expect, it } from "vitest";
import { adam, batchNorm, dense, dropout } from "../../src/index.js";
import { chain } from "../../src/model/architecture.js";
import { copyOf } from "../../src/model/copy.js";
import { Core } from "../../src/model/core.js";
import { resolveCompile } from "../../src/model/compile.js";
import { Model } from "../../src/model/model.js";
import { Engine } from "../../src/runtime/engine.js";
import { expectSameBits, noise } from "./helpers.js";

const x = noise(80);
const y = noise(40, 2);

async function trained(ema?: number): Promise<{ core: Core; model: Model }> {
  const layers = [dense(6, { activation: "relu" }), batchNorm(), dropout(0.3), dense(2)];
  const core = new Core(await Engine.create(), chain([4], layers), { seed: 3, windowBytes: 1e6 });
  core.variables.initialize(3);
  const model = new Model(core);
  const optimizer = adam({ learningRate: 0.01, ...(ema !== undefined && { ema }) });
  core.compile(resolveCompile(core.architecture, { optimizer, loss: "meanSquaredError" }));
  await model.fit(x, y, { epochs: 3, batchSize: 5 });
  return { core, model };
}

it.each([undefined, 0.9])("trains on as the one it was made of, which stays as it is (ema %s)", async (ema) => {
  const { core, model } = await trained(ema);
  model.layers[0]!.trainable = false;
  const before = model.toBytes({ includeOptimizer: true });
  const copy = new Model(await copyOf(core));
  expect(copy.predict(x)).toEqual(model.predict(x));
  const logs = copy.trainOnBatch(x, y);
  expect(model.toBytes({ includeOptimizer: true })).toEqual(before);
  expect(model.trainOnBatch(x, y)).toEqual(logs);
  expectSameBits(new Model(await copyOf(core)), new Model(await copyOf(core)));
  expect(copy.getWeights()).toEqual(model.getWeights());
});

it("of a model that is not compiled, and of one whose weights are not finite", async () => {
  const layers = [dense(2)];
  const core = new Core(await Engine.create(), chain([4], layers), { seed: 1, windowBytes: 1e6 });
  core.engine.f32(core.variables.address, 8).fill(Infinity);
  const copy = await copyOf(core);
  expect(copy.compiled).toBeUndefined();
  expect(copy.engine.f32(copy.variables.address, 8)).toEqual(new Float32Array(8).fill(Infinity));
});
