// As users have it: large records are shared, and small ones beside them are not.

import { expect, it } from "vitest";
import { dense, sequential } from "../../src/index.js";
import { weightsHash } from "../platform/conformance.js";
import { helpedBy, watchCrews } from "./everything.js";

const x = Float32Array.from({ length: 128 * 200 }, (_, i) => Math.fround(((i * 7919) % 2003) / 1001.5 - 1));
const y = x.slice(0, 128 * 3);

async function trained(threads: number): Promise<string> {
  const layers = [dense(600, { activation: "relu" }), dense(3, { activation: "tanh" }), dense(5), dense(3)];
  const model = await sequential({ inputShape: 200, layers, seed: 2, threads });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(x, y, { batchSize: 64, epochs: 150 });
  return weightsHash(model);
}

it("a step of which some records are shared has the bits of one thread", async () => {
  const expected = await trained(1);
  const crews = watchCrews();
  expect(await trained(2)).toBe(expected);
  expect(await trained(3)).toBe(expected);
  expect(helpedBy(crews)).toBeGreaterThan(0);
});
