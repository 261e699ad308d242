// How members are named: by a string, by a factory, by a description from a file; and what is refused.

import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.js";
import type { Description, Family, FamilyRow } from "../../src/family.js";
import * as lanewise from "../../src/index.js";

export interface Naming {
  readonly family: Family<Record<string, FamilyRow>>;
  /** What strings and descriptions go through. */
  readonly resolve: (given: unknown) => unknown;
  /** Where the factories stand. */
  readonly module: Readonly<Record<string, unknown>>;
  /** For factories that take something else than an object of options. */
  readonly make?: (name: string, options: Record<string, unknown>) => unknown;
  /** Of what is no name and no description, values that are fine all the same. */
  readonly accepts?: (given: unknown) => boolean;
  /** The code for what is no name and no description, where it is another than `config/unknown-…`. */
  readonly strangeCode?: RegExp;
  /** Names that the package exports as a part of another family only. */
  readonly grouped?: readonly string[];
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).code;
  }
  return "no error";
};

/** @param least The options that a member cannot do without. */
export function testNames(naming: Naming, names: readonly string[], least: (name: string) => object): void {
  const { family, resolve, module, accepts = () => false, grouped = [] } = naming;
  const unknown = `config/unknown-${family.kind.replaceAll(" ", "-")}`;
  const factory = (name: string) => module[name] as (options?: unknown) => unknown;
  const make = naming.make ?? ((name, options) => factory(name)(options));
  const needs = (name: string) => Object.keys(least(name)).length > 0;

  test.each(names)("%s: a name, a factory and a description are the same", (name) => {
    const options = { ...least(name) };
    const made = make(name, options) as Description;
    expect(resolve(made)).toEqual(resolve({ ...options, name }));
    expect(resolve(JSON.parse(JSON.stringify(made)))).toEqual(resolve(made)); // as from a file
    expect(made.name).toBe(name);
    expect(Object.isFrozen(made)).toBe(true);
    if (!needs(name)) expect(resolve(name)).toEqual(resolve(make(name, {})));
    if (!grouped.includes(name)) expect((lanewise as Record<string, unknown>)[name]).toBe(factory(name));
    for (const [option, value] of Object.entries(family.rows[name]!.options)) {
      expect(made[option]).toEqual((options as Record<string, unknown>)[option] ?? value);
    }
    expect(family.rows[name]!.formula).not.toBe("");
  });

  test.each(names)("%s: an option that is undefined is its default; one that it has not is refused", (name) => {
    const options = { name, ...least(name) };
    const undefinedOnes = Object.fromEntries(Object.keys(family.rows[name]!.options).map((key) => [key, undefined]));
    expect(resolve({ ...undefinedOnes, ...options })).toEqual(resolve(options));
    for (const option of ["no such", "toString", "__proto__", "constructor"]) {
      const given = JSON.parse(JSON.stringify(options).replace("{", `{${JSON.stringify(option)}:1,`)) as object;
      expect(codeOf(() => resolve(given))).toBe("config/unknown-option");
    }
    if (Object.keys(undefinedOnes).length > 0 && !naming.make) {
      expect(codeOf(() => factory(name)(7))).toBe("config/not-options");
    }
  });

  describe("names", () => {
    test("what is no name and no description", () => {
      const strange = [
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
      for (const given of [...strange, () => 1].filter((value) => !accepts(value))) {
        expect(codeOf(() => resolve(given))).toMatch(naming.strangeCode ?? new RegExp(`^${unknown}$`));
      }
    });

    test("a misspelt name is answered with the right one", () => {
      for (const name of names) {
        const misspelt = `${name.slice(0, -1)}_${name.at(-1)!.toUpperCase()}`;
        expect(() => resolve({ name: misspelt })).toThrow(`Did you mean "${name}"?`);
      }
      const known = new RegExp(`There is no ${family.kind} .*Known: ${names.join(", ")}`);
      expect(() => resolve({ name: "zzzzzzzzzzzzzzzz" })).toThrow(known);
    });
  });
}
