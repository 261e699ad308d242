// What the lookup of names promises beside what every member does (naming.ts).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { suggest } from "../../src/check.js";
import { sgd } from "../../src/index.js";

test("an object that is described is not kept: changing it later changes nothing", () => {
  const given = { learningRate: 0.5 };
  const description = sgd(given);
  given.learningRate = 7;
  expect(description.learningRate).toBe(0.5);
});

describe("suggest", () => {
  test("is for what is near, whatever the case and the marks between words", () => {
    const names = ["heNormal", "heUniform", "zeros"];
    for (const near of ["henormal", "he_normal", "He-Normal", "heNorml", "heNormla"]) {
      expect(suggest(near, names)).toBe(' Did you mean "heNormal"?');
    }
    for (const far of ["", "orthogonal", 7, null, {}]) expect(suggest(far, names)).toBe("");
    expect(suggest("anything", [])).toBe("");
  });

  test("a name itself is nearest to itself", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{3,9}$/), { minLength: 1 }), (names) => {
        for (const name of names) expect(suggest(name, names)).toContain(`"${name}"`);
      }),
    );
  });
});
