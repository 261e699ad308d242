import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { suggest } from "../../src/check.js";
import { ConfigError } from "../../src/errors.js";
import { describe as describePart, type Description, type Family, type FamilyRow, resolve } from "../../src/family.js";
import * as activations from "../../src/activations/index.js";
import * as initializers from "../../src/initializers/index.js";
import * as lanewise from "../../src/index.js";
import * as losses from "../../src/losses/index.js";
import { LOSSES, resolveLoss } from "../../src/losses/table.js";
import { ACTIVATIONS, resolveActivation } from "../../src/activations/table.js";
import { INITIALIZERS, resolveInitializer } from "../../src/initializers/table.js";
import { METRICS } from "../../src/metrics/index.js";
import * as optimizers from "../../src/optimizers/index.js";

type Factory = (options?: object) => Description;

/** Every family of named parts, what its strings and descriptions go through, and where its factories stand. */
const FAMILIES = [
  [ACTIVATIONS, resolveActivation, activations],
  [INITIALIZERS, resolveInitializer, initializers],
  [LOSSES, resolveLoss, losses],
  [optimizers.OPTIMIZERS, optimizers.resolveOptimizer, optimizers],
] as unknown as readonly [
  Family<Record<string, FamilyRow>>,
  (given: unknown) => Description,
  Record<string, Factory>,
][];

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).code;
  }
  return "no error";
};

describe.each(FAMILIES.map((family) => [family[0].kind, ...family] as const))(
  "%s",
  (kind, family, resolvePart, module) => {
    const names = Object.keys(family.rows);

    test.each(names)("%s: a name, a factory and a description are the same", (name) => {
      const byName = resolvePart(name);
      const factory = module[name]!;
      expect(factory()).toEqual(byName);
      expect(resolvePart(factory())).toEqual(byName);
      expect(resolvePart(JSON.parse(JSON.stringify(byName)))).toEqual(byName); // as from a file
      expect((lanewise as Record<string, unknown>)[name]).toBe(factory);
      expect(byName.name).toBe(name);
      expect(Object.isFrozen(byName)).toBe(true);
      for (const [option, value] of Object.entries(family.rows[name]!.options)) expect(byName[option]).toEqual(value);
      expect(family.rows[name]!.formula).not.toBe("");
    });

    test.each(names)("%s: an option that is undefined is its default; one that it has not is refused", (name) => {
      const options = Object.keys(family.rows[name]!.options);
      const undefinedOnes = Object.fromEntries(options.map((option) => [option, undefined]));
      expect(resolvePart({ name, ...undefinedOnes })).toEqual(resolvePart(name));
      for (const option of ["no such", "toString", "__proto__", "constructor"]) {
        const given = JSON.parse(`{"name":"${name}","${option}":1}`) as object;
        expect(codeOf(() => resolvePart(given))).toBe("config/unknown-option");
      }
      if (options.length > 0) expect(codeOf(() => module[name]!(7 as unknown as object))).toBe("config/not-options");
    });

    test("what is no name and no description", () => {
      const strange: unknown[] = [
        undefined,
        null,
        1,
        true,
        [],
        {},
        { name: 1 },
        Symbol("x"),
        Object.create(null),
        "",
        "__proto__",
      ];
      if (kind !== "initializer") strange.push(() => 1); // which may be a function of one's own
      for (const given of strange) expect(codeOf(() => resolvePart(given))).toBe(`config/unknown-${kind}`);
    });

    test("a misspelt name is answered with the right one", () => {
      for (const name of names) {
        const misspelt = `${name.slice(0, -1)}_${name.at(-1)!.toUpperCase()}`;
        expect(() => resolvePart(misspelt)).toThrow(`Did you mean "${name}"?`);
      }
      expect(() => resolvePart("zzzzzzzzzzzzzzzz")).toThrow(
        new RegExp(`There is no ${kind} .*Known: ${names.join(", ")}`),
      );
    });
  },
);

test("an object that is described is not kept: changing it later changes nothing", () => {
  const given = { learningRate: 0.5 };
  const description = lanewise.sgd(given);
  given.learningRate = 7;
  expect(description.learningRate).toBe(0.5);
});

test("metrics are known by name", () => {
  for (const name of Object.keys(METRICS.rows)) expect(resolve(METRICS, name)).toEqual(describePart(METRICS, name));
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
