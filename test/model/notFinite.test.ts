// Weights are looked at in pieces of 16384: what is not finite is found in each of them, and named.

import { expect, it } from "vitest";
import { dense, sequential } from "../../src/index.js";

it.each([0, 16383, 16384, 32767, 32768, 33_999])("a weight that is not finite at index %i is named", async (at) => {
  const model = await sequential({ inputShape: 340, layers: [dense(100, { name: "d" })], seed: 1 });
  const before = model.getWeights();
  for (const value of [NaN, Infinity, -Infinity]) {
    const data = before.get("d/kernel")!.data.slice();
    data[at] = value;
    const write = () => model.setWeights(new Map([["d/kernel", { data, shape: [340, 100] }]]), { strict: false });
    expect(write).toThrow(`Weight "d/kernel" holds ${value} at index ${at}`);
  }
  expect(model.getWeights()).toEqual(before);
});
